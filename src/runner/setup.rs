//! Set-up: what must be there before a runner takes runs, and the words for what is not.

use crate::runner::budget::{Budget, Totals};
use crate::runner::configuration::SandboxLimits;
use crate::runner::docker::{Abilities, Engine, EngineError};
use crate::runner::health::CurrentImage;
use crate::runner::{RunnerError, Settings};

/// All that was found out.
pub(super) struct Prepared {
    pub(super) engine: Engine,
    pub(super) image: CurrentImage,
    pub(super) limits: SandboxLimits,
    pub(super) budget: Budget,
    /// Runs at once: as many as the settings want, or as the budget holds.
    pub(super) permits: usize,
}

/// Connects, and checks all that these settings need.
pub(super) async fn prepare(settings: &Settings) -> Result<Prepared, RunnerError> {
    let sandboxes = settings.permits + settings.pool_size;
    if usize::try_from(settings.uid_count).is_ok_and(|count| count < sandboxes) {
        return Err(RunnerError::TooFewUids(settings.uid_count, settings.permits, settings.pool_size));
    }
    let engine = Engine::connect(settings.docker_host.as_deref()).await.map_err(no_engine)?;
    let abilities = engine.abilities().await.map_err(no_engine)?;
    if let Some(runtime) = settings.runtime.as_ref().filter(|name| !abilities.runtimes.contains(name)) {
        return Err(RunnerError::NoRuntime(runtime.clone(), abilities.runtimes.join(", ")));
    }
    check_parent(settings, &abilities)?;
    let image = match engine.image(&settings.image).await {
        Err(EngineError::Gone(_)) => return Err(RunnerError::NoImage(settings.image.clone())),
        image => CurrentImage::from(image?),
    };
    let limits = sandbox_limits(settings, &abilities);
    let totals = totals(settings, &abilities, &limits);
    let budget = Budget::new(totals, settings.pool_size);
    let permits = settings.permits.min(budget.holds(&limits));
    if permits == 0 {
        let (Totals { memory_mb, cpus }, pool) = (totals, settings.pool_size);
        return Err(RunnerError::TooLittleTogether { memory_mb, cpus, pool });
    }
    if permits < settings.permits {
        tracing::warn!(permits, wanted = settings.permits, ?totals, "fewer runs at once: more would not fit together");
    }
    Ok(Prepared { engine, image, limits, budget, permits })
}

fn sandbox_limits(settings: &Settings, abilities: &Abilities) -> SandboxLimits {
    let limits = &settings.limits;
    SandboxLimits {
        cpus: limits.cpus.min(f64::from(abilities.processors)), // more is refused
        cpu_seconds: limits.cpu_time.as_secs() + 1,
        memory_mb: limits.memory_mb,
        processes: limits.processes,
        work_mb: limits.work_mb,
        tmp_mb: limits.tmp_mb,
        inodes: limits.inodes,
    }
}

/// What all sandboxes may take. An Engine that does not tell its memory limits nothing.
fn totals(settings: &Settings, abilities: &Abilities, limits: &SandboxLimits) -> Totals {
    let three_quarters = Some(abilities.memory_mb / 4 * 3).filter(|&memory_mb| memory_mb > 0);
    let runs = u32::try_from(settings.permits).unwrap_or(u32::MAX);
    Totals {
        memory_mb: settings.together.memory_mb.or(three_quarters).unwrap_or(u64::from(u32::MAX)),
        cpus: settings.together.cpus.unwrap_or(limits.cpus * f64::from(runs)),
    }
}

/// The two drivers refuse each other's names, at each start of a container; better at ours.
fn check_parent(settings: &Settings, abilities: &Abilities) -> Result<(), RunnerError> {
    let Some(parent) = &settings.together.cgroup_parent else { return Ok(()) };
    let is_slice = parent.ends_with(".slice");
    match abilities.cgroup_driver.as_str() {
        "systemd" if !is_slice => Err(RunnerError::BadParent(parent.clone(), "codecube.slice")),
        "cgroupfs" if is_slice => Err(RunnerError::BadParent(parent.clone(), "/codecube")),
        _ => Ok(()),
    }
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
