//! Budget: what all sandboxes of this runner together may take of the host.
//!
//! A share is what a sandbox may take at most. It is held from before the run until the container is gone, so that
//! the sum of all limits never goes beyond the budget, whatever programs do. Once every process of it is gone, what it
//! leaves in memory is enough. A sandbox without a job counts as what
//! its agent takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::runner::configuration::SandboxLimits;

/// Memory of a sandbox that waits, MiB: the agent, or gVisor's kernel with it.
const WAITING_MB: u32 = 32;
/// How often somebody who waits for room looks whether he may go on waiting.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What may be taken altogether.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Totals {
    pub(super) memory_mb: u64,
    /// Without a number only each run's are limited.
    pub(super) cpus: Option<f64>,
}

/// Hands out shares, in the order in which they are asked for.
pub(super) struct Budget {
    memory: Arc<Semaphore>,
    cpus: Arc<Semaphore>,
    counts_cpus: bool,
    /// The greatest share that there can be.
    greatest: Amount,
    wanted: AtomicUsize,
}

/// The right to take so much. Dropping it says that nothing takes it any more.
pub(super) struct Share {
    memory: OwnedSemaphorePermit,
    cpus: OwnedSemaphorePermit,
}

impl Share {
    /// The program is gone, with all its processes; left are the agent and so much memory.
    pub(super) fn program_ended(&mut self, left_mb: u64) {
        let left = u64::from(WAITING_MB).saturating_add(left_mb);
        let unneeded = self.memory.num_permits().saturating_sub(usize::try_from(left).unwrap_or(usize::MAX));
        drop(self.memory.split(unneeded));
        drop(self.cpus.split(self.cpus.num_permits()));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Amount {
    memory_mb: u32,
    /// Millionths of a processor.
    cpus: u32,
}

impl Budget {
    /// `waiting` is the number of sandboxes that are kept ready: room for them is never given to runs.
    pub(super) fn new(totals: Totals, waiting: usize) -> Self {
        let memory_mb = u32::try_from(totals.memory_mb).unwrap_or(u32::MAX);
        let cpus = totals.cpus.map_or(0, millionths);
        let permits = |count: u32| Arc::new(Semaphore::new(usize::try_from(count).unwrap_or(Semaphore::MAX_PERMITS)));
        let reserved = u32::try_from(waiting).unwrap_or(u32::MAX).saturating_mul(WAITING_MB);
        Self {
            memory: permits(memory_mb),
            cpus: permits(cpus),
            counts_cpus: totals.cpus.is_some(),
            greatest: Amount { memory_mb: memory_mb.saturating_sub(reserved), cpus },
            wanted: AtomicUsize::new(0),
        }
    }

    /// How many sandboxes with these limits may have jobs at once.
    pub(super) fn holds(&self, limits: &SandboxLimits) -> usize {
        let each = self.amount(limits);
        let by_memory = self.greatest.memory_mb / each.memory_mb.max(1);
        let by_cpus = self.greatest.cpus.checked_div(each.cpus).unwrap_or(u32::MAX);
        usize::try_from(by_memory.min(by_cpus)).unwrap_or(usize::MAX)
    }

    /// Waits for a share of this size while `may_wait`; `None` when it may not, or when there can be no such share.
    pub(super) async fn take(&self, limits: &SandboxLimits, may_wait: impl Fn() -> bool) -> Option<Share> {
        if self.holds(limits) == 0 {
            return None;
        }
        let mut taking = std::pin::pin!(self.acquire(self.amount(limits)));
        loop {
            match tokio::time::timeout(LOOK_AGAIN, &mut taking).await {
                Ok(share) => return Some(share),
                Err(_) if may_wait() => {}
                Err(_) => return None,
            }
        }
    }

    /// A share of this size, if there is room now and nobody was here before.
    pub(super) fn try_take(&self, limits: &SandboxLimits) -> Option<Share> {
        self.try_acquire(self.amount(limits))
    }

    /// A share for a sandbox that waits for a job, if there is room now.
    pub(super) fn try_take_waiting(&self) -> Option<Share> {
        self.try_acquire(Amount { memory_mb: WAITING_MB, cpus: 0 })
    }

    /// Waits until somebody with these limits would get a share; gives back how many would.
    pub(super) async fn room(&self, limits: &SandboxLimits) -> usize {
        let amount = self.amount(limits);
        drop(self.acquire(amount).await);
        let fit = |room: &Semaphore, each: u32| {
            let each = usize::try_from(each).unwrap_or(usize::MAX);
            room.available_permits().checked_div(each).unwrap_or(usize::MAX)
        };
        fit(&self.memory, amount.memory_mb).min(fit(&self.cpus, amount.cpus)).max(1)
    }

    /// Whether somebody waits at this moment.
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed) > 0
    }

