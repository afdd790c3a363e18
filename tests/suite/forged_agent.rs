//! An agent that is not ours, as after an escape inside the container: whatever it says, the runner takes no harm.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use codecube::protocol::VERSION;

use crate::own_engine::{EngineOptions, OwnEngine};
use crate::processes::{child_named, resident_kib};
use crate::server::{Server, until};
use crate::socket::Visitor;

/// What it does is named by a word in the job.
const AGENT: &str = r#"#!/usr/bin/python3
import os, struct, time
def frame(kind, body=b''): return struct.pack('<IB', len(body) + 1, kind) + body
def say(data):
    while data: data = data[os.write(1, data):]
def for_ever(data):
    while True: say(data * (65536 // len(data) + 1))
say(frame(64, bytes([VERSION])))
job = b''
while b'case=' not in job or b';' not in job[job.index(b'case='):]: job += os.read(0, 65536)
case = job.split(b'case=')[1].split(b';')[0].decode()
if case == 'usage': for_ever(frame(69, b'\1\1'))
if case == 'empty': for_ever(frame(66))
if case == 'long': say(struct.pack('<I', 2**32 - 1)); for_ever(b'x')
if case == 'kind': for_ever(frame(200, b'x'))
if case == 'bytes': say(frame(65, b'\1')); for_ever(frame(66, b'x'))
if case == 'noise': for_ever(os.urandom(4096))
if case == 'stages': for_ever(frame(65, b'\1'))
if case == 'ready': for_ever(frame(64, bytes([VERSION])))
if case == 'half': say(frame(66, b'x' * 60000)[:30000])
if case == 'stderr':
    while True: os.write(2, b'complaint\n' * 1000)
time.sleep(100)
"#;

#[tokio::test]
async fn whatever_a_forged_agent_says_its_run_ends_and_the_runner_stays_small() {
    let Some(engine) = OwnEngine::start(EngineOptions::default()).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let agent = folder.path().join("codecube-agent");
    std::fs::write(&agent, AGENT.replace("VERSION", &VERSION.to_string())).unwrap();
    std::fs::set_permissions(&agent, std::fs::Permissions::from_mode(0o755)).unwrap();
    let agent = agent.display().to_string();
    for words in [
        &["create", "--name=forger", "--network=none", "codecube-core"][..],
        &["cp", &agent, "forger:/usr/local/bin/codecube-agent"],
        &["commit", "forger", "forged"],
        &["rm", "forger"],
    ] {
        let done = engine.docker(words);
        assert!(done.status.success(), "{done:?}");
    }
    let host = format!("--docker-host={}", engine.host());
    let options = [&host, "--image=forged", "--prestart=none", "--wall-seconds=2", "--runs-per-visitor=64"];
    let server = Server::start(&[&options[..], &["--pool-size=2"]].concat()).await;
    let runner = child_named(server.process.child.id(), "codecube");
    let before = resident_kib(runner);
    let cases = ["usage", "empty", "long", "kind", "bytes", "noise", "stages", "ready", "half", "stderr"];
    let url = server.url();
    let runs = cases.map(|case| async move {
        let mut page = Visitor::new(url).await.fresh().await;
        let heard = tokio::time::timeout(Duration::from_secs(50), page.run("bash", &format!("case={case};"))).await;
        let heard = heard.unwrap_or_else(|_| unreachable!("{case} never ends"));
        // Small pieces of output are no fault: they come to the one limit or the other.
        let expected = if case == "bytes" { &["output_limit", "time_limit"][..] } else { &["interrupted"] };
        assert!(expected.contains(&heard.outcome()), "{case}: {:?}", heard.finished());
        assert!(heard.events.len() < 5000, "{case} made {} events", heard.events.len());
    });
    futures_util::future::join_all(runs).await;
    let after = resident_kib(runner);
    eprintln!("the runner had {before} KiB before the forged agents and {after} KiB after them");
    assert!(after < before + 48 * 1024, "{before} KiB became {after} KiB");
    until("only warm sandboxes are left", || async { engine.containers().len() == 2 }).await;
}
