//! Medians, ratios, and the memory of idle processes.

use std::time::Duration;

use crate::server::Server;

/// The middle value.
pub fn median(values: &[Duration]) -> Duration {
    percentile(values, 50)
}

/// The value below which this share (in percent) of all lies.
pub fn percentile(values: &[Duration], percent: usize) -> Duration {
    let mut sorted = values.to_vec();
    sorted.sort();
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or_default()
}

/// Milliseconds with two digits.
pub fn ms(duration: Duration) -> String {
    format!("{:.2} ms", duration.as_secs_f64() * 1000.0)
}

/// Memory of an idle server: the web process and its runner, without redis-server.
pub async fn memory() {
    let server = Server::start(&[]).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let web = server.process.child.id();
    let children = std::fs::read_to_string(format!("/proc/{web}/task/{web}/children")).unwrap();
    let mut total = resident_kib(web);
    println!("\nIdle memory (RSS): web {} KiB", resident_kib(web));
    for child in children.split_whitespace().map(|id| id.parse::<u32>().unwrap()) {
        let name = std::fs::read_to_string(format!("/proc/{child}/comm")).unwrap();
        println!("  {} {} KiB", name.trim(), resident_kib(child));
        if name.trim() == "codecube" {
            total += resident_kib(child);
        }
    }
    println!("  server together, without redis: {:.1} MB (aim: under 40)", total as f64 * 1024.0 / 1e6);
}

fn resident_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
