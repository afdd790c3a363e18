//! Pool: sandboxes that are ready before somebody asks, and those that nobody needs any more.
//! Each serves one run. What is done to them, and when, is the keeper's business.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

use crate::languages::LanguageId;
use crate::protocol::ToAgent;
use crate::runner::budget::{Budget, Share};
use crate::runner::configuration::{self, Blueprint, SandboxLimits};
use crate::runner::demand::Demand;
use crate::runner::docker::{Engine, EngineError};
use crate::runner::health::Health;
use crate::runner::processors;
use crate::runner::sandbox::{Sandbox, SandboxError};
use crate::runner::slots::{Slot, Slots};

/// A sandbox that waited this long is replaced: nothing of it can have gone stale.
const OLDEST: Duration = Duration::from_mins(10);
/// Names that may be taken by another runner before this one gives up.
const NAME_TRIES: usize = 8;

/// What every sandbox of this runner has in common.
pub(super) struct Mould {
    pub(super) limits: SandboxLimits,
    pub(super) runtime: Option<String>,
    pub(super) gvisor: bool,
    pub(super) seccomp: bool,
    pub(super) remapped: bool,
    pub(super) cgroup_parent: Option<String>,
    pub(super) disk_quota_mb: Option<u64>,
    pub(super) runner: String,
    pub(super) name: String,
    /// What sandboxes that wait start already, and for which language.
    pub(super) prestart: Option<(LanguageId, ToAgent)>,
}

/// Something to be removed.
pub(super) enum Waste {
    /// Its run ended in order; its agent leaves when it is told to.
    Used(Box<Sandbox>),
    /// Its stream is closed; whatever is in there must be killed.
    Wreck(Slot),
}

/// A piece of waste, and since when it is one.
pub(super) struct Discarded {
    pub(super) waste: Waste,
    pub(super) since: Instant,
}

/// The sandboxes of this runner that no run is using.
pub(super) struct Pool {
    pub(super) engine: Engine,
    pub(super) health: Arc<Health>,
    pub(super) slots: Slots,
    pub(super) budget: Budget,
    pub(super) size: usize,
    /// Wakes the keeper.
    pub(super) changed: Notify,
    mould: Mould,
    demand: Demand,
    warm: Mutex<VecDeque<Sandbox>>,
    waste: Mutex<VecDeque<Discarded>>,
    /// Starts at once; more only make each other slower.
    starts: Semaphore,
    starting: AtomicUsize,
    /// Whether the Engine can mount terminals with a limit, as far as is known.
    limits_terminals: AtomicBool,
}

impl Pool {
    pub(super) fn new(
        engine: Engine,
        health: Arc<Health>,
        (slots, budget): (Slots, Budget),
        size: usize,
        mould: Mould,
    ) -> Self {
        let cores = processors();
        Self {
            engine,
            health,
            slots,
            budget,
            size,
            changed: Notify::new(),
            mould,
            demand: Demand::new(size),
            warm: Mutex::default(),
            waste: Mutex::default(),
            starts: Semaphore::new(2 * cores),
            starting: AtomicUsize::new(0),
            limits_terminals: AtomicBool::new(true),
        }
    }

    /// A run in this language wants a sandbox; what is made ready follows that.
    pub(super) fn note(&self, language: &LanguageId) {
        self.demand.note(self.mould.prestart.as_ref().is_some_and(|(early, _)| early == language));
    }

    /// A sandbox with these limits: a warm one at once, or a new one, as fast as it starts. The share is its own until
    /// it is gone.
    pub(super) async fn take(
        &self,
        language: &LanguageId,
        limits: &SandboxLimits,
        share: Share,
    ) -> Result<Sandbox, SandboxError> {
        if let Some(mut sandbox) = self.take_warm(language, limits).await {
            sandbox.slot.share = Some(share);
            return Ok(sandbox);
        }
        let _turn = self.starts.acquire().await;
        // One may have become ready while this run waited for its turn.
        if let Some(mut sandbox) = self.take_warm(language, limits).await {
            sandbox.slot.share = Some(share);
            return Ok(sandbox);
        }
        let mut slot = self.slots.take().await;
        slot.share = Some(share);
        self.start(slot, limits).await
    }

