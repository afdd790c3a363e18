//! Intake: takes entries from the queue, never more than there are free permits, and gives each a task.

use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use crate::runner::budget::Share;
use crate::runner::execute::{Context, Fate, execute, limits_of};
use crate::runs::outcome::{Finished, Outcome};
use crate::runs::queue::{Entry, Queue};

/// A read of the queue that takes longer has lost its connection without noticing.
const READ_PATIENCE: Duration = Duration::from_secs(15);
/// Pause after a read that failed.
const RETRY: Duration = Duration::from_millis(500);

/// Takes and executes runs until the context's stop, then waits for those that run. Gives back whether
/// nothing is left in this runner's name.
pub(super) async fn take_runs(
    context: &Arc<Context>,
    make_queue: impl Fn() -> Queue,
    mut found: mpsc::Receiver<Vec<Entry>>,
    permits: usize,
) -> bool {
    let permits = Arc::new(Semaphore::new(permits));
    let (tasks, is_any_left) = (TaskTracker::new(), Arc::new(AtomicBool::new(false)));
    let (mut queue, mut waiting) = (make_queue(), VecDeque::new());
    loop {
        let free = tokio::select! {
            biased;
            () = context.stop.cancelled() => break,
            free = free_permits(context, &permits) => free,
        };
        while let Ok(entries) = found.try_recv() {
            waiting.extend(entries);
        }
        if waiting.is_empty() {
            match timeout(READ_PATIENCE, queue.next(free.len())).await {
                Ok(Ok(entries)) => waiting.extend(entries),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "the queue cannot be read; trying again");
                    sleep(RETRY).await;
                }
                Err(_) => queue = make_queue(),
            }
        }
        if context.stop.is_cancelled() {
            break;
        }
        for permit in free {
            let Some(entry) = waiting.pop_front() else { break };
            // At once, so that the next look at the budget sees it.
            let share = context.pool.budget.try_take(&limits_of(context, &entry));
            tasks.spawn(guarded(context.clone(), entry, (permit, share), is_any_left.clone()));
        }
    }
    tasks.close();
    tasks.wait().await;
    waiting.is_empty() && !is_any_left.load(Ordering::Relaxed)
}

/// At least one permit, and all that are free and have room; none while this runner is in trouble.
async fn free_permits(context: &Context, permits: &Arc<Semaphore>) -> Vec<OwnedSemaphorePermit> {
    loop {
        context.health.well().await;
        let first = permits.clone().acquire_owned().await.expect("nobody closes the semaphore");
        let room = context.pool.budget.room(&context.sandbox_limits).await;
        if context.health.is_well() {
            let others = std::iter::from_fn(|| permits.clone().try_acquire_owned().ok());
            return std::iter::once(first).chain(others).take(room).collect();
        }
    }
}

/// One run's task: whatever panics in it ends that run only.
async fn guarded(
    context: Arc<Context>,
    entry: Entry,
    (permit, share): (OwnedSemaphorePermit, Option<Share>),
    is_any_left: Arc<AtomicBool>,
) {
    match AssertUnwindSafe(execute(&context, &entry, share)).catch_unwind().await {
        Ok(Fate::Done) => {}
        Ok(Fate::Left) => is_any_left.store(true, Ordering::Relaxed),
        Err(_) => {
            tracing::error!(run.id = %entry.run, "a fault in the server ended a run");
            is_any_left.store(true, Ordering::Relaxed);
            let outcome = Finished::new(Outcome::Interrupted, "A fault in the server ended the run. Run it again.");
            if let Err(error) = context.runs.finish(&entry.run, &context.runner, &[], outcome).await {
                tracing::error!(run.id = %entry.run, %error, "and its outcome cannot be written");
            }
        }
    }
    drop(permit);
}
