//! How to reach Redis: connections, key names and lifetimes ([`keys`]), and the private server ([`embedded`]).
//! What stands under a key is known to `snippets` and `runs` alone.

mod clock;
pub mod commands;
pub mod embedded;
pub mod keys;

use std::sync::Arc;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig, MultiplexedConnection, PubSubSink, PubSubStream};
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, ErrorKind, IntoConnectionInfo, RedisError, ServerError};

use crate::db::clock::Clock;
use crate::db::commands::Commands;
use crate::seal::SealKey;

/// Greatest time a command may take before the visitor is told that storage does not answer.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);
/// What the queue's commands need: XPENDING with IDLE, XRANGE with exclusive ends.
const OLDEST_REDIS: (u32, u32) = (6, 2);
/// Greatest time to reach Redis.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// For how long Redis' machine may not say that what was sent has come.
const UNHEARD_TIMEOUT: Duration = Duration::from_secs(5);

/// Why Redis did not do what it was asked. `Display` is for the log: it may hold Redis' own words.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DbError {
    /// No answer, no connection, or no right to ask.
    #[error("redis cannot be reached")]
    Unreachable(#[source] RedisError),
    /// It answers, but takes no writes for lack of memory or disk.
    #[error("redis is full")]
    Full(#[source] RedisError),
    /// It answers, but takes no writes: a replica, or still loading.
    #[error("redis takes no writes at present")]
    ReadOnly(#[source] RedisError),
    /// It answers something that this program does not understand.
    #[error("redis refused a command")]
    Refused(#[source] RedisError),
    /// It lacks commands that are needed.
    #[error("redis {0} is too old; 6.2 or newer is needed")]
    TooOld(String),
    /// Something must not be read there, and no secret was given to seal it with.
    #[error("no secret to seal with")]
    NoSecret,
    /// What stands in Redis is not what was put there.
    #[error("damaged value: {0}")]
    Damaged(String),
}

impl DbError {
    /// Whether Redis may have done what it was asked: it had the question, as far as anybody knows, and the answer did not
    /// come.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        let Self::Unreachable(error) = self else {
            return false;
        };
        error.is_timeout() || error.is_connection_dropped() && !error.is_connection_refusal()
    }
}

impl From<RedisError> for DbError {
    fn from(error: RedisError) -> Self {
        // A transaction is refused for what one of its commands was refused for.
        let refused = error.clone().into_server_errors();
        let first = refused.as_deref().and_then(|errors| errors.first()).map(|(_, error)| word_of(error));
        let word = first.or_else(|| error.code()).unwrap_or_default();
        if error.is_io_error() || error.is_timeout() || error.is_connection_refusal() || error.is_connection_dropped() {
            return Self::Unreachable(error);
        }
        match word {
            "NOAUTH" | "WRONGPASS" | "NOPERM" => Self::Unreachable(error),
            "OOM" | "MISCONF" => Self::Full(error),
            "READONLY" | "LOADING" | "MASTERDOWN" | "NOREPLICAS" => Self::ReadOnly(error),
            _ if matches!(error.kind(), ErrorKind::UnexpectedReturnType | ErrorKind::Parse) => {
                Self::Damaged(error.to_string())
            }
            _ => Self::Refused(error),
        }
    }
}

/// The word that says why. A transaction that is refused as a whole has one of its own, and that one behind it.
fn word_of(error: &ServerError) -> &str {
    let within = error.details().and_then(|text| text.strip_prefix("Transaction discarded because of: "));
    within.and_then(|text| text.split(' ').next()).unwrap_or_else(|| error.code())
}

/// Over a network. Nothing waits to be sent with more, and a way that has silently gone, with a machine or in a firewall
/// that forgot it, counts as lost; by itself the kernel goes on for a quarter of an hour.
fn way() -> TcpSettings {
    TcpSettings::default().set_nodelay(true).set_user_timeout(UNHEARD_TIMEOUT)
}

fn managed() -> ConnectionManagerConfig {
    ConnectionManagerConfig::new()
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_number_of_retries(1)
        .set_max_delay(Duration::from_millis(200))
}

/// The way to Redis; clones share one connection, which mends itself.
#[derive(Clone)]
pub struct Db {
    client: Client,
    commands: ConnectionManager,
    clock: Arc<Clock>,
    secret: Option<SealKey>,
}

impl Db {
    /// Connects and checks that Redis answers.
    ///
    /// # Errors
    /// When the URL is malformed or nobody answers there.
    pub async fn connect(url: &str) -> Result<Self, DbError> {
        let client = Client::open(url.into_connection_info()?.set_tcp_settings(way()))?;
        let commands = client.get_connection_manager_with_config(managed()).await?;
        let db = Self { client, commands, clock: Arc::default(), secret: None };
        db.check_version().await?;
        Ok(db)
    }

    /// The same Redis by a connection of its own, which lives on the thread that uses it first. A thread that answers
    /// many need not wake another for each command then.
    #[must_use]
    pub fn on_own_connection(&self) -> Self {
        let own = self.client.get_connection_manager_lazy(managed());
        let commands = own.unwrap_or_else(|error| {
            tracing::warn!(%error, "a thread goes without a connection to Redis of its own");
            self.commands.clone()
        });
        Self { commands, ..self.clone() }
    }

    /// The same for a process that shares a secret with the others of its kind, for what must not be read in Redis.
    #[must_use]
    pub fn with_secret(self, secret: Option<SealKey>) -> Self {
        Self { secret, ..self }
    }

    /// That secret.
    #[must_use]
    pub fn secret(&self) -> Option<&SealKey> {
        self.secret.as_ref()
    }

    /// How Redis makes room by throwing away what nobody asked it to, if it does so. A service that hides its settings is
    /// believed to keep everything.
    ///
    /// # Errors
    /// When Redis cannot be reached.
    pub async fn eviction(&self) -> Result<Option<String>, DbError> {
        let info: String = redis::cmd("INFO").arg("memory").query_async(&mut self.commands()).await?;
        let policy = info.lines().find_map(|line| line.strip_prefix("maxmemory_policy:")).unwrap_or_default().trim();
        Ok(policy.starts_with("allkeys-").then(|| policy.to_owned()))
    }

    async fn check_version(&self) -> Result<(), DbError> {
        let info: String = redis::cmd("INFO").arg("server").query_async(&mut self.commands()).await?;
        let version = info.lines().find_map(|line| line.strip_prefix("redis_version:")).unwrap_or_default().trim();
        let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        let found = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
        if found < OLDEST_REDIS { Err(DbError::TooOld(version.to_owned())) } else { Ok(()) }
    }

    /// The shared connection for commands that answer at once. Never send a blocking command here.
    #[must_use]
    pub fn commands(&self) -> Commands {
        Commands(self.commands.clone())
    }

    /// Milliseconds since 1970 by the clock of Redis, late by the time of an answer at most.
    ///
    /// # Errors
    /// When Redis was not asked for a minute and cannot be reached.
    pub async fn now_ms(&self) -> Result<u64, DbError> {
        self.clock.now_ms(&mut self.commands()).await
    }

    /// The same, asked now: for what must not be late though this machine slept.
    ///
    /// # Errors
    /// When Redis cannot be reached.
    pub async fn asked_now_ms(&self) -> Result<u64, DbError> {
        self.clock.ask(&mut self.commands()).await
    }

    /// A connection of the caller's own for blocking reads; without a response time-out.
    ///
    /// # Errors
    /// When Redis cannot be reached.
    pub async fn blocking(&self) -> Result<MultiplexedConnection, DbError> {
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT_TIMEOUT)).set_response_timeout(None);
        Ok(self.client.get_multiplexed_async_connection_with_config(&config).await?)
    }

    /// A connection of the caller's own for channels.
    ///
    /// # Errors
    /// When Redis cannot be reached.
    pub async fn subscriptions(&self) -> Result<(PubSubSink, PubSubStream), DbError> {
        let connecting = self.client.get_async_pubsub();
        let connected = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await;
        let timed_out = |_| DbError::Unreachable(RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut)));
        Ok(connected.map_err(timed_out)??.split())
    }

    /// Asks whether Redis answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<(), DbError> {
        redis::cmd("PING").query_async::<()>(&mut self.commands()).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_refused_for_what_its_end_was_refused_for() {
        let of = |line: &str| match redis::parse_redis_value(format!("-{line}\r\n").as_bytes()) {
            Ok(redis::Value::ServerError(error)) => DbError::from(RedisError::from(error)),
            other => unreachable!("{other:?}"),
        };
        let within = "EXECABORT Transaction discarded because of: ";
        assert!(matches!(
            of(&format!("{within}OOM command not allowed when used memory > 'maxmemory'.")),
            DbError::Full(_)
        ));
        assert!(matches!(
            of(&format!("{within}READONLY You can't write against a read only replica.")),
            DbError::ReadOnly(_)
        ));
        assert!(matches!(of("OOM command not allowed"), DbError::Full(_)));
        assert!(matches!(of("EXECABORT Transaction discarded because of previous errors."), DbError::Refused(_)));
    }
}
