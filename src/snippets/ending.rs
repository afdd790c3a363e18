//! Ends that cannot be taken back: burning after reading, and the operator's removal. A mark stays where the snippet
//! was, so that whoever comes later is told, and nobody puts another in its place.

use redis::AsyncCommands;

use crate::db::{DbError, keys};
use crate::snippets::key::SnippetKey;
use crate::snippets::lock::Keyring;
use crate::snippets::revision::{Revision, unpack};
use crate::snippets::store::{Snippet, SnippetError, Snippets};

/// Why nothing is left of a snippet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gone {
    /// It was read, and burnt.
    Burnt,
    /// The operator removed it.
    Removed,
}

impl Gone {
    fn word(self) -> &'static str {
        match self {
            Self::Burnt => "burnt",
            Self::Removed => "removed",
        }
    }
}

impl Snippets {
    /// Reads a snippet that can be read once: of all who try, one gets it, and it is gone.
    ///
    /// # Errors
    /// [`SnippetError::Gone`] for all others; [`SnippetError::Locked`] without its key, and nothing is burnt then.
    pub async fn burn(&self, snippet: &Snippet, keyring: &Keyring) -> Result<Revision, SnippetError> {
        let key = snippet.open(keyring)?;
        let stored = self.end(&snippet.key, snippet.head, Gone::Burnt).await?;
        let stored = stored.ok_or(SnippetError::Gone(Gone::Burnt))?;
        Ok(unpack(snippet.head, &stored, key)?)
    }

    /// Removes a snippet, whoever owns it. Gives whether there was one.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn remove(&self, key: &SnippetKey) -> Result<bool, DbError> {
        let is_there: bool = self.db.commands().hexists(keys::snippet(key.as_str()), "owner").await?;
        self.end(key, 1, Gone::Removed).await?;
        let older = [keys::older_revisions(key.as_str()), keys::older_history(key.as_str())];
        self.db.commands().del::<_, ()>(&older).await?;
        Ok(is_there)
    }

    async fn end(&self, key: &SnippetKey, revision: u64, gone: Gone) -> Result<Option<Vec<u8>>, DbError> {
        let mut call = self.scripts.end.prepare_invoke();
        let call =
            self.whole(&mut call, key).arg(revision).arg(gone.word()).arg(keys::MARK_LIFETIME.as_millis().to_string());
        Ok(call.arg(keys::snippet_channel(key.as_str())).invoke_async(&mut self.db.commands()).await?)
    }

    /// Why nothing is under this key, if that is known.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn gone(&self, key: &SnippetKey) -> Result<Option<Gone>, DbError> {
        let mark: Option<String> = self.db.commands().hget(keys::snippet(key.as_str()), "gone").await?;
        Ok(mark.and_then(|mark| [Gone::Burnt, Gone::Removed].into_iter().find(|gone| gone.word() == mark)))
    }
}
