//! Configuration: the one place that says what a sandbox's container is, with the reason beside each line.
//!
//! It is the Engine API's own JSON (names as in its reference), so that this file can be read next to that
//! reference; `docker.rs` checks that no name is misspelt.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::runner::masks::{MASKED, READ_ONLY};

/// The agent inside the image.
const AGENT: &str = "/usr/local/bin/codecube-agent";

/// Where programs are found inside the image.
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Label: id of the runner (one start of one process) that made the container.
pub(super) const LABEL_RUNNER: &str = "codecube.runner";
/// Label: name of the installation, the same after a restart.
pub(super) const LABEL_NAME: &str = "codecube.name";

/// System calls a program may make: everything that languages need, minus what opens the kernel to strangers.
///
/// Calls that act on another process of the same user (`prlimit64`, `sched_set…`, `setpriority`, `ioprio_set`)
/// are allowed on the caller alone: the agent shares the program's uid, and a CPU limit put on it would make
/// the kernel kill it. `sched_setaffinity` stays open: thread libraries call it with thread ids, and one core
/// is shared fairly whatever it says.
///
/// Three `ioctl`s are refused: TIOCSTI and TIOCLINUX type into a terminal, TIOCSETD loads modules of the host's kernel to
/// treat it. The filter compares 64 bits and the kernel reads 32 of them, so a range or an equality would let the same call through
/// with other upper bits: every rule looks at some of the lower 32, and together they are all numbers but those three.
///
/// The limit of core files stays what it is: setting it says that it is done.
///
/// Two take what belongs to the whole host: `sync` and `syncfs` write out every disk of it, so they do nothing and
/// say that it is done (what is written here is memory); the contexts of `io_setup` are counted once for all users.
const SECCOMP: &str = include_str!("../../images/seccomp.json");

/// Calls that begin to watch files. In user namespaces the kernel counts watchers to whoever made the namespaces, which
/// is the Engine's user: one run could take those of all sandboxes, and of the host's root. So nobody gets one there.
const WATCHING: [&str; 2] = ["inotify_init", "inotify_init1"];
/// EMFILE: what these calls say when a user has no watcher left.
const NO_WATCHER_LEFT: u32 = 24;

/// Size of `/dev/shm`, MiB.
const SHARED_MEMORY_MB: u64 = 8;

/// gVisor's own kernel needs about fifty threads of the host beside the program's.
const GVISOR_PROCESSES: i64 = 1024;

/// Terminals that one run may have. The kernel counts them once for the whole host (3072 by default): a run that
/// took them all would keep everybody else's from starting.
const TERMINALS: u32 = 16;

/// Limits that the kernel enforces on one sandbox.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct SandboxLimits {
    pub(super) cpus: f64,
    pub(super) cpu_seconds: u64,
    pub(super) memory_mb: u64,
    pub(super) processes: i64,
    pub(super) work_mb: u64,
    pub(super) tmp_mb: u64,
    pub(super) inodes: u64,
}

/// What makes one sandbox different from another.
pub(super) struct Blueprint<'a> {
    /// Id of the image, not its name: a name can move while sandboxes start.
    pub(super) image: &'a str,
    pub(super) uid: u32,
    pub(super) limits: SandboxLimits,
    pub(super) runtime: Option<&'a str>,
    /// Whether the runtime is gVisor, a kernel of its own.
    pub(super) gvisor: bool,
    pub(super) seccomp: bool,
    /// Whether users in containers are others outside.
    pub(super) remapped: bool,
    /// Control group that holds all sandboxes; the Engine's own when absent.
    pub(super) cgroup_parent: Option<&'a str>,
    /// Whether the Engine can mount terminals with a limit.
    pub(super) terminals: bool,
    /// Limit of what is written outside of memory, MiB; only for Engines that know one.
    pub(super) disk_quota_mb: Option<u64>,
    pub(super) runner: &'a str,
    pub(super) name: &'a str,
    pub(super) created_seconds: u64,
}

