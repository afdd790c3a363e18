//! The log, written by whoever executes the run: events with numbers and times, and the outcome once.

use crate::db::{DbError, keys};
use crate::runs::envelope::Envelope;
use crate::runs::event::EventKind;
use crate::runs::outcome::{Finished, Outcome};
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
        let (keys, envelope) = (RunKeys::of(id), Envelope::of(&self.db, id));
        let mut call = self.scripts.log.key(keys.run);
        call.key(keys.log).arg(runner);
        for event in events {
            call.arg(envelope.close(encode(event))?);
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

    /// Ends a run whose request this runner cannot open, in words that everybody can.
    pub(super) async fn finish_unopened(&self, id: &RunId, runner: &str) -> Result<Written, DbError> {
        let sentence = "The runner that took this was not given the secret of the server that you use, so it cannot read \
                        the program. Its operator gives both the same --secret-file.";
        let finished = Finished::new(Outcome::CouldNotStart, sentence);
        self.write_closed(id, (runner, "running"), Vec::new(), encode(&EventKind::Finished(finished))).await
    }

    async fn write_outcome(
        &self,
        id: &RunId,
        who: (&str, &str),
        last: &[EventKind],
        finished: Finished,
    ) -> Result<Written, DbError> {
        let envelope = Envelope::of(&self.db, id);
        let last = last.iter().map(|event| envelope.close(encode(event))).collect::<Result<_, _>>()?;
        // Without the secret nothing was executed, so these are words of ours.
        let finished = envelope.close_own_words(encode(&EventKind::Finished(finished)));
        self.write_closed(id, who, last, finished).await
    }

    async fn write_closed(
        &self,
        id: &RunId,
        (runner, state): (&str, &str),
        last: Vec<String>,
        finished: String,
    ) -> Result<Written, DbError> {
        let keys = RunKeys::of(id);
        let mut call = self.scripts.finish.key(keys.run);
        call.key(keys.log).key(keys.queue).key(keys.waiting).key(keys.input);
        call.arg(id.as_str()).arg(runner).arg(state).arg(finished);
        call.arg(keys::QUEUE_GROUP).arg(keys::RUN_LIFETIME.as_secs()).arg(keys::visitor_prefix(id.shard()));
        for event in last {
            call.arg(event);
        }
        let written: u64 = call.invoke_async(&mut self.db.commands()).await?;
        Ok(if written == 0 { Written::NotOurs } else { Written::Yes })
    }
}
