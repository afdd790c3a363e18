//! Runner: takes runs from the queue and executes them in sandboxes. Meets the web in Redis only, through
//! `runs`.
//!
//! - `intake` takes entries, `execute` performs one run: `job` and `talk` go in, `watch` and `journal` come out
//! - `pool`, `demand`, `keeper`, `slots`, `budget`, `sandbox`: containers, from before they start until they are gone
//! - `docker` (the only file that knows bollard) and `configuration` (what a container is)
//! - `health`, `housekeeping`, `reaper`: what happens on a timer
//! - `inspection`: what an Engine says about itself, for whoever examines a host

mod broken;
mod budget;
mod configuration;
mod demand;
mod docker;
mod execute;
mod health;
mod housekeeping;
pub mod inspection;
mod intake;
mod job;
mod journal;
mod keeper;
mod masks;
mod outcome;
mod output;
mod pool;
mod reaper;
mod sandbox;
mod setup;
mod slots;
mod talk;
mod traffic;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::languages::{LanguageId, Languages};
use crate::protocol::ToAgent;
pub use crate::runner::docker::EngineError;
use crate::runner::execute::Context;
use crate::runner::health::Health;
use crate::runner::keeper::Stops;
use crate::runner::pool::{Mould, Pool};
use crate::runner::setup::Prepared;
use crate::runner::slots::Slots;
use crate::runner::traffic::Traffic;
use crate::runs::feed::Feed;
use crate::runs::queue::Queue;
use crate::runs::request::ALPHABET;
use crate::runs::store::Runs;

/// How one runner is set up.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The name that people see; the same after a restart, so that what an earlier life left is found at once.
    pub name: String,
    /// Address of the Docker Engine; without one it is found as the `docker` command finds it.
    pub docker_host: Option<String>,
    /// Name of the image that sandboxes are made of.
    pub image: String,
    /// The container runtime (`runsc` for gVisor); without one the Engine's own.
    pub runtime: Option<String>,
    /// Runs at once.
    pub permits: usize,
    /// Sandboxes that wait, ready.
    pub pool_size: usize,
    /// The language whose interpreter waits in them, already started; none for `None`.
    pub prestart: Option<LanguageId>,
    /// Limits of a run.
    pub limits: Limits,
    /// Limits of all sandboxes together.
    pub together: Together,
    /// How long a run stays this runner's without a sign of life.
    pub lease: Duration,
    /// How long runs may go on after the stop.
    pub drain: Duration,
    /// The queue's shard.
    pub shard: u16,
    /// First uid of sandboxes.
    pub uid_base: u32,
    /// Number of uids for sandboxes.
    pub uid_count: u32,
    /// Whether our own system call filter is used; gVisor has its own and ignores it.
    pub seccomp: bool,
    /// MiB that a run may write to the host's disk, below `/var/tmp`; nothing without one.
    pub disk_quota_mb: Option<u64>,
}

/// Limits of a run; a language may have other memory, processes and compile time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Processors.
    pub cpus: f64,
    /// CPU time of one stage.
    pub cpu_time: Duration,
    /// Wall time of the run stage.
    pub wall_time: Duration,
    /// Wall time of the compile stage.
    pub compile_wall_time: Duration,
    /// Memory, MiB; the disks below are part of it.
    pub memory_mb: u64,
    /// Processes and threads.
    pub processes: i64,
    /// Size of `/code`, MiB.
    pub work_mb: u64,
    /// Size of `/tmp`, MiB.
    pub tmp_mb: u64,
    /// Files in each of them.
    pub inodes: u64,
    /// Output of all stages together, bytes.
    pub output_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            cpus: 1.0,
            cpu_time: Duration::from_secs(10),
            wall_time: Duration::from_mins(1),
            compile_wall_time: Duration::from_secs(30),
            memory_mb: 512,
            processes: 128,
            work_mb: 64,
            tmp_mb: 64,
            inodes: 8192,
            output_bytes: 1024 * 1024,
        }
    }
}

