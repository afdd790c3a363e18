//! Outcome: how a run ended. Written once; the first one wins.

use serde::{Deserialize, Serialize};

/// How a run ended, as a stable word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The program ended by itself with an exit code.
    Exited,
    /// A signal that no limit of ours sent ended the program.
    Signalled,
    /// The compile stage failed; the program never ran.
    CompileFailed,
    /// Wall time was over.
    TimeLimit,
    /// CPU time was over.
    CpuLimit,
    /// Memory was over.
    MemoryLimit,
    /// Too much output.
    OutputLimit,
    /// A writable place was full, or a file too large.
    DiskLimit,
    /// Too many processes or threads.
    ProcessLimit,
    /// Somebody pressed Stop.
    Stopped,
    /// The Docker Engine or the sandbox went away in the middle.
    Interrupted,
    /// The runner went away in the middle.
    RunnerLost,
    /// The run could not be started.
    CouldNotStart,
}

/// The last event's fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finished {
    /// The word.
    pub outcome: Outcome,
    /// The exit code, when the program chose one.
    pub exit_code: Option<i32>,
    /// The signal's name (`SIGSEGV`), when one ended it.
    pub signal: Option<String>,
    /// One sentence for people: what ended the run, and which limit it was.
    pub message: String,
    /// Wall time of all stages, milliseconds.
    pub wall_ms: u64,
    /// CPU time of all processes, milliseconds.
    pub cpu_ms: u64,
    /// Greatest memory use, bytes; 0 when unknown.
    pub peak_memory_bytes: u64,
    /// Output bytes kept in the log.
    pub output_bytes: u64,
    /// Whether output was cut at the limit.
    pub truncated: bool,
}

impl Finished {
    /// An end without figures: nothing ran, or nobody could measure it.
    #[must_use]
    pub fn new(outcome: Outcome, message: impl Into<String>) -> Self {
        Self {
            outcome,
            exit_code: None,
            signal: None,
            message: message.into(),
            wall_ms: 0,
            cpu_ms: 0,
            peak_memory_bytes: 0,
            output_bytes: 0,
            truncated: false,
        }
    }
}
