//! The queue as a runner sees it: a stream with one consumer group. The pending entry's idle time is the
//! lease: its runner renews it, and whoever finds one grown old ends the run as lost.

use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::streams::{StreamClaimReply, StreamPendingCountReply, StreamRangeReply, StreamReadReply};
use redis::{AsyncCommands, RedisError};

use crate::db::{Db, DbError, keys};
use crate::languages::LanguageId;
use crate::runs::envelope::Envelope;
use crate::runs::event::EventKind;
use crate::runs::outcome::{Finished, Outcome};
use crate::runs::request::{Control, RunId, RunRequest};
use crate::runs::script::RunKeys;
use crate::runs::store::{Runs, encode};

/// How long one blocking read waits at most.
const READ_BLOCK: Duration = Duration::from_secs(1);

/// A run that was handed to this runner but not claimed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The queue entry's own id.
    pub entry: String,
    /// The run.
    pub run: RunId,
    /// Its language, so that the claim can state the version.
    pub language: LanguageId,
}

/// What a claim gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// What to execute.
    pub request: RunRequest,
    /// What viewers said while it waited: number and message, oldest first.
    pub said: Vec<(String, Control)>,
}

/// One shard's queue, read by one runner. Owns a connection for its blocking reads.
pub struct Queue {
    runs: Runs,
    shard: u16,
    runner: String,
    lease: Duration,
    reader: Option<MultiplexedConnection>,
}

impl Queue {
    /// The queue of this shard for the runner with this id. Nothing is read yet.
    #[must_use]
    pub fn new(runs: Runs, shard: u16, runner: String, lease: Duration) -> Self {
        Self { runs, shard, runner, lease, reader: None }
    }

    /// Waits for runs, `count` at most; empty after a few seconds without any. Not to be dropped half-way:
    /// what was handed over would wait for the lease to run out.
    ///
    /// # Errors
    /// When Redis fails; calling again connects anew.
    pub async fn next(&mut self, count: usize) -> Result<Vec<Entry>, DbError> {
        let read = self.read(count).await;
        if let Err(error) = &read {
            self.reader = None;
            if error.code() == Some("NOGROUP") {
                return Ok(Vec::new());
            }
        }
        let reply: StreamReadReply = read?;
        let entries = reply.keys.into_iter().flat_map(|key| key.ids);
        Ok(entries.filter_map(|entry| parse_entry(&self.runs.db, &entry)).collect())
    }

    async fn read(&mut self, count: usize) -> Result<StreamReadReply, RedisError> {
        let queue = keys::queue(self.shard);
        if self.reader.is_none() {
            let mut reader = self.runs.db.blocking().await.map_err(|error| std::io::Error::other(error.to_string()))?;
            make_group(&mut reader, &queue).await?;
            self.reader = Some(reader);
        }
        let Some(reader) = self.reader.as_mut() else {
            return Ok(StreamReadReply::default());
        };
        let reply: Option<StreamReadReply> = redis::cmd("XREADGROUP")
            .arg("GROUP")
            .arg(keys::QUEUE_GROUP)
            .arg(&self.runner)
            .arg("COUNT")
            .arg(count)
            .arg("BLOCK")
            .arg(u64::try_from(READ_BLOCK.as_millis()).unwrap_or(u64::MAX))
            .arg("STREAMS")
            .arg(queue)
            .arg(">")
            .query_async(reader)
            .await?;
        Ok(reply.unwrap_or_default())
    }
}

/// The commands of a runner that do not block; they use the shared connection.
#[derive(Clone)]
pub struct Claims {
    runs: Runs,
    shard: u16,
    runner: String,
    lease: Duration,
}

/// What a sweep found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Runs that were ended as lost.
    pub lost: Vec<RunId>,
    /// Entries that a dead runner was handed but never claimed: now ours to claim.
    pub taken_over: Vec<Entry>,
}

impl Queue {
    /// The non-blocking side of the same queue.
    #[must_use]
    pub fn claims(&self) -> Claims {
        Claims { runs: self.runs.clone(), shard: self.shard, runner: self.runner.clone(), lease: self.lease }
    }
}

impl Claims {
    /// Makes the run this runner's, once and for all; `None` when it ended or was claimed meanwhile.
    ///
    /// # Errors
    /// When Redis fails or the request is damaged.
    pub async fn claim(&self, entry: &Entry, started: &EventKind) -> Result<Option<Claim>, DbError> {
        let (keys, envelope) = (RunKeys::of(&entry.run), Envelope::of(&self.runs.db, &entry.run));
        let answer: Vec<String> = self
            .runs
            .scripts
            .claim
            .key(keys.run)
            .key(keys.log)
            .key(keys.queue)
            .key(keys.waiting)
            .key(keys.input)
            .arg(entry.run.as_str())
            .arg(&self.runner)
            .arg(envelope.close_own_words(encode(started)))
            .arg(&entry.entry)
            .arg(keys::QUEUE_GROUP)
            .invoke_async(&mut self.runs.db.commands())
            .await?;
        let Some((request, said)) = answer.split_first() else {
            return Ok(None);
        };
        let Some(request) = envelope.open(request) else {
            self.runs.finish_unopened(&entry.run, &self.runner).await?;
            return Ok(None);
        };
        let request = serde_json::from_str(&request)
            .map_err(|error| DbError::Damaged(format!("request of {}: {error}", entry.run)))?;
        let said = said
            .chunks_exact(2)
            .filter_map(|pair| Some((pair[0].clone(), serde_json::from_str(&envelope.open(&pair[1])?).ok()?)));
        Ok(Some(Claim { request, said: said.collect() }))
    }

