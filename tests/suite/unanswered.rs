//! A save that was answered 503 may stand there: it was told to be tried again, and stood there twice.

use nix::sys::signal::Signal;
use serde_json::Value;

use crate::own_redis::{Redis, pages, shell};
use crate::server::until;
use crate::storage_faults::is_told;

#[tokio::test]
async fn a_save_that_redis_was_slow_to_answer_is_told_as_one_that_may_be_there() {
    let redis = Redis::start().await;
    let server = pages(&redis.url());
    let shell = shell(&server);
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    let bearer = kept.bearer();
    redis.signal(Signal::SIGSTOP);
    let told = "may have been saved all the same";
    let slow = shell.curl(&["-H", &bearer, "-T", "a.sh", "HOST/"]);
    is_told(&slow, 503, told);
    assert!(slow.body.contains("before you send it again") && slow.header("retry-after").is_some(), "{slow:?}");
    let json = ["-H", "Accept: application/json", "-X", "PUT", "-d", "echo 2", "-H", &bearer, kept.body.trim()];
    let json: Value = serde_json::from_str(&shell.curl(&json).body).unwrap();
    assert_eq!(json["code"], "unanswered");
    let way = format!("HOST/{}/save", kept.key());
    let page = shell.curl(&["-H", "Accept: text/html", "-d", "language=bash&path=&content=my+own+text", &way]);
    assert!(page.status == 503 && page.body.contains(told) && page.body.contains("my own text"), "{page:?}");
    for words in [vec![kept.body.trim()], vec!["-H", "Accept: text/html", kept.body.trim()]] {
        let read = shell.curl(&words);
        is_told(&read, 503, "does not answer at the moment");
        assert!(!read.body.contains(told), "{read:?}");
    }
    redis.signal(Signal::SIGCONT);
    until("it is there", || async { shell.curl(&["-H", &bearer, "HOST/mine"]).body.lines().count() == 2 }).await;
}
