//! The only reader of the environment and the command line: every setting, its default and its meaning.
//!
//! A value that cannot be used stops the start and is named. Secrets (a password in the Redis URL) are
//! never printed.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;

/// Source, arguments and stdin together: they go to a sandbox in one frame of 8 MiB.
const MAX_JOB_BYTES: usize = 7 * 1024 * 1024;

/// Paste code, get a random URL, press Run, watch a container run it live, send the link.
#[derive(Debug, Parser)]
#[command(name = "codecube", version, arg_required_else_help = false, subcommand_negates_reqs = true)]
#[command(after_help = "Options can also be given as the environment variables shown beside them.")]
pub struct CommandLine {
    /// What to do; `serve` with its defaults when nothing is said.
    #[command(subcommand)]
    pub role: Option<Role>,
}

/// The roles of the one executable.
#[derive(Debug, Clone, Subcommand)]
pub enum Role {
    /// Web pages and one runner: all that a single machine needs.
    Serve(ServeOptions),
    /// Web pages only; runners elsewhere meet it in Redis.
    Web(WebOptions),
    /// A runner only: takes runs from Redis and executes them in containers of this machine's Docker Engine.
    Runner(RunnerRoleOptions),
    /// Tries this host's sandbox with hostile programs, and says which promises hold; exit status 1 when one does
    /// not.
    #[command(mut_arg("log", |log| log.default_value("error")))]
    Doctor(DoctorOptions),
}

impl Role {
    /// How this role logs.
    #[must_use]
    pub fn log(&self) -> &LogOptions {
        match self {
            Self::Serve(options) => &options.log,
            Self::Web(options) => &options.log,
            Self::Runner(options) => &options.log,
            Self::Doctor(options) => &options.log,
        }
    }

    /// When this role ends.
    #[must_use]
    pub fn life(&self) -> &LifeOptions {
        match self {
            Self::Serve(options) => &options.life,
            Self::Web(options) => &options.life,
            Self::Runner(options) => &options.life,
            Self::Doctor(options) => &options.life,
        }
    }
}

impl CommandLine {
    /// The role that was asked for; `serve` by default.
    #[must_use]
    pub fn role(self) -> Role {
        self.role.unwrap_or_else(|| {
            let serve = Self::parse_from(["codecube", "serve"]).role;
            serve.expect("“codecube serve” is a complete command line")
        })
    }
}

/// `codecube serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeOptions {
    /// Storage.
    #[command(flatten)]
    pub storage: StorageOptions,
    /// Pages.
    #[command(flatten)]
    pub page: PageOptions,
    /// The queue.
    #[command(flatten)]
    pub queue: QueueOptions,
    /// Runs.
    #[command(flatten)]
    pub runner: RunnerOptions,
    /// Logs.
    #[command(flatten)]
    pub log: LogOptions,
    /// Its end.
    #[command(flatten)]
    pub life: LifeOptions,
}

/// `codecube web`.
#[derive(Debug, Clone, Args)]
pub struct WebOptions {
    /// Storage.
    #[command(flatten)]
    pub storage: StorageOptions,
    /// Pages.
    #[command(flatten)]
    pub page: PageOptions,
    /// The queue.
    #[command(flatten)]
    pub queue: QueueOptions,
    /// Logs.
    #[command(flatten)]
    pub log: LogOptions,
    /// Its end.
    #[command(flatten)]
    pub life: LifeOptions,
}

/// `codecube runner`.
#[derive(Debug, Clone, Args)]
pub struct RunnerRoleOptions {
    /// Storage.
    #[command(flatten)]
    pub storage: StorageOptions,
    /// Runs.
    #[command(flatten)]
    pub runner: RunnerOptions,
    /// Logs.
    #[command(flatten)]
    pub log: LogOptions,
    /// Its end.
    #[command(flatten)]
    pub life: LifeOptions,
}

