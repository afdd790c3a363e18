//! What an older version stored is brought to the form of today when it is asked for.

use crate::curl::{Answer, Shell};
use crate::own_redis::{Redis, pages, shell};
use crate::server::{Process, until};

/// Takes revisions and summaries out of a snippet, as an older version stored them beside it.
const UNFOLD: &str = r"
for number = 1, tonumber(redis.call('HGET', KEYS[1], 'head')) do
  redis.call('HSET', KEYS[1] .. ':revisions', number, redis.call('HGET', KEYS[1], 'revision:' .. number))
  redis.call('RPUSH', KEYS[1] .. ':history', number .. ' ' .. redis.call('HGET', KEYS[1], 'summary:' .. number))
  redis.call('HDEL', KEYS[1], 'revision:' .. number, 'summary:' .. number)
end
redis.call('HSET', KEYS[1], 'digest', redis.call('HGET', KEYS[1], 'content_id'))
redis.call('HDEL', KEYS[1], 'content_id')";

const PASSWORD: &str = "X-Snippet-Password: sesame";

async fn unfold(redis: &Redis, kept: &Answer) {
    redis.ask(&["EVAL", UNFOLD, "1", &format!("{{snippet:{}}}", kept.key())]).await.unwrap();
}

/// How many names are left beside the snippet's own.
async fn beside(redis: &Redis, kept: &Answer) -> redis::Value {
    let name = format!("{{snippet:{}}}", kept.key());
    redis.ask(&["EXISTS", &format!("{name}:revisions"), &format!("{name}:history")]).await.unwrap()
}

async fn start() -> (Redis, Process, Shell) {
    let redis = Redis::start().await;
    let server = pages(&redis.url());
    let tools = shell(&server);
    (redis, server, tools)
}

#[tokio::test]
async fn snippets_whose_revisions_stood_beside_them_lose_none() {
    let (redis, _server, tools) = start().await;
    let open = tools.curl(&["-T", "a.sh", "HOST/?expires=1d"]);
    let closed = tools.curl(&["-F", "file=@a.sh", "-F", "password=sesame", "HOST/"]);
    for kept in [&open, &closed] {
        let put = |text: &str| {
            tools.curl(&["-X", "PUT", "-d", text, "-H", &kept.bearer(), "-H", PASSWORD, kept.body.trim()]).status
        };
        assert_eq!(put("echo 2"), 200);
        unfold(&redis, kept).await;
        let read = |way: &str| tools.curl(&["-H", PASSWORD, &format!("HOST/{}{way}", kept.key())]);
        assert_eq!((read("").body, read("/1").body), ("echo 2".to_owned(), "echo 1".to_owned()));
        assert_eq!(read("/revisions").body.lines().count(), 2);
        assert_eq!(beside(&redis, kept).await, redis::Value::Int(0));
        // An owner who saves before anybody has read it; and once more after the older version came back and saved.
        for text in ["echo 3", "echo 4"] {
            unfold(&redis, kept).await;
            assert_eq!(put(text), 200);
            assert_eq!(read("").body, text);
        }
        assert_eq!(read("/revisions").body.lines().count(), 4);
    }
    assert_eq!(tools.curl(&[&format!("HOST/{}", closed.key())]).status, 401);
}

#[tokio::test]
async fn what_ends_before_it_was_read_again_leaves_nothing_beside_it() {
    let (redis, server, tools) = start().await;
    let burning = tools.curl(&["-F", "file=@a.sh", "-F", "burn=1", "HOST/"]);
    let (deleted, removed) = (tools.curl(&["-T", "a.sh", "HOST/"]), tools.curl(&["-T", "a.sh", "HOST/"]));
    for kept in [&burning, &deleted, &removed] {
        unfold(&redis, kept).await;
    }
    let burnt = tools.curl(&["-X", "POST", &format!("{}/burn", burning.body.trim())]);
    assert_eq!((burnt.status, burnt.body.as_str()), (200, "echo 1"));
    assert!(tools.curl(&["-X", "DELETE", "-H", &deleted.bearer(), deleted.body.trim()]).status < 300);
    let operator = std::process::Command::new(env!("CARGO_BIN_EXE_codecube"))
        .args(["snippet", "delete", &removed.key(), "--redis-url", &redis.url()])
        .status();
    assert!(operator.unwrap().success());
    for kept in [&burning, &deleted, &removed] {
        assert_eq!(beside(&redis, kept).await, redis::Value::Int(0), "{kept:?}");
    }
    let back = tools.curl(&["-X", "POST", "-H", &deleted.bearer(), &format!("{}/undelete", deleted.body.trim())]);
    assert_eq!(back.status, 200, "{back:?}");
    assert_eq!(tools.curl(&[deleted.body.trim()]).body, "echo 1");
    drop(server);
}

#[tokio::test]
async fn what_was_never_created_whole_is_removed_by_the_next_start() {
    let redis = Redis::start().await;
    let (aside, place) = ("{snippet:abcdefghjkmn}:aside:1f", "{snippet:abcdefghjkmn}");
    for name in [aside, place] {
        redis.ask(&["HSET", name, "owner", "somebody"]).await.unwrap();
    }
    let _server = pages(&redis.url());
    until("it is removed", || async { redis.ask(&["EXISTS", aside]).await == Ok(redis::Value::Int(0)) }).await;
    assert_eq!(redis.ask(&["EXISTS", place]).await, Ok(redis::Value::Int(1)));
}
