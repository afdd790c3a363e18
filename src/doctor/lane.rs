//! Lane: a real runner with one pair of limits, on a queue shard of its own, and runs on it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::doctor::corpus::Hostile;
use crate::doctor::{DoctorError, Host};
use crate::program::file::SourceFile;
use crate::program::{Draft, ProgramLimits};
use crate::runner::{self, RunnerError};
use crate::runs::event::{EventKind, LoggedEvent};
use crate::runs::feed::LogFollower;
use crate::runs::outcome::Finished;
use crate::runs::request::{Control, RunId, RunRequest, Terminal};

/// Wall time of compiling; enough for every honest program on a slow machine.
const COMPILE: Duration = Duration::from_secs(20);
/// What a run may take beside its own limits until the doctor gives it up.
const SLACK: Duration = Duration::from_secs(40);
/// Sandboxes that each lane keeps ready.
pub(super) const POOL: usize = 2;
/// The window of a program that runs on a terminal.
const TERMINAL: Terminal = Terminal { columns: 80, rows: 24 };
/// The name under which the doctor asks for runs.
const VISITOR: &str = "doctor";

/// What decides which lane a program is run on.
pub(super) type Limits = (Duration, u64);

/// One runner.
pub(super) struct Lane {
    /// Name of the runner: its containers carry it.
    pub(super) name: String,
    shard: u16,
    wall: Duration,
    stop: CancellationToken,
    running: JoinHandle<Result<(), RunnerError>>,
}

/// What was heard of a run.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// Output of all streams.
    pub(super) output: String,
    /// From the start by a runner to the first byte.
    pub(super) first_byte: Option<Duration>,
    /// The end.
    pub(super) finished: Option<Finished>,
    started_ms: u64,
}

/// What is sent, before it is checked.
pub(super) struct Order<'a> {
    pub(super) language: &'a str,
    pub(super) source: &'a str,
    pub(super) stdin_bytes: usize,
    pub(super) terminal: bool,
}

impl<'a> From<&'a Hostile> for Order<'a> {
    fn from(program: &'a Hostile) -> Self {
        Self {
            language: &program.language,
            source: &program.source,
            stdin_bytes: program.stdin_bytes,
            terminal: program.terminal,
        }
    }
}

impl Lane {
    /// Starts a runner with these limits.
    pub(super) fn start(host: &Host, shard: u16, (wall, memory_mb): Limits) -> Self {
        let mut settings = host.settings.clone();
        settings.name = format!("doctor-{}-{shard}", std::process::id());
        (settings.shard, settings.permits, settings.pool_size) = (shard, 4, POOL);
        (settings.limits.wall_time, settings.limits.compile_wall_time) = (wall, COMPILE);
        (settings.limits.memory_mb, settings.drain) = (memory_mb, Duration::ZERO);
        let (name, stop) = (settings.name.clone(), CancellationToken::new());
        let running = runner::run(host.runs.clone(), host.feed.clone(), host.languages.clone(), settings, stop.clone());
        Self { name, shard, wall, stop, running: tokio::spawn(running) }
    }

    /// Submits a run.
    pub(super) async fn begin(&self, host: &Host, order: &Order<'_>) -> Result<Following, DoctorError> {
        let draft = Draft {
            language: order.language.to_owned(),
            files: vec![SourceFile::text("", order.source)],
            arguments: Vec::new(),
            stdin: (!order.terminal).then(|| "x".repeat(order.stdin_bytes)),
        };
        let refused = |error: crate::program::ProgramError| {
            DoctorError::Program(format!("a {} program", order.language), error.to_string())
        };
        let program = draft.parse(&host.languages, &ProgramLimits::default()).map_err(refused)?;
        let request =
            RunRequest { program, terminal: order.terminal.then_some(TERMINAL), snippet: None, stdin_bytes: None };
        let run = RunId::random(self.shard);
        let follower = host.feed.follow_log(&host.runs, run.clone(), 0);
        host.runs.submit(&run, &request, VISITOR).await?;
        Ok(Following { follower, heard: Heard::default(), limit: self.wall + COMPILE + SLACK })
    }

    /// Ends the runner; its sandboxes are gone afterwards.
    pub(super) async fn stop(self) -> Result<(), DoctorError> {
        self.stop.cancel();
        let ended = self.running.await.map_err(|error| DoctorError::NotWell(error.to_string()))?;
        Ok(ended?)
    }

    /// Whether the runner has ended by itself, which it never should.
    pub(super) fn is_dead(&self) -> bool {
        self.running.is_finished()
    }
}

/// A run that is followed.
pub(super) struct Following {
    follower: LogFollower,
    heard: Heard,
    limit: Duration,
}

impl Following {
    /// Follows until this holds or the run is over, but not for ever.
    pub(super) async fn until(&mut self, holds: impl Fn(&Heard) -> bool) -> Result<(), DoctorError> {
        let limit = self.limit;
        let following = async {
            while !holds(&self.heard) {
                match self.follower.next().await? {
                    Some(event) => self.heard.take(&event),
                    None => break,
                }
            }
            Ok(())
        };
        // A run that does not end stays without an outcome: that is the finding.
        timeout(limit, following).await.unwrap_or(Ok(()))
    }

    /// Follows to the end.
    pub(super) async fn finish(mut self) -> Result<Heard, DoctorError> {
        self.until(|_| false).await?;
        Ok(self.heard)
    }

    /// Ends the run.
    pub(super) async fn stop(self, host: &Host) -> Result<(), DoctorError> {
        host.runs.control(self.follower.run(), &Control::Stop).await?;
        self.finish().await.map(drop)
    }
}

impl Heard {
    fn take(&mut self, event: &Arc<LoggedEvent>) {
        match event.kind() {
            Some(EventKind::Started { .. }) => self.started_ms = event.at_ms,
            Some(EventKind::Output { data, .. }) => {
                let after = Duration::from_millis(event.at_ms.saturating_sub(self.started_ms));
                self.first_byte.get_or_insert(after);
                self.output.push_str(&data);
            }
            Some(EventKind::Finished(finished)) => self.finished = Some(finished),
            _ => {}
        }
    }
}
