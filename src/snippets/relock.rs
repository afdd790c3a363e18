//! Relocking: a snippet that is there gets a password, another one, or none. Everything it holds is sealed anew, in one
//! step: the key of before opens nothing any more.

use std::collections::HashMap;

use redis::AsyncCommands;

use crate::db::{DbError, keys};
use crate::seal::SealKey;
use crate::snippets::lock::{Keyring, Lock};
use crate::snippets::owner::OwnerHash;
use crate::snippets::reading::opening;
use crate::snippets::revision::{self, Packed, unpack};
use crate::snippets::store::{Snippet, SnippetError, Snippets, pack};
use crate::snippets::{history, key::SnippetKey};

/// Greatest size of all revisions of a snippet that gets another lock, as they are stored: several times as much is in
/// memory for a moment, here and in Redis.
pub const MAX_RELOCKED_BYTES: u64 = 8 * 1024 * 1024;
/// How often a Redis that fell silent is asked whether it has done it.
const READ_BACK_TRIES: usize = 2;

/// All that is stored of a snippet, as it was at one moment, and what opens it.
pub struct Whole {
    key: SnippetKey,
    owner: OwnerHash,
    head: u64,
    lock: Option<String>,
    seal: Option<SealKey>,
    revisions: HashMap<u64, Vec<u8>>,
    history: Vec<String>,
}

/// The same under another lock, or none; not stored yet.
pub struct Resealed {
    whole: Whole,
    lock: Option<String>,
    /// What stands beside the newest revision.
    head: Packed,
}

impl Whole {
    /// Seals it anew. Takes a while; call it where it holds up nobody.
    ///
    /// # Errors
    /// When something of it is damaged.
    pub fn reseal(mut self, lock: Option<&(Lock, SealKey)>) -> Result<Resealed, SnippetError> {
        let (old, new) = (self.seal.take(), lock.map(|(_, key)| key));
        let damaged = |what: &str| DbError::Damaged(format!("snippet {}: {what}", self.key));
        let newest = self.revisions.get(&self.head).ok_or_else(|| damaged("its newest revision is not there"))?;
        let head = pack(&unpack(self.head, newest, old.as_ref())?.content, new);
        for line in &mut self.history {
            let resealed = history::reseal(line, old.as_ref(), new);
            *line = resealed.ok_or_else(|| damaged("its history has a strange line"))?;
        }
        for (number, stored) in &mut self.revisions {
            *stored = revision::reseal(*number, stored, old.as_ref(), new)?;
        }
        Ok(Resealed { whole: self, lock: lock.map(|(lock, _)| lock.text()), head })
    }
}

impl Snippets {
    /// Reads all of a snippet that is to get another lock.
    ///
    /// # Errors
    /// When its key is missing, it is somebody else's, it is too large, or Redis fails.
    pub async fn whole_of(
        &self,
        snippet: &Snippet,
        (owner, keyring): (&OwnerHash, &Keyring),
    ) -> Result<Whole, SnippetError> {
        let key = &snippet.key;
        if self.check_owner(key, owner).await?.burns {
            return Err(SnippetError::Burns(key.clone()));
        }
        if self.bytes_of(key).await? > MAX_RELOCKED_BYTES {
            return Err(SnippetError::TooMuch);
        }
        let mut questions = redis::pipe();
        let name = key.as_str();
        questions.hmget(keys::snippet(name), &["head", "lock"]).hgetall(keys::snippet_revisions(name));
        questions.lrange(keys::snippet_history(name), 0, -1).hget(keys::snippet(name), "lock");
        let ((head, lock), revisions, history, after): ((Option<u64>, Option<String>), _, _, Option<String>) =
            questions.query_async(&mut self.db.commands()).await.map_err(DbError::from)?;
        let head = head.ok_or(SnippetError::Missing)?;
        if lock != after {
            return Err(SnippetError::Stale(head));
        }
        let seal = opening(key, lock.as_deref(), keyring)?.cloned();
        Ok(Whole { key: key.clone(), owner: owner.clone(), head, lock, seal, revisions, history })
    }

    /// Size of all revisions, as they are stored.
    async fn bytes_of(&self, key: &SnippetKey) -> Result<u64, DbError> {
        let (mut commands, revisions) = (self.db.commands(), keys::snippet_revisions(key.as_str()));
        let numbers: Vec<u64> = commands.hkeys(&revisions).await?;
        let mut questions = redis::pipe();
        for number in numbers {
            questions.cmd("HSTRLEN").arg(&revisions).arg(number);
        }
        let sizes: Vec<u64> = questions.query_async(&mut commands).await?;
        Ok(sizes.iter().sum())
    }

    /// Stores a snippet under its other lock.
    ///
    /// # Errors
    /// When it is gone, was saved or got another lock meanwhile, and nothing is changed then. When Redis fails; whether
    /// it has the other lock is not known then, where Redis was silent even when it was asked again.
    pub async fn relock(&self, resealed: &Resealed) -> Result<(), SnippetError> {
        let Resealed { whole, lock, head } = resealed;
        let name = whole.key.as_str();
        let mut call = self.scripts.relock.key(keys::snippet(name));
        call.key(keys::snippet_revisions(name)).key(keys::snippet_history(name));
        call.arg(whole.owner.as_str()).arg(whole.head);
        call.arg(whole.lock.as_deref().unwrap_or_default()).arg(lock.as_deref().unwrap_or_default());
        call.arg(&head.digest).arg(&head.title).arg(&head.language);
        call.arg(keys::snippet_channel(name)).arg(whole.revisions.len());
        for (number, stored) in &whole.revisions {
            call.arg(number).arg(stored);
        }
        for line in &whole.history {
            call.arg(line);
        }
        match call.invoke_async(&mut self.db.commands()).await.map_err(DbError::from) {
            Ok((0_u64, _)) => Err(SnippetError::Missing),
            Ok((1, head)) => Err(SnippetError::Stale(head)),
            Ok((2, _)) => Err(SnippetError::Locked(whole.key.clone())),
            Ok((_, _)) => Ok(()),
            Err(DbError::Unreachable(error)) if self.has_lock(&whole.key, lock.as_deref()).await => {
                tracing::warn!(error = %error, "storage was slow to give a snippet its password, but has done it");
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Whether a snippet has this lock, or none, as far as Redis says anything. It was asked on the same connection, so
    /// it has done by then what it was told before.
    async fn has_lock(&self, key: &SnippetKey, lock: Option<&str>) -> bool {
        for _ in 0..READ_BACK_TRIES {
            let stored: Result<Option<String>, _> = self.db.commands().hget(keys::snippet(key.as_str()), "lock").await;
            if let Ok(stored) = stored {
                return stored.as_deref() == lock;
            }
        }
        false
    }
}
