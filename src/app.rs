//! App: the only file that knows every part. It builds them, binds, and ends them in order.

use std::net::TcpListener;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::Role;
use crate::config::page::PageOptions;
use crate::config::queue::QueueOptions;
use crate::config::roles::{DoctorOptions, RunnerRoleOptions, ServeOptions, SnippetAction, SnippetOptions, WebOptions};
use crate::config::runner::RunnerOptions;
use crate::config::storage::StorageOptions;
use crate::db::Db;
use crate::db::embedded::Embedded;
use crate::doctor;
use crate::doctor::corpus::Corpus;
use crate::doctor::report::{Report, Table};
use crate::languages::{LanguageId, Languages};
use crate::operator::Operator;
use crate::program::ProgramLimits;
use crate::runner;
use crate::runs::feed::Feed;
use crate::runs::store::{QueueLimits, Runs};
use crate::snippets::key::SnippetKey;
use crate::snippets::store::Snippets;
use crate::web;
use crate::web::state::{Parts, State};

/// Exit status of a runner that lacks something which only a person can put right (`EX_CONFIG`).
const EXIT_SET_UP: u8 = 78;
/// Pause before a runner that died is started again.
const RUNNER_RESTART_PAUSE: Duration = Duration::from_secs(1);
/// What a runner needs to end its sandboxes after its runs had their time.
const RUNNER_STOP_MARGIN: Duration = Duration::from_secs(25);

/// Runs this role until `stop`, and ends its parts in order.
///
/// # Errors
/// When a part cannot start; the text says what a person can do.
pub async fn run(role: Role, stop: CancellationToken) -> Result<()> {
    if role.life().until_stdin_closes {
        cancel_at_end_of_stdin(stop.clone());
    }
    match role {
        Role::Serve(options) => serve(options, stop).await,
        Role::Web(options) => web_only(options, stop).await,
        Role::Runner(options) => runner_only(options, stop).await,
        Role::Doctor(options) => examine(options, stop).await,
        Role::Snippet(options) => operate(options).await,
    }
}

/// The exit status that tells `serve` what became of its runner.
#[must_use]
pub fn exit_status(error: &anyhow::Error) -> u8 {
    if error.is::<runner::RunnerError>() { EXIT_SET_UP } else { 1 }
}

async fn serve(options: ServeOptions, stop: CancellationToken) -> Result<()> {
    options.runner.check()?;
    options.page.check()?;
    let listener = bind(&options.page)?;
    let storage = Storage::open(&options.storage).await?;
    let pages = Pages::start(&options.page, &options.queue, &storage, listener).await?;
    let runner_stop = CancellationToken::new();
    let mut runner = tokio::spawn(keep_runner(
        options.runner.clone(),
        child_environment(&options, &storage.url),
        runner_stop.clone(),
    ));
    announce(&pages.address)?;
    let failure = tokio::select! {
        () = stop.cancelled() => None,
        ended = &mut runner => Some(ended.context("the task that keeps the runner has failed")),
    };
    tracing::info!("ending: no more runs are taken; those that run get their time");
    pages.drain();
    let failed = match failure {
        Some(ended) => ended.and_then(|kept| kept),
        None => {
            runner_stop.cancel();
            runner.await.context("the task that keeps the runner has failed").and_then(|kept| kept)
        }
    };
    pages.stop().await;
    storage.close().await;
    failed
}

async fn web_only(options: WebOptions, stop: CancellationToken) -> Result<()> {
    options.page.check()?;
    let listener = bind(&options.page)?;
    let storage = Storage::open(&options.storage).await?;
    let pages = Pages::start(&options.page, &options.queue, &storage, listener).await?;
    announce(&pages.address)?;
    stop.cancelled().await;
    pages.drain();
    pages.stop().await;
    storage.close().await;
    Ok(())
}

