//! The one place where the agent sleeps.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io;
use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

/// A descriptor and what is awaited on it; `None` awaits nothing.
pub(super) type Wanted<'a> = Option<(BorrowedFd<'a>, PollFlags)>;

/// Waits for any of `wanted` until `until`, and tells for each whether something happened on it.
pub(super) fn wait<const N: usize>(wanted: [Wanted<'_>; N], until: Option<Instant>) -> io::Result<[bool; N]> {
    let mut descriptors: Vec<PollFd<'_>> =
        wanted.iter().flatten().map(|(descriptor, flags)| PollFd::new(*descriptor, *flags)).collect();
    match poll(&mut descriptors, timeout(until)) {
        Ok(_) => {}
        Err(Errno::EINTR) => return Ok([false; N]),
        Err(error) => return Err(error.into()),
    }
    // `any` is `None` for flags that nix does not know: something happened all the same.
    let mut happened = descriptors.iter().map(|descriptor| descriptor.any() != Some(false));
    Ok(wanted.map(|one| one.is_some() && happened.next() == Some(true)))
}

/// Rounded up, so that a deadline has passed when `poll` returns and the loop does not spin before it.
fn timeout(until: Option<Instant>) -> PollTimeout {
    let Some(until) = until else {
        return PollTimeout::NONE;
    };
    let left = until.saturating_duration_since(Instant::now()) + Duration::from_micros(999);
    PollTimeout::try_from(left.as_millis()).unwrap_or(PollTimeout::MAX)
}
