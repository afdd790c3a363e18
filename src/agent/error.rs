//! What makes the agent give up. Nothing is reported to anybody then: with process 1 the whole sandbox ends.

use crate::protocol::frame::FrameError;
use std::io;

/// Why the agent ends without an end frame.
#[derive(Debug, thiserror::Error)]
pub(super) enum AgentError {
    /// The runner closed the stream: the ordinary end of every agent.
    #[error("the runner is gone")]
    RunnerGone,
    /// The runner sends bytes that are no frames.
    #[error("the runner's frames are broken")]
    Frame(#[from] FrameError),
    /// The kernel refused something the agent cannot live without.
    #[error("failed to {0}")]
    System(&'static str, #[source] io::Error),
}

impl AgentError {
    /// For `map_err`: names what was tried, as the rest of "failed to …".
    pub(super) fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::System(what, error.into())
    }
}

/// The kernel's words for an error, without Rust's "(os error 2)".
pub(super) fn words(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => nix::errno::Errno::from_raw(number).desc().to_owned(),
        None => error.to_string(),
    }
}
