//! Following logs and news live over one connection per process.
//!
//! Channels may lose messages, logs do not: whoever missed something reads the log from where it stands. So a live view,
//! a reconnect, a late join and a slow viewer are one code path, and a slow one holds nothing in memory but its place.

use std::collections::VecDeque;
use std::sync::Arc;

use redis::AsyncCommands;
use redis::streams::StreamRangeReply;
use serde::Deserialize;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use crate::db::{Db, DbError, keys};
use crate::runs::carrier::{Change, News, Topics, carry, lock};
use crate::runs::envelope::Envelope;
use crate::runs::event::LoggedEvent;
use crate::runs::request::{Control, RunId};
use crate::runs::store::Runs;
use crate::seal::SealKey;

/// Messages that a follower may lag behind before it is sent back to the log.
const TOPIC_CAPACITY: usize = 128;
/// Events read from a log at once.
const PAGE: usize = 64;
/// Where followers come from; clones are cheap. Its task ends with the token given to [`Feed::start`].
#[derive(Clone)]
pub struct Feed {
    topics: Arc<Topics>,
    changes: mpsc::UnboundedSender<Change>,
    secret: Option<SealKey>,
}

impl Feed {
    /// Starts the task that holds the connection; it connects again for ever until `stop`.
    pub fn start(db: Db, stop: CancellationToken) -> (Self, tokio::task::JoinHandle<()>) {
        let topics = Arc::new(Topics::default());
        // Unbounded, because a follower's end is told from `drop`; never longer than the number of followers.
        let (changes, wanted) = mpsc::unbounded_channel();
        let secret = db.secret().cloned();
        let task = tokio::spawn(carry(db, topics.clone(), wanted, stop));
        (Self { topics, changes, secret }, task)
    }

    /// Follows a run's log after event number `after` until its outcome.
    #[must_use]
    pub fn follow_log(&self, runs: &Runs, id: RunId, after: u64) -> LogFollower {
        let subscription = self.subscribe(keys::run_log(id.shard(), id.as_str()));
        LogFollower {
            runs: runs.clone(),
            id,
            subscription,
            last: after,
            ready: VecDeque::new(),
            behind: true,
            ended: false,
        }
    }

    /// Follows the news of a snippet.
    #[must_use]
    pub fn follow_snippet(&self, key: &str) -> SnippetFollower {
        SnippetFollower { subscription: self.subscribe(keys::snippet_channel(key)) }
    }

    /// Follows what viewers say to the runs of a runner.
    #[must_use]
    pub fn follow_controls(&self, runner: &str) -> ControlFollower {
        ControlFollower { subscription: self.subscribe(keys::runner_channel(runner)), secret: self.secret.clone() }
    }

    fn subscribe(&self, channel: String) -> Subscription {
        let mut topics = lock(&self.topics);
        let fresh = !topics.contains_key(&channel);
        let topic = topics.entry(channel.clone()).or_insert_with(|| broadcast::channel(TOPIC_CAPACITY).0);
        let receiver = topic.subscribe();
        drop(topics);
        if fresh {
            // Fails only when the task has ended, and then the process ends too.
            let _ = self.changes.send(Change::Subscribe(channel.clone()));
        }
        Subscription { channel, receiver: Some(receiver), changes: self.changes.clone() }
    }
}

/// One follower's share in a topic; the last one's end unsubscribes.
struct Subscription {
    channel: String,
    /// Taken in `drop`, so that the task no longer counts it when it hears of the end.
    receiver: Option<broadcast::Receiver<News>>,
    changes: mpsc::UnboundedSender<Change>,
}

impl Subscription {
    /// The next news; a lag counts as a gap. Cancel-safe.
    async fn next(&mut self) -> News {
        let Some(receiver) = self.receiver.as_mut() else {
            return std::future::pending().await;
        };
        match receiver.recv().await {
            Ok(news) => news,
            Err(broadcast::error::RecvError::Lagged(_)) => News::Gap,
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.receiver = None;
        let _ = self.changes.send(Change::Unsubscribe(std::mem::take(&mut self.channel)));
    }
}

/// Follows one run's log.
pub struct LogFollower {
    runs: Runs,
    id: RunId,
    subscription: Subscription,
    last: u64,
    ready: VecDeque<Arc<LoggedEvent>>,
    behind: bool,
    ended: bool,
}

impl LogFollower {
    /// The run that is followed.
    #[must_use]
    pub fn run(&self) -> &RunId {
        &self.id
    }

