//! Relocking: a snippet that is there gets a password, another one, or none. Everything it holds is sealed anew, in one
//! step: the key of before opens nothing any more.

use std::collections::HashMap;

use redis::AsyncCommands;

use crate::db::{DbError, keys};
use crate::seal::SealKey;
use crate::snippets::lock::{Keyring, Lock};
use crate::snippets::owner::OwnerHash;
use crate::snippets::reading::{CONTENT, SUMMARY, content_field, opening, summary_field};
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
    contents: HashMap<u64, Vec<u8>>,
    summaries: HashMap<u64, Vec<u8>>,
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
        let newest = self.contents.get(&self.head).ok_or_else(|| damaged("its newest revision is not there"))?;
        let head = pack(&unpack(self.head, newest, old.as_ref())?.content, new);
        for line in self.summaries.values_mut() {
            let resealed = history::reseal(line, old.as_ref(), new);
            *line = resealed.ok_or_else(|| damaged("it has a strange summary"))?;
        }
        for (number, stored) in &mut self.contents {
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
        let stored: HashMap<String, Vec<u8>> =
            self.db.commands().hgetall(keys::snippet(key.as_str())).await.map_err(DbError::from)?;
        let text = |name: &str| stored.get(name).and_then(|bytes| String::from_utf8(bytes.clone()).ok());
        let head = text("head").and_then(|head| head.parse().ok()).ok_or(SnippetError::Missing)?;
        let lock = text("lock");
        let seal = opening(key, lock.as_deref(), keyring)?.cloned();
        let (contents, summaries) = (numbered(&stored, CONTENT), numbered(&stored, SUMMARY));
        Ok(Whole { key: key.clone(), owner: owner.clone(), head, lock, seal, contents, summaries })
    }

    /// Size of all that is stored of it.
    async fn bytes_of(&self, key: &SnippetKey) -> Result<u64, DbError> {
        let (mut commands, name) = (self.db.commands(), keys::snippet(key.as_str()));
        let fields: Vec<String> = commands.hkeys(&name).await?;
        let mut questions = redis::pipe();
        for field in fields {
            questions.cmd("HSTRLEN").arg(&name).arg(field);
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
        call.arg(whole.owner.as_str()).arg(whole.head);
        call.arg(whole.lock.as_deref().unwrap_or_default()).arg(lock.as_deref().unwrap_or_default());
        call.arg(&head.id).arg(&head.title).arg(&head.language);
        call.arg(keys::snippet_channel(name));
        for (number, stored) in &whole.contents {
            call.arg(content_field(*number)).arg(stored);
        }
        for (number, stored) in &whole.summaries {
            call.arg(summary_field(*number)).arg(stored);
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

/// The fields whose names are this and a revision's number.
fn numbered(stored: &HashMap<String, Vec<u8>>, prefix: &str) -> HashMap<u64, Vec<u8>> {
    let number = |name: &str| name.strip_prefix(prefix)?.parse().ok();
    stored.iter().filter_map(|(name, value)| Some((number(name)?, value.clone()))).collect()
}
