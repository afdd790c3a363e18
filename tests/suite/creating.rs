//! Creating, where what stands in Redis is in the way of it.

use sha2::{Digest, Sha256};

use crate::own_redis::{Redis, pages, shell};

#[tokio::test]
async fn what_is_kept_is_told_as_kept_though_the_owners_list_takes_no_more() {
    let redis = Redis::start().await;
    let server = pages(&redis.url());
    let shell = shell(&server);
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    let secret = hex::decode(kept.header("x-edit-token").unwrap()).unwrap();
    let list = format!("{{owner:{}}}:snippets", hex::encode(Sha256::digest(secret)));
    // As when the snippet took the last of the memory, but every time.
    redis.ask(&["SET", &list, "no list"]).await.unwrap();
    let second = shell.curl(&["-T", "a.sh", "-H", &kept.bearer(), "HOST/"]);
    assert_eq!(second.status, 201, "{second:?}");
    assert_eq!(shell.curl(&[second.body.trim()]).body, "echo 1");
    assert_eq!(shell.curl(&["-X", "PUT", "-d", "echo 2", "-H", &kept.bearer(), second.body.trim()]).status, 200);
}
