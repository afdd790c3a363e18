//! The pipes or the terminal of one stage: the agent's ends and the program's.

use crate::agent::input::Input;
use crate::agent::link::set_nonblocking;
use crate::agent::wait::Wanted;
use crate::protocol::{OutputStream, TerminalSize};
use nix::fcntl::OFlag;
use nix::poll::PollFlags;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
use nix::sys::termios::{InputFlags, SetArg, tcgetattr, tcsetattr};
use nix::unistd::pipe2;
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

/// How often a terminal that nobody holds open is looked at: a program may open `/dev/tty` again.
const HUNG_UP_PAUSE: Duration = Duration::from_millis(100);

/// What one read found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// This many bytes.
    Bytes(usize),
    /// Nothing now.
    Nothing,
    /// No writer is left.
    End,
}

/// One output of the program.
struct Output {
    stream: OutputStream,
    file: File,
    quiet_until: Option<Instant>,
}

/// The agent's ends. Reads and writes never block.
pub(super) struct Stdio {
    input: Option<File>,
    outputs: [Option<Output>; 2],
}

/// The program's ends: three for pipes, one, the terminal, for all of stdin, stdout and stderr.
pub(super) type ProgramEnds = Vec<OwnedFd>;

impl Stdio {
    /// Three pipes.
    pub(super) fn pipes() -> io::Result<(Self, ProgramEnds)> {
        let (program_input, input) = pipe2(OFlag::O_CLOEXEC)?;
        set_nonblocking(&input)?;
        let (mut ours, mut theirs) = Self::pipes_without_input()?;
        ours.input = Some(File::from(input));
        theirs[0] = program_input;
        Ok((ours, theirs))
    }

    /// Two pipes for output; stdin is at its end from the start.
    pub(super) fn pipes_without_input() -> io::Result<(Self, ProgramEnds)> {
        let nothing = OwnedFd::from(File::open("/dev/null")?);
        let (stdout, program_stdout) = Output::pipe(OutputStream::Stdout)?;
        let (stderr, program_stderr) = Output::pipe(OutputStream::Stderr)?;
        let ours = Self { input: None, outputs: [Some(stdout), Some(stderr)] };
        Ok((ours, vec![nothing, program_stdout, program_stderr]))
    }

    /// A terminal of this size. The agent keeps only the master: with a slave of its own open, the kernel would
    /// hang the terminal up when the program exits, and drop output that is on its way.
    pub(super) fn terminal(size: TerminalSize) -> io::Result<(Self, ProgramEnds)> {
        let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC | OFlag::O_NONBLOCK;
        let master = posix_openpt(flags)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let slave =
            OpenOptions::new().read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits()).open(ptsname_r(&master)?)?;
        let mut settings = tcgetattr(&slave)?;
        settings.input_flags.insert(InputFlags::IUTF8); // backspace takes a character, not a byte
        tcsetattr(&slave, SetArg::TCSANOW, &settings)?;
        let master = File::from(OwnedFd::from(master));
        let input = Some(master.try_clone()?);
        let output = Output { stream: OutputStream::Terminal, file: master, quiet_until: None };
        let ours = Self { input, outputs: [Some(output), None] };
        ours.resize(size);
        Ok((ours, vec![OwnedFd::from(slave)]))
    }

    /// Sets a terminal's size; the kernel tells the program with SIGWINCH. Pipes have none.
    pub(super) fn resize(&self, size: TerminalSize) {
        if let Some(Output { stream: OutputStream::Terminal, file, .. }) = &self.outputs[0] {
            let size = Winsize { ws_row: size.rows, ws_col: size.columns, ws_xpixel: 0, ws_ypixel: 0 };
            // It can fail only for what is no terminal.
            let _ = tcsetwinsize(file, size);
        }
    }

    /// To wait for each output.
    pub(super) fn readable(&self) -> [Wanted<'_>; 2] {
        self.outputs.each_ref().map(|output| {
            let output = output.as_ref().filter(|output| output.quiet_until.is_none())?;
            Some((output.file.as_fd(), PollFlags::POLLIN))
        })
    }

    /// To wait for room, when `waiting` holds something for the program.
    pub(super) fn writable(&self, waiting: &Input) -> Wanted<'_> {
        let input = self.input.as_ref()?;
        (!waiting.front().is_empty() && self.wakes_at().is_none()).then(|| (input.as_fd(), PollFlags::POLLOUT))
    }

    /// When a hung-up terminal is to be looked at again.
    pub(super) fn wakes_at(&self) -> Option<Instant> {
        self.outputs.iter().flatten().find_map(|output| output.quiet_until)
    }

    /// Makes a hung-up terminal worth a look when its pause is over.
    pub(super) fn wake(&mut self, now: Instant) {
        for output in self.outputs.iter_mut().flatten() {
            output.quiet_until = output.quiet_until.filter(|until| *until > now);
        }
    }

    /// Reads one chunk of output `index`.
    pub(super) fn read(&mut self, index: usize, chunk: &mut [u8]) -> (OutputStream, Found) {
        let Some(output) = &mut self.outputs[index] else {
            return (OutputStream::Stdout, Found::End);
        };
        let stream = output.stream;
        let found = fill(&mut output.file, chunk);
        match (found, stream) {
            (Found::End, OutputStream::Terminal) => output.quiet_until = Some(Instant::now() + HUNG_UP_PAUSE),
            (Found::End, _) => self.outputs[index] = None,
            _ => {}
        }
        (stream, found)
    }

    /// Gives the program as much of `waiting` as it takes, and closes its stdin when that was all.
    pub(super) fn feed(&mut self, waiting: &mut Input) {
        let Some(file) = &mut self.input else {
            return;
        };
        while !waiting.front().is_empty() {
            match file.write(waiting.front()) {
                Ok(count) => waiting.consume(count),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::BrokenPipe => waiting.abandon(),
                Err(_) => return,
            }
        }
        if waiting.is_finished() {
            self.input = None;
        }
    }
}

impl Output {
    fn pipe(stream: OutputStream) -> io::Result<(Self, OwnedFd)> {
        let (ours, theirs) = pipe2(OFlag::O_CLOEXEC)?;
        set_nonblocking(&ours)?;
        Ok((Self { stream, file: File::from(ours), quiet_until: None }, theirs))
    }
}

/// Reads until the chunk is full or nothing is there: a terminal gives at most 4 KiB at a time.
fn fill(file: &mut File, chunk: &mut [u8]) -> Found {
    let mut filled = 0;
    while filled < chunk.len() {
        match file.read(&mut chunk[filled..]) {
            Ok(0) => return if filled > 0 { Found::Bytes(filled) } else { Found::End },
            Ok(count) => filled += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) if filled > 0 => return Found::Bytes(filled),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Found::Nothing,
            Err(_) => return Found::End, // EIO: the terminal's last slave is closed
        }
    }
    Found::Bytes(filled)
}
