//! Sandboxes on other Engines than the shared one: gVisor's kernel, and users that are others outside.

use std::process::Command;

use serde_json::{Value, json};

use crate::own_engine::{EngineOptions, OwnEngine, not_tried};
use crate::server::{Server, until};
use crate::socket::{Visitor, run_message};

/// Greets in each language, as its folder in the image's sources does.
fn greetings() -> Vec<(String, String)> {
    let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/images/languages")).unwrap();
    let mut greetings: Vec<_> = folders
        .map(|folder| {
            let folder = folder.unwrap();
            let mut files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap());
            let hello = files.find(|file| file.file_name().to_string_lossy().starts_with("hello.")).unwrap();
            (folder.file_name().into_string().unwrap(), std::fs::read_to_string(hello.path()).unwrap())
        })
        .collect();
    greetings.sort();
    greetings
}

async fn gvisor() -> Option<OwnEngine> {
    let path = ["/usr/bin/runsc", "/usr/local/bin/runsc"].into_iter().find(|path| std::fs::exists(path).unwrap());
    let Some(path) = path else {
        not_tried("gVisor is not installed (script/bootstrap --tests does it where the distribution has runsc)");
        return None;
    };
    // The platform that works everywhere, also on a virtual machine without nested virtualisation.
    let runsc = json!({ "path": path, "runtimeArgs": ["--network=none", "--platform=ptrace"] });
    let daemon = json!({ "runtimes": { "runsc": runsc } });
    OwnEngine::start(EngineOptions { daemon, ..EngineOptions::default() }).await
}

async fn serve(engine: &OwnEngine, options: &[&str]) -> Server {
    let host = format!("--docker-host={}", engine.host());
    Server::start(&[&[host.as_str(), "--pool-size=2", "--runs-per-visitor=64"], options].concat()).await
}

#[tokio::test]
async fn every_language_greets_under_gvisor_and_every_end_is_told() {
    let Some(engine) = gvisor().await else { return };
    let server = serve(&engine, &["--runtime=runsc", "--wall-seconds=20", "--memory-mb=256"]).await;
    let visitor = Visitor::new(server.url()).await;
    for (language, code) in greetings() {
        let heard = visitor.fresh().await.run(&language, &code).await;
        assert_eq!(heard.outcome(), "exited", "{language}: {:?}", heard.finished());
        assert!(heard.output().contains("Hello"), "{language}: {}", heard.output());
    }
    for (code, outcome) in [
        ("exit 3", "exited"),
        ("kill -9 $$", "signalled"),
        ("kill -9 1; kill -9 -1; exit 4", "exited"),
        ("ulimit -t 1; while :; do :; done", "signalled"),
        ("yes", "output_limit"),
        ("head -c 100M /dev/zero >file && exit 5", "disk_limit"),
    ] {
        let heard = visitor.fresh().await.run("bash", code).await;
        assert_eq!(heard.outcome(), outcome, "{code}: {:?}", heard.finished());
    }
    let heard = visitor.fresh().await.run("bash", "x=$(tail /dev/zero)").await;
    // Its kernel has no counters; whether the host's word comes is the Engine's affair.
    assert!(["memory_limit", "signalled"].contains(&heard.outcome()), "{:?}", heard.finished());
    until("only warm sandboxes are left", || async { engine.containers().len() == 2 }).await;
}

#[tokio::test]
async fn a_terminal_input_stop_and_the_time_limit_work_under_gvisor() {
    let Some(engine) = gvisor().await else { return };
    let server = serve(&engine, &["--runtime=runsc", "--wall-seconds=3"]).await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    let mut message = run_message("python", "import sys\nprint(sys.stdout.isatty())\nprint('got', input())\ninput()");
    message["tty"] = json!({"columns": 80, "rows": 24});
    page.send(message).await;
    let run = said(&mut page, "True").await["run"].clone();
    page.send(json!({"type": "input", "run": run, "data": "word\n"})).await;
    said(&mut page, "got word").await;
    page.send(json!({"type": "stop", "run": run})).await;
    assert_eq!(page.finish().await.outcome(), "stopped");
    let mut message = run_message("python", "raise OSError('told in full')");
    message["tty"] = json!({"columns": 80, "rows": 24});
    page.send(message).await;
    let heard = page.finish().await;
    assert!(heard.output().contains("told in full") && heard.outcome() == "exited", "{heard:?}");
    assert_eq!(page.run("bash", "echo up; sleep 20").await.outcome(), "time_limit");
}

async fn said(page: &mut crate::socket::Page, text: &str) -> Value {
    page.next_that(|value| value["data"].as_str().is_some_and(|data| data.contains(text))).await
}

#[tokio::test]
async fn remapped_users_get_the_same_promises() {
    let Some(engine) = OwnEngine::start(EngineOptions { remapped: true, ..EngineOptions::default() }).await else {
        return;
    };
    let server = serve(&engine, &["--memory-mb=256", "--wall-seconds=20"]).await;
    let visitor = Visitor::new(server.url()).await;
    for (language, code) in [("python", "print('Hello')"), ("c", "#include <stdio.h>\nint main() { puts(\"Hello\"); }")]
    {
        let heard = visitor.fresh().await.run(language, code).await;
        assert_eq!((heard.output().as_str(), heard.outcome()), ("Hello\n", "exited"), "{:?}", heard.finished());
    }
    for (code, outcome) in [
        ("kill -9 1; kill -9 -1; cat /proc/1/environ && exit 5; exit 4", "exited"),
        ("for i in {1..300}; do sleep 9 & done; exit 7", "process_limit"),
        ("head -c 100M /dev/zero >file && exit 5", "disk_limit"),
        ("x=$(tail /dev/zero)", "memory_limit"),
    ] {
        let heard = visitor.fresh().await.run("bash", code).await;
        assert_eq!(heard.outcome(), outcome, "{code}: {:?}", heard.finished());
    }
    let mut page = visitor.fresh().await;
    let mut message = run_message("bash", "test -t 1 && echo terminal");
    message["tty"] = json!({"columns": 80, "rows": 24});
    page.send(message).await;
    assert_eq!(page.finish().await.output(), "terminal\r\n");
}

#[tokio::test]
async fn a_quota_of_the_disk_holds_or_the_start_says_why_it_cannot() {
    let name = format!("codecube-quota-{}", std::process::id());
    let docker = |arguments: &[&str]| Command::new("docker").args(arguments).output().unwrap();
    let can = docker(&["create", "--storage-opt=size=64M", "--name", &name, "codecube-core"]).status.success();
    docker(&["rm", "--force", &name]);
    if can {
        let server = Server::start(&["--pool-size=1", "--disk-quota-mb=64"]).await;
        let mut page = Visitor::new(server.url()).await.fresh().await;
        let heard =
            page.run("bash", "head -c 32M /dev/zero >/var/tmp/a && echo fits; cat /var/tmp/a >>/var/tmp/b").await;
        assert!(heard.output().starts_with("fits\n"), "{heard:?}");
        assert_eq!(page.run("bash", "head -c 90M /dev/zero >/var/tmp/a || exit 5").await.outcome(), "disk_limit");
        return;
    }
    let mut doctor = Command::new(env!("CARGO_BIN_EXE_codecube"));
    let refused = doctor.args(["doctor", "--only=app_env_probe", "--disk-quota-mb=64"]).output().unwrap();
    let reason = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && reason.contains("--disk-quota-mb needs an Engine"), "{reason}");
    not_tried("the shared Engine cannot limit a container's disk (overlay2 on xfs with pquota); only the refusal was");
}