/// `codecube doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorOptions {
    /// Only the program with this name; may be given more than once.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Name the programs and what each tries, and run none.
    #[arg(long)]
    pub list: bool,
    /// Print one JSON document instead of the table.
    #[arg(long)]
    pub json: bool,
    /// Runs. Wall time and memory are each program's own.
    #[command(flatten)]
    pub runner: RunnerOptions,
    /// Logs.
    #[command(flatten)]
    pub log: LogOptions,
    /// Its end.
    #[command(flatten)]
    pub life: LifeOptions,
}

/// When a role ends.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logs")]
pub struct LifeOptions {
    /// End in order when standard input is closed: for a program that starts this one and may die itself
    /// (`serve` starts its runner so).
    #[arg(long)]
    pub until_stdin_closes: bool,
}

/// Where things are kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Storage")]
pub struct StorageOptions {
    /// Redis to use, e.g. `rediss://user:password@host:6379/0` or `redis+unix:///run/redis.sock`. Without it
    /// `serve` starts a private redis-server in the data directory.
    #[arg(long, env = "CODECUBE_REDIS_URL", hide_env_values = true, value_name = "URL")]
    pub redis_url: Option<String>,
    /// Directory of the private redis-server: everything saved is in it. Back it up.
    #[arg(long, env = "CODECUBE_DATA_DIR", default_value = "./data", value_name = "DIR")]
    pub data_dir: PathBuf,
}

/// How the pages are served.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Pages")]
pub struct PageOptions {
    /// Address and port to listen on; port 0 takes a free one and prints it.
    #[arg(long, env = "CODECUBE_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// The URL under which visitors see this server, e.g. `https://code.example.org`. Needed behind a proxy:
    /// requests that change something must come from this origin, and https makes cookies `Secure`.
    #[arg(long, env = "CODECUBE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Threads that answer requests; 0 takes one for each CPU.
    #[arg(long, env = "CODECUBE_WEB_WORKERS", default_value_t = 0, value_name = "NUMBER")]
    pub web_workers: usize,
    /// Greatest size of all files of a snippet together, bytes.
    #[arg(long, env = "CODECUBE_MAX_SOURCE_BYTES", default_value_t = 262_144, value_name = "BYTES")]
    pub max_source_bytes: usize,
    /// Greatest number of files of a snippet.
    #[arg(long, env = "CODECUBE_MAX_FILES", default_value_t = 32, value_name = "NUMBER")]
    pub max_files: usize,
    /// Greatest size of a program's arguments together, bytes.
    #[arg(long, env = "CODECUBE_MAX_ARGUMENT_BYTES", default_value_t = 16_384, value_name = "BYTES")]
    pub max_argument_bytes: usize,
    /// Greatest size of the input given up front, and of what is typed during one run, bytes.
    #[arg(long, env = "CODECUBE_MAX_STDIN_BYTES", default_value_t = 1_048_576, value_name = "BYTES")]
    pub max_stdin_bytes: usize,
    /// How often one visitor may ask.
    #[command(flatten)]
    pub rates: RateOptions,
}

/// How often one visitor may ask. A visitor is an IPv4 address or an IPv6 network of 64 bits; each number may also
/// be used up at once.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Rates")]
pub struct RateOptions {
    /// Proxies in front of this server, addresses or networks with commas between: only these are believed when they
    /// say in X-Forwarded-For and X-Forwarded-Proto whose request they pass on.
    #[arg(long, env = "CODECUBE_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network, value_name = "NETWORKS")]
    pub trusted_proxies: Vec<IpNet>,
    /// Runs of one visitor in a minute; 0 for any number.
    #[arg(long, env = "CODECUBE_RUNS_PER_MINUTE", default_value_t = 120, value_name = "NUMBER")]
    pub runs_per_minute: u32,
    /// Saves and other changes of one visitor in a minute; 0 for any number.
    #[arg(long, env = "CODECUBE_CHANGES_PER_MINUTE", default_value_t = 240, value_name = "NUMBER")]
    pub changes_per_minute: u32,
    /// Addresses that one visitor may try in vain in a minute; 0 for any number.
    #[arg(long, env = "CODECUBE_MISSES_PER_MINUTE", default_value_t = 120, value_name = "NUMBER")]
    pub misses_per_minute: u32,
    /// Pages that one visitor may connect in a minute; 0 for any number.
    #[arg(long, env = "CODECUBE_SOCKETS_PER_MINUTE", default_value_t = 240, value_name = "NUMBER")]
    pub sockets_per_minute: u32,
}

