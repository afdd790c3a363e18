//! What may be shown of a snippet where nobody asked for it by hand: link previews, frames of other sites.

use std::sync::Arc;

use crate::runs::request::RunId;
use crate::snippets::key::SnippetKey;
use crate::snippets::revision::Content;
use crate::snippets::store::Snippet;
use crate::web::error::WebError;
use crate::web::last_run::{self, LastRun};
use crate::web::state::State;

/// A snippet that anybody with the link may see.
pub(super) struct Public {
    pub(super) snippet: Snippet,
    pub(super) content: Arc<Content>,
    /// Its newest run, if there was one.
    pub(super) run: Option<RunId>,
    /// The revision that it ran, where that is not the newest.
    pub(super) output_of: Option<u64>,
}

/// Loads it. What asks for a password, or is gone once it was read, is not here: nothing of it may be in a preview,
/// not even its title. Every page, picture and address for other sites asks this function and no other.
pub(super) async fn load(state: &State, key: &SnippetKey) -> Result<Option<Public>, WebError> {
    let Some(view) = state.snippets.view(key).await? else {
        return Ok(None);
    };
    let run = view.latest_run.as_deref().and_then(RunId::parse);
    let is_older = (1..view.snippet.head).contains(&view.latest_run_revision);
    let output_of = is_older.then_some(view.latest_run_revision);
    Ok(view.content.clone().map(|content| Public { snippet: view.snippet.clone(), content, run, output_of }))
}

impl Public {
    /// What its newest run printed.
    pub(super) async fn last_run(&self, state: &State) -> Result<Arc<LastRun>, WebError> {
        last_run::of_view(&state.runs, self.run.as_ref()).await
    }

    /// The title, or a word for none.
    pub(super) fn title(&self) -> &str {
        if self.content.title.is_empty() { "Untitled" } else { &self.content.title }
    }
}
