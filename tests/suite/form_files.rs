//! Files in the form of the page without JavaScript: several, added, moved, refused.

use reqwest::Response;

use crate::browser::Browser;
use crate::forms::{key_of_form, submit};
use crate::server::{Server, until};
use crate::socket::{Visitor, fresh_key, quiet_client};

#[tokio::test]
async fn a_form_saves_several_files_and_never_loses_one() {
    let url = Server::shared().await.url();
    let (owner, key) = (Visitor::new(url).await, fresh_key(url).await);
    let raw = |path: &str| {
        let request = quiet_client().get(format!("{url}/{key}/raw/{path}"));
        async move { request.send().await.unwrap().bytes().await.unwrap() }
    };
    let page = || async {
        let request = quiet_client().get(format!("{url}/{key}")).header("cookie", &owner.cookie);
        request.send().await.unwrap().text().await.unwrap()
    };
    let several = [
        ("language", "python"),
        ("path", "main.py"),
        ("content", "import lib.util"),
        ("path", "lib/util.py"),
        ("content", "print('from util')"),
        ("path", "data.bin"),
        ("base64", "AP8="),
        ("path", ""),
        ("content", ""),
        ("files", "all"),
    ];
    assert_eq!(submit(&owner, &format!("{key}/save"), &several).await.status(), 303);
    assert_eq!((raw("lib/util.py").await, raw("data.bin").await), ("print('from util')".into(), vec![0, 255].into()));
    let html = page().await;
    for shown in
        ["value=\"lib/util.py\"", "name=\"base64\" value=\"AP8=\"", "Binary, 2 bytes", "name=\"remove\" value=\"2\""]
    {
        assert!(html.contains(shown), "{shown} is not in {html}");
    }
    // As a page whose script did not come sends it.
    let first_alone = [("language", "python"), ("path", "main.py"), ("content", "import lib.util # again")];
    let ran = submit(&owner, &format!("{key}/run"), &first_alone).await.text().await.unwrap();
    assert!(ran.contains("from util"), "{ran}");
    assert_eq!(raw("data.bin").await, vec![0, 255]);
    let removed = [&several[..], &[("remove", "2")]].concat();
    assert_eq!(submit(&owner, &format!("{key}/save"), &removed).await.status(), 303);
    let html = page().await;
    assert!(html.contains("lib/util.py") && !html.contains("data.bin"), "{html}");
}

