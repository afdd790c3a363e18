//! What the Engine may do to us, and how each ends for visitors: F3 to F18 of the list of faults. F1, F2 and F10 are in
//! `faults.rs`. Each fault has an Engine of its own, or a run of its own on the shared one.

use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::json;

use crate::own_engine::{EngineOptions, OwnEngine};
use crate::processes::{child_named, open_files};
use crate::server::{Server, until};
use crate::socket::{Page, Transcript, Visitor, quiet_client};

/// Runs work again so long after the Engine is back: twice what it takes on a machine with nothing else to do.
const BACK: Duration = Duration::from_secs(10);

/// An Engine to be broken, and a server on it.
struct Rig {
    server: Server,
    engine: OwnEngine,
}

impl Rig {
    async fn start(options: EngineOptions, settings: &[&str]) -> Option<Self> {
        let engine = OwnEngine::start(options).await?;
        let host = format!("--docker-host={}", engine.host());
        let server = Server::start(&[settings, &[&host]].concat()).await;
        Some(Self { server, engine })
    }

    async fn page(&self) -> Page {
        Visitor::new(self.server.url()).await.fresh().await
    }

    async fn ready_status(&self) -> u16 {
        quiet_client().get(format!("{}/readyz", self.server.url())).send().await.unwrap().status().as_u16()
    }

    /// Waits until a run works, and says since when the Engine was back.
    async fn works_within(&self, limit: Duration) {
        let back = Instant::now();
        until("the server is ready again", || async { self.ready_status().await == 200 }).await;
        let heard = self.page().await.run("bash", "echo again").await;
        assert_eq!(heard.output(), "again\n", "{heard:?}");
        eprintln!("a run worked {:?} after the Engine was back", back.elapsed());
        assert!(back.elapsed() < limit, "{:?}", back.elapsed());
    }

    /// A page whose program runs and ignores whoever asks it to end.
    async fn running(&self) -> Page {
        let mut page = self.page().await;
        page.start("bash", "trap '' TERM; echo up; sleep 100").await;
        page.event("output").await;
        page
    }

    /// Waits until the Engine has no container but these many warm ones.
    async fn only_warm(&self, count: usize) {
        until("only warm sandboxes are left", || async { self.engine.containers().len() == count }).await;
    }
}

/// F3.
#[tokio::test]
async fn an_engine_that_is_stopped_interrupts_runs_and_is_used_again_when_it_is_back() {
    let Some(mut rig) = Rig::start(EngineOptions::default(), &["--pool-size=2"]).await else { return };
    let mut page = rig.running().await;
    rig.engine.signal(Signal::SIGTERM);
    let finished = page.event("finished").await;
    assert_eq!((&finished["outcome"], &finished["exit_code"]), (&json!("interrupted"), &json!(null)));
    rig.engine.wait();
    until("visitors are told", || async { rig.ready_status().await == 503 }).await;
    rig.engine.restart().await;
    rig.works_within(BACK).await;
    rig.only_warm(2).await;
}

/// F4. The program lives on while nobody can reach it; it is gone when the Engine is back. The list's twenty seconds
/// of absence would show nothing more: nothing is counted from its length.
#[tokio::test]
async fn an_engine_that_is_killed_interrupts_runs_and_what_it_left_is_removed() {
    let Some(mut rig) = Rig::start(EngineOptions::default(), &["--pool-size=1"]).await else { return };
    let mut page = rig.running().await;
    let before = rig.engine.containers();
    rig.engine.kill();
    assert_eq!(page.event("finished").await["outcome"], "interrupted");
    until("visitors are told", || async { rig.ready_status().await == 503 }).await;
    rig.engine.restart().await;
    rig.works_within(BACK).await;
    until("the containers of before are gone", || async {
        rig.engine.containers().iter().all(|name| !before.contains(name))
    })
    .await;
    rig.only_warm(1).await;
}