/// The body of the create request.
pub(super) fn container(blueprint: &Blueprint<'_>) -> Value {
    let uid = agent_uid(blueprint);
    json!({
        "Image": blueprint.image,
        "Cmd": [AGENT],                        // an argument vector: no shell, nothing of the visitor's in it
        "Entrypoint": [],
        "User": format!("{uid}:{uid}"),        // kernel limits per uid (inotify, pipes, keyrings) stay the run's own
        "WorkingDir": "/code",
        "Hostname": "codecube",
        "NetworkDisabled": true,               // beside NetworkMode: half the start time, and no host address inside
        "Env": [format!("PATH={PATH}"), "HOME=/code", "LANG=C.UTF-8"], // readable inside: nothing of the server's
        "OpenStdin": true,                     // the job comes in this way; no file of the host is ever touched
        "StdinOnce": true,                     // when the runner is gone the agent's stdin ends, and so does the agent
        "AttachStdin": true,
        "AttachStdout": true,
        "AttachStderr": true,
        "Tty": false,                          // the agent makes the program's terminal; this stream carries frames
        "StopSignal": "SIGKILL",               // an Engine that shuts down need not wait for it
        "Labels": {
            LABEL_RUNNER: blueprint.runner,    // the reaper's marks
            LABEL_NAME: blueprint.name,
            "codecube.created": blueprint.created_seconds.to_string(),
        },
        "HostConfig": host(blueprint),
    })
}

fn host(blueprint: &Blueprint<'_>) -> Value {
    let limits = &blueprint.limits;
    let memory = mebibytes(limits.memory_mb);
    let mut host = json!({
        "NetworkMode": "none",                 // loopback only
        "CapDrop": ["ALL"],
        "CapAdd": capabilities(blueprint),
        "Privileged": false,
        "SecurityOpt": security(blueprint),
        "ReadonlyRootfs": is_read_only(blueprint),
        "Tmpfs": memory_disks(blueprint),
        "Mounts": terminals(blueprint),
        "IpcMode": "none",                     // no shared memory with anybody; /dev/shm is a tmpfs of its own
        "CgroupnsMode": "private",             // runtimes see their own limits, not the host's tree
        "Memory": memory,
        "MemorySwap": memory,                  // memory and swap together: no swap on top
        "MemorySwappiness": 0,
        "OomKillDisable": false,               // a run at its limit must end, not hang
        "OomScoreAdj": 500,                    // short of memory, the host ends sandboxes before servers
        "PidsLimit": processes(limits, blueprint.gvisor),
        "NanoCpus": nano_cpus(limits.cpus),
        "CpuShares": 256,                      // under load the server (1024) goes first
        "Ulimits": ulimits(blueprint),
        "LogConfig": {"Type": "none", "Config": {}}, // a stranger's output never reaches the host's disk
        "Init": false,                         // the agent reaps; another init costs 14 ms of CPU
        "AutoRemove": false,                   // how it ended must be readable after an Engine restart
        "RestartPolicy": {"Name": "no"},
        "MaskedPaths": MASKED,
        "ReadonlyPaths": READ_ONLY,
    });
    if let Some(runtime) = blueprint.runtime {
        host["Runtime"] = json!(runtime);
    }
    if let Some(parent) = blueprint.cgroup_parent {
        host["CgroupParent"] = json!(parent); // whatever limits the operator gave it hold for all together
    }
    if let Some(quota_mb) = blueprint.disk_quota_mb {
        host["StorageOpt"] = json!({ "size": format!("{quota_mb}M") });
    }
    host
}

/// Nothing of the host's disk can be written, but for `/var/tmp` where the Engine limits it. What is written there is
/// no memory; the number of files has no limit, and `/etc/hosts` and its like are root's, which no program is.
fn is_read_only(blueprint: &Blueprint<'_>) -> bool {
    blueprint.disk_quota_mb.is_none()
}

/// Under gVisor the agent is root of the sandbox's own kernel, and steps down for the program: that kernel neither
/// keeps signals from process 1 nor its files closed to the same uid. To the host, both are nobody.
fn agent_uid(blueprint: &Blueprint<'_>) -> u32 {
    if blueprint.gvisor { 0 } else { blueprint.uid }
}

/// What the agent needs to step down and to end what it cannot be any more. The program has none.
fn capabilities(blueprint: &Blueprint<'_>) -> Value {
    if blueprint.gvisor { json!(["KILL", "SETGID", "SETUID"]) } else { json!([]) }
}

/// Limits that can change while a sandbox waits, for a language that needs others.
pub(super) fn update(limits: &SandboxLimits, gvisor: bool) -> Value {
    let memory = mebibytes(limits.memory_mb);
    json!({ "Memory": memory, "MemorySwap": memory, "PidsLimit": processes(limits, gvisor) })
}

fn security(blueprint: &Blueprint<'_>) -> Vec<String> {
    let mut options = vec!["no-new-privileges".to_owned()]; // set-uid files are just files
    // gVisor's kernel does not look at it, and answers most calls itself.
    if blueprint.seccomp && !blueprint.gvisor {
        let profile = if blueprint.remapped { &WITHOUT_WATCHERS } else { SECCOMP };
        options.push(format!("seccomp={profile}")); // the text itself: the Engine may be on another machine
    }
    options
}

