//! Whose rights the program has, where they are not the agent's.
//!
//! Under Linux both have one uid: process 1 is deaf, undumpable and out of reach by the system call filter. gVisor's
//! kernel knows none of the three, so the agent is its root there, with the rights to kill and to be somebody else, and
//! the program is the owner of the work folder.

use crate::agent::WORK_FOLDER;
use nix::unistd::{Gid, Uid, getegid, geteuid, setegid, seteuid, setgroups, setresgid, setresuid};
use std::io;
use std::os::unix::fs::MetadataExt;

/// The user that the program is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    uid: Uid,
    gid: Gid,
}

impl Identity {
    /// The owner of the work folder.
    pub(super) fn of_program() -> io::Result<Self> {
        let folder = std::fs::metadata(WORK_FOLDER)?;
        Ok(Self { uid: Uid::from_raw(folder.uid()), gid: Gid::from_raw(folder.gid()) })
    }

    fn is_the_agents(self) -> bool {
        self.uid == geteuid()
    }

    /// Does work whose files and pipes are to be the program's own. The agent is its reachable equal meanwhile, so no
    /// program may be alive.
    pub(super) fn lend<T>(self, work: impl FnOnce() -> T) -> io::Result<T> {
        if self.is_the_agents() {
            return Ok(work());
        }
        let (uid, gid) = (geteuid(), getegid());
        setegid(self.gid)?;
        seteuid(self.uid)?;
        let done = work();
        seteuid(uid)?;
        setegid(gid)?;
        Ok(done)
    }

    /// Makes this process the program's, for ever.
    pub(super) fn assume(self) -> io::Result<()> {
        if self.is_the_agents() {
            return Ok(());
        }
        setgroups(&[])?;
        setresgid(self.gid, self.gid, self.gid)?;
        Ok(setresuid(self.uid, self.uid, self.uid)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_agents_own_needs_no_right() {
        let own = Identity { uid: geteuid(), gid: getegid() };
        own.assume().unwrap();
        assert_eq!(own.lend(geteuid).unwrap(), geteuid());
    }
}
