//! What the host may do to us, and how each ends for visitors: F15, F16 and F38 to F42 of the list of faults. F43 is in
//! `leftovers.rs`.

use std::collections::HashMap;
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use codecube::db::Db;
use codecube::db::embedded::Embedded;
use codecube::languages::{LanguageId, Languages};
use codecube::program::Program;
use codecube::program::file::SourceFile;
use codecube::runner::{self, Limits, Settings, Together};
use codecube::runs::event::EventKind;
use codecube::runs::feed::Feed;
use codecube::runs::outcome::{Finished, Outcome};
use codecube::runs::request::{RunId, RunRequest};
use codecube::runs::store::{QueueLimits, Runs};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::layer::SubscriberExt;

use crate::own_engine::not_tried;
use crate::processes::child_named;
use crate::server::{PATIENCE, Server, containers_of, until};
use crate::small_host::SmallHost;
use crate::socket::{Visitor, quiet_client};

/// F15: the server, its Redis and all sandboxes share a control group that is too small for what programs take.
#[tokio::test]
async fn short_of_memory_the_host_ends_programs_and_never_the_server() {
    let Some(small) = SmallHost::start("640m") else { return };
    let parent = format!("--cgroup-parent={}", small.group());
    let number = tempfile::NamedTempFile::new_in("/var/tmp").unwrap();
    let server = small.server(number.path(), &[&parent, "--pool-size=1", "--wall-seconds=8"]);
    server.ready().await;
    let web = std::fs::read_to_string(number.path()).unwrap().trim().parse().unwrap();
    let runner = child_named(web, "codecube");
    let hogs = (0..4).map(|_| async {
        let mut page = Visitor::new(server.url()).await.fresh().await;
        page.run("python", "x = []\nwhile True: x.append(bytearray(b'x' * 1000000))").await
    });
    for heard in futures_util::future::join_all(hogs).await {
        let outcome = heard.outcome().to_owned();
        assert!(
            ["memory_limit", "signalled", "interrupted", "could_not_start"].contains(&outcome.as_str()),
            "{heard:?}"
        );
    }
    assert_eq!(child_named(web, "codecube"), runner, "the runner was killed");
    child_named(web, "redis-server");
    let mut page = Visitor::new(server.url()).await.fresh().await;
    assert_eq!(page.run("bash", "echo fine").await.output(), "fine\n");
}

/// F16: fifty fork bombs and fifty memory bombs at once. Most are refused: the queue has a bound.
#[tokio::test]
async fn bombs_of_many_visitors_keep_nobody_from_reading() {
    let options = ["--pool-size=2", "--wall-seconds=2", "--runs-per-visitor=64", "--queue-limit=12", "--memory-mb=64"];
    let server = Server::start(&[&options[..], &["--runs-at-once=8"]].concat()).await;
    let bombs = ["bomb() { bomb | bomb & }; bomb; sleep 9", "x=x; while true; do x=$x$x; done"];
    let client = quiet_client();
    let attacks = (0..100).map(|number| {
        let request = client.post(format!("{}/run/bash?status=1", server.url())).body(bombs[number % 2]);
        async move {
            let answer = request.header("accept", "*/*").send().await.unwrap();
            (answer.status().as_u16(), answer.text().await.unwrap())
        }
    });
    let attacking = futures_util::future::join_all(attacks);
    tokio::pin!(attacking);
    let mut reads = Vec::new();
    let ended = loop {
        let start = Instant::now();
        let read = async {
            assert_eq!(client.get(server.url()).send().await.unwrap().status(), 303);
            reads.push(start.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        tokio::select! {
            ended = &mut attacking => break ended,
            () = read => {}
        }
    };
    reads.sort();
    let p95 = reads[reads.len() * 95 / 100];
    let refused = ended.iter().filter(|(status, _)| *status == 503).count();
    eprintln!("p95 of {} reads beside the bombs: {p95:?}; {refused} of 100 runs were refused", reads.len());
    assert!(p95 < Duration::from_millis(300), "{p95:?}");
    assert!(refused > 0, "the queue has no bound");
    assert!(ended.iter().all(|(status, text)| *status == 503 || text.contains("codecube: outcome=")), "{ended:?}");
    until("only warm sandboxes are left", || async { server.containers().len() == 2 }).await;
}

/// F38. The clock of this machine belongs to others as well and no namespace has its own, so it is not set here:
/// that every limit is counted on the monotonic clock is seen in the sources. (`reaper.rs` has a test of its own.)
#[test]
fn no_limit_is_counted_on_a_clock_that_may_jump() {
    not_tried("the clock is not set: this test reads the sources instead");
    // The label that says when a container was made, and the date of a file for people: neither is a limit. And whether it
    // jumped, which `db/clock.rs` asks before it believes itself.
    let allowed = ["src/runner/pool.rs", "src/web/contact.rs", "src/db/clock.rs"];
    let sources = walk(std::path::Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")));
    assert!(sources.len() > 50);
    for (path, text) in sources {
        let asks = ["SystemTime", "UNIX_EPOCH", "CLOCK_REALTIME"].iter().any(|word| text.contains(word));
        assert!(!asks || allowed.iter().any(|name| path.ends_with(name)), "{path} reads the wall clock");
    }
}

fn walk(folder: &std::path::Path) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.insert(path.display().to_string(), std::fs::read_to_string(&path).unwrap());
        }
    }
    found
}

