//! The runs that one viewer follows, several at once when they overlap.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, select_all};

use crate::runs::event::LoggedEvent;
use crate::runs::feed::LogFollower;
use crate::runs::request::RunId;
use crate::web::messages::event_text;

/// Runs followed at once; the oldest gives way.
const MAX_FOLLOWED: usize = 8;
/// Runs remembered as seen, so that none is told twice.
const MAX_SEEN: usize = 256;
/// Events and bytes that are passed on together.
const BATCH_EVENTS: usize = 64;
const BATCH_BYTES: usize = 64 * 1024;
/// Pause before a log is read again that could not be read.
const RETRY_PAUSE: Duration = Duration::from_secs(1);

/// Messages of one run, in order.
pub(super) struct Batch {
    pub(super) texts: Vec<String>,
    /// Absent when the run has ended.
    follower: Option<LogFollower>,
}

/// The followed runs. A follower keeps its place in the log and no events, so a slow viewer costs nothing more.
#[derive(Default)]
pub(super) struct Followed {
    reading: Vec<(RunId, BoxFuture<'static, Batch>)>,
    seen: VecDeque<RunId>,
}

impl Followed {
    /// Whether the run is or was followed here.
    pub(super) fn knows(&self, run: &RunId) -> bool {
        self.seen.contains(run)
    }

    /// Follows one more run.
    pub(super) fn add(&mut self, follower: LogFollower) {
        if self.reading.len() == MAX_FOLLOWED {
            drop(self.reading.remove(0));
        }
        let run = follower.run().clone();
        self.note_seen(run.clone());
        self.reading.push((run, batch(follower).boxed()));
    }

    /// Remembers a run that needs no following: the client has seen all of it.
    pub(super) fn note_seen(&mut self, run: RunId) {
        if self.seen.len() == MAX_SEEN {
            self.seen.pop_front();
        }
        self.seen.push_back(run);
    }

    /// Follows a run no longer: it was not accepted.
    pub(super) fn forget(&mut self, run: &RunId) {
        self.reading.retain(|(other, _)| other != run);
        self.seen.retain(|other| other != run);
    }

    /// The next messages of any of them; waits for ever when there is none. Cancel-safe.
    pub(super) async fn next(&mut self) -> Vec<String> {
        loop {
            if self.reading.is_empty() {
                return std::future::pending().await;
            }
            let (batch, index, _) = select_all(self.reading.iter_mut().map(|(_, reading)| reading)).await;
            match batch.follower {
                Some(follower) => self.reading[index].1 = self::batch(follower).boxed(),
                None => drop(self.reading.remove(index)),
            }
            if !batch.texts.is_empty() {
                return batch.texts;
            }
        }
    }
}

/// Waits for an event, then takes those that are there already.
async fn batch(mut follower: LogFollower) -> Batch {
    let run = follower.run().clone();
    let (mut texts, mut bytes) = (Vec::new(), 0);
    let mut next = read(&mut follower).await;
    while let Some(event) = next {
        let ended = event.is_finished();
        let text = event_text(&run, &event);
        bytes += text.len();
        texts.push(text);
        if ended {
            return Batch { texts, follower: None };
        }
        if texts.len() >= BATCH_EVENTS || bytes >= BATCH_BYTES {
            break;
        }
        next = follower.next().now_or_never().and_then(Result::ok).flatten();
    }
    // Without a single event the log had ended before.
    let follower = (!texts.is_empty()).then_some(follower);
    Batch { texts, follower }
}

/// The next event, however often it takes; `None` when the log had ended before.
async fn read(follower: &mut LogFollower) -> Option<Arc<LoggedEvent>> {
    loop {
        match follower.next().await {
            Ok(event) => return event,
            Err(error) => {
                tracing::debug!(run.id = %follower.run(), error = ?error, "a log could not be read; trying again");
                tokio::time::sleep(RETRY_PAUSE).await;
            }
        }
    }
}
