//! The promises of docs/web-security.md that no other test keeps: headers, origins, cookies, keys, sizes, and what each
//! wrong thing is answered with.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::curl::Shell;
use crate::server::Server;
use crate::socket::{Visitor, fresh_key, quiet_client};

#[tokio::test]
async fn every_answer_has_its_headers() {
    let shell = Shell::new(&[("a.py", "print(1)")]).await;
    let key = shell.curl(&["-T", "a.py", "HOST/"]).key();
    let ways = ["", "/raw", ".txt", ".zip", "/revisions", "/1", "/diff?from=1", "/nothing"]
        .map(|way| format!("HOST/{key}{way}"));
    for address in ways.iter().map(String::as_str).chain(["HOST/", "HOST/mine", "HOST/aaaaaaaaaaaa", "HOST/healthz"]) {
        let answer = shell.curl(&["-H", "Accept: text/html", "-o", "kept", address]);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{address}");
        assert_eq!(answer.header("referrer-policy"), Some("same-origin"), "{address}");
        assert_eq!(answer.header("x-frame-options"), Some("DENY"), "{address}");
        assert_eq!(answer.header("cross-origin-opener-policy"), Some("same-origin"), "{address}");
        assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{address}");
        assert!(answer.header("permissions-policy").is_some() && answer.header("server").is_none(), "{address}");
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{address}: {policy}");
        assert!(!policy.contains("unsafe"), "{address}: {policy}");
        let sandboxed = policy.contains("sandbox");
        assert!(
            sandboxed || policy.contains("frame-ancestors 'none'") && policy.contains("base-uri 'none'"),
            "{policy}"
        );
    }
    let raw = shell.curl(&["-H", "Accept: text/html", &format!("HOST/{key}/raw")]);
    assert_eq!(raw.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(raw.header("content-security-policy"), Some("default-src 'none'; sandbox"));
}

#[tokio::test]
async fn no_page_holds_a_script_or_a_handler_of_its_own() {
    let shell = Shell::new(&[("a.py", "print(1)")]).await;
    let key = shell.curl(&["-T", "a.py", "HOST/"]).key();
    for way in
        [format!("/{key}"), format!("/{key}/revisions"), format!("/{key}/1"), "/mine".into(), "/aaaaaaaaaaa".into()]
    {
        let html = shell.curl(&["-H", "Accept: text/html", &format!("HOST{way}")]).body;
        for script in html.split("<script").skip(1) {
            let head = script.split('>').next().unwrap();
            assert!(head.contains(" src=\"/static/") || head.contains("application/json"), "{way}: {head}");
        }
        let markup = markup(&html);
        for handler in [" onclick=", " onload=", " onerror=", "=\"javascript:", " style="] {
            assert!(!markup.contains(handler), "{way}: {handler}");
        }
    }
}

/// The tags of a page. Of what their attributes hold, the start alone: the share panel shows an element as text there.
fn markup(html: &str) -> String {
    let (mut markup, mut is_tag, mut quoted) = (String::new(), false, 0);
    for character in html.chars() {
        match (character, is_tag, quoted) {
            ('<', false, _) => (is_tag, quoted) = (true, 0),
            ('>', true, 0) => is_tag = false,
            ('"', true, 0) => quoted = 1,
            ('"', true, _) => quoted = 0,
            (_, true, 1..) => quoted += 1,
            _ => {}
        }
        if is_tag && quoted <= "\"javascript:".len() {
            markup.push(character);
        }
    }
    markup
}

#[test]
fn an_attribute_is_told_from_a_text_that_looks_like_one() {
    let page = "<a title=\"a frame &lt;i style=&quot;x&quot;\" href=\"javascript:x\">b onclick=</a><p style=\"y\">";
    let found = markup(page);
    assert!(found.contains("<p style=\"y") && found.contains("=\"javascript:"), "{found}");
    assert!(!found.contains("onclick=") && !found.contains("i style="), "{found}");
}

#[tokio::test]
async fn nothing_is_changed_from_another_site_and_no_socket_is_opened_from_there() {
    let server = Server::shared().await;
    let owner = Visitor::new(server.url()).await;
    let key = fresh_key(server.url()).await;
    let changes = [
        "save",
        "run",
        "files",
        "expiry",
        "password",
        "delete",
        "undelete",
        "unlock",
        "burn",
        "move",
        "1/restore",
        "embed",
    ]
    .map(|word| format!("/{key}/{word}"));
    let others = ["/", "/run/python", "/login", "/mine/move", "/move/00"];
    for way in changes.iter().map(String::as_str).chain(others) {
        for (name, value) in [
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("origin", "http://127.0.0.1:1"),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("x-nothing", "no origin at all, but a cookie"),
        ] {
            let request = quiet_client().post(format!("{}{way}", server.url())).header("cookie", &owner.cookie);
            let answer = request.header(name, value).body("language=bash").send().await.unwrap();
            assert_eq!(answer.status(), 403, "{way} {name}: {value}");
        }
    }
    for origins in [
        vec!["https://evil.example"],
        vec!["null"],
        vec![],
        vec![server.url(), "https://evil.example"],
        vec!["http://127.0.0.1"],
    ] {
        let mut request = quiet_client().get(format!("{}/{key}/socket", server.url())).header("cookie", &owner.cookie);
        request = request.header("connection", "upgrade").header("upgrade", "websocket");
        request = request.header("sec-websocket-version", "13").header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        for origin in &origins {
            request = request.header("origin", *origin);
        }
        assert_eq!(request.send().await.unwrap().status(), 403, "{origins:?}");
    }
}

#[tokio::test]
async fn cookies_are_secure_behind_https_of_a_trusted_proxy_alone() {
    let cookie = |shell: &Shell, key: &str| {
        let words = ["-H", "X-Forwarded-Proto: https", "-H", "Accept: text/html", &format!("HOST/{key}")];
        shell.curl(&words).header("set-cookie").unwrap().to_owned()
    };
    let trusting = Server::start(&["--pool-size=0", "--trusted-proxies=127.0.0.1"]).await;
    let shell = Shell::at(trusting.url(), &[]);
    let secure = cookie(&shell, "aaaaaaaaaaaa");
    assert!(
        secure.starts_with("__Host-codecube_owner=") && secure.contains("Secure") && secure.contains("HttpOnly"),
        "{secure}"
    );
    assert!(secure.contains("SameSite=Lax") && secure.contains("Path=/") && !secure.contains("Domain"), "{secure}");
    let plain = cookie(&Shell::new(&[]).await, "aaaaaaaaaaaa");
    assert!(plain.starts_with("codecube_owner=") && !plain.contains("Secure"), "anybody can claim https: {plain}");
}

/// What is wrong with a key shows neither in the answer nor in its length.
#[tokio::test]
async fn a_key_that_was_never_there_is_answered_like_one_that_was_deleted() {
    let shell = Shell::new(&[("a.py", "print(1)")]).await;
    let kept = shell.curl(&["-T", "a.py", "HOST/"]);
    shell.curl(&["-X", "DELETE", "-H", &kept.bearer(), kept.body.trim()]);
    for way in ["", "/raw", ".txt", ".zip", "/revisions", "/1", "/diff?from=1"] {
        let never = shell.curl(&[&format!("HOST/aaaaaaaaaaaa{way}")]);
        let deleted = shell.curl(&[&format!("{}{way}", kept.body.trim())]);
        let strange = shell.curl(&[&format!("HOST/nonsense!{way}")]);
        assert_eq!((never.status, &never.body), (404, &deleted.body), "{way}");
        assert_eq!((strange.status, &strange.body), (404, &never.body), "{way}");
    }
}

/// A body that states more than the limit is refused before any of it comes, so that it takes no memory.
#[tokio::test]
async fn a_megabyte_is_refused_before_it_is_read() {
    let server = Server::shared().await;
    let address = server.url().trim_start_matches("http://");
    let mut connections = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        let head = format!("POST /?language=python HTTP/1.1\r\nHost: {address}\r\nContent-Length: 1000000\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        connections.push(stream);
    }
    // Forms of a few words take no more than those, whatever a program may hold.
    let key = fresh_key(server.url()).await;
    for way in
        ["unlock", "password", "expiry"].map(|word| format!("{key}/{word}")).iter().map(String::as_str).chain(["login"])
    {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        let head = format!("POST /{way} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 1000000\r\n");
        let kind = "Content-Type: application/x-www-form-urlencoded\r\n\r\n";
        stream.write_all((head + kind).as_bytes()).unwrap();
        connections.push(stream);
    }
    // Nor is a form's file read to its end: a third of it tells enough.
    for way in ["/", "/run/python"] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        let kind = "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n";
        let head = format!("POST {way} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 1000000\r\n{kind}");
        let field = "Content-Disposition: form-data; name=\"file\"; filename=\"a.py\"\r\n\r\n";
        let third = "#".repeat(330_000);
        // It may answer, and close, before all of this is written.
        let _ = stream.write_all([&head, field, &third].concat().as_bytes());
        connections.push(stream);
    }
    for mut stream in connections {
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"HTTP/1.1 413", "{}", String::from_utf8_lossy(&answer));
    }
}

