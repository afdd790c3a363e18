//! Passwords: set, changed, tried, and typed into a page.

use crate::curl::Shell;
use crate::page::SnippetPage;
use crate::protected::{SECRET, cookie_of, post, shell};
use crate::server::Server;
use crate::socket::{Visitor, fresh_key, quiet_client};

#[tokio::test]
async fn an_owner_sets_changes_and_removes_a_password_and_the_old_one_opens_nothing() {
    let server = Server::shared().await;
    let shell = shell(server);
    let kept = shell.curl(&["-F", "file=@s.py", "-F", "title=Named", "HOST/"]);
    let (key, bearer) = (kept.key(), kept.bearer());
    assert_eq!(shell.curl(&["-H", &bearer, "-T", "t.py", &format!("HOST/{key}")]).status, 200);
    let way = format!("HOST/{key}/password");
    let relock = |old: &str, new: &str, bearer: &str| {
        let (header, field) = (format!("X-Snippet-Password: {old}"), format!("password={new}"));
        shell.curl(&["-H", &header, "-H", bearer, "-H", "Accept: application/json", "-d", &field, &way])
    };
    let read = |password: &str, revision: u32| {
        let header = format!("X-Snippet-Password: {password}");
        shell.curl(&["-H", &header, &format!("HOST/{key}/raw?revision={revision}")])
    };
    let other = shell.curl(&["-T", "s.py", "HOST/"]).bearer();
    assert_eq!(relock("", "mine", &other).status, 403, "somebody else's");
    assert_eq!(shell.curl(&["-d", "password=mine", &way]).status, 401, "nobody's");
    let mut watching = Visitor::new(server.url()).await.open(&key).await;
    watching.next_that(|heard| heard["type"] == "snippet").await;
    assert_eq!(relock("", "first", &bearer).status, 200);
    watching.until_closed().await;
    let mut redis = server.redis().await;
    let name = format!("{{snippet:{key}}}");
    let stored: Vec<Vec<u8>> = redis::cmd("HVALS").arg(&name).query_async(&mut redis).await.unwrap();
    let all = String::from_utf8_lossy(&stored.concat()).into_owned();
    assert!(!all.contains("hidden") && !all.contains("Named") && !all.contains("python"), "{all}");
    assert_eq!((read("first", 1).body.as_str(), read("first", 2).status, read("", 1).status), (SECRET, 200, 401));
    assert_eq!(relock("", "second", &bearer).status, 401, "the token alone does not change it");
    assert_eq!(relock("wrong", "second", &bearer).status, 401);
    assert_eq!(relock("first", "second", &bearer).status, 200);
    for revision in [1, 2] {
        assert_eq!((read("second", revision).status, read("first", revision).status), (200, 401));
    }
    let history = shell.curl(&["-u", ":second", &format!("HOST/{key}/revisions")]).body;
    assert!(history.lines().count() == 2 && history.contains("Named"), "{history}");
    let replace = ["-H", &bearer, "-H", "X-Snippet-Password: second", "-T", "s.py", &format!("HOST/{key}")];
    assert_eq!(shell.curl(&replace).status, 200);
    assert_eq!(relock("second", "", &bearer).status, 200);
    assert_eq!((read("", 3).body.as_str(), read("", 1).body.as_str()), (SECRET, SECRET));
    assert!(shell.curl(&[&format!("HOST/{key}/revisions")]).body.contains("python"));
}

#[tokio::test]
async fn the_page_of_revisions_sets_a_password_without_a_script_and_its_owner_goes_on() {
    let server = Server::shared().await;
    let owner = Visitor::new(server.url()).await;
    let key = fresh_key(server.url()).await;
    assert_eq!(post(&owner, &format!("/{key}/save"), "language=bash&content=echo+1").await.status(), 303);
    let set = post(&owner, &format!("/{key}/password"), "password=sesame").await;
    assert_eq!(
        (set.status().as_u16(), set.headers()["location"].to_str().unwrap()),
        (303, format!("/{key}/revisions").as_str())
    );
    let cookie = format!("{}; {}", owner.cookie, cookie_of(&set));
    let page = quiet_client().get(format!("{}/{key}/revisions", server.url())).header("cookie", cookie);
    let html = page.send().await.unwrap().text().await.unwrap();
    assert!(html.contains("Another password") && html.contains("Remove the password"), "{html}");
    let stranger = quiet_client().get(format!("{}/{key}/revisions", server.url())).send().await.unwrap();
    assert_eq!(stranger.status(), 401);
}

