//! What somebody owns: the list of their snippets, and handing one over.

use redis::{AsyncCommands, Cmd};

use crate::db::{DbError, keys};
use crate::languages::LanguageId;
use crate::snippets::key::SnippetKey;
use crate::snippets::owner::OwnerHash;
use crate::snippets::reading::Stored;
use crate::snippets::store::{SnippetError, Snippets};

/// Snippets that are listed for one owner; the newest come first.
pub const MAX_LISTED: isize = 1000;

/// Snippets that are asked for at once.
const READ_AT_ONCE: usize = 100;

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
        Ok(owned(owner, key, created_ms).query_async(&mut self.db.commands()).await?)
    }

    /// The snippets of an owner, the newest first. Those that are gone leave the list; a deleted one stays on it as long
    /// as that can be taken back.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn owned_by(&self, owner: &OwnerHash) -> Result<Vec<Owned>, DbError> {
        let list = keys::owner_snippets(owner.as_str());
        let names: Vec<String> = self.db.commands().zrevrange(&list, 0, MAX_LISTED - 1).await?;
        let mut keys: Vec<SnippetKey> = names.iter().filter_map(|name| SnippetKey::parse(name)).collect();
        let first = Some(SnippetKey::first_of(owner)).filter(|first| !keys.contains(first));
        keys.extend(first.clone());
        let (mut owned, mut left) = (Vec::new(), Vec::new());
        for some in keys.chunks(READ_AT_ONCE) {
            let mut questions = redis::pipe();
            for key in some {
                questions.add_command(Stored::question(key));
            }
            let answers: Vec<Stored> = questions.query_async(&mut self.db.commands()).await?;
            for (key, stored) in some.iter().zip(answers) {
                match line(owner, key, stored) {
                    Line::Owned(snippet) => owned.push(snippet),
                    Line::Gone if Some(key) == first.as_ref() => {}
                    Line::Hidden => {}
                    Line::Gone => left.push(key.as_str()),
                }
            }
        }
        if !left.is_empty() {
            self.db.commands().zrem::<_, _, ()>(&list, left).await?;
        }
        owned.sort_by_key(|snippet: &Owned| std::cmp::Reverse(snippet.created_ms));
        Ok(owned)
    }

    /// Gives a snippet to somebody else.
    ///
    /// # Errors
    /// When there is no such snippet, or it is not the giver's; nothing is changed then.
    pub async fn hand_over(&self, key: &SnippetKey, from: &OwnerHash, to: &OwnerHash) -> Result<(), SnippetError> {
        self.check_owner(key, from).await?;
        if self.give(key, from, to).await? { Ok(()) } else { Err(SnippetError::Missing) }
    }

    /// Gives everything of one owner to another; afterwards nothing is left on the giver's list.
    ///
    /// # Errors
    /// When Redis fails; what has been given stays so, and the next try goes on.
    pub async fn join(&self, from: &OwnerHash, to: &OwnerHash) -> Result<(), DbError> {
        if from.is(to) {
            return Ok(());
        }
        self.give(&SnippetKey::first_of(from), from, to).await?;
        let list = keys::owner_snippets(from.as_str());
        loop {
            let names: Vec<String> = self.db.commands().zrange(&list, 0, MAX_LISTED - 1).await?;
            if names.is_empty() {
                return Ok(());
            }
            for key in names.iter().filter_map(|name| SnippetKey::parse(name)) {
                self.give(&key, from, to).await?;
            }
            // Also what is gone, and what is no key: each turn ends with a shorter list.
            self.db.commands().zrem::<_, _, ()>(&list, names).await?;
        }
    }

    /// Gives a snippet to somebody else, deleted or not; tells whether it was the giver's.
    async fn give(&self, key: &SnippetKey, from: &OwnerHash, to: &OwnerHash) -> Result<bool, DbError> {
        let name = keys::snippet(key.as_str());
        let (owner, created): (Option<String>, Option<u64>) =
            self.db.commands().hmget(&name, &["owner", "created"]).await?;
        if !owner.is_some_and(|owner| from.is_text(&owner)) {
            return Ok(false);
        }
        // First: what is noted and not given leaves the list when it is read, and what is given and not noted is on none.
        self.note_owned(to, key, created.unwrap_or(1)).await?;
        let mut call = self.scripts.hand_over.key(&name);
        let given: u64 = call.arg(from.as_str()).arg(to.as_str()).invoke_async(&mut self.db.commands()).await?;
        if given == 0 {
            return Ok(false);
        }
        let list = keys::owner_snippets(from.as_str());
        self.db.commands().zrem::<_, _, ()>(list, key.as_str()).await?;
        Ok(true)
    }
}

/// Notes that a snippet is somebody's.
pub(super) fn owned(owner: &OwnerHash, key: &SnippetKey, created_ms: u64) -> Cmd {
    let mut note = redis::cmd("ZADD");
    note.arg(keys::owner_snippets(owner.as_str())).arg("NX").arg(created_ms).arg(key.as_str());
    note
}

/// What a key on the list leads to.
enum Line {
    Owned(Owned),
    /// Deleted, or damaged: not shown, and not forgotten.
    Hidden,
    /// Nothing, or what is somebody else's.
    Gone,
}

fn line(owner: &OwnerHash, key: &SnippetKey, stored: Stored) -> Line {
    if stored.owner.is_none() {
        return Line::Gone;
    }
    let is_deleted = stored.deleted.is_some();
    match stored.snippet(key) {
        Ok(snippet) if !snippet.owner.is(owner) => Line::Gone,
        Ok(_) if is_deleted => Line::Hidden,
        Ok(snippet) => Line::Owned(Owned {
            key: snippet.key,
            title: snippet.title,
            language: snippet.language,
            created_ms: snippet.created_ms,
            expires_ms: snippet.expires_ms,
            is_protected: snippet.lock.is_some(),
            burns: snippet.burns,
        }),
        Err(error) => {
            tracing::warn!(error = ?error, "a snippet on its owner's list is damaged");
            Line::Hidden
        }
    }
}