/// One request in another client's words: F36, and what proxies and servers have understood differently.
#[tokio::test]
async fn a_request_that_two_readers_could_understand_differently_is_refused() {
    let server = Server::shared().await;
    let address = server.url().trim_start_matches("http://");
    let body = "0\r\n\r\n";
    for (what, head) in [
        ("two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n"),
        ("length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        ("unknown coding", "Transfer-Encoding: chunked, identity\r\n"),
        ("a length that is none", "Content-Length: +5\r\n"),
        ("space before the colon", "Content-Length : 5\r\n"),
        ("a zero byte", "X-A: a\0b\r\n"),
        ("a folded line", "X-A: a\r\n b\r\nContent-Length: 5\r\n"),
    ] {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
        let text = format!("POST /run/python HTTP/1.1\r\nHost: {address}\r\n{head}\r\n{body}");
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        assert!(answer.starts_with("HTTP/1.1 4"), "{what}: {answer}");
    }
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(20))).unwrap();
    let long = format!("GET / HTTP/1.1\r\nHost: {address}\r\nX-A: {}\r\n\r\n", "a".repeat(400_000));
    // It may be cut off while it is still being sent.
    let _ = stream.write_all(long.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    assert!(!answer.starts_with(b"HTTP/1.1 2"), "a head of 400 KB");
    assert_eq!(Shell::new(&[]).await.curl(&["HOST/healthz"]).status, 200);
}

