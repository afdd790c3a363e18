//! Starting a command, inside the new process: prepares it, waits for the order, becomes the command.
//!
//! No program is alive while a launcher waits: everything it reads comes from the agent.

use crate::agent::WORK_FOLDER;
use crate::agent::error::words;
use crate::agent::identity::Identity;
use crate::agent::launcher::Order;
use nix::sys::signal::SigSet;
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, setsid};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use std::fs;
use std::io::{self, IoSliceMut, Read, Write};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// Exit code of a launcher that did not become the command, as a shell's for one it did not find.
const NOT_STARTED: u8 = 127;

/// The life of a launcher that does not become the command; the other one does not return.
pub(super) fn main() -> ExitCode {
    let Ok(channel) = io::stdin().as_fd().try_clone_to_owned() else {
        return ExitCode::from(NOT_STARTED);
    };
    let mut channel = UnixStream::from(channel);
    let sentence = match prepare().and_then(|()| receive(&mut channel)) {
        Ok((order, stdio)) => {
            let command = order.command.first().map_or("", String::as_str);
            format!("The command {command} could not be started: {}.", words(&become_command(&order, &stdio)))
        }
        Err(error) => format!("The sandbox could not prepare a process: {}.", words(&error)),
    };
    // Without its agent nobody is left to be told.
    let _ = channel.write_all(sentence.as_bytes());
    ExitCode::from(NOT_STARTED)
}

/// What does not depend on the order, done while nobody waits for it.
fn prepare() -> io::Result<()> {
    Identity::of_program()?.assume()?;
    setsid()?;
    SigSet::empty().thread_set_mask()?; // the agent's SIGCHLD stays blocked through `exec` otherwise
    // When memory is short the program is to go, not the agent. Best effort: gVisor may not have the file.
    let _ = fs::write("/proc/self/oom_score_adj", "1000");
    std::env::set_current_dir(WORK_FOLDER)
}

fn receive(channel: &mut UnixStream) -> io::Result<(Order, Vec<OwnedFd>)> {
    let mut length = [0; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(3))];
    let mut rights = RecvAncillaryBuffer::new(&mut space);
    let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::WAITALL;
    let received = rustix::net::recvmsg(&*channel, &mut [IoSliceMut::new(&mut length)], &mut rights, flags)?;
    if received.bytes < length.len() {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let mut stdio = Vec::new();
    for message in rights.drain() {
        if let RecvAncillaryMessage::ScmRights(descriptors) = message {
            stdio.extend(descriptors);
        }
    }
    let mut body = vec![0; u32::from_le_bytes(length) as usize];
    channel.read_exact(&mut body)?;
    Ok((postcard::from_bytes(&body).map_err(io::Error::other)?, stdio))
}

/// Returns only the reason why it failed.
fn become_command(order: &Order, stdio: &[OwnedFd]) -> io::Error {
    let Some((command, arguments)) = order.command.split_first() else {
        return io::Error::other("it has no name");
    };
    if let Err(error) = connect(stdio) {
        return error;
    }
    // `exec` gives SIGPIPE its default back, which Rust's start had changed.
    Command::new(command).args(arguments).env_clear().envs(order.environment.iter().cloned()).exec()
}

/// Puts the ends of the stage in the place of stdin, stdout and stderr; the originals close with `exec`.
fn connect(stdio: &[OwnedFd]) -> io::Result<()> {
    let [input, output, errors] = match stdio {
        [terminal] => {
            rustix::process::ioctl_tiocsctty(terminal)?;
            [terminal; 3]
        }
        [input, output, errors] => [input, output, errors],
        // An interpreter that is started early waits on the channel, which is stdin; with nothing but sockets it
        // finds what it will have later, something that cannot be sought in.
        [] => {
            dup2_stdout(io::stdin())?;
            dup2_stderr(io::stdin())?;
            return Ok(());
        }
        _ => return Err(io::Error::other("its descriptors did not arrive")),
    };
    dup2_stdin(input)?;
    dup2_stdout(output)?;
    dup2_stderr(errors)?;
    Ok(())
}
