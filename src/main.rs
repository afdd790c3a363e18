//! `codecube`: the role from the command line, logs, signals. What a role is made of is in `app`.

use std::process::ExitCode;

use clap::Parser;
use codecube::config::log::LogFormat;
use codecube::config::{CommandLine, Role};
use codecube::{app, telemetry};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Half as dear as the C library's for the many small pieces of a request, and gives back what a crowd of large ones took.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let role = CommandLine::parse().role();
    match start(role) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not a log line: whatever the log's filter is, a start that fails must say why.
            eprintln!("codecube: {error:#}");
            ExitCode::from(app::exit_status(&error))
        }
    }
}

fn start(role: Role) -> anyhow::Result<()> {
    let log = role.log();
    telemetry::start(&log.log, log.log_format == LogFormat::Json)?;
    match role {
        Role::Runner(_) => tokio::runtime::Runtime::new()?.block_on(until_signalled(role)),
        // The web server's workers want an actix system around them.
        _ => actix_web::rt::System::new().block_on(until_signalled(role)),
    }
}

async fn until_signalled(role: Role) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let running = app::run(role, stop.clone());
    tokio::pin!(running);
    loop {
        tokio::select! {
            ended = &mut running => return ended,
            _ = terminate.recv() => stop.cancel(),
            _ = interrupt.recv() => stop.cancel(),
        }
    }
}