/// A form with files, as a browser sends it.
async fn arrange(visitor: &Visitor, key: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> String {
    let answer = arranged(visitor, key, fields, files).await;
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

async fn arranged(visitor: &Visitor, key: &str, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Response {
    sent(visitor, key, (fields, files, &[])).await
}

type Typed<'a> = &'a [(&'a str, &'a str)];

/// The same with fields before the files and behind them.
async fn sent(
    visitor: &Visitor,
    key: &str,
    (before, files, behind): (Typed<'_>, &[(&str, &[u8])], Typed<'_>),
) -> Response {
    let mut body = parts_of(before);
    for (name, bytes) in files {
        let head = format!("form-data; name=\"upload\"; filename=\"{name}\"\r\nContent-Type: text/plain");
        body.extend(format!("--border\r\nContent-Disposition: {head}\r\n\r\n").into_bytes());
        body.extend([bytes, b"\r\n".as_slice()].concat());
    }
    body.extend(parts_of(behind));
    body.extend(b"--border--\r\n");
    let request = quiet_client().post(format!("{}/{key}/files", visitor.url)).body(body);
    let request = request.header("content-type", "multipart/form-data; boundary=border");
    let request =
        request.header("cookie", &visitor.cookie).header("origin", &visitor.url).header("accept", "text/html");
    request.send().await.unwrap()
}

fn parts_of(fields: Typed<'_>) -> Vec<u8> {
    let part = |(name, value): &(&str, &str)| {
        format!("--border\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    fields.iter().map(part).collect::<String>().into_bytes()
}

/// It would come back with the next Save, when the file's own place is far away.
#[tokio::test]
async fn files_that_could_not_be_saved_are_not_added_and_the_text_stays() {
    let url = Server::shared().await.url();
    let (visitor, key) = (Visitor::new(url).await, fresh_key(url).await);
    let typed =
        [("language", "bash"), ("path", "main.sh"), ("content", "echo typed"), ("args", "'open"), ("files", "all")];
    let large = vec![b'x'; 256 * 1024];
    let names: Vec<String> = (0..32).map(|number| format!("file-{number}.txt")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    let (nested, huge) = ([("main.sh/a.txt", b"x".as_slice())], [("large.txt", large.as_slice())]);
    for (files, status, why) in [
        (huge.as_slice(), 413, "at most 256 KiB (262144 bytes) are kept"),
        (&many, 413, "33 files are too many; at most 32 are kept"),
        (&nested, 422, "a file and a folder cannot share a name"),
    ] {
        let answer = arranged(&visitor, &key, &typed, files).await;
        assert_eq!(answer.status(), status, "{why}");
        let page = answer.text().await.unwrap();
        for shown in [why, "No file was added", "echo typed", "value=\"&#39;open\""] {
            assert!(page.contains(shown), "{shown} is not in {page}");
        }
        assert!(!page.contains("value=\"large.txt\"") && !page.contains("value=\"file-0.txt\""), "{page}");
    }
    // A broken line of arguments is no reason against a file.
    assert!(arrange(&visitor, &key, &typed, &[("a.txt", b"x")]).await.contains("One file is added"));
}

/// They were answered with a page of nothing but an error.
#[tokio::test]
async fn files_of_many_megabytes_come_back_as_the_form_with_all_that_was_typed() {
    let server = Server::start(&["--pool-size=0"]).await;
    let (visitor, key) = (Visitor::new(server.url()).await, fresh_key(server.url()).await);
    let typed = [("language", "bash"), ("path", "main.sh"), ("content", "echo typed"), ("args", "--mine")];
    let (many, large) = (vec![("a.txt", b"x".as_slice()); 500], vec![b'x'; 40_000_000]);
    let process = nix::unistd::Pid::from_raw(i32::try_from(server.process.child.id()).unwrap());
    let before = crate::processes::resident_kib(process);
    for (files, why) in [
        (vec![("large.bin", large.as_slice())], "What you chose is more than a snippet can hold: 256 KiB"),
        (vec![("a.txt", b"x"), ("large.bin", &large), ("b.txt", b"x")], "What you chose is more than"),
        (many, "These are more files than a snippet can hold: 32 at most"),
    ] {
        // What stands behind the files on the page comes behind them here too.
        let answer = sent(&visitor, &key, (&typed, &files, &[("stdin", "typed too"), ("files", "all")])).await;
        assert_eq!(answer.status(), 413);
        let page = answer.text().await.unwrap();
        for shown in [why, "No file was added", "echo typed", "value=\"--mine\"", "typed too"] {
            assert!(page.contains(shown), "{shown} is not in {page}");
        }
        assert!(!page.contains("b.txt"), "{page}");
    }
    let grown = crate::processes::resident_kib(process).saturating_sub(before);
    assert!(grown < 12 * 1024, "{grown} KiB for files that are passed over");
    // A text that is too large for any form is not brought back; the browser has it.
    let huge = "x".repeat(9_000_000);
    let answer = sent(&visitor, &key, (&[("language", "bash"), ("path", ""), ("content", &huge)], &[], &[])).await;
    let (status, page) = (answer.status(), answer.text().await.unwrap());
    assert!(status == 413 && page.contains("Go back in your browser"), "{status} {page}");
}

#[tokio::test]
async fn in_a_browser_without_a_script_a_file_that_is_too_large_leaves_the_text() {
    let server = Server::shared().await;
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("large.bin");
    std::fs::write(&path, vec![0; 30_000_000]).unwrap();
    let browser = Browser::open_without_scripts(1280, 800).await;
    browser.driver.goto(server.url()).await.unwrap();
    browser.find("#content").await.send_keys("# typed by hand").await.unwrap();
    browser.find("details.other-file:last-of-type summary").await.click().await.unwrap();
    browser.find("#upload-files").await.send_keys(path.to_str().unwrap()).await.unwrap();
    browser.find(".upload-line button").await.click().await.unwrap();
    until("the form is there again", || async {
        browser.driver.source().await.is_ok_and(|page| page.contains("What you chose is more"))
    })
    .await;
    let kept = browser.find("#content").await.prop("value").await.unwrap().unwrap();
    assert!(kept.contains("# typed by hand"), "{kept}");
}

#[tokio::test]
async fn files_are_added_and_moved_without_a_script_and_nothing_is_stored_before_save() {
    let url = Server::shared().await.url();
    let (visitor, key) = (Visitor::new(url).await, fresh_key(url).await);
    let typed = [
        ("language", "bash"),
        ("title", "Mine"),
        ("path", "main.sh"),
        ("content", "cat a.txt\r\n# typed"),
        ("path", ""),
        ("content", ""),
        ("files", "all"),
        ("args", "--mine"),
        ("password", "sesame"),
    ];
    let files = [("a.txt", b"<from a>".as_slice()), ("b.bin", &[0, 255]), ("", b"")];
    let page = arrange(&visitor, &key, &typed, &files).await;
    for shown in [
        "2 files are added",
        "# typed",
        "value=\"Mine\"",
        "value=\"--mine\"",
        "value=\"a.txt\"",
        "&#60;from a&#62;",
        "name=\"base64\" value=\"AP8=\"",
        "Type the password again",
        "name=\"up\" value=\"2\"",
    ] {
        assert!(page.contains(shown), "{shown} is not in {page}");
    }
    assert_eq!(key_of_form(&page), key);
    let raw = || async { quiet_client().get(format!("{url}/{key}/raw")).send().await.unwrap() };
    assert_eq!(raw().await.status(), 404, "nothing is stored");
    let moved = [&typed[..6], &[("path", "a.txt"), ("content", "now first"), ("files", "all"), ("up", "2")]].concat();
    let page = arrange(&visitor, &key, &moved, &[]).await;
    assert!(page.contains("has moved up") && page.contains("id=\"path-1\" name=\"path\" value=\"a.txt\""), "{page}");
    let page = arrange(&visitor, &key, &typed, &[]).await;
    assert!(page.contains("No file was chosen") && page.contains("# typed"), "{page}");
    // Save does not send what was chosen, so it must not leave it out without a word.
    let chosen = [&typed[..7], &[("upload", "a.txt")]].concat();
    let refused = submit(&visitor, &format!("{key}/save"), &chosen).await;
    assert_eq!(refused.status(), 422);
    let page = refused.text().await.unwrap();
    assert!(page.contains("were not sent") && page.contains("# typed"), "{page}");
    assert_eq!(raw().await.status(), 404);
}

#[tokio::test]
async fn a_form_without_any_file_left_comes_back_with_its_text() {
    let url = Server::shared().await.url();
    let (visitor, key) = (Visitor::new(url).await, fresh_key(url).await);
    let fields = [("language", "bash"), ("path", "a.sh"), ("content", "echo last"), ("remove", "0"), ("files", "all")];
    let answer = submit(&visitor, &format!("{key}/save"), &fields).await;
    assert_eq!(answer.status(), 422);
    assert!(answer.text().await.unwrap().contains("echo last"));
}
