//! History: what revisions a snippet has, without their contents.

use serde::{Deserialize, Serialize};

use crate::db::{DbError, keys};
use crate::languages::LanguageId;
use crate::seal::SealKey;
use crate::snippets::lock::Keyring;
use crate::snippets::revision::Content;
use crate::snippets::store::{Snippet, SnippetError, Snippets};

/// One line of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The revision's number.
    pub revision: u64,
    /// When it was saved, milliseconds by the clock of Redis.
    pub created_ms: u64,
    /// What it was like.
    pub summary: Summary,
}

/// What a list says of a revision; its JSON is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The title; may be empty.
    pub title: String,
    /// The language.
    pub language: LanguageId,
    /// Number of files.
    pub files: usize,
    /// Size of all files together.
    pub bytes: usize,
}

impl Summary {
    pub(super) fn of(content: &Content) -> Self {
        let files = &content.program.files;
        Self {
            title: content.title.clone(),
            language: content.program.language.clone(),
            files: files.len(),
            bytes: files.iter().map(|file| file.content.len()).sum(),
        }
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).expect("a summary has no form that JSON cannot write")
    }
}

impl Snippets {
    /// The kept revisions of a snippet, the newest first.
    ///
    /// # Errors
    /// When the snippet is protected and its key missing, Redis fails, or the history is damaged.
    pub async fn history(&self, snippet: &Snippet, keyring: &Keyring) -> Result<Vec<Entry>, SnippetError> {
        let key = &snippet.key;
        let mut question = redis::cmd("LRANGE");
        question.arg(keys::snippet_history(key.as_str())).arg(0).arg(-1);
        let (seal, lines): (_, Vec<String>) = self.sealed(key, keyring, &question).await?;
        let damaged = || DbError::Damaged(format!("history of {key} has a strange line"));
        lines.iter().rev().map(|line| Ok(entry(line, seal).ok_or_else(damaged)?)).collect()
    }
}

fn entry(line: &str, seal: Option<&SealKey>) -> Option<Entry> {
    let (revision, created_ms, summary) = opened(line, seal)?;
    let summary = serde_json::from_slice(&summary).ok()?;
    Some(Entry { revision: revision.parse().ok()?, created_ms: created_ms.parse().ok()?, summary })
}

/// A line under another key, or none.
pub(super) fn reseal(line: &str, old: Option<&SealKey>, new: Option<&SealKey>) -> Option<String> {
    let (revision, created_ms, summary) = opened(line, old)?;
    let summary = match new {
        None => String::from_utf8(summary).ok()?,
        Some(seal) => hex::encode(seal.seal(&summary)),
    };
    Some(format!("{revision} {created_ms} {summary}"))
}

/// Number, time, and the summary's JSON.
fn opened<'a>(line: &'a str, seal: Option<&SealKey>) -> Option<(&'a str, &'a str, Vec<u8>)> {
    let mut parts = line.splitn(3, ' ');
    let (revision, created_ms, summary) = (parts.next()?, parts.next()?, parts.next()?);
    let summary = match seal {
        None => summary.as_bytes().to_vec(),
        Some(seal) => seal.open(&hex::decode(summary).ok()?)?,
    };
    Some((revision, created_ms, summary))
}
