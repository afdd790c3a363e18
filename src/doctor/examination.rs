//! Examination: one hostile program after the other, with honest runs beside each.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::doctor::bench::{Bench, Honest, limits_of};
use crate::doctor::corpus::{Ground, Hostile, described};
use crate::doctor::lane::{Heard, Order};
use crate::doctor::report::{Row, Verdict};
use crate::doctor::{DoctorError, Host};

/// From a hostile program's start to the first honest run beside it, and between two of those.
const HONEST_EVERY: Duration = Duration::from_millis(200);
/// What a partner prints when it is in place.
const READY: &str = "READY";

impl Bench<'_> {
    /// Runs these programs; each row is told when it is known.
    pub(super) async fn examine(
        &mut self,
        programs: &[&Hostile],
        told: &mut (dyn FnMut(&Row) + Send),
    ) -> Result<Vec<Row>, DoctorError> {
        let applicable: Vec<_> = programs.iter().copied().filter(|program| self.obstacle(program).is_none()).collect();
        self.warm_up(&applicable).await?;
        let mut rows = Vec::new();
        for program in programs {
            let row = match self.obstacle(program) {
                Some(reason) => Row::new(program, Verdict::NotApplicable(reason)),
                None => self.examine_one(program).await?,
            };
            told(&row);
            rows.push(row);
        }
        self.remains.open_files_after();
        Ok(rows)
    }

    /// Why this program says nothing about this host.
    fn obstacle(&self, program: &Hostile) -> Option<String> {
        if self.facts.gvisor && program.skipped_under_gvisor.is_some() {
            return program.skipped_under_gvisor.clone();
        }
        let Some(language) = self.host.languages.find(&program.language) else {
            return Some(format!("there is no language {}", program.language));
        };
        let missing = !self.facts.languages.is_empty() && !self.facts.languages.contains_key(&language.id);
        missing.then(|| format!("{} is not in the image", language.name))
    }

    async fn examine_one(&mut self, program: &Hostile) -> Result<Row, DoctorError> {
        let begun = Instant::now();
        if program.twice {
            self.run(program).await?;
        }
        let heard = self.run(program).await?;
        let took = begun.elapsed();
        let mut row = Row::new(program, self.verdict(program, &heard));
        row.seconds = took.as_secs_f64();
        row.outcome = heard.finished.as_ref().map(described).unwrap_or_default();
        if let Err(left) = self.settled(limits_of(program)).await? {
            row.verdict = Verdict::Fail(left);
        }
        Ok(row)
    }

    fn verdict(&self, program: &Hostile, heard: &Heard) -> Verdict {
        let Some(finished) = &heard.finished else {
            return Verdict::Fail("the run never ended".to_owned());
        };
        let ground = Ground { gvisor: self.facts.gvisor, remapped: self.facts.engine.is_remapped() };
        match program.judge(finished, &heard.output, ground) {
            Ok(()) => Verdict::Pass,
            Err(reason) => Verdict::Fail(reason),
        }
    }

    /// One run, with its partner where it has one, and honest runs beside it until it ends.
    async fn run(&mut self, program: &Hostile) -> Result<Heard, DoctorError> {
        let over = Cell::new(false);
        let mut beside = Honest::default();
        let hostile = async {
            let heard = self.with_partner(program).await;
            over.set(true);
            heard
        };
        let honest = async {
            while !over.get() {
                tokio::time::sleep(HONEST_EVERY).await;
                self.honest(limits_of(program), &mut beside).await?;
            }
            Ok::<_, DoctorError>(())
        };
        let (heard, honest) = tokio::join!(hostile, honest);
        honest?;
        self.beside.first_bytes.append(&mut beside.first_bytes);
        let named = |fault: &String| format!("beside {}: {fault}", program.name);
        self.beside.faults.extend(beside.faults.iter().map(named));
        heard
    }

    async fn with_partner(&self, program: &Hostile) -> Result<Heard, DoctorError> {
        let lane = self.lane(limits_of(program))?;
        let host: &Host = self.host;
        let Some(partner) = self.corpus.partner_of(program) else {
            return lane.begin(host, &Order::from(program)).await?.finish().await;
        };
        let mut partner = lane.begin(host, &Order::from(partner)).await?;
        partner.until(|heard| heard.output.contains(READY)).await?;
        let heard = lane.begin(host, &Order::from(program)).await?.finish().await;
        partner.stop(host).await?;
        heard
    }
}
