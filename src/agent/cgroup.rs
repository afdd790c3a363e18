//! One number in one file of the container's own cgroup, version 1 or 2.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// Where a container sees its cgroup.
pub(super) const ROOT: &str = "/sys/fs/cgroup";

/// A number that is read again and again; the file stays open, so a reading is one system call.
#[derive(Debug)]
pub(super) struct Figure {
    file: File,
    key: &'static str,
}

impl Figure {
    /// The first of `places` (file below `root`, key in it or nothing) that holds a number now.
    pub(super) fn open(root: &Path, places: &[(&str, &'static str)]) -> Option<Self> {
        places.iter().find_map(|(path, key)| {
            let figure = Self { file: File::open(root.join(path)).ok()?, key };
            figure.read().is_some().then_some(figure)
        })
    }

    /// The number now.
    pub(super) fn read(&self) -> Option<u64> {
        let mut bytes = [0; 4096]; // the longest of these files, v2's cpu.stat, is a few hundred bytes
        let count = self.file.read_at(&mut bytes, 0).ok()?;
        parse(std::str::from_utf8(&bytes[..count]).ok()?, self.key)
    }
}

/// The number after `key` at the start of a line; without a key, the file's only number.
fn parse(text: &str, key: &str) -> Option<u64> {
    if key.is_empty() {
        return text.trim().parse().ok();
    }
    text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(' ')?.trim().parse().ok())
}

/// Whether `root` is the container's own cgroup of version 2. The machine's root cgroup has figures of the same
/// names, but they are the whole machine's; only a cgroup below it has a type.
pub(super) fn is_version_2(root: &Path) -> bool {
    root.join("cgroup.type").exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_a_whole_word() {
        let text = "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 1\n";
        assert_eq!(parse(text, "oom_kill"), Some(2));
        assert_eq!(parse(text, "oom"), Some(3));
        assert_eq!(parse(text, "max"), Some(7));
        assert_eq!(parse(text, "ma"), None);
    }

    #[test]
    fn a_file_of_one_number_needs_no_key() {
        assert_eq!(parse("123456789\n", ""), Some(123_456_789));
        assert_eq!(parse("max\n", ""), None);
    }

    #[test]
    fn version_1_tells_a_kill_beside_two_switches() {
        assert_eq!(parse("oom_kill_disable 0\nunder_oom 0\noom_kill 4\n", "oom_kill"), Some(4));
    }

    #[test]
    fn the_first_place_that_holds_a_number_is_read() {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("cpu.stat"), "nr_periods 0\n").unwrap();
        std::fs::write(root.path().join("cpuacct.usage"), "42\n").unwrap();
        let places = [("missing", ""), ("cpu.stat", "usage_usec"), ("cpuacct.usage", "")];
        assert_eq!(Figure::open(root.path(), &places).unwrap().read(), Some(42));
    }
}
