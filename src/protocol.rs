//! The messages between a runner and the agent in a sandbox: the only thing both import.
//!
//! Every message is one frame: `u32` little-endian length of what follows, one byte of kind, then the body.
//! Output and input bodies are raw bytes; the others are postcard. The runner treats what comes from an
//! agent as hostile: a frame has a greatest length, an unknown kind ends the stream.

use serde::{Deserialize, Serialize};

/// Version of this protocol; the agent states it in [`FromAgent::Ready`], and a runner refuses another one.
pub const VERSION: u32 = 1;

/// Greatest frame the runner accepts from an agent, in bytes (an agent's longest is one chunk of output).
pub const MAX_FRAME_FROM_AGENT: usize = 64 * 1024;

/// Greatest frame the agent accepts: a job carries the source files and the stdin given up front.
pub const MAX_FRAME_TO_AGENT: usize = 8 * 1024 * 1024;

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

/// Why bytes are not a frame.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum FrameError {
    /// The length field is over the limit.
    #[error("a frame of {0} bytes is over the limit of {1}")]
    TooLong(usize, usize),
    /// The kind byte is not known.
    #[error("unknown frame kind {0}")]
    UnknownKind(u8),
    /// The body is not what its kind promises.
    #[error("malformed body of frame kind {0}")]
    Malformed(u8),
}

impl ToAgent {
    /// Appends this message as one frame.
    pub fn encode(&self, buffer: &mut Vec<u8>) {
        match self {
            Self::Job(job) => put(buffer, 1, &serialize(job)),
            Self::Input(bytes) => put(buffer, 2, bytes),
            Self::Eof => put(buffer, 3, &[]),
            Self::Resize(size) => put(buffer, 4, &serialize(size)),
            Self::Signal(number) => put(buffer, 5, &serialize(number)),
            Self::Stop => put(buffer, 6, &[]),
            Self::Prestart(prestart) => put(buffer, 7, &serialize(prestart)),
        }
    }

    /// Takes the first whole frame out of `buffer`, `None` when more bytes are needed.
    ///
    /// # Errors
    /// When the bytes cannot be a frame; the stream is then useless.
    pub fn decode(buffer: &mut Vec<u8>) -> Result<Option<Self>, FrameError> {
        take(buffer, MAX_FRAME_TO_AGENT, |kind, body| match kind {
            1 => deserialize(kind, body).map(|job| Self::Job(Box::new(job))),
            2 => Ok(Self::Input(body.to_vec())),
            3 => Ok(Self::Eof),
            4 => deserialize(kind, body).map(Self::Resize),
            5 => deserialize(kind, body).map(Self::Signal),
            6 => Ok(Self::Stop),
            7 => deserialize(kind, body).map(Self::Prestart),
            other => Err(FrameError::UnknownKind(other)),
        })
    }
}

impl FromAgent {
    /// Appends this message as one frame.
    pub fn encode(&self, buffer: &mut Vec<u8>) {
        match self {
            Self::Ready(ready) => put(buffer, 64, &serialize(ready)),
            Self::Stage(stage) => put(buffer, 65, &serialize(stage)),
            Self::Output(OutputStream::Stdout, bytes) => put(buffer, 66, bytes),
            Self::Output(OutputStream::Stderr, bytes) => put(buffer, 67, bytes),
            Self::Output(OutputStream::Terminal, bytes) => put(buffer, 68, bytes),
            Self::Usage(usage) => put(buffer, 69, &serialize(usage)),
            Self::End(end) => put(buffer, 70, &serialize(end)),
        }
    }

    /// Takes the first whole frame out of `buffer`, `None` when more bytes are needed.
    ///
    /// # Errors
    /// When the bytes cannot be a frame; the sandbox is then not to be believed any more.
    pub fn decode(buffer: &mut Vec<u8>) -> Result<Option<Self>, FrameError> {
        take(buffer, MAX_FRAME_FROM_AGENT, |kind, body| match kind {
            64 => deserialize(kind, body).map(Self::Ready),
            65 => deserialize(kind, body).map(Self::Stage),
            66 => Ok(Self::Output(OutputStream::Stdout, body.to_vec())),
            67 => Ok(Self::Output(OutputStream::Stderr, body.to_vec())),
            68 => Ok(Self::Output(OutputStream::Terminal, body.to_vec())),
            69 => deserialize(kind, body).map(Self::Usage),
            70 => deserialize(kind, body).map(Self::End),
            other => Err(FrameError::UnknownKind(other)),
        })
    }
}

