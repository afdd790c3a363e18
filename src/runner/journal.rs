//! Journal: writes one run's events and its outcome to the log, in order and once, whatever Redis does.
//! Pushing never waits, so that the sandbox's stream is always drained.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until};

use crate::db::DbError;
use crate::protocol::{OutputStream, Usage};
use crate::runner::output::Output;
use crate::runs::event::EventKind;
use crate::runs::log::Written;
use crate::runs::outcome::Finished;
use crate::runs::request::RunId;
use crate::runs::store::Runs;

/// Least time between two appends of output; what comes meanwhile is gathered.
const GATHER: Duration = Duration::from_millis(8);
/// Output that is worth an append of its own at once.
const GATHER_BYTES: usize = 32 * 1024;
/// Pause before Redis is asked again.
const RETRY: Duration = Duration::from_millis(200);
/// Events read at once when it is in doubt what was written.
const PAGE: usize = 64;

/// Why writing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WritingEnd {
    /// The outcome stands in the log.
    Finished,
    /// The run has another outcome, or another runner.
    NotOurs,
    /// Redis stayed away longer than the lease.
    RedisAway,
}

/// One run's way to its log.
pub(super) struct Journal {
    runs: Runs,
    run: RunId,
    runner: String,
    patience: Duration,
    pending: Mutex<Pending>,
    changed: Notify,
}

#[derive(Default)]
struct Pending {
    output: Output,
    outcome: Option<Finished>,
    wrote_output: Option<Instant>,
    /// Events that certainly stand in the log, the queue's not counted.
    written: usize,
}

enum Batch {
    Events(Vec<EventKind>),
    Last(Vec<EventKind>, Finished),
}

impl Journal {
    /// The journal of a claimed run: its log ends with the event of the claim.
    pub(super) fn new(runs: Runs, run: RunId, runner: String, patience: Duration) -> Self {
        let pending = Mutex::new(Pending { written: 1, ..Pending::default() });
        Self { runs, run, runner, patience, pending, changed: Notify::new() }
    }

    /// The program printed.
    pub(super) fn output(&self, stream: OutputStream, bytes: &[u8]) {
        self.lock().output.push_bytes(stream, bytes);
        self.changed.notify_one();
    }

    /// Something happened.
    pub(super) fn event(&self, event: EventKind) {
        self.lock().output.push_event(event);
        self.changed.notify_one();
    }

    /// Resources used so far.
    pub(super) fn usage(&self, usage: Usage) {
        self.lock().output.push_usage(usage);
        self.changed.notify_one();
    }

    /// The run is over; nothing may be pushed any more.
    pub(super) fn close(&self, outcome: Finished) {
        let mut pending = self.lock();
        pending.output.finish();
        pending.outcome = Some(outcome);
        drop(pending);
        self.changed.notify_one();
    }

    /// Writes what is pushed until the outcome is written. To be polled all the time, and by one only.
    pub(super) async fn write(&self) -> WritingEnd {
        loop {
            let written = match self.next_batch().await {
                Batch::Events(events) => self.append(&events).await,
                Batch::Last(events, outcome) => match self.finish(&events, &outcome).await {
                    Ok(()) => return WritingEnd::Finished,
                    failed => failed,
                },
            };
            if let Err(end) = written {
                return end;
            }
        }
    }

    async fn next_batch(&self) -> Batch {
        loop {
            let due = match self.ready_batch() {
                Ok(batch) => return batch,
                Err(due) => due,
            };
            tokio::select! {
                () = self.changed.notified() => {}
                () = async { sleep_until(due.unwrap_or_else(Instant::now)).await }, if due.is_some() => {}
            }
        }
    }

    /// What is to be written now, or when to look again.
    fn ready_batch(&self) -> Result<Batch, Option<Instant>> {
        let mut pending = self.lock();
        if let Some(outcome) = pending.outcome.take() {
            return Ok(Batch::Last(pending.output.take(), outcome));
        }
        if pending.output.is_empty() {
            return Err(None);
        }
        let bytes = pending.output.waiting_bytes();
        // Output goes at once after a silence, be it the first or an answer to a key that was pressed.
        let due = pending.wrote_output.map(|last| last + GATHER).filter(|due| *due > Instant::now());
        if due.is_some() && bytes < GATHER_BYTES {
            return Err(due);
        }
        if bytes > 0 {
            pending.wrote_output = Some(Instant::now());
        }
        Ok(Batch::Events(pending.output.take()))
    }

    async fn append(&self, events: &[EventKind]) -> Result<(), WritingEnd> {
        let first_try = Instant::now();
        let mut in_doubt = false;
        loop {
            let stands = if in_doubt { self.stands_in_log(events.len()).await } else { Ok(false) };
            let tried = match stands {
                Ok(true) => Ok(Written::Yes),
                Ok(false) => self.runs.append(&self.run, &self.runner, events).await,
                Err(error) => Err(error),
            };
            match tried {
                Ok(Written::Yes) => {
                    self.lock().written += events.len();
                    return Ok(());
                }
                Ok(Written::NotOurs) => return Err(WritingEnd::NotOurs),
                Err(error) => self.bear(&error, first_try).await?,
            }
            in_doubt = true;
        }
    }

    async fn finish(&self, events: &[EventKind], outcome: &Finished) -> Result<(), WritingEnd> {
        let first_try = Instant::now();
        loop {
            match self.runs.finish(&self.run, &self.runner, events, outcome.clone()).await {
                // After a failure this may be our own outcome; there is no second one either way.
                Ok(Written::Yes | Written::NotOurs) => return Ok(()),
                Err(error) => self.bear(&error, first_try).await?,
            }
        }
    }

    /// Waits after a failure, unless it has lasted too long.
    async fn bear(&self, error: &DbError, since: Instant) -> Result<(), WritingEnd> {
        tracing::warn!(run.id = %self.run, %error, "the log takes nothing; trying again");
        if since.elapsed() > self.patience {
            return Err(WritingEnd::RedisAway);
        }
        sleep(RETRY).await;
        Ok(())
    }

    /// Whether the last append was done although its answer did not come: then the log is longer than what
    /// was surely written.
    async fn stands_in_log(&self, count: usize) -> Result<bool, DbError> {
        let known = self.lock().written;
        let (mut after, mut found) = (0, 0);
        loop {
            let page = self.runs.read_log(&self.run, after, PAGE).await?;
            found += page.iter().filter(|event| !event.json.starts_with(r#"{"kind":"queued""#)).count();
            match page.last() {
                Some(last) if page.len() == PAGE => after = last.id,
                _ => return Ok(found >= known + count),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
