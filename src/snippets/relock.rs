//! Relocking: a snippet that is there gets a password, another one, or none. Everything it holds is sealed anew, in one
//! step: the key of before opens nothing any more.

use std::collections::HashMap;

use crate::db::{DbError, keys};
use crate::seal::SealKey;
use crate::snippets::lock::{Keyring, Lock};
use crate::snippets::owner::OwnerHash;
use crate::snippets::revision::{Packed, unpack};
use crate::snippets::store::{Snippet, SnippetError, Snippets, pack};

/// How a snippet stands in storage under another key.
struct Resealed {
    revisions: Vec<(u64, Vec<u8>)>,
    history: Vec<String>,
    /// What stands beside the newest revision.
    head: Packed,
}

impl Snippets {
    /// Gives a snippet this lock, or none, in the place of the one it has.
    ///
    /// # Errors
    /// When its key is missing, it is somebody else's, it was saved meanwhile, or Redis fails; nothing is changed then.
    pub async fn relock(
        &self,
        snippet: &Snippet,
        (owner, keyring): (&OwnerHash, &Keyring),
        lock: Option<&(Lock, SealKey)>,
    ) -> Result<(), SnippetError> {
        self.check_owner(&snippet.key, owner).await?;
        if snippet.burns {
            return Err(SnippetError::Burns(snippet.key.clone()));
        }
        let old = snippet.open(keyring)?;
        let resealed = self.resealed(snippet, old, lock.map(|(_, key)| key)).await?;
        let name = snippet.key.as_str();
        let mut call = self.scripts.relock.key(keys::snippet(name));
        call.key(keys::snippet_revisions(name)).key(keys::snippet_history(name));
        call.arg(owner.as_str()).arg(snippet.head);
        call.arg(snippet.lock.as_ref().map(Lock::text).unwrap_or_default());
        call.arg(lock.map(|(lock, _)| lock.text()).unwrap_or_default());
        call.arg(&resealed.head.digest).arg(&resealed.head.title).arg(&resealed.head.language);
        call.arg(keys::snippet_channel(name)).arg(resealed.revisions.len());
        for (number, stored) in &resealed.revisions {
            call.arg(number).arg(stored);
        }
        for line in &resealed.history {
            call.arg(line);
        }
        match call.invoke_async(&mut self.db.commands()).await.map_err(DbError::from)? {
            0_u64 => Err(SnippetError::Missing),
            1 => Err(SnippetError::Stale(snippet.head)),
            _ => Ok(()),
        }
    }

    async fn resealed(
        &self,
        snippet: &Snippet,
        old: Option<&SealKey>,
        new: Option<&SealKey>,
    ) -> Result<Resealed, SnippetError> {
        let name = snippet.key.as_str();
        let mut questions = redis::pipe();
        questions.hgetall(keys::snippet_revisions(name)).lrange(keys::snippet_history(name), 0, -1);
        let (stored, lines): (HashMap<u64, Vec<u8>>, Vec<String>) =
            questions.query_async(&mut self.db.commands()).await.map_err(DbError::from)?;
        let (mut revisions, mut summaries, mut head) = (Vec::new(), HashMap::new(), None);
        for (number, bytes) in stored {
            let revision = unpack(number, &bytes, old)?;
            let packed = pack(&revision.content, new);
            revisions.push((number, [format!("{} ", revision.created_ms).as_bytes(), &packed.bytes].concat()));
            summaries.insert(number, format!("{number} {} {}", revision.created_ms, packed.summary));
            if number == snippet.head {
                head = Some(packed);
            }
        }
        let damaged = |what: &str| DbError::Damaged(format!("snippet {name}: {what}"));
        let number = |line: &String| line.split(' ').next().and_then(|number| number.parse().ok());
        let history = lines.iter().map(|line| number(line).and_then(|number: u64| summaries.remove(&number)));
        let history: Option<Vec<String>> = history.collect();
        Ok(Resealed {
            revisions,
            history: history.ok_or_else(|| damaged("its history names a revision that is not there"))?,
            head: head.ok_or_else(|| damaged("its newest revision is not there"))?,
        })
    }
}
