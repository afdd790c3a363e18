//! Processes: learning that one ended, reaping, killing.

use crate::agent::error::AgentError;
use crate::agent::wait::Wanted;
use nix::poll::PollFlags;
use nix::sys::signal::{SigSet, Signal, kill, killpg};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;
use rustix::process::{WaitOptions, WaitStatus};
use std::os::fd::AsFd;

/// Greatest number of processes reaped in one turn of the loop: a program can make orphans without end.
const REAPED_AT_ONCE: usize = 256;

/// How a main process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// By itself, with this exit code.
    Code(i32),
    /// By this signal number.
    Signal(i32),
}

/// All processes of the sandbox beside the agent; process 1 inherits every orphan.
pub(super) struct Children {
    ended: SignalFd,
    is_behind: bool,
}

impl Children {
    /// Turns SIGCHLD into a descriptor to poll. It is blocked, not handled: the program inherits nothing of it,
    /// and process 1 stays deaf to every signal from inside.
    pub(super) fn watch() -> Result<Self, AgentError> {
        let mut signals = SigSet::empty();
        signals.add(Signal::SIGCHLD);
        signals.thread_block().map_err(AgentError::system("block SIGCHLD"))?;
        let ended = SignalFd::with_flags(&signals, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
            .map_err(AgentError::system("watch SIGCHLD"))?;
        Ok(Self { ended, is_behind: false })
    }

    /// To wait for the end of any process.
    pub(super) fn wanted(&self) -> Wanted<'_> {
        Some((self.ended.as_fd(), PollFlags::POLLIN))
    }

    /// Whether the last turn left something to reap, of which no signal tells any more.
    pub(super) fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// Reaps what has ended, and tells how `main` did if it was among it.
    pub(super) fn reap(&mut self, main: i32) -> Option<Exit> {
        // One signal is taken off, before the processes: one that ends in between raises it again. The program
        // can raise it too, as fast as it likes, and would hold a loop here.
        let _ = self.ended.read_signal();
        let mut exit = None;
        for _ in 0..REAPED_AT_ONCE {
            let Some((process, status)) = wait_any(WaitOptions::NOHANG) else {
                self.is_behind = false;
                return exit;
            };
            if process == main {
                exit = as_exit(status);
            }
        }
        self.is_behind = true;
        exit
    }

    /// Kills every process but this one and reaps until none is left.
    ///
    /// The kernel signals all of them under one lock that `fork` needs too, so nothing escapes by forking; the
    /// loop is for runtimes that do it otherwise.
    pub(super) fn end_all(&mut self) {
        loop {
            // ESRCH, nobody there, is the wish come true; waiting then finds no child.
            let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
            if wait_any(WaitOptions::empty()).is_none() {
                return;
            }
            while wait_any(WaitOptions::NOHANG).is_some() {}
        }
    }

    /// Kills one process that waits for its order, and reaps it.
    pub(super) fn end(&self, process: i32) {
        // One that is gone already has what is wanted.
        let _ = kill(Pid::from_raw(process), Signal::SIGKILL);
        let process = rustix::process::Pid::from_raw(process);
        while let Err(rustix::io::Errno::INTR) = rustix::process::waitpid(process, WaitOptions::empty()) {}
    }

    /// Sends a signal to the process group of `main`, which must not have been reaped yet.
    pub(super) fn signal_group(&self, main: i32, number: i32) {
        if let Ok(signal) = Signal::try_from(number) {
            // The group may be empty when its leader is about to be reaped: nobody is left to be told.
            let _ = killpg(Pid::from_raw(main), signal);
        }
    }
}

/// `rustix` and not `nix`: the latter fails, with the process reaped, on a death by a real-time signal.
fn wait_any(options: WaitOptions) -> Option<(i32, WaitStatus)> {
    loop {
        match rustix::process::wait(options) {
            Ok(found) => return found.map(|(process, status)| (process.as_raw_nonzero().get(), status)),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return None,
        }
    }
}

fn as_exit(status: WaitStatus) -> Option<Exit> {
    status.exit_status().map(Exit::Code).or_else(|| status.terminating_signal().map(Exit::Signal))
}
