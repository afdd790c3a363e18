//! Source code as pieces, coloured by its syntax. Bounded: what is too large, or takes too long, stays plain.
//! Read-only pages are kept in memory by what they show, so a page that many look at is coloured once.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use actix_web::web::block;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use syntect::parsing::{ParseState, ScopeStack};
use tokio::sync::Semaphore;

use crate::languages::LanguageId;
use crate::program::file::SourceFile;
use crate::web::colour::markup::Markup;
use crate::web::colour::piece::{Look, Piece, append};
use crate::web::colour::syntax::{self, GRAMMARS};

/// Text of one file that is coloured, from its beginning.
const MAX_BYTES: usize = 64 * 1024;
/// Longer lines are nobody's writing, and cost a grammar much.
const MAX_LINE_BYTES: usize = 1000;
/// Time for all files of one page.
const COLOUR_WITHIN: Duration = Duration::from_secs(1);
/// Pages that are coloured at once; more wait.
const AT_ONCE: usize = 2;
/// Files kept, and bytes of them, about.
const KEPT_FILES: usize = 1024;
const KEPT_BYTES: u64 = 8 * 1024 * 1024;

static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);
static KEPT: LazyLock<Cache<[u8; 32], Arc<Markup>, Bytes>> =
    LazyLock::new(|| Cache::with_weighter(KEPT_FILES, KEPT_BYTES, Bytes));

#[derive(Clone)]
struct Bytes;

impl Weighter<[u8; 32], Arc<Markup>> for Bytes {
    fn weight(&self, _: &[u8; 32], markup: &Arc<Markup>) -> u64 {
        markup.as_str().len() as u64 + 64
    }
}

/// The files of a program, coloured, in their order.
pub(in crate::web) async fn of_files(language: &LanguageId, files: &[SourceFile]) -> Vec<Arc<Markup>> {
    let names: Vec<_> = files.iter().map(|file| name(language, file)).collect();
    let found: Vec<_> = names.iter().map(|name| KEPT.get(name)).collect();
    if found.iter().all(Option::is_some) {
        return found.into_iter().flatten().collect();
    }
    let work = (language.clone(), files.to_vec());
    let Ok(_turn) = TURNS.acquire().await else {
        return plain(files);
    };
    let coloured = block(move || {
        let (language, files) = work;
        load();
        let deadline = Instant::now() + COLOUR_WITHIN;
        files.iter().map(|file| Arc::new(Markup::of(&pieces(&language, file, deadline)))).collect::<Vec<_>>()
    });
    let coloured = coloured.await.unwrap_or_else(|_| plain(files));
    for (name, markup) in names.into_iter().zip(&coloured) {
        KEPT.insert(name, markup.clone());
    }
    coloured
}

fn plain(files: &[SourceFile]) -> Vec<Arc<Markup>> {
    files.iter().map(|file| Arc::new(Markup::plain(&file.content.to_string()))).collect()
}

/// What a coloured file is kept under: everything that its colours depend on.
fn name(language: &LanguageId, file: &SourceFile) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in [language.0.as_bytes(), file.path.as_bytes(), file.content.as_bytes()] {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// Makes ready for [`pieces`], so that a deadline is not spent on it.
pub(in crate::web) fn load() {
    syntax::load();
}

/// Colours a file. Takes a while; call it where it holds up nobody.
pub(in crate::web) fn pieces(language: &LanguageId, file: &SourceFile, deadline: Instant) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let Some(text) = file.content.as_text() else {
        append(&mut pieces, Look::default(), &file.content.to_string());
        return pieces;
    };
    let mut state = ParseState::new(syntax::grammar(language, &file.path));
    let mut stack = ScopeStack::new();
    let mut bytes = 0;
    for line in text.split_inclusive('\n') {
        bytes += line.len();
        let coloured = bytes <= MAX_BYTES && line.len() <= MAX_LINE_BYTES && Instant::now() < deadline;
        if !coloured || add_line(&mut pieces, &mut state, &mut stack, line).is_none() {
            append(&mut pieces, Look::default(), line);
        }
    }
    pieces
}

/// `None` when the grammar is at fault; nothing is added then.
fn add_line(pieces: &mut Vec<Piece>, state: &mut ParseState, stack: &mut ScopeStack, line: &str) -> Option<()> {
    let changes = state.parse_line(line, &GRAMMARS).ok()?;
    let mut start = 0;
    for (end, change) in &changes {
        let end = line.floor_char_boundary(*end).max(start);
        append(pieces, syntax::look(stack), &line[start..end]);
        start = end;
        // A grammar that leaves a scope it never entered: colours may be off, text is not.
        let _ = stack.apply(change);
    }
    append(pieces, syntax::look(stack), &line[start..]);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::languages::Languages;
    use crate::web::colour::piece::{Ink, Token};

    fn coloured(language: &str, path: &str, content: &str) -> Vec<Piece> {
        let file = SourceFile { path: path.into(), content: content.into() };
        pieces(&LanguageId(language.into()), &file, Instant::now() + Duration::from_secs(60))
    }

    fn words(pieces: &[Piece], token: Token) -> Vec<&str> {
        pieces.iter().filter(|piece| piece.look.ink == Ink::Code(token)).map(|piece| piece.text.as_str()).collect()
    }

    #[test]
    fn every_language_is_coloured_and_no_text_is_lost() {
        for language in Languages::load().unwrap().all() {
            for path in [language.main.as_str(), "nameless"] {
                let pieces = coloured(&language.id.0, path, &language.hello);
                let text: String = pieces.iter().map(|piece| piece.text.as_str()).collect();
                assert_eq!(text, language.hello, "{}", language.id);
                let inks = pieces.iter().filter(|piece| piece.look.ink != Ink::Plain).count();
                assert!(inks >= 3, "{} {path}: {pieces:?}", language.id);
            }
        }
    }

    #[test]
    fn typescript_and_python_have_their_own_grammars() {
        let pieces = coloured("typescript", "main.ts", "interface A { b: number }\nconst c = \"d\"; // e\n");
        assert_eq!(words(&pieces, Token::Comment), ["// e"]);
        assert_eq!(words(&pieces, Token::String), ["\"d\""]);
        assert!(words(&pieces, Token::Keyword).contains(&"interface"), "{pieces:?}");
        let pieces = coloured("python", "a.py", "def f(x): return not 1\n");
        assert_eq!(words(&pieces, Token::Name), ["f"]);
        assert_eq!(words(&pieces, Token::Number), ["1"]);
    }

    #[test]
    fn what_is_too_much_stays_plain() {
        let long_line = format!("x = \"{}\"\n", "a".repeat(MAX_LINE_BYTES));
        assert_eq!(coloured("python", "a.py", &long_line).len(), 1);
        let text = "a = 1\n".repeat(MAX_BYTES);
        let pieces = coloured("python", "a.py", &text);
        assert_eq!(pieces.iter().map(|piece| piece.text.len()).sum::<usize>(), text.len());
        assert!(words(&pieces, Token::Number).len() <= MAX_BYTES / 6);
    }
}