async fn runner_only(options: RunnerRoleOptions, stop: CancellationToken) -> Result<()> {
    options.runner.check()?;
    let Some(url) = options.storage.redis_url.as_deref() else {
        bail!("a runner meets the web in Redis: name it with --redis-url or CODECUBE_REDIS_URL");
    };
    let settings = runner_settings(&options.runner);
    runner::check(&settings).await?;
    let db = connect(url).await?;
    let feed_stop = CancellationToken::new();
    let (feed, feeding) = Feed::start(db.clone(), feed_stop.clone());
    let runs = Runs::new(db, QueueLimits::default());
    let languages = Arc::new(Languages::load()?);
    let ended = runner::run(runs, feed, languages, settings, stop).await;
    feed_stop.cancel();
    feeding.await.context("the feed's task has failed")?;
    Ok(ended?)
}

/// Tries the runner that these options make, on storage of its own, and tells what was found.
async fn examine(options: DoctorOptions, stop: CancellationToken) -> Result<()> {
    let mut out = std::io::stdout();
    if options.list {
        return Ok(Corpus::load()?.list(&mut out)?);
    }
    options.runner.check()?;
    runner::check(&runner_settings(&options.runner)).await?;
    let folder = std::env::temp_dir().join(format!("codecube-doctor-{}", std::process::id()));
    let storage = Storage::open(&StorageOptions { redis_url: None, data_dir: folder.clone() }).await?;
    let report = examine_with(&options, &storage, stop).await;
    storage.close().await;
    std::fs::remove_dir_all(&folder).context("the doctor's own storage cannot be removed")?;
    let report = report?;
    if options.json {
        serde_json::to_writer_pretty(&mut out, &report)?;
    } else {
        report.write_end(&mut out)?;
    }
    anyhow::ensure!(report.failed() == 0, "{} promises are not kept on this host", report.failed());
    Ok(())
}

async fn examine_with(options: &DoctorOptions, storage: &Storage, stop: CancellationToken) -> Result<Report> {
    let feed_stop = CancellationToken::new();
    let (feed, feeding) = Feed::start(storage.db.clone(), feed_stop.clone());
    let limits = QueueLimits { per_visitor: usize::MAX >> 1, ..QueueLimits::default() };
    let host = doctor::Host {
        runs: Runs::new(storage.db.clone(), limits),
        feed,
        languages: Arc::new(Languages::load()?),
        settings: runner_settings(&options.runner),
    };
    let mut table = Table::new(std::io::stdout());
    let mut told = |row: &doctor::report::Row| {
        // A reader that went away misses the table; the exit status still tells.
        let _ = if options.json { Ok(()) } else { table.row(row) };
    };
    let report = doctor::examine(&host, &options.only, &mut told, stop).await;
    feed_stop.cancel();
    feeding.await.context("the feed's task has failed")?;
    Ok(report?)
}

/// Does what an operator asks for with one snippet. A server that runs on the same data keeps running.
async fn operate(mut options: SnippetOptions) -> Result<()> {
    let key = SnippetKey::parse(&options.key).context("that is no key: a key has 12 letters and digits")?;
    if options.storage.redis_url.is_none() {
        options.storage.redis_url = Embedded::running_in(&options.storage.data_dir);
    }
    let storage = Storage::open(&options.storage).await?;
    let operator = Operator {
        snippets: Snippets::new(storage.db.clone()),
        runs: Runs::new(storage.db.clone(), QueueLimits::default()),
    };
    let mut out = std::io::stdout();
    let done = match options.action {
        SnippetAction::Show => operator.show(&key, &mut out).await,
        SnippetAction::Delete => operator.delete(&key, &mut out).await,
    };
    storage.close().await;
    Ok(done?)
}

fn bind(page: &PageOptions) -> Result<TcpListener> {
    TcpListener::bind(page.listen)
        .with_context(|| format!("cannot listen on {}; choose another address with --listen", page.listen))
}

async fn connect(url: &str) -> Result<Db> {
    let db = Db::connect(url)
        .await
        .context("no Redis answers there; check --redis-url (CODECUBE_REDIS_URL) and that it runs")?;
    if let Some(policy) = db.eviction().await? {
        tracing::warn!(
            "this Redis throws snippets away when its memory is full (maxmemory-policy {policy}); set it to noeviction"
        );
    }
    Ok(db)
}

/// Tells on standard output where the pages are, for people and for programs that chose port 0.
fn announce(address: &str) -> Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout(), "CodeCube is at http://{address}/").context("standard output is closed")
}

