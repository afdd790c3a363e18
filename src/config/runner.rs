//! How runs are executed.

use clap::Args;

use crate::config::BadSetting;

/// The reaper takes an older sandbox for a leftover.
const LONGEST_WALL_SECONDS: u64 = 30 * 60;

/// How runs are executed.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Runs")]
pub struct RunnerOptions {
    /// Docker Engine to use; found as the docker command finds it when not given.
    #[arg(long, env = "DOCKER_HOST", value_name = "URL")]
    pub docker_host: Option<String>,
    /// Image that holds the languages; made by images/build.
    #[arg(long, env = "CODECUBE_IMAGE", default_value = "codecube-core", value_name = "IMAGE")]
    pub image: String,
    /// The Engine's runtime for sandboxes, e.g. `runsc` for gVisor; the Engine's default when not given.
    #[arg(long, env = "CODECUBE_RUNTIME", value_name = "NAME")]
    pub runtime: Option<String>,
    /// Name of this runner, as visitors see it; unique among the runners of one Engine.
    #[arg(long, env = "CODECUBE_RUNNER_NAME", value_name = "NAME")]
    pub runner_name: Option<String>,
    /// Runs executed at once.
    #[arg(long, env = "CODECUBE_RUNS_AT_ONCE", default_value_t = 16, value_name = "NUMBER")]
    pub runs_at_once: usize,
    /// Sandboxes that are kept ready; each takes a few MB.
    #[arg(long, env = "CODECUBE_POOL_SIZE", default_value_t = 6, value_name = "NUMBER")]
    pub pool_size: usize,
    /// Language whose interpreter is already started in them, or `none`. Its runs begin sooner; each sandbox takes some
    /// MB more.
    #[arg(long, env = "CODECUBE_PRESTART", default_value = "python", value_name = "LANGUAGE")]
    pub prestart: String,
    /// CPUs that one run may use.
    #[arg(long, env = "CODECUBE_CPUS", default_value_t = 1.0, value_name = "NUMBER")]
    pub cpus: f64,
    /// CPU time of one stage of a run, seconds.
    #[arg(long, env = "CODECUBE_CPU_SECONDS", default_value_t = 10, value_name = "SECONDS")]
    pub cpu_seconds: u64,
    /// Wall time of a run, seconds; 1800 at most.
    #[arg(long, env = "CODECUBE_WALL_SECONDS", default_value_t = 60, value_name = "SECONDS")]
    pub wall_seconds: u64,
    /// Wall time of the compile stage, seconds.
    #[arg(long, env = "CODECUBE_COMPILE_SECONDS", default_value_t = 30, value_name = "SECONDS")]
    pub compile_seconds: u64,
    /// Memory of a run, MiB; files that it writes count too.
    #[arg(long, env = "CODECUBE_MEMORY_MB", default_value_t = 512, value_name = "MIB")]
    pub memory_mb: u64,
    /// Memory of all sandboxes of this runner together, MiB; three quarters of the Engine's when not given.
    #[arg(long, env = "CODECUBE_TOTAL_MEMORY_MB", value_name = "MIB")]
    pub total_memory_mb: Option<u64>,
    /// CPUs of all runs of this runner together: more wait. When not given each run is limited, not their sum.
    #[arg(long, env = "CODECUBE_TOTAL_CPUS", value_name = "NUMBER")]
    pub total_cpus: Option<f64>,
    /// Control group of the Engine's machine for all sandboxes, such as `codecube.slice`: what limits it, limits them
    /// together.
    #[arg(long, env = "CODECUBE_CGROUP_PARENT", value_name = "NAME")]
    pub cgroup_parent: Option<String>,
    /// Processes and threads of a run together.
    #[arg(long, env = "CODECUBE_PROCESSES", default_value_t = 128, value_name = "NUMBER")]
    pub processes: i64,
    /// Size of the working directory, MiB.
    #[arg(long, env = "CODECUBE_CODE_MB", default_value_t = 64, value_name = "MIB")]
    pub code_mb: u64,
    /// Lets a run write this much to the host's disk, below /var/tmp, MiB; nothing when not given. Only for an Engine on
    /// an xfs with project quotas, see docs/SECURITY.md.
    #[arg(long, env = "CODECUBE_DISK_QUOTA_MB", value_name = "MIB")]
    pub disk_quota_mb: Option<u64>,
    /// Size of /tmp, MiB.
    #[arg(long, env = "CODECUBE_TMP_MB", default_value_t = 64, value_name = "MIB")]
    pub tmp_mb: u64,
    /// Files and folders in each of the two.
    #[arg(long, env = "CODECUBE_INODES", default_value_t = 8192, value_name = "NUMBER")]
    pub inodes: u64,
    /// Output of a run, bytes; then it is stopped.
    #[arg(long, env = "CODECUBE_OUTPUT_BYTES", default_value_t = 1_048_576, value_name = "BYTES")]
    pub output_bytes: u64,
    /// How long a runner may be silent until its runs count as lost, seconds.
    #[arg(long, env = "CODECUBE_LEASE_SECONDS", default_value_t = 15, value_name = "SECONDS")]
    pub lease_seconds: u64,
    /// How long running runs may go on when the server is asked to end, seconds.
    #[arg(long, env = "CODECUBE_DRAIN_SECONDS", default_value_t = 10, value_name = "SECONDS")]
    pub drain_seconds: u64,
    /// First numeric user id of sandboxes; each live one has its own.
    #[arg(long, env = "CODECUBE_UID_BASE", default_value_t = 20_000, value_name = "UID")]
    pub uid_base: u32,
    /// Number of user ids from there on.
    #[arg(long, env = "CODECUBE_UID_COUNT", default_value_t = 40_000, value_name = "NUMBER")]
    pub uid_count: u32,
}

