//! The connections to Redis of the threads that answer.

use std::process::Command;

use tempfile::TempDir;

use crate::own_redis::{Redis, shell};
use crate::server::{Process, until};

const THREADS: usize = 4;

/// How many Redis has; whoever asks that among them.
async fn connected(redis: &Redis) -> usize {
    let answer = redis.ask(&["INFO", "clients"]).await.unwrap();
    let text: String = redis::from_redis_value(answer).unwrap();
    let number = text.lines().find_map(|line| line.strip_prefix("connected_clients:"));
    number.unwrap().trim().parse().unwrap()
}

#[tokio::test]
async fn no_visitor_meets_a_connection_that_was_lost_meanwhile() {
    let mut redis = Redis::start().await;
    let way = format!("--redis-url={}", redis.url());
    let server = Process::start(&["web", "--listen=127.0.0.1:0", &format!("--web-workers={THREADS}"), &way]);
    let shell = shell(&server);
    // Visitors are given to the threads by turns. What reads would be sent once more; what saves is not.
    let save = || (0..2 * THREADS).map(|_| shell.curl(&["-T", "a.sh", "HOST/"]).status).collect::<Vec<_>>();
    assert_eq!(save(), [201; 2 * THREADS]);
    let before = connected(&redis).await;
    redis.restart().await;
    until("each connection is made again", || async { connected(&redis).await >= before }).await;
    assert_eq!(save(), [201; 2 * THREADS]);
}

#[tokio::test]
async fn a_way_that_was_lost_without_a_word_is_left_in_seconds() {
    let folder = TempDir::new().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/suite/silent_way.sh");
    let mut command = Command::new("unshare");
    command.args(["-n", "bash", script, env!("CARGO_BIN_EXE_codecube")]).arg(folder.path());
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "200\n503\n200\n", "{output:?}");
}
