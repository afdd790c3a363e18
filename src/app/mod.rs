//! App: the only part that knows every other. It builds them, binds, and ends them in order.

mod examination;
mod pages;
mod runner_process;
mod secret;
mod settings;
mod storage;

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use tokio_util::sync::CancellationToken;

use crate::app::examination::examine;
use crate::app::pages::Pages;
use crate::app::runner_process::{child_environment, keep_runner};
use crate::app::settings::runner_settings;
use crate::app::storage::{Storage, connect};
use crate::config::Role;
use crate::config::page::PageOptions;
use crate::config::roles::{RunnerRoleOptions, ServeOptions, SnippetAction, SnippetOptions, WebOptions};
use crate::db::embedded::Embedded;
use crate::languages::Languages;
use crate::operator::Operator;
use crate::runner;
use crate::runs::feed::Feed;
use crate::runs::store::{QueueLimits, Runs};
use crate::snippets::key::SnippetKey;
use crate::snippets::store::Snippets;

/// Exit status of a runner that lacks something which only a person can put right (`EX_CONFIG`).
const EXIT_SET_UP: u8 = 78;
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
    let mut storage_options = options.storage.clone();
    if storage_options.secret_file.is_none() {
        storage_options.secret_file = Some(secret::kept_in(&options.storage.data_dir)?);
    }
    let storage = Storage::open(&storage_options).await?;
    let pages = Pages::start(&options.page, &options.queue, &storage, listener).await?;
    let runner_stop = CancellationToken::new();
    let mut runner =
        tokio::spawn(keep_runner(options.runner.clone(), child_environment(&options, &storage), runner_stop.clone()));
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
    let secret = secret::of(options.storage.secret_file.as_deref())?;
    let db = connect(url).await?.with_secret(secret);
    let feed_stop = CancellationToken::new();
    let (feed, feeding) = Feed::start(db.clone(), feed_stop.clone());
    let runs = Runs::new(db, QueueLimits::default());
    let languages = Arc::new(Languages::load()?);
    let ended = runner::run(runs, feed, languages, settings, stop).await;
    feed_stop.cancel();
    feeding.await.context("the feed's task has failed")?;
    Ok(ended?)
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

/// Tells on standard output where the pages are, for people and for programs that chose port 0.
fn announce(address: &str) -> Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout(), "CodeCube is at http://{address}/").context("standard output is closed")
}

/// A thread, because a read of standard input cannot be called off; it ends with the process.
fn cancel_at_end_of_stdin(stop: CancellationToken) {
    std::thread::spawn(move || {
        // Closed or broken: either way nobody is there any more.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        stop.cancel();
    });
}
