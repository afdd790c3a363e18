//! Set-up: what must be there before a runner takes runs, and the words for what is not.

use crate::runner::budget::{Budget, Totals};
use crate::runner::configuration::{self, Blueprint, SandboxLimits};
use crate::runner::docker::{Abilities, Engine, EngineError};
use crate::runner::health::CurrentImage;
use crate::runner::slots::NAME_PREFIX;
use crate::runner::{RunnerError, Settings};
use crate::runs::request::ALPHABET;

/// All that was found out.
pub(super) struct Prepared {
    pub(super) engine: Engine,
    pub(super) image: CurrentImage,
    pub(super) limits: SandboxLimits,
    /// Whether sandboxes have gVisor's kernel.
    pub(super) gvisor: bool,
    /// Whether users in sandboxes are others outside.
    pub(super) remapped: bool,
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
    if let Some(runtime) = settings.runtime.as_ref().filter(|name| !abilities.runtimes.contains_key(*name)) {
        let known: Vec<_> = abilities.runtimes.into_keys().collect();
        return Err(RunnerError::NoRuntime(runtime.clone(), known.join(", ")));
    }
    check_parent(settings, &abilities)?;
    let image = match engine.image(&settings.image).await {
        Err(EngineError::Gone(_)) => return Err(RunnerError::NoImage(settings.image.clone())),
        image => CurrentImage::from(image?),
    };
    let limits = sandbox_limits(settings, &abilities);
    let (budget, permits) = budget(settings, &abilities, &limits)?;
    let gvisor = is_gvisor(settings.runtime.as_deref(), &abilities);
    let prepared = Prepared { engine, image, limits, gvisor, remapped: abilities.remapped, budget, permits };
    try_once(settings, &prepared).await?;
    Ok(prepared)
}

/// What all sandboxes may take, and how many runs at once fit into that.
fn budget(settings: &Settings, abilities: &Abilities, limits: &SandboxLimits) -> Result<(Budget, usize), RunnerError> {
    let totals = totals(settings, abilities);
    let budget = Budget::new(totals, settings.pool_size);
    let permits = settings.permits.min(budget.holds(limits));
    if permits == 0 {
        let cpus = totals.cpus.map_or_else(String::new, |cpus| format!(" and {cpus} processors"));
        let room = format!("{} MiB{cpus}", totals.memory_mb);
        return Err(RunnerError::TooLittleTogether { room, pool: settings.pool_size });
    }
    if permits < settings.permits {
        tracing::warn!(permits, wanted = settings.permits, ?totals, "fewer runs at once: more would not fit together");
    }
    Ok((budget, permits))
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
fn totals(settings: &Settings, abilities: &Abilities) -> Totals {
    let three_quarters = Some(abilities.memory_mb / 4 * 3).filter(|&memory_mb| memory_mb > 0);
    Totals {
        memory_mb: settings.together.memory_mb.or(three_quarters).unwrap_or(u64::from(u32::MAX)),
        cpus: settings.together.cpus,
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

/// Whether the runtime that sandboxes get, by its name or by the program behind it, is gVisor.
pub(super) fn is_gvisor(wanted: Option<&str>, abilities: &Abilities) -> bool {
    let name = wanted.unwrap_or(&abilities.default_runtime);
    let program = abilities.runtimes.get(name).map_or("", String::as_str);
    let is_its = |text: &str| text.contains("runsc") || text.contains("gvisor");
    is_its(name) || is_its(program)
}

/// Lets the Engine make a sandbox that is never started: it names every limit that it cannot keep.
async fn try_once(settings: &Settings, prepared: &Prepared) -> Result<(), RunnerError> {
    let blueprint = Blueprint {
        image: &prepared.image.id,
        uid: settings.uid_base,
        limits: prepared.limits,
        runtime: settings.runtime.as_deref(),
        gvisor: prepared.gvisor,
        seccomp: settings.seccomp,
        remapped: prepared.remapped,
        terminals: true,
        disk_quota_mb: settings.disk_quota_mb,
        cgroup_parent: settings.together.cgroup_parent.as_deref(),
        runner: "trial",
        name: &settings.name,
        created_seconds: 0,
    };
    let container = format!("{NAME_PREFIX}trial-{}", nanoid::nanoid!(10, &ALPHABET));
    let warnings = match prepared.engine.create(&container, configuration::container(&blueprint)).await {
        Err(EngineError::Refused(reason)) if settings.disk_quota_mb.is_some() && reason.contains("torage") => {
            return Err(RunnerError::NoDiskQuota(reason));
        }
        created => created?,
    };
    for warning in warnings {
        tracing::warn!(warning, "the Docker Engine cannot keep a limit of the sandboxes");
    }
    Ok(prepared.engine.remove_by_force(&container).await?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gvisor_is_known_by_its_name_its_program_or_as_the_engines_default() {
        let runtimes = [("runc", "runc"), ("strong", "/opt/bin/runsc"), ("runsc-kvm", "")];
        let abilities = |default: &str| Abilities {
            processors: 1,
            memory_mb: 0,
            cgroup_driver: String::new(),
            runtimes: runtimes.map(|(name, program)| (name.to_owned(), program.to_owned())).into(),
            default_runtime: default.to_owned(),
            remapped: false,
        };
        assert!(is_gvisor(Some("strong"), &abilities("runc")) && is_gvisor(Some("runsc-kvm"), &abilities("runc")));
        assert!(is_gvisor(None, &abilities("strong")) && !is_gvisor(None, &abilities("runc")));
        assert!(!is_gvisor(Some("runc"), &abilities("strong")));
    }
}
