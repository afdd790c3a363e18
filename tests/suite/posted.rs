//! Forms of programs: as `curl -d` sends them and as `curl -F` does, and what is no text.

use serde_json::Value;

use crate::curl::Shell;
use crate::server::Server;

const JSON: [&str; 2] = ["-H", "Accept: application/json"];

#[tokio::test]
async fn a_password_and_an_expiry_are_set_by_either_kind_of_form() {
    let shell = Shell::new(&[("a.sh", "echo 1"), ("secret", "from a file")]).await;
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    let (bearer, at) = (kept.bearer(), |way: &str| format!("{}{way}", kept.body.trim()));
    let post = |password: &str, words: &[&str], way: &str| {
        let stated = format!("X-Snippet-Password: {password}");
        shell.curl(&[&["-H", &bearer, "-H", &stated], words, &[&at(way)]].concat())
    };
    let expires = || {
        let told: Value = serde_json::from_str(&shell.curl(&[&JSON[..], &[&at("")]].concat()).body).unwrap();
        told["expires"].clone()
    };
    assert_eq!(post("", &["-F", "expires=1d"], "/expiry").status, 200);
    assert!(expires().is_string());
    assert_eq!(post("", &["-d", "expires=never"], "/expiry").status, 200);
    assert!(expires().is_null());
    assert_eq!(post("", &["-F", "password=sésame & more"], "/password").status, 200);
    assert_eq!((shell.curl(&[&at("")]).status, post("sésame & more", &[], "").status), (401, 200));
    assert_eq!(post("sésame & more", &["-F", "password=<secret"], "/password").status, 200);
    assert_eq!(post("from a file", &["-d", "password="], "/password").status, 200);
    assert_eq!(shell.curl(&[&at("")]).body, "echo 1");
}

#[tokio::test]
async fn a_form_that_lacks_its_field_or_is_none_is_told_what_is_needed() {
    let shell = Shell::new(&[("a.sh", "echo 1"), ("long", &"x".repeat(200_000))]).await;
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    let (bearer, at) = (kept.bearer(), |way: &str| format!("{}{way}", kept.body.trim()));
    for (words, way, status, told) in [
        (&["-d", "expiry=1d"][..], "/expiry", 400, "The field “expires” is needed here, once"),
        (&["-F", "expiry=1d"], "/expiry", 400, "“-d expires=VALUE” or “-F expires=VALUE”"),
        (&["-d", "pasword=x"], "/password", 400, "The field “password” is needed here"),
        (&["-F", "password=x", "-F", "password=y"], "/password", 400, "The field “password” is needed here, once"),
        (&["-X", "POST"], "/password", 415, "A form is taken here"),
        (
            &["-H", "Content-Type: application/json", "-d", "{\"expires\": \"1d\"}"],
            "/expiry",
            415,
            "curl -d NAME=VALUE",
        ),
        (&["-F", "password=<long"], "/password", 413, "more than is taken here"),
        (&["-d", "@long"], "/password", 413, "more than is taken here"),
    ] {
        let answer = shell.curl(&[&["-H", bearer.as_str()], words, &[&at(way)]].concat());
        assert!(answer.status == status && answer.body.contains(told), "{words:?}: {answer:?}");
        let json = shell.curl(&[&JSON[..], &["-H", bearer.as_str()], words, &[&at(way)]].concat());
        let json: Value = serde_json::from_str(&json.body).unwrap();
        assert!(json["message"].as_str().unwrap().contains(told), "{json}");
    }
    assert_eq!(shell.curl(&[&at("")]).body, "echo 1");
}

/// They were kept with signs that nobody wrote.
#[tokio::test]
async fn a_form_that_is_not_utf8_is_refused_in_words_and_changes_nothing() {
    let server = Server::shared().await;
    let shell = Shell::at(server.url(), &[("a.sh", "echo 1")]);
    let raw = |bytes: &[u8]| [b"language=bash&path=&content=", bytes].concat();
    for (name, bytes) in [("latin1", raw(b"caf\xe9")), ("escaped", raw(b"caf%E9")), ("half", raw(b"%C3"))] {
        std::fs::write(shell.directory.path().join(name), bytes).unwrap();
    }
    std::fs::write(shell.directory.path().join("value"), b"caf\xe9").unwrap();
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    let (bearer, at) = (kept.bearer(), |way: &str| format!("{}{way}", kept.body.trim()));
    let fresh = crate::socket::fresh_key(server.url()).await;
    let page = ["-H", "Accept: text/html"];
    for (words, address) in [
        (vec!["--data-binary", "@latin1"], at("/save")),
        (vec!["--data-binary", "@escaped"], at("/save")),
        (vec!["--data-binary", "@half"], format!("HOST/{fresh}/save")),
        (vec!["--data-binary", "@escaped", page[0], page[1]], at("/run")),
        (vec!["-F", "content=<value", "-F", "language=bash", "-F", "path="], format!("HOST/{fresh}/save")),
        (vec!["-F", "content=<value", "-F", "path=", page[0], page[1]], format!("HOST/{fresh}/files")),
        (vec!["-d", "password=%ff"], at("/password")),
        (vec!["-F", "password=<value"], at("/password")),
        (vec!["-d", "expires=%ff"], at("/expiry")),
    ] {
        let answer = shell.curl(&[&["-H", bearer.as_str()], words.as_slice(), &[&address]].concat());
        let told = answer.body.contains("not text in UTF-8") && answer.body.contains("iconv");
        assert!(answer.status == 400 && told, "{words:?}: {answer:?}");
    }
    assert_eq!(shell.curl(&[&at("/revisions")]).body.lines().count(), 1);
    assert_eq!(shell.curl(&[&at("")]).body, "echo 1");
    assert_eq!(shell.curl(&[&format!("HOST/{fresh}/raw")]).status, 404);
}
