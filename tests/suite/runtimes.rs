//! Sandboxes on other Engines than the shared one: gVisor's kernel, and users that are others outside.

use serde_json::json;

use crate::own_engine::{EngineOptions, OwnEngine};
use crate::server::Server;
use crate::socket::Visitor;

#[tokio::test]
async fn an_engine_with_remapped_users_runs_code() {
    let Some(engine) = OwnEngine::start(EngineOptions { remapped: true, ..EngineOptions::default() }).await else {
        return;
    };
    let server = Server::start(&["--pool-size=1", &format!("--docker-host={}", engine.host())]).await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    assert_eq!(page.run("python", "print(6 * 7)").await.output(), "42\n");
}

#[tokio::test]
async fn gvisor_runs_code() {
    let arguments = ["--network=none", "--platform=ptrace"];
    let daemon = json!({ "runtimes": { "runsc": { "path": "/usr/bin/runsc", "runtimeArgs": arguments } } });
    let Some(engine) = OwnEngine::start(EngineOptions { daemon, ..EngineOptions::default() }).await else {
        return;
    };
    let host = format!("--docker-host={}", engine.host());
    let server = Server::start(&["--pool-size=1", "--runtime=runsc", &host]).await;
    let mut page = Visitor::new(server.url()).await.fresh().await;
    assert_eq!(page.run("python", "print(6 * 7)").await.output(), "42\n");
}
