//! Storage: Redis, ours or somebody's, for as long as a role runs.

use std::path::PathBuf;

use anyhow::{Context, Result};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::secret;
use crate::config::storage::StorageOptions;
use crate::db::Db;
use crate::db::embedded::Embedded;

/// Redis, ours or somebody's.
pub(super) struct Storage {
    pub(super) url: String,
    /// Where the secret is that this process shares with its runners.
    pub(super) secret_file: Option<PathBuf>,
    pub(super) db: Db,
    embedded: Option<(JoinHandle<()>, CancellationToken)>,
}

impl Storage {
    pub(super) async fn open(options: &StorageOptions) -> Result<Self> {
        if let Some(url) = &options.redis_url {
            let secret_file = options.secret_file.clone();
            let db = connect(url).await?.with_secret(secret::of(secret_file.as_deref())?);
            return Ok(Self { url: url.clone(), secret_file, db, embedded: None });
        }
        let embedded = Embedded::start(&options.data_dir).await?;
        let url = embedded.url();
        let stop = CancellationToken::new();
        let supervising = tokio::spawn(embedded.supervise(stop.clone()));
        let secret_file = match &options.secret_file {
            Some(given) => given.clone(),
            None => secret::kept_in(&options.data_dir)?,
        };
        let db = connect(&url).await?.with_secret(secret::of(Some(&secret_file))?);
        Ok(Self { db, url, secret_file: Some(secret_file), embedded: Some((supervising, stop)) })
    }

    pub(super) async fn close(self) {
        if let Some((supervising, stop)) = self.embedded {
            stop.cancel();
            if let Err(error) = supervising.await {
                tracing::error!(error = %error, "the task that keeps redis-server has failed");
            }
        }
    }
}

pub(super) async fn connect(url: &str) -> Result<Db> {
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
