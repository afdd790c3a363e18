//! Processes of this machine, as `/proc` tells.

use std::collections::BTreeMap;

use nix::unistd::Pid;

/// The child process with this name, whichever thread started it.
pub fn child_named(parent: u32, name: &str) -> Pid {
    let threads = std::fs::read_dir(format!("/proc/{parent}/task")).unwrap();
    let children = threads.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("children")).unwrap());
    let children: Vec<String> =
        children.flat_map(|ids| ids.split(' ').map(str::to_owned).collect::<Vec<_>>()).collect();
    let named =
        |id: &&String| std::fs::read_to_string(format!("/proc/{id}/comm")).is_ok_and(|comm| comm.trim() == name);
    Pid::from_raw(children.iter().find(named).unwrap().parse().unwrap())
}

/// Open file descriptors.
pub fn open_files(process: Pid) -> usize {
    std::fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count)
}

/// Threads.
pub fn threads(process: Pid) -> usize {
    std::fs::read_dir(format!("/proc/{process}/task")).map_or(0, Iterator::count)
}

/// Resident memory, KiB.
pub fn resident_kib(process: Pid) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// All processes with a user id in this range, and zombies below this process: id and name.
pub fn of_users(users: std::ops::Range<u32>, parent: Pid) -> BTreeMap<u32, String> {
    let all = std::fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    all.filter_map(|id: u32| {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
        let field =
            |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("").trim().to_owned();
        let user: u32 = field("Uid:").split_whitespace().next()?.parse().ok()?;
        let is_zombie = field("State:").starts_with('Z') && field("PPid:") == parent.to_string();
        (users.contains(&user) || is_zombie).then(|| (id, field("Name:")))
    })
    .collect()
}
