//! What an operator does with one snippet from the command line: look at it, take it down.

use std::io::Write;

use crate::db::DbError;
use crate::runs::store::Runs;
use crate::snippets::ending::Gone;
use crate::snippets::key::SnippetKey;
use crate::snippets::lock::Keyring;
use crate::snippets::store::{Snippet, SnippetError, Snippets};

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// Nothing is under the key.
    #[error("there is no snippet {0}; it may have expired, or been deleted by its owner")]
    Missing(SnippetKey),
    /// It was there.
    #[error("snippet {0} is gone: {1:?}")]
    Gone(SnippetKey, Gone),
    /// Storage failed.
    #[error("storage failed")]
    Storage(#[from] DbError),
    /// The snippet could not be read.
    #[error("the snippet cannot be read")]
    Snippet(#[from] SnippetError),
    /// Nobody reads what is printed.
    #[error("standard output is closed")]
    Output(#[from] std::io::Error),
}

/// The storage to work on.
pub struct Operator {
    /// Snippets.
    pub snippets: Snippets,
    /// Their runs.
    pub runs: Runs,
}

impl Operator {
    /// Prints what a snippet is, and what it holds unless it has a password or can be read once.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub async fn show(&self, key: &SnippetKey, out: &mut impl Write) -> Result<(), OperatorError> {
        let snippet = self.find(key).await?;
        let end = snippet.expires_ms.map_or_else(|| "never".to_owned(), |end| format!("{end} ms"));
        writeln!(out, "key\t{key}\nrevision\t{}\ncreated\t{} ms\nexpires\t{end}", snippet.head, snippet.created_ms)?;
        if let Some(origin) = &snippet.forked_from {
            writeln!(out, "fork of\t{} revision {}", origin.key, origin.revision)?;
        }
        if snippet.lock.is_some() || snippet.burns {
            let why = if snippet.burns { "can be read once" } else { "has a password" };
            return Ok(writeln!(out, "content\tnot shown: it {why}")?);
        }
        self.print(&snippet, out).await
    }

    async fn print(&self, snippet: &Snippet, out: &mut impl Write) -> Result<(), OperatorError> {
        writeln!(out, "title\t{}\nlanguage\t{}", snippet.title, snippet.language.0)?;
        let newest = self.snippets.revision(snippet, snippet.head, &Keyring::default()).await?;
        for file in newest.into_iter().flat_map(|revision| revision.content.program.files) {
            // What a stranger wrote must not steer the operator's terminal.
            let text: String = file.content.to_string().chars().map(visible).collect();
            writeln!(out, "==> {} <==\n{}", file.path, text.trim_end_matches('\n'))?;
        }
        Ok(())
    }

    /// Removes a snippet, and soon its runs.
    ///
    /// # Errors
    /// When there is none, or storage fails.
    pub async fn delete(&self, key: &SnippetKey, out: &mut impl Write) -> Result<(), OperatorError> {
        // While the snippet still names them.
        self.runs.forget_runs_of(key.as_str()).await?;
        if !self.snippets.remove(key).await? {
            self.find(key).await?;
        }
        Ok(writeln!(out, "snippet {key} is removed; what its runs printed goes within ten minutes")?)
    }

    async fn find(&self, key: &SnippetKey) -> Result<Snippet, OperatorError> {
        if let Some(snippet) = self.snippets.load(key).await? {
            return Ok(snippet);
        }
        match self.snippets.gone(key).await? {
            Some(gone) => Err(OperatorError::Gone(key.clone(), gone)),
            None => Err(OperatorError::Missing(key.clone())),
        }
    }
}

fn visible(character: char) -> char {
    if character.is_control() && !matches!(character, '\n' | '\t') { '\u{fffd}' } else { character }
}
