//! A viewer: one open page of a snippet, as a plain task between its socket and the other parts.
//! What the client asks for is in `viewer_commands`, what it watches in `viewer_watch`.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};

use crate::runs::feed::{SnippetFollower, SnippetNews};
use crate::runs::request::RunId;
use crate::snippets::key::SnippetKey;
use crate::snippets::lock::Keyring;
use crate::snippets::owner::OwnerHash;
use crate::snippets::presence::REFRESH_EVERY;
use crate::snippets::store::Snippet;
use crate::web::error::{StorageError, WebError};
use crate::web::followed::Followed;
use crate::web::fork_of::ForkOf;
use crate::web::inbox::Reader;
use crate::web::messages::{ServerMessage, error_text};
use crate::web::network::Network;
use crate::web::state::State;

/// The number of viewers is told so often at most: a crowd that arrives changes it with each arrival.
const TELL_VIEWERS_AFTER: Duration = Duration::from_millis(200);

/// The client has gone.
pub(super) struct Gone;

/// The way to the client. It waits while the client does not read: nothing is kept back in memory for one who
/// is slow.
pub(super) type Outlet = Box<dyn Fn(Vec<String>) -> BoxFuture<'static, Result<(), Gone>> + Send + Sync>;

/// What a client that comes back has seen already.
pub(super) struct Seen {
    pub(super) run: RunId,
    /// The last event.
    pub(super) after: u64,
}

/// What makes a viewer.
pub(super) struct Arrival {
    pub(super) state: State,
    pub(super) visitor: OwnerHash,
    pub(super) network: Network,
    /// Keys of protected snippets.
    pub(super) keyring: Keyring,
    /// They may create and run here.
    pub(super) is_admitted: bool,
    pub(super) key: SnippetKey,
    /// What a fresh page will be a fork of once it is saved.
    pub(super) fork_of: Option<ForkOf>,
    /// The page says that it shows what has a password, or a fork of that.
    pub(super) is_protected: bool,
    pub(super) seen: Option<Seen>,
}

/// Why something asked for was not done.
pub(super) enum Failure {
    Gone,
    Refused(WebError),
}

/// One open page. Ends when the client goes or the server stops.
pub(super) struct Viewer {
    pub(super) state: State,
    pub(super) visitor: OwnerHash,
    pub(super) network: Network,
    pub(super) keyring: Keyring,
    pub(super) is_admitted: bool,
    /// By which it is counted.
    pub(super) id: String,
    pub(super) key: SnippetKey,
    pub(super) fork_of: Option<ForkOf>,
    /// What the client looks at has, or had, a password.
    pub(super) was_protected: bool,
    /// What the client knows of the snippet; `None` when nothing is saved.
    pub(super) snippet: Option<Snippet>,
    /// The snippet has changed, and could not be looked at again.
    pub(super) is_stale: bool,
    pub(super) followed: Followed,
    /// Runs that this client may speak to, as far as that was asked.
    pub(super) permitted: VecDeque<RunId>,
    pub(super) news: SnippetFollower,
    inbox: Reader,
    outlet: Outlet,
    refresh: Interval,
    viewers_told: u64,
    viewers_to_tell: Option<(u64, Instant)>,
}

enum Event {
    Said(Option<String>),
    News(SnippetNews),
    Logged(Vec<String>),
    Refresh,
    TellViewers,
    Stop,
}

impl Viewer {
    /// Serves one socket until it ends.
    pub(super) async fn serve(arrival: Arrival, inbox: Reader, outlet: Outlet) {
        let seen = arrival.seen;
        let mut refresh = interval(REFRESH_EVERY);
        refresh.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut viewer = Self {
            id: nanoid::nanoid!(12),
            // Before anything is read, so that what happens meanwhile is not missed.
            news: arrival.state.feed.follow_snippet(arrival.key.as_str()),
            state: arrival.state,
            visitor: arrival.visitor,
            network: arrival.network,
            keyring: arrival.keyring,
            is_admitted: arrival.is_admitted,
            key: arrival.key,
            fork_of: arrival.fork_of,
            was_protected: arrival.is_protected,
            snippet: None,
            is_stale: true,
            followed: Followed::default(),
            permitted: VecDeque::new(),
            inbox,
            outlet,
            refresh,
            viewers_told: 0,
            viewers_to_tell: None,
        };
        match viewer.open(seen).await {
            Ok(()) => viewer.live().await,
            // The client connects again by and by, and is told again.
            Err(Failure::Refused(error)) => {
                error.log();
                drop(viewer.tell(error_text(&error.story().of_reading(), None)).await);
            }
            Err(Failure::Gone) => {}
        }
        if let Err(error) = viewer.state.snippets.viewer_left(&viewer.key, &viewer.id).await {
            tracing::debug!(error = ?error, "a viewer left, but could not be counted out");
        }
    }

