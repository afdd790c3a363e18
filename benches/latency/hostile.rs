//! Honest runs beside four hostile ones: what their first byte takes, as a ratio to the same runs with the machine to
//! themselves. Turns are taken, so that a slow minute of the machine is in both.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;

use crate::figures::{median, ms, percentile};
use crate::server::{Server, until};
use crate::socket::{Page, Visitor};

const ROUNDS: usize = 6;
/// Honest runs in one half of a round.
const SAMPLES: usize = 8;
/// Between two runs, so that the sandbox is a warm one.
const REFILL_PAUSE: Duration = Duration::from_millis(300);
/// A fork bomb, a memory bomb, a flood of output, and one that burns every processor it is given.
const HOSTILE: [(&str, &str); 4] = [
    ("bash", "bomb() { bomb | bomb & }; bomb; sleep 9"),
    ("python", "x = []\nwhile True: x.append(bytearray(b'x' * 1000000))"),
    ("bash", "while true; do printf '%1000s'; done"),
    ("python", "import os\nfor _ in range(8): os.fork()\nwhile True: pass"),
];

/// Measures both and prints the ratio.
pub async fn measure() {
    let options = ["--pool-size=6", "--runs-per-visitor=1000", "--cpu-seconds=60", "--wall-seconds=60"];
    let server = Server::start(&options).await;
    let visitor = Visitor::new(server.url()).await;
    let mut honest = visitor.fresh().await;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        until("the pool is full", || async { server.containers().len() == 6 }).await;
        samples(&mut honest, &mut alone).await;
        let over = AtomicBool::new(false);
        let attacks = join_all(HOSTILE.iter().map(|&(language, code)| attack(&visitor, language, code, &over)));
        let measuring = async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            samples(&mut honest, &mut beside).await;
            over.store(true, Ordering::Relaxed);
        };
        tokio::join!(attacks, measuring);
    }
    let ratio = median(&beside).as_secs_f64() / median(&alone).as_secs_f64();
    println!("\nHonest Python beside 4 hostile programs, Run message to first byte, {} of each", alone.len());
    println!("  alone   {} (p90 {})", ms(median(&alone)), ms(percentile(&alone, 90)));
    println!("  beside  {} (p90 {})   ratio {ratio:.2}, aim 3", ms(median(&beside)), ms(percentile(&beside, 90)));
    println!("  aim     {}", if ratio <= 3.0 { "kept" } else { "MISSED" });
}

async fn samples(page: &mut Page, taken: &mut Vec<Duration>) {
    for _ in 0..SAMPLES {
        tokio::time::sleep(REFILL_PAUSE).await;
        let start = Instant::now();
        page.start("python", "print('hello')\n").await;
        page.event("output").await;
        taken.push(start.elapsed());
        page.event("finished").await;
    }
}

/// What one network may start in a minute by default.
const RUNS_PER_MINUTE: u64 = 120;

/// One hostile visitor: whenever a program of his was ended, he starts the next, as often as he is let.
async fn attack(visitor: &Visitor, language: &str, code: &str, over: &AtomicBool) {
    let mut page = visitor.fresh().await;
    while !over.load(Ordering::Relaxed) {
        let next = tokio::time::Instant::now() + Duration::from_secs(60) / u32::try_from(RUNS_PER_MINUTE).unwrap();
        page.start(language, code).await;
        let started = page.event("started").await;
        let stop = async {
            while !over.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            _ = page.event("finished") => {
                tokio::time::sleep_until(next).await;
                continue;
            }
            () = stop => {}
        }
        page.send(serde_json::json!({"type": "stop", "run": started["run"]})).await;
        page.event("finished").await;
    }
}
