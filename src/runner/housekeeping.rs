//! Housekeeping: what a runner does on a timer: leases, the lost, places in the queue, its report; and the
//! nudges when viewers say something.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::runner::execute::Context;
use crate::runs::feed::{ControlFollower, Heard};
use crate::runs::queue::Entry;
use crate::runs::runners::{REPORT_EVERY, RunnerReport};

/// How often those who wait are told their place.
const POSITIONS_EVERY: Duration = Duration::from_millis(500);

/// Renews the leases of our runs, and looks for runs whose runner is gone; unclaimed ones go to `found`.
pub(super) async fn keep_leases(context: &Context, found: mpsc::Sender<Vec<Entry>>, stop: CancellationToken) {
    let mut tick = every(context.lease / 6);
    tick.reset(); // not at once: the queue's group may not be there yet
    let mut count: u32 = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let (renewing, sweeping) = (count.is_multiple_of(2), count.is_multiple_of(3));
        count = count.wrapping_add(1);
        if !(renewing || sweeping) {
            continue;
        }
        // Always before a sweep: after a time without Redis our own leases are old as well.
        if let Err(error) = context.claims.renew(&context.traffic.leases()).await {
            tracing::warn!(%error, "leases cannot be renewed");
            continue;
        }
        if sweeping {
            sweep(context, &found).await;
        }
    }
}

async fn sweep(context: &Context, found: &mpsc::Sender<Vec<Entry>>) {
    let swept = match context.claims.sweep().await {
        Ok(swept) => swept,
        Err(error) => {
            tracing::warn!(%error, "the queue cannot be swept");
            return;
        }
    };
    for run in &swept.lost {
        tracing::warn!(run.id = %run, "a run's runner is gone; the run is ended as lost");
    }
    if !swept.taken_over.is_empty() {
        // A full channel is no loss: they are found again after the lease.
        let _ = found.try_send(swept.taken_over);
    }
}

/// Tells those who wait their place, while there may be any.
pub(super) async fn tell_positions(context: &Context, permits: usize, stop: CancellationToken) {
    let mut tick = every(POSITIONS_EVERY);
    let mut waiting = 0;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        let is_full = context.traffic.running() >= permits || context.pool.budget.is_short_of(&context.sandbox_limits);
        if waiting == 0 && !is_full && context.health.is_well() {
            continue;
        }
        waiting = match context.claims.tell_positions().await {
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::debug!(%error, "places in the queue cannot be told");
                waiting
            }
        };
    }
}

/// Reports on a timer, and at once when trouble comes or goes.
pub(super) async fn report(context: &Context, permits: usize, stop: CancellationToken) {
    let mut tick = every(REPORT_EVERY);
    let mut trouble = context.health.trouble();
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
            _ = trouble.changed() => {}
        }
        let report = RunnerReport {
            id: context.runner.clone(),
            name: context.name.clone(),
            permits,
            running: context.traffic.running(),
            warm: context.pool.warm(),
            trouble: trouble.borrow_and_update().clone(),
            versions: context.health.image().versions.clone(),
            reported_ms: 0,
        };
        if let Err(error) = context.runs.report_runner(&report).await {
            tracing::warn!(%error, "this runner cannot report");
        }
    }
}

/// Passes on nudges to runs.
pub(super) async fn pass_on(context: &Context, mut controls: ControlFollower, stop: CancellationToken) {
    loop {
        let heard = tokio::select! {
            () = stop.cancelled() => return,
            heard = controls.next() => heard,
        };
        match heard {
            Heard::Said { run, .. } => context.traffic.tell(&run),
            Heard::Gap => context.traffic.tell_all(),
        }
    }
}

fn every(period: Duration) -> tokio::time::Interval {
    let mut interval = interval(period.max(Duration::from_millis(10)));
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    interval.reset_at(Instant::now());
    interval
}
