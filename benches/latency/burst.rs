//! Forty Python runs at once into a full pool of forty.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::bare::Bare;
use crate::figures::median;
use crate::server::{Server, until};
use crate::socket::{Page, Visitor};

const SIZE: usize = 40;
const BURSTS: usize = 9;

/// Measures bursts and prints runs per second.
pub async fn measure() {
    let options = ["--pool-size=40", "--runs-at-once=40", "--runs-per-visitor=1000"];
    let server = Server::start(&options).await;
    let visitor = Visitor::new(server.url()).await;
    let mut pages: Vec<Page> = join_all((0..SIZE).map(|_| visitor.fresh())).await;
    let mut lasted = Vec::new();
    for _ in 0..BURSTS {
        until("the pool is full", || async { server.containers().len() == SIZE }).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let start = Instant::now();
        let runs = join_all(pages.iter_mut().map(|page| page.run("python", "print('hello')\n"))).await;
        lasted.push(start.elapsed());
        assert!(runs.iter().all(|run| run.output() == "hello\n"), "every run printed its line");
    }
    let rate = |lasted: Duration| SIZE as f64 / lasted.as_secs_f64();
    println!("\nBurst of {SIZE} Python runs into a full pool, median of {BURSTS}");
    let (middle, best) = (rate(median(&lasted)), rate(*lasted.iter().min().unwrap()));
    println!("  {middle:.0} runs/s (best {best:.0})");
    // Removals and refills must not slow the bare side.
    until("the pool is full again", || async { server.containers().len() == SIZE }).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    if let Some(mut bare) = Bare::start() {
        let alone = bare.rate(&["python3", "-c", "print('hello')"], 160);
        println!(
            "  bare process, this machine full: {alone:.0}/s   ratio {:.2} (best {:.2})",
            middle / alone,
            best / alone
        );
        println!("  aim: 150 runs/s where a bare process does 245/s, a ratio of 0.61");
    }
}
