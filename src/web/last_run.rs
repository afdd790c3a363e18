//! The last run of a snippet as plain text, for whoever opens its page: without a script, and at first sight.

use crate::runs::event::{EventKind, LoggedEvent};
use crate::runs::store::Runs;
use crate::snippets::key::SnippetKey;
use crate::web::error::WebError;
use crate::web::plain_text::ControlStripper;

/// Output that a page shows at most; the page's script loads all of it.
const MAX_OUTPUT_BYTES: usize = 64 * 1024;
/// Events read at once, and how often at most.
const PAGE: usize = 64;
const MAX_PAGES: usize = 16;

/// What the page says of it; empty when there was none.
#[derive(Debug, Default)]
pub(super) struct LastRun {
    pub(super) output: String,
    /// How it ended, in a sentence.
    pub(super) message: String,
}

/// Reads the newest run of a snippet.
pub(super) async fn of(runs: &Runs, key: &SnippetKey) -> Result<LastRun, WebError> {
    let Some(run) = runs.latest_of(key.as_str()).await? else {
        return Ok(LastRun::default());
    };
    let mut last = LastRun { output: String::new(), message: "The last run has not ended yet.".to_owned() };
    let mut stripper = ControlStripper::default();
    let mut after = 0;
    for _ in 0..MAX_PAGES {
        let events = runs.read_log(&run, after, PAGE).await?;
        after = events.last().map_or(after, |event| event.id);
        for kind in events.iter().filter_map(LoggedEvent::kind) {
            match kind {
                EventKind::Output { data, .. } => stripper.push(&data, &mut last.output),
                EventKind::Finished(finished) => last.message = finished.message,
                _ => {}
            }
        }
        if events.len() < PAGE {
            return Ok(last);
        }
        if last.output.len() > MAX_OUTPUT_BYTES {
            break;
        }
    }
    cut(&mut last.output);
    if let Some(finished) = runs.outcome(&run).await? {
        last.message = finished.message;
    }
    Ok(last)
}

fn cut(output: &mut String) {
    output.truncate(output.floor_char_boundary(MAX_OUTPUT_BYTES));
    output.push_str("\n… (there is more; the page shows it where scripts are allowed)\n");
}
