//! One's own snippets: the list, and taking them to another device.

use reqwest::Response;
use serde_json::{Value, json};

use crate::curl::Shell;
use crate::server::{Server, until};
use crate::socket::{Visitor, quiet_client};

async fn send(visitor: &Visitor, method: &str, way: &str) -> Response {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let request = quiet_client().request(method, format!("{}{way}", visitor.url)).header("accept", "text/html");
    request.header("origin", &visitor.url).header("cookie", &visitor.cookie).send().await.unwrap()
}

async fn page(visitor: &Visitor, method: &str, way: &str) -> String {
    let answer = send(visitor, method, way).await;
    assert_eq!(answer.status(), 200, "{method} {way}");
    answer.text().await.unwrap()
}

/// Saves a snippet with this title as this visitor; gives its key.
async fn saved(visitor: &Visitor, language: &str, title: &str) -> String {
    let mut page = visitor.fresh().await;
    let files = json!([{"path": "", "content": "echo 1"}]);
    page.send(json!({"type": "save", "language": language, "files": files, "title": title})).await;
    page.next_that(|value| value["stored"] == 1).await;
    page.key
}

fn link_in(html: &str) -> String {
    let at = html.find("/move/").unwrap();
    html[at..][.."/move/".len() + 64].to_owned()
}

#[tokio::test]
async fn my_snippets_are_listed_searched_and_deleted() {
    let server = Server::shared().await;
    let (owner, stranger) = (Visitor::new(server.url()).await, Visitor::new(server.url()).await);
    let first = saved(&owner, "bash", "Backup <b>of the</b> cellar").await;
    let second = saved(&owner, "python", "Sums").await;
    let list = page(&owner, "GET", "/mine").await;
    assert!(list.find(&second).unwrap() < list.find(&first).unwrap(), "the newest comes first");
    assert!(list.contains("Backup &#60;b&#62;of the"), "{list}");
    for (search, found) in [("cellar", &first), ("PYTHON", &second), ("backup+bash", &first)] {
        let list = page(&owner, "GET", &format!("/mine?q={search}")).await;
        assert!(
            list.contains(found.as_str()) && [&first, &second].iter().filter(|key| list.contains(**key)).count() == 1
        );
    }
    assert!(page(&owner, "GET", "/mine?q=nonsense").await.contains("Nothing of yours"));
    assert!(page(&stranger, "GET", "/mine").await.contains("Nothing yet"));
    assert_eq!(send(&stranger, "POST", &format!("/{first}/delete")).await.status(), 403);
    assert_eq!(send(&owner, "POST", &format!("/{first}/delete")).await.status(), 303);
    assert!(!page(&owner, "GET", "/mine").await.contains(&first));
    assert_eq!(send(&owner, "POST", &format!("/{first}/undelete")).await.status(), 303);
    assert!(page(&owner, "GET", "/mine").await.contains(&first), "it is on the list again");
    assert!(page(&owner, "GET", &format!("/{first}")).await.contains(">Yours<"));
    assert!(!page(&stranger, "GET", &format!("/{first}")).await.contains(">Yours<"));
    let nothing = send(&stranger, "GET", "/bbbbbbbbbbbb").await;
    assert_eq!(nothing.status(), 404);
    assert!(nothing.text().await.unwrap().contains("href=\"/mine\""));
}

#[tokio::test]
async fn a_program_lists_what_its_token_owns() {
    let shell = Shell::new(&[("a.py", "print(1)")]).await;
    let kept = shell.curl(&["-T", "a.py", "HOST/?title=Mine"]);
    let list = shell.curl(&["-H", &kept.bearer(), "-H", "Accept: application/json", "HOST/mine"]);
    let list: Value = serde_json::from_str(&list.body).unwrap();
    assert_eq!(
        (&list[0]["key"], &list[0]["title"], &list[0]["language"]),
        (&json!(kept.key()), &json!("Mine"), &json!("python"))
    );
    assert_eq!(shell.curl(&["HOST/mine"]).status, 401);
}

