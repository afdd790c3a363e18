//! What Redis may do to us, and how each ends for visitors: F19 to F27 of the list of faults.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use crate::own_redis::{Redis, pages, shell};
use crate::server::until;
use crate::socket::{Visitor, fresh_key, quiet_client};

/// Saves by the page's form.
async fn save_form(url: &str) -> (u16, String) {
    let visitor = Visitor::new(url).await;
    let key = fresh_key(url).await;
    let request = quiet_client().post(format!("{url}/{key}/save")).header("cookie", &visitor.cookie);
    let request = request.header("origin", url).header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body("language=bash&path=&content=my+own+text").send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

pub fn is_told(answer: &crate::curl::Answer, status: u16, words: &str) {
    assert!(answer.status == status && answer.body.contains(words), "{answer:?}");
    for raw in ["OOM", "READONLY", "LOADING", "MISCONF", "redis", "panicked", "{\"code\":\"fault\""] {
        assert!(!answer.body.contains(raw), "{answer:?}");
    }
}

/// F19. Saves go on while Redis dies and comes back: each is whole, or was refused in words.
#[tokio::test]
async fn a_save_while_redis_restarts_is_whole_or_refused() {
    let mut redis = Redis::start().await;
    let server = pages(&redis.url());
    let shell = shell(&server);
    let url = server.url.clone().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let saving = tokio::spawn({
        let (url, stop) = (url.clone(), stop.clone());
        async move {
            let (mut kept, mut refused) = (Vec::new(), 0);
            while !stop.load(Ordering::Relaxed) {
                let request = reqwest::Client::new().put(format!("{url}/a.sh")).body("echo 1");
                let answer = request.send().await.unwrap();
                match answer.status().as_u16() {
                    201 => kept.push(answer.text().await.unwrap()),
                    503 => refused += 1,
                    other => unreachable!("{other}: {}", answer.text().await.unwrap()),
                }
            }
            (kept, refused)
        }
    });
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(150)).await;
        redis.restart().await;
    }
    until("it saves again", || async { shell.curl(&["-T", "a.sh", "HOST/"]).status == 201 }).await;
    stop.store(true, Ordering::Relaxed);
    let (kept, _) = saving.await.unwrap();
    assert!(!kept.is_empty());
    for address in kept {
        assert_eq!(shell.curl(&[address.trim()]).body, "echo 1");
    }
    let Ok(redis::Value::Array(names)) = redis.ask(&["KEYS", "{snippet:????????????}"]).await else { unreachable!() };
    for name in names {
        let name: String = redis::FromRedisValue::from_redis_value(name).unwrap();
        let fields = redis.ask(&["HMGET", &name, "owner", "head", "language", "created"]).await.unwrap();
        assert!(!format!("{fields:?}").contains("nil"), "half a snippet: {fields:?}");
    }
}

/// F20.
#[tokio::test]
async fn a_full_redis_is_told_and_what_is_there_is_read() {
    let redis = Redis::start().await;
    let server = pages(&redis.url());
    let shell = shell(&server);
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    redis.ask(&["CONFIG", "SET", "maxmemory", "1"]).await.unwrap();
    is_told(&shell.curl(&["-T", "a.sh", "HOST/"]), 507, "Storage is full");
    is_told(
        &shell.curl(&["-X", "PUT", "-d", "echo 2", "-H", &kept.bearer(), kept.body.trim()]),
        507,
        "Storage is full",
    );
    let (status, page) = save_form(server.url.as_deref().unwrap()).await;
    assert!(status == 507 && page.contains("my own text") && page.contains("Storage is full"), "{status} {page}");
    assert_eq!(shell.curl(&[kept.body.trim()]).body, "echo 1");
    redis.ask(&["CONFIG", "SET", "maxmemory", "0"]).await.unwrap();
    assert_eq!(shell.curl(&["-T", "a.sh", "HOST/"]).status, 201);
}

/// F20, its other half: a Redis that throws snippets away when it is full is named at the start.
#[tokio::test]
async fn a_redis_that_would_evict_snippets_is_warned_of() {
    let redis = Redis::start().await;
    redis.ask(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]).await.unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_codecube"));
    command.args(["web", "--listen=127.0.0.1:0", "--until-stdin-closes", &format!("--redis-url={}", redis.url())]);
    let output = command.stdin(Stdio::null()).stdout(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("allkeys-lru") && said.contains("noeviction"), "{said}");
}

