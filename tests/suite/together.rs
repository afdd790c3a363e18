//! What holds for all sandboxes together: the control group that an operator gives them.

use std::path::PathBuf;
use std::process::Command;

use crate::own_engine::{not_tried, remove_cgroups};
use crate::server::{Server, until};
use crate::socket::Visitor;

/// A control group that the Engine makes below the root, in whichever hierarchy counts memory.
struct Parent {
    name: String,
}

impl Parent {
    /// `None`, said loudly, where the Engine's groups are systemd's.
    fn new() -> Option<Self> {
        let asked = Command::new("docker").args(["info", "--format", "{{.CgroupDriver}}"]).output().unwrap();
        if asked.stdout.trim_ascii() != b"cgroupfs" {
            not_tried("the Engine's control groups are systemd's; this test reads those of the driver cgroupfs");
            return None;
        }
        Some(Self { name: format!("codecube-together-{}", std::process::id()) })
    }

    fn folder(&self) -> PathBuf {
        let root = PathBuf::from("/sys/fs/cgroup");
        let version_1 = root.join("memory");
        if version_1.exists() { version_1.join(&self.name) } else { root.join(&self.name) }
    }

    /// Control groups of containers below it.
    fn containers(&self) -> usize {
        let entries = std::fs::read_dir(self.folder()).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().is_dir()).count()
    }

    fn limit_memory(&self, bytes: u64) {
        let names = ["memory.limit_in_bytes", "memory.max"].map(|name| self.folder().join(name));
        let file = names.iter().find(|file| file.exists()).expect("a control group that limits memory");
        std::fs::write(file, bytes.to_string()).unwrap();
    }
}

impl Drop for Parent {
    /// The Engine leaves it, empty.
    fn drop(&mut self) {
        remove_cgroups(&self.name);
    }
}

#[tokio::test]
async fn all_sandboxes_lie_in_the_operators_control_group_and_its_limit_holds_for_them_together() {
    let Some(parent) = Parent::new() else { return };
    let option = format!("--cgroup-parent=/{}", parent.name);
    let server = Server::start(&[&option, "--pool-size=2", "--memory-mb=256", "--wall-seconds=20"]).await;
    until("the pool is full", || async { server.containers().len() == 2 && parent.containers() == 2 }).await;
    parent.limit_memory(160 << 20);
    // Either alone would fit, and neither reaches its own limit: together they take more than the group may have.
    let hog = "import sys\nx = bytearray(100_000_000)\nfor i in range(0, len(x), 4096): x[i] = 1\n\
               print('full', flush=True)\nsys.stdin.readline()";
    let visitor = Visitor::new(server.url()).await;
    let (mut first, mut second) = (visitor.fresh().await, visitor.fresh().await);
    first.start("python", hog).await;
    let said = first.next_that(|heard| heard["kind"] == "output" || heard["kind"] == "finished").await;
    assert!(said["data"].as_str().is_some_and(|data| data.starts_with("full")), "{said}");
    second.start("python", hog).await;
    let ended = tokio::select! {
        ended = first.event("finished") => ended,
        ended = second.event("finished") => ended,
    };
    let beaten = ["memory_limit", "signalled"].iter().any(|outcome| ended["outcome"] == **outcome);
    assert!(beaten, "the group has no limit: {ended}");
    drop(server);
    until("all groups below are gone", || async { parent.containers() == 0 }).await;
}

#[tokio::test]
async fn a_group_by_a_name_of_the_other_driver_is_refused_at_the_start() {
    let Some(_) = Parent::new() else { return };
    let mut server = Command::new(env!("CARGO_BIN_EXE_codecube"));
    let refused = server.args(["doctor", "--only=app_env_probe", "--cgroup-parent=codecube.slice"]).output().unwrap();
    let reason = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && reason.contains("names control groups like /codecube"), "{reason}");
}
