//! Starting a command, the agent's side.
//!
//! A launcher is the agent's own executable in a new process. It waits for its order and then becomes the
//! command; `launch` is its side. Started before the job comes, it takes the price of a new process off a run's
//! first byte, and it needs no `unsafe`, as code between `fork` and `exec` would.

use crate::agent::LAUNCH;
use crate::agent::error::words;
use crate::agent::stdio::ProgramEnds;
use nix::unistd::geteuid;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};
use serde::{Deserialize, Serialize};
use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// What a launcher is to become.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// The argument vector; the command is looked up in the environment's `PATH`.
    pub(super) command: Vec<String>,
    /// The whole environment.
    pub(super) environment: Vec<(String, String)>,
}

/// A launcher that waits for its order.
pub(super) struct Launcher {
    process: i32,
    channel: UnixStream,
}

/// An interpreter that was started before its job was known, and waits for the rest.
pub(super) struct Prestarted {
    process: i32,
    channel: UnixStream,
    command: Vec<String>,
}

/// A launcher that has its order: by now, or soon, the program.
pub(super) struct Started {
    /// The main process of the stage, leader of its session and process group.
    pub(super) process: i32,
    channel: UnixStream,
}

impl Launcher {
    /// Starts one.
    pub(super) fn spawn(executable: &Path) -> io::Result<Self> {
        let (channel, theirs) = UnixStream::pair()?;
        let child = Command::new(executable)
            .arg(LAUNCH)
            // The uid is the agent's own. Naming it keeps the standard library from `posix_spawn`, with which
            // glibc leaves two signals ignored, in the program too.
            .uid(geteuid().as_raw())
            .env_clear()
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(Self { process: child.id().cast_signed(), channel })
    }

    /// Gives the order, and the ends of the stage's pipes or terminal.
    pub(super) fn start(mut self, order: &Order, stdio: &ProgramEnds) -> io::Result<Started> {
        send(&mut self.channel, &postcard::to_allocvec(order).map_err(io::Error::other)?, stdio)?;
        Ok(Started { process: self.process, channel: self.channel })
    }

    /// Gives the order for an interpreter that keeps the channel to wait on.
    pub(super) fn prestart(mut self, order: Order) -> io::Result<Prestarted> {
        send(&mut self.channel, &postcard::to_allocvec(&order).map_err(io::Error::other)?, &[])?;
        Ok(Prestarted { process: self.process, channel: self.channel, command: order.command })
    }

    /// Its process.
    pub(super) fn process(&self) -> i32 {
        self.process
    }
}

impl Prestarted {
    /// Whether this is what the command wants, but for arguments.
    pub(super) fn fits(&self, command: &[String]) -> bool {
        command.starts_with(&self.command)
    }

    /// Tells the rest, upon which it becomes the program.
    pub(super) fn start(mut self, order: &Order, stdio: &ProgramEnds) -> io::Result<Started> {
        let arguments = &order.command[self.command.len()..];
        let mut body = format!("{}\0", arguments.len());
        for argument in arguments {
            body.extend([argument, "\0"]);
        }
        for (name, value) in &order.environment {
            body.extend([name, "=", value, "\0"]);
        }
        send(&mut self.channel, body.as_bytes(), stdio)?;
        Ok(Started { process: self.process, channel: self.channel })
    }

    /// Its process.
    pub(super) fn process(&self) -> i32 {
        self.process
    }
}

/// One message: its length with the descriptors, then its body.
fn send(channel: &mut UnixStream, body: &[u8], stdio: &[OwnedFd]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(io::Error::other)?.to_le_bytes();
    let descriptors: Vec<BorrowedFd<'_>> = stdio.iter().map(AsFd::as_fd).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() {
        rights.push(SendAncillaryMessage::ScmRights(&descriptors));
    }
    rustix::net::sendmsg(&*channel, &[IoSlice::new(&length)], &mut rights, SendFlags::NOSIGNAL)?;
    channel.write_all(body)
}

impl Started {
    /// Why the command could not be started, to be asked when the main process is gone. The launcher's end of
    /// the channel closes when it becomes the program, so nothing the program does can speak here.
    pub(super) fn failure(mut self) -> Option<String> {
        let mut sentence = String::new();
        match self.channel.read_to_string(&mut sentence) {
            Ok(0) => None,
            Ok(_) => Some(sentence),
            Err(error) => Some(format!("The command could not be started: {}.", words(&error))),
        }
    }
}
