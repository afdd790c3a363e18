//! History: what revisions a snippet has, without their contents.

use serde::{Deserialize, Serialize};

use crate::db::{DbError, keys};
use crate::languages::LanguageId;
use crate::seal::SealKey;
use crate::snippets::lock::Keyring;
use crate::snippets::reading::summary_field;
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
        let oldest = snippet.head.saturating_sub(keys::REVISIONS_PER_SNIPPET) + 1;
        let numbers: Vec<u64> = (oldest..=snippet.head).rev().collect();
        let fields: Vec<String> = numbers.iter().copied().map(summary_field).collect();
        let (seal, lines) = self.sealed(key, keyring, &fields).await?;
        let damaged = |number| DbError::Damaged(format!("the summary of revision {number} of {key} is strange"));
        // One that is not there has gone to make room for a newer one.
        let there = numbers.into_iter().zip(lines).filter_map(|(number, line)| Some((number, line?)));
        there.map(|(number, line)| Ok(entry(number, &line, seal).ok_or_else(|| damaged(number))?)).collect()
    }
}

fn entry(revision: u64, line: &[u8], seal: Option<&SealKey>) -> Option<Entry> {
    let (created_ms, summary) = opened(line, seal)?;
    Some(Entry { revision, created_ms: created_ms.parse().ok()?, summary: serde_json::from_slice(&summary).ok()? })
}

/// A summary under another key, or none.
pub(super) fn reseal(line: &[u8], old: Option<&SealKey>, new: Option<&SealKey>) -> Option<Vec<u8>> {
    let (created_ms, summary) = opened(line, old)?;
    let summary = match new {
        None => summary,
        Some(seal) => hex::encode(seal.seal(&summary)).into_bytes(),
    };
    Some([created_ms.as_bytes(), b" ", &summary].concat())
}

/// When it was saved, and the summary's JSON.
fn opened<'a>(line: &'a [u8], seal: Option<&SealKey>) -> Option<(&'a str, Vec<u8>)> {
    let (created_ms, summary) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    let summary = match seal {
        None => summary.as_bytes().to_vec(),
        Some(seal) => seal.open(&hex::decode(summary).ok()?)?,
    };
    Some((created_ms, summary))
}
