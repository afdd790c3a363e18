//! Why a run is over, from what is known at the end of a stage.

use crate::agent::WORK_FOLDER;
use crate::agent::children::Exit;
use crate::agent::counters::Refusals;
use crate::protocol::{Ending, Stage};
use nix::libc::{SIGKILL, SIGXCPU, SIGXFSZ};
use nix::sys::statvfs::{FsFlags, Statvfs, statvfs};

/// A shell's exit code for a command that SIGKILL ended.
const KILLED_CODE: i32 = 128 + SIGKILL;

/// Names the ending of a main process that ended without the agent's doing.
///
/// A program that got along with a refusal and ended well has ended well. Without evidence nothing is guessed:
/// whoever sends SIGKILL to himself was signalled.
pub(super) fn judge(exit: Exit, stage: Stage, refusals: Refusals, disk_full: bool) -> Ending {
    let killed = matches!(exit, Exit::Signal(SIGKILL) | Exit::Code(KILLED_CODE));
    // A compiler is a driver whose child is the hungry one; its exit code then says nothing.
    let hungry = killed || stage == Stage::Compile;
    match exit {
        Exit::Code(0) => Ending::Exited(0),
        _ if hungry && refusals.memory => Ending::MemoryLimit,
        Exit::Signal(SIGXFSZ) => Ending::DiskLimit,
        _ if disk_full => Ending::DiskLimit,
        _ if refusals.processes => Ending::ProcessLimit,
        Exit::Signal(SIGXCPU) => Ending::CpuLimit,
        Exit::Code(code) => Ending::Exited(code),
        Exit::Signal(number) => Ending::Signalled(number),
    }
}

/// Whether a writable place has no room for one more block or file.
pub(super) fn disk_is_full() -> bool {
    [WORK_FOLDER, "/tmp", "/var/tmp"].into_iter().any(|folder| statvfs(folder).is_ok_and(|place| is_full(&place)))
}

/// A tmpfs without a limit reports 0 of 0. What cannot be written at all is not full.
fn is_full(place: &Statvfs) -> bool {
    !place.flags().contains(FsFlags::ST_RDONLY)
        && ((place.blocks() > 0 && place.blocks_available() == 0)
            || (place.files() > 0 && place.files_available() == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Refusals = Refusals { memory: false, processes: false };
    const MEMORY: Refusals = Refusals { memory: true, processes: false };
    const BOTH: Refusals = Refusals { memory: true, processes: true };

    #[test]
    fn a_good_end_stays_good_whatever_was_refused() {
        assert_eq!(judge(Exit::Code(0), Stage::Run, BOTH, true), Ending::Exited(0));
        assert_eq!(judge(Exit::Code(0), Stage::Compile, BOTH, true), Ending::Exited(0));
    }

    #[test]
    fn without_evidence_the_exit_is_told_as_it_is() {
        let judge = |exit| judge(exit, Stage::Run, NONE, false);
        assert_eq!(judge(Exit::Signal(SIGKILL)), Ending::Signalled(SIGKILL));
        assert_eq!(judge(Exit::Code(137)), Ending::Exited(137));
        assert_eq!(judge(Exit::Code(3)), Ending::Exited(3));
        assert_eq!(judge(Exit::Signal(34)), Ending::Signalled(34));
    }

    #[test]
    fn memory_needs_a_killed_main_process_and_the_kernels_word() {
        assert_eq!(judge(Exit::Signal(SIGKILL), Stage::Run, MEMORY, false), Ending::MemoryLimit);
        assert_eq!(judge(Exit::Code(137), Stage::Run, MEMORY, false), Ending::MemoryLimit);
        assert_eq!(judge(Exit::Code(1), Stage::Run, MEMORY, false), Ending::Exited(1));
        assert_eq!(judge(Exit::Code(1), Stage::Compile, MEMORY, false), Ending::MemoryLimit);
    }

    #[test]
    fn disk_comes_before_processes_and_the_cpu_signal_last() {
        assert_eq!(judge(Exit::Code(1), Stage::Run, BOTH, true), Ending::DiskLimit);
        assert_eq!(judge(Exit::Signal(SIGXFSZ), Stage::Run, NONE, false), Ending::DiskLimit);
        assert_eq!(judge(Exit::Code(1), Stage::Run, BOTH, false), Ending::ProcessLimit);
        assert_eq!(judge(Exit::Signal(SIGXCPU), Stage::Run, NONE, false), Ending::CpuLimit);
    }
}
