//! Report: what an examination found, as a table in words and as JSON.

use std::io::{self, Write};

use serde::Serialize;

use crate::doctor::bench::Honest;
use crate::doctor::corpus::Hostile;
use crate::doctor::promise::Promise;
use crate::runner::inspection::HostFacts;

/// Everything that was found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// In the order in which they were found.
    pub rows: Vec<Row>,
    /// What is weaker here than it could be.
    pub warnings: Vec<String>,
    /// What the Engine says about itself.
    pub facts: HostFacts,
}

/// One line of the table.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What was tried to break.
    pub promise: Promise,
    /// The program, or the place that was looked at.
    pub program: String,
    /// What must be contained, in words.
    pub contains: String,
    /// What became of it.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// How the run ended; empty when none did.
    pub outcome: String,
    /// How long it took.
    pub seconds: f64,
}

/// What became of one attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", content = "reason", rename_all = "snake_case")]
pub enum Verdict {
    /// It was contained.
    Pass,
    /// It was not; why.
    Fail(String),
    /// It says nothing here; why.
    NotApplicable(String),
}

impl Row {
    pub(super) fn new(program: &Hostile, verdict: Verdict) -> Self {
        Self {
            promise: program.promise,
            program: program.name.clone(),
            contains: program.contains.clone(),
            verdict,
            outcome: String::new(),
            seconds: 0.0,
        }
    }

    pub(super) fn of_host(place: &str, contains: &str, verdict: Verdict) -> Self {
        Self {
            promise: Promise::Host,
            program: place.to_owned(),
            contains: contains.to_owned(),
            verdict,
            outcome: String::new(),
            seconds: 0.0,
        }
    }

    pub(super) fn of_honest_runs(alone: &Honest, beside: &Honest) -> Self {
        let verdict = match beside.faults.first() {
            Some(fault) => Verdict::Fail(format!("{} of them went wrong, one {fault}", beside.faults.len())),
            None => Verdict::Pass,
        };
        let (right, undisturbed, disturbed) =
            (beside.first_bytes.len(), alone.median().as_millis(), beside.median().as_millis());
        let outcome = format!("{right} right; first byte {disturbed} ms, alone {undisturbed} ms");
        let contains = "honest runs beside every program print what they should";
        Self { promise: Promise::Neighbours, outcome, ..Self::of_host("honest runs", contains, verdict) }
    }

    /// The row for people.
    #[must_use]
    pub fn line(&self) -> String {
        let (word, reason) = match &self.verdict {
            Verdict::Pass => ("pass", self.contains.as_str()),
            Verdict::Fail(reason) => ("FAIL", reason.as_str()),
            Verdict::NotApplicable(reason) => ("not applicable", reason.as_str()),
        };
        format!("  {word:<14}  {:<26}  {:<18}  {reason}", self.program, self.outcome)
    }
}

impl Report {
    /// How many promises were not kept.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.rows.iter().filter(|row| matches!(row.verdict, Verdict::Fail(_))).count()
    }

    /// What stands below the table, for people.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_end(&self, out: &mut impl Write) -> io::Result<()> {
        if !self.warnings.is_empty() {
            writeln!(out, "\nWeaker on this host than it could be:")?;
        }
        for warning in &self.warnings {
            writeln!(out, "  - {warning}")?;
        }
        let not_applicable = self.rows.iter().filter(|row| matches!(row.verdict, Verdict::NotApplicable(_))).count();
        let passed = self.rows.len() - self.failed() - not_applicable;
        writeln!(out, "\n{passed} passed, {} failed, {not_applicable} not applicable.", self.failed())
    }
}

/// Writes rows for people as they come, under a heading for each promise.
pub struct Table<W> {
    out: W,
    promise: Option<Promise>,
}

impl<W: Write> Table<W> {
    /// Nothing written yet.
    pub fn new(out: W) -> Self {
        Self { out, promise: None }
    }

    /// Writes one row.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn row(&mut self, row: &Row) -> io::Result<()> {
        if self.promise.replace(row.promise) != Some(row.promise) {
            writeln!(self.out, "\n{}", row.promise.words())?;
        }
        writeln!(self.out, "{}", row.line())?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_each_promise_once_and_a_fail_with_its_reason() {
        let mut written = Vec::new();
        let mut table = Table::new(&mut written);
        table.row(&Row::of_host("containers", "all gone", Verdict::Pass)).unwrap();
        table.row(&Row::of_host("mounts", "all gone", Verdict::Fail("2 are left".to_owned()))).unwrap();
        let text = String::from_utf8(written).unwrap();
        assert_eq!(text.matches(Promise::Host.words()).count(), 1);
        assert!(text.lines().any(|line| line.contains("FAIL") && line.ends_with("2 are left")), "{text}");
    }

    #[test]
    fn a_program_reads_verdict_and_reason() {
        let row = Row::of_host("mounts", "all gone", Verdict::NotApplicable("why".to_owned()));
        let json = serde_json::to_value(row).unwrap();
        assert_eq!((&json["verdict"], &json["reason"]), (&"not_applicable".into(), &"why".into()));
    }
}
