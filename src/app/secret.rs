//! The secret that web and runners share, and Redis never has: a file with 64 hexadecimal characters.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::seal::SealKey;

/// Its name in the data directory.
const NAME: &str = "run-secret";

/// Reads the secret in this file; without a file there is none.
pub(super) fn of(file: Option<&Path>) -> Result<Option<SealKey>> {
    let Some(path) = file else {
        return Ok(None);
    };
    let text = std::fs::read_to_string(path).with_context(|| {
        format!("the secret file {} cannot be read; make one with “openssl rand -hex 32”", path.display())
    })?;
    let key = SealKey::parse(text.trim());
    let strange = || format!("the secret file {} does not hold 64 hexadecimal characters", path.display());
    key.with_context(strange).map(Some)
}

/// The file in the data directory, made there when it is missing.
pub(super) fn kept_in(data_dir: &Path) -> Result<PathBuf> {
    let path = data_dir.join(NAME);
    if path.exists() {
        return Ok(path);
    }
    let failed = || format!("the secret file {} cannot be made", path.display());
    DirBuilder::new().recursive(true).mode(0o700).create(data_dir).with_context(failed)?;
    // Whole or not there: another process may look for it at the same time.
    let draft = data_dir.join(format!("{NAME}.{}", std::process::id()));
    let mut file = private(&draft).with_context(failed)?;
    writeln!(file, "{}", SealKey::random().reveal()).and_then(|()| file.sync_all()).with_context(failed)?;
    let linked = std::fs::hard_link(&draft, &path);
    std::fs::remove_file(&draft).with_context(failed)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error).with_context(failed),
        _ => Ok(path),
    }
}

fn private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_read_by_its_owner_alone() {
        let folder = tempfile::TempDir::new().unwrap();
        let path = kept_in(&folder.path().join("data")).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let secret = of(Some(&path)).unwrap().unwrap();
        assert_eq!(kept_in(&folder.path().join("data")).unwrap(), path);
        assert_eq!(of(Some(&path)).unwrap(), Some(secret));
        std::fs::write(&path, "abc").unwrap();
        assert!(of(Some(&path)).is_err() && of(Some(&folder.path().join("none"))).is_err());
        assert_eq!(of(None).unwrap(), None);
    }
}
