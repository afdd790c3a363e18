//! The store: snippets in Redis, and saving. A change of what is there is one step for Redis, so no crash leaves half of one.

use std::sync::Arc;

use crate::db::{Db, DbError, keys};
use crate::languages::LanguageId;
use crate::seal::SealKey;
use crate::snippets::ending::Gone;
use crate::snippets::key::SnippetKey;
use crate::snippets::lifetime::Lifetime;
use crate::snippets::lock::{Keyring, Lock};
use crate::snippets::owner::OwnerHash;
use crate::snippets::questions::Questions;
use crate::snippets::reading::{Stored, read_lock};
use crate::snippets::revision::{Content, Packed};
use crate::snippets::script::Scripts;
use crate::snippets::view::Viewed;

/// How often a save or a reading is tried while the snippet gets another lock each time.
pub(super) const RELOCKED_TRIES: usize = 3;

/// Which snippet and revision a fork started from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The snippet.
    pub key: SnippetKey,
    /// Its revision.
    pub revision: u64,
}

/// A snippet without the content of its revisions.
#[derive(Debug, Clone)]
pub struct Snippet {
    /// Its key.
    pub key: SnippetKey,
    /// Who may save.
    pub owner: OwnerHash,
    /// Number of the newest revision.
    pub head: u64,
    /// Title of the newest revision; may be empty, and is for a protected one.
    pub title: String,
    /// Language of the newest revision; empty for a protected one.
    pub language: LanguageId,
    /// Where it was forked from.
    pub forked_from: Option<Origin>,
    /// When it was created, milliseconds by the clock of Redis.
    pub created_ms: u64,
    /// When it ends, by the same clock; `None` for never.
    pub expires_ms: Option<u64>,
    /// Present when it has a password.
    pub lock: Option<Lock>,
    /// Whether it can be read once.
    pub burns: bool,
}

impl Snippet {
    /// What opens its contents: nothing for one without a password.
    ///
    /// # Errors
    /// [`SnippetError::Locked`] when it has one and the key is missing.
    pub fn open<'a>(&self, keyring: &'a Keyring) -> Result<Option<&'a SealKey>, SnippetError> {
        let Some(lock) = &self.lock else {
            return Ok(None);
        };
        keyring.opening(lock).map(Some).ok_or_else(|| SnippetError::Locked(self.key.clone()))
    }
}

/// How a new snippet is kept.
#[derive(Debug, Clone, Default)]
pub struct Keeping {
    /// How long.
    pub lifetime: Lifetime,
    /// A password's lock, with its key.
    pub lock: Option<(Lock, SealKey)>,
    /// It can be read once.
    pub burns: bool,
}

impl Keeping {
    /// Whether anything differs from what is kept for ever and open to everybody.
    #[must_use]
    pub fn is_chosen(&self) -> bool {
        self.lock.is_some() || self.burns || self.lifetime != Lifetime::default()
    }
}

/// What a snippet is made of.
#[derive(Debug, Clone, Copy)]
pub struct NewSnippet<'a> {
    /// Who may save.
    pub owner: &'a OwnerHash,
    /// They were nobody before, and own nothing else.
    pub is_first: bool,
    /// Revision 1.
    pub content: &'a Content,
    /// Where it was forked from.
    pub forked_from: Option<&'a Origin>,
    /// How it is kept.
    pub keeping: &'a Keeping,
}

/// What is saved over a snippet that is there.
#[derive(Debug, Clone, Copy)]
pub struct Edit<'a> {
    /// The next revision.
    pub content: &'a Content,
    /// What whoever saves has seen last.
    pub seen: Seen,
    /// The keys they hold.
    pub keyring: &'a Keyring,
}

/// Which revision whoever saves has seen last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// That is not known, or does not matter.
    Any,
    /// This one; the save is refused when another is the head.
    Revision(u64),
}

/// Why a snippet was not changed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SnippetError {
    /// Another snippet has the key.
    #[error("the key is taken")]
    Taken,
    /// Nothing stands under the key.
    #[error("there is no such snippet")]
    Missing,
    /// Somebody else owns it.
    #[error("the snippet is somebody else's")]
    NotOwner,
    /// Whoever saves has not seen the newest revision, which has this number.
    #[error("revision {0} has been saved meanwhile")]
    Stale(u64),
    /// It has a password, and the key is missing.
    #[error("the snippet has a password")]
    Locked(SnippetKey),
    /// That is not the password.
    #[error("that is not the snippet's password")]
    WrongPassword(SnippetKey),
    /// It can be read once, and only when that is asked for.
    #[error("the snippet burns after reading")]
    Burns(SnippetKey),
    /// It was there.
    #[error("the snippet is gone for good: {0:?}")]
    Gone(Gone),
    /// Its revisions are more than can be sealed anew at once.
    #[error("the snippet is too large to get another password")]
    TooMuch,
    /// Redis failed.
    #[error("the snippet could not be stored or read")]
    Db(#[from] DbError),
}

