//! Pages: the listening server with all that it stands on, started and ended in order.

use std::net::TcpListener;
use std::sync::Arc;

use anyhow::Result;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::app::settings::web_settings;
use crate::app::storage::Storage;
use crate::config::page::PageOptions;
use crate::config::queue::QueueOptions;
use crate::languages::Languages;
use crate::runs::feed::Feed;
use crate::runs::store::{QueueLimits, Runs};
use crate::snippets::store::Snippets;
use crate::web;
use crate::web::state::{Parts, State};

/// The pages and what they stand on.
pub(super) struct Pages {
    pub(super) address: String,
    state: State,
    handle: actix_web::dev::ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
    background: [JoinHandle<()>; 2],
    stop: CancellationToken,
}

impl Pages {
    pub(super) async fn start(
        page: &PageOptions,
        queue: &QueueOptions,
        storage: &Storage,
        listener: TcpListener,
    ) -> Result<Self> {
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
        tidy(snippets);
        let server = web::server::server(listener, state.clone(), workers(page))?;
        let handle = server.handle();
        Ok(Self { address, state, handle, serving: tokio::spawn(server), background: [feeding, watching], stop })
    }

    /// From here on no run is taken.
    pub(super) fn drain(&self) {
        self.state.drain();
    }

    pub(super) async fn stop(self) {
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
fn tidy(snippets: Snippets) {
    tokio::spawn(async move {
        match snippets.list_older().await {
            Ok(0) => {}
            Ok(found) => tracing::info!("{found} snippets of before are on their owners' lists now"),
            Err(error) => tracing::warn!(error = ?error, "older snippets could not be put on their owners' lists"),
        }
        match snippets.sweep().await {
            Ok(0) => {}
            Ok(swept) => tracing::info!("{swept} snippets that were never created whole are removed"),
            Err(error) => tracing::warn!(error = ?error, "what was never created whole could not be removed"),
        }
    });
}

fn workers(page: &PageOptions) -> usize {
    match page.web_workers {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        number => number,
    }
}