/// F21, and what a failed disk says (`MISCONF` of F22).
#[tokio::test]
async fn a_replica_takes_nothing_and_is_read() {
    let redis = Redis::start().await;
    let server = pages(&redis.url());
    let shell = shell(&server);
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    redis.ask(&["CONFIG", "SET", "replica-serve-stale-data", "yes"]).await.unwrap();
    redis.ask(&["REPLICAOF", "127.0.0.1", "1"]).await.unwrap();
    is_told(&shell.curl(&["-T", "a.sh", "HOST/"]), 503, "takes no changes");
    let (status, page) = save_form(server.url.as_deref().unwrap()).await;
    assert!(status == 503 && page.contains("my own text"), "{status} {page}");
    assert_eq!(shell.curl(&[kept.body.trim()]).body, "echo 1");
    redis.ask(&["CONFIG", "SET", "replica-serve-stale-data", "no"]).await.unwrap();
    // F22, MASTERDOWN: nothing can be read either.
    is_told(&shell.curl(&[kept.body.trim()]), 503, "at the moment");
    let way = format!("HOST/{}/save", kept.key());
    let unread = shell.curl(&["-H", "Accept: text/html", "-d", "language=bash&path=&content=my+own+text", &way]);
    assert!(unread.status == 503 && unread.body.contains("my own text"), "{unread:?}");
    redis.ask(&["REPLICAOF", "NO", "ONE"]).await.unwrap();
    assert_eq!(shell.curl(&["-T", "a.sh", "HOST/"]).status, 201);
    redis.ask(&["CONFIG", "SET", "min-replicas-to-write", "1"]).await.unwrap();
    // F22, NOREPLICAS.
    is_told(&shell.curl(&["-T", "a.sh", "HOST/"]), 503, "takes no changes");
    redis.ask(&["CONFIG", "SET", "min-replicas-to-write", "0"]).await.unwrap();
    // F22, NOAUTH, on connections made from now on.
    redis.ask(&["CONFIG", "SET", "requirepass", "sesame"]).await.unwrap();
    let own = redis::Client::open(format!("redis://:sesame@127.0.0.1:{}", redis.port)).unwrap();
    let mut own = own.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("CLIENT").arg(&["KILL", "TYPE", "normal"]).query_async::<()>(&mut own).await.unwrap();
    until("it is refused in words", || async {
        let answer = shell.curl(&[kept.body.trim()]);
        assert!(!answer.body.contains("NOAUTH"), "{answer:?}");
        answer.status == 503
    })
    .await;
}

/// F23.
#[tokio::test]
async fn a_frozen_redis_is_told_in_time_and_used_again_at_once() {
    let redis = Redis::start().await;
    let server = pages(&redis.url());
    let shell = shell(&server);
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    redis.signal(Signal::SIGSTOP);
    for words in
        [vec![kept.body.trim()], vec!["-T", "a.sh", "HOST/"], vec!["-H", "Accept: text/html", kept.body.trim()]]
    {
        let start = Instant::now();
        let answer = shell.curl(&words);
        assert!(answer.status == 503 && start.elapsed() < Duration::from_secs(6), "{:?} {answer:?}", start.elapsed());
    }
    let health = || shell.curl(&["HOST/readyz"]).body;
    until("readiness says so", || async { health().contains("does not answer") }).await;
    redis.signal(Signal::SIGCONT);
    until("it is read again", || async { shell.curl(&[kept.body.trim()]).status == 200 }).await;
    until("readiness says so", || async { health().contains("\"answers\"") }).await;
}

/// A way to Redis that loses its connections when told to.
async fn lossy_way(to: u16) -> (String, Arc<tokio::sync::Notify>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", listener.local_addr().unwrap());
    let cut = Arc::new(tokio::sync::Notify::new());
    let told = cut.clone();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let told = told.clone();
            tokio::spawn(async move {
                let mut redis = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
                tokio::select! {
                    _ = copy_bidirectional(&mut client, &mut redis) => {}
                    () = told.notified() => {}
                }
            });
        }
    });
    (url, cut)
}

