//! Forks: each says what it comes from, and its original lists it unless it is a secret.

use serde_json::{Value, json};

use crate::curl::{Answer, Shell};
use crate::reading::{page, percent_encoded};
use crate::socket::{Visitor, fresh_key, quiet_client};

/// A snippet with two revisions.
fn kept_twice(shell: &Shell) -> Answer {
    let kept = shell.curl(&["-T", "a.py", "HOST/?title=The%20original"]);
    shell.curl(&["-X", "PUT", "-T", "b.py", "-H", &kept.bearer(), kept.body.trim()]);
    kept
}

/// Saves a fork by the form of the page that is a fork of this, with more fields; gives the fork's key.
async fn fork_by_form(visitor: &Visitor, from: &str, more: &str) -> String {
    let url = &visitor.url;
    let key = fresh_key(url).await;
    let shown = page(&format!("{key}?{from}")).await;
    let fork = shown.split("name=\"fork\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let body = format!("language=python&fork={}&path=a.py&content=print(4)&files=all{more}", percent_encoded(fork));
    let request = quiet_client().post(format!("{url}/{key}/save")).header("cookie", &visitor.cookie);
    let request = request.header("origin", url).header("content-type", "application/x-www-form-urlencoded");
    let answer = request.header("accept", "text/html").body(body).send().await.unwrap();
    assert_eq!(answer.status(), 303);
    key
}

/// Key and revision of each fork that is listed, the newest first.
fn listed(shell: &Shell, key: &str) -> Vec<(String, u64)> {
    let told = shell.curl(&["-H", "Accept: application/json", &format!("HOST/{key}/forks")]);
    assert_eq!(told.status, 200, "{}", told.body);
    let told: Vec<Value> = serde_json::from_str(&told.body).unwrap();
    told.iter().map(|fork| (fork["key"].as_str().unwrap().into(), fork["revision"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn an_original_lists_its_forks_and_each_names_the_revision_it_started_from() {
    let shell = Shell::new(&[("a.py", "print(1)\n"), ("b.py", "print(2)\n")]).await;
    let kept = kept_twice(&shell);
    let key = kept.key();
    assert_eq!(listed(&shell, &key), []);
    let guest = Visitor::new(&shell.site).await;
    let title = "&title=%3Cb%3Emine%3C%2Fb%3E";
    let old = fork_by_form(&guest, &format!("fork={key}&revision=1"), title).await;
    let new = fork_by_form(&guest, &format!("fork={key}"), "").await;
    // Somebody else's page that is changed, and one that a program opens as a fork.
    let save = |revision: Value| {
        json!({"type": "save", "language": "python", "revision": revision,
        "files": [{"path": "a.py", "content": "print(3)\n"}]})
    };
    let mut changed = guest.open(&key).await;
    changed.send(save(1.into())).await;
    changed.next_that(|heard| heard["stored"].is_u64()).await;
    let mut opened = guest.open_after(&fresh_key(&shell.site).await, &format!("?fork={key}/1")).await;
    opened.send(save(Value::Null)).await;
    opened.next_that(|heard| heard["stored"].is_u64()).await;
    let expected = [(&opened.key, 1), (&changed.key, 1), (&new, 2), (&old, 1)];
    assert_eq!(listed(&shell, &key), expected.map(|(key, revision)| (key.clone(), revision)));

    let list = page(&format!("{key}/revisions")).await;
    let forks = list.split("id=\"forks\"").nth(1).unwrap().split("</ul>").next().unwrap();
    assert!(forks.contains(&format!("<a href=\"/{old}\"><bdi>&#60;b&#62;mine&#60;/b&#62;</bdi></a>")), "{forks}");
    assert!(forks.contains(&format!("<code>{old}</code>, Python, from revision 1")), "{forks}");
    let text = shell.curl(&[&format!("HOST/{key}/forks")]).body;
    assert!(text.lines().count() == 4 && text.contains("\tpython\tfrom revision 2"), "{text}");
    let mine = page(&format!("{old}/revisions")).await;
    assert!(mine.contains(&format!("<a href=\"/{key}/1\">revision 1</a>")), "{mine}");
    assert!(page(&old).await.contains(&format!("Fork of <a href=\"/{key}\">")));
}

#[tokio::test]
async fn a_secret_fork_is_on_no_list_and_one_that_goes_leaves_it() {
    let shell = Shell::new(&[("a.py", "print(1)\n"), ("b.py", "print(2)\n")]).await;
    let key = kept_twice(&shell).key();
    let guest = Visitor::new(&shell.site).await;
    let from = format!("fork={key}");
    fork_by_form(&guest, &from, "&password=sesame").await;
    fork_by_form(&guest, &from, "&burn=1").await;
    let open = fork_by_form(&guest, &from, "").await;
    let closed_later = fork_by_form(&guest, &from, "").await;
    assert_eq!(listed(&shell, &key).len(), 2);
    let post = |way: String, body: &'static str| {
        let request = quiet_client().post(format!("{}/{way}", shell.site)).header("cookie", &guest.cookie);
        let request = request.header("origin", &shell.site).header("content-type", "application/x-www-form-urlencoded");
        request.body(body).send()
    };
    assert_eq!(post(format!("{closed_later}/password"), "password=sesame").await.unwrap().status(), 303);
    assert_eq!(listed(&shell, &key), [(open.clone(), 2)]);
    assert_eq!(post(format!("{open}/delete"), "").await.unwrap().status(), 303);
    assert_eq!(listed(&shell, &key), []);
    assert_eq!(post(format!("{open}/undelete"), "").await.unwrap().status(), 303);
    assert_eq!(listed(&shell, &key), [(open, 2)], "whoever takes it back is listed again");
}

#[tokio::test]
async fn the_list_of_forks_is_read_and_goes_like_the_original() {
    let shell = Shell::new(&[("a.py", "print(1)\n"), ("b.py", "print(2)\n")]).await;
    let kept = kept_twice(&shell);
    let guest = Visitor::new(&shell.site).await;
    fork_by_form(&guest, &format!("fork={}", kept.key()), "").await;
    let mut redis = crate::server::Server::shared().await.redis().await;
    let name = format!("{{snippet:{}}}:forks", kept.key());
    let mut life = async || redis::cmd("TTL").arg(&name).query_async::<i64>(&mut redis).await.unwrap();
    assert_eq!(life().await, -1);
    shell.curl(&["-X", "POST", "-d", "expires=1h", "-H", &kept.bearer(), &format!("{}/expiry", kept.body.trim())]);
    assert!((3500..=3600).contains(&life().await));
    shell.curl(&["-X", "DELETE", "-H", &kept.bearer(), kept.body.trim()]);
    assert!(life().await <= 60);
    assert_eq!(shell.curl(&[&format!("{}/forks", kept.body.trim())]).status, 404);
    let locked = shell.curl(&["-u", ":sesame", "-T", "a.py", "HOST/"]);
    assert_eq!(shell.curl(&[&format!("{}/forks", locked.body.trim())]).status, 401);
    assert_eq!(shell.curl(&["-u", ":sesame", &format!("{}/forks", locked.body.trim())]).status, 200);
}
