//! The runner's process: a child of `serve`, kept alive while the server is.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

use crate::app::EXIT_SET_UP;
use crate::app::storage::Storage;
use crate::config::roles::ServeOptions;
use crate::config::runner::RunnerOptions;

/// Pause before a runner that died is started again.
const RUNNER_RESTART_PAUSE: Duration = Duration::from_secs(1);
/// What a runner needs to end its sandboxes after its runs had their time.
const RUNNER_STOP_MARGIN: Duration = Duration::from_secs(25);

/// Keeps one runner alive as a child process, so that the process which answers the web never opens the
/// Docker socket. An error means that it could not start at all.
pub(super) async fn keep_runner(
    options: RunnerOptions,
    environment: Environment,
    stop: CancellationToken,
) -> Result<()> {
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
pub(super) type Environment = Vec<(&'static str, String)>;

/// All settings of `serve` that its runner shares.
pub(super) fn child_environment(options: &ServeOptions, storage: &Storage) -> Environment {
    let mut environment = options.runner.as_environment();
    environment.extend(options.log.as_environment());
    environment.push(("CODECUBE_REDIS_URL", storage.url.clone()));
    // Where the secret is, not the secret: other processes of this user can read an environment.
    let secret_file = storage.secret_file.as_ref().map(|path| path.display().to_string());
    environment.extend(secret_file.map(|path| ("CODECUBE_SECRET_FILE", path)));
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
