//! The forks of a snippet, as far as anybody may know of them: what has a password or can be read once is on no list.

use redis::AsyncCommands;

use crate::db::{DbError, keys};
use crate::languages::LanguageId;
use crate::snippets::key::SnippetKey;
use crate::snippets::reading::Stored;
use crate::snippets::store::{NewSnippet, Origin, Snippet, Snippets};

/// One line of the list.
#[derive(Debug, Clone)]
pub struct Fork {
    /// The fork.
    pub key: SnippetKey,
    /// The revision that it started from.
    pub revision: u64,
    /// May be empty.
    pub title: String,
    /// Of its newest revision.
    pub language: LanguageId,
    /// When it was made, milliseconds by the clock of Redis.
    pub created_ms: u64,
}

impl Snippets {
    /// Notes on the list of its origin that a new snippet is a fork, unless it is a secret one. The list is no authority:
    /// what a snippet is a fork of, it says itself.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn note_fork(&self, key: &SnippetKey, new: &NewSnippet<'_>) -> Result<(), DbError> {
        let Some(origin) = new.forked_from.filter(|_| new.keeping.lock.is_none() && !new.keeping.burns) else {
            return Ok(());
        };
        let origin = origin.key.as_str();
        let mut call = self.scripts.note_fork.key(keys::snippet(origin));
        call.key(keys::snippet_forks(origin)).arg(key.as_str()).arg(keys::FORKS_PER_SNIPPET);
        Ok(call.invoke_async(&mut self.db.commands()).await?)
    }

    /// The forks of a snippet, the newest first. Those that are gone leave the list; a secret one is passed over.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn forks_of(&self, origin: &SnippetKey) -> Result<Vec<Fork>, DbError> {
        let list = keys::snippet_forks(origin.as_str());
        let names: Vec<String> = self.db.commands().zrevrange(&list, 0, -1).await?;
        let keys: Vec<SnippetKey> = names.iter().filter_map(|name| SnippetKey::parse(name)).collect();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut questions = redis::pipe();
        for key in &keys {
            questions.add_command(Stored::question(key));
        }
        let answers: Vec<Stored> = questions.query_async(&mut self.db.commands()).await?;
        let (there, gone): (Vec<_>, Vec<_>) = keys.iter().zip(answers).partition(|(_, stored)| stored.owner.is_some());
        if !gone.is_empty() {
            let gone: Vec<&str> = gone.iter().map(|(key, _)| key.as_str()).collect();
            self.db.commands().zrem::<_, _, ()>(&list, gone).await?;
        }
        Ok(there.into_iter().filter_map(|(key, stored)| line(origin, key, stored)).collect())
    }
}

/// A fork that anybody may know of.
fn line(origin: &SnippetKey, key: &SnippetKey, stored: Stored) -> Option<Fork> {
    if stored.deleted.is_some() {
        return None;
    }
    let told = stored.snippet(key).inspect_err(|error| {
        tracing::warn!(error = ?error, "a fork on its origin's list is damaged");
    });
    let Snippet { key, forked_from, lock: None, burns: false, title, language, created_ms, .. } = told.ok()? else {
        return None;
    };
    let Origin { revision, .. } = forked_from.filter(|own| own.key == *origin)?;
    Some(Fork { key, revision, title, language, created_ms })
}