    /// Whether a run with these limits would have to wait.
    pub(super) fn is_short_of(&self, limits: &SandboxLimits) -> bool {
        let amount = self.amount(limits);
        let lacks = |room: &Semaphore, wanted: u32| room.available_permits() < usize::try_from(wanted).unwrap_or(0);
        lacks(&self.memory, amount.memory_mb) || lacks(&self.cpus, amount.cpus)
    }

    /// What a sandbox with these limits takes.
    fn amount(&self, limits: &SandboxLimits) -> Amount {
        let cpus = if self.counts_cpus { millionths(limits.cpus) } else { 0 };
        Amount { memory_mb: u32::try_from(limits.memory_mb).unwrap_or(u32::MAX), cpus }
    }

    fn try_acquire(&self, amount: Amount) -> Option<Share> {
        let memory = self.memory.clone().try_acquire_many_owned(amount.memory_mb).ok()?;
        let cpus = self.cpus.clone().try_acquire_many_owned(amount.cpus).ok()?;
        Some(Share { memory, cpus })
    }

    /// Memory first, always: whoever waits for processors holds nothing that another needs to end.
    async fn acquire(&self, amount: Amount) -> Share {
        let open = "nobody closes the semaphore";
        let _wanting = Wanting::new(&self.wanted);
        let memory = self.memory.clone().acquire_many_owned(amount.memory_mb).await.expect(open);
        let cpus = self.cpus.clone().acquire_many_owned(amount.cpus).await.expect(open);
        Share { memory, cpus }
    }
}

/// Counts somebody who waits, for as long as it lives: waiting may be called off.
struct Wanting<'a>(&'a AtomicUsize);

impl<'a> Wanting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Wanting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// As fine as people write numbers: three times 0.333333 fit into 1, and three times 0.333334 do not.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
fn millionths(cpus: f64) -> u32 {
    (cpus * 1e6).round().clamp(0.0, f64::from(u32::MAX)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::configuration::tests::blueprint;

    fn limits(memory_mb: u64) -> SandboxLimits {
        SandboxLimits { memory_mb, ..blueprint().limits }
    }

    fn budget(memory_mb: u64, cpus: f64) -> Budget {
        Budget::new(Totals { memory_mb, cpus: Some(cpus) }, 2)
    }

    #[test]
    fn fractions_of_processors_add_up_as_they_do_on_paper() {
        let fits = |total: Option<f64>, each: f64| {
            let budget = Budget::new(Totals { memory_mb: 4096, cpus: total }, 0);
            budget.holds(&SandboxLimits { memory_mb: 1, cpus: each, ..blueprint().limits })
        };
        assert_eq!((fits(Some(1.0), 0.333_333), fits(Some(1.0), 0.333_334), fits(Some(0.3), 0.1)), (3, 2, 3));
        assert_eq!((fits(Some(2.0), 2.0 / 3.0), fits(Some(4.0), 0.001)), (2, 4000));
        assert_eq!(fits(None, 2.0 / 3.0), 4096, "memory alone decides");
    }

    #[tokio::test]
    async fn shares_never_add_up_to_more_than_the_budget() {
        let budget = budget(1100, 8.0);
        assert_eq!((budget.holds(&limits(512)), budget.holds(&limits(256))), (2, 4));
        let first = budget.take(&limits(512), || true).await.unwrap();
        let _second = budget.take(&limits(512), || true).await.unwrap();
        assert!(budget.is_short_of(&limits(512)));
        assert!(budget.take(&limits(512), || false).await.is_none());
        drop(first);
        assert!(budget.take(&limits(512), || false).await.is_some());
    }

    #[tokio::test]
    async fn what_a_program_took_is_free_when_it_ended() {
        let budget = budget(1100, 1.0);
        let mut share = budget.take(&limits(1000), || true).await.unwrap();
        assert!(budget.is_short_of(&limits(512)));
        share.program_ended(140);
        assert!(!budget.is_short_of(&limits(512)) && budget.is_short_of(&limits(1000)));
        drop(share);
        assert!(!budget.is_short_of(&limits(1000)));
    }

    #[tokio::test]
    async fn a_language_that_wants_more_counts_with_what_it_wants() {
        let budget = budget(1100, 8.0);
        let _large = budget.take(&limits(1000), || true).await.unwrap();
        assert!(budget.is_short_of(&limits(512)) && budget.take(&limits(512), || false).await.is_none());
        assert!(budget.take(&limits(2000), || true).await.is_none(), "there can be no such share");
    }

    #[tokio::test]
    async fn processors_are_counted_as_well_and_sandboxes_that_wait_take_none() {
        let budget = budget(100_000, 2.0);
        assert_eq!(budget.holds(&limits(512)), 2);
        let _waiting: Vec<Share> = (0..2).filter_map(|_| budget.try_take_waiting()).collect();
        let _runs = [budget.take(&limits(512), || true).await, budget.take(&limits(512), || true).await];
        assert!(budget.is_short_of(&limits(512)));
        assert!(budget.try_take_waiting().is_some());
    }
}
