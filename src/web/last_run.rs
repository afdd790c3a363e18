//! The last run of a snippet, for whoever opens its page: without a script, and at first sight.

use std::sync::{Arc, LazyLock};

use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::runs::event::{EventKind, LoggedEvent};
use crate::runs::request::RunId;
use crate::runs::store::Runs;
use crate::web::colour::markup::Markup;
use crate::web::colour::output::OutputReader;
use crate::web::colour::piece::{Look, Piece, append};
use crate::web::error::WebError;

/// Output that a page shows at most, as it was printed; the page's script loads all of it.
const MAX_OUTPUT_BYTES: usize = 64 * 1024;
/// What that may take of the page, about: colours and empty columns take more than was printed.
const MAX_SHOWN_BYTES: usize = 4 * MAX_OUTPUT_BYTES;
/// Events read at once, and how often at most.
const PAGE: usize = 64;
const MAX_PAGES: usize = 16;
/// Runs kept in memory, and bytes of them, about.
const KEPT_RUNS: usize = 1024;
const KEPT_BYTES: u64 = 8 * 1024 * 1024;

/// What the page says of it; empty when there was none.
#[derive(Debug, Default)]
pub(super) struct LastRun {
    pub(super) output: Markup,
    /// Whether that will stay so: there was none, or it has ended.
    pub(super) is_final: bool,
    /// How it ended, in a sentence.
    pub(super) message: String,
    /// The output, for a picture of it.
    pub(super) pieces: Vec<Piece>,
}

/// Runs that ended never change, so they are read once. Only whoever may see a snippet asks for its run.
static KEPT: LazyLock<Cache<RunId, Arc<LastRun>, Bytes>> =
    LazyLock::new(|| Cache::with_weighter(KEPT_RUNS, KEPT_BYTES, Bytes));

#[derive(Clone)]
struct Bytes;

impl Weighter<RunId, Arc<LastRun>> for Bytes {
    fn weight(&self, _: &RunId, last: &Arc<LastRun>) -> u64 {
        let pieces: usize = last.pieces.iter().map(|piece| piece.text.len() + size_of::<Piece>()).sum();
        (pieces + last.output.as_str().len() + 256) as u64
    }
}

/// Reads a snippet's newest run, if there was one.
pub(super) async fn of_view(runs: &Runs, run: Option<&RunId>) -> Result<Arc<LastRun>, WebError> {
    match run {
        Some(run) => of(runs, run).await,
        None => Ok(NONE.clone()),
    }
}

static NONE: LazyLock<Arc<LastRun>> = LazyLock::new(|| Arc::new(LastRun { is_final: true, ..LastRun::default() }));

/// Reads a run.
pub(super) async fn of(runs: &Runs, run: &RunId) -> Result<Arc<LastRun>, WebError> {
    if let Some(kept) = KEPT.get(run) {
        return Ok(kept);
    }
    let mut reading =
        Reading { reader: OutputReader::within(MAX_SHOWN_BYTES), pieces: Vec::new(), bytes: 0, message: None };
    let whole = reading.all(runs, run).await?;
    if !whole && reading.message.is_none() {
        reading.message = runs.outcome(run).await?.map(|finished| finished.message);
    }
    let last = Arc::new(reading.end());
    if last.is_final {
        KEPT.insert(run.clone(), last.clone());
    }
    Ok(last)
}

struct Reading {
    reader: OutputReader,
    pieces: Vec<Piece>,
    bytes: usize,
    message: Option<String>,
}

impl Reading {
    /// Reads the log; whether all of it.
    async fn all(&mut self, runs: &Runs, run: &RunId) -> Result<bool, WebError> {
        let mut after = 0;
        for _ in 0..MAX_PAGES {
            let events = runs.read_log(run, after, PAGE).await?;
            after = events.last().map_or(after, |event| event.id);
            events.iter().filter_map(LoggedEvent::kind).for_each(|kind| self.take(kind));
            if events.len() < PAGE {
                return Ok(true);
            }
            if self.is_cut() {
                break;
            }
        }
        Ok(false)
    }

    fn is_cut(&self) -> bool {
        self.bytes > MAX_OUTPUT_BYTES || self.reader.is_full()
    }

    fn take(&mut self, kind: EventKind) {
        match kind {
            EventKind::Output { data, .. } => {
                let room = MAX_OUTPUT_BYTES.saturating_sub(self.bytes);
                self.bytes += data.len();
                self.pieces.extend(self.reader.push(&data[..data.floor_char_boundary(room)]));
            }
            EventKind::Finished(finished) => self.message = Some(finished.message),
            _ => {}
        }
    }

    fn end(mut self) -> LastRun {
        self.pieces.extend(self.reader.flush());
        if self.is_cut() {
            let more = "\n… (there is more; the page shows it where scripts are allowed)\n";
            append(&mut self.pieces, Look::default(), more);
        }
        let is_final = self.message.is_some();
        let message = self.message.unwrap_or_else(|| "The last run has not ended yet.".to_owned());
        LastRun { output: Markup::of(&self.pieces), is_final, message, pieces: self.pieces }
    }
}
