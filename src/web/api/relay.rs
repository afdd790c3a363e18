//! The relay: one run's output, from its log to whoever asked for it. When they go, the run is stopped: with curl,
//! Ctrl+C is how one ends a program.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::mpsc;

use crate::runs::event::EventKind;
use crate::runs::feed::LogFollower;
use crate::runs::outcome::{Finished, Outcome};
use crate::runs::request::Control;
use crate::web::api::framing::Framing;
use crate::web::error::WebError;
use crate::web::state::State;

/// Parts that wait for a client who reads slowly; then the relay waits, and the log keeps the rest.
const PARTS_AHEAD: usize = 16;

/// What follows a run's output.
pub(super) const TRAILERS: &str = "X-Outcome, X-Exit-Code, X-Signal";

/// How the output is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    pub(super) framing: Framing,
    /// How the run ended is told in a last line as well.
    pub(super) last_line: bool,
    /// It is of a protected snippet: its log goes soon.
    pub(super) is_protected: bool,
}

/// One run's way out.
struct Relay {
    state: State,
    follower: LogFollower,
    manner: Manner,
    out: mpsc::Sender<Bytes>,
    /// The output so far ends in the middle of a line.
    mid_line: bool,
}

/// The client went before the run ended.
struct Gone;

/// Starts relaying; the stream is the answer's body.
pub(super) fn start(
    state: &State,
    follower: LogFollower,
    manner: Manner,
) -> impl Stream<Item = Result<Bytes, Infallible>> + use<> {
    let (out, body) = mpsc::channel(PARTS_AHEAD);
    let relay = Relay { state: state.clone(), follower, manner, out, mid_line: false };
    state.viewers.spawn(relay.work());
    unfold(body, |mut body| async { body.recv().await.map(|part| (Ok(part), body)) })
}

impl Relay {
    async fn work(mut self) {
        if self.relay().await.is_err() {
            let run = self.follower.run().clone();
            if let Err(error) = self.state.runs.control(&run, &Control::Stop).await {
                tracing::warn!(run.id = %run, error = ?error, "a run was left by its client, but could not be stopped");
            }
        }
    }

    async fn relay(&mut self) -> Result<(), Gone> {
        loop {
            let event = tokio::select! {
                event = self.follower.next() => event,
                () = self.out.closed() => return Err(Gone),
                () = self.state.stop.cancelled() => return self.end(None).await,
            };
            match event.map(|event| event.map(|event| event.kind())) {
                Ok(Some(Some(EventKind::Output { data, .. }))) => self.print(&data).await?,
                Ok(Some(Some(EventKind::Finished(finished)))) => return self.end(Some(finished)).await,
                Ok(Some(_)) => {}
                Ok(None) => return self.end(None).await,
                Err(error) => {
                    WebError::from(error).log();
                    return self.end(None).await;
                }
            }
        }
    }

    async fn print(&mut self, data: &str) -> Result<(), Gone> {
        self.mid_line = if data.is_empty() { self.mid_line } else { !data.ends_with('\n') };
        self.send(self.manner.framing.part(data)).await
    }

    /// `None`: the server ends, or storage failed; nobody knows the outcome here.
    async fn end(&mut self, finished: Option<Finished>) -> Result<(), Gone> {
        let trailers = trailers(finished.as_ref());
        if self.manner.last_line {
            let words: Vec<String> = trailers.iter().map(|(name, value)| format!("{}={value}", word(name))).collect();
            let line = format!("{}codecube: {}\n", if self.mid_line { "\n" } else { "" }, words.join(" "));
            self.send(self.manner.framing.part(&line)).await?;
        }
        self.send(self.manner.framing.end(&trailers)).await
    }

    async fn send(&self, part: Bytes) -> Result<(), Gone> {
        if part.is_empty() {
            return Ok(());
        }
        self.out.send(part).await.map_err(|_| Gone)
    }
}

fn trailers(finished: Option<&Finished>) -> Vec<(&'static str, String)> {
    let Some(finished) = finished else {
        return vec![("X-Outcome", "unknown".to_owned())];
    };
    let mut trailers = vec![("X-Outcome", outcome_word(finished.outcome))];
    trailers.extend(finished.exit_code.map(|code| ("X-Exit-Code", code.to_string())));
    trailers.extend(finished.signal.clone().map(|signal| ("X-Signal", signal)));
    trailers
}

/// The word that events use.
fn outcome_word(outcome: Outcome) -> String {
    serde_json::to_value(outcome).ok().and_then(|word| word.as_str().map(str::to_owned)).unwrap_or_default()
}

/// `X-Exit-Code` as `exit_code`, the word that events use.
fn word(trailer: &str) -> String {
    trailer.trim_start_matches("X-").to_ascii_lowercase().replace('-', "_")
}
