//! Reading: what stands in Redis as a snippet, and its revisions, whatever lock they have by now.

use redis::{Cmd, FromRedisValue, ParsingError, Value, from_redis_value};

use crate::db::{DbError, keys};
use crate::languages::LanguageId;
use crate::seal::SealKey;
use crate::snippets::key::SnippetKey;
use crate::snippets::lock::{Keyring, Lock};
use crate::snippets::owner::OwnerHash;
use crate::snippets::revision::{Revision, unpack};
use crate::snippets::store::{Origin, Snippet, SnippetError, Snippets};

/// What is asked for to know a snippet without its revisions, in the order of [`Stored`].
const FIELDS: [&str; 13] = [
    "owner",
    "head",
    CONTENT_ID,
    "title",
    "language",
    "forked_from",
    "created",
    "expires",
    "lock",
    "burns",
    "deleted",
    "gone",
    "digest",
];

/// A snippet without its revisions, as it is stored.
#[derive(Default, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) owner: Option<String>,
    head: Option<String>,
    pub(super) content_id: Option<String>,
    title: Option<String>,
    language: Option<String>,
    forked_from: Option<String>,
    created: Option<String>,
    expires: Option<String>,
    pub(super) lock: Option<String>,
    pub(super) burns: Option<String>,
    pub(super) deleted: Option<String>,
    gone: Option<String>,
    /// An older version of this program wrote it last, and put its revisions elsewhere.
    digest: Option<String>,
}

impl FromRedisValue for Stored {
    fn from_redis_value(value: Value) -> Result<Self, ParsingError> {
        let fields: [Option<String>; FIELDS.len()] = from_redis_value(value)?;
        let [owner, head, content_id, title, language, forked_from, created, expires, lock, burns, rest @ ..] = fields;
        let [deleted, gone, digest] = rest;
        let stored = Self { owner, head, content_id, title, language, forked_from, created, ..Self::default() };
        Ok(Self { expires, lock, burns, deleted, gone, digest, ..stored })
    }
}

impl Stored {
    /// Asks for it.
    pub(super) fn question(key: &SnippetKey) -> Cmd {
        let mut question = redis::cmd("HMGET");
        question.arg(keys::snippet(key.as_str())).arg(&FIELDS);
        question
    }

    /// Whether it must be folded before its revisions can be read.
    pub(super) fn is_older(&self) -> bool {
        self.digest.is_some()
    }

    /// Nobody may see anything here: there is nothing, or what was there is deleted or gone.
    pub(super) fn is_nothing(&self) -> bool {
        self.deleted.is_some() || self.gone.is_some() || *self == Self::default()
    }

    pub(super) fn snippet(self, key: &SnippetKey) -> Result<Snippet, DbError> {
        let there = |name: &str, field: Option<String>| {
            field.ok_or_else(|| DbError::Damaged(format!("snippet {key} has no field {name}")))
        };
        let number = |name: &str, field: Option<String>| {
            let strange = |_| DbError::Damaged(format!("snippet {key} has a strange {name}"));
            there(name, field)?.parse().map_err(strange)
        };
        Ok(Snippet {
            key: key.clone(),
            owner: OwnerHash::stored(there("owner", self.owner)?),
            head: number("head", self.head)?,
            title: self.title.unwrap_or_default(),
            language: LanguageId(there("language", self.language)?),
            forked_from: self.forked_from.as_deref().and_then(read_origin),
            created_ms: number("created", self.created)?,
            expires_ms: self.expires.and_then(|text| text.parse().ok()),
            lock: self.lock.map(|text| read_lock(key, &text)).transpose()?,
            burns: self.burns.is_some(),
        })
    }
}

/// Names of the fields that hold one revision: its content, and what lists say of it.
pub(super) fn content_field(number: u64) -> String {
    format!("{CONTENT}{number}")
}

pub(super) fn summary_field(number: u64) -> String {
    format!("{SUMMARY}{number}")
}

/// Name of the field with the newest content's id.
pub(super) const CONTENT_ID: &str = "content_id";
pub(super) const CONTENT: &str = "revision:";
pub(super) const SUMMARY: &str = "summary:";

impl Snippets {
    /// The snippet under this key, if there is one.
    ///
    /// # Errors
    /// When Redis fails or the snippet is damaged.
    pub async fn load(&self, key: &SnippetKey) -> Result<Option<Snippet>, DbError> {
        let stored = self.stored(key).await?;
        if stored.is_nothing() { Ok(None) } else { stored.snippet(key).map(Some) }
    }

    /// What is stored under this key, in the form of today.
    pub(super) async fn stored(&self, key: &SnippetKey) -> Result<Stored, DbError> {
        let question = Stored::question(key);
        let stored: Stored = question.query_async(&mut self.db.commands()).await?;
        if !stored.is_older() {
            return Ok(stored);
        }
        self.fold(key).await?;
        Ok(question.query_async(&mut self.db.commands()).await?)
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
        let (seal, stored) = self.sealed(key, keyring, &[content_field(number)]).await?;
        let stored = stored.into_iter().next().flatten();
        Ok(stored.map(|bytes| unpack(number, &bytes, seal)).transpose()?)
    }

    /// Some fields of a snippet, and what opens them. It may get another lock at any time, so both are asked for at once.
    pub(super) async fn sealed<'a>(
        &self,
        key: &SnippetKey,
        keyring: &'a Keyring,
        fields: &[String],
    ) -> Result<(Option<&'a SealKey>, Vec<Option<Vec<u8>>>), SnippetError> {
        let mut question = redis::cmd("HMGET");
        question.arg(keys::snippet(key.as_str())).arg("lock").arg(fields);
        let mut stored: Vec<Option<Vec<u8>>> =
            question.query_async(&mut self.db.commands()).await.map_err(DbError::from)?;
        let lock = if stored.is_empty() { None } else { stored.remove(0) };
        let strange = |_| DbError::Damaged(format!("snippet {key} has a strange lock"));
        let lock = lock.map(String::from_utf8).transpose().map_err(strange)?;
        Ok((opening(key, lock.as_deref(), keyring)?, stored))
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

fn read_origin(text: &str) -> Option<Origin> {
    let (key, revision) = text.split_once(' ')?;
    Some(Origin { key: SnippetKey::parse(key)?, revision: revision.parse().ok()? })
}
