//! What the page's script reads from the page: JSON with the snippet, and where the languages to choose from stand.

use serde::Serialize;

use crate::languages::Language;
use crate::program::file::SourceFile;
use crate::web::fork_of::ForkOf;
use crate::web::language_list::LanguageData;
use crate::web::state::State;
use crate::web::text_field;
use crate::web::view::View;
use crate::web::visitor::Visitor;

/// The JSON.
#[derive(Serialize)]
pub(super) struct SnippetData<'a> {
    key: &'a str,
    saved: bool,
    revision: u64,
    owner: bool,
    /// On a page that is not saved yet: what it will be a fork of.
    fork_of: Option<String>,
    /// What it shows has a password, or is a fork of something that has.
    protected: bool,
    /// The newest run, whose output the page shows.
    last_run: Option<PrintedRun<'a>>,
    language: LanguageData<'a>,
    /// Address of the list of all languages.
    pub(super) languages: &'a str,
    files: Vec<PageFile<'a>>,
    args: &'a [String],
    stdin: Option<&'a str>,
    max_files: usize,
    max_source_bytes: usize,
    max_stdin_bytes: usize,
    max_argument_bytes: usize,
}

/// A run as the script finds it.
#[derive(Serialize)]
struct PrintedRun<'a> {
    id: &'a str,
    /// The revision that was run.
    revision: u64,
}

/// A file as the script finds it.
#[derive(Serialize)]
#[serde(untagged)]
enum PageFile<'a> {
    /// The main file of most snippets: its content is what the page's text field holds.
    InField {
        path: &'a str,
    },
    Here(&'a SourceFile),
}

fn files(files: &[SourceFile]) -> Vec<PageFile<'_>> {
    let mut all: Vec<PageFile<'_>> = files.iter().map(PageFile::Here).collect();
    if let Some(main) = files.first().filter(|main| text_field::is_exact(&main.content)) {
        all[0] = PageFile::InField { path: &main.path };
    }
    all
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
            fork_of: view.forked_from.as_ref().filter(|_| view.snippet.is_none()).map(ForkOf::to_string),
            protected: view.is_protected,
            last_run: view.run.as_ref().map(|run| PrintedRun { id: run.id.as_str(), revision: run.revision }),
            language: if view.snippet.is_some() {
                LanguageData::of_saved(language)
            } else {
                LanguageData::of(language)
            },
            languages: &state.language_list.address,
            files: files(&program.files),
            args: &program.arguments,
            stdin: program.stdin.as_deref(),
            max_files: limits.files,
            max_source_bytes: limits.source_bytes,
            max_stdin_bytes: limits.stdin_bytes,
            max_argument_bytes: limits.argument_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_main_file_stands_here_only_where_a_field_would_change_it() {
        for (text, json) in [
            ("a\n", r#"[{"path":"a"},{"path":"b","content":"b"}]"#),
            ("a\r\n", r#"[{"path":"a","content":"a\r\n"},{"path":"b","content":"b"}]"#),
        ] {
            let all = [SourceFile::text("a", text), SourceFile::text("b", "b")];
            assert_eq!(serde_json::to_string(&files(&all)).unwrap(), json);
        }
    }
}
