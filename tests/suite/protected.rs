//! Snippets with a password, and all that belongs to them.

use crate::curl::Shell;
use crate::server::Server;
use crate::socket::{Visitor, fresh_key, quiet_client};

pub const SECRET: &str = "print('a very hidden text')";

pub fn shell(server: &Server) -> Shell {
    Shell::at(server.url(), &[("s.py", SECRET), ("t.py", "print('another hidden text')"), ("in", "")])
}

/// Everything that storage has on disk.
pub fn stored(server: &Server) -> String {
    let folder = server.data_directory().join("appendonlydir");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    String::from_utf8_lossy(&files.collect::<Vec<_>>().concat()).into_owned()
}

#[tokio::test]
async fn a_password_guards_every_way_to_a_snippet_and_storage_has_nothing_in_clear() {
    let server = Server::start(&["--pool-size=0"]).await;
    let shell = shell(&server);
    let kept = shell.curl(&["-u", ":correct horse", "-F", "file=@s.py", "-F", "title=A hidden title", "HOST/"]);
    assert_eq!(kept.status, 201);
    let (key, bearer) = (kept.key(), kept.bearer());
    let replaced =
        shell.curl(&["-H", &bearer, "-H", "X-Snippet-Password: correct horse", "-T", "t.py", &format!("HOST/{key}")]);
    assert_eq!(replaced.status, 200, "{}", replaced.body);
    for way in ["", "/raw", "/raw/s.py", ".txt", ".zip", "/revisions", "/1", "/diff?from=1&to=2"] {
        let address = format!("HOST/{key}{way}");
        for (words, status, code) in [
            (vec![address.as_str()], 401, "password_needed"),
            (vec!["-u", ":wrong", address.as_str()], 401, "wrong_password"),
            (vec!["-H", &bearer, address.as_str()], 401, "password_needed"),
        ] {
            let answer = shell.curl(&[&["-H", "Accept: application/json"], words.as_slice()].concat());
            assert_eq!(answer.status, status, "{words:?}: {}", answer.body);
            assert!(answer.body.contains(code) && !answer.body.contains("hidden"), "{words:?}: {}", answer.body);
        }
        let output = shell.curl(&["-u", ":correct horse", "-o", "opened", &address]);
        assert_eq!(output.status, 200, "{way}");
    }
    assert_eq!(shell.curl(&["-u", ":correct horse", &format!("HOST/{key}/raw?revision=1")]).body, SECRET);
    let history = shell.curl(&["-u", ":correct horse", &format!("HOST/{key}/revisions")]).body;
    assert!(history.contains("A hidden title") && history.contains("python"), "{history}");
    for way in [".png", "/embed"] {
        assert_eq!(shell.curl(&[&format!("HOST/{key}{way}")]).status, 404, "nothing for other sites: {way}");
    }
    for (method, way) in [("PUT", ""), ("POST", "/1/restore")] {
        let answer = shell.curl(&["-X", method, "-H", &bearer, "-d", "x", &format!("HOST/{key}{way}")]);
        assert_eq!(answer.status, 401, "{method} {way}: {}", answer.body);
    }
    assert_eq!(shell.curl(&["-X", "POST", "-d", "", &format!("HOST/{key}/run")]).status, 401);
    let everything = stored(&server);
    assert!(everything.contains(&key));
    for hidden in ["hidden", "correct horse", "s.py"] {
        assert!(!everything.contains(hidden), "{hidden} is in storage in clear");
    }
    assert_eq!(shell.curl(&["-X", "DELETE", "-H", &bearer, &format!("HOST/{key}")]).status, 200);
}

/// What `post` sends, as a page of ours would.
pub async fn post(visitor: &Visitor, way: &str, body: &str) -> reqwest::Response {
    let request = quiet_client().post(format!("{}{way}", visitor.url)).header("accept", "text/html");
    let request = request.header("origin", &visitor.url).header("cookie", &visitor.cookie);
    request.header("content-type", "application/x-www-form-urlencoded").body(body.to_owned()).send().await.unwrap()
}

