//! The log, written by whoever executes the run: events with numbers and times, and the outcome once.

use crate::db::{DbError, keys};
use crate::runs::event::EventKind;
use crate::runs::outcome::Finished;
use crate::runs::request::RunId;
use crate::runs::script::RunKeys;
use crate::runs::store::{Runs, encode};

/// Whether the log still took what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It stands in the log.
    Yes,
    /// The run has an outcome already, or another runner: whoever writes should end its sandbox.
    NotOurs,
}

impl Runs {
    /// Appends events of a run that `runner` executes.
    ///
    /// # Errors
    /// When Redis fails; whether the events were written is then unknown.
    pub async fn append(&self, id: &RunId, runner: &str, events: &[EventKind]) -> Result<Written, DbError> {
        if events.is_empty() {
            return Ok(Written::Yes);
        }
        let keys = RunKeys::of(id);
        let mut call = self.scripts.log.key(keys.run);
        call.key(keys.log).arg(runner);
        for event in events {
            call.arg(encode(event));
        }
        let first: u64 = call.invoke_async(&mut self.db.commands()).await?;
        Ok(if first == 0 { Written::NotOurs } else { Written::Yes })
    }

    /// Appends the last events and the outcome of a run that `runner` executes, in one step.
    ///
    /// # Errors
    /// When Redis fails; whether the outcome was written is then unknown, and asking again is harmless.
    pub async fn finish(
        &self,
        id: &RunId,
        runner: &str,
        last: &[EventKind],
        finished: Finished,
    ) -> Result<Written, DbError> {
        self.write_outcome(id, (runner, "running"), last, finished).await
    }

    /// Ends a run that nobody has claimed.
    pub(super) async fn finish_waiting(&self, id: &RunId, finished: Finished) -> Result<Written, DbError> {
        self.write_outcome(id, ("", "queued"), &[], finished).await
    }

    /// Ends a run whose runner is gone.
    pub(super) async fn finish_lost(&self, id: &RunId, finished: Finished) -> Result<Written, DbError> {
        self.write_outcome(id, ("", "running"), &[], finished).await
    }

    async fn write_outcome(
        &self,
        id: &RunId,
        (runner, state): (&str, &str),
        last: &[EventKind],
        finished: Finished,
    ) -> Result<Written, DbError> {
        let keys = RunKeys::of(id);
        let mut call = self.scripts.finish.key(keys.run);
        call.key(keys.log).key(keys.queue).key(keys.waiting).key(keys.input);
        call.arg(id.as_str()).arg(runner).arg(state).arg(encode(&EventKind::Finished(finished)));
        call.arg(keys::QUEUE_GROUP).arg(keys::RUN_LIFETIME.as_secs()).arg(keys::visitor_prefix(id.shard()));
        for event in last {
            call.arg(encode(event));
        }
        let written: u64 = call.invoke_async(&mut self.db.commands()).await?;
        Ok(if written == 0 { Written::NotOurs } else { Written::Yes })
    }
}
