//! Demand: how many of the sandboxes that wait should have an interpreter started, by what was run lately.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// What the last runs wanted, one for each sandbox of the pool.
pub(super) struct Demand {
    recent: Mutex<VecDeque<bool>>,
    size: usize,
}

impl Demand {
    /// For a pool of this size.
    pub(super) fn new(size: usize) -> Self {
        Self { recent: Mutex::default(), size }
    }

    /// A run wants the interpreter, or something else.
    pub(super) fn note(&self, wants_it: bool) {
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() == self.size.max(1) {
            recent.pop_front();
        }
        recent.push_back(wants_it);
    }

    /// How many sandboxes of a full pool should have it: its share of the last runs; all, before the first.
    pub(super) fn started(&self) -> usize {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = recent.iter().filter(|&&wanted| wanted).count();
        (wanted * self.size).checked_div(recent.len()).unwrap_or(self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pool_follows_what_is_run() {
        let demand = Demand::new(4);
        assert_eq!(demand.started(), 4);
        for (wants_it, started) in [(true, 4), (false, 2), (true, 2), (false, 2), (false, 1), (false, 1), (false, 0)] {
            demand.note(wants_it);
            assert_eq!(demand.started(), started);
        }
        demand.note(true);
        assert_eq!(demand.started(), 1);
    }

    #[test]
    fn without_a_pool_nothing_is_started() {
        let demand = Demand::new(0);
        demand.note(true);
        assert_eq!(demand.started(), 0);
    }
}
