//! What the web does with runs: submit, speak to them, read their logs.

use std::sync::Arc;

use redis::AsyncCommands;
use redis::streams::{StreamId, StreamRangeReply};

use crate::db::{Db, DbError, keys};
use crate::runs::envelope::Envelope;
use crate::runs::event::LoggedEvent;
use crate::runs::outcome::{Finished, Outcome};
use crate::runs::request::{Control, LatestRun, RunId, RunRequest};
use crate::runs::script::{RunKeys, Scripts};

/// How much longer a sealed message may be than what was typed: four times holds for a single key.
const SEALED_INPUT: usize = 4;

/// How many may wait, and how many one visitor may have.
#[derive(Debug, Clone, Copy)]
pub struct QueueLimits {
    /// Runs waiting on one shard.
    pub waiting: usize,
    /// Waiting and running runs of one visitor.
    pub per_visitor: usize,
    /// Bytes of input kept for one run.
    pub input_bytes: usize,
}

impl Default for QueueLimits {
    fn default() -> Self {
        Self { waiting: 128, per_visitor: 6, input_bytes: 1024 * 1024 }
    }
}

/// Why a run was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// Too many wait already.
    #[error("the queue is full: {0} runs are waiting")]
    QueueFull(u64),
    /// This visitor has too many.
    #[error("this visitor has {0} runs already")]
    VisitorLimit(u64),
    /// Redis failed; nothing was written.
    #[error("the run could not be stored")]
    Db(#[from] DbError),
}

/// What became of something said to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Controlled {
    /// Kept, and passed on to its runner when it has one.
    Sent,
    /// The run is over.
    Ended,
    /// More input than is kept for a run.
    TooMuch,
}

/// Whose a run is. An id alone, which anybody may state, says nothing of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Belonging {
    /// Who asked for it.
    pub visitor: String,
    /// Key of the snippet it is a run of; empty for code sent directly.
    pub snippet: String,
}

/// Runs in Redis; clones are cheap and share one connection.
#[derive(Clone)]
pub struct Runs {
    pub(super) db: Db,
    pub(super) scripts: Arc<Scripts>,
    limits: QueueLimits,
}

impl Runs {
    /// The runs in this Redis.
    #[must_use]
    pub fn new(db: Db, limits: QueueLimits) -> Self {
        Self { db, scripts: Arc::new(Scripts::load()), limits }
    }

    /// The same runs by a connection of their own.
    #[must_use]
    pub fn on_own_connection(&self) -> Self {
        Self { db: self.db.on_own_connection(), ..self.clone() }
    }

