//! A host with little memory: a control group that the Engine makes, and that no test has to make by hand.

use std::path::Path;
use std::process::Command;

use crate::own_engine::not_tried;
use crate::server::Server;

/// A container whose limit on memory holds for a server and for its sandboxes, together. It ends with the test, or by itself
/// after ten minutes.
pub struct SmallHost {
    id: String,
}

impl SmallHost {
    /// `None`, said loudly, where the Engine cannot have a process beside the groups of others.
    pub fn start(memory: &str) -> Option<Self> {
        let groups = docker(&["info", "--format", "{{.CgroupDriver}} {{.CgroupVersion}}"]);
        if groups != "cgroupfs 1" {
            not_tried(&format!("a group that holds a server and groups of containers needs cgroupfs 1, not {groups}"));
            return None;
        }
        let (limit, swap) = (format!("--memory={memory}"), format!("--memory-swap={memory}"));
        let shared =
            ["--security-opt=seccomp=unconfined", "--userns=host", "--pid=host", "--network=host", "--cgroupns=host"];
        let rest = [&limit, &swap, "--volume=/:/host", "--entrypoint=sleep", "codecube-core", "600"];
        Some(Self { id: docker(&[&["run", "--detach", "--rm"], &shared[..], &rest[..]].concat()) })
    }

    /// The control group that the Engine made for it.
    pub fn group(&self) -> String {
        let groups = docker(&["exec", &self.id, "cat", "/proc/self/cgroup"]);
        let line = groups.lines().find(|line| line.contains(":memory:")).unwrap();
        line.rsplit(':').next().unwrap().to_owned()
    }

    /// Starts a server in it that writes the number of its process to a file.
    pub fn server(&self, number: &Path, options: &[&str]) -> Server {
        let note = format!("echo $$ >{}; exec \"$@\"", number.display());
        let variables: Vec<String> = std::env::vars().map(|(name, _)| name).filter(|name| is_ours(name)).collect();
        let mut wrapper = vec!["docker", "exec", "--interactive"];
        variables.iter().for_each(|name| wrapper.extend(["--env", name]));
        wrapper.extend(["--env", "CODECUBE_LOG", &self.id, "chroot", "/host", "sh", "-c", &note, "_"]);
        Server::start_through(&wrapper, options)
    }
}

impl Drop for SmallHost {
    fn drop(&mut self) {
        docker(&["rm", "--force", &self.id]);
    }
}

/// Whether a variable says which Engine and image are used.
fn is_ours(variable: &str) -> bool {
    variable == "DOCKER_HOST" || variable.starts_with("CODECUBE_")
}

/// What a `docker` command prints.
fn docker(words: &[&str]) -> String {
    let done = Command::new("docker").args(words).output().unwrap();
    assert!(done.status.success(), "docker {words:?}: {done:?}");
    String::from_utf8(done.stdout).unwrap().trim().to_owned()
}
