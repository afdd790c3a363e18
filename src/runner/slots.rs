//! Slots: the right to have one sandbox, with a uid that no other sandbox of this Engine has.
//! A slot is held from before the container is created until the Engine says that it is gone; one that is dropped
//! before, by a panic, comes back to be cleared, with all that it holds.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::runner::budget::Share;

/// What container names start with; the uid follows. The Engine's unique names settle between runners.
pub(super) const NAME_PREFIX: &str = "codecube-";

/// Hands out slots, never more at once than the runner may have sandboxes.
pub(super) struct Slots {
    room: Arc<Semaphore>,
    taken: Arc<Mutex<HashSet<u32>>>,
    lost: Arc<Mutex<Vec<Slot>>>,
    wanted: AtomicUsize,
    uid_base: u32,
    uid_count: u32,
}

impl Slots {
    pub(super) fn new(count: usize, uid_base: u32, uid_count: u32) -> Self {
        Self {
            room: Arc::new(Semaphore::new(count)),
            taken: Arc::default(),
            lost: Arc::default(),
            wanted: AtomicUsize::new(0),
            uid_base,
            uid_count: uid_count.max(1),
        }
    }

    /// Waits for room.
    pub(super) async fn take(&self) -> Slot {
        self.wanted.fetch_add(1, Ordering::Relaxed);
        let room = self.room.clone().acquire_owned().await;
        self.wanted.fetch_sub(1, Ordering::Relaxed);
        self.fill(room.expect("nobody closes the semaphore"))
    }

    /// A slot if there is room now.
    pub(super) fn try_take(&self) -> Option<Slot> {
        Some(self.fill(self.room.clone().try_acquire_owned().ok()?))
    }

    /// Whether a run waits for room at this moment.
    pub(super) fn are_wanted(&self) -> bool {
        self.wanted.load(Ordering::Relaxed) > 0 && self.room.available_permits() == 0
    }

    /// Slots that were dropped while there may be a container: it must be removed before they are free.
    pub(super) fn lost(&self) -> Vec<Slot> {
        std::mem::take(&mut *lock(&self.lost))
    }

    /// Whether a container of this name belongs to a slot that somebody holds.
    pub(super) fn hold(&self, container: &str) -> bool {
        let uid = container.strip_prefix(NAME_PREFIX).and_then(|uid| uid.parse().ok());
        uid.is_some_and(|uid| lock(&self.taken).contains(&uid))
    }

    fn fill(&self, room: OwnedSemaphorePermit) -> Slot {
        let mut taken = lock(&self.taken);
        let mut uid = self.random_uid();
        // More slots than uids cannot be: the settings are checked for it.
        while !taken.insert(uid) {
            uid = self.uid_base + (uid - self.uid_base + 1) % self.uid_count;
        }
        Slot {
            uid,
            container: format!("{NAME_PREFIX}{uid}"),
            share: None,
            occupied: false,
            taken: self.taken.clone(),
            lost: Arc::downgrade(&self.lost),
            room: Some(room),
        }
    }

    /// Need not be secret, only different from other runners' choices; the standard library's hasher is seeded.
    fn random_uid(&self) -> u32 {
        let number = std::collections::hash_map::RandomState::new().build_hasher().finish();
        let offset = number % u64::from(self.uid_count);
        self.uid_base + u32::try_from(offset).expect("smaller than a u32")
    }
}

/// The right to one sandbox. It is free again when it is dropped and no container of it can be there.
pub(super) struct Slot {
    pub(super) uid: u32,
    pub(super) container: String,
    /// What the sandbox takes of the budget, for as long as it is there.
    pub(super) share: Option<Share>,
    occupied: bool,
    taken: Arc<Mutex<HashSet<u32>>>,
    lost: Weak<Mutex<Vec<Slot>>>,
    room: Option<OwnedSemaphorePermit>,
}

impl Slot {
    /// From now on there may be a container.
    pub(super) fn occupy(&mut self) {
        self.occupied = true;
    }

    /// The container is gone, or the one of this name is not ours.
    pub(super) fn vacate(&mut self) {
        self.occupied = false;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        match self.lost.upgrade().filter(|_| self.occupied) {
            Some(lost) => lock(&lost).push(Slot {
                uid: self.uid,
                container: std::mem::take(&mut self.container),
                share: self.share.take(),
                occupied: true,
                taken: self.taken.clone(),
                lost: self.lost.clone(),
                room: self.room.take(),
            }),
            None => drop(lock(&self.taken).remove(&self.uid)),
        }
    }
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::budget::{Budget, Totals};

    #[test]
    fn no_two_slots_share_a_uid_and_a_dropped_one_is_free_again() {
        let slots = Slots::new(3, 20_000, 3);
        let held: Vec<Slot> = (0..3).filter_map(|_| slots.try_take()).collect();
        let uids: HashSet<u32> = held.iter().map(|slot| slot.uid).collect();
        assert_eq!(uids, HashSet::from([20_000, 20_001, 20_002]));
        assert!(slots.try_take().is_none());
        assert!(slots.hold("codecube-20001") && !slots.hold("codecube-20003") && !slots.hold("web"));
        drop(held);
        assert!(slots.try_take().is_some() && !slots.hold("codecube-20001"));
    }

    #[test]
    fn a_slot_that_is_dropped_with_its_container_keeps_all_it_holds_until_that_is_gone() {
        let slots = Slots::new(1, 20_000, 1);
        let budget = Budget::new(Totals { memory_mb: 64, cpus: None }, 0);
        let mut slot = slots.try_take().unwrap();
        slot.share = budget.try_take_waiting();
        slot.occupy();
        drop(slot);
        assert!(slots.hold("codecube-20000") && slots.try_take().is_none());
        let mut lost = slots.lost();
        assert_eq!((lost.len(), lost[0].container.as_str(), lost[0].share.is_some()), (1, "codecube-20000", true));
        lost[0].vacate();
        drop(lost);
        assert!(slots.lost().is_empty() && slots.try_take().is_some());
    }
}