#[tokio::test]
async fn a_link_takes_all_snippets_to_another_device_once() {
    let server = Server::start(&["--pool-size=0"]).await;
    let (old, new) = (Visitor::new(server.url()).await, Visitor::new(server.url()).await);
    let (first, second) = (saved(&old, "bash", "Old").await, saved(&new, "bash", "New").await);
    let html = page(&old, "POST", "/mine/move").await;
    let link = link_in(&html);
    let code = send(&old, "GET", &format!("{link}/qr.svg")).await;
    assert_eq!(code.headers()["content-type"], "image/svg+xml");
    for _ in 0..2 {
        assert!(page(&new, "GET", &link).await.contains("Take it"), "looking changes nothing");
    }
    let asked = send(&new, "POST", &link).await;
    assert_eq!((asked.status().as_u16(), asked.headers().get("set-cookie")), (409, None));
    let text = asked.text().await.unwrap();
    assert!(text.contains("1 snippet of this browser will also belong to whoever sent this"), "{text}");
    assert!(!page(&old, "GET", "/mine").await.contains(&second), "nothing has joined");
    // More than one page of the list, with what is gone and what is damaged on it.
    let (mut redis, hidden) = (server.redis().await, saved(&new, "bash", "Damaged").await);
    let lists: Vec<String> = redis::cmd("KEYS").arg("{owner:*").query_async(&mut redis).await.unwrap();
    let mut list = String::new();
    for name in lists {
        let score: Option<f64> = redis::cmd("ZSCORE").arg(&name).arg(&second).query_async(&mut redis).await.unwrap();
        list = if score.is_some() { name } else { list };
    }
    for number in 0..1100 {
        let key = format!("gone{number:08}");
        redis::cmd("ZADD").arg(&list).arg(number).arg(key).query_async::<()>(&mut redis).await.unwrap();
    }
    redis::cmd("HDEL").arg(format!("{{snippet:{hidden}}}")).arg("head").query_async::<()>(&mut redis).await.unwrap();
    let taken = send(&new, "POST", &format!("{link}?join=1")).await;
    assert_eq!(taken.status(), 303);
    let left: u64 = redis::cmd("ZCARD").arg(&list).query_async(&mut redis).await.unwrap();
    assert_eq!(left, 0, "nothing is left to the secret that goes");
    let cookie = taken.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let new = Visitor { cookie, ..new };
    assert_eq!(new.cookie, old.cookie, "both devices own alike");
    let list = page(&new, "GET", "/mine").await;
    assert!(list.contains(&first) && list.contains(&second), "{list}");
    for method in ["GET", "POST"] {
        let again = send(&Visitor::new(server.url()).await, method, &link).await;
        assert_eq!(again.status(), 410);
        assert!(again.text().await.unwrap().contains("has been used"));
    }
    let token = link.rsplit('/').next().unwrap();
    let secret = old.cookie.split('=').nth(1).unwrap();
    let folder = server.data_directory().join("appendonlydir");
    let stored: Vec<u8> =
        std::fs::read_dir(folder).unwrap().flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap()).collect();
    let stored = String::from_utf8_lossy(&stored);
    assert!(stored.contains("moving:") && !stored.contains(token) && !stored.contains(secret));
}

#[tokio::test]
async fn a_link_hands_one_snippet_over() {
    let server = Server::shared().await;
    let (old, new) = (Visitor::new(server.url()).await, Visitor::new(server.url()).await);
    let (one, other) = (saved(&old, "bash", "One").await, saved(&old, "bash", "Other").await);
    assert_eq!(send(&new, "POST", &format!("/{one}/move")).await.status(), 403, "only its owner gives it away");
    let link = link_in(&page(&old, "POST", &format!("/{one}/move")).await);
    assert_eq!(send(&new, "POST", &link).await.headers()["location"], format!("/{one}"));
    let (theirs, mine) = (page(&new, "GET", "/mine").await, page(&old, "GET", "/mine").await);
    assert!(theirs.contains(&one) && !theirs.contains(&other) && mine.contains(&other) && !mine.contains(&one));
    assert_eq!(send(&old, "POST", &format!("/{one}/delete")).await.status(), 403);
    assert_eq!(send(&new, "POST", &format!("/{one}/delete")).await.status(), 303);
    assert_eq!(send(&new, "POST", "/move/00").await.status(), 404);
}

