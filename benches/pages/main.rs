//! How many pages a second the server answers, as ratios measured in one run beside two baselines.
//!
//! - **bare**: an actix-web handler that does one Redis command and nothing else; the ceiling
//! - **sqlite**: the least Rust pastebin there can be: actix-web, one `SQLite` file, a template
//!
//! All three run as processes of their own on this machine, with the same number of workers and the same Redis,
//! asked in turns by the same client over 64 connections. Figures are printed, never asserted. Arguments name parts
//! (`view`, `create`) or sides (`bare`, `sqlite`, `codecube`, `beside`): only those are measured.
//! `beside=http://HOST:PORT/PATH` adds a page of any other server on this machine to the views, for instance of another
//! pastebin.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and prints")]

mod bare;
mod load;
#[path = "../../tests/suite/server.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod server;
mod sides;
mod sqlite;

use std::time::Duration;

use load::Measured;
use sides::{Side, Sides};

/// Rounds; in each every side is asked once, so that a slow moment of the machine hits all alike. They are short beside the
/// seconds in which Redis writes its file anew, which takes a part of the machine from whoever is asked just then.
const ROUNDS: usize = 21;
const ROUND: Duration = Duration::from_millis(300);
const WARM_UP: Duration = Duration::from_millis(500);
/// What can be asked for by name; any other argument names a side.
const PARTS: [&str; 2] = ["view", "create"];
/// What an argument starts with that adds a page of another server.
const BESIDE: &str = "beside=http://";
/// Bytes of the snippet.
const SIZE: usize = 2048;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [bare::HELPER, redis] => return bare::serve(redis).unwrap(),
        [sqlite::HELPER, file] => return sqlite::serve(file).unwrap(),
        _ => {}
    }
    let (beside, named): (Vec<String>, Vec<String>) =
        arguments.into_iter().partition(|argument| argument.starts_with(BESIDE));
    let (parts, only): (Vec<String>, Vec<String>) =
        named.into_iter().partition(|argument| PARTS.contains(&argument.as_str()));
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|named| named == part);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let sides = Sides::start().await;
        let text = program();
        if wanted("view") {
            let mut views = sides.views(&text).await;
            views.extend(beside.iter().map(|argument| sides.beside(&argument[BESIDE.len()..])));
            report("View of a 2 KB snippet", &measure(&among(views, &only)).await);
        }
        if wanted("create") {
            report("Creating a 2 KB snippet", &measure(&among(sides.creates(&text), &only)).await);
        }
    });
}

/// The sides that were named; all when none was.
fn among(mut sides: Vec<Side>, only: &[String]) -> Vec<Side> {
    sides.retain(|side| only.is_empty() || only.iter().any(|name| name == side.name));
    sides
}

/// Two kilobytes of Python.
fn program() -> String {
    let lines = (0..).map(|number| format!("print(\"line {number}: <{}>\")  # & so on\n", number * 7));
    let mut text = String::new();
    for line in lines {
        if text.len() + line.len() > SIZE {
            break;
        }
        text += &line;
    }
    text
}

async fn measure(sides: &[Side]) -> Vec<(&'static str, Vec<Measured>)> {
    let mut measured: Vec<_> = sides.iter().map(|side| (side.name, Vec::new())).collect();
    for side in sides {
        load::ask(side, WARM_UP).await;
    }
    for _ in 0..ROUNDS {
        for (side, (_, rounds)) in sides.iter().zip(&mut measured) {
            rounds.push(load::ask(side, ROUND).await);
        }
    }
    measured
}

fn report(title: &str, measured: &[(&'static str, Vec<Measured>)]) {
    println!("\n{title}, {} connections, median of {ROUNDS} rounds of {} ms", load::CONNECTIONS, ROUND.as_millis());
    let rate = |rounds: &[Measured]| median(rounds.iter().map(Measured::rate).collect());
    for (name, rounds) in measured {
        let (p50, p99) = (median(rounds.iter().map(|one| one.percentile(50)).collect()), worst(rounds));
        println!(
            "  {name:<18} {:>7.0}/s  {:>4.0} % of bare  p50 {p50:.2} ms  p99 {p99:.2} ms ({:.1} × p50)  {} bytes  \
             processor {:.1} µs, and Redis {:.1}",
            rate(rounds),
            100.0 * ratio(rounds, &measured[0].1),
            p99 / p50,
            rounds.first().map_or(0, |one| one.bytes),
            median(rounds.iter().map(|one| one.worked.as_secs_f64() * 1e6 / one.count()).collect()),
            median(rounds.iter().map(|one| one.redis_worked.as_secs_f64() * 1e6 / one.count()).collect()),
        );
    }
}

/// The median of what one side does for each that the other does in the same round: the medians of two sides may be of
/// different moments of the machine.
fn ratio(rounds: &[Measured], others: &[Measured]) -> f64 {
    median(rounds.iter().zip(others).map(|(one, other)| one.rate() / other.rate()).collect())
}

/// The median round's p99.
fn worst(rounds: &[Measured]) -> f64 {
    median(rounds.iter().map(|one| one.percentile(99)).collect())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
