//! What becomes of a snippet: revisions, their differences, downloads, expiry, deletion.

use serde_json::Value;

use crate::curl::{Answer, Shell};
use crate::server::{Server, until};
use crate::socket::{Visitor, quiet_client};

/// A snippet with these texts as its revisions.
fn kept(shell: &Shell, texts: &[&str]) -> Answer {
    let mut kept = None;
    for text in texts {
        std::fs::write(shell.directory.path().join("main.py"), text).unwrap();
        match &kept {
            None => kept = Some(shell.curl(&["-F", "file=@main.py", "HOST/"])),
            Some(first) => {
                let words = ["-X", "PUT", "--data-binary", "@main.py", "-H", &first.bearer(), first.body.trim()];
                assert_eq!(shell.curl(&words).status, 200);
            }
        }
    }
    kept.unwrap()
}

async fn page(url: &str) -> String {
    quiet_client().get(url).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn every_revision_is_listed_and_can_be_read() {
    let shell = Shell::new(&[]).await;
    let kept = kept(&shell, &["print(1)\n", "print(2)\n", "print(2)\n"]);
    let url = kept.body.trim();
    let listed = shell.curl(&[&format!("{url}/revisions")]).body;
    let numbers: Vec<&str> = listed.lines().map(|line| line.split('\t').next().unwrap()).collect();
    assert_eq!(numbers, ["2", "1"], "an unchanged save is no revision: {listed}");
    let json = shell.curl(&["-H", "Accept: application/json", &format!("{url}/revisions")]).body;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json[1]["revision"], &json[1]["bytes"]), (&1.into(), &9.into()));
    assert_eq!(shell.curl(&[&format!("{url}/1")]).body, "print(1)\n");
    assert_eq!(shell.curl(&[&format!("{url}/3")]).status, 404);
    let list = page(&format!("{url}/revisions")).await;
    assert!(list.contains(&format!("href=\"/{}/2\"", kept.key())), "{list}");
    let old = page(&format!("{url}/1")).await;
    let code = "<span class=n>print</span>";
    assert!(old.contains(code) && old.contains("revision 2") && !old.contains("Restore"), "{old}");
}

#[tokio::test]
async fn two_revisions_are_compared_word_by_word() {
    let shell = Shell::new(&[]).await;
    let kept = kept(&shell, &["a = 1\nprint('old <b> words')\n", "a = 1\nprint('new <b> words')\n"]);
    let url = format!("{}/diff?from=1&to=2", kept.body.trim());
    let patch = shell.curl(&[&url]).body;
    assert!(patch.contains("-print('old <b> words')\n+print('new <b> words')\n"), "{patch}");
    let html = page(&url).await;
    assert!(
        html.contains("<del>") && html.contains("old") && html.contains("<ins>") && !html.contains("<b>"),
        "{html}"
    );
    assert_eq!(shell.curl(&[&format!("{}/diff?from=1&to=9", kept.body.trim())]).status, 404);
    assert_eq!(shell.curl(&[&format!("{}/diff", kept.body.trim())]).status, 400);
}

#[tokio::test]
async fn an_old_revision_is_restored_as_a_new_one_by_its_owner_only() {
    let shell = Shell::new(&[]).await;
    let kept = kept(&shell, &["print(1)\n", "print(2)\n"]);
    let (url, restore) = (kept.body.trim(), format!("{}/1/restore", kept.body.trim()));
    assert_eq!(shell.curl(&["-X", "POST", &restore]).status, 401);
    let stranger = format!("Authorization: Bearer {}", "ab".repeat(32));
    assert_eq!(shell.curl(&["-X", "POST", "-H", &stranger, &restore]).status, 403);
    let restored = shell.curl(&["-X", "POST", "-H", &kept.bearer(), "-H", "Accept: application/json", &restore]);
    assert_eq!(serde_json::from_str::<Value>(&restored.body).unwrap()["revision"], 3);
    assert_eq!(shell.curl(&[url]).body, "print(1)\n");
    assert_eq!(shell.curl(&[&format!("{url}/2")]).body, "print(2)\n");
}

