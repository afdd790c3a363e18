//! What other times left: snippets as older versions of this program stored them, and what was never created whole.
//!
//! Older snippets are brought to the form of today: their owners' lists by whoever starts first, a snippet itself by
//! whoever asks for it first.

use std::time::Duration;

use redis::AsyncCommands;

use crate::db::{DbError, keys};
use crate::snippets::key::SnippetKey;
use crate::snippets::owner::OwnerHash;
use crate::snippets::revision::fresh_id;
use crate::snippets::store::Snippets;

/// How long creating may take from one of its commands to the next.
const CREATED_WITHIN: Duration = Duration::from_secs(3);
/// Names that Redis looks at in one step.
const LOOKED_AT_ONCE: u64 = 500;

impl Snippets {
    /// Puts snippets on their owners' lists that were created before there were lists. Gives their number.
    ///
    /// # Errors
    /// When Redis fails; the next start goes on.
    pub async fn list_older(&self) -> Result<usize, DbError> {
        let (mut commands, mut listed) = (self.db.commands(), 0);
        if commands.exists(keys::OWNERS_LISTED).await? {
            return Ok(0);
        }
        let mut all = All::of(keys::ALL_SNIPPETS);
        while let Some(names) = all.next(self).await? {
            for key in names.iter().filter_map(|name| SnippetKey::parse(keys::key_of_snippet(name)?)) {
                let fields = ["owner", "created"];
                let stored: (Option<String>, Option<u64>) =
                    commands.hmget(keys::snippet(key.as_str()), &fields).await?;
                if let (Some(owner), Some(created)) = stored {
                    self.note_owned(&OwnerHash::stored(owner), &key, created).await?;
                    listed += 1;
                }
            }
        }
        commands.set::<_, _, ()>(keys::OWNERS_LISTED, 1).await?;
        Ok(listed)
    }

    /// Puts the revisions of a snippet and their summaries into it, as far as an older version stored them beside it. The
    /// older version cannot read them any more afterwards.
    pub(super) async fn fold(&self, key: &SnippetKey) -> Result<(), DbError> {
        let (name, mut call) = (key.as_str(), self.scripts.fold.prepare_invoke());
        call.key(keys::snippet(name)).key(keys::older_revisions(name)).key(keys::older_history(name));
        Ok(call.arg(fresh_id()).invoke_async(&mut self.db.commands()).await?)
    }

    /// Removes what was put together aside and never moved to its place; it was told to nobody as kept. Gives its number.
    ///
    /// # Errors
    /// When Redis fails; the next start goes on.
    pub async fn sweep(&self) -> Result<usize, DbError> {
        let (mut all, mut aside) = (All::of(keys::ALL_ASIDE), Vec::new());
        while let Some(names) = all.next(self).await? {
            aside.extend(names);
        }
        if aside.is_empty() {
            return Ok(0);
        }
        // What is being created just now is in its place by then.
        tokio::time::sleep(CREATED_WITHIN).await;
        Ok(self.db.commands().unlink(aside).await?)
    }
}

/// The names of one form that were not looked at yet.
struct All {
    pattern: &'static str,
    cursor: Option<u64>,
}

impl All {
    fn of(pattern: &'static str) -> Self {
        Self { pattern, cursor: Some(0) }
    }

    /// Some of them; `None` after the last.
    async fn next(&mut self, snippets: &Snippets) -> Result<Option<Vec<String>>, DbError> {
        let Some(cursor) = self.cursor else {
            return Ok(None);
        };
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(self.pattern).arg("COUNT").arg(LOOKED_AT_ONCE);
        let (next, names): (u64, Vec<String>) = scan.query_async(&mut snippets.db.commands()).await?;
        self.cursor = Some(next).filter(|&next| next != 0);
        Ok(Some(names))
    }
}