/// A network, or the one of a single address.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| address()).map_err(|_| "not an address or a network such as 10.0.0.0/8".to_owned())
}

/// How many runs may wait.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Queue")]
pub struct QueueOptions {
    /// Runs that may wait at once; more are refused with 503.
    #[arg(long, env = "CODECUBE_QUEUE_LIMIT", default_value_t = 128, value_name = "NUMBER")]
    pub queue_limit: usize,
    /// Waiting and running runs that one visitor may have at once.
    #[arg(long, env = "CODECUBE_RUNS_PER_VISITOR", default_value_t = 6, value_name = "NUMBER")]
    pub runs_per_visitor: usize,
}

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
    /// Wall time of a run, seconds.
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

/// What is logged and how.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logs")]
pub struct LogOptions {
    /// What is logged: `error`, `warn`, `info`, `debug`, or a filter such as `codecube::runner=debug,info`.
    #[arg(long, env = "CODECUBE_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
    /// Text for people or JSON for programs, on standard error.
    #[arg(long, env = "CODECUBE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub log_format: LogFormat,
}

impl LogOptions {
    /// The same settings as environment variables.
    #[must_use]
    pub fn as_environment(&self) -> Vec<(&'static str, String)> {
        let format = match self.log_format {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        };
        vec![("CODECUBE_LOG", self.log.clone()), ("CODECUBE_LOG_FORMAT", format.to_owned())]
    }
}

/// Form of the log's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A setting that parses but cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{name} is {value}, but {reason}")]
pub struct BadSetting {
    name: &'static str,
    value: String,
    reason: &'static str,
}

impl PageOptions {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn check(&self) -> Result<(), BadSetting> {
        let job = self.max_source_bytes.saturating_add(self.max_stdin_bytes).saturating_add(self.max_argument_bytes);
        if job > MAX_JOB_BYTES {
            let reason = "with stdin and arguments it may be 7 MiB at most, which is what a sandbox takes";
            return Err(BadSetting { name: "--max-source-bytes", value: self.max_source_bytes.to_string(), reason });
        }
        let Some(url) = &self.public_url else {
            return Ok(());
        };
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let host = rest.map(|rest| rest.trim_end_matches('/'));
        if host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' '])) {
            return Ok(());
        }
        let reason = "it must be scheme and host, such as https://code.example.org, and nothing more";
        Err(BadSetting { name: "--public-url", value: url.clone(), reason })
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        CommandLine::command().debug_assert();
    }

    #[test]
    fn a_runner_started_as_a_child_gets_every_setting() {
        use clap::CommandFactory;
        let command = CommandLine::command();
        let runner = command.find_subcommand("runner").unwrap();
        let expected = runner.get_arguments().filter(|argument| argument.get_help_heading() == Some("Runs"));
        let Role::Serve(serve) = CommandLine::parse_from([
            "codecube",
            "serve",
            "--docker-host=unix:///x",
            "--runtime=runsc",
            "--runner-name=a",
            "--total-memory-mb=2048",
            "--total-cpus=1.5",
            "--cgroup-parent=a.slice",
            "--disk-quota-mb=640",
        ])
        .role() else {
            unreachable!()
        };
        let given = serve.runner.as_environment();
        for argument in expected {
            let name = argument.get_env().unwrap().to_str().unwrap();
            assert!(given.iter().any(|(variable, _)| *variable == name), "{name} is not passed on");
        }
    }
}