pub fn cookie_of(answer: &reqwest::Response) -> String {
    let cookies = answer.headers().get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap());
    cookies.map(|cookie| cookie.split(';').next().unwrap()).collect::<Vec<_>>().join("; ")
}

#[tokio::test]
async fn the_page_asks_for_the_password_and_a_cookie_opens_it_its_socket_and_its_forks() {
    let server = Server::shared().await;
    let owner = Visitor::new(server.url()).await;
    let key = fresh_key(server.url()).await;
    let form = "language=bash&path=main.sh&content=echo+hidden+away&password=sesame&title=T";
    let saved = post(&owner, &format!("/{key}/save"), form).await;
    assert_eq!(saved.status(), 303);
    let lock = cookie_of(&saved);
    assert!(lock.starts_with("codecube_lock_") && !lock.contains("sesame"), "{lock}");
    let read = |cookie: String, way: String| async move {
        let request = quiet_client().get(format!("{}{way}", server.url())).header("accept", "text/html");
        let answer = request.header("cookie", cookie).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, page) = read(String::new(), format!("/{key}")).await;
    assert_eq!(status, 401);
    assert!(page.contains("has a password") && page.contains("/unlock") && !page.contains("hidden away"), "{page}");
    assert!(!page.contains("og:title"), "no preview");

    let stranger = Visitor::new(server.url()).await;
    let wrong = post(&stranger, &format!("/{key}/unlock"), "password=open&to=/").await;
    assert_eq!(wrong.status(), 401);
    assert!(wrong.text().await.unwrap().contains("not its password"));
    let right = post(&stranger, &format!("/{key}/unlock"), &format!("password=sesame&to=/{key}/revisions")).await;
    assert_eq!(
        (right.status().as_u16(), right.headers()["location"].to_str().unwrap()),
        (303, format!("/{key}/revisions").as_str())
    );
    let flags = right.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(flags.contains("HttpOnly") && flags.contains("SameSite=Lax"), "{flags}");
    let with_lock = Visitor { cookie: format!("{}; {}", stranger.cookie, cookie_of(&right)), ..stranger.clone() };
    let (status, page) = read(with_lock.cookie.clone(), format!("/{key}")).await;
    assert!(status == 200 && page.contains("echo hidden away"), "{page}");

    assert!(!opens_socket(&stranger, &key).await);
    let mut page = with_lock.open(&key).await;
    assert_eq!(page.run("bash", "echo $((6 * 7))").await.output(), "42\n");
    assert_ne!(page.key, key, "somebody else's change is a fork");
    let (status, text) = read(String::new(), format!("/{}", page.key)).await;
    assert!(status == 401 && !text.contains("6 * 7"), "the fork has the same password");
    assert_eq!(read(with_lock.cookie.clone(), format!("/{}", page.key)).await.0, 200);
    let mut redis = server.redis().await;
    let runs = format!("{{snippet:{}}}:runs", page.key);
    let runs: redis::streams::StreamRangeReply =
        redis::cmd("XRANGE").arg(runs).arg("-").arg("+").query_async(&mut redis).await.unwrap();
    let id: String = runs.ids[0].get("run").unwrap();
    let of_fork: (Option<String>, String) = redis::cmd("HMGET")
        .arg(format!("{{snippet:{}}}", page.key))
        .arg(&["title", "language"])
        .query_async(&mut redis)
        .await
        .unwrap();
    assert_eq!(of_fork, (None, String::new()));
    let (left, request): (i64, bool) = redis::pipe()
        .cmd("TTL")
        .arg(format!("{{runs:0}}:{id}:log"))
        .cmd("HEXISTS")
        .arg(format!("{{runs:0}}:{id}"))
        .arg("request")
        .query_async(&mut redis)
        .await
        .unwrap();
    assert!((1..=600).contains(&left) && !request, "the log lives {left} s, the program is there: {request}");
}