#[tokio::test]
async fn two_hundred_revisions_are_kept_and_the_page_says_so() {
    let shell = Shell::new(&[]).await;
    let mut page_of_owner = Visitor::new(&shell.site).await.fresh().await;
    for number in 1..=202 {
        let files = serde_json::json!([{"path": "main.py", "content": format!("print({number})\n")}]);
        page_of_owner.send(serde_json::json!({"type": "save", "language": "python", "files": files})).await;
        page_of_owner.next_that(|message| message["type"] == "snippet" && message["revision"] == number).await;
    }
    let url = format!("{}/{}", shell.site, page_of_owner.key);
    assert_eq!(shell.curl(&[&format!("{url}/2")]).status, 404);
    assert_eq!(shell.curl(&[&format!("{url}/3")]).body, "print(3)\n");
    assert_eq!(shell.curl(&[&format!("{url}/revisions")]).body.lines().count(), 200);
    assert!(page(&format!("{url}/revisions")).await.contains("revisions 1 to 2 are gone"));
}

#[tokio::test]
async fn files_are_read_one_by_one_and_all_together() {
    let shell = Shell::new(&[("main.py", "import pkg.lib\n"), ("lib.py", "<script>x</script>")]).await;
    let words = ["-F", "file=@main.py", "-F", "file=@lib.py;filename=pkg/lib.py", "HOST/"];
    let url = shell.curl(&words).body.trim().to_owned();
    let raw = shell.curl(&[&format!("{url}/raw/pkg/lib.py")]);
    assert_eq!(raw.body, "<script>x</script>");
    assert_eq!(raw.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(raw.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(raw.header("content-security-policy"), Some("default-src 'none'; sandbox"));
    let download = shell.curl(&[&format!("{url}/raw/pkg/lib.py?download")]);
    assert_eq!(download.header("content-disposition"), Some("attachment; filename*=UTF-8''lib.py"));
    assert_eq!(shell.curl(&[&format!("{url}/raw/none.py")]).status, 404);
    assert_eq!(
        shell.curl(&[&format!("{url}.txt")]).body,
        "==> main.py <==\nimport pkg.lib\n\n==> pkg/lib.py <==\n<script>x</script>\n"
    );
    assert_eq!(shell.curl(&["-o", "all.zip", &format!("{url}.zip")]).status, 200);
    let bytes = std::fs::read(shell.directory.path().join("all.zip")).unwrap();
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let key = url.rsplit('/').next().unwrap();
    let mut file = archive.by_name(&format!("{key}/pkg/lib.py")).unwrap();
    assert_eq!(std::io::read_to_string(&mut file).unwrap(), "<script>x</script>");
}

#[tokio::test]
async fn a_file_whose_name_ends_like_a_download_can_still_be_put() {
    let shell = Shell::new(&[("notes.txt", "#!/bin/sh\necho 1\n")]).await;
    assert_eq!(shell.curl(&["-T", "notes.txt", "HOST/"]).status, 201);
}

#[tokio::test]
async fn an_expiry_is_shown_and_kept_to() {
    let server = Server::start(&["--pool-size=1"]).await;
    let shell = Shell::at(server.url(), &[("a.sh", "echo 1")]);
    let kept = shell.curl(&["-T", "a.sh", "HOST/?expires=10m"]);
    let url = kept.body.trim();
    for way in ["", "/revisions", "/1", "/diff?from=1&to=1", "/embed"] {
        assert!(page(&format!("{url}{way}")).await.contains("xpires <time"), "{way}");
    }
    let mut redis = server.redis().await;
    let key = format!("{{snippet:{}}}", kept.key());
    let left: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut redis).await.unwrap();
    assert!((590_000..=600_000).contains(&left), "{left}");
    let set = |word: &str| {
        let (field, address) = (format!("expires={word}"), format!("{url}/expiry"));
        shell.curl(&["-d", &field, "-H", &kept.bearer(), &address])
    };
    assert_eq!(set("soon").status, 422);
    assert_eq!(set("never").status, 200);
    let left: i64 = redis::cmd("PTTL").arg(&key).query_async(&mut redis).await.unwrap();
    assert_eq!(left, -1);
    assert_eq!(set("1d").status, 200);
    redis::cmd("PEXPIRE").arg(&key).arg(1).query_async::<()>(&mut redis).await.unwrap();
    until("it is gone", || async { shell.curl(&[url]).status == 404 }).await;
}

#[tokio::test]
async fn the_latest_run_of_an_expiring_snippet_expires_with_it() {
    let server = Server::start(&["--pool-size=1"]).await;
    let shell = Shell::at(server.url(), &[("a.sh", "echo 1")]);
    shell.curl(&["-N", "--data-binary", "@a.sh", "HOST/run/bash?expires=1h"]);
    let mut redis = server.redis().await;
    let runs: Vec<String> = redis::cmd("KEYS").arg("{runs:0}:0-*").query_async(&mut redis).await.unwrap();
    assert_eq!(runs.len(), 2, "the run and its log: {runs:?}");
    for run in runs {
        let left: i64 = redis::cmd("TTL").arg(&run).query_async(&mut redis).await.unwrap();
        assert!((3500..=3600).contains(&left), "{run}: {left}");
    }
}

#[tokio::test]
async fn a_deleted_snippet_goes_for_good_unless_its_owner_takes_that_back() {
    let server = Server::start(&["--pool-size=1"]).await;
    let shell = Shell::at(server.url(), &[("a.sh", "echo kept")]);
    let kept = shell.curl(&["-N", "--data-binary", "@a.sh", "HOST/run/bash"]);
    let url = kept.header("x-snippet-url").unwrap().to_owned();
    let mut redis = server.redis().await;
    let mut longest = async || {
        let keys: Vec<String> = redis::cmd("KEYS").arg("{*}*").query_async(&mut redis).await.unwrap();
        let mut longest = 0;
        for key in keys.iter().filter(|key| !key.ends_with(":queue")) {
            // What is left on the owner's list names nothing any more; the mark that it was here holds nothing of it.
            if key.starts_with("{owner:") || key.starts_with("owners:") || key.ends_with(":was") {
                continue;
            }
            let left: i64 = redis::cmd("TTL").arg(key).query_async(&mut redis).await.unwrap();
            longest = if left == -1 || longest == -1 { -1 } else { longest.max(left) };
        }
        longest
    };
    assert_eq!(longest().await, -1);
    assert_eq!(shell.curl(&["-X", "DELETE", "-H", &kept.bearer(), &url]).status, 200);
    for address in ["", "/raw", "/revisions", "/1", ".zip", ".txt", "/diff?from=1"] {
        assert_eq!(shell.curl(&[&format!("{url}{address}")]).status, 404, "{address}");
    }
    assert!((60..=600).contains(&longest().await), "everything of it has an end now");
    let undelete = format!("{url}/undelete");
    assert_eq!(shell.curl(&["-X", "POST", "-H", &kept.bearer(), &undelete]).status, 200);
    assert_eq!(longest().await, -1);
    assert!(page(&url).await.contains("kept\n"), "the output is there again");
}

#[tokio::test]
async fn an_owner_deletes_restores_and_undoes_in_a_browser_without_script() {
    let shell = Shell::new(&[]).await;
    let owner = Visitor::new(&shell.site).await;
    let mut editor = owner.fresh().await;
    for number in 1..=2 {
        let files = serde_json::json!([{"path": "", "content": format!("print({number})\n")}]);
        editor.send(serde_json::json!({"type": "save", "language": "python", "files": files})).await;
        editor.next_that(|message| message["revision"] == number).await;
    }
    let url = format!("{}/{}", shell.site, editor.key);
    let cookie = format!("Cookie: {}", owner.cookie);
    let origin = format!("Origin: {}", shell.site);
    let browser = ["-H", "Accept: text/html", "-H", &cookie];
    let get = |address: &str| shell.curl(&[browser.as_slice(), &[&format!("{url}{address}")]].concat());
    let post = |address: &str| {
        shell.curl(&[browser.as_slice(), &["-X", "POST", "-H", &origin, &format!("{url}{address}")]].concat())
    };
    let delete = format!("{url}/delete");
    assert_eq!(
        shell.curl(&[browser.as_slice(), &["-X", "POST", &delete]].concat()).status,
        403,
        "a cookie without an origin is not believed"
    );
    assert!(get("/1").body.contains("Restore"));
    assert_eq!(post("/1/restore").status, 303);
    assert_eq!(shell.curl(&[&url]).body, "print(1)\n");
    assert!(get("/revisions").body.contains("Delete this snippet"));
    assert!(!page(&format!("{url}/revisions")).await.contains("Delete this snippet"));
    assert_eq!(post("/delete").status, 303);
    let deleted = get("/deleted");
    assert!(deleted.body.contains("Undo"), "{}", deleted.body);
    editor.next_that(|message| message["type"] == "snippet" && message["saved"] == false).await;
    assert_eq!(post("/undelete").status, 303);
    assert_eq!(shell.curl(&[&url]).body, "print(1)\n");
}

#[tokio::test]
async fn redis_never_holds_a_token_in_clear() {
    let server = Server::start(&["--pool-size=0"]).await;
    let shell = Shell::at(server.url(), &[("a.sh", "echo 1"), ("b.sh", "echo sealed-words")]);
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    let token = kept.header("x-edit-token").unwrap();
    let owner = Visitor::new(server.url()).await;
    let mut page = owner.fresh().await;
    page.run("bash", "echo 2").await;
    let secret = owner.cookie.split('=').nth(1).unwrap();
    // What opens a protected snippet, before and after another password; what it holds; and links to another device.
    let locked = shell.curl(&["-u", ":open-up-sesame", "-T", "b.sh", "HOST/?title=sealed-title"]);
    let at = |way: &str| format!("{}{way}", locked.body.trim());
    let opened = shell.curl(&["-d", "password=open-up-sesame", &at("/unlock")]);
    let opener = opened.header("set-cookie").unwrap().split(['=', ';']).nth(1).unwrap();
    let change = [
        "-H",
        "X-Snippet-Password: open-up-sesame",
        "-d",
        "password=another-sesame",
        "-H",
        &locked.bearer(),
        &at("/password"),
    ];
    assert_eq!(shell.curl(&change).status, 200);
    assert_eq!(shell.curl(&["-u", ":another-sesame", &at("/run"), "-d", ""]).body, "sealed-words\n");
    let link = |way: &str, owned: &Answer| {
        let answer = shell.curl(&["-X", "POST", "-H", &owned.bearer(), way]);
        assert_eq!(answer.status, 200);
        answer.body.trim().rsplit('/').next().unwrap().to_owned()
    };
    let moving = [link("HOST/mine/move", &kept), link(&at("/move"), &locked)];
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(server.data_directory().join("appendonlydir")).unwrap() {
        stored.extend(std::fs::read(entry.unwrap().path()).unwrap());
    }
    let stored = String::from_utf8_lossy(&stored);
    assert!(stored.contains(&kept.key()) && stored.contains("echo 2"));
    let words = ["open-up-sesame", "another-sesame", "sealed-words", "sealed-title"];
    for secret in [token, secret, opener, &moving[0], &moving[1]].into_iter().chain(words) {
        assert!(secret.len() > 11 && !stored.contains(secret), "{secret}");
    }
}
