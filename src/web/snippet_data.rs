//! What the page's script reads from the page: JSON with the snippet, and where the languages to choose from stand.

use serde::Serialize;

use crate::languages::Language;
use crate::program::file::SourceFile;
use crate::snippets::key::SnippetKey;
use crate::web::language_list::LanguageData;
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
    language: LanguageData<'a>,
    /// Address of the list of all languages.
    pub(super) languages: &'a str,
    files: &'a [SourceFile],
    args: &'a [String],
    stdin: Option<&'a str>,
    max_files: usize,
    max_source_bytes: usize,
    max_stdin_bytes: usize,
    max_argument_bytes: usize,
}

impl<'a> SnippetData<'a> {
    pub(super) fn of(state: &'a State, visitor: &Visitor, view: &'a View, language: &'a Language) -> Self {
        let limits = &state.settings.program_limits;
        let program = &view.content.program;
        Self {
            key: view.key.as_str(),
            saved: view.snippet.is_some(),
            revision: view.revision(),
            owner: view.is_owned_by(visitor),
            fork_of: view.forked_from.as_ref().filter(|_| view.snippet.is_none()).map(SnippetKey::as_str),
            protected: view.is_protected,
            language: LanguageData::of(language),
            languages: &state.language_list.address,
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
