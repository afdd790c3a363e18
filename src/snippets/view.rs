//! The view: all that a page shows of a snippet, by one question to Redis. Contents are kept in memory under their
//! digest: two of one digest are the same, so what is kept is never out of date.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use redis::streams::StreamRangeReply;

use crate::db::{DbError, keys};
use crate::snippets::key::SnippetKey;
use crate::snippets::lock::Keyring;
use crate::snippets::reading::read_snippet;
use crate::snippets::revision::Content;
use crate::snippets::store::{Snippet, SnippetError, Snippets};

/// Contents kept, and bytes of them, about.
const KEPT_CONTENTS: usize = 4096;
const KEPT_BYTES: u64 = 16 * 1024 * 1024;

/// A snippet as it is now.
#[derive(Debug, Clone)]
pub struct View {
    /// The snippet.
    pub snippet: Snippet,
    /// What its newest revision holds; `None` when it has a password, or can be read once.
    pub content: Option<Arc<Content>>,
    /// Id of its newest run.
    pub latest_run: Option<String>,
    /// The revision that it ran.
    pub latest_run_revision: u64,
}

/// The answer to the question for a view.
pub(super) type Viewed = Result<Option<Arc<View>>, SnippetError>;

#[derive(Clone)]
pub(super) struct Bytes;

impl Weighter<String, Arc<Content>> for Bytes {
    fn weight(&self, digest: &String, content: &Arc<Content>) -> u64 {
        let program = &content.program;
        let files: usize = program.files.iter().map(|file| file.path.len() + file.content.len() + 64).sum();
        let stdin = program.stdin.as_ref().map_or(0, String::len);
        let arguments: usize = program.arguments.iter().map(|argument| argument.len() + 32).sum();
        (digest.len() + files + stdin + arguments + 256) as u64
    }
}

static KEPT: LazyLock<Cache<String, Arc<Content>, Bytes>> =
    LazyLock::new(|| Cache::with_weighter(KEPT_CONTENTS, KEPT_BYTES, Bytes));

impl Snippets {
    /// The snippet under this key with its newest revision, if there is one.
    ///
    /// # Errors
    /// When Redis fails or the snippet is damaged.
    pub async fn view(&self, key: &SnippetKey) -> Result<Option<Arc<View>>, SnippetError> {
        self.views.answer(key, || self.ask_view(key)).await
    }

    async fn ask_view(&self, key: &SnippetKey) -> Viewed {
        match self.ask_view_once(key).await {
            // It got a password between the two questions.
            Err(SnippetError::Locked(_)) => self.ask_view_once(key).await,
            answer => answer,
        }
    }

    async fn ask_view_once(&self, key: &SnippetKey) -> Viewed {
        let mut questions = redis::pipe();
        questions.hgetall(keys::snippet(key.as_str()));
        questions.xrevrange_count(keys::snippet_runs(key.as_str()), "+", "-", 1);
        let (mut fields, runs): (HashMap<String, String>, StreamRangeReply) =
            questions.query_async(&mut self.db.commands()).await.map_err(DbError::from)?;
        if fields.is_empty() || fields.contains_key("deleted") || fields.contains_key("gone") {
            return Ok(None);
        }
        let digest = fields.remove("digest").unwrap_or_default();
        let snippet = read_snippet(key, fields)?;
        let is_open = snippet.lock.is_none() && !snippet.burns;
        let content = if is_open { self.content(&snippet, digest).await? } else { None };
        let latest = runs.ids.first();
        let latest_run = latest.and_then(|entry| entry.get("run"));
        let latest_run_revision = latest.and_then(|entry| entry.get("revision")).unwrap_or(0);
        Ok(Some(Arc::new(View { snippet, content, latest_run, latest_run_revision })))
    }

    async fn content(&self, snippet: &Snippet, digest: String) -> Result<Option<Arc<Content>>, SnippetError> {
        if let Some(kept) = KEPT.get(&digest) {
            return Ok(Some(kept));
        }
        let Some(revision) = self.revision(snippet, snippet.head, &Keyring::default()).await? else {
            return Ok(None);
        };
        let content = Arc::new(revision.content);
        // Between the two questions the owner may have saved: the digest is that of what was there first.
        if content.digest() == digest {
            KEPT.insert(digest, content.clone());
        }
        Ok(Some(content))
    }
}
