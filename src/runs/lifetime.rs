//! How long runs are kept: the latest of a snippet as long as the snippet, all others [`keys::RUN_LIFETIME`].

use std::time::Duration;

use redis::AsyncCommands;
use redis::streams::StreamRangeReply;

use crate::db::commands::Commands;
use crate::db::{DbError, keys};
use crate::runs::request::{RunId, SnippetRevision};
use crate::runs::script::RunKeys;
use crate::runs::store::Runs;

/// How often a snippet is looked at again that changes while its runs are being kept.
const LOOKS: usize = 8;

/// Until when a run is kept. Where its end is left to chance, finishing it sets one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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

/// The fields of a snippet that say how long its latest run is kept, in the order of the script.
const TERMS: [&str; 5] = ["head", "deleted", "expires", "lock", "burns"];

/// Their values.
type Terms = [Option<String>; TERMS.len()];

/// How long the latest run of such a snippet is kept.
fn due([head, deleted, expires, lock, burns]: Terms) -> Kept {
    if head.is_none() || deleted.is_some() || lock.is_some() || burns.is_some() {
        return Kept::Forgotten;
    }
    expires.and_then(|end| end.parse().ok()).map_or(Kept::Always, Kept::Until)
}

impl Runs {
    /// Names a submitted run on its snippet's stream and tells everybody who looks at it. From here on it lives
    /// with the snippet, and the run that was the latest until now lives [`keys::RUN_LIFETIME`] more. Runs of a snippet
    /// with a password, that can be read once, or that is gone, live [`keys::DELETED_RUN_LIFETIME`]: sealed as they may be,
    /// they open with the instance's secret, not with the password.
    ///
    /// # Errors
    /// When Redis fails; the run itself goes on.
    pub async fn announce(&self, id: &RunId, snippet: &SnippetRevision) -> Result<(), DbError> {
        let mut call = self.scripts.announce.key(keys::snippet(&snippet.key));
        call.key(keys::snippet_runs(&snippet.key)).arg(id.as_str()).arg(snippet.revision);
        call.arg(keys::RUNS_PER_SNIPPET).arg(keys::snippet_channel(&snippet.key));
        let (terms, before): (Terms, String) = call.invoke_async(&mut self.db.commands()).await?;
        let runs: Vec<RunId> = std::iter::once(id.clone()).chain(RunId::parse(&before)).collect();
        self.keep_all(&snippet.key, &runs, due(terms)).await
    }

    /// Keeps the runs of a snippet as long as it is kept itself: its latest until its end, the others as ever.
    ///
    /// # Errors
    /// When Redis fails; some may then live longer or shorter than the snippet.
    pub async fn keep_runs_of(&self, snippet_key: &str) -> Result<(), DbError> {
        let runs = self.runs_of(snippet_key).await?;
        let kept = self.due_now(snippet_key, runs.first()).await?;
        self.keep_all(snippet_key, &runs, kept).await
    }

    /// Keeps runs, the snippet's latest first, as it asked for when it was looked at last; then looks again. It lies
    /// elsewhere, so no transaction spans both: a password that was set, a deletion or a later run has let go what it found
    /// before this kept it, and only this sees that.
    async fn keep_all(&self, snippet_key: &str, runs: &[RunId], mut latest: Kept) -> Result<(), DbError> {
        let mut commands = self.db.commands();
        for _ in 0..LOOKS {
            let others = if latest == Kept::Forgotten { Kept::Forgotten } else { Kept::Released };
            for (index, run) in runs.iter().enumerate() {
                keep(&mut commands, run, if index == 0 { latest } else { others }).await?;
            }
            let now = self.due_now(snippet_key, runs.first()).await?;
            if now == latest {
                return Ok(());
            }
            latest = now;
        }
        for run in runs {
            keep(&mut commands, run, Kept::Forgotten).await?;
        }
        Ok(())
    }

    /// How long the run that was the snippet's latest is kept by what stands there now.
    async fn due_now(&self, snippet_key: &str, run: Option<&RunId>) -> Result<Kept, DbError> {
        let mut questions = redis::pipe();
        questions.hmget(keys::snippet(snippet_key), &TERMS);
        questions.xrevrange_count(keys::snippet_runs(snippet_key), "+", "-", 1);
        let (terms, latest): (Terms, StreamRangeReply) = questions.query_async(&mut self.db.commands()).await?;
        let latest = latest.ids.first().and_then(|entry| entry.get::<String>("run"));
        let is_latest = latest.as_deref() == run.map(RunId::as_str);
        Ok(match due(terms) {
            Kept::Always | Kept::Until(_) if !is_latest => Kept::Released,
            kept => kept,
        })
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

async fn keep(commands: &mut Commands, id: &RunId, kept: Kept) -> Result<(), DbError> {
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
