//! What happens to visitors, runs and containers when a part dies.

use nix::sys::signal::{Signal, kill};
use serde_json::json;

use crate::processes::child_named;
use crate::server::{Server, until};
use crate::socket::{Visitor, quiet_client};

#[tokio::test]
async fn after_a_hundred_runs_only_warm_sandboxes_are_left() {
    let server = Server::start(&["--pool-size=3", "--runs-per-visitor=64"]).await;
    let visitor = Visitor::new(server.url()).await;
    let mut pages = Vec::new();
    for _ in 0..5 {
        pages.push(visitor.fresh().await);
    }
    let runs = pages.iter_mut().map(|page| async {
        for number in 0..20 {
            assert_eq!(page.run("bash", &format!("echo {number}")).await.output(), format!("{number}\n"));
        }
    });
    futures_util::future::join_all(runs).await;
    until("only warm sandboxes are left", || async { server.containers().len() == 3 }).await;
}

/// F1.
#[tokio::test]
async fn a_killed_server_leaves_no_container_and_the_visitor_is_told() {
    let mut server = Server::start(&["--pool-size=2", "--lease-seconds=3"]).await;
    let visitor = Visitor::new(server.url()).await;
    let mut page = visitor.fresh().await;
    page.start("bash", "echo up; sleep 50").await;
    let up = page.event("output").await;
    let before = server.containers();
    server.process.kill();
    server.restart().await;
    until("the containers of before are gone", || async {
        let now = server.containers();
        now.len() == 2 && before.iter().all(|name| !now.contains(name))
    })
    .await;
    let again = Visitor { url: server.url().to_owned(), ..visitor };
    let heard = again.open(&page.key).await.finish().await;
    assert_eq!((heard.run.as_str(), heard.output().as_str()), (up["run"].as_str().unwrap(), "up\n"));
    assert!(["runner_lost", "interrupted"].contains(&heard.outcome()), "{:?}", heard.finished());
}

/// F1, the runner alone.
#[tokio::test]
async fn a_killed_runner_is_started_again_and_its_run_ends_as_lost() {
    let server = Server::start(&["--pool-size=1", "--lease-seconds=3"]).await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    page.start("bash", "echo up; sleep 50").await;
    page.event("output").await;
    kill(child_named(server.process.child.id(), "codecube"), Signal::SIGKILL).unwrap();
    assert_eq!(page.finish().await.outcome(), "runner_lost");
    assert_eq!(page.run("bash", "echo again").await.output(), "again\n");
    until("the killed runner's containers are gone", || async { server.containers().len() == 1 }).await;
}

/// F10.
#[tokio::test]
async fn a_container_removed_behind_our_back_interrupts_its_run_only() {
    let server = Server::start(&["--pool-size=0"]).await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    page.start("bash", "echo up; sleep 50").await;
    page.event("output").await;
    let removed = std::process::Command::new("docker").args(["rm", "-f", &server.containers()[0]]).output().unwrap();
    assert!(removed.status.success());
    assert_eq!(page.finish().await.outcome(), "interrupted");
    assert_eq!(page.run("bash", "echo again").await.output(), "again\n");
}

/// F2.
#[tokio::test]
async fn a_terminated_server_ends_its_runs_and_removes_every_container() {
    let mut server = Server::start(&["--pool-size=2"]).await;
    let visitor = Visitor::new(server.url()).await;
    let mut page = visitor.fresh().await;
    page.start("bash", "echo up; sleep 50").await;
    page.event("output").await;
    let name = server.runner_name.clone();
    let ended = tokio::task::spawn_blocking(move || (server.process.terminate(), server));
    assert_eq!(page.event("finished").await["outcome"], "interrupted");
    let (status, _server) = ended.await.unwrap();
    assert!(status.success(), "{status}");
    assert_eq!(crate::server::containers_of(&name), Vec::<String>::new());
}

#[tokio::test]
async fn an_acknowledged_save_survives_the_kill_of_redis() {
    let server = Server::start(&["--pool-size=1"]).await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    let raw = |key: String| {
        let address = format!("{}/{key}/raw", server.url());
        async move { quiet_client().get(address).send().await.unwrap() }
    };
    for number in 0..5 {
        let text = format!("print({number})");
        let files = json!([{"path": "main.py", "content": text}]);
        page.send(
            json!({"type": "save", "language": "python", "files": files, "args": [], "stdin": null, "tty": null}),
        )
        .await;
        page.next_that(|value| value["type"] == "snippet" && value["revision"] == number + 1).await;
        kill(child_named(server.process.child.id(), "redis-server"), Signal::SIGKILL).unwrap();
        let key = page.key.clone();
        until("the page is back", || async { raw(key.clone()).await.status() == 200 }).await;
        assert_eq!(raw(key.clone()).await.text().await.unwrap(), text);
    }
    server.ready().await;
    until("a run works again", || async {
        let mut page = Visitor::new(server.url()).await.fresh().await;
        page.start("bash", "echo again").await;
        page.next_that(|value| value["type"] == "error" || value["kind"] == "output").await["data"] == "again\n"
    })
    .await;
}

/// F6: the socket is missing. (One without the right to it is in `engine_faults.rs`.)
#[test]
fn a_start_without_docker_names_it_and_says_what_to_do() {
    let data = tempfile::TempDir::new().unwrap();
    let started = std::process::Command::new(env!("CARGO_BIN_EXE_codecube"))
        .args(["serve", "--listen=127.0.0.1:0", "--docker-host=unix:///nowhere/docker.sock"])
        .arg(format!("--data-dir={}", data.path().display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&started.stderr);
    assert!(!started.status.success());
    assert!(said.contains("/nowhere/docker.sock") && said.contains("docker"), "{said}");
}

#[test]
fn a_start_without_the_image_names_it_and_says_what_to_do() {
    let data = tempfile::TempDir::new().unwrap();
    let started = std::process::Command::new(env!("CARGO_BIN_EXE_codecube"))
        .args(["serve", "--listen=127.0.0.1:0", "--image=codecube-nowhere"])
        .arg(format!("--data-dir={}", data.path().display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&started.stderr);
    assert!(!started.status.success());
    assert!(said.contains("codecube-nowhere") && said.contains("images/build"), "{said}");
}

#[test]
fn a_bad_setting_stops_the_start_and_is_named() {
    for (option, name) in
        [("--pool-size=many", "--pool-size"), ("--memory-mb=1", "--memory-mb"), ("--listen=x", "--listen")]
    {
        let started =
            std::process::Command::new(env!("CARGO_BIN_EXE_codecube")).args(["serve", option]).output().unwrap();
        assert!(!started.status.success());
        assert!(String::from_utf8_lossy(&started.stderr).contains(name), "{option}");
    }
}
