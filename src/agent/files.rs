//! Writes the job's files.

use crate::agent::WORK_FOLDER;
use crate::agent::error::words;
use crate::protocol::JobFile;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Component, Path};

/// Writes every file below the work folder, and gives a sentence when one cannot be written.
pub(super) fn write_all(files: &[JobFile]) -> Result<(), String> {
    for file in files {
        write(Path::new(WORK_FOLDER), file)
            .map_err(|error| format!("The file {} could not be written: {}.", file.path, words(&error)))?;
    }
    Ok(())
}

fn write(folder: &Path, file: &JobFile) -> io::Result<()> {
    let relative = Path::new(&file.path);
    // The server has checked this. It is checked again because it costs nothing, here, before anything is touched.
    if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(io::Error::other("it is not a path inside the work folder"));
    }
    let path = folder.join(relative);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    // `create_new` follows no link and never writes into something that is already there.
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(&file.content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> JobFile {
        JobFile { path: path.to_owned(), content: b"text".to_vec() }
    }

    #[test]
    fn folders_are_made() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &file("a/b/main.py")).unwrap();
        assert_eq!(fs::read(folder.path().join("a/b/main.py")).unwrap(), b"text");
    }

    #[test]
    fn nothing_is_written_outside_or_through_a_link_or_twice() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/dev/null", folder.path().join("link")).unwrap();
        write(folder.path(), &file("once")).unwrap();
        for path in ["../up", "/tmp/absolute", "link", "once", "a/../../up", ""] {
            assert!(write(folder.path(), &file(path)).is_err(), "{path}");
        }
    }
}
