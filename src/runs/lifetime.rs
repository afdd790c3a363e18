//! How long runs are kept: the latest of a snippet as long as the snippet, all others [`keys::RUN_LIFETIME`].

use std::time::Duration;

use redis::AsyncCommands;
use redis::aio::ConnectionManager;
use redis::streams::StreamRangeReply;

use crate::db::{DbError, keys};
use crate::runs::request::{RunId, SnippetRevision};
use crate::runs::script::RunKeys;
use crate::runs::store::Runs;

/// Until when a run is kept. Where its end is left to chance, finishing it sets one.
#[derive(Debug, Clone, Copy)]
enum Kept {
    /// As long as Redis.
    Always,
    /// Until then, milliseconds by the clock of Redis.
    Until(u64),
    /// [`keys::RUN_LIFETIME`] from now, or from when it ends.
    Released,
    /// [`keys::DELETED_RUN_LIFETIME`] from now.
    Forgotten,
}

impl Runs {
    /// Names a submitted run on its snippet's stream and tells everybody who looks at it. From here on it lives
    /// with the snippet, and the run that was the latest until now lives [`keys::RUN_LIFETIME`] more. Runs of a snippet
    /// with a password, or that can be read once, live [`keys::DELETED_RUN_LIFETIME`]: sealed as they are, they open with
    /// the instance's secret, not with the password.
    ///
    /// # Errors
    /// When Redis fails; the run itself goes on.
    pub async fn announce(&self, id: &RunId, snippet: &SnippetRevision) -> Result<(), DbError> {
        let mut commands = self.db.commands();
        let mut call = self.scripts.announce.key(keys::snippet(&snippet.key));
        call.key(keys::snippet_runs(&snippet.key)).arg(id.as_str()).arg(snippet.revision);
        call.arg(keys::RUNS_PER_SNIPPET).arg(keys::snippet_channel(&snippet.key));
        let (is_there, expires, before, is_fleeting): (bool, String, String, bool) =
            call.invoke_async(&mut commands).await?;
        if !is_there {
            return Ok(());
        }
        if is_fleeting {
            return keep(&mut commands, id, Kept::Forgotten).await;
        }
        keep(&mut commands, id, expires.parse().map_or(Kept::Always, Kept::Until)).await?;
        match RunId::parse(&before) {
            Some(before) => keep(&mut commands, &before, Kept::Released).await,
            None => Ok(()),
        }
    }

    /// Keeps the runs of a snippet as long as it is kept itself: its latest until its end, the others as ever.
    ///
    /// # Errors
    /// When Redis fails; some may then live longer or shorter than the snippet.
    pub async fn keep_runs_of(&self, snippet_key: &str, expires_ms: Option<u64>) -> Result<(), DbError> {
        let mut commands = self.db.commands();
        let mut kept = expires_ms.map_or(Kept::Always, Kept::Until);
        for run in self.runs_of(snippet_key).await? {
            keep(&mut commands, &run, kept).await?;
            kept = Kept::Released;
        }
        Ok(())
    }

    /// Lets one run go soon, whatever it belongs to: it shows what is protected.
    ///
    /// # Errors
    /// When Redis fails; it may then live on.
    pub async fn forget(&self, id: &RunId) -> Result<(), DbError> {
        keep(&mut self.db.commands(), id, Kept::Forgotten).await
    }

    /// Lets the runs on a snippet's stream go soon: it is deleted, or got a password. Can be done again.
    ///
    /// # Errors
    /// When Redis fails; some may then live on.
    pub async fn forget_runs_of(&self, snippet_key: &str) -> Result<(), DbError> {
        let mut commands = self.db.commands();
        for run in self.runs_of(snippet_key).await? {
            keep(&mut commands, &run, Kept::Forgotten).await?;
        }
        Ok(())
    }

    /// The newest first.
    async fn runs_of(&self, snippet_key: &str) -> Result<Vec<RunId>, DbError> {
        let reply: StreamRangeReply = self.db.commands().xrevrange_all(keys::snippet_runs(snippet_key)).await?;
        let ids = reply.ids.iter().filter_map(|entry| entry.get::<String>("run"));
        Ok(ids.filter_map(|id| RunId::parse(&id)).collect())
    }
}

async fn keep(commands: &mut ConnectionManager, id: &RunId, kept: Kept) -> Result<(), DbError> {
    let RunKeys { run, log, .. } = RunKeys::of(id);
    let mut pipe = redis::pipe();
    match kept {
        Kept::Released => pipe.atomic().hdel(&run, "kept").ignore(),
        Kept::Always | Kept::Until(_) | Kept::Forgotten => pipe.atomic().hset(&run, "kept", 1).ignore(),
    };
    for key in [run, log] {
        match kept {
            Kept::Always => pipe.persist(key),
            Kept::Until(milliseconds) => pipe.pexpire_at(key, i64::try_from(milliseconds).unwrap_or(i64::MAX)),
            Kept::Released => pipe.expire(key, seconds(keys::RUN_LIFETIME)),
            Kept::Forgotten => pipe.expire(key, seconds(keys::DELETED_RUN_LIFETIME)),
        }
        .ignore();
    }
    Ok(pipe.query_async::<()>(commands).await?)
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}
