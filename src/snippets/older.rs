//! What older versions of this program stored: brought to the form of today, once, by whoever starts first.

use redis::AsyncCommands;

use crate::db::{DbError, keys};
use crate::snippets::key::SnippetKey;
use crate::snippets::owner::OwnerHash;
use crate::snippets::store::Snippets;

/// Names that Redis looks at in one step.
const LOOKED_AT_ONCE: u64 = 500;

impl Snippets {
    /// Puts snippets on their owners' lists that were created before there were lists. Gives their number.
    ///
    /// # Errors
    /// When Redis fails; the next start goes on.
    pub async fn list_older(&self) -> Result<usize, DbError> {
        let (mut commands, mut all, mut listed) = (self.db.commands(), self.all_unless(keys::OWNERS_LISTED).await?, 0);
        while let Some(some) = all.next(self).await? {
            for key in some {
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

    /// Puts revisions and their summaries into their snippets that were stored beside them. Until that is done those
    /// snippets cannot be read; the older version cannot read them any more afterwards. Gives their number.
    ///
    /// # Errors
    /// When Redis fails; the next start goes on.
    pub async fn fold_older(&self) -> Result<usize, DbError> {
        let (mut commands, mut all, mut folded) =
            (self.db.commands(), self.all_unless(keys::SNIPPETS_FOLDED).await?, 0);
        while let Some(some) = all.next(self).await? {
            for key in some {
                let (name, mut call) = (key.as_str(), self.scripts.fold.prepare_invoke());
                call.key(keys::snippet(name)).key(keys::older_revisions(name)).key(keys::older_history(name));
                folded += call.invoke_async::<usize>(&mut commands).await?;
            }
        }
        commands.set::<_, _, ()>(keys::SNIPPETS_FOLDED, 1).await?;
        Ok(folded)
    }

    /// Every snippet there is; none where a mark says that what is to be done with them was done.
    async fn all_unless(&self, mark: &str) -> Result<All, DbError> {
        let is_done: bool = self.db.commands().exists(mark).await?;
        Ok(All { cursor: (!is_done).then_some(0) })
    }
}

/// The snippets that were not looked at yet.
struct All {
    cursor: Option<u64>,
}

impl All {
    /// Some of them; `None` after the last.
    async fn next(&mut self, snippets: &Snippets) -> Result<Option<Vec<SnippetKey>>, DbError> {
        let Some(cursor) = self.cursor else {
            return Ok(None);
        };
        let mut scan = redis::cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(keys::ALL_SNIPPETS).arg("COUNT").arg(LOOKED_AT_ONCE);
        let (next, names): (u64, Vec<String>) = scan.query_async(&mut snippets.db.commands()).await?;
        self.cursor = Some(next).filter(|&next| next != 0);
        let keys = names.iter().filter_map(|name| SnippetKey::parse(keys::key_of_snippet(name)?));
        Ok(Some(keys.collect()))
    }
}
