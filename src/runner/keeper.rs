//! Keeper: refills the pool and removes what was used, out of the way of runs.
//!
//! Runs go first: a removal or a start costs as much processor time as ten short runs, so both wait for a
//! quiet moment; but not for ever.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::runner::docker::EngineError;
use crate::runner::pool::{Pool, Waste};
use crate::runner::processors;
use crate::runner::sandbox::{SandboxError, destroy};
use crate::runner::slots::Slot;
use crate::runner::traffic::Traffic;

/// A moment counts as quiet when the last run ended this long ago and none is hot.
const QUIET: Duration = Duration::from_millis(15);
/// Waste waits this long for quiet while few runs are hot.
const PATIENCE: Duration = Duration::from_millis(1200);
/// And this long while many are.
const PATIENCE_IN_A_BURST: Duration = Duration::from_secs(8);
/// A pool that is less than half full is refilled after this long, quiet or not: somebody who starts one run after the
/// other must not leave only cold starts to everybody else.
const SHORTAGE: Duration = Duration::from_millis(400);
/// Removals at once.
const REMOVALS: usize = 4;
/// Removals at once when nothing else is left to do.
const REMOVALS_AT_THE_END: usize = 16;
/// How often the keeper looks again while it waits for quiet.
const LOOK_AGAIN: Duration = Duration::from_millis(10);
/// How often it looks at what is warm.
const SORT_OUT_EVERY: Duration = Duration::from_secs(1);
/// Pause after a start that failed, doubled each time up to the second.
const RETRY: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
/// How long the end may take; what is left then is the next start's, or another runner's reaper's.
const END: Duration = Duration::from_secs(20);

type Removal = Result<(), (Slot, EngineError)>;

enum Event {
    Filled(Result<(), SandboxError>),
    Removed(Removal),
    Look,
    Stop,
}

/// Works until `stop`, then removes everything; gives back whether nothing is left.
pub(super) async fn keep(pool: Arc<Pool>, traffic: Arc<Traffic>, stop: Stops) -> bool {
    let cores = processors();
    let mut keeper = Keeper {
        pool,
        traffic,
        fills: JoinSet::new(),
        removals: JoinSet::new(),
        stuck: JoinSet::new(),
        fillers: cores.min(2),
        pause: Duration::ZERO,
        fill_after: Instant::now(),
        sorted_out: Instant::now(),
        short_since: None,
    };
    loop {
        keeper.start_jobs(stop.filling.is_cancelled());
        match keeper.next_event(&stop).await {
            Event::Filled(filled) => keeper.filled(filled),
            Event::Removed(removed) => keeper.removed(removed),
            Event::Look => {}
            Event::Stop => break,
        }
    }
    keeper.end().await
}

/// When the keeper stops what.
#[derive(Clone)]
pub(super) struct Stops {
    /// No more sandboxes are made ready, and those that are go.
    pub(super) filling: CancellationToken,
    /// No run needs a sandbox any more.
    pub(super) all: CancellationToken,
}

struct Keeper {
    pool: Arc<Pool>,
    traffic: Arc<Traffic>,
    fills: JoinSet<Result<(), SandboxError>>,
    removals: JoinSet<Removal>,
    /// Those that failed once; they must not keep the others waiting.
    stuck: JoinSet<()>,
    fillers: usize,
    pause: Duration,
    fill_after: Instant,
    sorted_out: Instant,
    short_since: Option<Instant>,
}

impl Keeper {
    async fn next_event(&mut self, stop: &Stops) -> Event {
        // While the Engine is away nothing can be done; the next look is soon enough.
        let waits = self.pool.health.is_well() && (self.pool.oldest_waste().is_some() || self.lacks() > 0);
        let pause = if waits { LOOK_AGAIN } else { SORT_OUT_EVERY };
        tokio::select! {
            biased;
            () = stop.all.cancelled() => Event::Stop,
            Some(Ok(filled)) = self.fills.join_next() => Event::Filled(filled),
            Some(Ok(removed)) = self.removals.join_next() => Event::Removed(removed),
            Some(_) = self.stuck.join_next() => Event::Look,
            () = self.pool.changed.notified() => Event::Look,
            () = tokio::time::sleep(pause) => Event::Look,
        }
    }

