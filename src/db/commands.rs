//! Commands that Redis answers at once, over a connection that mends itself.

use redis::aio::{ConnectionLike, ConnectionManager};
use redis::{Arg, Cmd, Pipeline, RedisError, RedisFuture, Value};

/// What changes nothing, however often it is asked.
const READING: [&[u8]; 14] = [
    b"EXISTS",
    b"GET",
    b"HGET",
    b"HGETALL",
    b"HMGET",
    b"INFO",
    b"LRANGE",
    b"PING",
    b"PTTL",
    b"TIME",
    b"XRANGE",
    b"XREVRANGE",
    b"ZRANGE",
    b"ZREVRANGE",
];

/// The shared connection; clones are cheap.
///
/// That it was lost, a command learns only when it is sent: one that reads is sent once more, over the next connection,
/// so that nobody meets a Redis that is back already as one that is away.
#[derive(Clone)]
pub struct Commands(pub(super) ConnectionManager);

impl ConnectionLike for Commands {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        Box::pin(async move {
            match self.0.req_packed_command(command).await {
                Err(error) if is_lost(&error) && reads(command) => self.0.req_packed_command(command).await,
                answer => answer,
            }
        })
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        commands: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        Box::pin(async move {
            match self.0.req_packed_commands(commands, offset, count).await {
                Err(error) if is_lost(&error) && commands.cmd_iter().all(reads) => {
                    self.0.req_packed_commands(commands, offset, count).await
                }
                answer => answer,
            }
        })
    }

    fn get_db(&self) -> i64 {
        self.0.get_db()
    }
}

/// Not a time-out: then Redis has the command, and is slow.
fn is_lost(error: &RedisError) -> bool {
    error.is_connection_dropped()
}

fn reads(command: &Cmd) -> bool {
    match command.args_iter().next() {
        Some(Arg::Simple(name)) => READING.iter().any(|reading| reading.eq_ignore_ascii_case(name)),
        _ => false,
    }
}