/// Limits of all sandboxes of a runner together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Together {
    /// Memory, MiB; without one three quarters of the Engine's.
    pub memory_mb: Option<u64>,
    /// Processors; without a number only each run is limited.
    pub cpus: Option<f64>,
    /// Control group that the Engine puts sandboxes into.
    pub cgroup_parent: Option<String>,
}

/// Why a runner cannot start, or did not end cleanly.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// Nobody answers.
    #[error(
        "no Docker Engine answers at {address} ({reason}): start it with `systemctl start docker`, \
         or name another one with DOCKER_HOST"
    )]
    NoEngine {
        /// Where.
        address: String,
        /// What the system says.
        reason: String,
    },
    /// The socket is there, but not for us.
    #[error(
        "the Docker Engine at {0} does not let this user in: add the user to its group with \
         `usermod -aG docker $USER` and log in again"
    )]
    NotAllowed(String),
    /// The image is not there.
    #[error("the image {0} is missing: build it with `images/build`")]
    NoImage(String),
    /// The Engine does not know the runtime.
    #[error("the Docker Engine has no runtime called {0}, only: {1}")]
    NoRuntime(String, String),
    /// The Engine cannot limit what is written to disk.
    #[error(
        "--disk-quota-mb needs an Engine that can limit a container's disk (overlay2 on an xfs mounted with pquota), \
         and this one says: {0}"
    )]
    NoDiskQuota(String),
    /// The language's interpreter cannot wait for its program.
    #[error(
        "--prestart {0}: only a language with `prestart = true` in its language.toml can be started early, or none"
    )]
    NoPrestart(LanguageId),
    /// The settings contradict each other.
    #[error("{0} uids are too few for {1} runs at once and {2} sandboxes that wait")]
    TooFewUids(u32, usize, usize),
    /// Not even one run has room.
    #[error(
        "one run and {pool} waiting sandboxes do not fit into {room}: raise \
         --total-memory-mb or --total-cpus, or lower --memory-mb, --cpus or --pool-size"
    )]
    TooLittleTogether {
        /// What all sandboxes may take, in words.
        room: String,
        /// Sandboxes that wait.
        pool: usize,
    },
    /// The Engine's driver wants another form of name.
    #[error("--cgroup-parent is {0}, but this Engine names control groups like {1}")]
    BadParent(String, &'static str),
    /// The Engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// Some containers could not be removed.
    #[error("some sandboxes are left: the Docker Engine did not remove them in time")]
    Left,
}

/// Checks that a runner with these settings can start: the Engine answers, image and runtime are there.
///
/// # Errors
/// What is missing, and the command that helps.
pub async fn check(settings: &Settings) -> Result<(), RunnerError> {
    setup::prepare(settings).await.map(drop)
}

/// Executes runs until `stop`, and through everything that Redis and the Engine may do meanwhile.
/// Then it takes no more, gives the running ones [`Settings::drain`], and removes every sandbox.
///
/// # Errors
/// As [`check`] at the start; at the end, when not every sandbox could be removed.
pub async fn run(
    runs: Runs,
    feed: Feed,
    languages: Arc<Languages>,
    settings: Settings,
    stop: CancellationToken,
) -> Result<(), RunnerError> {
    let Prepared { engine, image, limits: sandbox_limits, gvisor, remapped, budget, permits } =
        setup::prepare(&settings).await?;
    tracing::info!(engine = engine.address(), image = image.id, "sandboxes are made here");
    let runner = format!("{}-{}", settings.name, nanoid::nanoid!(10, &ALPHABET));
    let make_queue = || Queue::new(runs.clone(), settings.shard, runner.clone(), settings.lease);
    let traffic = Arc::new(Traffic::default());
    let sandboxes = permits + settings.pool_size;
    let health = Arc::new(Health::new(engine.clone(), settings.image.clone(), image, sandboxes));
    let slots = Slots::new(sandboxes, settings.uid_base, settings.uid_count);
    let mould = Mould {
        limits: sandbox_limits,
        runtime: settings.runtime.clone(),
        gvisor,
        seccomp: settings.seccomp,
        remapped,
        disk_quota_mb: settings.disk_quota_mb,
        cgroup_parent: settings.together.cgroup_parent.clone(),
        runner: runner.clone(),
        name: settings.name.clone(),
        prestart: prestart(&languages, settings.prestart.as_ref())?,
    };
    let context = Arc::new(Context {
        runs: runs.clone(),
        claims: make_queue().claims(),
        languages,
        limits: settings.limits,
        sandbox_limits,
        name: settings.name.clone(),
        runner: runner.clone(),
        lease: settings.lease,
        pool: Arc::new(Pool::new(engine, health.clone(), (slots, budget), settings.pool_size, mould)),
        health,
        traffic,
        beginnings: Arc::new(Semaphore::new(2 * processors())),
        stop,
        leaving: CancellationToken::new(),
    });
    reaper::clear_earlier_life(&context).await?;
    live(&context, &feed, (permits, settings.drain), make_queue).await
}