    /// Asks whether Redis answers by this connection, which mends itself when it does not.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.db.ping().await
    }

    /// Stores a run and queues it; acknowledged means stored. The id is the caller's so that it can follow
    /// the log before the first event is written.
    ///
    /// # Errors
    /// When the queue or the visitor's share is full, or Redis fails; nothing is stored then.
    pub async fn submit(&self, id: &RunId, request: &RunRequest, visitor: &str) -> Result<(), SubmitError> {
        let (keys, envelope) = (RunKeys::of(id), Envelope::of(&self.db, id));
        let snippet = request.snippet.as_ref().map_or("", |snippet| snippet.key.as_str());
        let (word, number): (String, u64) = self
            .scripts
            .submit
            .key(&keys.run)
            .key(&keys.log)
            .key(&keys.queue)
            .key(&keys.waiting)
            .key(keys::visitor(id.shard(), visitor))
            .arg(id.as_str())
            .arg(envelope.close(encode(request))?)
            .arg(envelope.close(request.program.language.0.clone())?)
            .arg(visitor)
            .arg(snippet)
            .arg(self.limits.waiting)
            .arg(self.limits.per_visitor)
            .invoke_async(&mut self.db.commands())
            .await
            .map_err(DbError::from)?;
        match word.as_str() {
            "ok" => Ok(()),
            "queue_full" => Err(SubmitError::QueueFull(number)),
            _ => Err(SubmitError::VisitorLimit(number)),
        }
    }

    /// Passes on what a viewer said. Stop ends a waiting run at once, without a runner.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn control(&self, id: &RunId, control: &Control) -> Result<Controlled, DbError> {
        let (keys, envelope) = (RunKeys::of(id), Envelope::of(&self.db, id));
        // What is sealed is longer than what was typed.
        let limit =
            if id.is_sealed() { self.limits.input_bytes.saturating_mul(SEALED_INPUT) } else { self.limits.input_bytes };
        let state: String = self
            .scripts
            .control
            .key(&keys.run)
            .key(&keys.input)
            .arg(id.as_str())
            .arg(envelope.close(encode(control))?)
            .arg(limit)
            .arg(keys::INPUT_LIFETIME.as_secs())
            .arg(keys::RUNNER_CHANNEL_PREFIX)
            .arg(i32::from(is_counted(control)))
            .invoke_async(&mut self.db.commands())
            .await?;
        if state == "queued" && *control == Control::Stop {
            let stopped = Finished::new(Outcome::Stopped, "Stopped before it started.");
            self.finish_waiting(id, stopped).await?;
        }
        Ok(match state.as_str() {
            "ended" => Controlled::Ended,
            "too_much" => Controlled::TooMuch,
            _ => Controlled::Sent,
        })
    }

    /// Reads a run's events after number `after`, at most `count`.
    ///
    /// # Errors
    /// When Redis fails or the log is damaged.
    pub async fn read_log(&self, id: &RunId, after: u64, count: usize) -> Result<Vec<LoggedEvent>, DbError> {
        let log = keys::run_log(id.shard(), id.as_str());
        let start = format!("({after}-{}", u64::MAX);
        let reply: StreamRangeReply = self.db.commands().xrange_count(log, start, "+", count).await?;
        let envelope = Envelope::of(&self.db, id);
        reply.ids.iter().map(|entry| logged_event(entry, &envelope)).collect()
    }

    /// How a run ended; `None` while it has not, or when nobody knows it any more.
    ///
    /// # Errors
    /// When Redis fails or the outcome is damaged.
    pub async fn outcome(&self, id: &RunId) -> Result<Option<Finished>, DbError> {
        let run = keys::run(id.shard(), id.as_str());
        let json: Option<String> = self.db.commands().hget(run, "outcome").await?;
        let envelope = Envelope::of(&self.db, id);
        json.and_then(|json| envelope.open(&json))
            .map(|json| {
                serde_json::from_str(&json).map_err(|error| DbError::Damaged(format!("outcome of {id}: {error}")))
            })
            .transpose()
    }

    /// Whose a run is; `None` when no run with this id is stored.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn belonging_of(&self, id: &RunId) -> Result<Option<Belonging>, DbError> {
        let run = keys::run(id.shard(), id.as_str());
        let (visitor, snippet): (Option<String>, Option<String>) =
            self.db.commands().hmget(run, &["visitor", "snippet"]).await?;
        Ok(visitor.map(|visitor| Belonging { visitor, snippet: snippet.unwrap_or_default() }))
    }

    /// The newest run of a snippet.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn latest_of(&self, snippet_key: &str) -> Result<Option<LatestRun>, DbError> {
        let runs = keys::snippet_runs(snippet_key);
        let reply: StreamRangeReply = self.db.commands().xrevrange_count(runs, "+", "-", 1).await?;
        let read = |entry: &StreamId| LatestRun::read(&entry.get::<String>("run")?, entry.get("revision").unwrap_or(0));
        Ok(reply.ids.first().and_then(read))
    }

    /// Number of runs that wait on this shard.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn waiting(&self, shard: u16) -> Result<u64, DbError> {
        Ok(self.db.commands().zcard(keys::waiting(shard)).await?)
    }
}

/// Resizing is counted like typing: a viewer may do it without end.
fn is_counted(control: &Control) -> bool {
    match control {
        Control::Input { .. } | Control::Resize(_) => true,
        Control::Eof | Control::Stop => false,
    }
}

pub(super) fn encode<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("these types have no form that JSON cannot write")
}

fn logged_event(entry: &StreamId, envelope: &Envelope) -> Result<LoggedEvent, DbError> {
    let damaged = || DbError::Damaged(format!("log entry {}", entry.id));
    let number = entry.id.split('-').next().and_then(|number| number.parse().ok());
    Ok(LoggedEvent {
        id: number.ok_or_else(damaged)?,
        at_ms: entry.get("at").ok_or_else(damaged)?,
        json: envelope.open_event(&entry.get::<String>("event").ok_or_else(damaged)?),
    })
}
