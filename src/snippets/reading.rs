//! Reading: what stands in Redis as a snippet, and its revisions, whatever lock they have by now.

use std::collections::HashMap;

use redis::{AsyncCommands, Cmd, FromRedisValue};

use crate::db::{DbError, keys};
use crate::languages::LanguageId;
use crate::seal::SealKey;
use crate::snippets::key::SnippetKey;
use crate::snippets::lock::{Keyring, Lock};
use crate::snippets::owner::OwnerHash;
use crate::snippets::revision::{Revision, unpack};
use crate::snippets::store::{Origin, RELOCKED_TRIES, Snippet, SnippetError, Snippets};

impl Snippets {
    /// The snippet under this key, if there is one.
    ///
    /// # Errors
    /// When Redis fails or the snippet is damaged.
    pub async fn load(&self, key: &SnippetKey) -> Result<Option<Snippet>, DbError> {
        let fields: HashMap<String, String> = self.db.commands().hgetall(keys::snippet(key.as_str())).await?;
        let nothing = fields.is_empty() || fields.contains_key("deleted") || fields.contains_key("gone");
        if nothing { Ok(None) } else { read_snippet(key, fields).map(Some) }
    }

    /// One revision, if there is one.
    ///
    /// # Errors
    /// When the snippet is protected and its key missing, it can be read once only, Redis fails or the revision is
    /// damaged.
    pub async fn revision(
        &self,
        snippet: &Snippet,
        number: u64,
        keyring: &Keyring,
    ) -> Result<Option<Revision>, SnippetError> {
        let key = &snippet.key;
        if snippet.burns {
            return Err(SnippetError::Burns(key.clone()));
        }
        let mut question = redis::cmd("HGET");
        question.arg(keys::snippet_revisions(key.as_str())).arg(number);
        let (seal, stored): (_, Option<Vec<u8>>) = self.sealed(key, keyring, &question).await?;
        Ok(stored.map(|bytes| unpack(number, &bytes, seal)).transpose()?)
    }

    /// What Redis answers about a snippet, and what opens it. It may get another lock at any time, so that is asked for
    /// before and after; a transaction would be refused where storage is full.
    pub(super) async fn sealed<'a, T: FromRedisValue>(
        &self,
        key: &SnippetKey,
        keyring: &'a Keyring,
        question: &Cmd,
    ) -> Result<(Option<&'a SealKey>, T), SnippetError> {
        let name = keys::snippet(key.as_str());
        for _ in 0..RELOCKED_TRIES {
            let mut questions = redis::pipe();
            questions.hget(&name, "lock").add_command(question.clone()).hget(&name, "lock");
            let (before, answer, after): (Option<String>, T, Option<String>) =
                questions.query_async(&mut self.db.commands()).await.map_err(DbError::from)?;
            if before == after {
                return Ok((opening(key, before.as_deref(), keyring)?, answer));
            }
        }
        Err(SnippetError::Locked(key.clone()))
    }
}

/// What opens the contents under a lock as it is stored.
pub(super) fn opening<'a>(
    key: &SnippetKey,
    lock: Option<&str>,
    keyring: &'a Keyring,
) -> Result<Option<&'a SealKey>, SnippetError> {
    let lock = lock.map(|text| read_lock(key, text)).transpose()?;
    let locked = || SnippetError::Locked(key.clone());
    lock.map(|lock| keyring.opening(&lock).ok_or_else(locked)).transpose()
}

pub(super) fn read_lock(key: &SnippetKey, text: &str) -> Result<Lock, DbError> {
    Lock::read(text).ok_or_else(|| DbError::Damaged(format!("snippet {key} has a strange lock")))
}

pub(super) fn read_snippet(key: &SnippetKey, mut fields: HashMap<String, String>) -> Result<Snippet, DbError> {
    let lock = fields.remove("lock").map(|text| read_lock(key, &text)).transpose()?;
    let burns = fields.remove("burns").is_some();
    let expires_ms = fields.remove("expires").and_then(|text| text.parse().ok());
    let mut take =
        |name: &str| fields.remove(name).ok_or_else(|| DbError::Damaged(format!("snippet {key} has no field {name}")));
    let number = |name: &str, text: String| {
        text.parse().map_err(|_| DbError::Damaged(format!("snippet {key} has a strange {name}")))
    };
    Ok(Snippet {
        key: key.clone(),
        owner: OwnerHash::stored(take("owner")?),
        head: number("head", take("head")?)?,
        title: take("title")?,
        language: LanguageId(take("language")?),
        forked_from: read_origin(&take("forked_from")?),
        created_ms: number("created", take("created")?)?,
        expires_ms,
        lock,
        burns,
    })
}

fn read_origin(text: &str) -> Option<Origin> {
    let (key, revision) = text.split_once(' ')?;
    Some(Origin { key: SnippetKey::parse(key)?, revision: revision.parse().ok()? })
}
