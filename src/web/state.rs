//! State: what every handler may use.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::languages::Languages;
use crate::runs::feed::Feed;
use crate::runs::store::Runs;
use crate::snippets::store::Snippets;
use crate::web::crowd::Crowd;
use crate::web::language_list::LanguageList;
use crate::web::rates::Rates;
use crate::web::readiness::{Readiness, hold_connections, watch_readiness};
use crate::web::settings::Settings;

/// Time for all viewers to be counted out when the server ends.
const LEAVE_WITHIN: Duration = Duration::from_secs(5);

/// The other parts that web uses.
pub struct Parts {
    /// Runs.
    pub runs: Runs,
    /// Live logs and news.
    pub feed: Feed,
    /// Snippets.
    pub snippets: Snippets,
    /// Languages.
    pub languages: Arc<Languages>,
}

/// What every handler may use; clones share everything.
#[derive(Clone)]
pub struct State {
    pub(super) runs: Runs,
    pub(super) feed: Feed,
    pub(super) snippets: Snippets,
    pub(super) languages: Arc<Languages>,
    pub(super) language_list: Arc<LanguageList>,
    pub(super) settings: Arc<Settings>,
    pub(super) rates: Arc<Rates>,
    /// The open sockets of each network.
    pub(super) crowd: Arc<Crowd>,
    pub(super) readiness: watch::Receiver<Readiness>,
    /// Cancelled when no run is taken any more: the server is about to end.
    pub(super) draining: CancellationToken,
    /// Cancelled when the server should end: sockets close.
    pub(super) stop: CancellationToken,
    /// Owns the tasks of the sockets' viewers and of the threads' connections; [`State::viewers_gone`] awaits them.
    pub(super) viewers: TaskTracker,
}

impl State {
    /// Starts the task that watches whether runs are possible; it ends with `stop`, as every socket does.
    #[must_use]
    pub fn start(parts: Parts, settings: Settings, stop: CancellationToken) -> (Self, JoinHandle<()>) {
        let (sender, readiness) = watch::channel(Readiness::starting());
        let task = tokio::spawn(watch_readiness(parts.runs.clone(), sender, stop.clone()));
        let state = Self {
            runs: parts.runs,
            feed: parts.feed,
            snippets: parts.snippets,
            language_list: Arc::new(LanguageList::of(&parts.languages)),
            languages: parts.languages,
            rates: Arc::new(Rates::new(settings.rates)),
            crowd: Arc::new(Crowd::new(settings.sockets_per_visitor)),
            settings: Arc::new(settings),
            readiness,
            draining: CancellationToken::new(),
            stop,
            viewers: TaskTracker::new(),
        };
        (state, task)
    }

    /// The same for one of the threads that answer, on which it is called.
    pub(super) fn for_worker(&self) -> Self {
        let (runs, snippets) = (self.runs.on_own_connection(), self.snippets.on_own_connection());
        self.viewers.spawn(hold_connections(runs.clone(), snippets.clone(), self.stop.clone()));
        Self { runs, snippets, ..self.clone() }
    }

    /// Waits until every viewer has left and is counted out. Call it after `stop` was cancelled and the server has
    /// ended, while storage still answers; whoever does not leave in time is forgotten by storage later.
    pub async fn viewers_gone(&self) {
        self.viewers.close();
        if tokio::time::timeout(LEAVE_WITHIN, self.viewers.wait()).await.is_err() {
            tracing::warn!("{} viewers could not be counted out in time", self.viewers.len());
        }
    }

    /// From here on no run is taken; what runs is still shown.
    pub fn drain(&self) {
        self.draining.cancel();
    }
}