/// The profile for an Engine whose users are others.
static WITHOUT_WATCHERS: LazyLock<String> = LazyLock::new(|| {
    let mut profile: Value = serde_json::from_str(SECCOMP).expect("a test reads it");
    let rules = profile["syscalls"].as_array_mut().expect("a test reads it");
    for names in rules.iter_mut().filter_map(|rule| rule["names"].as_array_mut()) {
        names.retain(|name| !WATCHING.iter().any(|call| name == call));
    }
    rules.push(json!({ "names": WATCHING, "action": "SCMP_ACT_ERRNO", "errnoRet": NO_WATCHER_LEFT }));
    profile.to_string()
});

/// The only writable places. They are memory: limited in bytes and files, and gone with the container.
fn memory_disks(blueprint: &Blueprint<'_>) -> Value {
    let (uid, limits) = (blueprint.uid, &blueprint.limits);
    let common = "rw,nosuid,nodev";
    json!({
        // Programs are built and started here.
        "/code": format!("{common},exec,size={}m,nr_inodes={},mode=0700,uid={uid},gid={uid}", limits.work_mb, limits.inodes),
        // Executable as well: compilers build in TMPDIR, and with /code executable noexec would keep nobody out.
        "/tmp": format!("{common},exec,size={}m,nr_inodes={},mode=1777", limits.tmp_mb, limits.inodes),
        // POSIX semaphores and shared memory; a tmpfs of ours has an inode limit, which ShmSize has not.
        "/dev/shm": format!("{common},noexec,size={SHARED_MEMORY_MB}m,nr_inodes=256,mode=1777"),
    })
}

/// A `/dev/pts` with a limit: the Engine's own has none and no setting for one. It is a volume without a name, gone
/// with its container. gVisor's terminals are its own.
fn terminals(blueprint: &Blueprint<'_>) -> Value {
    if blueprint.gvisor || !blueprint.terminals {
        return json!([]);
    }
    let options = json!({
        "type": "devpts",
        "device": "devpts",
        "o": format!("nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,max={TERMINALS}"),
    });
    let labels = json!({ LABEL_RUNNER: blueprint.runner, LABEL_NAME: blueprint.name }); // the reaper's marks here too
    let volume = json!({ "NoCopy": true, "Labels": labels, "DriverConfig": { "Name": "local", "Options": options } });
    json!([{ "Type": "volume", "Target": "/dev/pts", "VolumeOptions": volume }])
}

/// Per process. No `nproc`: it counts a uid's processes in all containers; `PidsLimit` is the one that counts.
fn ulimits(blueprint: &Blueprint<'_>) -> Value {
    let limits = &blueprint.limits;
    let file_mb = limits.work_mb.max(limits.tmp_mb).max(blueprint.disk_quota_mb.unwrap_or(0));
    let limit = |name: &str, value: u64| json!({ "Name": name, "Soft": value, "Hard": value });
    json!([
        limit("nofile", 1024),
        limit("fsize", file_mb << 20),
        // No file is that small; and with any other limit a pipe in kernel.core_pattern would start a program of the host.
        limit("core", 1),
        limit("memlock", 0),
        limit("msgqueue", 0),
        limit("sigpending", 256),
        // A net under the agent's own measuring; far above it, because the agent lives under it too.
        limit("cpu", limits.cpu_seconds * 4 + 60),
    ])
}

fn processes(limits: &SandboxLimits, gvisor: bool) -> i64 {
    if gvisor { limits.processes.max(GVISOR_PROCESSES) } else { limits.processes }
}

fn mebibytes(count: u64) -> i64 {
    i64::try_from(count << 20).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "a number of processors is far below 2^63 / 10^9")]