    async fn open(&mut self, seen: Option<Seen>) -> Result<(), Failure> {
        self.look().await?;
        self.tell_snippet().await?;
        self.count().await?;
        self.tell_viewers().await?;
        if let Some(seen) = seen {
            self.resume(seen).await?;
        }
        self.catch_up().await?;
        Ok(())
    }

    async fn live(&mut self) {
        loop {
            let event = self.next().await;
            if self.act(event).await.is_err() {
                return;
            }
        }
    }

    async fn next(&mut self) -> Event {
        let due = self.viewers_to_tell.map(|(_, due)| due);
        tokio::select! {
            said = self.inbox.next() => Event::Said(said),
            texts = self.followed.next() => Event::Logged(texts),
            news = self.news.next() => Event::News(news),
            _ = self.refresh.tick() => Event::Refresh,
            () = until(due) => Event::TellViewers,
            () = self.state.stop.cancelled() => Event::Stop,
        }
    }

    async fn act(&mut self, event: Event) -> Result<(), Gone> {
        let done = match event {
            Event::Said(None) | Event::Stop => return Err(Gone),
            Event::Said(Some(text)) => return self.obey(&text).await,
            Event::Logged(texts) => return self.pass_on(texts).await,
            Event::News(news) => self.heed(news).await,
            Event::Refresh => self.count().await.map_err(Failure::from),
            Event::TellViewers => return self.tell_viewers().await,
        };
        match done {
            Err(Failure::Gone) => Err(Gone),
            Err(Failure::Refused(error)) => {
                // Nobody asked for this; it is tried again with the next news or refresh.
                tracing::debug!(error = ?error, "a viewer could not be brought up to date");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Says that this viewer is there.
    pub(super) async fn count(&mut self) -> Result<(), StorageError> {
        let count = self.state.snippets.viewer_is_here(&self.key, &self.id).await?;
        self.viewers_are(count);
        Ok(())
    }

    pub(super) fn viewers_are(&mut self, count: u64) {
        let due = self.viewers_to_tell.map_or_else(|| Instant::now() + TELL_VIEWERS_AFTER, |(_, due)| due);
        self.viewers_to_tell = (count != self.viewers_told).then_some((count, due));
    }

    async fn tell_viewers(&mut self) -> Result<(), Gone> {
        if let Some((count, _)) = self.viewers_to_tell.take() {
            self.viewers_told = count;
            self.tell(ServerMessage::Viewers { count }.text()).await?;
        }
        Ok(())
    }

    pub(super) async fn tell_snippet(&mut self) -> Result<(), Gone> {
        self.tell(self.snippet_message(None).text()).await
    }

    /// Says which revision the client's own program became.
    pub(super) async fn tell_stored(&mut self, stored: u64) -> Result<(), Gone> {
        self.tell(self.snippet_message(Some(stored)).text()).await
    }

    fn snippet_message(&self, stored: Option<u64>) -> ServerMessage<'_> {
        let (revision, owner, saved) = (self.revision(), self.owns_snippet(), self.snippet.is_some());
        ServerMessage::Snippet { key: &self.key, revision, owner, saved, stored }
    }

    pub(super) async fn tell_error(&mut self, error: &WebError, run: Option<&str>) -> Result<(), Gone> {
        error.log();
        self.tell(error_text(&error.story(), run)).await
    }

    async fn tell(&mut self, text: String) -> Result<(), Gone> {
        self.pass_on(vec![text]).await
    }

    /// A client that does not read must not hold up the server's end.
    async fn pass_on(&mut self, texts: Vec<String>) -> Result<(), Gone> {
        tokio::select! {
            passed = (self.outlet)(texts) => passed,
            () = self.state.stop.cancelled() => Err(Gone),
        }
    }
}

impl From<Gone> for Failure {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<WebError> for Failure {
    fn from(error: WebError) -> Self {
        Self::Refused(error)
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        Self::Refused(error.into())
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}
