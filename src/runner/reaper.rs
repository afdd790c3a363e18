//! Reaper: removes containers that carry our label and belong to nobody who lives.
//!
//! Other installations may use the same Engine, with a Redis of their own: whether their runners live cannot be
//! known here, not even under the same name. But a sandbox whose runner is gone ends by itself, because its
//! agent's stdin ends. So what does not run any more is safe to remove, and nobody living misses it.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use tokio_util::sync::CancellationToken;

use crate::runner::docker::{EngineError, Listed, State};
use crate::runner::execute::Context;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(10);
/// How often at first, and how many times: what a killed runner left is gone within seconds of the next start.
const EVERY_AT_FIRST: Duration = Duration::from_secs(1);
const LOOKS_AT_FIRST: usize = 5;
/// Longer than any container is between its creation and its start.
const LONGEST_START: Duration = Duration::from_mins(10);
/// Longer than any sandbox waits and runs.
const LONGEST_LIFE: Duration = Duration::from_hours(1);

/// Removes what earlier runners left, as far as it has ended; those of the same name need not be off the list.
pub(super) async fn clear_earlier_life(context: &Context) -> Result<(), EngineError> {
    let mut earlier = context.pool.engine.list().await?;
    earlier.retain(|found| found.name == context.name && found.runner != context.runner && is_over(found));
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
    for look in 0_usize.. {
        let pause = if look < LOOKS_AT_FIRST { EVERY_AT_FIRST } else { EVERY };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        match find_orphans(context).await {
            Ok(orphans) => remove(context, orphans).await,
            Err(error) => tracing::debug!(%error, "the reaper cannot look"),
        }
    }
}

async fn find_orphans(context: &Context) -> Result<Vec<Listed>, EngineError> {
    let mut listed = context.pool.engine.list().await?;
    // Without the list of the living everybody else may be alive.
    let living = context.runs.runners().await.ok();
    let living: Option<HashSet<String>> = living.map(|reports| reports.into_iter().map(|report| report.id).collect());
    listed.retain(|found| {
        if found.runner == context.runner {
            return !context.pool.slots.hold(&found.container);
        }
        let may_live = living.as_ref().is_none_or(|living| living.contains(&found.runner));
        is_over(found) && (found.name == context.name || !may_live)
    });
    Ok(listed)
}

/// Whether a container of another runner is certainly of no use to it any more.
fn is_over(found: &Listed) -> bool {
    let age = SystemTime::now().duration_since(found.created).unwrap_or_default();
    match found.state {
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
            Err(error) => tracing::warn!(container = orphan.container, %error, "an orphaned sandbox stays for now"),
        }
    }
    if removed > 0 {
        tracing::info!(removed, "removed sandboxes that belonged to nobody");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(state: State, age: Duration) -> Listed {
        let created = SystemTime::now() - age;
        Listed { id: "i".into(), container: "c".into(), runner: "r".into(), name: "n".into(), state, created }
    }

    #[test]
    fn a_strangers_sandbox_that_runs_is_left_alone_for_as_long_as_it_may_be_of_use() {
        let minute = Duration::from_mins(1);
        assert!(!is_over(&found(State::Alive, 20 * minute)));
        assert!(!is_over(&found(State::Created, minute)));
        assert!(is_over(&found(State::Ended, Duration::ZERO)));
        assert!(is_over(&found(State::Alive, 61 * minute)) && is_over(&found(State::Created, 11 * minute)));
    }
}
