//! Logs: one line an event on standard error, fields beside a sentence. Never source, output or addresses.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging for this process.
///
/// # Errors
/// When the filter cannot be understood.
pub fn start(filter: &str, json: bool) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(filter)
        .map_err(|error| anyhow::anyhow!("CODECUBE_LOG (--log) is “{filter}”, which is no filter: {error}"))?;
    // Without a word about lines that cannot be written: it would go the same way, and panic there.
    let lines =
        tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false).log_internal_errors(false);
    let registry = tracing_subscriber::registry().with(filter);
    if json {
        registry.with(lines.json().flatten_event(true)).init();
    } else {
        registry.with(lines.with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))).init();
    }
    Ok(())
}