    /// Brings back a sandbox that was never given a job.
    pub(super) fn give_back(&self, mut sandbox: Sandbox, limits: &SandboxLimits) {
        if let Some(share) = &mut sandbox.slot.share {
            share.program_ended(0);
        }
        if *limits == self.mould.limits {
            lock(&self.warm).push_front(sandbox);
        } else {
            self.discard_used(sandbox, 0);
        }
    }

    /// A slot for a sandbox that will wait, if there is room for one.
    pub(super) fn try_slot(&self) -> Option<Slot> {
        let share = self.budget.try_take_waiting()?;
        let mut slot = self.slots.try_take()?;
        slot.share = Some(share);
        Some(slot)
    }

    /// A warm sandbox more.
    pub(super) async fn add(&self, slot: Slot) -> Result<(), SandboxError> {
        let mut sandbox = self.start(slot, &self.mould.limits).await?;
        if let Some((language, prestart)) = self.next_prestart()
            && let Err(error) = sandbox.prestart(language, prestart).await
        {
            self.discard_now(sandbox);
            return Err(error);
        }
        lock(&self.warm).push_back(sandbox);
        Ok(())
    }

    /// The run in it ended in order, and left so much memory in use: files, or shared memory.
    pub(super) fn discard_used(&self, mut sandbox: Sandbox, left_mb: u64) {
        if let Some(share) = &mut sandbox.slot.share {
            share.program_ended(left_mb);
        }
        self.discard(Waste::Used(Box::new(sandbox)));
    }

    /// What is in it must end now.
    pub(super) fn discard_now(&self, sandbox: Sandbox) {
        self.discard(Waste::Wreck(sandbox.abandon()));
    }

    /// Whether sandboxes have gVisor's kernel.
    pub(super) fn gvisor(&self) -> bool {
        self.mould.gvisor
    }

    pub(super) fn warm(&self) -> usize {
        lock(&self.warm).len()
    }

    /// Sandboxes that are being started now, for the pool or for a run.
    pub(super) fn starting(&self) -> usize {
        self.starting.load(Ordering::Relaxed)
    }

    /// Throws away what is dead, old, made of another image, or more than should wait: runs bring theirs back.
    pub(super) fn sort_out(&self) {
        let image = self.health.image();
        let all = std::mem::take(&mut *lock(&self.warm));
        let (good, bad): (Vec<_>, Vec<_>) =
            all.into_iter().map(|mut sandbox| (is_good(&mut sandbox, &image.id), sandbox)).partition(|(good, _)| *good);
        // In front of what was added meanwhile.
        let mut warm = lock(&self.warm);
        good.into_iter().rev().for_each(|(_, sandbox)| warm.push_front(sandbox));
        let keep = warm.len().min(self.size);
        let spare = warm.split_off(keep);
        drop(warm);
        spare.into_iter().for_each(|sandbox| self.discard_used(sandbox, 0));
        bad.into_iter().for_each(|(_, sandbox)| self.discard_now(sandbox));
    }

    /// Throws away every warm sandbox.
    pub(super) fn empty(&self) {
        let all = std::mem::take(&mut *lock(&self.warm));
        all.into_iter().for_each(|sandbox| self.discard_used(sandbox, 0));
    }

    /// Since when the oldest waste waits.
    pub(super) fn oldest_waste(&self) -> Option<Instant> {
        lock(&self.waste).front().map(|discarded| discarded.since)
    }

    /// The next waste to remove; what must be killed goes first.
    pub(super) fn next_waste(&self) -> Option<Discarded> {
        self.next_wreck().or_else(|| lock(&self.waste).pop_front())
    }

    /// The next waste that cannot wait.
    pub(super) fn next_wreck(&self) -> Option<Discarded> {
        for slot in self.slots.lost() {
            tracing::warn!(container = slot.container, "a fault left a sandbox to nobody; it is removed");
            self.discard(Waste::Wreck(slot));
        }
        let mut waste = lock(&self.waste);
        let index = waste.iter().position(|discarded| matches!(discarded.waste, Waste::Wreck(_)))?;
        waste.remove(index)
    }

    /// What the next warm sandbox is to start, if too few have it started.
    fn next_prestart(&self) -> Option<&(LanguageId, ToAgent)> {
        let started = lock(&self.warm).iter().filter(|sandbox| sandbox.early.is_some()).count();
        self.mould.prestart.as_ref().filter(|_| started < self.demand.started())
    }