/// F5. Fifteen seconds are the longest deadline of a call, so every call that was under way has failed once; the list's
/// thirty would only let them fail once more.
#[tokio::test]
async fn a_frozen_engine_piles_nothing_up_and_is_used_again_when_it_goes_on() {
    let Some(rig) = Rig::start(EngineOptions::default(), &["--pool-size=2", "--runs-per-visitor=64"]).await else {
        return;
    };
    rig.only_warm(2).await;
    let runner = child_named(rig.server.process.child.id(), "codecube");
    let before = open_files(runner);
    rig.engine.signal(Signal::SIGSTOP);
    let mut pages = Vec::new();
    for _ in 0..12 {
        let mut page = rig.page().await;
        page.start("bash", "echo late").await;
        pages.push(page);
    }
    until("visitors are told", || async { rig.ready_status().await == 503 }).await;
    let (frozen, most) = (Instant::now(), std::cell::Cell::new(0));
    until("the calls had time to pile up", || async {
        most.set(most.get().max(open_files(runner)));
        frozen.elapsed() > Duration::from_secs(15)
    })
    .await;
    // A connection for each run that was under way, the watch's and the reaper's; none is added as time goes on.
    assert!(most.get() < before + 40, "{before} open files became {}", most.get());
    let mut refused = rig.page().await;
    refused.start("bash", "echo refused").await;
    assert_eq!(refused.next_that(|heard| heard["type"] == "error").await["code"], "no_runner");
    rig.engine.signal(Signal::SIGCONT);
    rig.works_within(2 * BACK).await;
    for page in &mut pages {
        let outcome = page.finish().await.outcome().to_owned();
        assert!(["exited", "could_not_start", "interrupted"].contains(&outcome.as_str()), "{outcome}");
    }
    rig.only_warm(2).await;
    until("its connections are closed", || async { open_files(runner) <= before + 4 }).await;
}

/// F6: the socket is there, but not for us. (A missing one is in `faults.rs`.)
#[test]
fn a_start_without_the_right_to_the_socket_says_what_to_do() {
    // Not below the build's folder: somebody else must be able to execute it.
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("codecube");
    std::fs::copy(env!("CARGO_BIN_EXE_codecube"), &program).unwrap();
    let socket = folder.path().join("docker.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o600)).unwrap();
    let mut command = std::process::Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]).arg(&program).arg("runner");
    command.arg(format!("--docker-host=unix://{}", socket.display())).arg("--redis-url=redis://127.0.0.1:1");
    let ended = command.output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    if said.contains("setresuid") || said.contains("setgroups") {
        return crate::own_engine::not_tried("only root can become somebody else");
    }
    assert_eq!(ended.status.code(), Some(78), "{said}");
    assert!(said.contains("does not let this user in") && said.contains("usermod"), "{said}");
}

