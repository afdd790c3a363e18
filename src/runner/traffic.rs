//! Traffic: the runs that this runner works on, so that their leases are renewed, what viewers say finds
//! them, and chores (refills, removals) keep out of their way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::runs::queue::Entry;
use crate::runs::request::RunId;

/// A run is hot, and chores wait, until it ends or this is over: most runs are short, and the others
/// have the processor for long anyway.
const HOT: Duration = Duration::from_millis(300);

/// All runs in progress.
#[derive(Default)]
pub(super) struct Traffic {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    runs: HashMap<RunId, Passing>,
    last_end: Option<Instant>,
}

struct Passing {
    entry: String,
    claimed: bool,
    since: Instant,
    said: Arc<Notify>,
}

impl Traffic {
    /// A run comes in; it is in progress until the passage is dropped. To be called before it is claimed, so
    /// that nothing a viewer says to it is missed. `None` when it is in progress already: an entry that waited
    /// longer than the lease is handed out again.
    pub(super) fn enter(self: &Arc<Self>, entry: &Entry) -> Option<Passage> {
        let mut state = self.lock();
        if state.runs.contains_key(&entry.run) {
            return None;
        }
        let said = Arc::new(Notify::new());
        let passing = Passing { entry: entry.entry.clone(), claimed: false, since: Instant::now(), said: said.clone() };
        state.runs.insert(entry.run.clone(), passing);
        drop(state);
        Some(Passage { traffic: self.clone(), run: entry.run.clone(), said })
    }

    /// Runs in progress.
    pub(super) fn running(&self) -> usize {
        self.lock().runs.len()
    }

    /// Runs that need the processor now.
    pub(super) fn hot(&self) -> usize {
        self.lock().runs.values().filter(|passing| passing.since.elapsed() < HOT).count()
    }

    /// How long no run has ended; long when none ever has.
    pub(super) fn quiet_for(&self) -> Duration {
        self.lock().last_end.map_or(Duration::MAX, |end| end.elapsed())
    }

    /// Queue entries whose lease is ours to renew.
    pub(super) fn leases(&self) -> Vec<String> {
        self.lock().runs.values().filter(|passing| passing.claimed).map(|passing| passing.entry.clone()).collect()
    }

    /// Somebody said something to this run.
    pub(super) fn tell(&self, run: &RunId) {
        if let Some(passing) = self.lock().runs.get(run) {
            passing.said.notify_one();
        }
    }

    /// Somebody may have said something to any run.
    pub(super) fn tell_all(&self) {
        self.lock().runs.values().for_each(|passing| passing.said.notify_one());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One run's time in progress.
pub(super) struct Passage {
    traffic: Arc<Traffic>,
    run: RunId,
    /// Woken when somebody says something to the run.
    pub(super) said: Arc<Notify>,
}

impl Passage {
    /// The run is ours from here, and so is its lease.
    pub(super) fn claimed(&self) {
        if let Some(passing) = self.traffic.lock().runs.get_mut(&self.run) {
            passing.claimed = true;
        }
    }

    /// The program has ended; what remains to be written needs no quiet.
    pub(super) fn cooled(&self) {
        let mut state = self.traffic.lock();
        state.last_end = Some(Instant::now());
        if let Some(passing) = state.runs.get_mut(&self.run) {
            passing.since = Instant::now().checked_sub(HOT).unwrap_or(passing.since);
        }
    }
}

impl Drop for Passage {
    fn drop(&mut self) {
        self.traffic.lock().runs.remove(&self.run);
    }
}
