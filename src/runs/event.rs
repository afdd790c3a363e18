//! Event: one numbered, timed entry in a run's log. The JSON of these types is a public, stable interface
//! (socket messages, stored logs): fields are added, never renamed.

use serde::{Deserialize, Serialize};

use crate::runs::outcome::Finished;

/// Which stage a run is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StageName {
    /// The language's compile command runs.
    Compile,
    /// The program runs.
    Run,
}

/// Where output came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputSource {
    /// File descriptor 1 of a run with pipes.
    Stdout,
    /// File descriptor 2 of a run with pipes.
    Stderr,
    /// The terminal of a run with one.
    Terminal,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// The run waits; position 1 is the next to start.
    Queued {
        /// Place in the queue, from 1.
        position: u64,
        /// Runs that wait, this one included.
        waiting: u64,
    },
    /// A runner took it.
    Started {
        /// Language id.
        language: String,
        /// Version text of the compiler or interpreter, as it states it; may be empty.
        version: String,
        /// Name of the runner.
        runner: String,
    },
    /// A stage began.
    Stage {
        /// Which.
        name: StageName,
    },
    /// The program printed.
    Output {
        /// Where to.
        stream: OutputSource,
        /// Valid UTF-8; bytes that are none are replaced by U+FFFD.
        data: String,
    },
    /// Resources used so far.
    Usage {
        /// CPU time of all processes, milliseconds.
        cpu_ms: u64,
        /// Memory in use, bytes.
        memory_bytes: u64,
    },
    /// The run is over; the last event of every log.
    Finished(Finished),
}

/// An event as it stands in the log: the numbers beside the JSON that goes to viewers unchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedEvent {
    /// Place in the run's log, from 1 without gaps.
    pub id: u64,
    /// Milliseconds since the run was submitted, by the clock of Redis.
    pub at_ms: u64,
    /// [`EventKind`] as JSON.
    pub json: String,
}

impl LoggedEvent {
    /// Reads the JSON; `None` for a kind that a newer version wrote.
    #[must_use]
    pub fn kind(&self) -> Option<EventKind> {
        serde_json::from_str(&self.json).ok()
    }

    /// Whether nothing follows.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.json.starts_with(r#"{"kind":"finished""#)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runs::outcome::Outcome;

    #[test]
    fn a_finished_event_is_known_by_its_first_bytes() {
        let kind = EventKind::Finished(Finished::new(Outcome::Stopped, "stopped"));
        let json = serde_json::to_string(&kind).unwrap();
        let event = LoggedEvent { id: 1, at_ms: 0, json };
        assert!(event.is_finished());
        assert_eq!(event.kind(), Some(kind));
    }
}