/// Each wrong thing: its status, and a sentence as the client accepts it.
#[tokio::test]
async fn everything_wrong_has_its_status_and_a_sentence_as_page_json_and_text() {
    let shell = Shell::new(&[("a.py", "print(1)"), ("huge", &"#".repeat(400_000))]).await;
    let kept = shell.curl(&["-T", "a.py", "HOST/"]);
    let locked = shell.curl(&["-u", ":sesame", "-T", "a.py", "HOST/"]);
    let burning = shell.curl(&["-T", "a.py", "HOST/?burn=1"]);
    let burnt = shell.curl(&["-T", "a.py", "HOST/?burn=1"]);
    shell.curl(&["-X", "POST", &format!("{}/burn", burnt.body.trim())]);
    let (key, url) = (kept.key(), kept.body.trim());
    let bearer = kept.bearer();
    let strange = format!("Authorization: Bearer {}", "0".repeat(64));
    let long = format!("X-Snippet-Password: {}", "p".repeat(300));
    let at = |way: &str| format!("{url}{way}");
    let cases: Vec<(u16, Vec<String>)> = [
        (400, vec!["-d", "x", "HOST/?revision=many"]),
        (400, vec!["-F", "colour=red", "HOST/"]),
        (401, vec!["-X", "DELETE", url]),
        (401, vec!["-X", "DELETE", "-H", "Authorization: Bearer short", url]),
        (401, vec!["-X", "POST", &at("/1/restore")]),
        (401, vec!["-X", "POST", "HOST/mine/move"]),
        (401, vec![locked.body.trim()]),
        (401, vec!["-u", ":open", locked.body.trim()]),
        (403, vec!["-X", "DELETE", "-H", &strange, url]),
        (403, vec!["-X", "PUT", "-d", "x", "-H", &strange, url]),
        (403, vec!["-X", "POST", "-H", &strange, "-d", "expires=1d", &at("/expiry")]),
        (403, vec!["-X", "POST", "-H", &strange, &at("/move")]),
        (403, vec!["-X", "POST", "-H", "Origin: https://evil.example", "HOST/"]),
        (404, vec!["HOST/aaaaaaaaaaaa/raw"]),
        (404, vec!["HOST/short"]),
        (404, vec![&at("/2")]),
        (404, vec![&at("/0")]),
        (404, vec![&at("/99999999999999999999999")]),
        (404, vec![&at("/raw/other.py")]),
        (404, vec![&at("/raw/../../etc/passwd"), "--path-as-is"]),
        (404, vec![&at("/diff?from=1&to=9")]),
        (404, vec!["-X", "POST", &at("/unlock"), "-d", "password=x"]),
        (404, vec!["-X", "POST", &at("/burn")]),
        (404, vec!["HOST/move/00"]),
        (405, vec!["-X", "PATCH", url]),
        (409, vec!["-X", "PUT", "-d", "x", "-H", &bearer, &at("?revision=7")]),
        (409, vec![burning.body.trim()]),
        (410, vec![burnt.body.trim()]),
        (410, vec!["-X", "POST", &format!("HOST/move/{}", "0".repeat(64))]),
        (413, vec!["--data-binary", "@huge", "HOST/?language=python"]),
        (413, vec!["-X", "PUT", "--data-binary", "@huge", "-H", &bearer, url]),
        (422, vec!["-d", "x", "HOST/?language=klingon"]),
        (422, vec!["-d", "x", "HOST/?language=python&expires=soon"]),
        (422, vec!["-d", "x", "-H", &long, "HOST/?language=python"]),
        (422, vec!["-X", "POST", "-H", &bearer, "-d", "expires=2h", &at("/expiry")]),
        (422, vec!["-d", "", "HOST/?language=python"]),
    ]
    .into_iter()
    .map(|(status, words)| (status, words.into_iter().map(str::to_owned).collect()))
    .collect();
    for (status, words) in cases {
        for (accept, kind) in
            [("text/html", "text/html"), ("application/json", "application/json"), ("*/*", "text/plain")]
        {
            let header = format!("Accept: {accept}");
            let words: Vec<&str> = ["-H", &header].into_iter().chain(words.iter().map(String::as_str)).collect();
            // A browser's page of a key at which nothing is, is a fresh one; its POST to `/` may be a form's.
            let answer = shell.curl(&words);
            assert_eq!(answer.status, status, "{words:?}: {}", answer.body);
            assert!(answer.header("content-type").unwrap().starts_with(kind), "{words:?}: {answer:?}");
            let said = match accept {
                "application/json" => {
                    let told: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
                    assert!(told["code"].is_string());
                    told["message"].as_str().unwrap().to_owned()
                }
                _ => answer.body,
            };
            assert!(said.trim().len() > 15 && said.contains('.'), "{words:?}: {said}");
        }
    }
    assert_eq!(shell.curl(&[&format!("HOST/{key}")]).body, "print(1)");
}