/// F7.
#[tokio::test]
async fn a_start_that_hangs_is_told_in_time_delays_nobody_else_and_is_cleaned_up() {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *' start '*) if mv {0} {0}.taken 2>/dev/null; then\n\
         while [ ! -e {1} ]; do sleep 0.1; done; fi;; esac\nexec runc \"$@\"\n",
        place("hang").display(),
        place("go-on").display()
    );
    std::fs::write(place("runtime"), script).unwrap();
    std::fs::set_permissions(place("runtime"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let daemon = json!({ "runtimes": { "hanging": { "path": place("runtime") } } });
    let options = EngineOptions { daemon, ..EngineOptions::default() };
    let Some(rig) = Rig::start(options, &["--pool-size=0", "--runtime=hanging"]).await else { return };
    std::fs::write(place("hang"), "").unwrap();
    let (mut hanging, start) = (rig.page().await, Instant::now());
    hanging.start("bash", "echo never").await;
    until("its start hangs", || async { place("hang.taken").exists() }).await;
    let other = Instant::now();
    assert_eq!(rig.page().await.run("bash", "echo other").await.output(), "other\n");
    assert!(other.elapsed() < Duration::from_secs(8), "another run was delayed: {:?}", other.elapsed());
    let finished = hanging.event("finished").await;
    assert_eq!(finished["outcome"], "could_not_start");
    assert!(finished["message"].as_str().unwrap().contains("took too long"), "{finished}");
    assert!(start.elapsed() < Duration::from_secs(25), "{:?}", start.elapsed());
    assert_eq!(rig.engine.containers().len(), 1, "it is in quarantine");
    std::fs::write(place("go-on"), "").unwrap();
    rig.only_warm(0).await;
}

/// F8.
#[tokio::test]
async fn what_the_image_lacks_cannot_be_run_and_a_missing_image_is_told() {
    let Some(engine) = OwnEngine::start(EngineOptions::default()).await else { return };
    let change = r#"LABEL codecube.versions='{"bash":"5"}'"#;
    make_image(&engine, "lacks", "true", &["--change", change]);
    let host = format!("--docker-host={}", engine.host());
    let rig = Rig { server: Server::start(&[&host, "--image=lacks", "--pool-size=0"]).await, engine };
    let refused = rig.page().await.run("python", "print(1)").await;
    assert_eq!(refused.outcome(), "could_not_start");
    assert!(refused.finished()["message"].as_str().unwrap().contains("not installed on this server"), "{refused:?}");
    assert_eq!(rig.page().await.run("bash", "echo there").await.output(), "there\n");
    rig.only_warm(0).await;
    assert!(rig.engine.docker(&["rmi", "--force", "lacks"]).status.success());
    until("visitors are told", || async { rig.ready_status().await == 503 }).await;
    let answer = quiet_client().get(format!("{}/readyz", rig.server.url())).send().await.unwrap();
    assert!(answer.text().await.unwrap().contains("The image lacks is missing"));
}

/// F9.
#[tokio::test]
async fn an_image_without_the_interpreter_is_the_servers_fault_not_the_programs() {
    let Some(engine) = OwnEngine::start(EngineOptions::default()).await else { return };
    make_image(&engine, "hollow", "rm -f $(command -v ruby)", &[]);
    let host = format!("--docker-host={}", engine.host());
    let server = Server::start(&[&host, "--image=hollow", "--pool-size=1"]).await;
    let heard = Visitor::new(server.url()).await.fresh().await.run("ruby", "puts 1").await;
    assert_eq!(heard.outcome(), "could_not_start", "{heard:?}");
}

/// F11.
#[tokio::test]
async fn a_paused_container_still_meets_its_time_limit() {
    let server = Server::start(&["--pool-size=0", "--wall-seconds=2"]).await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    page.start("bash", "echo up; sleep 50").await;
    page.event("output").await;
    let paused = std::process::Command::new("docker").args(["pause", &server.containers()[0]]).output().unwrap();
    assert!(paused.status.success(), "{paused:?}");
    assert_eq!(page.event("finished").await["outcome"], "time_limit");
    until("it is gone", || async { server.containers().is_empty() }).await;
}

/// F12. The viewer's buffers are full long before the flood's end.
#[tokio::test]
async fn a_viewer_who_stops_reading_keeps_neither_the_run_nor_its_end_waiting() {
    let server = Server::start(&["--pool-size=0", "--output-bytes=33554432"]).await;
    let visitor = Visitor::new(server.url()).await;
    let mut deaf = visitor.fresh().await;
    deaf.start("bash", "yes \"$(printf '%1000s')\"").await;
    let mut other = Visitor::new(server.url()).await.open(&deaf.key).await;
    let finished = other.event("finished").await;
    assert_eq!(finished["outcome"], "output_limit");
    let ended = Instant::now();
    until("its container is gone", || async { server.containers().is_empty() }).await;
    assert!(ended.elapsed() < Duration::from_secs(4), "{:?}", ended.elapsed());
    drop(deaf);
}

/// F13. Two seconds for each connection to the Engine, which is each call.
#[tokio::test]
async fn behind_a_slow_engine_limits_count_from_the_programs_start_and_nothing_starts_twice() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("slow.sock");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let proxy = tokio::spawn(async move {
        let mut calls = tokio::task::JoinSet::new();
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            calls.spawn(async move {
                tokio::time::sleep(Duration::from_secs(2)).await;
                let mut far = tokio::net::UnixStream::connect(shared_socket()).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
            });
        }
    });
    let host = format!("--docker-host=unix://{}", socket.display());
    let server = Server::start(&[&host, "--pool-size=0", "--wall-seconds=2"]).await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    let start = Instant::now();
    let heard = page.run("bash", "echo once; sleep 50").await;
    assert_eq!((heard.outcome(), heard.output().as_str()), ("time_limit", "once\n"));
    let wall = heard.finished()["wall_ms"].as_u64().unwrap();
    assert!((2000..3500).contains(&wall), "{wall} ms, {:?} with the Engine's calls", start.elapsed());
    assert!(start.elapsed() > Duration::from_millis(wall + 4000), "the Engine was not slow");
    until("it is gone", || async { server.containers().is_empty() }).await;
    // Not on the thread that the proxy needs.
    tokio::task::spawn_blocking(move || drop(server)).await.unwrap();
    proxy.abort();
}

