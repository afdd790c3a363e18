//! The kernel's figures about the sandbox: CPU time, memory, and what it refused.

use crate::agent::cgroup::{Figure, ROOT, is_version_2};
use crate::agent::process_times;
use std::path::Path;
use std::time::{Duration, Instant};

/// What the kernel refused during a stage. False also where it does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Refusals {
    /// It killed a process for memory.
    pub(super) memory: bool,
    /// It refused a process or a thread.
    pub(super) processes: bool,
}

/// How often it did so since the container's start.
#[derive(Debug, Clone, Copy)]
pub(super) struct RefusalCounts {
    memory: Option<u64>,
    processes: Option<u64>,
}

/// The open counters; each may be missing.
#[derive(Debug)]
pub(super) struct Counters {
    cpu: Option<Figure>,
    cpu_unit_nanos: u64,
    memory: Option<Figure>,
    memory_peak: Option<Figure>,
    memory_kills: Option<Figure>,
    process_refusals: Option<Figure>,
    peak_before_bytes: u64,
    sampled_peak_bytes: u64,
    begun: (Instant, Duration),
}

impl Counters {
    /// Opens what this sandbox has.
    pub(super) fn open() -> Self {
        let root = Path::new(ROOT);
        if is_version_2(root) { Self::version_2(root) } else { Self::version_1(root) }
    }

    fn version_2(root: &Path) -> Self {
        Self {
            cpu: Figure::open(root, &[("cpu.stat", "usage_usec")]),
            cpu_unit_nanos: 1000,
            memory: Figure::open(root, &[("memory.current", "")]),
            memory_peak: Figure::open(root, &[("memory.peak", "")]),
            memory_kills: Figure::open(root, &[("memory.events", "oom_kill")]),
            process_refusals: Figure::open(root, &[("pids.events", "max")]),
            peak_before_bytes: 0,
            sampled_peak_bytes: 0,
            begun: (Instant::now(), Duration::ZERO),
        }
    }

    fn version_1(root: &Path) -> Self {
        let cpu = [("cpuacct/cpuacct.usage", ""), ("cpu,cpuacct/cpuacct.usage", ""), ("cpu/cpuacct.usage", "")];
        Self {
            cpu: Figure::open(root, &cpu),
            cpu_unit_nanos: 1,
            memory: Figure::open(root, &[("memory/memory.usage_in_bytes", "")]),
            memory_peak: Figure::open(root, &[("memory/memory.max_usage_in_bytes", "")]),
            memory_kills: Figure::open(root, &[("memory/memory.oom_control", "oom_kill")]),
            process_refusals: Figure::open(root, &[("pids/pids.events", "max")]),
            peak_before_bytes: 0,
            sampled_peak_bytes: 0,
            begun: (Instant::now(), Duration::ZERO),
        }
    }

    /// A run begins: what was used before, by whatever waited for it, is not its own.
    pub(super) fn begin_run(&mut self) {
        self.peak_before_bytes = self.memory_peak.as_ref().and_then(Figure::read).unwrap_or(0);
        self.sampled_peak_bytes = 0;
        self.begun = (Instant::now(), self.cpu_time());
    }

    /// CPU time of everything in the sandbox since its start.
    pub(super) fn cpu_time(&self) -> Duration {
        match self.cpu.as_ref().and_then(Figure::read) {
            Some(units) => Duration::from_nanos(units.saturating_mul(self.cpu_unit_nanos)),
            None => self.counted_by_processes(process_times::cpu_time()),
        }
    }

