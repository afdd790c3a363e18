//! Doctor: tries this host's sandbox with hostile programs, and says promise by promise what held.
//!
//! - [`corpus`]: the programs, embedded; the tests run the same list through the whole server
//! - [`expectation`]: what a program may come to
//! - [`report`]: what was found, for people and for programs
//! - `bench`, `lane`: real runners, and runs on them; `examination`: one program after the other
//! - `remains`: what is left on the host; `weaknesses`: what could be stronger

pub mod corpus;
pub mod expectation;
pub mod promise;
pub mod report;

mod bench;
mod examination;
mod header;
mod lane;
mod remains;
mod weaknesses;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::db::DbError;
use crate::doctor::bench::Bench;
use crate::doctor::corpus::{Corpus, CorpusError};
use crate::doctor::report::{Report, Row};
use crate::languages::Languages;
use crate::runner;
use crate::runner::inspection::Inspector;
use crate::runs::feed::Feed;
use crate::runs::store::{Runs, SubmitError};

/// What the examined runners stand on. Storage must be nobody else's: every queue shard of it is used.
pub struct Host {
    /// The runs.
    pub runs: Runs,
    /// Where logs are followed.
    pub feed: Feed,
    /// What can be run.
    pub languages: Arc<Languages>,
    /// The runner that is examined; wall time and memory are each program's own.
    pub settings: runner::Settings,
}

/// Why nothing can be said about this host.
#[derive(Debug, thiserror::Error)]
pub enum DoctorError {
    /// The programs cannot be used, or one was asked for that is not there.
    #[error(transparent)]
    Corpus(#[from] CorpusError),
    /// The runner cannot start, or ended.
    #[error(transparent)]
    Runner(#[from] runner::RunnerError),
    /// Storage failed.
    #[error("the doctor's own storage failed")]
    Db(#[from] DbError),
    /// A run was refused.
    #[error("the doctor's own queue refused a run")]
    Submit(#[from] SubmitError),
    /// Not even an honest program runs.
    #[error("an honest program does not run here: {0}")]
    NotWell(String),
    /// A program of the corpus cannot be sent.
    #[error("{0} cannot be run: {1}")]
    Program(String, String),
    /// Somebody asked for the end.
    #[error("the examination was broken off")]
    BrokenOff,
}

/// Runs the programs with these names (all without any) one after the other, with honest runs beside each, and looks at what is left.
/// Each row is told as soon as it is known.
///
/// # Errors
/// When the examination itself fails; a promise that is not kept is no error but a row.
pub async fn examine(
    host: &Host,
    only: &[String],
    told: &mut (dyn FnMut(&Row) + Send),
    stop: CancellationToken,
) -> Result<Report, DoctorError> {
    let corpus = Corpus::load()?;
    let programs = corpus.chosen(only)?;
    let inspector = Inspector::connect(&host.settings).await.map_err(runner::RunnerError::from)?;
    let facts = inspector.host().await.map_err(runner::RunnerError::from)?;
    let mut bench = Bench::new(host, &corpus, &inspector, facts.clone());
    let examined = tokio::select! {
        rows = bench.examine(&programs, told) => rows,
        () = stop.cancelled() => Err(DoctorError::BrokenOff),
    };
    let stopped = bench.stop().await;
    let mut rows = examined?;
    stopped?;
    for row in bench.remains_at_the_end().await? {
        told(&row);
        rows.push(row);
    }
    Ok(Report { rows, warnings: weaknesses::of(&facts, &host.settings), facts })
}
