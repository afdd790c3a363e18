//! The messages between a runner and the agent in a sandbox: the only thing both import.
//!
//! Every message is one frame: `u32` little-endian length of what follows, one byte of kind, then the body.
//! Output and input bodies are raw bytes; the others are postcard. The runner treats what comes from an
//! agent as hostile: a frame has a greatest length, an unknown kind ends the stream.

pub mod frame;

use serde::{Deserialize, Serialize};

/// Version of this protocol; the agent states it in [`FromAgent::Ready`], and a runner refuses another one.
pub const VERSION: u32 = 2;

/// Greatest number of output bytes in one [`FromAgent::Output`].
pub const OUTPUT_CHUNK: usize = 32 * 1024;

/// What the runner tells the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToAgent {
    /// Starts an interpreter that waits for the job; sent once at most, before it.
    Prestart(Prestart),
    /// The one job of this sandbox; sent once.
    Job(Box<Job>),
    /// Bytes for the program's stdin (typed by a viewer).
    Input(Vec<u8>),
    /// Closes the program's stdin; on a terminal the end-of-file character is typed.
    Eof,
    /// The terminal has a new size; ignored for pipes.
    Resize(TerminalSize),
    /// Sends this signal number to the program's process group.
    Signal(i32),
    /// Ends the run now: everything is killed and the outcome is [`Ending::Stopped`].
    Stop,
}

/// What the agent tells the runner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromAgent {
    /// The agent waits for its job; sent once, first.
    Ready(Ready),
    /// A stage begins.
    Stage(Stage),
    /// Bytes that the program printed, at most [`OUTPUT_CHUNK`].
    Output(OutputStream, Vec<u8>),
    /// Resources used so far, about once a second.
    Usage(Usage),
    /// The run is over and every process of it is gone; nothing follows.
    End(End),
}

/// The agent's first words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// [`VERSION`] of the agent.
    pub version: u32,
}

/// A command to start before the job is known, for a run stage whose command begins with it.
///
/// Its stdin, stdout and stderr are a socket on which it waits for the rest; how, is told in
/// `images/languages/python/sitecustomize.py`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prestart {
    /// The argument vector, as far as it is known.
    pub command: Vec<String>,
    /// The environment to start with; the job's comes later.
    pub environment: Vec<(String, String)>,
}

/// What to execute, and within which limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Files to write below the working directory `/code`; relative paths, folders are made.
    pub files: Vec<JobFile>,
    /// The compile stage's argument vector, absent for languages that do not compile.
    pub compile: Option<Vec<String>>,
    /// The run stage's argument vector, the visitor's arguments included.
    pub run: Vec<String>,
    /// The program's whole environment.
    pub environment: Vec<(String, String)>,
    /// Bytes given to stdin at the start of the run stage. With pipes stdin is closed after them when
    /// [`Job::close_stdin`] says so.
    #[serde(with = "serde_bytes")]
    pub stdin: Vec<u8>,
    /// Pipes only: close stdin after [`Job::stdin`].
    pub close_stdin: bool,
    /// A terminal of this size, or pipes.
    pub terminal: Option<TerminalSize>,
    /// The limits the agent enforces itself.
    pub limits: JobLimits,
}

/// One file of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobFile {
    /// Relative path, already checked by the server: no `..`, no leading `/`, no control characters.
    pub path: String,
    /// The file's bytes.
    #[serde(with = "serde_bytes")]
    pub content: Vec<u8>,
}

/// Limits that the agent enforces; memory, processes and disk are the kernel's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLimits {
    /// Wall time of the compile stage, milliseconds.
    pub compile_wall_ms: u64,
    /// Wall time of the run stage, milliseconds.
    pub run_wall_ms: u64,
    /// CPU time of all processes of one stage together, milliseconds.
    pub cpu_ms: u64,
    /// Output of all stages together, bytes.
    pub output_bytes: u64,
}

/// Size of a terminal in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalSize {
    /// Characters in a row.
    pub columns: u16,
    /// Rows.
    pub rows: u16,
}

/// The stages of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The language's compile command runs.
    Compile,
    /// The program runs.
    Run,
}

/// Where output came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputStream {
    /// The pipe on file descriptor 1.
    Stdout,
    /// The pipe on file descriptor 2.
    Stderr,
    /// The terminal (both together).
    Terminal,
}

/// Resources used by a run so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// CPU time of all processes of the run, milliseconds.
    pub cpu_ms: u64,
    /// Memory in use now, bytes; 0 where the kernel does not tell.
    pub memory_bytes: u64,
}

/// How a run ended, and what it used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Why the run is over.
    pub ending: Ending,
    /// The stage in which it ended.
    pub stage: Stage,
    /// Wall time from the start of the first stage, milliseconds.
    pub wall_ms: u64,
    /// CPU time of all processes of the run, milliseconds.
    pub cpu_ms: u64,
    /// Greatest memory use, bytes; 0 where the kernel does not tell.
    pub peak_memory_bytes: u64,
    /// Output bytes that were sent.
    pub output_bytes: u64,
    /// Whether output was cut at the limit.
    pub truncated: bool,
    /// Memory that is still in use, bytes: files, and shared memory, which outlives processes; 0 where the kernel does
    /// not tell.
    pub left_memory_bytes: u64,
}

/// Why a run is over, as far as the agent can know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// The main process ended with this exit code.
    Exited(i32),
    /// The main process was killed by this signal number.
    Signalled(i32),
    /// Wall time was over.
    TimeLimit,
    /// CPU time was over.
    CpuLimit,
    /// The kernel killed for memory.
    MemoryLimit,
    /// Too much output.
    OutputLimit,
    /// A writable place or a file reached its size limit, and the program failed.
    DiskLimit,
    /// The kernel refused a new process or thread, and the program failed.
    ProcessLimit,
    /// [`ToAgent::Stop`] came.
    Stopped,
    /// The command could not be started, or the files could not be written; a sentence.
    CouldNotStart(String),
}