/// Redis, ours or somebody's.
struct Storage {
    url: String,
    db: Db,
    embedded: Option<(JoinHandle<()>, CancellationToken)>,
}

impl Storage {
    async fn open(options: &StorageOptions) -> Result<Self> {
        if let Some(url) = &options.redis_url {
            return Ok(Self { url: url.clone(), db: connect(url).await?, embedded: None });
        }
        let embedded = Embedded::start(&options.data_dir).await?;
        let url = embedded.url();
        let stop = CancellationToken::new();
        let supervising = tokio::spawn(embedded.supervise(stop.clone()));
        Ok(Self { db: connect(&url).await?, url, embedded: Some((supervising, stop)) })
    }

    async fn close(self) {
        if let Some((supervising, stop)) = self.embedded {
            stop.cancel();
            if let Err(error) = supervising.await {
                tracing::error!(error = %error, "the task that keeps redis-server has failed");
            }
        }
    }
}

/// The pages and what they stand on.
struct Pages {
    address: String,
    state: State,
    handle: actix_web::dev::ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
    background: [JoinHandle<()>; 2],
    stop: CancellationToken,
}

impl Pages {
    async fn start(page: &PageOptions, queue: &QueueOptions, storage: &Storage, listener: TcpListener) -> Result<Self> {
        let address = listener.local_addr()?.to_string();
        let stop = CancellationToken::new();
        let (feed, feeding) = Feed::start(storage.db.clone(), stop.clone());
        let limits = QueueLimits {
            waiting: queue.queue_limit,
            per_visitor: queue.runs_per_visitor,
            input_bytes: page.max_stdin_bytes,
        };
        let parts = Parts {
            runs: Runs::new(storage.db.clone(), limits),
            feed,
            snippets: Snippets::new(storage.db.clone()),
            languages: Arc::new(Languages::load()?),
        };
        let snippets = parts.snippets.clone();
        let (state, watching) = State::start(parts, web_settings(page), stop.clone());
        list_older(snippets);
        let server = web::server::server(listener, state.clone(), workers(page))?;
        let handle = server.handle();
        Ok(Self { address, state, handle, serving: tokio::spawn(server), background: [feeding, watching], stop })
    }

    /// From here on no run is taken.
    fn drain(&self) {
        self.state.drain();
    }

    async fn stop(self) {
        self.stop.cancel();
        self.handle.stop(true).await;
        let mut in_order = self.serving.await.is_ok_and(|served| served.is_ok());
        self.state.viewers_gone().await;
        for task in self.background {
            in_order &= task.await.is_ok();
        }
        if !in_order {
            tracing::error!("a part of the web did not end in order");
        }
    }
}

/// In the background: nobody waits for it, and what fails is done by the next start.
fn list_older(snippets: Snippets) {
    tokio::spawn(async move {
        match snippets.list_older().await {
            Ok(0) => {}
            Ok(found) => tracing::info!("{found} snippets of before are on their owners' lists now"),
            Err(error) => tracing::warn!(error = ?error, "older snippets could not be put on their owners' lists"),
        }
    });
}

fn workers(page: &PageOptions) -> usize {
    match page.web_workers {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        number => number,
    }
}

fn web_settings(page: &PageOptions) -> web::settings::Settings {
    web::settings::Settings {
        public_url: page.public_url.clone(),
        loopback_only: page.listen.ip().is_loopback(),
        trusted_proxies: page.rates.trusted_proxies.clone(),
        rates: web::rates::RatesPerMinute {
            runs: page.rates.runs_per_minute,
            changes: page.rates.changes_per_minute,
            misses: page.rates.misses_per_minute,
            sockets: page.rates.sockets_per_minute,
            passwords: page.rates.passwords_per_minute,
        },
        sockets_per_visitor: page.rates.sockets_per_visitor,
        access: page
            .access
            .access_token
            .clone()
            .map(|token| web::settings::Access { token, reading: page.access.private_reading }),
        contact: page.access.abuse_contact.clone(),
        program_limits: ProgramLimits {
            source_bytes: page.max_source_bytes,
            files: page.max_files,
            argument_bytes: page.max_argument_bytes,
            stdin_bytes: page.max_stdin_bytes,
        },
    }
}

