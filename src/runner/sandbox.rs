//! Sandbox: one container with its attached stream, from before it starts until nothing of it is left.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::FutureExt;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use crate::languages::LanguageId;
use crate::protocol::frame::FrameError;
use crate::protocol::{FromAgent, ToAgent, VERSION};
use crate::runner::configuration::{self, Blueprint};
use crate::runner::docker::{Attached, Engine, EngineError, Piece};
use crate::runner::slots::Slot;

/// How long the agent has for its first words.
const READY: Duration = Duration::from_secs(10);
/// How long the agent has to exit when its stdin is closed.
const LEAVE: Duration = Duration::from_secs(1);
/// How much of what an agent writes to its stderr goes to the log.
const STDERR_LOGGED: usize = 4096;
/// Bytes that are decoded at once. Each message taken moves what is behind it: of little, however small messages are.
const STEP: usize = 2048;

/// Why a sandbox cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The Engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The stream ended: the container did, or somebody removed it.
    #[error("the sandbox ended")]
    Ended,
    /// The stream carries something that is no frame.
    #[error("the sandbox sent something strange")]
    Strange(#[from] FrameError),
    /// The agent does not speak our protocol.
    #[error("the agent in the image speaks protocol {0}, this runner {VERSION}; build the image again")]
    Version(u32),
    /// The agent said something before its turn, or nothing.
    #[error("the agent in the image did not say that it is ready")]
    NotReady,
    /// Bytes could not be sent.
    #[error("the sandbox takes no input")]
    Input(#[source] std::io::Error),
}

/// A container whose agent waits for its job, or works on it.
pub(super) struct Sandbox {
    pub(super) frames: Frames,
    pub(super) input: Input,
    pub(super) image: String,
    /// The language whose interpreter waits in it.
    pub(super) early: Option<LanguageId>,
    born: Instant,
    /// Last: whatever drops a sandbox, its stream is closed before the container is removed.
    pub(super) slot: Slot,
}

impl Sandbox {
    /// Creates, attaches, starts, and waits until the agent is ready. With an error the slot comes back:
    /// its container may exist.
    pub(super) async fn start(
        engine: &Engine,
        mut slot: Slot,
        blueprint: &Blueprint<'_>,
    ) -> Result<Self, (Slot, SandboxError)> {
        slot.occupy();
        match launch(engine, &slot.container, blueprint).await {
            Ok((frames, input)) => {
                let image = blueprint.image.to_owned();
                Ok(Self { frames, input, image, early: None, born: Instant::now(), slot })
            }
            Err(error) => Err((slot, error)),
        }
    }

    /// Starts this language's interpreter in it, which then waits for the job.
    pub(super) async fn prestart(&mut self, language: &LanguageId, prestart: &ToAgent) -> Result<(), SandboxError> {
        let sending = timeout(READY, self.input.send(prestart));
        sending.await.unwrap_or(Err(SandboxError::NotReady))?;
        self.early = Some(language.clone());
        Ok(())
    }

    pub(super) fn age(&self) -> Duration {
        self.born.elapsed()
    }

    /// Whether it still waits in silence, as a sandbox without a job does.
    pub(super) fn is_waiting(&mut self) -> bool {
        self.frames.next().now_or_never().is_none()
    }

    /// Lets go of the stream, which must happen before the Engine is asked to end the container: it waits for
    /// readers that do not read.
    pub(super) fn abandon(self) -> Slot {
        self.slot
    }

    /// The cheap end: the agent's stdin closes, it exits by itself, and the dead container is removed.
    pub(super) async fn retire(mut self, engine: &Engine) -> Result<(), (Slot, EngineError)> {
        let leaving = async {
            let closed = self.input.close().await;
            self.frames.skip_to_end().await;
            closed
        };
        let left = matches!(timeout(LEAVE, leaving).await, Ok(Ok(())));
        let mut slot = self.abandon();
        if !left {
            return destroy(engine, slot).await;
        }
        match engine.remove(&slot.container).await {
            Ok(()) => {
                slot.vacate();
                Ok(())
            }
            // The stream can end a moment before the Engine has noted the exit.
            Err(EngineError::Conflict(_)) => destroy(engine, slot).await,
            Err(error) => Err((slot, error)),
        }
    }
}

/// The certain end of a container whose stream is closed: kills and removes. With an error the slot comes back.
pub(super) async fn destroy(engine: &Engine, mut slot: Slot) -> Result<(), (Slot, EngineError)> {
    let killed = engine.kill(&slot.container).await;
    let removed = match killed {
        Ok(()) => engine.remove_by_force(&slot.container).await,
        Err(error) => Err(error),
    };
    match removed {
        Ok(()) => {
            slot.vacate();
            Ok(())
        }
        Err(error) => Err((slot, error)),
    }
}

async fn launch(engine: &Engine, container: &str, blueprint: &Blueprint<'_>) -> Result<(Frames, Input), SandboxError> {
    for warning in engine.create(container, configuration::container(blueprint)).await? {
        tracing::debug!(container, warning, "the engine cannot keep a limit");
    }
    // Before the start, so that not one byte is missed.
    let Attached { output, input } = engine.attach(container).await?;
    let mut frames = Frames {
        output,
        piece: Bytes::new(),
        buffer: Vec::new(),
        stderr_left: STDERR_LOGGED,
        container: container.to_owned(),
    };
    engine.start(container).await?;
    match timeout(READY, frames.next()).await {
        Ok(Ok(FromAgent::Ready(ready))) if ready.version == VERSION => Ok((frames, Input { input })),
        Ok(Ok(FromAgent::Ready(ready))) => Err(SandboxError::Version(ready.version)),
        Ok(Err(error)) => Err(error),
        Ok(Ok(_)) | Err(_) => Err(SandboxError::NotReady),
    }
}

/// What the agent says. Holds one frame at most, and one piece of the Engine's stream.
pub(super) struct Frames {
    output: std::pin::Pin<Box<dyn futures_util::Stream<Item = Result<Piece, EngineError>> + Send>>,
    /// Not decoded yet.
    piece: Bytes,
    buffer: Vec<u8>,
    stderr_left: usize,
    container: String,
}

impl Frames {
    /// The next message. Cancel-safe. An error is final.
    pub(super) async fn next(&mut self) -> Result<FromAgent, SandboxError> {
        loop {
            if let Some(message) = FromAgent::decode(&mut self.buffer)? {
                return Ok(message);
            }
            if !self.piece.is_empty() {
                self.buffer.extend_from_slice(&self.piece.split_to(STEP.min(self.piece.len())));
                continue;
            }
            match self.output.next().await {
                None => return Err(SandboxError::Ended),
                Some(Err(error)) => return Err(error.into()),
                Some(Ok(Piece::Stdout(bytes))) => self.piece = bytes,
                Some(Ok(Piece::Stderr(bytes))) => self.log_stderr(&bytes),
            }
        }
    }

    async fn skip_to_end(&mut self) {
        while let Some(Ok(_)) = self.output.next().await {}
    }

    fn log_stderr(&mut self, bytes: &[u8]) {
        let logged = bytes.len().min(self.stderr_left);
        self.stderr_left -= logged;
        if logged > 0 {
            let text = String::from_utf8_lossy(&bytes[..logged]);
            tracing::warn!(container = self.container, text = %text.escape_debug(), "the agent complains");
        }
    }
}

/// What the agent hears.
pub(super) struct Input {
    input: std::pin::Pin<Box<dyn tokio::io::AsyncWrite + Send>>,
}

impl Input {
    /// Sends one message; waits while the agent does not read. Not to be sent another after a cancelled one.
    pub(super) async fn send(&mut self, message: &ToAgent) -> Result<(), SandboxError> {
        let mut frame = Vec::new();
        message.encode(&mut frame);
        self.input.write_all(&frame).await.map_err(SandboxError::Input)?;
        self.input.flush().await.map_err(SandboxError::Input)
    }

    async fn close(&mut self) -> std::io::Result<()> {
        self.input.shutdown().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::OutputStream;
    use crate::protocol::frame::MAX_FRAME_FROM_AGENT;

    fn frames(pieces: Vec<Vec<u8>>) -> Frames {
        let pieces = pieces.into_iter().map(|bytes| Ok(Piece::Stdout(bytes.into())));
        let output = Box::pin(futures_util::stream::iter(pieces));
        Frames { output, piece: Bytes::new(), buffer: Vec::new(), stderr_left: 0, container: String::new() }
    }

    #[tokio::test]
    async fn messages_larger_and_smaller_than_a_step_come_whole_and_in_order() {
        let mut wire = Vec::new();
        let sizes = [0, 1, STEP - 5, STEP, 3 * STEP, 40_000, 1];
        sizes.iter().for_each(|&size| FromAgent::Output(OutputStream::Stdout, vec![7; size]).encode(&mut wire));
        for piece in [1, 5, STEP, 50_000] {
            let mut frames = frames(wire.chunks(piece).map(<[u8]>::to_vec).collect());
            for size in sizes {
                let expected = FromAgent::Output(OutputStream::Stdout, vec![7; size]);
                assert_eq!(frames.next().await.unwrap(), expected);
            }
            assert!(matches!(frames.next().await, Err(SandboxError::Ended)));
        }
    }

    /// As `fuzz/` does with the decoder alone, for a second: noise, pieces of any size.
    #[tokio::test]
    async fn noise_ends_the_stream_and_is_never_kept() {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for _ in 0..2000 {
            let pieces = (0..1 + random() % 20).map(|_| (0..random() % 50).flat_map(|_| noise(random())).collect());
            let mut frames = frames(pieces.collect());
            while frames.next().await.is_ok() {
                assert!(frames.buffer.capacity() <= 2 * (MAX_FRAME_FROM_AGENT + STEP), "more than a frame is kept");
            }
        }
    }

    /// Now and then bare bytes, else a frame of a kind that there is, or one beside them.
    fn noise(random: u64) -> Vec<u8> {
        let body = random.to_le_bytes().to_vec();
        match random >> 61 {
            0 => body,
            kind => [&9_u32.to_le_bytes()[..], &[u8::try_from(63 + kind).unwrap()], &body].concat(),
        }
    }
}
