//! Presence: how many look at a snippet now. Each viewer says so again and again; who falls silent is
//! forgotten, so that a web process that dies takes its viewers off the count.
//!
//! Few are told of every change at once; a crowd a few times in a second, and the last of it with the next refresh.

use std::time::Duration;

use crate::db::{DbError, keys};
use crate::snippets::key::SnippetKey;
use crate::snippets::store::Snippets;

/// How often a viewer should say that it is still there.
pub const REFRESH_EVERY: Duration = Duration::from_secs(30);

/// How long that is believed: two refreshes may be lost.
pub const BELIEVED_FOR: Duration = Duration::from_secs(75);

impl Snippets {
    /// Counts a viewer in, for the first time or again; gives the number of viewers.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn viewer_is_here(&self, key: &SnippetKey, viewer: &str) -> Result<u64, DbError> {
        self.note_viewer(key, viewer, BELIEVED_FOR).await
    }

    /// Counts a viewer out.
    ///
    /// # Errors
    /// When Redis fails; the viewer is then forgotten after [`BELIEVED_FOR`].
    pub async fn viewer_left(&self, key: &SnippetKey, viewer: &str) -> Result<(), DbError> {
        self.note_viewer(key, viewer, Duration::ZERO).await.map(drop)
    }

    async fn note_viewer(&self, key: &SnippetKey, viewer: &str, believed: Duration) -> Result<u64, DbError> {
        let mut call = self.scripts.presence.key(keys::snippet_viewers(key.as_str()));
        call.key(keys::snippet_crowd(key.as_str()))
            .arg(viewer)
            .arg(u64::try_from(believed.as_millis()).unwrap_or(u64::MAX));
        call.arg(keys::snippet_channel(key.as_str()));
        Ok(call.invoke_async(&mut self.db.commands()).await?)
    }
}
