//! Weaknesses: what could be stronger on this host, in words that say how.

use crate::runner::Settings;
use crate::runner::inspection::{EngineFacts, HostFacts};

/// Engines older than this get no security fixes from their makers any more.
const ENGINE_MAJOR: u32 = 25;
/// The first `runc` of its line without CVE-2024-21626, by which a container reached the host's files.
const RUNC: (u32, u32, u32) = (1, 1, 12);

/// What is weaker than it could be.
pub(super) fn of(facts: &HostFacts, settings: &Settings) -> Vec<String> {
    let mut found = kernel_boundary(facts);
    found.extend(limits(&facts.engine));
    found.extend(versions(&facts.engine));
    if facts.engine_address.starts_with("tcp://") || facts.engine_address.starts_with("http://") {
        found.push(format!(
            "the Engine is reached at {}: whoever else reaches that port is root there; use a socket, ssh or TLS",
            facts.engine_address
        ));
    }
    if facts.gvisor {
        found.push(
            "gVisor limits the number of a run's files and processes by their memory only, and does not say which limit \
             killed a sandbox"
                .to_owned(),
        );
    }
    if !settings.seccomp && !facts.gvisor {
        found.push("CodeCube's own system call filter is off".to_owned());
    }
    found.extend(facts.engine.warnings.iter().flatten().map(|warning| format!("the Engine says: {warning}")));
    found
}

fn kernel_boundary(facts: &HostFacts) -> Vec<String> {
    let engine = &facts.engine;
    let has = |name: &str| engine.security_options.iter().any(|option| option.contains(name));
    let mut found = Vec::new();
    if !facts.gvisor {
        found.push(if engine.runtimes.contains_key("runsc") {
            "programs talk to the host's own kernel; gVisor is installed: use it with --runtime runsc".to_owned()
        } else {
            "programs talk to the host's own kernel, and a hole in it is a way out; gVisor (runsc) is not installed"
                .to_owned()
        });
    }
    if !engine.is_remapped() {
        found.push(
            "the Engine runs as root without user namespaces: set userns-remap in its daemon.json, or run it rootless"
                .to_owned(),
        );
    }
    if !has("apparmor") && !has("selinux") {
        found.push("neither AppArmor nor SELinux confines containers".to_owned());
    }
    if !has("seccomp") {
        found.push("the Engine has no seccomp: system calls are not filtered".to_owned());
    }
    found
}

fn limits(engine: &EngineFacts) -> Vec<String> {
    let mut found = Vec::new();
    if engine.cgroup_version == "1" {
        found
            .push("control groups are version 1; version 2 counts memory of the kernel and of files better".to_owned());
    }
    let cannot = [
        (engine.memory_limit, "memory"),
        (engine.swap_limit, "swap (boot with swapaccount=1, or turn swap off)"),
        (engine.pids_limit, "the number of processes"),
        (engine.cpu_quota, "processor time"),
    ];
    found.extend(cannot.iter().filter(|(can, _)| !can).map(|(_, what)| format!("this host cannot limit {what}")));
    found
}

fn versions(engine: &EngineFacts) -> Vec<String> {
    let mut found = Vec::new();
    let (version, runc) = (&engine.server_version, &engine.runc_commit.id);
    if numbers(version).is_some_and(|(major, ..)| major < ENGINE_MAJOR) {
        found.push(format!("Docker Engine {version} is old; see that your distribution still mends it"));
    }
    if numbers(runc).is_some_and(|number| number < RUNC) {
        found.push(format!("runc {runc} is old; see that your distribution has mended CVE-2024-21626 in it"));
    }
    found
}

/// The three numbers at the start of a version; none for a commit's hash.
fn numbers(version: &str) -> Option<(u32, u32, u32)> {
    let mut parts = version.split(|character: char| !character.is_ascii_digit());
    let mut next = || parts.next()?.parse().ok();
    version.contains('.').then_some(())?;
    Some((next()?, next()?, next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers_and_hashes_are_not() {
        assert_eq!(numbers("1.1.5+ds1-1+deb12u1"), Some((1, 1, 5)));
        assert_eq!(numbers("20.10.24+dfsg1"), Some((20, 10, 24)));
        assert_eq!(numbers("v1.2.5-0-g59923ef"), None);
        assert_eq!(numbers("5fd4c4d144137e991c4acebb2146ab1483a97925"), None);
    }

    #[test]
    fn a_host_that_cannot_limit_swap_is_told() {
        let engine = EngineFacts { memory_limit: true, pids_limit: true, cpu_quota: true, ..EngineFacts::default() };
        assert_eq!(limits(&engine).len(), 1);
        assert!(limits(&engine)[0].contains("swap"));
    }
}
