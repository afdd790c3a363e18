//! Storage: Redis, ours or somebody's, for as long as a role runs.

use anyhow::{Context, Result};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::storage::StorageOptions;
use crate::db::Db;
use crate::db::embedded::Embedded;

/// Redis, ours or somebody's.
pub(super) struct Storage {
    pub(super) url: String,
    pub(super) db: Db,
    embedded: Option<(JoinHandle<()>, CancellationToken)>,
}

impl Storage {
    pub(super) async fn open(options: &StorageOptions) -> Result<Self> {
        if let Some(url) = &options.redis_url {
            return Ok(Self { url: url.clone(), db: connect(url).await?, embedded: None });
        }
        let embedded = Embedded::start(&options.data_dir).await?;
        let url = embedded.url();
        let stop = CancellationToken::new();
        let supervising = tokio::spawn(embedded.supervise(stop.clone()));
        Ok(Self { db: connect(&url).await?, url, embedded: Some((supervising, stop)) })
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