    /// Renews the leases of runs that this runner executes.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn renew(&self, entries: &[String]) -> Result<(), DbError> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut command = redis::cmd("XCLAIM");
        command.arg(keys::queue(self.shard)).arg(keys::QUEUE_GROUP).arg(&self.runner).arg(0).arg(entries).arg("JUSTID");
        command.query_async::<redis::Value>(&mut self.runs.db.commands()).await?;
        Ok(())
    }

    /// Looks for entries whose lease ran out: ends what was running, takes over what was never claimed.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn sweep(&self) -> Result<Swept, DbError> {
        let mut commands = self.runs.db.commands();
        let queue = keys::queue(self.shard);
        let lease_ms = u64::try_from(self.lease.as_millis()).unwrap_or(u64::MAX);
        let pending: StreamPendingCountReply = redis::cmd("XPENDING")
            .arg(&queue)
            .arg(keys::QUEUE_GROUP)
            .arg("IDLE")
            .arg(lease_ms)
            .arg("-")
            .arg("+")
            .arg(100)
            .query_async(&mut commands)
            .await
            .or_else(no_group_yet)?;
        let mut swept = Swept::default();
        for old in pending.ids {
            let found: StreamRangeReply = commands.xrange(&queue, &old.id, &old.id).await?;
            let Some(entry) = found.ids.first().and_then(|entry| parse_entry(&self.runs.db, entry)) else {
                commands.xack::<_, _, _, ()>(&queue, keys::QUEUE_GROUP, &[&old.id]).await?;
                continue;
            };
            if self.state(&entry.run).await?.as_deref() == Some("running") {
                let lost = Finished::new(
                    Outcome::RunnerLost,
                    "The runner that executed this went away in the middle. Run it again.",
                );
                self.runs.finish_lost(&entry.run, lost).await?;
                swept.lost.push(entry.run);
                continue;
            }
            let taken: StreamClaimReply =
                commands.xclaim(&queue, keys::QUEUE_GROUP, &self.runner, lease_ms, &[&old.id]).await?;
            swept.taken_over.extend(taken.ids.first().and_then(|entry| parse_entry(&self.runs.db, entry)));
        }
        Ok(swept)
    }

    /// Tells every waiting run its place in the queue, where it changed.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn tell_positions(&self) -> Result<u64, DbError> {
        let mut call = self.runs.scripts.positions.key(keys::waiting(self.shard));
        call.arg(keys::run(self.shard, ""));
        Ok(call.invoke_async(&mut self.runs.db.commands()).await?)
    }

    /// Takes this runner's name off the group; only when nothing is handed to it any more.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn leave(&self) -> Result<(), DbError> {
        let mut command = redis::cmd("XGROUP");
        command.arg("DELCONSUMER").arg(keys::queue(self.shard)).arg(keys::QUEUE_GROUP).arg(&self.runner);
        command.query_async::<redis::Value>(&mut self.runs.db.commands()).await?;
        Ok(())
    }

    async fn state(&self, run: &RunId) -> Result<Option<String>, DbError> {
        Ok(self.runs.db.commands().hget(keys::run(run.shard(), run.as_str()), "state").await?)
    }
}

async fn make_group(reader: &mut MultiplexedConnection, queue: &str) -> Result<(), RedisError> {
    match reader.xgroup_create_mkstream::<_, _, _, ()>(queue, keys::QUEUE_GROUP, "0").await {
        Err(error) if error.code() == Some("BUSYGROUP") => Ok(()),
        made => made,
    }
}

/// Before the first reader nothing can be pending.
fn no_group_yet(error: RedisError) -> Result<StreamPendingCountReply, RedisError> {
    if error.code() == Some("NOGROUP") { Ok(StreamPendingCountReply::default()) } else { Err(error) }
}

/// Without a language where the secret is missing that opens it: the run is refused then, like one in a language that
/// nobody knows.
fn parse_entry(db: &Db, entry: &redis::streams::StreamId) -> Option<Entry> {
    let run = RunId::parse(&entry.get::<String>("run")?)?;
    let language = Envelope::of(db, &run).open(&entry.get::<String>("language")?).unwrap_or_default();
    Some(Entry { entry: entry.id.clone(), run, language: LanguageId(language) })
}
