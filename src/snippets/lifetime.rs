//! How long a snippet is kept: its expiry, its end by the owner's hand, and the minute to think again.

use std::time::Duration;

use redis::AsyncCommands;

use crate::db::{DbError, keys};
use crate::snippets::key::SnippetKey;
use crate::snippets::owner::OwnerHash;
use crate::snippets::store::{SnippetError, Snippets};

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// How long a snippet is kept from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lifetime {
    /// Ten minutes.
    TenMinutes,
    /// An hour.
    Hour,
    /// A day.
    Day,
    /// Seven days.
    Week,
    /// Thirty days.
    Month,
    /// 365 days.
    Year,
    /// Until it is deleted.
    #[default]
    Never,
}

impl Lifetime {
    /// All of them, the shortest first.
    pub const ALL: [Self; 7] =
        [Self::TenMinutes, Self::Hour, Self::Day, Self::Week, Self::Month, Self::Year, Self::Never];

    /// Reads the word that an address or a form holds.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lifetime| lifetime.word() == word)
    }

    /// The word that [`Self::parse`] reads.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::TenMinutes => "10m",
            Self::Hour => "1h",
            Self::Day => "1d",
            Self::Week => "1w",
            Self::Month => "1month",
            Self::Year => "1y",
            Self::Never => "never",
        }
    }

    /// The words that people read.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::TenMinutes => "10 minutes",
            Self::Hour => "1 hour",
            Self::Day => "1 day",
            Self::Week => "1 week",
            Self::Month => "1 month",
            Self::Year => "1 year",
            Self::Never => "never",
        }
    }

    /// The time; `None` for ever.
    pub(super) fn milliseconds(self) -> Option<u64> {
        let seconds = match self {
            Self::TenMinutes => 10 * MINUTE,
            Self::Hour => HOUR,
            Self::Day => DAY,
            Self::Week => 7 * DAY,
            Self::Month => 30 * DAY,
            Self::Year => 365 * DAY,
            Self::Never => return None,
        };
        Some(seconds * 1000)
    }
}

/// How long it is remembered that a snippet was at its key.
pub(super) fn mark_milliseconds() -> u64 {
    keys::MARK_LIFETIME.as_secs() * 1000
}

impl Snippets {
    /// Chooses anew how long a snippet is kept; gives when it ends, milliseconds by the clock of Redis.
    ///
    /// # Errors
    /// When there is no such snippet, or it is somebody else's; nothing is changed then.
    pub async fn expire(
        &self,
        key: &SnippetKey,
        owner: &OwnerHash,
        lifetime: Lifetime,
    ) -> Result<Option<u64>, SnippetError> {
        self.check_owner(key, owner).await?;
        let mut call = self.scripts.expire.prepare_invoke();
        let lifetime = lifetime.milliseconds().map(|milliseconds| milliseconds.to_string());
        self.whole(&mut call, key).arg(owner.as_str()).arg(lifetime.unwrap_or_default());
        call.arg(keys::snippet_was(key.as_str())).arg(mark_milliseconds());
        let expires: Option<String> = call.invoke_async(&mut self.db.commands()).await.map_err(DbError::from)?;
        Ok(expires.ok_or(SnippetError::Missing)?.parse().ok())
    }

    /// Hides a snippet from everybody. For [`keys::UNDELETE_WITHIN`] its owner can have it back.
    ///
    /// # Errors
    /// When there is no such snippet, or it is somebody else's; nothing is changed then.
    pub async fn delete(&self, key: &SnippetKey, owner: &OwnerHash) -> Result<(), SnippetError> {
        self.check_owner(key, owner).await?;
        let mut call = self.scripts.delete.prepare_invoke();
        let call = self.whole(&mut call, key).arg(owner.as_str()).arg(keys::UNDELETE_WITHIN.as_millis().to_string());
        let call = call.arg(keys::snippet_channel(key.as_str())).arg(keys::snippet_was(key.as_str()));
        self.done(call.arg(mark_milliseconds())).await
    }

    /// For how long this owner can still have a deleted snippet back; `None` for what is not deleted, or not theirs.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn deleted_for(&self, key: &SnippetKey, owner: &OwnerHash) -> Result<Option<Duration>, DbError> {
        let standing = self.standing(key).await?;
        if !standing.is_some_and(|standing| standing.is_deleted && standing.owner.is(owner)) {
            return Ok(None);
        }
        let left: i64 = self.db.commands().pttl(keys::snippet(key.as_str())).await?;
        Ok(u64::try_from(left).ok().map(Duration::from_millis))
    }

    /// Takes a deletion back.
    ///
    /// # Errors
    /// When nothing of it is left, or it is somebody else's.
    pub async fn undelete(&self, key: &SnippetKey, owner: &OwnerHash) -> Result<(), SnippetError> {
        // Whoever does not own it must not learn that it was here.
        match self.standing(key).await? {
            Some(standing) if standing.owner.is(owner) => {}
            _ => return Err(SnippetError::Missing),
        }
        let mut call = self.scripts.undelete.prepare_invoke();
        let call = self.whole(&mut call, key).arg(owner.as_str()).arg(keys::snippet_channel(key.as_str()));
        self.done(call).await?;
        let created: Option<u64> =
            self.db.commands().hget(keys::snippet(key.as_str()), "created").await.map_err(DbError::from)?;
        Ok(self.note_owned(owner, key, created.ok_or(SnippetError::Missing)?).await?)
    }

    /// Names every key of a snippet that lives and dies with it.
    pub(super) fn whole<'a, 'b>(
        &self,
        call: &'b mut redis::ScriptInvocation<'a>,
        key: &SnippetKey,
    ) -> &'b mut redis::ScriptInvocation<'a> {
        let key = key.as_str();
        call.key(keys::snippet(key)).key(keys::snippet_runs(key)).key(keys::snippet_forks(key))
    }

    async fn done(&self, call: &redis::ScriptInvocation<'_>) -> Result<(), SnippetError> {
        let done: u64 = call.invoke_async(&mut self.db.commands()).await.map_err(DbError::from)?;
        if done == 0 { Err(SnippetError::Missing) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for lifetime in Lifetime::ALL {
            assert_eq!(Lifetime::parse(lifetime.word()), Some(lifetime));
        }
        assert_eq!(Lifetime::parse("2h"), None);
    }
}
