//! Which runners live, and what they can do: each reports every few seconds; a report that grew old counts
//! for nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use redis::AsyncCommands;
use serde::{Deserialize, Serialize};

use crate::db::{DbError, keys};
use crate::languages::LanguageId;
use crate::runs::store::{Runs, encode};

/// How often a runner reports.
pub const REPORT_EVERY: Duration = Duration::from_secs(2);

/// How old a report may be until its runner counts as gone.
pub const REPORT_LIFETIME: Duration = Duration::from_secs(8);

/// What a runner says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunnerReport {
    /// Unique for each start of each runner.
    pub id: String,
    /// The name that people see.
    pub name: String,
    /// Runs it can execute at once.
    pub permits: usize,
    /// Runs it executes now.
    pub running: usize,
    /// Sandboxes that wait for a run.
    pub warm: usize,
    /// Why it cannot execute anything now, as a sentence for people; `None` when all is well.
    pub trouble: Option<String>,
    /// The languages it has, and what version each states.
    pub versions: BTreeMap<LanguageId, String>,
    /// When it reported, milliseconds by the clock of Redis; set by [`Runs::runners`].
    #[serde(default)]
    pub reported_ms: u64,
}

impl Runs {
    /// Stores a runner's report.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn report_runner(&self, report: &RunnerReport) -> Result<(), DbError> {
        let mut commands = self.db.commands();
        let reported_ms = self.db.asked_now_ms().await?;
        let stamped = RunnerReport { reported_ms, ..report.clone() };
        Ok(commands.hset(keys::RUNNERS, &report.id, encode(&stamped)).await?)
    }

    /// Takes a runner off the list: it ended in order.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn retire_runner(&self, id: &str) -> Result<(), DbError> {
        Ok(self.db.commands().hdel(keys::RUNNERS, id).await?)
    }

    /// The runners that live. Forgets those whose last report is over a day old.
    ///
    /// # Errors
    /// When Redis fails.
    pub async fn runners(&self) -> Result<Vec<RunnerReport>, DbError> {
        let mut commands = self.db.commands();
        let now = self.db.asked_now_ms().await?;
        let all: BTreeMap<String, String> = commands.hgetall(keys::RUNNERS).await?;
        let mut living = Vec::new();
        for (id, json) in all {
            let report: Option<RunnerReport> = serde_json::from_str(&json).ok();
            let age_ms = report.as_ref().map_or(u64::MAX, |report| now.saturating_sub(report.reported_ms));
            if u128::from(age_ms) <= REPORT_LIFETIME.as_millis() {
                living.extend(report);
            } else if age_ms > 24 * 60 * 60 * 1000 {
                commands.hdel::<_, _, ()>(keys::RUNNERS, &id).await?;
            }
        }
        Ok(living)
    }
}