/// Where the Engine that tests share listens.
fn shared_socket() -> String {
    let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
    host.strip_prefix("unix://").expect("the slow Engine is one behind a socket").to_owned()
}

/// F14.
#[tokio::test]
async fn a_full_disk_of_the_engine_is_told_and_pages_are_read_meanwhile() {
    let options = EngineOptions { disk_mb: 64, ..EngineOptions::default() };
    let Some(rig) = Rig::start(options, &["--pool-size=0"]).await else { return };
    let mut page = rig.page().await;
    assert_eq!(page.run("bash", "echo before").await.output(), "before\n");
    let filler = rig.engine.data_root().join("filler");
    let mut file = std::fs::File::create(&filler).unwrap();
    let most = &mut std::io::Read::take(std::io::repeat(1), 128 << 20); // never a disk of the machine
    assert!(std::io::copy(most, &mut file).is_err(), "the disk is full");
    let heard = page.run("bash", "echo never").await;
    assert_eq!(heard.outcome(), "could_not_start");
    assert!(heard.finished()["message"].as_str().unwrap().contains("out of disk space"), "{:?}", heard.finished());
    let read = quiet_client().get(format!("{}/{}", rig.server.url(), page.key)).send().await.unwrap();
    assert_eq!(read.status(), 200);
    drop(file);
    std::fs::remove_file(filler).unwrap();
    rig.works_within(BACK).await;
}

/// F17.
#[tokio::test]
async fn a_warm_sandbox_that_died_is_noticed_before_a_visitor_is() {
    let server = Server::start(&["--pool-size=2"]).await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    until("the pool is full", || async { server.containers().len() == 2 }).await;
    let warm = server.containers();
    let killed = std::process::Command::new("docker").arg("kill").args(&warm).output().unwrap();
    assert!(killed.status.success(), "{killed:?}");
    assert_eq!(page.run("bash", "echo fine").await.output(), "fine\n");
    until("the dead are gone", || async { server.containers().iter().all(|name| !warm.contains(name)) }).await;
}

/// F18.
#[tokio::test]
async fn warm_sandboxes_of_an_old_image_are_replaced() {
    let Some(engine) = OwnEngine::start(EngineOptions::default()).await else { return };
    make_image(&engine, "moving", "echo one >/etc/motd", &[]);
    let host = format!("--docker-host={}", engine.host());
    let rig = Rig { server: Server::start(&[&host, "--image=moving", "--pool-size=2"]).await, engine };
    let said = async || -> Transcript { rig.page().await.run("bash", "cat /etc/motd").await };
    assert_eq!(said().await.output(), "one\n");
    make_image(&rig.engine, "moving", "echo two >/etc/motd", &[]);
    until("the new image is used", || async { said().await.output() == "two\n" }).await;
    for _ in 0..3 {
        assert_eq!(said().await.output(), "two\n");
    }
}

/// Makes an image of the usual one and what a command does in it.
pub fn make_image(engine: &OwnEngine, name: &str, command: &str, change: &[&str]) {
    let run = ["run", "--name=maker", "--network=none", "--user=0", "--entrypoint=sh", "codecube-core", "-c", command];
    let made = engine.docker(&run);
    assert!(made.status.success(), "{made:?}");
    let made = engine.docker(&[&["commit"], change, &["maker", name]].concat());
    assert!(made.status.success(), "{made:?}");
    assert!(engine.docker(&["rm", "maker"]).status.success());
}