#[tokio::test]
async fn a_fork_of_a_protected_snippet_is_never_kept_in_clear() {
    let server = Server::shared().await;
    let shell = shell(server);
    let kept = shell.curl(&["-u", ":sesame", "-T", "s.py", "HOST/"]);
    let save = format!("HOST/{}/save", kept.key());
    let fields = ["-d", "language=python&content=print(1)", save.as_str()];
    assert_eq!(shell.curl(&fields).status, 401);
    let forked = shell.curl(&[&["-u", ":sesame"], &fields[..]].concat());
    assert_eq!(forked.status, 303, "{}", forked.body);
    let fork = format!("HOST{}", forked.header("location").unwrap());
    assert_ne!(fork, format!("HOST/{}", kept.key()));
    assert_eq!(shell.curl(&[&fork]).status, 401, "with its origin's password");
    assert_eq!(shell.curl(&["-u", ":sesame", &fork]).body, "print(1)");

    let stranger = Visitor::new(server.url()).await;
    let fresh = fresh_key(server.url()).await;
    let mut page = stranger.open_after(&fresh, &format!("?fork={}", kept.key())).await;
    page.start("python", "print('in clear')").await;
    assert_eq!(page.next_that(|heard| heard["type"] == "error").await["code"], "password_needed");
    assert_eq!(shell.curl(&[&format!("HOST/{fresh}")]).status, 404, "nothing is kept");
}

