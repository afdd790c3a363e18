//! What the parts of a program are: grammars find them, and of a grammar's many names six kinds are coloured.

use std::sync::LazyLock;

use syntect::parsing::{Scope, ScopeStack, SyntaxReference, SyntaxSet};

use crate::languages::LanguageId;
use crate::web::colour::piece::{Look, Token};

/// The grammars, loaded when they are needed first.
pub(super) static GRAMMARS: LazyLock<SyntaxSet> = LazyLock::new(two_face::syntax::extra_newlines);

/// Beginnings of the names that grammars give; the innermost that is here counts, and of one name the longest
/// beginning, so those stand first.
const NAMES: [(&str, Option<Token>); 23] = [
    ("comment", Some(Token::Comment)),
    ("string", Some(Token::String)),
    ("constant.character", Some(Token::String)),
    ("constant", Some(Token::Number)),
    ("keyword.operator.word", Some(Token::Keyword)),
    ("keyword.operator.logical.python", Some(Token::Keyword)),
    ("keyword.operator", None),
    ("keyword", Some(Token::Keyword)),
    ("storage.type.numeric", Some(Token::Number)),
    ("storage", Some(Token::Keyword)),
    ("entity.name.function", Some(Token::Name)),
    ("entity.name.tag", Some(Token::Keyword)),
    ("entity.name", Some(Token::Type)),
    ("entity.other.inherited-class", Some(Token::Type)),
    ("entity.other.attribute-name", Some(Token::Name)),
    ("support.function", Some(Token::Name)),
    ("support.type", Some(Token::Type)),
    ("support.class", Some(Token::Type)),
    ("variable.function", Some(Token::Name)),
    ("variable.language", Some(Token::Keyword)),
    ("meta.interpolation", None),
    ("meta.template.expression", None),
    ("source.embedded", None),
];

static SCOPES: LazyLock<Vec<(Scope, Option<Token>)>> = LazyLock::new(|| {
    let known = NAMES.iter().filter_map(|(name, token)| Some((Scope::new(name).ok()?, *token)));
    known.collect()
});

/// Loads the grammars, so that no file's time is spent on it.
pub(super) fn load() {
    LazyLock::force(&GRAMMARS);
}

/// How text in these scopes looks.
pub(super) fn look(stack: &ScopeStack) -> Look {
    let kind = |scope: &Scope| SCOPES.iter().find(|(known, _)| known.is_prefix_of(*scope)).map(|(_, token)| *token);
    stack.scopes.iter().rev().find_map(kind).flatten().map(Look::of).unwrap_or_default()
}

/// The grammar of a file: its extension's, else its language's.
pub(super) fn grammar(language: &LanguageId, path: &str) -> &'static SyntaxReference {
    let name = path.rsplit('/').next().unwrap_or(path);
    let extension = name.rsplit_once('.').map_or(name, |(_, extension)| extension);
    let found = GRAMMARS.find_syntax_by_extension(extension).filter(|_| !extension.is_empty());
    found.or_else(|| GRAMMARS.find_syntax_by_token(&language.0)).unwrap_or_else(|| GRAMMARS.find_syntax_plain_text())
}