impl RunnerOptions {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn check(&self) -> Result<(), BadSetting> {
        let bad = |name, value: String, reason| Err(BadSetting { name, value, reason });
        if self.runs_at_once == 0 {
            return bad("--runs-at-once", "0".into(), "at least one run must be possible");
        }
        if !(self.cpus > 0.0 && self.cpus.is_finite()) {
            return bad("--cpus", self.cpus.to_string(), "it must be a positive number");
        }
        if self.total_cpus.is_some_and(|cpus| !(cpus > 0.0 && cpus.is_finite())) {
            return bad("--total-cpus", format!("{:?}", self.total_cpus), "it must be a positive number");
        }
        if self.memory_mb < 16 {
            return bad("--memory-mb", self.memory_mb.to_string(), "no language runs in less than 16 MiB");
        }
        if self.processes < 8 {
            return bad("--processes", self.processes.to_string(), "no compiler runs with fewer than 8");
        }
        if self.uid_base == 0 || self.uid_count == 0 {
            return bad(
                "--uid-base/--uid-count",
                format!("{}/{}", self.uid_base, self.uid_count),
                "no program may be root",
            );
        }
        if self.uid_base.checked_add(self.uid_count).is_none_or(|end| end > 1 << 31) {
            return bad(
                "--uid-base",
                self.uid_base.to_string(),
                "base and count together go beyond the kernel's user ids",
            );
        }
        if self.code_mb == 0 || self.tmp_mb == 0 || self.inodes == 0 {
            return bad("--code-mb, --tmp-mb or --inodes", "0".into(), "that would mean without limit");
        }
        if self.lease_seconds < 3 {
            return bad("--lease-seconds", self.lease_seconds.to_string(), "a runner needs 3 seconds to renew it");
        }
        if self.wall_seconds > LONGEST_WALL_SECONDS {
            return bad("--wall-seconds", self.wall_seconds.to_string(), "1800, half an hour, is the most");
        }
        if self.wall_seconds == 0 || self.cpu_seconds == 0 || self.compile_seconds == 0 || self.output_bytes == 0 {
            return bad("a limit in seconds or bytes", "0".into(), "every run needs some");
        }
        Ok(())
    }

    /// The same settings as environment variables, for a runner that is started as a child.
    #[must_use]
    pub fn as_environment(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("CODECUBE_IMAGE", self.image.clone()),
            ("CODECUBE_RUNS_AT_ONCE", self.runs_at_once.to_string()),
            ("CODECUBE_POOL_SIZE", self.pool_size.to_string()),
            ("CODECUBE_PRESTART", self.prestart.clone()),
            ("CODECUBE_CPUS", self.cpus.to_string()),
            ("CODECUBE_CPU_SECONDS", self.cpu_seconds.to_string()),
            ("CODECUBE_WALL_SECONDS", self.wall_seconds.to_string()),
            ("CODECUBE_COMPILE_SECONDS", self.compile_seconds.to_string()),
            ("CODECUBE_MEMORY_MB", self.memory_mb.to_string()),
            ("CODECUBE_PROCESSES", self.processes.to_string()),
            ("CODECUBE_CODE_MB", self.code_mb.to_string()),
            ("CODECUBE_TMP_MB", self.tmp_mb.to_string()),
            ("CODECUBE_INODES", self.inodes.to_string()),
            ("CODECUBE_OUTPUT_BYTES", self.output_bytes.to_string()),
            ("CODECUBE_LEASE_SECONDS", self.lease_seconds.to_string()),
            ("CODECUBE_DRAIN_SECONDS", self.drain_seconds.to_string()),
            ("CODECUBE_UID_BASE", self.uid_base.to_string()),
            ("CODECUBE_UID_COUNT", self.uid_count.to_string()),
        ];
        let optional = [
            ("DOCKER_HOST", &self.docker_host),
            ("CODECUBE_RUNTIME", &self.runtime),
            ("CODECUBE_RUNNER_NAME", &self.runner_name),
            ("CODECUBE_TOTAL_MEMORY_MB", &self.total_memory_mb.map(|number| number.to_string())),
            ("CODECUBE_TOTAL_CPUS", &self.total_cpus.map(|number| number.to_string())),
            ("CODECUBE_CGROUP_PARENT", &self.cgroup_parent),
        ];
        variables.extend(self.disk_quota_mb.map(|mb| ("CODECUBE_DISK_QUOTA_MB", mb.to_string())));
        variables.extend(optional.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
        variables
    }
}