/// It may have expired since the page was opened; what stands on the page must not become a snippet in clear.
#[tokio::test]
async fn what_was_made_from_a_protected_snippet_that_is_gone_is_not_kept_in_clear() {
    let server = Server::shared().await;
    let owner = Visitor::new(server.url()).await;
    let (key, fork) = (fresh_key(server.url()).await, fresh_key(server.url()).await);
    let form = "language=bash&path=main.sh&content=echo+hidden&password=sesame";
    let lock = cookie_of(&post(&owner, &format!("/{key}/save"), form).await);
    let opener = Visitor { cookie: format!("{}; {lock}", owner.cookie), ..owner.clone() };
    let page = |way: String| {
        let request = quiet_client().get(format!("{}{way}", server.url())).header("cookie", &opener.cookie);
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    for way in [format!("/{key}"), format!("/{fork}?fork={key}")] {
        let html = page(way).await;
        assert!(html.contains("name=\"protected\" value=\"1\"") && html.contains("\"protected\":true"), "{html}");
    }
    let mut open = opener.open(&key).await;
    open.next_that(|heard| heard["type"] == "snippet").await;
    assert_eq!(post(&opener, &format!("/{key}/delete"), "").await.status(), 303);
    open.next_that(|heard| heard["type"] == "snippet" && heard["saved"] == false).await;
    open.start("bash", "echo hidden").await;
    assert_eq!(open.next_that(|heard| heard["type"] == "error").await["code"], "password_gone");
    let mut late = opener.open_after(&fork, &format!("?fork={key}&protected=1")).await;
    late.start("bash", "echo hidden").await;
    assert_eq!(late.next_that(|heard| heard["type"] == "error").await["code"], "password_gone");
    let form = format!("language=bash&content=echo+hidden&fork={key}&protected=1");
    for (way, words) in [(format!("/{fork}/save"), form.clone()), (format!("/{key}/run"), form.clone())] {
        let refused = post(&opener, &way, &words).await;
        assert_eq!(refused.status(), 409);
        let html = refused.text().await.unwrap();
        assert!(html.contains("echo hidden") && html.contains("name=\"protected\""), "{html}");
    }
    assert_eq!(post(&opener, &format!("/{fork}/save"), &format!("{form}&password=other")).await.status(), 303);
    assert_eq!(quiet_client().get(format!("{}/{fork}/raw", server.url())).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn runs_of_a_protected_snippet_are_sealed_in_storage() {
    let server = Server::start(&["--pool-size=1"]).await;
    let owner = Visitor::new(server.url()).await;
    let run = |key: String, form: &'static str| {
        let owner = owner.clone();
        async move {
            let ran = post(&owner, &format!("/{key}/run"), form).await;
            (cookie_of(&ran), ran.text().await.unwrap())
        }
    };
    // What burns has no key of its own, so its contents are there until they are burnt; its run is not.
    let (_, page) = run(fresh_key(server.url()).await, "language=bash&content=echo+b$((1))urnt&burn=1").await;
    assert!(page.contains("b1urnt") && page.contains("exit code 0"), "{page}");
    let key = fresh_key(server.url()).await;
    let form = "language=bash&path=hushed.sh&content=echo+hid$((1))den+\"$1\"&args=unsaid&password=sesame";
    let (lock, page) = run(key.clone(), form).await;
    assert!(page.contains("hid1den unsaid") && page.contains("exit code 0"), "{page}");
    // By the socket, with typed input; and as a filter.
    let opener = Visitor { cookie: format!("{}; {lock}", owner.cookie), ..owner.clone() };
    let mut open = opener.open(&key).await;
    assert_eq!(open.finish().await.output(), "hid1den unsaid\n", "the run of before");
    open.start("bash", "echo hid$((1))den; read line; echo \"$line\" | tr a-z A-Z").await;
    let up = open.event("output").await;
    assert_eq!(up["data"], "hid1den\n");
    open.send(serde_json::json!({"type": "input", "run": up["run"], "data": "whispered\n"})).await;
    let heard = open.finish().await;
    assert_eq!((heard.output().as_str(), heard.outcome()), ("WHISPERED\n", "exited"));
    let late = opener.open(&key).await.finish().await;
    assert_eq!(late.output(), "hid1den\nWHISPERED\n");
    let shell = shell(&server);
    std::fs::write(shell.directory.path().join("in"), "murmured").unwrap();
    let filtered = shell.curl(&["-u", ":sesame", "--data-binary", "@in", &format!("HOST/{key}/run")]);
    assert!(filtered.body.contains("MURMURED"), "{}", filtered.body);
    let everything = stored(&server);
    assert!(everything.contains("0-sealed-") && everything.contains("sealed:"));
    for hidden in ["b1urnt", "hid$", "hid1den", "unsaid", "whispered", "WHISPERED", "murmured", "MURMURED", "hushed"] {
        assert!(!everything.contains(hidden), "{hidden} is in storage in clear");
    }
}

#[tokio::test]
async fn whoever_waits_where_a_snippet_is_kept_that_burns_or_is_protected_sees_nothing_of_its_run() {
    let server = Server::shared().await;
    for choice in ["burn=1", "password=sesame"] {
        let (owner, other) = (Visitor::new(server.url()).await, Visitor::new(server.url()).await);
        let key = fresh_key(server.url()).await;
        let mut waiting = other.open(&key).await;
        waiting.next_that(|heard| heard["type"] == "snippet").await;
        let form = format!("language=bash&path=main.sh&content=echo+hid$((1))den&{choice}");
        let run = post(&owner, &format!("/{key}/run"), &form).await;
        assert!(run.text().await.unwrap().contains("hid1den"), "the owner sees the run: {choice}");
        let heard = waiting.until_closed().await;
        assert!(heard.iter().all(|message| message["type"] != "event"), "{choice}: {heard:?}");
        assert!(!opens_socket(&other, &key).await, "{choice}");
    }
}

async fn opens_socket(visitor: &Visitor, key: &str) -> bool {
    use tokio_tungstenite::tungstenite::client::IntoClientRequest;
    let mut request = format!("{}/{key}/socket", visitor.url.replace("http", "ws")).into_client_request().unwrap();
    request.headers_mut().insert("cookie", visitor.cookie.parse().unwrap());
    request.headers_mut().insert("origin", visitor.url.parse().unwrap());
    tokio_tungstenite::connect_async(request).await.is_ok()
}
