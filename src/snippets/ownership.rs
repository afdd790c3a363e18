//! What somebody owns: the list of their snippets, and handing one over.

use std::collections::HashMap;

use redis::AsyncCommands;

use crate::db::{DbError, keys};
use crate::languages::LanguageId;
use crate::snippets::key::SnippetKey;
use crate::snippets::owner::OwnerHash;
use crate::snippets::store::{SnippetError, Snippets, read_snippet};

/// Snippets that are listed for one owner; the newest come first.
pub const MAX_LISTED: isize = 1000;

/// One line of the list.
#[derive(Debug, Clone)]
pub struct Owned {
    /// The snippet.
    pub key: SnippetKey,
    /// May be empty, and is for a protected one.
    pub title: String,
    /// Empty for a protected one.
    pub language: LanguageId,
    /// When it was created, milliseconds by the clock of Redis.
    pub created_ms: u64,
    /// When it ends, by the same clock.
    pub expires_ms: Option<u64>,
    /// It has a password.
    pub is_protected: bool,
    /// It can be read once.
    pub burns: bool,
}

impl Snippets {
    /// Notes on the owner's list that a snippet is theirs. The list is no authority: the snippet says whose it is.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn note_owned(&self, owner: &OwnerHash, key: &SnippetKey, created_ms: u64) -> Result<(), DbError> {
        let list = keys::owner_snippets(owner.as_str());
        Ok(redis::cmd("ZADD")
            .arg(list)
            .arg("NX")
            .arg(created_ms)
            .arg(key.as_str())
            .query_async(&mut self.db.commands())
            .await?)
    }

    /// The snippets of an owner, the newest first. Those that are gone leave the list.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn owned_by(&self, owner: &OwnerHash) -> Result<Vec<Owned>, DbError> {
        let list = keys::owner_snippets(owner.as_str());
        let names: Vec<String> = self.db.commands().zrevrange(&list, 0, MAX_LISTED - 1).await?;
        let mut owned = Vec::new();
        for key in names.iter().filter_map(|name| SnippetKey::parse(name)) {
            match self.owned(owner, &key).await? {
                Some(snippet) => owned.push(snippet),
                None => self.db.commands().zrem(&list, key.as_str()).await?,
            }
        }
        Ok(owned)
    }

    async fn owned(&self, owner: &OwnerHash, key: &SnippetKey) -> Result<Option<Owned>, DbError> {
        let fields: HashMap<String, String> = self.db.commands().hgetall(keys::snippet(key.as_str())).await?;
        if !fields.contains_key("owner") || fields.contains_key("deleted") {
            return Ok(None);
        }
        let snippet = read_snippet(key, fields)?;
        Ok(snippet.owner.is(owner).then_some(Owned {
            key: snippet.key,
            title: snippet.title,
            language: snippet.language,
            created_ms: snippet.created_ms,
            expires_ms: snippet.expires_ms,
            is_protected: snippet.lock.is_some(),
            burns: snippet.burns,
        }))
    }

    /// Gives a snippet to somebody else.
    ///
    /// # Errors
    /// When there is no such snippet, or it is not the giver's; nothing is changed then.
    pub async fn hand_over(&self, key: &SnippetKey, from: &OwnerHash, to: &OwnerHash) -> Result<(), SnippetError> {
        self.check_owner(key, from).await?;
        let mut call = self.scripts.hand_over.key(keys::snippet(key.as_str()));
        call.arg(from.as_str()).arg(to.as_str());
        let created: u64 = call.invoke_async(&mut self.db.commands()).await.map_err(DbError::from)?;
        if created == 0 {
            return Err(SnippetError::Missing);
        }
        self.note_owned(to, key, created).await?;
        let list = keys::owner_snippets(from.as_str());
        self.db.commands().zrem::<_, _, ()>(list, key.as_str()).await.map_err(DbError::from)?;
        Ok(())
    }

    /// Puts snippets on their owners' lists that were created before there were lists: once, whoever starts first.
    /// Gives their number.
    ///
    /// # Errors
    /// When Redis fails; the next start goes on.
    pub async fn list_older(&self) -> Result<usize, DbError> {
        let mut commands = self.db.commands();
        if commands.exists(keys::OWNERS_LISTED).await? {
            return Ok(0);
        }
        let (mut cursor, mut found) = (0_u64, 0);
        loop {
            let scan =
                redis::cmd("SCAN").arg(cursor).arg("MATCH").arg(keys::ALL_SNIPPETS).arg("COUNT").arg(500).to_owned();
            let (next, names): (u64, Vec<String>) = scan.query_async(&mut commands).await?;
            for key in names.iter().filter_map(|name| SnippetKey::parse(keys::key_of_snippet(name)?)) {
                let fields = ["owner", "created"];
                let stored: (Option<String>, Option<u64>) =
                    commands.hmget(keys::snippet(key.as_str()), &fields).await?;
                if let (Some(owner), Some(created)) = stored {
                    self.note_owned(&OwnerHash::stored(owner), &key, created).await?;
                    found += 1;
                }
            }
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        commands.set::<_, _, ()>(keys::OWNERS_LISTED, 1).await?;
        Ok(found)
    }
}