fn nano_cpus(cpus: f64) -> i64 {
    (cpus * 1e9) as i64
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn blueprint() -> Blueprint<'static> {
        let limits = SandboxLimits {
            cpus: 1.0,
            cpu_seconds: 10,
            memory_mb: 512,
            processes: 128,
            work_mb: 64,
            tmp_mb: 64,
            inodes: 8192,
        };
        Blueprint {
            image: "sha256:1",
            uid: 20001,
            limits,
            runtime: None,
            gvisor: false,
            seccomp: true,
            remapped: false,
            cgroup_parent: None,
            terminals: true,
            disk_quota_mb: None,
            runner: "r",
            name: "n",
            created_seconds: 1,
        }
    }

    #[test]
    fn the_writable_places_together_stay_below_half_of_the_memory() {
        let limits = blueprint().limits;
        assert!(limits.work_mb + limits.tmp_mb + 8 <= limits.memory_mb / 2);
    }

    #[test]
    fn the_profile_is_json_and_lets_nobody_touch_another_process() {
        let profile: Value = serde_json::from_str(SECCOMP).unwrap();
        for rule in profile["syscalls"].as_array().unwrap() {
            let names: Vec<&str> = rule["names"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            if names.contains(&"prlimit64") {
                assert_eq!(rule["args"][0]["value"], 0);
            }
            for forbidden in
                ["ptrace", "process_vm_writev", "bpf", "unshare", "mount", "pidfd_getfd", "kcmp", "io_setup"]
            {
                assert!(!names.contains(&forbidden), "{forbidden}");
            }
        }
    }

    #[test]
    fn nobody_watches_files_where_all_users_would_share_the_watchers() {
        let profile = |remapped| {
            let options = security(&Blueprint { remapped, ..blueprint() });
            serde_json::from_str::<Value>(options[1].strip_prefix("seccomp=").unwrap()).unwrap()
        };
        let (with, without) = (profile(false), profile(true));
        let rules = |profile: &Value, call: &str| -> Vec<Value> {
            let all = profile["syscalls"].as_array().unwrap().iter();
            all.filter(|rule| rule["names"].as_array().unwrap().iter().any(|name| name == call)).cloned().collect()
        };
        for call in WATCHING {
            assert_eq!(rules(&with, call)[0]["action"], "SCMP_ACT_ALLOW");
            let refused = rules(&without, call);
            assert_eq!((refused.len(), &refused[0]["errnoRet"]), (1, &json!(24)));
        }
        assert_eq!(rules(&with, "openat").len(), rules(&without, "openat").len());
    }

    /// Whether some rule lets this `ioctl` through, read as the kernel reads it.
    fn lets_through(profile: &Value, number: u64) -> bool {
        let rules = profile["syscalls"].as_array().unwrap().iter();
        rules.filter(|rule| rule["names"][0] == "ioctl").any(|rule| {
            let comparison = &rule["args"][0];
            assert_eq!((&comparison["op"], &comparison["index"]), (&json!("SCMP_CMP_MASKED_EQ"), &json!(1)));
            let mask = comparison["value"].as_u64().unwrap();
            assert!(u32::try_from(mask).is_ok(), "a rule looks at bits that the kernel does not");
            number & mask == comparison["valueTwo"].as_u64().unwrap()
        })
    }

    #[test]
    fn three_calls_on_terminals_are_refused_whatever_their_upper_bits_and_no_other_is() {
        let profile: Value = serde_json::from_str(SECCOMP).unwrap();
        let refused = [0x5412, 0x541C, 0x5423];
        for number in refused {
            for upper in [0, 1, 1 << 31, u64::from(u32::MAX)] {
                assert!(!lets_through(&profile, number | upper << 32), "{number:x}, {upper:x}");
            }
            for bit in 0..32 {
                let other = number ^ 1 << bit;
                assert_eq!(lets_through(&profile, other), !refused.contains(&other), "{other:x}");
            }
        }
    }

    #[test]
    fn gvisor_gets_room_for_its_own_threads_and_no_profile() {
        let host = &container(&Blueprint { runtime: Some("runsc"), gvisor: true, ..blueprint() })["HostConfig"];
        assert_eq!(host["PidsLimit"], GVISOR_PROCESSES);
        assert_eq!(host["SecurityOpt"], json!(["no-new-privileges"]));
        assert_eq!(host["Mounts"], json!([]));
        assert_eq!(update(&blueprint().limits, true)["PidsLimit"], GVISOR_PROCESSES);
    }

    #[test]
    fn the_agent_has_rights_under_gvisor_only_and_the_work_folder_is_always_the_programs() {
        for (gvisor, user, rights) in [(false, "20001:20001", 0), (true, "0:0", 3)] {
            let body = container(&Blueprint { gvisor, ..blueprint() });
            assert_eq!(body["User"], user);
            assert_eq!(body["HostConfig"]["CapAdd"].as_array().unwrap().len(), rights);
            assert!(body["HostConfig"]["Tmpfs"]["/code"].as_str().unwrap().contains("uid=20001,"));
        }
    }

    #[test]
    fn a_quota_of_the_disk_is_asked_for_only_when_wanted() {
        let host = &container(&blueprint())["HostConfig"];
        assert_eq!((host.get("StorageOpt"), &host["ReadonlyRootfs"]), (None, &json!(true)));
        let host = &container(&Blueprint { disk_quota_mb: Some(640), ..blueprint() })["HostConfig"];
        assert_eq!((&host["StorageOpt"]["size"], &host["ReadonlyRootfs"]), (&json!("640M"), &json!(false)));
        assert!(host["Ulimits"].as_array().unwrap().iter().any(|limit| limit["Hard"] == 640 << 20));
    }
}
