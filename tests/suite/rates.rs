//! How often one visitor may ask, and who is one visitor.

use serde_json::json;

use crate::curl::{Answer, Shell};
use crate::server::Server;
use crate::socket::{Visitor, quiet_client};

async fn strict(options: &[&str]) -> Server {
    Server::start(&[&["--pool-size=0"], options].concat()).await
}

fn is_refused(answer: &Answer) -> bool {
    let wait = answer.header("retry-after").map(|seconds| seconds.parse::<u64>().unwrap());
    if answer.status == 429 {
        assert!((1..=60).contains(&wait.unwrap()) && answer.body.contains("Try again in"), "{answer:?}");
    }
    answer.status == 429
}

#[tokio::test]
async fn too_many_changes_are_refused_with_a_time_to_try_again() {
    let server = strict(&["--changes-per-minute=3"]).await;
    let shell = Shell::at(server.url(), &[("a.sh", "echo 1")]);
    let refused: Vec<bool> = (0..5).map(|_| is_refused(&shell.curl(&["-T", "a.sh", "HOST/"]))).collect();
    assert_eq!(refused, [false, false, false, true, true]);
    assert_eq!(shell.curl(&["HOST/"]).status, 200, "reading goes on");
}

#[tokio::test]
async fn a_proxys_word_counts_only_when_it_is_trusted() {
    let send = |shell: &Shell, forwarded: &str| {
        let header = format!("X-Forwarded-For: {forwarded}");
        is_refused(&shell.curl(&["-H", &header, "-T", "a.sh", "HOST/"]))
    };
    let server = strict(&["--changes-per-minute=1", "--trusted-proxies=127.0.0.1,10.0.0.0/8"]).await;
    let shell = Shell::at(server.url(), &[("a.sh", "echo 1")]);
    assert!(!send(&shell, "203.0.113.1"));
    assert!(send(&shell, "203.0.113.1"));
    assert!(send(&shell, "198.51.100.7, 203.0.113.1, 10.1.2.3"), "what stands left of the last hop is invented");
    assert!(!send(&shell, "203.0.113.2"));
    assert!(!send(&shell, "2001:db8:0:1::1"));
    assert!(send(&shell, "2001:db8:0:1:ffff::2"), "one household");
    assert!(!send(&shell, "2001:db8:0:2::1"));
    let https =
        shell.curl(&["-H", "X-Forwarded-Proto: https", "-H", "X-Forwarded-For: 203.0.113.9", "-T", "a.sh", "HOST/"]);
    assert!(https.body.starts_with("https://"), "{}", https.body);

    let server = strict(&["--changes-per-minute=1"]).await;
    let shell = Shell::at(server.url(), &[("a.sh", "echo 1")]);
    assert!(!send(&shell, "203.0.113.1"));
    assert!(send(&shell, "203.0.113.2"));
}

#[tokio::test]
async fn runs_are_counted_on_socket_form_and_curl_alike_and_the_form_keeps_its_text() {
    let server = strict(&["--runs-per-minute=1"]).await;
    let owner = Visitor::new(server.url()).await;
    let mut page = owner.fresh().await;
    assert_eq!(page.run("bash", "echo 1").await.output(), "1\n");
    page.start("bash", "echo 2").await;
    let refused = page.next_that(|heard| heard["type"] == "error").await;
    assert_eq!(refused["code"], "too_often");
    let files = json!([{"path": "", "content": "echo 3"}]);
    page.send(json!({"type": "save", "language": "bash", "files": files})).await;
    page.next_that(|heard| heard["stored"].is_u64()).await;
    let form = quiet_client().post(format!("{}/{}/run", server.url(), page.key)).header("cookie", &owner.cookie);
    let form = form.header("origin", server.url()).header("content-type", "application/x-www-form-urlencoded");
    let answer = form.body("language=bash&content=my+own+text").send().await.unwrap();
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().contains_key("retry-after"));
    assert!(answer.text().await.unwrap().contains("my own text"));
    let shell = Shell::at(server.url(), &[("a.sh", "echo 1")]);
    assert!(is_refused(&shell.curl(&["-T", "a.sh", "HOST/run/bash/"])));
    for way in ["HOST/run/bash", &format!("HOST/{}/run", page.key)] {
        assert!(is_refused(&shell.curl(&["--data-binary", "@a.sh", way])));
        assert!(is_refused(&shell.curl(&["-T", "a.sh", way])));
        // Counted by its handler for forms alone.
        assert!(is_refused(&shell.curl(&["-T", "a.sh", "-H", "Accept: text/html", way])));
    }
}

#[tokio::test]
async fn whoever_looks_for_keys_is_refused_before_anything_is_looked_up() {
    let server = strict(&["--misses-per-minute=3", "--sockets-per-minute=1"]).await;
    let shell = Shell::at(server.url(), &[("a.sh", "echo 1")]);
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    for _ in 0..3 {
        assert_eq!(shell.curl(&["HOST/aaaaaaaaaaaa"]).status, 404);
    }
    assert!(is_refused(&shell.curl(&["HOST/aaaaaaaaaaab"])));
    assert!(is_refused(&shell.curl(&[kept.body.trim()])), "a hit tells nothing any more either");
}

#[tokio::test]
async fn a_setting_that_names_no_network_stops_the_start() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_codecube"));
    let output = command.args(["serve", "--trusted-proxies=everybody"]).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--trusted-proxies"));
}
