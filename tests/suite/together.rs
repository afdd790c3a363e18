//! What holds for all sandboxes together: the control group that an operator gives them.

use std::process::Command;

use crate::own_engine::not_tried;
use crate::server::{Server, until};
use crate::small_host::SmallHost;
use crate::socket::Visitor;

/// Control groups below this one.
fn groups_below(group: &str) -> usize {
    let entries = std::fs::read_dir(format!("/sys/fs/cgroup/memory{group}")).into_iter().flatten().flatten();
    entries.filter(|entry| entry.path().is_dir()).count()
}

#[tokio::test]
async fn all_sandboxes_lie_in_the_operators_control_group_and_its_limit_holds_for_them_together() {
    let Some(parent) = SmallHost::start("190m") else { return };
    let group = parent.group();
    let option = format!("--cgroup-parent={group}");
    let server = Server::start(&[&option, "--pool-size=2", "--memory-mb=256", "--wall-seconds=20"]).await;
    until("the pool is full", || async { server.containers().len() == 2 && groups_below(&group) == 2 }).await;
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
    until("all groups below are gone", || async { groups_below(&group) == 0 }).await;
}

#[tokio::test]
async fn a_group_by_a_name_of_the_other_driver_is_refused_at_the_start() {
    let driver = Command::new("docker").args(["info", "--format", "{{.CgroupDriver}}"]).output().unwrap();
    if driver.stdout.trim_ascii() != b"cgroupfs" {
        return not_tried("the Engine's control groups are systemd's, which have such names");
    }
    let mut server = Command::new(env!("CARGO_BIN_EXE_codecube"));
    let refused = server.args(["doctor", "--only=app_env_probe", "--cgroup-parent=codecube.slice"]).output().unwrap();
    let reason = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success() && reason.contains("names control groups like /codecube"), "{reason}");
}
