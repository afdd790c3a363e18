//! Bench: the runners that programs are tried on, and what honest runs beside them saw.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::doctor::corpus::{Corpus, Hostile};
use crate::doctor::lane::{Lane, Limits, Order};
use crate::doctor::remains::Remains;
use crate::doctor::report::Row;
use crate::doctor::{DoctorError, Host};
use crate::runner::RunnerError;
use crate::runner::inspection::{HostFacts, Inspector};

/// What an honest visitor runs, and sees.
const HONEST: Order<'static> =
    Order { language: "bash", source: "echo honest $((6 * 7))", stdin_bytes: 0, terminal: false };
const HONEST_OUTPUT: &str = "honest 42\n";
/// Honest runs alone, before the first program: what their first byte takes undisturbed.
const ALONE: usize = 5;

/// What honest runs saw.
#[derive(Debug, Default)]
pub(super) struct Honest {
    /// Time to the first byte, of each that was right.
    pub(super) first_bytes: Vec<Duration>,
    /// What was wrong with the others.
    pub(super) faults: Vec<String>,
}

impl Honest {
    pub(super) fn median(&self) -> Duration {
        let mut sorted = self.first_bytes.clone();
        sorted.sort();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }
}

/// Everything an examination uses.
pub(super) struct Bench<'a> {
    pub(super) host: &'a Host,
    pub(super) corpus: &'a Corpus,
    pub(super) inspector: &'a Inspector,
    pub(super) facts: HostFacts,
    pub(super) lanes: BTreeMap<Limits, Lane>,
    pub(super) remains: Remains,
    pub(super) alone: Honest,
    pub(super) beside: Honest,
}

impl<'a> Bench<'a> {
    pub(super) fn new(host: &'a Host, corpus: &'a Corpus, inspector: &'a Inspector, facts: HostFacts) -> Self {
        let remains = Remains::before(&facts);
        let (alone, beside) = (Honest::default(), Honest::default());
        Self { host, corpus, inspector, facts, lanes: BTreeMap::new(), remains, alone, beside }
    }

    /// Starts a runner for each pair of limits that these programs want, and tries all with honest runs.
    pub(super) async fn warm_up(&mut self, programs: &[&Hostile]) -> Result<(), DoctorError> {
        let wanted: BTreeSet<Limits> = programs.iter().map(|program| limits_of(program)).collect();
        for (shard, limits) in (0..).zip(wanted) {
            self.lanes.insert(limits, Lane::start(self.host, shard, limits));
        }
        for limits in self.lanes.keys().copied().collect::<Vec<_>>() {
            self.settled(limits).await?.map_err(DoctorError::NotWell)?;
            for _ in 0..ALONE {
                let mut honest = std::mem::take(&mut self.alone);
                self.honest(limits, &mut honest).await?;
                self.alone = honest;
                self.settled(limits).await?.map_err(DoctorError::NotWell)?;
            }
        }
        if let Some(fault) = self.alone.faults.first() {
            return Err(DoctorError::NotWell(fault.clone()));
        }
        self.remains.open_files_before();
        Ok(())
    }

    pub(super) fn lane(&self, limits: Limits) -> Result<&Lane, DoctorError> {
        let lane = self.lanes.get(&limits).filter(|lane| !lane.is_dead());
        lane.ok_or_else(|| DoctorError::NotWell("its runner has ended".to_owned()))
    }

    /// One honest run.
    pub(super) async fn honest(&self, limits: Limits, seen: &mut Honest) -> Result<(), DoctorError> {
        let heard = self.lane(limits)?.begin(self.host, &HONEST).await?.finish().await?;
        match (heard.output.as_str(), heard.first_byte) {
            (HONEST_OUTPUT, Some(first_byte)) => seen.first_bytes.push(first_byte),
            (output, _) => {
                let end = heard.finished.map_or_else(|| "it never ended".to_owned(), |finished| finished.message);
                seen.faults.push(format!("it printed “{}”: {end}", output.escape_debug()));
            }
        }
        Ok(())
    }

    /// Waits until the lane has no sandbox but those that are ready; says what is left if it takes too long.
    pub(super) async fn settled(&mut self, limits: Limits) -> Result<Result<(), String>, DoctorError> {
        let name = self.lane(limits)?.name.clone();
        Ok(self.remains.settle(self.inspector, &name).await.map_err(RunnerError::from)?)
    }

    /// Ends all runners.
    pub(super) async fn stop(&mut self) -> Result<(), DoctorError> {
        let mut stopped = Ok(());
        for (_, lane) in std::mem::take(&mut self.lanes) {
            self.remains.runner_ended(lane.name.clone());
            stopped = lane.stop().await.and(stopped);
        }
        stopped
    }

    /// What honest runs saw, and what is left when every runner has ended.
    pub(super) async fn remains_at_the_end(&mut self) -> Result<Vec<Row>, DoctorError> {
        let mut rows = vec![Row::of_honest_runs(&self.alone, &self.beside)];
        rows.extend(self.remains.at_the_end(self.inspector).await.map_err(RunnerError::from)?);
        Ok(rows)
    }
}

/// The lane that a program is run on.
pub(super) fn limits_of(program: &Hostile) -> Limits {
    (program.timeout, program.memory_mb)
}
