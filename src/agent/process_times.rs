//! CPU time where there is no cgroup (gVisor): summed up from the processes themselves.

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use std::fs;
use std::time::Duration;

/// Clock ticks per second in `/proc`: part of Linux' interface to user space, 100 on both of our architectures.
const TICKS_PER_SECOND: u64 = 100;

/// CPU time of everything that was reaped here, and of everything alive.
pub(super) fn cpu_time() -> Duration {
    reaped() + Duration::from_millis(alive_ticks() * 1000 / TICKS_PER_SECOND)
}

/// Greatest resident memory of one process that was reaped, in bytes.
pub(super) fn peak_memory_bytes() -> u64 {
    let kibibytes = getrusage(UsageWho::RUSAGE_CHILDREN).map_or(0, |usage| usage.max_rss());
    u64::try_from(kibibytes).unwrap_or(0) * 1024
}

fn reaped() -> Duration {
    getrusage(UsageWho::RUSAGE_CHILDREN)
        .map_or(Duration::ZERO, |usage| duration(usage.user_time()) + duration(usage.system_time()))
}

fn duration(time: TimeVal) -> Duration {
    let micros = i128::from(time.tv_sec()) * 1_000_000 + i128::from(time.tv_usec());
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

fn alive_ticks() -> u64 {
    let Ok(processes) = fs::read_dir("/proc") else {
        return 0;
    };
    processes
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name != "1" && name.parse::<u32>().is_ok()))
        .filter_map(|entry| ticks(&fs::read_to_string(entry.path().join("stat")).ok()?))
        .sum()
}

/// User and system time of a process and of the children it has waited for.
fn ticks(stat: &str) -> Option<u64> {
    // The command's name may hold spaces and parentheses; what follows the last one is numbers.
    let fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    Some(fields.skip(11).take(4).filter_map(|field| field.parse::<u64>().ok()).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_name_does_not_shift_the_fields() {
        let stat = "7 (a) R 9 9) S 1 7 7 0 -1 4194560 100 200 0 0 11 22 33 44 20 0 1 0 100 1000 50";
        assert_eq!(ticks(stat), Some(110));
        assert_eq!(ticks("nonsense"), None);
    }
}