    /// The next event, each number once and in order; `None` after the outcome. Cancel-safe.
    ///
    /// # Errors
    /// When the log cannot be read; calling again tries again from the same place.
    pub async fn next(&mut self) -> Result<Option<Arc<LoggedEvent>>, DbError> {
        while !self.ended {
            if let Some(event) = self.ready.pop_front() {
                if event.id == self.last + 1 {
                    self.last = event.id;
                    self.ended = event.is_finished();
                    return Ok(Some(event));
                }
                self.behind |= event.id > self.last;
                continue;
            }
            if self.behind {
                let page = self.runs.read_log(&self.id, self.last, PAGE).await?;
                self.behind = page.len() == PAGE;
                self.ready.extend(page.into_iter().map(Arc::new));
                continue;
            }
            match self.subscription.next().await {
                News::Events(events) => self.ready.extend(events.iter().cloned()),
                News::Text(_) => {}
                News::Gap => self.behind = true,
            }
        }
        Ok(None)
    }
}

/// What those who look at a snippet should know.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum SnippetNews {
    /// A run was submitted.
    Run {
        /// Its id.
        run: RunId,
    },
    /// The number of viewers changed.
    Viewers {
        /// How many now.
        count: u64,
    },
    /// A revision was saved.
    Revision {
        /// Its number.
        revision: u64,
    },
    /// It was deleted.
    Deleted,
    /// Something may have been missed: look at the snippet's newest run again.
    Gap,
}

/// Follows one snippet.
pub struct SnippetFollower {
    subscription: Subscription,
}

impl SnippetFollower {
    /// The next news; starts with a gap when the subscription stands. Cancel-safe.
    pub async fn next(&mut self) -> SnippetNews {
        loop {
            match self.subscription.next().await {
                News::Gap => return SnippetNews::Gap,
                News::Text(text) => {
                    if let Ok(news) = serde_json::from_str(&text) {
                        return news;
                    }
                }
                News::Events(_) => {}
            }
        }
    }
}

/// What a runner hears from viewers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A viewer said something to a run.
    Said {
        /// Which run.
        run: RunId,
        /// Its number, greater than all before of this run.
        number: String,
        /// What.
        control: Control,
    },
    /// Something may have been missed: ask [`Runs::said_after`] for each run.
    Gap,
}

/// Follows what viewers say to one runner.
pub struct ControlFollower {
    subscription: Subscription,
    secret: Option<SealKey>,
}

impl ControlFollower {
    /// The next words. Cancel-safe.
    pub async fn next(&mut self) -> Heard {
        loop {
            match self.subscription.next().await {
                News::Gap => return Heard::Gap,
                News::Text(text) => {
                    if let Some(heard) = parse_control(&text, self.secret.as_ref()) {
                        return heard;
                    }
                }
                News::Events(_) => {}
            }
        }
    }
}

impl Runs {
    /// What viewers said to a run after the words with this number, oldest first.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn said_after(&self, id: &RunId, number: Option<&str>) -> Result<Vec<(String, Control)>, DbError> {
        let input = keys::run_input(id.shard(), id.as_str());
        let start = number.map_or_else(|| "-".to_owned(), |number| format!("({number}"));
        let reply: StreamRangeReply = self.db.commands().xrange(input, start, "+").await?;
        let envelope = Envelope::of(&self.db, id);
        let said = reply.ids.iter().filter_map(|entry| {
            let message: String = entry.get("message")?;
            Some((entry.id.clone(), serde_json::from_str(&envelope.open(&message)?).ok()?))
        });
        Ok(said.collect())
    }
}

fn parse_control(text: &str, secret: Option<&SealKey>) -> Option<Heard> {
    let (head, message) = text.split_once('\n')?;
    let (run, number) = head.split_once(' ')?;
    let run = RunId::parse(run)?;
    let message = Envelope::with(secret, &run).open(message)?;
    Some(Heard::Said { run, number: number.to_owned(), control: serde_json::from_str(&message).ok()? })
}