    /// The oldest one in which this language's interpreter waits, or none for a language that has no such; else the
    /// oldest.
    fn next_warm(&self, language: &LanguageId) -> Option<Sandbox> {
        let mut warm = lock(&self.warm);
        let wanted = self.mould.prestart.as_ref().map(|(early, _)| early).filter(|early| *early == language);
        let index = warm.iter().position(|sandbox| sandbox.early.as_ref() == wanted).unwrap_or(0);
        warm.remove(index)
    }

    async fn take_warm(&self, language: &LanguageId, limits: &SandboxLimits) -> Option<Sandbox> {
        loop {
            let mut sandbox = self.next_warm(language)?;
            self.changed.notify_one();
            if !is_good(&mut sandbox, &self.health.image().id) {
                self.discard_now(sandbox);
                continue;
            }
            if *limits == self.mould.limits {
                return Some(sandbox);
            }
            match self.engine.update(&sandbox.slot.container, configuration::update(limits, self.mould.gvisor)).await {
                Ok(()) => return Some(sandbox),
                Err(error) => {
                    tracing::warn!(%error, "a warm sandbox cannot be given other limits; starting one with them");
                    self.discard_now(sandbox);
                    return None;
                }
            }
        }
    }

    async fn start(&self, slot: Slot, limits: &SandboxLimits) -> Result<Sandbox, SandboxError> {
        self.starting.fetch_add(1, Ordering::Relaxed);
        let started = self.start_with_free_name(slot, limits).await;
        self.starting.fetch_sub(1, Ordering::Relaxed);
        match &started {
            Err(SandboxError::Engine(error)) if error.is_engine_away() => self.health.engine_away(error),
            // Whoever wanted it tries again.
            Err(SandboxError::Engine(EngineError::Refused(text))) if text.contains("devpts") => {
                self.do_without_terminals(text);
            }
            Err(_) => self.health.suspect(),
            Ok(_) => {}
        }
        started
    }

    /// Some Engines (rootless ones on old kernels) may not mount them. Sandboxes then have the Engine's own.
    fn do_without_terminals(&self, reason: &str) {
        if self.limits_terminals.swap(false, Ordering::Relaxed) {
            tracing::warn!(reason, "the Docker Engine cannot limit terminals; a run could take all of the host's");
        }
    }

    async fn start_with_free_name(&self, mut slot: Slot, limits: &SandboxLimits) -> Result<Sandbox, SandboxError> {
        let image = self.health.image();
        let mut tries = 0;
        loop {
            let blueprint = self.blueprint(&image.id, slot.uid, limits);
            let (mut failed, error) = match Sandbox::start(&self.engine, slot, &blueprint).await {
                Ok(sandbox) => return Ok(sandbox),
                Err(failed) => failed,
            };
            tries += 1;
            if !matches!(error, SandboxError::Engine(EngineError::Conflict(_))) || tries == NAME_TRIES {
                self.discard(Waste::Wreck(failed));
                return Err(error);
            }
            failed.vacate();
            // The name is another runner's: its container is not ours to remove. The new slot is taken before
            // the old one is dropped, so that it cannot have the same uid, unless there is no room for both.
            let (share, other) = (failed.share.take(), self.slots.try_take());
            slot = match other {
                Some(other) => other,
                None => {
                    drop(failed);
                    self.slots.take().await
                }
            };
            slot.share = share;
        }
    }

    fn blueprint<'a>(&'a self, image: &'a str, uid: u32, limits: &SandboxLimits) -> Blueprint<'a> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Blueprint {
            image,
            uid,
            limits: *limits,
            runtime: self.mould.runtime.as_deref(),
            gvisor: self.mould.gvisor,
            seccomp: self.mould.seccomp,
            remapped: self.mould.remapped,
            cgroup_parent: self.mould.cgroup_parent.as_deref(),
            terminals: self.limits_terminals.load(Ordering::Relaxed),
            disk_quota_mb: self.mould.disk_quota_mb,
            runner: &self.mould.runner,
            name: &self.mould.name,
            created_seconds: now.as_secs(),
        }
    }

    fn discard(&self, waste: Waste) {
        lock(&self.waste).push_back(Discarded { waste, since: Instant::now() });
        self.changed.notify_one();
    }
}

fn is_good(sandbox: &mut Sandbox, image: &str) -> bool {
    sandbox.image == image && sandbox.age() < OLDEST && sandbox.is_waiting()
}

fn lock<T>(queue: &Mutex<VecDeque<T>>) -> MutexGuard<'_, VecDeque<T>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}