type Early = (LanguageId, ToAgent);

fn prestart(languages: &Languages, wanted: Option<&LanguageId>) -> Result<Option<Early>, RunnerError> {
    let Some(wanted) = wanted else { return Ok(None) };
    match languages.get(wanted).and_then(job::prestart) {
        Some(prestart) => Ok(Some((wanted.clone(), ToAgent::Prestart(prestart)))),
        None => Err(RunnerError::NoPrestart(wanted.clone())),
    }
}

/// From the first claim until nothing is left.
async fn live(
    context: &Arc<Context>,
    feed: &Feed,
    (permits, drain): (usize, Duration),
    make_queue: impl Fn() -> Queue,
) -> Result<(), RunnerError> {
    let end = CancellationToken::new();
    let (found, take_over) = mpsc::channel(4);
    let mut chores = JoinSet::new();
    spawn_chores(&mut chores, context, permits, &end);
    let (sweeper, stop) = (context.clone(), end.clone());
    chores.spawn(async move { housekeeping::keep_leases(&sweeper, found, stop).await });
    let (listener, controls, stop) = (context.clone(), feed.follow_controls(&context.runner), end.clone());
    chores.spawn(async move { housekeeping::pass_on(&listener, controls, stop).await });
    let leaver = context.clone();
    chores.spawn(async move { drain_after_stop(&leaver, drain).await });
    let stops = Stops { filling: context.stop.clone(), all: CancellationToken::new() };
    let keeper = tokio::spawn(keeper::keep(context.pool.clone(), context.traffic.clone(), stops.clone()));

    let is_nothing_left = intake::take_runs(context, make_queue, take_over, permits).await;
    stops.all.cancel();
    let is_clean = keeper.await.unwrap_or(false);
    end.cancel();
    while chores.join_next().await.is_some() {}
    say_goodbye(context, is_nothing_left).await;
    let left = reaper::clear_own(context).await;
    if is_clean && left.is_ok() { Ok(()) } else { Err(RunnerError::Left) }
}

fn spawn_chores(chores: &mut JoinSet<()>, context: &Arc<Context>, permits: usize, end: &CancellationToken) {
    let (watched, stop) = (context.clone(), end.clone());
    chores.spawn(async move { watched.health.watch(stop).await });
    let (reported, stop) = (context.clone(), end.clone());
    chores.spawn(async move { housekeeping::report(&reported, permits, stop).await });
    let (told, stop) = (context.clone(), end.clone());
    chores.spawn(async move { housekeeping::tell_positions(&told, permits, stop).await });
    let (reaped, stop) = (context.clone(), end.clone());
    chores.spawn(async move { reaper::reap(&reaped, stop).await });
}

async fn drain_after_stop(context: &Context, drain: Duration) {
    context.stop.cancelled().await;
    tokio::time::sleep(drain).await;
    context.leaving.cancel();
}

/// Takes this runner off the lists. Its name stays in the queue's group while an entry is in it: the entry
/// would be lost with the name.
async fn say_goodbye(context: &Context, is_nothing_left: bool) {
    if let Err(error) = context.runs.retire_runner(&context.runner).await {
        tracing::warn!(%error, "this runner stays on the list until its report is old");
    }
    if is_nothing_left && let Err(error) = context.claims.leave().await {
        tracing::warn!(%error, "this runner's name stays in the queue's group");
    }
}

/// Processors of this machine.
fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
