//! Creating, where what stands in Redis is in the way of it.

use std::collections::HashSet;

use futures_util::future::join_all;
use sha2::{Digest, Sha256};

use crate::own_redis::{Redis, pages, shell};
use crate::socket::{Visitor, fresh_key, quiet_client};

/// Saves by the page's form at this key; gives the key that it was saved at.
async fn save_at(url: &str, key: &str, text: &str) -> String {
    let visitor = Visitor::new(url).await;
    let request = quiet_client().post(format!("{url}/{key}/save")).header("cookie", &visitor.cookie);
    let request = request.header("origin", url).header("content-type", "application/x-www-form-urlencoded");
    let answer = request.body(format!("language=bash&path=&content={text}")).send().await.unwrap();
    let place = answer.headers()["location"].to_str().unwrap();
    place.trim_start_matches('/').chars().take(key.len()).collect()
}

async fn names(redis: &Redis, pattern: &str) -> HashSet<String> {
    redis::from_redis_value(redis.ask(&["KEYS", pattern]).await.unwrap()).unwrap()
}

#[tokio::test]
async fn of_many_who_save_at_one_key_one_gets_it_and_all_are_whole() {
    let redis = Redis::start().await;
    let server = pages(&redis.url());
    let (shell, url) = (shell(&server), server.url.as_deref().unwrap());
    let key = fresh_key(url).await;
    let texts: Vec<String> = (0..16).map(|number| format!("text{number}")).collect();
    let places = join_all(texts.iter().map(|text| save_at(url, &key, text))).await;
    assert_eq!(places.iter().collect::<HashSet<_>>().len(), texts.len());
    assert!(places.contains(&key), "{places:?}");
    for (place, text) in places.iter().zip(&texts) {
        assert_eq!(&shell.curl(&[&format!("HOST/{place}")]).body, text);
    }
    assert_eq!(names(&redis, "*:aside:*").await, HashSet::new());
}

#[tokio::test]
async fn the_address_of_what_was_deleted_or_is_over_is_nobodys() {
    let redis = Redis::start().await;
    let server = pages(&redis.url());
    let (shell, url) = (shell(&server), server.url.as_deref().unwrap());
    let made = |way: &str| shell.curl(&["-T", "a.sh", way]);
    let (deleted, short, shortened) = (made("HOST/"), made("HOST/?expires=10m"), made("HOST/"));
    let gone = shell.curl(&["-X", "DELETE", "-H", &deleted.bearer(), deleted.body.trim()]);
    assert!(gone.status < 300, "{gone:?}");
    let way = format!("HOST/{}/expiry", shortened.key());
    let answer = shell.curl(&["-d", "expires=10m", "-H", &shortened.bearer(), &way]);
    assert!(answer.status < 400, "{answer:?}");
    for kept in [deleted, short, shortened] {
        // As if its time were over.
        let dropped = redis.ask(&["DEL", &format!("{{snippet:{}}}", kept.key())]).await.unwrap();
        assert_eq!(dropped, redis::Value::Int(1), "{kept:?}");
        let place = save_at(url, &kept.key(), "echo+stranger").await;
        assert_ne!(place, kept.key());
        assert_eq!(shell.curl(&[&format!("HOST/{place}")]).body, "echo stranger");
        assert_eq!(shell.curl(&[kept.body.trim()]).status, 404, "whoever has the old link finds nothing");
    }
}

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
