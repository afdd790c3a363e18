//! Sustained rate, one container a run, beside a bare create/start/wait/remove loop against the Engine with the
//! same container configuration and the same program.

use std::time::{Duration, Instant};

use bollard::Docker;
use bollard::models::ContainerCreateBody;
use bollard::query_parameters::{InspectContainerOptions, RemoveContainerOptions, WaitContainerOptions};
use futures_util::StreamExt;
use futures_util::future::join_all;

use crate::server::{Server, until};
use crate::socket::{Page, Visitor};

/// Runs under way at once, on both sides.
const AT_ONCE: usize = 4;
/// Runs in one round of each side; rounds take turns.
const ROUND: usize = 40;
const ROUNDS: usize = 4;

/// Measures both in turns and prints the ratio.
pub async fn measure() {
    let server = Server::start(&["--pool-size=2", "--runs-at-once=4", "--runs-per-visitor=1000"]).await;
    until("the pool is full", || async { server.containers().len() == 2 }).await;
    let engine = Docker::connect_with_local_defaults().unwrap().negotiate_version().await.unwrap();
    let body = same_container(&engine, &server.containers()[0]).await;
    let visitor = Visitor::new(server.url()).await;
    let mut pages: Vec<Page> = join_all((0..AT_ONCE).map(|_| visitor.fresh())).await;
    let (mut served, mut bare) = (Duration::ZERO, Duration::ZERO);
    for round in 0..ROUNDS {
        let start = Instant::now();
        join_all(pages.iter_mut().map(several_runs)).await;
        // The last sandboxes must be removed, as the bare side removes its last container.
        until("the used sandboxes are removed", || async { server.containers().len() <= 2 }).await;
        served += start.elapsed();
        until("the pool is full again", || async { server.containers().len() == 2 }).await;
        let start = Instant::now();
        join_all((0..AT_ONCE).map(|loop_number| bare_loop(&engine, &body, round * AT_ONCE + loop_number))).await;
        bare += start.elapsed();
    }
    let rate = |lasted: Duration| (ROUND * ROUNDS) as f64 / lasted.as_secs_f64();
    println!("\nSustained, one container a run, {AT_ONCE} at once, {} runs on each side", ROUND * ROUNDS);
    println!("  CodeCube     {:.1} runs/s", rate(served));
    println!("  bare Engine  {:.1} runs/s   ratio {:.2}, aim 0.90", rate(bare), rate(served) / rate(bare));
}

async fn several_runs(page: &mut Page) {
    for _ in 0..ROUND / AT_ONCE {
        assert_eq!(page.run("python", "print('hello')\n").await.outcome(), "exited");
    }
}

async fn bare_loop(engine: &Docker, body: &ContainerCreateBody, number: usize) {
    for turn in 0..ROUND / AT_ONCE {
        let mut body = body.clone();
        body.user = Some(format!("{0}:{0}", 61_000 + number * ROUND + turn));
        let id = engine.create_container(None, body).await.unwrap().id;
        engine.start_container(&id, None).await.unwrap();
        let ended = engine.wait_container(&id, None::<WaitContainerOptions>).next().await;
        assert!(ended.unwrap().is_ok(), "the program ended with 0");
        engine.remove_container(&id, Some(RemoveContainerOptions { force: true, ..Default::default() })).await.unwrap();
    }
}

/// The configuration of a warm sandbox, with the program itself as its main process.
async fn same_container(engine: &Docker, name: &str) -> ContainerCreateBody {
    let found = engine.inspect_container(name, None::<InspectContainerOptions>).await.unwrap();
    let config = found.config.unwrap();
    ContainerCreateBody {
        image: config.image,
        cmd: Some(["python3", "-c", "print('hello')"].map(str::to_owned).to_vec()),
        env: config.env,
        working_dir: config.working_dir,
        network_disabled: Some(true),
        host_config: found.host_config,
        ..Default::default()
    }
}
