//! The one connection behind a feed: carries every channel that somebody in the process follows, again and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use redis::RedisResult;
use redis::aio::{PubSubSink, PubSubStream};
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;

use crate::db::{Db, DbError, keys};
use crate::runs::envelope::Envelope;
use crate::runs::event::LoggedEvent;
use crate::runs::request::RunId;

/// How often the connection is asked whether it lives; one that went silently would freeze every live view.
const ASK_EVERY: Duration = Duration::from_secs(5);
/// Greatest time for an answer on it.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// Pause before connecting again.
const RECONNECT_PAUSE: Duration = Duration::from_millis(250);

/// What a topic carries to its followers.
#[derive(Debug, Clone)]
pub(super) enum News {
    /// Events of a log, without gaps among themselves.
    Events(Arc<[Arc<LoggedEvent>]>),
    /// Any other channel's message.
    Text(Arc<str>),
    /// Something may have been missed: the subscription is new, or the connection was.
    Gap,
}

pub(super) type Topics = Mutex<HashMap<String, broadcast::Sender<News>>>;

/// What followers want of it.
pub(super) enum Change {
    Subscribe(String),
    Unsubscribe(String),
}

/// Carries until `stop`; connects again for ever.
pub(super) async fn carry(
    db: Db,
    topics: Arc<Topics>,
    mut wanted: mpsc::UnboundedReceiver<Change>,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = stop.cancelled() => return,
            ended = connected(&db, &topics, &mut wanted) => match ended {
                Ok(()) => return,
                Err(error) => tracing::warn!(error = %error, "the feed lost redis; connecting again"),
            },
        }
        tokio::time::sleep(RECONNECT_PAUSE).await;
    }
}

/// One connection's life; `Ok` when nobody can want anything any more.
async fn connected(db: &Db, topics: &Topics, wanted: &mut mpsc::UnboundedReceiver<Change>) -> Result<(), DbError> {
    let (mut sink, mut stream) = db.subscriptions().await?;
    let channels: Vec<String> = lock(topics).keys().cloned().collect();
    for channel in channels {
        subscribe(&mut sink, topics, &channel).await?;
    }
    let mut ask = tokio::time::interval(ASK_EVERY);
    loop {
        tokio::select! {
            _ = ask.tick() => in_time(sink.ping()).await?,
            change = wanted.recv() => match change {
                None => return Ok(()),
                Some(Change::Subscribe(channel)) => subscribe(&mut sink, topics, &channel).await?,
                Some(Change::Unsubscribe(channel)) => unsubscribe(&mut sink, topics, &channel).await?,
            },
            delivered = deliver(db, &mut stream, topics) => delivered?,
        }
    }
}

async fn subscribe(sink: &mut PubSubSink, topics: &Topics, channel: &str) -> Result<(), DbError> {
    in_time(sink.subscribe(channel)).await?;
    if let Some(topic) = lock(topics).get(channel) {
        // Nobody may be listening any more; that is no fault.
        let _ = topic.send(News::Gap);
    }
    Ok(())
}

async fn unsubscribe(sink: &mut PubSubSink, topics: &Topics, channel: &str) -> Result<(), DbError> {
    {
        let mut topics = lock(topics);
        if topics.get(channel).is_none_or(|topic| topic.receiver_count() > 0) {
            return Ok(());
        }
        topics.remove(channel);
    }
    in_time(sink.unsubscribe(channel)).await
}

async fn in_time(answer: impl Future<Output = RedisResult<()>>) -> Result<(), DbError> {
    match tokio::time::timeout(ANSWER_WITHIN, answer).await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(DbError::Unreachable(std::io::Error::from(std::io::ErrorKind::TimedOut).into())),
    }
}

async fn deliver(db: &Db, stream: &mut PubSubStream, topics: &Topics) -> Result<(), DbError> {
    let Some(message) = stream.next().await else {
        return Err(DbError::Unreachable(std::io::Error::from(std::io::ErrorKind::ConnectionReset).into()));
    };
    let channel = message.get_channel_name();
    let topic = lock(topics).get(channel).cloned();
    let (Some(topic), Ok(text)) = (topic, std::str::from_utf8(message.get_payload_bytes())) else {
        return Ok(());
    };
    let news = match keys::run_of_log(channel) {
        Some(run) => RunId::parse(run).and_then(|run| parse_events(text, &Envelope::of(db, &run))),
        None => Some(News::Text(text.into())),
    };
    if let Some(news) = news {
        let _ = topic.send(news);
    }
    Ok(())
}

/// The form that `append.lua` publishes: the first number and the time, then a line for each event.
fn parse_events(text: &str, envelope: &Envelope) -> Option<News> {
    let mut lines = text.split('\n');
    let (first, at_ms) = lines.next()?.split_once(' ')?;
    let (first, at_ms): (u64, u64) = (first.parse().ok()?, at_ms.parse().ok()?);
    let numbered =
        lines.zip(first..).map(|(json, id)| Arc::new(LoggedEvent { id, at_ms, json: envelope.open_event(json) }));
    Some(News::Events(numbered.collect()))
}

/// The channels that are followed.
pub(super) fn lock(topics: &Topics) -> MutexGuard<'_, HashMap<String, broadcast::Sender<News>>> {
    // No code panics while it holds the lock, and the map is sound after every step.
    topics.lock().unwrap_or_else(PoisonError::into_inner)
}