    /// gVisor counts whatever could run, also while it waited for a processor: more than there is in that time is not
    /// true.
    fn counted_by_processes(&self, counted: Duration) -> Duration {
        let (begun, before) = self.begun;
        let cores = std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(1));
        counted.min(before.saturating_add(begun.elapsed().saturating_mul(cores)))
    }

    /// Memory in use now, in bytes; 0 where the kernel does not tell. Each look also samples for the peak.
    pub(super) fn memory_bytes(&mut self) -> u64 {
        let bytes = self.memory.as_ref().and_then(Figure::read).unwrap_or(0);
        self.sampled_peak_bytes = self.sampled_peak_bytes.max(bytes);
        bytes
    }

    /// The run's greatest memory use, in bytes; sampled where the kernel keeps none, or one from before the run.
    pub(super) fn peak_memory_bytes(&self) -> u64 {
        match self.memory_peak.as_ref().and_then(Figure::read) {
            Some(bytes) if bytes > self.peak_before_bytes => bytes,
            Some(_) => self.sampled_peak_bytes,
            None => self.sampled_peak_bytes.max(process_times::peak_memory_bytes()),
        }
    }

    /// The refusals so far, as the base of [`Counters::refusals_since`].
    pub(super) fn refusal_counts(&self) -> RefusalCounts {
        RefusalCounts {
            memory: self.memory_kills.as_ref().and_then(Figure::read),
            processes: self.process_refusals.as_ref().and_then(Figure::read),
        }
    }

    /// What was refused since `before`.
    pub(super) fn refusals_since(&self, before: RefusalCounts) -> Refusals {
        let now = self.refusal_counts();
        Refusals { memory: rose(before.memory, now.memory), processes: rose(before.processes, now.processes) }
    }
}

fn rose(before: Option<u64>, now: Option<u64>) -> bool {
    matches!((before, now), (Some(before), Some(now)) if now > before)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn version_2_counts_microseconds_and_samples_a_missing_peak() {
        let root = folder(&[("cpu.stat", "usage_usec 1500\nuser_usec 1000\n"), ("memory.current", "900000000000\n")]);
        let mut counters = Counters::version_2(root.path());
        assert_eq!(counters.cpu_time(), Duration::from_micros(1500));
        assert_eq!(counters.memory_bytes(), 900_000_000_000);
        fs::write(root.path().join("memory.current"), "1\n").unwrap();
        assert_eq!((counters.memory_bytes(), counters.peak_memory_bytes()), (1, 900_000_000_000));
    }

    /// As a container of Docker 26 sees them under kernel 6.1, with its own cgroup namespace.
    #[test]
    fn version_2_as_an_engine_shows_it() {
        let memory = "low 0\nhigh 0\nmax 412\noom 2\noom_kill 1\noom_group_kill 0\n";
        let root = folder(&[
            ("cgroup.type", "domain\n"),
            ("cpu.stat", "usage_usec 812345\nuser_usec 612345\nsystem_usec 200000\nnr_periods 9\nnr_throttled 3\n"),
            ("memory.current", "20971520\n"),
            ("memory.peak", "31457280\n"),
            ("memory.events", memory),
            ("pids.events", "max 4\n"),
        ]);
        assert!(is_version_2(root.path()));
        let counters = Counters::version_2(root.path());
        assert_eq!((counters.cpu_time().as_micros(), counters.peak_memory_bytes()), (812_345, 31_457_280));
        let before = counters.refusal_counts();
        fs::write(root.path().join("memory.events"), memory.replace("max 412", "max 999")).unwrap();
        assert_eq!(counters.refusals_since(before), Refusals::default());
        fs::write(root.path().join("memory.events"), memory.replace("oom_kill 1", "oom_kill 2")).unwrap();
        fs::write(root.path().join("pids.events"), "max 5\n").unwrap();
        assert_eq!(counters.refusals_since(before), Refusals { memory: true, processes: true });
    }

    #[test]
    fn version_1_counts_nanoseconds_and_a_risen_counter_is_a_refusal() {
        let root = folder(&[
            ("cpu,cpuacct/cpuacct.usage", "2000000\n"),
            ("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n"),
            ("pids/pids.events", "max 5\n"),
        ]);
        let counters = Counters::version_1(root.path());
        assert_eq!(counters.cpu_time(), Duration::from_millis(2));
        let before = counters.refusal_counts();
        assert_eq!(counters.refusals_since(before), Refusals::default());
        fs::write(root.path().join("pids/pids.events"), "max 6\n").unwrap();
        assert_eq!(counters.refusals_since(before), Refusals { memory: false, processes: true });
    }

    #[test]
    fn processes_cannot_have_used_more_than_the_processors_gave() {
        let mut counters = Counters::version_1(Path::new("/nowhere"));
        counters.begun = (Instant::now(), Duration::from_secs(3));
        assert!(counters.counted_by_processes(Duration::from_hours(1)) < Duration::from_secs(60));
        assert_eq!(counters.counted_by_processes(Duration::from_secs(2)), Duration::from_secs(2));
    }

    #[test]
    fn what_is_missing_never_rises() {
        assert!(!rose(None, Some(3)) && !rose(Some(3), None) && !rose(None, None));
    }
}