/// F39.
#[tokio::test]
async fn without_any_network_but_loopback_nothing_changes() {
    let wrapper = ["unshare", "--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "_"];
    if !Command::new("unshare").args(["--net", "true"]).status().unwrap().success() {
        return not_tried("this machine allows no network namespace");
    }
    let server = Server::start_through(&wrapper, &["--pool-size=1"]);
    let id = server.process.child.id().to_string();
    let ask = |words: &[&str]| {
        let mut command = Command::new("nsenter");
        command.args(["--target", &id, "--net", "curl", "-s", "--max-time", "20"]).args(words);
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let address = |path: &str| format!("{}{path}", server.url());
    until("it is ready", || async { ask(&[&address("/readyz")]).contains("\"ready\"") }).await;
    assert_eq!(ask(&["--data-binary", "echo alone", &address("/run/bash")]), "alone\n");
}

/// F40: a folder that was deleted, a `/tmp` that nobody can write to, standard output and error whose readers left.
#[tokio::test]
async fn what_surrounds_the_server_may_go_away() {
    let script = "mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp || exit 1\n\
                  cd \"$(mktemp -d -p /var/tmp)\" && rmdir \"$PWD\"\n\
                  exec \"$@\" 2> >(exec true)";
    let wrapper = ["unshare", "--mount", "bash", "-c", script, "_"];
    if !Command::new("unshare").args(["--mount", "true"]).status().unwrap().success() {
        return not_tried("this machine allows no mount namespace");
    }
    // Its standard output has no reader any more since its address was read; it has much to log.
    let server = Server::start_through(&wrapper, &["--pool-size=1", "--log=debug"]);
    server.ready().await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    for _ in 0..3 {
        assert_eq!(page.run("python", "print('goes on')").await.output(), "goes on\n");
    }
}

/// F41.
#[tokio::test]
async fn with_few_descriptors_it_refuses_and_recovers() {
    let wrapper = ["prlimit", "--nofile=64"];
    let server = Server::start_through(&wrapper, &["--pool-size=1", "--web-workers=1", "--runs-at-once=2"]);
    server.ready().await;
    let address = server.url().trim_start_matches("http://").to_owned();
    let mut crowd = Vec::new();
    for _ in 0..100 {
        let Ok(mut stream) = TcpStream::connect(&address) else { break };
        let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\n");
        crowd.push(stream);
    }
    let quick = reqwest::Client::builder().timeout(Duration::from_secs(2)).build().unwrap();
    let _ = quick.get(format!("{}/healthz", server.url())).send().await;
    drop(crowd);
    until("it answers again", || async {
        quick.get(format!("{}/readyz", server.url())).send().await.is_ok_and(|answer| answer.status() == 200)
    })
    .await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    assert_eq!(page.run("bash", "echo fine").await.output(), "fine\n");
}

/// Panics once, in the task of a run that just got its sandbox; at the next run it counts this runner's containers.
#[derive(Clone)]
struct Saboteur {
    runner: String,
    panics: Arc<AtomicBool>,
    containers: Arc<AtomicUsize>,
}

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Saboteur {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        let mut seen = String::new();
        event
            .record(&mut |_: &tracing::field::Field, value: &dyn std::fmt::Debug| seen.push_str(&format!("{value:?}")));
        if !seen.contains("a run has its sandbox") {
            return;
        }
        if self.panics.swap(false, Ordering::Relaxed) {
            std::panic::resume_unwind(Box::new("a panic that this test made"));
        }
        self.containers.store(containers_of(&self.runner).len(), Ordering::Relaxed);
    }
}

/// F42, with a runner in this process: its log's reader panics in the middle of one run. All sandboxes together have
/// room for one: the next run starts only when the container of the first is gone.
#[tokio::test]
async fn a_panic_in_one_run_ends_that_run_only_and_frees_its_sandbox() {
    let settings = settings();
    let name = settings.name.clone();
    let saboteur =
        Saboteur { runner: name.clone(), panics: Arc::new(AtomicBool::new(true)), containers: Arc::default() };
    let subscriber = tracing_subscriber::registry().with(saboteur.clone());
    let _guard = tracing::subscriber::set_default(subscriber);
    let directory = tempfile::TempDir::new().unwrap();
    let redis = Embedded::start(directory.path()).await.unwrap();
    let db = Db::connect(&redis.url()).await.unwrap();
    let stop = CancellationToken::new();
    let (feed, _) = Feed::start(db.clone(), CancellationToken::new());
    let runs = Runs::new(db, QueueLimits::default());
    let languages = Arc::new(Languages::load().unwrap());
    let running = tokio::spawn(runner::run(runs.clone(), feed.clone(), languages, settings, stop.clone()));
    let first = follow(&runs, &feed).await;
    assert_eq!(first.outcome, Outcome::Interrupted, "{first:?}");
    assert!(first.message.contains("fault in the server"), "{first:?}");
    assert_eq!(follow(&runs, &feed).await.outcome, Outcome::Exited);
    assert_eq!(saboteur.containers.load(Ordering::Relaxed), 1, "two took what one may");
    until("no sandbox is left", || async { containers_of(&name).is_empty() }).await;
    stop.cancel();
    assert!(running.await.unwrap().is_ok());
}

async fn follow(runs: &Runs, feed: &Feed) -> Finished {
    let program = Program {
        language: LanguageId("bash".to_owned()),
        files: vec![SourceFile::text("main.sh", "echo fine")],
        arguments: vec![],
        stdin: None,
    };
    let id = RunId::random(0);
    let mut log = feed.follow_log(runs, id.clone(), 0);
    let request = RunRequest { program, terminal: None, snippet: None, stdin_bytes: None };
    runs.submit(&id, &request, "visitor").await.unwrap();
    loop {
        let event = tokio::time::timeout(PATIENCE, log.next()).await.expect("the run never ends").unwrap();
        if let Some(EventKind::Finished(finished)) = event.expect("the log has an end").kind() {
            return finished;
        }
    }
}

fn settings() -> Settings {
    Settings {
        name: format!("panics-{}", std::process::id()),
        docker_host: std::env::var("DOCKER_HOST").ok(),
        image: "codecube-core".to_owned(),
        runtime: None,
        permits: 2, // the budget has room for one
        pool_size: 0,
        prestart: None,
        disk_quota_mb: None,
        limits: Limits::default(),
        together: Together { memory_mb: Some(Limits::default().memory_mb), ..Together::default() },
        lease: Duration::from_secs(15),
        drain: Duration::ZERO,
        shard: 0,
        uid_base: 20_000,
        uid_count: 40_000,
        seccomp: true,
    }
}