fn serialize<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("these types have no form that postcard cannot write")
}

fn deserialize<'a, T: Deserialize<'a>>(kind: u8, body: &'a [u8]) -> Result<T, FrameError> {
    postcard::from_bytes(body).map_err(|_| FrameError::Malformed(kind))
}

fn put(buffer: &mut Vec<u8>, kind: u8, body: &[u8]) {
    let length = u32::try_from(body.len() + 1).expect("a body is far below 4 GiB");
    buffer.extend_from_slice(&length.to_le_bytes());
    buffer.push(kind);
    buffer.extend_from_slice(body);
}

fn take<T>(
    buffer: &mut Vec<u8>,
    limit: usize,
    parse: impl FnOnce(u8, &[u8]) -> Result<T, FrameError>,
) -> Result<Option<T>, FrameError> {
    let Some(head) = buffer.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_le_bytes(*head) as usize;
    if length > limit {
        return Err(FrameError::TooLong(length, limit));
    }
    if buffer.len() < 4 + length {
        return Ok(None);
    }
    let Some((&kind, body)) = buffer[4..4 + length].split_first() else {
        return Err(FrameError::Malformed(0));
    };
    let message = parse(kind, body)?;
    buffer.drain(..4 + length);
    Ok(Some(message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_the_way_there_in_pieces_of_any_size() {
        let sent = [
            FromAgent::Ready(Ready { version: VERSION }),
            FromAgent::Output(OutputStream::Terminal, b"hello".to_vec()),
            FromAgent::Usage(Usage { cpu_ms: 1, memory_bytes: 2 }),
        ];
        let mut wire = Vec::new();
        sent.iter().for_each(|message| message.encode(&mut wire));
        for step in 1..wire.len() {
            let (mut buffer, mut received) = (Vec::new(), Vec::new());
            for piece in wire.chunks(step) {
                buffer.extend_from_slice(piece);
                while let Some(message) = FromAgent::decode(&mut buffer).unwrap() {
                    received.push(message);
                }
            }
            assert_eq!(received, sent);
        }
    }

    #[test]
    fn a_forged_length_is_refused_before_any_memory_is_taken_for_it() {
        let mut buffer = u32::MAX.to_le_bytes().to_vec();
        assert!(matches!(FromAgent::decode(&mut buffer), Err(FrameError::TooLong(..))));
    }

    /// What a forged agent may send, as after an escape inside the container: true frames with some bytes changed.
    #[test]
    fn damaged_frames_end_the_stream_and_never_the_runner() {
        let end = End {
            ending: Ending::CouldNotStart("why".to_owned()),
            stage: Stage::Run,
            wall_ms: 1,
            cpu_ms: 2,
            peak_memory_bytes: 3,
            output_bytes: 4,
            truncated: false,
        };
        let mut wire = Vec::new();
        FromAgent::Ready(Ready { version: VERSION }).encode(&mut wire);
        FromAgent::Output(OutputStream::Stdout, vec![7; 40]).encode(&mut wire);
        FromAgent::End(end).encode(&mut wire);
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).unwrap() % below
        };
        for _ in 0..50_000 {
            let mut damaged = wire.clone();
            for _ in 0..=random(4) {
                let place = random(damaged.len());
                damaged[place] = random(256).to_le_bytes()[0];
            }
            let (mut said, mut heard) = (0, damaged.clone());
            while let Ok(Some(_)) = FromAgent::decode(&mut damaged) {
                said += 1;
            }
            while let Ok(Some(_)) = ToAgent::decode(&mut heard) {}
            assert!(said <= wire.len() / 5, "more messages than the bytes can hold");
        }
    }

    #[test]
    fn an_empty_frame_and_an_unknown_kind_are_refused() {
        assert_eq!(FromAgent::decode(&mut vec![0; 4]), Err(FrameError::Malformed(0)));
        assert_eq!(FromAgent::decode(&mut vec![1, 0, 0, 0, 9]), Err(FrameError::UnknownKind(9)));
    }
}
