//! The frames from and to the runner.
//!
//! Writing never blocks: what the runner does not take is kept, and while something is kept the loop reads no
//! more from the program. A stuck runner therefore delays no limit, and the memory for it is one chunk.

use crate::agent::error::AgentError;
use crate::agent::wait::{Wanted, wait};
use crate::protocol::{FromAgent, ToAgent};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::PollFlags;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};

/// Bytes asked for in one read; most input is a few typed characters, a job is read in some turns.
const READ_BYTES: usize = 64 * 1024;

/// Both directions of the attached stream; lives as long as the agent.
pub(super) struct Link {
    input: File,
    output: File,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
}

impl Link {
    /// Moves stdin and stdout to descriptors that no child inherits, and leaves `/dev/null` in their place.
    pub(super) fn take_over_stdio() -> Result<Self, AgentError> {
        Self::open().map_err(AgentError::system("take over stdin and stdout"))
    }

    fn open() -> io::Result<Self> {
        let input = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let nothing = OpenOptions::new().read(true).write(true).open("/dev/null")?;
        nix::unistd::dup2_stdin(&nothing)?;
        nix::unistd::dup2_stdout(&nothing)?;
        set_nonblocking(&output)?;
        Ok(Self { input, output, incoming: Vec::new(), outgoing: Vec::new() })
    }

    /// Sends `message`, or keeps what the runner does not take yet.
    pub(super) fn send(&mut self, message: &FromAgent) -> Result<(), AgentError> {
        message.encode(&mut self.outgoing);
        self.flush()
    }

    /// Writes as much of what is kept as the runner takes now.
    pub(super) fn flush(&mut self) -> Result<(), AgentError> {
        while !self.outgoing.is_empty() {
            match self.output.write(&self.outgoing) {
                Ok(0) => return Err(AgentError::RunnerGone),
                Ok(count) => drop(self.outgoing.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Err(AgentError::RunnerGone),
            }
        }
        Ok(())
    }

    /// Waits until everything is written. What the runner says meanwhile comes too late to matter, its going does.
    pub(super) fn flush_all(&mut self) -> Result<(), AgentError> {
        loop {
            self.flush()?;
            if !self.is_behind() {
                return Ok(());
            }
            let [readable, _] = wait([self.readable(), self.writable()], None).map_err(AgentError::system("poll"))?;
            if readable {
                self.receive()?;
                while self.next()?.is_some() {}
            }
        }
    }

    /// Whether bytes are kept for the runner.
    pub(super) fn is_behind(&self) -> bool {
        !self.outgoing.is_empty()
    }

    /// One read; to be called when [`Link::readable`] happened.
    pub(super) fn receive(&mut self) -> Result<(), AgentError> {
        let mut bytes = [0; READ_BYTES];
        match self.input.read(&mut bytes) {
            Ok(0) => Err(AgentError::RunnerGone),
            Ok(count) => {
                self.incoming.extend_from_slice(&bytes[..count]);
                Ok(())
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => Ok(()),
            Err(_) => Err(AgentError::RunnerGone),
        }
    }

    /// The next whole message that was received.
    pub(super) fn next(&mut self) -> Result<Option<ToAgent>, AgentError> {
        let message = ToAgent::decode(&mut self.incoming)?;
        if message.is_none() && self.incoming.is_empty() && self.incoming.capacity() > READ_BYTES {
            self.incoming = Vec::new(); // a job's megabytes are the program's to use
        }
        Ok(message)
    }

    /// Waits for the next message, for ever.
    pub(super) fn next_blocking(&mut self) -> Result<ToAgent, AgentError> {
        loop {
            if let Some(message) = self.next()? {
                return Ok(message);
            }
            let [readable] = wait([self.readable()], None).map_err(AgentError::system("poll"))?;
            if readable {
                self.receive()?;
            }
        }
    }

    /// To wait for the runner's next bytes, or its end.
    pub(super) fn readable(&self) -> Wanted<'_> {
        Some((self.input.as_fd(), PollFlags::POLLIN))
    }

    /// To wait for room, when bytes are kept.
    pub(super) fn writable(&self) -> Wanted<'_> {
        self.is_behind().then(|| (self.output.as_fd(), PollFlags::POLLOUT))
    }
}

/// For an end of a pipe or a terminal's master: the other end keeps its own flags.
pub(super) fn set_nonblocking(descriptor: &impl AsFd) -> io::Result<()> {
    let descriptor: BorrowedFd<'_> = descriptor.as_fd();
    let flags = OFlag::from_bits_retain(fcntl(descriptor, FcntlArg::F_GETFL)?);
    fcntl(descriptor, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}