/// What a save did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// A new revision with this number.
    New(u64),
    /// Nothing: the head with this number is the same.
    Same(u64),
}

impl Saved {
    /// Number of the head.
    #[must_use]
    pub fn revision(self) -> u64 {
        match self {
            Self::New(number) | Self::Same(number) => number,
        }
    }
}

/// What must be known of a snippet before it is changed.
pub(super) struct Standing {
    pub(super) owner: OwnerHash,
    pub(super) is_deleted: bool,
    lock: Option<Lock>,
    pub(super) burns: bool,
}

/// Snippets in Redis; clones are cheap and share one connection.
#[derive(Clone)]
pub struct Snippets {
    pub(super) db: Db,
    pub(super) scripts: Arc<Scripts>,
    pub(super) views: Questions<Viewed>,
}

impl Snippets {
    /// The snippets in this Redis.
    #[must_use]
    pub fn new(db: Db) -> Self {
        Self { db, scripts: Arc::new(Scripts::load()), views: Questions::default() }
    }

    /// The same snippets by a connection of their own, whose questions are not shared with others.
    #[must_use]
    pub fn on_own_connection(&self) -> Self {
        Self { db: self.db.on_own_connection(), scripts: self.scripts.clone(), views: Questions::default() }
    }

    /// Asks whether Redis answers by this connection, which mends itself when it does not.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.db.ping().await
    }

    /// Saves a revision for the owner, unless it equals the head.
    ///
    /// # Errors
    /// When there is no such snippet, it is somebody else's, its key is missing, or its head is not the one that was
    /// seen; nothing is changed then.
    pub async fn save(&self, key: &SnippetKey, owner: &OwnerHash, edit: Edit<'_>) -> Result<Saved, SnippetError> {
        for _ in 0..RELOCKED_TRIES {
            let standing = self.check_owner(key, owner).await?;
            if let Some(saved) = self.save_under(key, &standing, edit).await? {
                return Ok(saved);
            }
        }
        Err(SnippetError::Locked(key.clone()))
    }

    /// Saves under the lock that the snippet had a moment ago; `None` when it has another by now, and nothing is changed.
    async fn save_under(
        &self,
        key: &SnippetKey,
        standing: &Standing,
        edit: Edit<'_>,
    ) -> Result<Option<Saved>, SnippetError> {
        if standing.burns {
            return Err(SnippetError::Burns(key.clone()));
        }
        let locked = || SnippetError::Locked(key.clone());
        let seal = standing.lock.as_ref().map(|lock| edit.keyring.opening(lock).ok_or_else(locked)).transpose()?;
        let packed = pack(edit.content, seal);
        let mut call = self.scripts.save.key(keys::snippet(key.as_str()));
        call.arg(standing.owner.as_str()).arg(&packed.bytes).arg(&packed.id).arg(&packed.title);
        call.arg(&packed.language).arg(keys::snippet_channel(key.as_str())).arg(&packed.summary);
        call.arg(match edit.seen {
            Seen::Any => String::new(),
            Seen::Revision(number) => number.to_string(),
        });
        call.arg(keys::REVISIONS_PER_SNIPPET);
        call.arg(standing.lock.as_ref().map(Lock::text).unwrap_or_default());
        let answer = call.invoke_async(&mut self.db.commands()).await.map_err(DbError::from)?;
        match answer {
            (0_u64, _) => Err(SnippetError::Missing),
            (head, 0_u64) => Ok(Some(Saved::Same(head))),
            (head, 1) => Ok(Some(Saved::New(head))),
            (head, 2) => Err(SnippetError::Stale(head)),
            _ => Ok(None),
        }
    }

    /// Whether this is the owner of a snippet that is there.
    pub(super) async fn check_owner(&self, key: &SnippetKey, owner: &OwnerHash) -> Result<Standing, SnippetError> {
        match self.standing(key).await? {
            Some(standing) if standing.is_deleted => Err(SnippetError::Missing),
            Some(standing) if standing.owner.is(owner) => Ok(standing),
            Some(_) => Err(SnippetError::NotOwner),
            None => Err(SnippetError::Missing),
        }
    }

    pub(super) async fn standing(&self, key: &SnippetKey) -> Result<Option<Standing>, DbError> {
        let Stored { owner, deleted, lock, burns, .. } = self.stored(key).await?;
        let Some(owner) = owner else {
            return Ok(None);
        };
        let lock = lock.map(|text| read_lock(key, &text)).transpose()?;
        Ok(Some(Standing {
            owner: OwnerHash::stored(owner),
            is_deleted: deleted.is_some(),
            lock,
            burns: burns.is_some(),
        }))
    }
}

pub(super) fn pack(content: &Content, seal: Option<&SealKey>) -> Packed {
    seal.map_or_else(|| Packed::of(content), |seal| Packed::sealed(content, seal))
}