fn runner_settings(options: &RunnerOptions) -> runner::Settings {
    let host_name = || std::fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned());
    let name = options.runner_name.clone().or_else(|| host_name().ok());
    runner::Settings {
        name: name.unwrap_or_else(|| "runner".to_owned()),
        // Empty counts as not given, as for the docker command.
        docker_host: options.docker_host.clone().filter(|host| !host.is_empty()),
        image: options.image.clone(),
        runtime: options.runtime.clone(),
        permits: options.runs_at_once,
        pool_size: options.pool_size,
        prestart: Some(options.prestart.clone()).filter(|language| language != "none").map(LanguageId),
        limits: runner::Limits {
            cpus: options.cpus,
            cpu_time: Duration::from_secs(options.cpu_seconds),
            wall_time: Duration::from_secs(options.wall_seconds),
            compile_wall_time: Duration::from_secs(options.compile_seconds),
            memory_mb: options.memory_mb,
            processes: options.processes,
            work_mb: options.code_mb,
            tmp_mb: options.tmp_mb,
            inodes: options.inodes,
            output_bytes: options.output_bytes,
        },
        together: runner::Together {
            memory_mb: options.total_memory_mb,
            cpus: options.total_cpus,
            cgroup_parent: options.cgroup_parent.clone().filter(|parent| !parent.is_empty()),
        },
        lease: Duration::from_secs(options.lease_seconds),
        drain: Duration::from_secs(options.drain_seconds),
        shard: 0,
        uid_base: options.uid_base,
        uid_count: options.uid_count,
        // gVisor's own kernel ignores the profile.
        seccomp: true,
        disk_quota_mb: options.disk_quota_mb,
    }
}

/// Keeps one runner alive as a child process, so that the process which answers the web never opens the
/// Docker socket. An error means that it could not start at all.
async fn keep_runner(options: RunnerOptions, environment: Environment, stop: CancellationToken) -> Result<()> {
    let mut started_before = false;
    while !stop.is_cancelled() {
        let mut child = spawn_runner(&environment)?;
        // Taken out, because waiting for a child closes the stdin that is still in it.
        let lifeline = child.stdin.take();
        let ended = tokio::select! {
            ended = child.wait() => Some(ended?),
            () = stop.cancelled() => None,
        };
        let Some(status) = ended else {
            drop(lifeline);
            return end_runner(child, Duration::from_secs(options.drain_seconds)).await;
        };
        if !started_before && is_set_up_failure(status) {
            bail!("the runner could not start; its reason stands above");
        }
        started_before = true;
        tracing::error!(%status, "the runner has died; starting it again");
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(RUNNER_RESTART_PAUSE) => {}
        }
    }
    Ok(())
}

fn is_set_up_failure(status: ExitStatus) -> bool {
    status.code() == Some(i32::from(EXIT_SET_UP))
}

/// Environment variables of a child.
type Environment = Vec<(&'static str, String)>;

/// All settings of `serve` that its runner shares.
fn child_environment(options: &ServeOptions, redis_url: &str) -> Environment {
    let mut environment = options.runner.as_environment();
    environment.extend(options.log.as_environment());
    environment.push(("CODECUBE_REDIS_URL", redis_url.to_owned()));
    environment
}

fn spawn_runner(environment: &Environment) -> Result<Child> {
    let executable = std::env::current_exe().context("this program's own path is unknown")?;
    let mut command = Command::new(executable);
    command.args(["runner", "--until-stdin-closes"]).envs(environment.iter().cloned());
    command.stdin(Stdio::piped());
    // A group of its own: Ctrl+C in a terminal must reach it through us, in order.
    command.process_group(0).kill_on_drop(true);
    command.spawn().context("the runner could not be started")
}

async fn end_runner(mut child: Child, drain: Duration) -> Result<()> {
    if tokio::time::timeout(drain + RUNNER_STOP_MARGIN, child.wait()).await.is_err() {
        tracing::error!("the runner did not end in time and is killed");
        child.kill().await?;
    }
    Ok(())
}

/// A thread, because a read of standard input cannot be called off; it ends with the process.
fn cancel_at_end_of_stdin(stop: CancellationToken) {
    std::thread::spawn(move || {
        // Closed or broken: either way nobody is there any more.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        stop.cancel();
    });
}
