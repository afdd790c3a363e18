//! The client: connections that are kept, each with one request under way, and the time that each took.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::sides::Side;

pub const CONNECTIONS: usize = 64;

/// What one round showed.
pub struct Measured {
    /// Milliseconds of each request, sorted.
    times: Vec<f64>,
    lasted: Duration,
    /// Time of processors that the side's process took, and the Redis that all share.
    pub worked: Duration,
    pub redis_worked: Duration,
    /// Size of an answer with its head.
    pub bytes: usize,
}

impl Measured {
    /// Requests answered.
    pub fn count(&self) -> f64 {
        self.times.len() as f64
    }

    /// Requests in a second.
    pub fn rate(&self) -> f64 {
        self.count() / self.lasted.as_secs_f64()
    }

    /// Milliseconds within which this share (in percent) was answered.
    pub fn percentile(&self, percent: usize) -> f64 {
        let last = self.times.len().saturating_sub(1);
        self.times.get((self.times.len() * percent / 100).min(last)).copied().unwrap_or_default()
    }
}

/// Asks one side for so long.
pub async fn ask(side: &Side, lasting: Duration) -> Measured {
    let (worked, redis_worked) = (work_of(side.process), work_of(side.redis));
    let start = Instant::now();
    let connections = (0..CONNECTIONS).map(|_| one_connection(side, start + lasting));
    let all = join_all(connections).await;
    let bytes = all.first().map_or(0, |(_, bytes)| *bytes);
    let mut times: Vec<f64> = all.into_iter().flat_map(|(times, _)| times).collect();
    times.sort_by(f64::total_cmp);
    let lasted = start.elapsed();
    let (worked, redis_worked) = (work_of(side.process) - worked, work_of(side.redis) - redis_worked);
    Measured { times, lasted, worked, redis_worked, bytes }
}

/// Time of processors that a process has taken so far.
fn work_of(process: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let behind_name = stat.rsplit_once(") ").unwrap().1;
    let ticks: u64 = behind_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    // The kernel counts a hundred ticks in a second, whatever its own clock does.
    Duration::from_millis(ticks * 10)
}

async fn one_connection(side: &Side, until: Instant) -> (Vec<f64>, usize) {
    let mut stream = TcpStream::connect(&side.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut times, mut bytes, mut buffer) = (Vec::new(), 0, vec![0; 128 * 1024]);
    while Instant::now() < until {
        let sent = Instant::now();
        stream.write_all(side.request.as_bytes()).await.unwrap();
        bytes = answer(&mut stream, &mut buffer, side).await;
        times.push(sent.elapsed().as_secs_f64() * 1000.0);
    }
    (times, bytes)
}

/// Reads one answer; all sides state its length.
async fn answer(stream: &mut TcpStream, buffer: &mut [u8], side: &Side) -> usize {
    let (mut filled, mut whole) = (0, usize::MAX);
    while filled < whole {
        let read = stream.read(&mut buffer[filled..]).await.unwrap();
        assert!(read > 0, "{} closed the connection", side.name);
        filled += read;
        if whole == usize::MAX {
            whole = length(&buffer[..filled], side).unwrap_or(usize::MAX);
        }
    }
    filled
}

/// Length of head and body, once the head is whole.
fn length(bytes: &[u8], side: &Side) -> Option<usize> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&bytes[..end]).unwrap();
    assert!(head.starts_with(side.status), "{}: {head}", side.name);
    let stated = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().unwrap())
    });
    Some(end + stated.unwrap_or_else(|| unreachable!("{} states no length: {head}", side.name)))
}
