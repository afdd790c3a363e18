//! The doctor's examination: on storage of its own, told row by row.

use std::sync::Arc;

use anyhow::{Context, Result};
use tokio_util::sync::CancellationToken;

use crate::app::settings::runner_settings;
use crate::app::storage::Storage;
use crate::config::roles::DoctorOptions;
use crate::config::storage::StorageOptions;
use crate::doctor;
use crate::doctor::corpus::Corpus;
use crate::doctor::report::{Report, Table};
use crate::languages::Languages;
use crate::runner;
use crate::runs::feed::Feed;
use crate::runs::store::{QueueLimits, Runs};

/// Tries the runner that these options make, on storage of its own, and tells what was found.
pub(super) async fn examine(options: DoctorOptions, stop: CancellationToken) -> Result<()> {
    let mut out = std::io::stdout();
    if options.list {
        return Ok(Corpus::load()?.list(&mut out)?);
    }
    options.runner.check()?;
    runner::check(&runner_settings(&options.runner)).await?;
    let folder = std::env::temp_dir().join(format!("codecube-doctor-{}", std::process::id()));
    let storage =
        Storage::open(&StorageOptions { redis_url: None, data_dir: folder.clone(), secret_file: None }).await?;
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