#[tokio::test]
async fn a_right_password_opens_the_hundredth_protected_snippet_of_a_day_as_well() {
    let server = Server::shared().await;
    let kept = shell(server).curl(&["-u", ":sesame", "-T", "s.py", "HOST/"]);
    let visitor = Visitor::new(server.url()).await;
    let lock = cookie_of(&post(&visitor, &format!("/{}/unlock", kept.key()), "password=sesame").await);
    let older = (0..40).map(|number| format!("codecube_lock_{number:016x}={}", "ab".repeat(32)));
    let cookies = [older.collect::<Vec<_>>().join("; "), lock].join("; ");
    let request = quiet_client().get(format!("{}/{}", server.url(), kept.key())).header("cookie", cookies);
    assert_eq!(request.send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn passwords_cannot_be_tried_without_end() {
    let server = Server::start(&["--pool-size=0", "--passwords-per-minute=3"]).await;
    let shell = shell(&server);
    let key = shell.curl(&["-u", ":correct horse", "-T", "s.py", "HOST/"]).key();
    let tried: Vec<u16> = (0..4).map(|_| shell.curl(&["-u", ":wrong", &format!("HOST/{key}")]).status).collect();
    assert_eq!(tried, [401, 401, 401, 429]);
    assert_eq!(
        shell.curl(&["-u", ":correct horse", &format!("HOST/{key}")]).status,
        429,
        "the right one tells nothing"
    );
}

/// Ten wrong ones in a minute locked out whoever sent the right one, from anywhere; so did ten right ones.
#[tokio::test]
async fn whoever_guesses_locks_out_nobody_else_and_all_together_are_bounded() {
    let server = Server::start(&["--pool-size=0", "--passwords-per-minute=2", "--trusted-proxies=127.0.0.1"]).await;
    let shell = shell(&server);
    let kept = shell.curl(&["-u", ":correct horse", "-T", "s.py", "HOST/"]);
    let other = shell.curl(&["-u", ":correct horse", "-T", "s.py", "HOST/"]);
    let read = |from: &str, password: &str, url: &str| {
        let from = format!("X-Forwarded-For: {from}");
        shell.curl(&["-H", &from, "-H", &format!("X-Snippet-Password: {password}"), url.trim()])
    };
    let tried: Vec<u16> = (0..4).map(|_| read("203.0.113.1", "wrong", &kept.body).status).collect();
    assert_eq!(tried, [401, 401, 429, 429]);
    assert_eq!(read("203.0.113.1", "correct horse", &kept.body).status, 429, "to the guesser it tells nothing");
    for _ in 0..8 {
        assert_eq!(read("203.0.113.2", "correct horse", &kept.body).status, 200, "the right one is no guess");
    }
    // Each from an address of its own, until all together have tried as often as they may.
    let guess = |number: u32| read(&format!("198.51.100.{number}"), "wrong", &kept.body);
    let refused = (1..250).map(guess).find(|answer| answer.status == 429).unwrap();
    assert!(refused.body.contains("from many places") && refused.header("retry-after").is_some(), "{refused:?}");
    // A try is earned back each second or so, and may be between these two.
    let is_refused = |number: u32| {
        guess(number);
        read(&format!("192.0.2.{number}"), "correct horse", &kept.body).status == 429
    };
    assert!((1..250).any(is_refused), "the right one as well, while others have used up all tries");
    assert_eq!(read("203.0.113.3", "correct horse", &other.body).status, 200, "another snippet is none of that");
}

#[tokio::test]
async fn in_a_browser_a_snippet_with_a_password_is_saved_from_the_editor_asked_for_and_burnt() {
    use crate::page::SnippetPage;
    let page = SnippetPage::open(Server::shared().await.url()).await;
    page.paste("print('typed into the editor')").await;
    page.browser
        .script("document.querySelector('.keeping').open = true; document.getElementById('keep-burn').checked = true")
        .await;
    page.browser.find("#keep-password").await.send_keys("sesame").await.unwrap();
    page.press_run().await;
    page.says("Press “Save like this” first").await;
    // Where something is chosen, Save goes by the form.
    page.browser.find("#save").await.click().await.unwrap();
    page.browser
        .until("the page says that it is kept", "return document.body.innerText.includes('Kept, to be read once')")
        .await;
    page.browser
        .until(
            "its draft is gone",
            "return !Object.keys(localStorage).some(name => name.startsWith('codecube:draft:'))",
        )
        .await;
    page.browser.find("form button").await.click().await.unwrap();
    page.browser.until("it is shown", "return document.body.innerText.includes('typed into the editor')").await;
    page.browser.script("history.back()").await;
    page.browser.until("it is gone", "return document.body.innerText.includes('Somebody has read it')").await;
}

#[tokio::test]
async fn whoever_has_it_open_is_told_of_a_password_and_finds_what_was_typed_behind_it() {
    let url = Server::shared().await.url();
    let owner = Visitor::new(url).await;
    let key = fresh_key(url).await;
    assert_eq!(post(&owner, &format!("/{key}/save"), "language=bash&content=echo+1").await.status(), 303);
    let reader = SnippetPage::open(&format!("{url}/{key}")).await;
    reader.paste("echo typed").await;
    assert_eq!(post(&owner, &format!("/{key}/password"), "password=sesame").await.status(), 303);
    reader.says("This snippet has a password now.").await;
    let banner = reader.browser.script("return document.getElementById('banner').textContent").await;
    assert!(banner.as_str().unwrap().contains("What you typed is kept in this browser"), "{banner}");
    assert_eq!(reader.code().await, "echo typed");
    reader.browser.find("#banner button").await.click().await.unwrap();
    reader.browser.until("it asks", "return document.querySelector('form[action$=\"/unlock\"]') !== null").await;
    reader.browser.find("#password").await.send_keys("sesame").await.unwrap();
    reader.browser.find("form.ask button.run").await.click().await.unwrap();
    reader.ready().await;
    assert_eq!(reader.code().await, "echo typed");
    reader.browser.until("it is connected", "return document.getElementById('status').textContent === 'Ready'").await;
}

/// From a file, as `-F 'password=<FILE'` sends it.
#[tokio::test]
async fn the_line_end_behind_a_password_in_a_file_is_no_part_of_it() {
    let shell =
        Shell::at(Server::shared().await.url(), &[("a.sh", "echo 1"), ("first", "one\n"), ("second", "two\r\n")]);
    let kept = shell.curl(&["-F", "file=@a.sh", "-F", "password=<first", "HOST/"]);
    let url = kept.body.trim();
    assert_eq!(shell.curl(&["-u", ":one", url]).body, "echo 1");
    let way = format!("{url}/password");
    let set = ["-H", &kept.bearer(), "-H", "X-Snippet-Password: one", "-F", "password=<second", &way];
    assert_eq!(shell.curl(&set).status, 200);
    assert_eq!((shell.curl(&["-u", ":two", url]).status, shell.curl(&["-u", ":one", url]).status), (200, 401));
}

#[tokio::test]
async fn replacing_code_does_not_seem_to_change_how_it_is_kept() {
    let shell = Shell::at(Server::shared().await.url(), &[("a.sh", "echo 1"), ("b.sh", "echo 2")]);
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    let url = kept.body.trim();
    let put = ["-X", "PUT", "-H", &kept.bearer(), "-F", "file=@b.sh"];
    for word in ["password=sesame", "expires=1h", "burn=1"] {
        let refused = shell.curl(&[&put[..], &["-F", word, url]].concat());
        assert!(refused.status == 422 && refused.body.contains("/expiry"), "{word}: {refused:?}");
        assert_eq!(shell.curl(&[url]).body, "echo 1");
    }
    assert_eq!(shell.curl(&[&put[..], &[&format!("{url}?expires=1h")]].concat()).status, 422);
    assert_eq!(shell.curl(&[&put[..], &[url]].concat()).status, 200);
    let deleted = shell.curl(&["-X", "DELETE", "-H", &kept.bearer(), "-H", "Accept: application/json", url]);
    let told: serde_json::Value = serde_json::from_str(&deleted.body).unwrap();
    assert!(told["key"] == kept.key() && told["undelete_within_seconds"].as_u64() > Some(50), "{told}");
}
