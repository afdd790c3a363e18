//! Remains: what is left on the host, after each program and when all is over.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::doctor::lane::POOL;
use crate::doctor::report::{Row, Verdict};
use crate::runner::EngineError;
use crate::runner::inspection::{HostFacts, Inspector, SandboxSeen};

/// How long a used sandbox may stay.
const GONE: Duration = Duration::from_secs(10);
/// How often the Engine is asked.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Descriptors that may come and go by themselves (idle connections to the Engine and to storage).
const DESCRIPTORS: usize = 4;
/// Where control groups are.
const CGROUPS: &str = "/sys/fs/cgroup";
/// Folders of control groups that lie in each other, at most, down to a container's.
const CGROUP_DEPTH: usize = 6;

/// What was there before, and what came since.
pub(super) struct Remains {
    local: bool,
    root: String,
    foreign_containers: u64,
    mounts: BTreeSet<String>,
    descriptors: Option<(usize, usize)>,
    seen: BTreeSet<SandboxSeen>,
    runners: Vec<String>,
}

impl Remains {
    /// Before the first container is made.
    pub(super) fn before(facts: &HostFacts) -> Self {
        let local = facts.engine_address.starts_with("unix://") || facts.engine_address.starts_with('/');
        let root = facts.engine.docker_root_dir.clone();
        Self {
            local,
            mounts: mounts_below(&root),
            root,
            foreign_containers: facts.engine.containers,
            descriptors: None,
            seen: BTreeSet::new(),
            runners: Vec::new(),
        }
    }

    /// Waits until this runner has no more containers than it keeps ready.
    pub(super) async fn settle(
        &mut self,
        inspector: &Inspector,
        runner: &str,
    ) -> Result<Result<(), String>, EngineError> {
        let begun = Instant::now();
        loop {
            let sandboxes = inspector.sandboxes(runner).await?;
            let count = sandboxes.len();
            self.seen.extend(sandboxes);
            if count <= POOL {
                return Ok(Ok(()));
            }
            if begun.elapsed() > GONE {
                return Ok(Err(format!("{} containers are left after {} s", count - POOL, GONE.as_secs())));
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Counts this process's descriptors when everything runs and nothing was attacked yet.
    pub(super) fn open_files_before(&mut self) {
        self.descriptors = descriptors().map(|count| (count, count));
    }

    /// And again after the last program.
    pub(super) fn open_files_after(&mut self) {
        if let (Some((_, after)), Some(count)) = (&mut self.descriptors, descriptors()) {
            *after = count;
        }
    }

    /// This runner is about to end; from then on none of its containers may be there.
    pub(super) fn runner_ended(&mut self, name: String) {
        self.runners.push(name);
    }

    /// Looks everywhere, when all runners have ended.
    pub(super) async fn at_the_end(&self, inspector: &Inspector) -> Result<Vec<Row>, EngineError> {
        let mut containers = Vec::new();
        for runner in &self.runners {
            containers.extend(inspector.sandboxes(runner).await?.into_iter().map(|sandbox| sandbox.id));
        }
        let foreign = inspector.host().await?.engine.containers;
        Ok(vec![
            Row::of_host("containers", "every container is gone", none_of(&containers)),
            Row::of_host("processes", "every process of a sandbox's user is gone", self.if_local(|| self.processes())),
            Row::of_host("control groups", "every control group is gone", self.if_local(|| self.cgroups())),
            Row::of_host("mounts", "every mount is gone", self.mounts_left(foreign)),
            Row::of_host("descriptors", "the runner holds no more open files than before", self.descriptors_left()),
        ])
    }

    fn if_local(&self, look: impl FnOnce() -> Vec<String>) -> Verdict {
        if self.local {
            none_of(&look())
        } else {
            Verdict::NotApplicable("the Engine is on another machine".to_owned())
        }
    }

    /// Processes with the uids that were used, or in a control group of a sandbox, which nobody can leave: with a
    /// remapped or rootless Engine they have other uids here.
    fn processes(&self) -> Vec<String> {
        let uids: BTreeSet<String> = self.seen.iter().map(|sandbox| sandbox.uid.to_string()).collect();
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let of_ours = entries.filter_map(|entry| {
            let status = fs::read_to_string(entry.path().join("status")).ok()?;
            let uid = status.lines().find_map(|line| line.strip_prefix("Uid:")?.split_whitespace().next())?;
            let cgroup = fs::read_to_string(entry.path().join("cgroup")).unwrap_or_default();
            let in_ours = self.seen.iter().any(|sandbox| cgroup.contains(&sandbox.id));
            let is_left = in_ours || uids.contains(uid) && !is_of_a_container(&cgroup);
            is_left.then(|| entry.file_name().to_string_lossy().into_owned())
        });
        of_ours.collect()
    }

    fn cgroups(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect_folders(Path::new(CGROUPS), CGROUP_DEPTH, &mut |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if self.seen.iter().any(|sandbox| name.contains(&sandbox.id)) {
                found.push(path.display().to_string());
            }
        });
        found
    }

    fn mounts_left(&self, foreign_now: u64) -> Verdict {
        if self.foreign_containers > 0 || foreign_now > 0 {
            return Verdict::NotApplicable("the Engine has other containers, whose mounts come and go".to_owned());
        }
        let now = mounts_below(&self.root);
        self.if_local(|| now.difference(&self.mounts).cloned().collect())
    }

    fn descriptors_left(&self) -> Verdict {
        match self.descriptors {
            Some((before, after)) if after > before + DESCRIPTORS => Verdict::Fail(format!("{before} became {after}")),
            Some(_) => Verdict::Pass,
            None => Verdict::NotApplicable("/proc/self/fd cannot be read here".to_owned()),
        }
    }
}

fn none_of(left: &[String]) -> Verdict {
    match left.first() {
        None => Verdict::Pass,
        Some(one) => Verdict::Fail(format!("{} are left, one is {one}", left.len())),
    }
}

/// Whether this is a container's control group: another installation may use the same uids.
fn is_of_a_container(cgroup: &str) -> bool {
    ["docker", "containerd", "libpod"].iter().any(|name| cgroup.contains(name))
}

fn mounts_below(root: &str) -> BTreeSet<String> {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let places = table.lines().filter_map(|line| line.split(' ').nth(4)).map(str::to_owned);
    places.filter(|place| !root.is_empty() && place.starts_with(root)).collect()
}

fn descriptors() -> Option<usize> {
    Some(fs::read_dir("/proc/self/fd").ok()?.count())
}

fn collect_folders(folder: &Path, depth: usize, found: &mut impl FnMut(&Path)) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let folders: Vec<PathBuf> =
        entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect();
    for folder in folders {
        found(&folder);
        if depth > 1 {
            collect_folders(&folder, depth - 1, found);
        }
    }
}
