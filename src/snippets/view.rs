//! The view: all that a page shows of a snippet, by one question to Redis. Contents are kept in memory under their id:
//! two of one id are the same, so what is kept is never out of date.

use std::sync::{Arc, LazyLock};

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use redis::streams::StreamRangeReply;

use crate::db::{DbError, keys};
use crate::snippets::key::SnippetKey;
use crate::snippets::lock::Keyring;
use crate::snippets::reading::{CONTENT_ID, Stored, content_field};
use crate::snippets::revision::{Content, unpack};
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
    fn weight(&self, id: &String, content: &Arc<Content>) -> u64 {
        let program = &content.program;
        let files: usize = program.files.iter().map(|file| file.path.len() + file.content.len() + 64).sum();
        let stdin = program.stdin.as_ref().map_or(0, String::len);
        let arguments: usize = program.arguments.iter().map(|argument| argument.len() + 32).sum();
        (id.len() + files + stdin + arguments + 256) as u64
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
        questions.add_command(Stored::question(key));
        questions.xrevrange_count(keys::snippet_runs(key.as_str()), "+", "-", 1);
        let (mut stored, runs): (Stored, StreamRangeReply) =
            questions.query_async(&mut self.db.commands()).await.map_err(DbError::from)?;
        if stored.is_older() {
            stored = self.stored(key).await?;
        }
        if stored.is_nothing() {
            return Ok(None);
        }
        let content_id = stored.content_id.take().unwrap_or_default();
        let snippet = stored.snippet(key)?;
        let is_open = snippet.lock.is_none() && !snippet.burns;
        let content = if is_open { self.content(&snippet, content_id).await? } else { None };
        let latest = runs.ids.first();
        let latest_run = latest.and_then(|entry| entry.get("run"));
        let latest_run_revision = latest.and_then(|entry| entry.get("revision")).unwrap_or(0);
        Ok(Some(Arc::new(View { snippet, content, latest_run, latest_run_revision })))
    }

    async fn content(&self, snippet: &Snippet, id: String) -> Result<Option<Arc<Content>>, SnippetError> {
        if let Some(kept) = KEPT.get(&id) {
            return Ok(Some(kept));
        }
        let fields = [content_field(snippet.head), CONTENT_ID.to_owned()];
        let keyring = Keyring::default();
        let (_, stored) = self.sealed(&snippet.key, &keyring, &fields).await?;
        let [Some(stored), id_now] = stored.as_slice() else {
            return Ok(None);
        };
        let content = Arc::new(unpack(snippet.head, stored, None)?.content);
        // Between the two questions the owner may have saved: the id is that of what was there first.
        if id_now.as_deref() == Some(id.as_bytes()) {
            KEPT.insert(id, content.clone());
        }
        Ok(Some(content))
    }
}
