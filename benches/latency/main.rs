//! How long a visitor waits, as ratios measured in one run beside bare processes and the bare Engine.
//!
//! `script/bench` runs all parts; `script/bench first-byte burst` only those. The figures are printed, never
//! asserted: a slow day is no fault. Must be root to measure the same interpreters as bare processes.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a program that measures and prints")]

mod bare;
#[path = "../../tests/suite/browser.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod browser;
mod burst;
mod engine;
mod figures;
mod first_byte;
mod hostile;
#[path = "../../tests/suite/page.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod page;
mod screen;
#[path = "../../tests/suite/server.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod server;
#[path = "../../tests/suite/socket.rs"]
#[expect(dead_code, reason = "shared with the tests, which use all of it")]
mod socket;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [mode, root] = arguments.as_slice()
        && mode == bare::HELPER
    {
        return bare::help(root);
    }
    let wanted = |part: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == part);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        if wanted("first-byte") {
            first_byte::measure().await;
        }
        if wanted("screen") {
            screen::measure().await;
        }
        if wanted("burst") {
            burst::measure().await;
        }
        if wanted("hostile") {
            hostile::measure().await;
        }
        if wanted("sustained") {
            engine::measure().await;
        }
        if wanted("memory") {
            figures::memory().await;
        }
    });
}
