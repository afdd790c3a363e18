//! What a viewer watches: the snippet as it is now, and the runs of it.

use crate::runs::feed::SnippetNews;
use crate::runs::request::RunId;
use crate::snippets::key::SnippetKey;
use crate::web::error::StorageError;
use crate::web::followed::Followed;
use crate::web::viewer::{Failure, Seen, Viewer};

impl Viewer {
    /// Follows what is new of the snippet.
    pub(super) async fn heed(&mut self, news: SnippetNews) -> Result<(), Failure> {
        match news {
            SnippetNews::Run { run } => self.follow_if_open(run).await?,
            SnippetNews::Viewers { count } => self.viewers_are(count),
            // The first may be that of another snippet, if this one has expired.
            SnippetNews::Revision { revision } if revision == 1 || revision > self.revision() => self.reload().await?,
            SnippetNews::Revision { .. } => {}
            SnippetNews::Deleted => self.reload().await?,
            SnippetNews::Gap => {
                self.reload().await?;
                self.catch_up().await?;
            }
        }
        Ok(())
    }

    /// Looks at the snippet again and tells the client if it changed.
    pub(super) async fn reload(&mut self) -> Result<(), Failure> {
        let before = self.revision();
        self.look().await?;
        if self.revision() != before {
            self.tell_snippet().await?;
        }
        Ok(())
    }

    /// Looks at the snippet, as the door does: who waited here for a first save that was made with a password, or to be
    /// read once, has nothing to see.
    pub(super) async fn look(&mut self) -> Result<(), Failure> {
        self.is_stale = true;
        self.snippet = self.state.snippets.load(&self.key).await?;
        if self.snippet.as_ref().is_some_and(|snippet| snippet.burns || snippet.open(&self.keyring).is_err()) {
            return Err(Failure::Gone);
        }
        self.was_protected |= self.snippet.as_ref().is_some_and(|snippet| snippet.lock.is_some());
        self.is_stale = false;
        Ok(())
    }

    /// Follows the newest run, if it is not followed yet.
    pub(super) async fn catch_up(&mut self) -> Result<(), Failure> {
        if let Some(run) = self.state.runs.latest_of(self.key.as_str()).await? {
            self.follow_if_open(run.id).await?;
        }
        Ok(())
    }

    /// Follows somebody's run of the snippet, once it is known that this client may see the snippet.
    async fn follow_if_open(&mut self, run: RunId) -> Result<(), Failure> {
        if self.is_stale || self.snippet.is_none() {
            self.reload().await?;
        }
        if self.snippet.is_some() {
            self.follow(run);
        }
        Ok(())
    }

    /// Goes on where the client was. The client states the run, so it may be any; only this snippet's is told.
    pub(super) async fn resume(&mut self, seen: Seen) -> Result<(), Failure> {
        if self.snippet.is_none() {
            return Ok(());
        }
        let runs = &self.state.runs;
        let belonging = runs.belonging_of(&seen.run).await?;
        if belonging.is_none_or(|belonging| belonging.snippet != self.key.as_str()) {
            return Ok(());
        }
        let rest = runs.read_log(&seen.run, seen.after, 1).await?;
        if rest.is_empty() && runs.outcome(&seen.run).await?.is_some() {
            self.followed.note_seen(seen.run);
        } else {
            self.followed.add(self.state.feed.follow_log(runs, seen.run, seen.after));
        }
        Ok(())
    }

    pub(super) fn follow(&mut self, run: RunId) {
        if !self.followed.knows(&run) {
            self.followed.add(self.state.feed.follow_log(&self.state.runs, run, 0));
        }
    }

    /// Goes on with another snippet: the client's fork.
    pub(super) async fn move_to(&mut self, key: SnippetKey) -> Result<(), StorageError> {
        self.news = self.state.feed.follow_snippet(key.as_str());
        self.followed = Followed::default();
        self.fork_of = None;
        let left = std::mem::replace(&mut self.key, key);
        self.state.snippets.viewer_left(&left, &self.id).await?;
        self.count().await
    }

    /// Goes on with a fresh page: what stood here is gone.
    pub(super) async fn start_anew(&mut self) -> Result<(), Failure> {
        self.move_to(SnippetKey::random()).await?;
        self.snippet = None;
        self.is_stale = false;
        Ok(self.tell_snippet().await?)
    }

    /// The newest that the client knows of; 0 for none.
    pub(super) fn revision(&self) -> u64 {
        self.snippet.as_ref().map_or(0, |snippet| snippet.head)
    }

    pub(super) fn owns_snippet(&self) -> bool {
        self.snippet.as_ref().is_some_and(|snippet| snippet.owner.is(&self.visitor))
    }
}