/// F24. Readers and writers meet lost connections: each is answered, nothing is saved twice, and all is well after.
#[tokio::test(flavor = "multi_thread")]
async fn lost_connections_are_made_again_and_no_write_is_done_twice() {
    let redis = Redis::start().await;
    let (way, cut) = lossy_way(redis.port).await;
    let server = pages(&way);
    let shell = shell(&server);
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    let mut accepted = 1;
    for number in 0..30 {
        cut.notify_waiters();
        let text = format!("echo {number}");
        let answer = shell.curl(&["-X", "PUT", "-d", &text, "-H", &kept.bearer(), kept.body.trim()]);
        assert!([200, 503].contains(&answer.status), "{answer:?}");
        accepted += u32::from(answer.status == 200);
        assert!([200, 503].contains(&shell.curl(&[kept.body.trim()]).status));
    }
    until("it is read again", || async { shell.curl(&[kept.body.trim()]).status == 200 }).await;
    let revisions = shell.curl(&[&format!("{}/revisions", kept.body.trim())]);
    let lines = revisions.body.lines().count();
    assert!(lines >= accepted as usize && lines <= 31, "{accepted} were accepted, {lines} are there");
    let bytes: Vec<&str> = revisions.body.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(bytes.len(), bytes.iter().collect::<std::collections::HashSet<_>>().len());
}

/// F25.
#[tokio::test]
async fn a_damaged_snippet_is_a_fault_of_its_own() {
    let redis = Redis::start().await;
    let server = pages(&redis.url());
    let shell = shell(&server);
    let (whole, damaged) = (shell.curl(&["-T", "a.sh", "HOST/"]), shell.curl(&["-T", "a.sh", "HOST/"]));
    let name = format!("{{snippet:{}}}", damaged.key());
    // What the server keeps in memory under the id would be shown still, and rightly so.
    redis.ask(&["HSET", &name, "content_id", "another"]).await.unwrap();
    for words in [
        vec!["HSET", &name, "revision:1", "17 j{\"program\":"],
        vec!["HSET", &name, "revision:1", "nonsense"],
        vec!["HSET", &name, "revision:1", "17 zzzz"],
        vec!["HSET", &name, "summary:1", "nonsense"],
        vec!["HSET", &name, "head", "many"],
        vec!["HSET", &name, "lock", "1 x"],
        vec!["HDEL", &name, "owner"],
        vec!["SET", &name, "a text where a hash was"],
    ] {
        redis.ask(&words).await.unwrap();
        for way in ["", ".zip", "/revisions", "/1"] {
            let answer = shell.curl(&[&format!("{}{way}", damaged.body.trim())]);
            assert!([200, 500].contains(&answer.status), "{words:?} {way}: {answer:?}");
            assert!(!answer.body.contains("WRONGTYPE") && !answer.body.contains("revision 1:"), "{answer:?}");
        }
        let page = shell.curl(&["-H", "Accept: text/html", damaged.body.trim()]);
        assert!(page.status == 500 && page.body.contains("Something"), "{words:?}: {page:?}");
        assert_eq!(shell.curl(&[whole.body.trim()]).status, 200);
    }
}

/// F26 and F27.
#[tokio::test]
async fn after_all_was_wiped_there_is_nothing_and_old_cookies_do_no_harm() {
    let redis = Redis::start().await;
    let server = pages(&redis.url());
    let url = server.url.clone().unwrap();
    let shell = shell(&server);
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    let owner = Visitor::new(&url).await;
    let mut page = owner.fresh().await;
    page.send(serde_json::json!({"type": "save", "language": "bash", "files": [{"path": "", "content": "echo 1"}]}))
        .await;
    page.next_that(|value| value["stored"] == 1).await;
    redis.ask(&["FLUSHALL"]).await.unwrap();
    assert_eq!(shell.curl(&[kept.body.trim()]).status, 404);
    assert_eq!(shell.curl(&["-X", "PUT", "-d", "x", "-H", &kept.bearer(), kept.body.trim()]).status, 404);
    assert_eq!(shell.curl(&["-H", &kept.bearer(), "HOST/mine"]).status, 200);
    let filter: Value = serde_json::from_str(
        &shell.curl(&["-H", "Accept: application/json", "-d", "", &format!("{}/run", kept.body.trim())]).body,
    )
    .unwrap();
    assert_eq!(filter["code"], "not_found");
    // The text stands in the page still; saved again, it is there again.
    page.send(serde_json::json!({"type": "save", "language": "bash", "files": [{"path": "", "content": "echo 1"}]}))
        .await;
    assert_eq!(page.next_that(|value| value["stored"].is_u64()).await["stored"], 1);
    assert_eq!(shell.curl(&[&format!("HOST/{}", page.key)]).body, "echo 1");
}
