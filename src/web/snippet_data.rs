//! What the page's script reads from the page: JSON with the snippet, and the languages to choose from.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::languages::LanguageId;
use crate::program::file::SourceFile;
use crate::snippets::key::SnippetKey;
use crate::web::snippet_page::View;
use crate::web::state::State;
use crate::web::visitor::Visitor;

/// The JSON.
#[derive(Serialize)]
pub(super) struct SnippetData<'a> {
    key: &'a str,
    saved: bool,
    revision: u64,
    owner: bool,
    /// On a page that is not saved yet: the snippet it will be a fork of.
    fork_of: Option<&'a str>,
    /// What it shows has a password, or is a fork of something that has.
    protected: bool,
    language: &'a str,
    languages: Vec<LanguageData<'a>>,
    files: &'a [SourceFile],
    args: &'a [String],
    stdin: Option<&'a str>,
    max_files: usize,
    max_source_bytes: usize,
    max_stdin_bytes: usize,
    max_argument_bytes: usize,
}

#[derive(Serialize)]
struct LanguageData<'a> {
    id: &'a str,
    name: &'a str,
    main: &'a str,
    editor: &'a str,
    hello: &'a str,
    version: &'a str,
}

impl<'a> SnippetData<'a> {
    pub(super) fn of(
        state: &'a State,
        visitor: &Visitor,
        view: &'a View,
        versions: &'a BTreeMap<LanguageId, String>,
    ) -> Self {
        let limits = &state.settings.program_limits;
        let program = &view.content.program;
        Self {
            key: view.key.as_str(),
            saved: view.snippet.is_some(),
            revision: view.revision(),
            owner: view.is_owned_by(visitor),
            fork_of: view.forked_from.as_ref().filter(|_| view.snippet.is_none()).map(SnippetKey::as_str),
            protected: view.is_protected,
            language: &program.language.0,
            languages: languages(state, versions),
            files: &program.files,
            args: &program.arguments,
            stdin: program.stdin.as_deref(),
            max_files: limits.files,
            max_source_bytes: limits.source_bytes,
            max_stdin_bytes: limits.stdin_bytes,
            max_argument_bytes: limits.argument_bytes,
        }
    }
}

fn languages<'a>(state: &'a State, versions: &'a BTreeMap<LanguageId, String>) -> Vec<LanguageData<'a>> {
    let data = state.languages.all().iter().map(|language| LanguageData {
        id: &language.id.0,
        name: &language.name,
        main: &language.main,
        editor: &language.editor,
        hello: &language.hello,
        version: versions.get(&language.id).map_or("", String::as_str),
    });
    data.collect()
}
