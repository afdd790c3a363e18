//! Readiness: whether storage answers and a runner lives, asked every second, and the words for it. So are the threads'
//! own connections to storage.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use crate::runs::runners::RunnerReport;
use crate::runs::store::Runs;
use crate::snippets::store::Snippets;

const ASK_EVERY: Duration = Duration::from_secs(1);
/// For so long after the last report of a working runner, runs are still taken: it may be restarting.
const RESTART_GRACE: Duration = Duration::from_secs(10);

/// What was found when it was asked last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Readiness {
    pub(super) storage: bool,
    /// Runners that live and can execute.
    pub(super) runners: usize,
    /// Why runners that live cannot execute: a sentence of the first that says so.
    pub(super) trouble: Option<String>,
    /// No runner works now, but one did a moment ago.
    restarting: bool,
}

/// Why nothing can run now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Obstacle {
    /// A stable word.
    pub(super) code: &'static str,
    /// A sentence for the visitor.
    pub(super) message: String,
}

impl Obstacle {
    /// The server is about to end.
    pub(super) fn restarting() -> Self {
        let message = "The server is restarting; run it again in a moment. Your code is kept.";
        Self { code: "restarting", message: message.to_owned() }
    }
}

impl Readiness {
    /// Before the first answer: nothing is known, so nothing is refused.
    pub(super) fn starting() -> Self {
        Self { storage: true, runners: 0, trouble: None, restarting: true }
    }

    fn lost_storage() -> Self {
        Self { storage: false, runners: 0, trouble: None, restarting: false }
    }

    fn of(reports: &[RunnerReport], restarting: bool) -> Self {
        let runners = reports.iter().filter(|report| report.trouble.is_none()).count();
        let trouble = reports.iter().find_map(|report| report.trouble.clone());
        Self { storage: true, runners, trouble, restarting: restarting && runners == 0 }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.storage && self.runners > 0
    }

    /// Why a run would not be taken now.
    pub(super) fn obstacle(&self) -> Option<Obstacle> {
        if !self.storage {
            let message = "Storage does not answer at the moment, so nothing can be saved or run. Try again soon.";
            return Some(Obstacle { code: "not_ready", message: message.to_owned() });
        }
        if self.runners > 0 || self.restarting {
            return None;
        }
        let message = match &self.trouble {
            Some(trouble) => format!("The runner cannot run anything at the moment: {trouble} Your code is kept."),
            None => "No runner is connected at the moment, so nothing can run; your code is kept. Try again soon."
                .to_owned(),
        };
        Some(Obstacle { code: "no_runner", message })
    }
}

/// A tick each second; after a late one the next comes no sooner.
fn seconds() -> Interval {
    let mut ticks = tokio::time::interval(ASK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// Asks until `stop`.
pub(super) async fn watch_readiness(runs: Runs, sender: watch::Sender<Readiness>, stop: CancellationToken) {
    let mut worked = Instant::now();
    let mut seconds = seconds();
    while stop.run_until_cancelled(seconds.tick()).await.is_some() {
        let found = match runs.runners().await {
            Ok(reports) => Readiness::of(&reports, worked.elapsed() < RESTART_GRACE),
            Err(error) => {
                if sender.borrow().storage {
                    tracing::error!(error = ?error, "storage does not answer; visitors are told so");
                }
                Readiness::lost_storage()
            }
        };
        if found.runners > 0 {
            worked = Instant::now();
        }
        sender.send_if_modified(|known| {
            let changed = *known != found;
            *known = found;
            changed
        });
    }
}

/// Uses a thread's own connections every second until `stop`. One that is lost, as all are when Redis starts again or
/// cuts off who says nothing, is noticed by its next use only, and that would be a visitor's: here it is nobody's.
pub(super) async fn hold_connections(runs: Runs, snippets: Snippets, stop: CancellationToken) {
    let mut seconds = seconds();
    while stop.run_until_cancelled(seconds.tick()).await.is_some() {
        let (of_runs, of_snippets) = tokio::join!(runs.ping(), snippets.ping());
        if let Err(error) = of_runs.and(of_snippets) {
            tracing::debug!(error = ?error, "a thread's connection to storage is made again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(trouble: Option<&str>) -> RunnerReport {
        RunnerReport {
            id: "r".into(),
            name: "runner".into(),
            permits: 1,
            running: 0,
            warm: 1,
            trouble: trouble.map(str::to_owned),
            versions: std::collections::BTreeMap::default(),
            reported_ms: 0,
        }
    }

    #[test]
    fn one_working_runner_is_enough() {
        let readiness = Readiness::of(&[report(Some("Docker does not answer.")), report(None)], false);
        assert!(readiness.is_ready());
        assert_eq!(readiness.obstacle(), None);
    }

    #[test]
    fn a_runner_in_trouble_says_which() {
        let readiness = Readiness::of(&[report(Some("Docker does not answer."))], false);
        assert!(readiness.obstacle().unwrap().message.contains("Docker does not answer."));
    }

    #[test]
    fn a_runner_that_restarts_is_waited_for() {
        let readiness = Readiness::of(&[], true);
        assert!(!readiness.is_ready());
        assert_eq!(readiness.obstacle(), None);
        assert_eq!(Readiness::of(&[], false).obstacle().unwrap().code, "no_runner");
    }
}
