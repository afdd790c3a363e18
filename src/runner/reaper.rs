//! Reaper: removes containers that carry our label and belong to nobody who lives.

use std::collections::HashSet;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::runner::docker::{EngineError, Listed};
use crate::runner::execute::Context;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(10);

/// Removes what an earlier life of this installation left, whether or not its report is still fresh.
pub(super) async fn clear_earlier_life(context: &Context) -> Result<usize, EngineError> {
    let is_earlier = |found: &Listed| found.name == context.name && found.runner != context.runner;
    let left = context.pool.engine.list().await?.into_iter().filter(is_earlier).collect();
    Ok(remove(context, left).await)
}

/// Removes what is left of this life; for the very end.
pub(super) async fn clear_own(context: &Context) -> Result<usize, EngineError> {
    let left = context.pool.engine.list().await?.into_iter().filter(|found| found.runner == context.runner).collect();
    Ok(remove(context, left).await)
}

/// Reaps until `stop`.
pub(super) async fn reap(context: &Context, stop: CancellationToken) {
    let mut suspects = HashSet::new();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        match find_orphans(context).await {
            Ok(orphans) => {
                // Twice in a row: after a time without Redis a runner may be back a moment after its peers.
                let (certain, fresh): (Vec<_>, Vec<_>) =
                    orphans.into_iter().partition(|orphan| suspects.contains(&orphan.id));
                suspects = fresh.into_iter().map(|orphan| orphan.id).collect();
                remove(context, certain).await;
            }
            Err(error) => tracing::debug!(%error, "the reaper cannot look"),
        }
    }
}

async fn find_orphans(context: &Context) -> Result<Vec<Listed>, EngineError> {
    let listed = context.pool.engine.list().await?;
    // Asked after the list: whoever made something in the list has reported by now.
    let living: Option<HashSet<String>> = match context.runs.runners().await {
        Ok(reports) => Some(reports.into_iter().map(|report| report.id).collect()),
        Err(_) => None, // without the list of the living everybody may be alive
    };
    let is_orphan = |found: &Listed| match &living {
        _ if found.runner == context.runner => !context.pool.slots.hold(&found.container),
        Some(living) => !living.contains(&found.runner),
        None => false,
    };
    Ok(listed.into_iter().filter(is_orphan).collect())
}

async fn remove(context: &Context, orphans: Vec<Listed>) -> usize {
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
    removed
}
