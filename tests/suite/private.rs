//! A private instance, the operator's takedown, and whom to write to.

use std::process::{Command, Output};

use crate::curl::Shell;
use crate::server::Server;
use crate::socket::{Visitor, fresh_key, quiet_client};

const TOKEN: &str = "0123456789abcdef-instance";

fn with_token(words: &[&'static str]) -> Vec<&'static str> {
    [&["-H", "X-Access-Token: 0123456789abcdef-instance"], words].concat()
}

#[tokio::test]
async fn a_private_instance_lets_strangers_read_and_nothing_else() {
    let server = Server::start(&["--pool-size=1", &format!("--access-token={TOKEN}")]).await;
    let shell = Shell::at(server.url(), &[("a.sh", "echo 1")]);
    for words in [
        vec!["-T", "a.sh", "HOST/"],
        vec!["--data-binary", "@a.sh", "HOST/run/bash"],
        vec!["-X", "DELETE", "HOST/aaaaaaaaaaaa"],
    ] {
        let answer = shell.curl(&words);
        assert!(answer.status == 401 && answer.body.contains("X-Access-Token"), "{words:?}: {}", answer.body);
    }
    let kept = shell.curl(&with_token(&["-T", "a.sh", "HOST/"]));
    assert_eq!(kept.status, 201);
    assert_eq!(shell.curl(&[kept.body.trim()]).body, "echo 1", "reading is open");
    let run = format!("HOST/{}/run", kept.key());
    let refused = shell.curl(&["-X", "POST", "-d", "", &run]);
    assert!(refused.status == 401 && !refused.body.starts_with('1'), "a stranger's program: {}", refused.body);
    let access = format!("X-Access-Token: {TOKEN}");
    assert_eq!(shell.curl(&["-X", "POST", "-H", &access, &run]).body, "1\n");
    let bearer = format!("Authorization: Bearer {TOKEN}");
    assert_eq!(shell.curl(&["-H", &bearer, "--data-binary", "@a.sh", "HOST/run/bash"]).body, "1\n");
    let key = kept.key();
    let address = format!("HOST/{key}");
    let replace = ["-X", "PUT", "--data-binary", "@a.sh", &address, "-H", &kept.bearer()];
    assert_eq!(shell.curl(&replace).status, 401, "an edit token is no access token");
    let both = [&replace[..], &["-H", &access]].concat();
    assert_eq!(shell.curl(&both).status, 200);
    assert_eq!(shell.curl(&["-H", "X-Access-Token: wrong", &address]).status, 401);

    let stranger = Visitor::new(server.url()).await;
    let mut page = stranger.fresh().await;
    page.start("bash", "echo 2").await;
    assert_eq!(page.next_that(|value| value["type"] == "error").await["code"], "login_needed");
    let form = quiet_client().post(format!("{}/{}/run", server.url(), fresh_key(server.url()).await));
    let form = form.header("accept", "text/html").header("origin", server.url()).header("cookie", &stranger.cookie);
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    let refused = form.body("language=bash&path=&content=my+own+text").send().await.unwrap();
    assert_eq!(refused.status(), 401);
    assert!(refused.text().await.unwrap().contains("my own text"), "the form comes back with its text");
}

#[tokio::test]
async fn whoever_logs_in_may_run_and_wrong_tokens_are_counted() {
    let server = Server::start(&[
        "--pool-size=1",
        &format!("--access-token={TOKEN}"),
        "--private-reading",
        "--passwords-per-minute=3",
    ])
    .await;
    let client = quiet_client();
    let read = client.get(server.url()).header("accept", "text/html").send().await.unwrap();
    assert_eq!(read.status(), 401);
    assert!(read.text().await.unwrap().contains("action=\"/login\""));
    let login = |token: &str| {
        let request = client.post(format!("{}/login", server.url())).header("origin", server.url());
        let request = request.header("accept", "text/html").header("content-type", "application/x-www-form-urlencoded");
        request.body(format!("token={token}&to=//evil.example")).send()
    };
    let done = login(TOKEN).await.unwrap();
    assert_eq!((done.status().as_u16(), done.headers()["location"].to_str().unwrap()), (303, "/"));
    let cookie = done.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    assert!(!cookie.contains(TOKEN));
    let page =
        client.get(format!("{}/aaaaaaaaaaaa", server.url())).header("accept", "text/html").header("cookie", &cookie);
    let page = page.send().await.unwrap();
    assert_eq!(page.status(), 404, "nothing is kept there yet");
    let own = page.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let visitor = Visitor { url: server.url().to_owned(), cookie: format!("{cookie}; {own}") };
    assert_eq!(visitor.open("aaaaaaaaaaaa").await.run("bash", "echo in").await.output(), "in\n");
    let tried: Vec<u16> = vec![
        login("a").await.unwrap().status().as_u16(),
        login("b").await.unwrap().status().as_u16(),
        login("c").await.unwrap().status().as_u16(),
        login("d").await.unwrap().status().as_u16(),
    ];
    assert_eq!(
        (&tried[..2], tried[3]),
        (&[401, 401][..], 429),
        "the right one took next to nothing of three: {tried:?}"
    );
}

#[tokio::test]
async fn wrong_tokens_are_counted_however_they_are_stated_and_then_the_right_one_tells_nothing() {
    let options = [&format!("--access-token={TOKEN}"), "--pool-size=0", "--passwords-per-minute=2"];
    for (header, way) in [
        ("Authorization: Bearer ", "login"),
        ("Authorization: Bearer ", "run/bash"),
        ("X-Access-Token: ", "aaaaaaaaaaaa"),
        ("Cookie: codecube_access=", "login"),
        ("Cookie: codecube_access=", "aaaaaaaaaaaa/socket"),
    ] {
        let server = Server::start(&options).await;
        let shell = Shell::at(server.url(), &[]);
        let address = format!("HOST/{way}");
        let method = if way == "run/bash" { "POST" } else { "GET" };
        let send = |token: &str| shell.curl(&["-X", method, "-H", &format!("{header}{token}"), &address]).status;
        let statuses = [send("wrong-1"), send("wrong-2"), send("wrong-3"), send(TOKEN)];
        assert!(statuses[..2].iter().all(|status| *status != 429), "{header}{way}: {statuses:?}");
        assert_eq!(statuses[2..], [429, 429], "{header}{way}");
        assert_eq!(shell.curl(&["HOST/"]).status, 200, "reading goes on");
    }
}

fn operator(server: &Server, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_codecube"));
    command.arg("snippet").args(words).arg("--data-dir").arg(server.data_directory()).output().unwrap()
}

#[tokio::test]
async fn the_operator_takes_a_snippet_down_while_the_server_runs() {
    let server = Server::start(&["--pool-size=0", "--abuse-contact=abuse@cube.example"]).await;
    let shell = Shell::at(server.url(), &[("a.sh", "echo \x1b[2Jbad")]);
    let kept = shell.curl(&["-T", "a.sh", "HOST/?title=Bad"]);
    let shown = operator(&server, &["show", &kept.key()]);
    let text = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.status.success() && text.contains("title\tBad") && text.contains("bad") && !text.contains('\x1b'),
        "{text}"
    );
    let protected = shell.curl(&["-u", ":sesame", "-T", "a.sh", "HOST/"]);
    let text = String::from_utf8(operator(&server, &["show", &protected.key()]).stdout).unwrap();
    assert!(text.contains("has a password") && !text.contains("echo"), "{text}");
    assert!(operator(&server, &["delete", &kept.key()]).status.success());
    let gone = shell.curl(&[kept.body.trim()]);
    assert!(gone.status == 410 && gone.body.contains("operator"), "{}", gone.body);
    assert_eq!(
        shell.curl(&["-X", "POST", "-H", &kept.bearer(), &format!("{}/undelete", kept.body.trim())]).status,
        404
    );
    assert!(!operator(&server, &["delete", &kept.key()]).status.success());
    for key in ["aaaaaaaaaaaa", "nonsense"] {
        let missing = operator(&server, &["show", key]);
        assert!(!missing.status.success() && !missing.stderr.is_empty(), "{key}");
    }
    assert!(shell.curl(&["HOST/"]).body.contains("abuse@cube.example"));
    assert!(shell.curl(&["HOST/.well-known/security.txt"]).body.contains("Contact: mailto:abuse@cube.example"));
    assert!(shell.curl(&["HOST/readyz"]).body.contains("abuse@cube.example"));
    assert!(shell.curl(&["-H", "Accept: text/html", "HOST/mine"]).body.contains("mailto:abuse@cube.example"));
}

#[test]
fn a_token_that_can_be_guessed_stops_the_start() {
    let output = Command::new(env!("CARGO_BIN_EXE_codecube")).args(["serve", "--access-token=short"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("--access-token") && !said.contains("short,"), "{said}");
}