    fn start_jobs(&mut self, stopping: bool) {
        if stopping {
            self.pool.empty();
        } else if self.sorted_out.elapsed() >= SORT_OUT_EVERY {
            self.sorted_out = Instant::now();
            self.pool.sort_out();
        }
        // A program that was told to end and did not is burning somebody's processor.
        while self.removals.len() < REMOVALS
            && let Some(wreck) = self.pool.next_wreck()
        {
            self.remove(wreck.waste);
        }
        let calm = self.is_calm();
        while self.removals.len() < REMOVALS
            && (stopping || calm || self.is_overdue())
            && let Some(used) = self.pool.next_waste()
        {
            self.remove(used.waste);
        }
        let fill = calm || self.is_short();
        while fill && !stopping && self.may_fill() {
            let Some(slot) = self.pool.try_slot() else { return };
            self.fill(slot);
        }
    }

    /// Whether the pool has been less than half full for too long.
    fn is_short(&mut self) -> bool {
        if self.pool.warm() * 2 >= self.pool.size {
            self.short_since = None;
            return false;
        }
        self.short_since.get_or_insert_with(Instant::now).elapsed() >= SHORTAGE
    }

    fn is_calm(&self) -> bool {
        self.traffic.hot() == 0 && self.traffic.quiet_for() >= QUIET
    }

    fn is_overdue(&self) -> bool {
        let burst = self.traffic.hot() > 2 * self.fillers;
        let patience = if burst { PATIENCE_IN_A_BURST } else { PATIENCE };
        let is_room_wanted = self.pool.slots.are_wanted() || self.pool.budget.is_wanted();
        is_room_wanted || self.pool.oldest_waste().is_some_and(|since| since.elapsed() >= patience)
    }

    fn lacks(&self) -> usize {
        self.pool.size.saturating_sub(self.pool.warm() + self.fills.len())
    }

    fn may_fill(&self) -> bool {
        // A run's own cold start counts: together they would only make each other slower.
        self.lacks() > 0
            && self.pool.starting().max(self.fills.len()) < self.fillers
            && self.fill_after <= Instant::now()
            && self.pool.health.is_well()
    }

    fn fill(&mut self, slot: Slot) {
        let pool = self.pool.clone();
        self.fills.spawn(async move { pool.add(slot).await });
    }

    fn filled(&mut self, filled: Result<(), SandboxError>) {
        let Err(error) = filled else {
            self.pause = Duration::ZERO;
            return;
        };
        self.pause = (self.pause * 2).clamp(RETRY.0, RETRY.1);
        self.fill_after = Instant::now() + self.pause;
        tracing::warn!(%error, pause_ms = self.pause.as_millis(), "no sandbox could be made ready");
    }

    fn remove(&mut self, waste: Waste) {
        let engine = self.pool.engine.clone();
        self.removals.spawn(async move {
            match waste {
                Waste::Used(sandbox) => sandbox.retire(&engine).await,
                Waste::Wreck(slot) => destroy(&engine, slot).await,
            }
        });
    }

    fn removed(&mut self, removed: Removal) {
        if let Err((slot, error)) = removed {
            self.stuck.spawn(insist(self.pool.clone(), slot, error));
        }
    }

    async fn end(mut self) -> bool {
        let end = tokio::time::timeout(END, async {
            loop {
                self.pool.empty();
                while self.removals.len() < REMOVALS_AT_THE_END
                    && let Some(discarded) = self.pool.next_waste()
                {
                    self.remove(discarded.waste);
                }
                tokio::select! {
                    Some(_) = self.fills.join_next() => {}
                    Some(Ok(removed)) = self.removals.join_next() => self.removed(removed),
                    Some(_) = self.stuck.join_next() => {}
                    else => return,
                }
            }
        });
        end.await.is_ok()
    }
}

/// Tries until the container is gone; meanwhile its slot is in quarantine.
async fn insist(pool: Arc<Pool>, mut slot: Slot, mut error: EngineError) {
    tracing::warn!(container = slot.container, %error, "a sandbox does not go away; trying again");
    pool.health.add_stuck();
    let mut pause = RETRY.0;
    loop {
        pause = tokio::select! {
            () = tokio::time::sleep(pause) => (pause * 2).min(RETRY.1),
            () = pool.health.answers_again() => RETRY.0,
        };
        (slot, error) = match destroy(&pool.engine, slot).await {
            Ok(()) => break,
            Err(failed) => failed,
        };
        tracing::debug!(container = slot.container, %error, "a sandbox still does not go away");
    }
    pool.health.remove_stuck();
}
