//! Setup: whether the Engine, the image and the runtime are what the settings say; in words that help.

use crate::runner::configuration::SandboxLimits;
use crate::runner::docker::{Engine, EngineError};
use crate::runner::health::CurrentImage;
use crate::runner::{RunnerError, Settings};

/// Connects, and checks all that these settings need.
pub(super) async fn prepare(settings: &Settings) -> Result<(Engine, CurrentImage, SandboxLimits), RunnerError> {
    let sandboxes = settings.permits + settings.pool_size;
    if usize::try_from(settings.uid_count).is_ok_and(|count| count < sandboxes) {
        return Err(RunnerError::TooFewUids(settings.uid_count, settings.permits, settings.pool_size));
    }
    let engine = Engine::connect(settings.docker_host.as_deref()).await.map_err(no_engine)?;
    let abilities = engine.abilities().await.map_err(no_engine)?;
    if let Some(runtime) = settings.runtime.as_ref().filter(|name| !abilities.runtimes.contains(name)) {
        return Err(RunnerError::NoRuntime(runtime.clone(), abilities.runtimes.join(", ")));
    }
    let image = match engine.image(&settings.image).await {
        Err(EngineError::Gone(_)) => return Err(RunnerError::NoImage(settings.image.clone())),
        image => CurrentImage::from(image?),
    };
    let limits = &settings.limits;
    Ok((
        engine,
        image,
        SandboxLimits {
            cpus: limits.cpus.min(f64::from(abilities.processors)), // more is refused
            cpu_seconds: limits.cpu_time.as_secs() + 1,
            memory_mb: limits.memory_mb,
            processes: limits.processes,
            work_mb: limits.work_mb,
            tmp_mb: limits.tmp_mb,
            inodes: limits.inodes,
        },
    ))
}

fn no_engine(error: EngineError) -> RunnerError {
    match error {
        EngineError::Unreachable(address, reason) if reason.to_lowercase().contains("permission denied") => {
            RunnerError::NotAllowed(address)
        }
        EngineError::Unreachable(address, reason) | EngineError::Address(address, reason) => {
            RunnerError::NoEngine { address, reason }
        }
        other => other.into(),
    }
}

/// Whether the runtime brings a kernel of its own.
pub(super) fn is_gvisor(settings: &Settings) -> bool {
    settings.runtime.as_deref().is_some_and(|runtime| runtime.starts_with("runsc"))
}
