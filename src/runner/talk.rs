//! Talk: what viewers say to a run, on its way from Redis to the agent.
//!
//! Everything said stands in Redis until the run ends, and messages on the channel are only a nudge to look:
//! so none is lost, doubled or out of order. Listening never waits for the agent, which may not read.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::protocol::{Job, ToAgent};
use crate::runner::job::terminal_size;
use crate::runner::sandbox::Input;
use crate::runs::request::{Control, RunId};
use crate::runs::store::Runs;

/// Pause before Redis is asked again.
const RETRY: Duration = Duration::from_millis(200);

/// What was said and not sent yet; as much as Redis keeps for one run at most.
#[derive(Default)]
pub(super) struct Talk {
    outbox: Mutex<VecDeque<ToAgent>>,
    more: Notify,
    stop: Notify,
}

impl Talk {
    /// A viewer said this.
    pub(super) fn say(&self, control: Control) {
        let mut outbox = self.lock();
        match control {
            Control::Input { data } => outbox.push_back(ToAgent::Input(data.into_bytes())),
            Control::Eof => outbox.push_back(ToAgent::Eof),
            Control::Resize(terminal) => outbox.push_back(ToAgent::Resize(terminal_size(terminal))),
            Control::Stop => {
                outbox.push_front(ToAgent::Stop);
                self.stop.notify_one();
            }
        }
        drop(outbox);
        self.more.notify_one();
    }

    /// Waits until somebody asks for the end.
    pub(super) async fn stop_asked(&self) {
        self.stop.notified().await;
    }

    /// Hears what is said after the words with this number, whenever `said` nudges.
    pub(super) async fn listen(&self, runs: &Runs, run: &RunId, said: &Notify, mut last: Option<String>) -> Infallible {
        loop {
            said.notified().await;
            let heard = loop {
                match runs.said_after(run, last.as_deref()).await {
                    Ok(heard) => break heard,
                    Err(error) => tracing::debug!(run.id = %run, %error, "what viewers say cannot be read"),
                }
                tokio::time::sleep(RETRY).await;
            };
            for (number, control) in heard {
                last = Some(number);
                self.say(control);
            }
        }
    }

    /// Sends the job, then whatever is said. Ends only when the agent takes nothing any more; its stream then
    /// tells why.
    pub(super) async fn send(&self, input: &mut Input, job: Job) {
        let mut next = Some(ToAgent::Job(Box::new(job)));
        loop {
            while let Some(message) = next {
                if let Err(error) = input.send(&message).await {
                    tracing::debug!(%error, "the agent takes nothing");
                    return;
                }
                next = self.lock().pop_front();
            }
            self.more.notified().await;
            next = self.lock().pop_front();
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<ToAgent>> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