/// They were given a page, and what they took was owned by a cookie that nobody kept.
#[tokio::test]
async fn programs_make_and_take_links_and_are_given_the_token_that_owns() {
    let shell = Shell::new(&[("a.sh", "echo 1")]).await;
    let keep = || shell.curl(&["-T", "a.sh", "HOST/"]);
    let send = |method: &str, bearer: Option<&str>, way: &str| {
        let bearer: Vec<&str> = bearer.into_iter().flat_map(|bearer| ["-H", bearer]).collect();
        shell.curl(&[&["-X", method], bearer.as_slice(), &[way]].concat())
    };
    let (one, other) = (keep(), keep());
    let (giver, taker) = (one.bearer(), other.bearer());
    let (url, own) = (one.body.trim(), other.body.trim());
    // One snippet, to somebody without a token, and on to somebody who has one.
    let link = send("POST", Some(&giver), &format!("{url}/move")).body;
    let looked = send("GET", None, link.trim());
    assert!(looked.status == 200 && looked.body.contains(&format!("curl -i -X POST {}", link.trim())), "{looked:?}");
    let taken = send("POST", None, link.trim());
    assert_eq!((taken.status, taken.body.trim(), taken.header("location")), (200, url, Some(url)));
    assert_eq!(send("DELETE", Some(&giver), url).status, 403, "it is handed over");
    assert_eq!(send("POST", None, link.trim()).status, 410);
    let link = send("POST", Some(&taken.bearer()), &format!("{url}/move")).body;
    let again = send("POST", Some(&taker), link.trim());
    assert_eq!((again.status, again.header("x-edit-token")), (200, None), "it has one already");
    assert_eq!(shell.curl(&["-X", "PUT", "-d", "echo 2", "-H", &taker, url]).status, 200);
    // All of them, from the taker to a third, whose own would be shared.
    let third = keep();
    let link = send("POST", Some(&taker), "HOST/mine/move").body;
    let refused = send("POST", Some(&third.bearer()), link.trim());
    assert!(refused.status == 409 && refused.body.contains("?join=1"), "{refused:?}");
    assert_eq!(send("GET", Some(&third.bearer()), "HOST/mine").body.lines().count(), 1);
    let json = ["-H", "Accept: application/json", "-X", "POST", "-H", &third.bearer()];
    let joined = shell.curl(&[&json[..], &[&format!("{}?join=1", link.trim())]].concat());
    let told: Value = serde_json::from_str(&joined.body).unwrap();
    assert_eq!(format!("Authorization: Bearer {}", told["edit_token"].as_str().unwrap()), taker, "the sender's own");
    let all = send("GET", Some(&taker), told["url"].as_str().unwrap()).body;
    assert!([url, own, third.body.trim()].iter().all(|url| all.contains(url.rsplit('/').next().unwrap())), "{all}");
}

#[tokio::test]
async fn snippets_of_before_the_lists_are_put_on_them_at_the_next_start() {
    let mut server = Server::start(&["--pool-size=0"]).await;
    let shell = Shell::at(server.url(), &[("a.py", "print(1)")]);
    let first = shell.curl(&["-T", "a.py", "HOST/"]);
    let kept = shell.curl(&["-T", "a.py", "-H", &first.bearer(), "HOST/"]);
    let mut redis = server.redis().await;
    let lists: Vec<String> = redis::cmd("KEYS").arg("{owner:*").query_async(&mut redis).await.unwrap();
    assert_eq!(lists.len(), 1);
    redis::cmd("DEL").arg(&lists).arg("owners:listed").query_async::<()>(&mut redis).await.unwrap();
    assert!(server.process.terminate().success());
    server.restart().await;
    let shell = Shell::at(server.url(), &[]);
    until("the snippet is listed", || async {
        let mine = shell.curl(&["-H", &first.bearer(), "HOST/mine"]).body;
        mine.contains(&kept.key()) && mine.contains(&first.key())
    })
    .await;
}
