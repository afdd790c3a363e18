//! Reaper: removes containers that carry our label and belong to nobody who lives.
//!
//! Other installations may use the same Engine, with a Redis of their own: whether their runners live cannot be
//! known here, not even under the same name. But a sandbox whose runner is gone ends by itself, because its
//! agent's stdin ends. So what does not run any more is safe to remove, and nobody living misses it.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::runner::docker::{EngineError, Listed, State};
use crate::runner::execute::Context;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(10);
/// How often at first, and how many times: what a killed runner left is gone within seconds of the next start.
const EVERY_AT_FIRST: Duration = Duration::from_secs(1);
const LOOKS_AT_FIRST: usize = 5;
/// Longer than any container is between its creation and its start: the deadlines of all three calls, and more.
const LONGEST_START: Duration = Duration::from_mins(1);
/// Longer than any sandbox waits and runs.
const LONGEST_LIFE: Duration = Duration::from_hours(1);

/// Removes what earlier runners left, as far as it has ended; those of the same name need not be off the list.
pub(super) async fn clear_earlier_life(context: &Context) -> Result<(), EngineError> {
    let mut earlier = context.pool.engine.list().await?;
    let is_earlier = |found: &Listed| found.name == context.name && found.runner != context.runner;
    earlier.retain(|found| is_earlier(found) && found.state == State::Ended);
    remove(context, earlier).await;
    Ok(())
}

/// Removes what is left of this life; for the very end.
pub(super) async fn clear_own(context: &Context) -> Result<(), EngineError> {
    let mut own = context.pool.engine.list().await?;
    own.retain(|found| found.runner == context.runner);
    remove(context, own).await;
    Ok(())
}

/// Reaps until `stop`.
pub(super) async fn reap(context: &Context, stop: CancellationToken) {
    let (mut containers, mut volumes) = (Sightings::default(), Sightings::default());
    for look in 0_usize.. {
        let pause = if look < LOOKS_AT_FIRST { EVERY_AT_FIRST } else { EVERY };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        match find_orphans(context, &mut containers).await {
            Ok(orphans) => remove(context, orphans).await,
            Err(error) => tracing::debug!(%error, "the reaper cannot look"),
        }
        if let Err(error) = remove_lone_volumes(context, &mut volumes).await {
            tracing::debug!(%error, "the reaper cannot look after volumes");
        }
    }
}

/// Since when this runner sees something in the same state. Its own monotonic clock: the time at which the Engine
/// says that something was created is a wall clock's, perhaps another machine's, and may jump.
#[derive(Default)]
struct Sightings {
    first: HashMap<String, Instant>,
}

impl Sightings {
    /// Forgets what is not there any more.
    fn keep(&mut self, marks: &HashSet<String>) {
        self.first.retain(|mark, _| marks.contains(mark));
    }

    fn age(&mut self, mark: String, now: Instant) -> Duration {
        now.duration_since(*self.first.entry(mark).or_insert(now))
    }
}

fn mark(found: &Listed) -> String {
    format!("{}{}", if found.state == State::Created { "created " } else { "" }, found.id)
}

async fn find_orphans(context: &Context, sightings: &mut Sightings) -> Result<Vec<Listed>, EngineError> {
    let mut listed = context.pool.engine.list().await?;
    sightings.keep(&listed.iter().map(mark).collect());
    // Without the list of the living everybody else may be alive.
    let living = context.runs.runners().await.ok();
    let living: Option<HashSet<String>> = living.map(|reports| reports.into_iter().map(|report| report.id).collect());
    listed.retain(|found| {
        let age = sightings.age(mark(found), Instant::now());
        if found.runner == context.runner {
            return !context.pool.slots.hold(&found.container);
        }
        let may_live = living.as_ref().is_none_or(|living| living.contains(&found.runner));
        is_over(found.state, age) && (found.name == context.name || !may_live)
    });
    Ok(listed)
}

/// Whether a container of another runner, seen in this state for so long, is certainly of no use to it any more.
fn is_over(state: State, age: Duration) -> bool {
    match state {
        State::Ended => true,
        State::Created => age > LONGEST_START,
        State::Alive => age > LONGEST_LIFE,
    }
}

async fn remove(context: &Context, orphans: Vec<Listed>) {
    let mut removed = 0;
    for orphan in orphans {
        // By its id: the name may be another sandbox's by now.
        match context.pool.engine.remove_by_force(&orphan.id).await {
            Ok(()) => removed += 1,
            // Somebody else is at it already.
            Err(EngineError::Conflict(_)) => {}
            Err(error) => tracing::warn!(container = orphan.container, %error, "an orphaned sandbox stays for now"),
        }
    }
    if removed > 0 {
        tracing::info!(removed, "removed sandboxes that belonged to nobody");
    }
}

/// A volume is made a moment before its container; one that nobody has used for long never will be.
async fn remove_lone_volumes(context: &Context, sightings: &mut Sightings) -> Result<(), EngineError> {
    let lone = context.pool.engine.list_lone_volumes().await?;
    sightings.keep(&lone.iter().cloned().collect());
    for volume in lone {
        if sightings.age(volume.clone(), Instant::now()) > LONGEST_START {
            context.pool.engine.remove_volume(&volume).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strangers_sandbox_that_runs_is_left_alone_for_as_long_as_it_may_be_of_use() {
        let second = Duration::from_secs(1);
        assert!(!is_over(State::Alive, 1200 * second) && is_over(State::Alive, 3660 * second));
        assert!(!is_over(State::Created, 40 * second) && is_over(State::Created, 61 * second));
        assert!(is_over(State::Ended, Duration::ZERO));
    }

    #[test]
    fn ages_are_counted_from_the_first_sight_on_a_clock_that_cannot_jump() {
        let (mut sightings, first) = (Sightings::default(), Instant::now());
        assert_eq!(sightings.age("a".to_owned(), first), Duration::ZERO);
        let later = first + LONGEST_START;
        assert_eq!(sightings.age("a".to_owned(), later), LONGEST_START);
        assert_eq!(sightings.age("b".to_owned(), later), Duration::ZERO);
        sightings.keep(&HashSet::from(["b".to_owned()]));
        assert_eq!(sightings.age("a".to_owned(), later), Duration::ZERO);
    }
}
