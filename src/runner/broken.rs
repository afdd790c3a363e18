//! Broken: why a sandbox broke off in the middle of a run, as far as the Engine knows.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::runner::docker::{Engine, EngineError};
use crate::runs::outcome::Outcome;

/// How long the Engine may need to note that a container ended; its stream ends before, under gVisor on a busy host by
/// seconds.
const NOTED: Duration = Duration::from_secs(10);
/// How often it is asked.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long the kernel's word about memory may come after the end.
const LATE: Duration = Duration::from_millis(500);

/// What the Engine knows of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) running: bool,
    /// Whether the kernel killed something in it for memory.
    pub(super) out_of_memory: bool,
}

/// The outcome of a run whose sandbox went away.
pub(super) async fn why(engine: &Engine, container: &str, gvisor: bool) -> Outcome {
    match last_look(engine, container).await {
        Ok(seen) if !seen.running && seen.out_of_memory => Outcome::MemoryLimit,
        // A limit of the host ends gVisor's kernel, and the sandbox with it; a program can bring that about.
        Ok(seen) if !seen.running && gvisor => Outcome::Signalled,
        _ => Outcome::Interrupted,
    }
}

async fn last_look(engine: &Engine, container: &str) -> Result<Seen, EngineError> {
    let begun = Instant::now();
    let mut seen = engine.look(container).await?;
    while seen.running && begun.elapsed() < NOTED {
        sleep(LOOK_EVERY).await;
        seen = engine.look(container).await?;
    }
    if !seen.running && !seen.out_of_memory {
        sleep(LATE).await;
        seen = engine.look(container).await?;
    }
    Ok(seen)
}
