//! History: what revisions a snippet has, without their contents.

use redis::AsyncCommands;
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
        let seal = snippet.open(keyring)?;
        let key = &snippet.key;
        let list = keys::snippet_history(key.as_str());
        let lines: Vec<String> = self.db.commands().lrange(list, 0, -1).await.map_err(DbError::from)?;
        let damaged = || DbError::Damaged(format!("history of {key} has a strange line"));
        lines.iter().rev().map(|line| Ok(entry(line, seal).ok_or_else(damaged)?)).collect()
    }
}

fn entry(line: &str, seal: Option<&SealKey>) -> Option<Entry> {
    let mut parts = line.splitn(3, ' ');
    let (revision, created_ms) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let summary = match seal {
        None => serde_json::from_str(parts.next()?).ok()?,
        Some(seal) => serde_json::from_slice(&seal.open(&hex::decode(parts.next()?).ok()?)?).ok()?,
    };
    Some(Entry { revision, created_ms, summary })
}
