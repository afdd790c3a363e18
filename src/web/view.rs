//! What a visitor looks at, and how it is found: a saved snippet, a copy of one, or something that is not saved.

use crate::runs::request::LatestRun;
use crate::snippets::key::SnippetKey;
use crate::snippets::lock::Keyring;
use crate::snippets::revision::Content;
use crate::snippets::store::Snippet;
use crate::snippets::view;
use crate::web::error::WebError;
use crate::web::fork_of::ForkOf;
use crate::web::form_fields::Chosen;
use crate::web::secrets::door;
use crate::web::state::State;
use crate::web::visitor::Visitor;

/// What a visitor looks at: a snippet's newest revision, or something that is not saved.
pub(super) struct View {
    pub(super) key: SnippetKey,
    /// The snippet under the key, if one is saved.
    pub(super) snippet: Option<Snippet>,
    /// What stands in the editor.
    pub(super) content: Content,
    /// The snippet's newest run.
    pub(super) run: Option<LatestRun>,
    /// What this is a fork of.
    pub(super) forked_from: Option<ForkOf>,
    /// The arguments line as it was sent; without it, as the content has them.
    pub(super) arguments_line: Option<String>,
    /// What the visitor looked for is not here: the sentence that says so.
    pub(super) missing: Option<&'static str>,
    /// Why something was not done.
    pub(super) notice: Option<String>,
    /// Whether the code was stored under the key nevertheless.
    pub(super) kept: bool,
    /// The keys with which it was opened, or what it is a fork of.
    pub(super) keyring: Keyring,
    /// How it was to be kept, had it been saved.
    pub(super) chosen: Chosen,
    /// It has a password, or is a fork of something that has.
    pub(super) is_protected: bool,
    /// The revision that a form says it was made from, where storage does not tell.
    pub(super) sent_revision: Option<u64>,
}

impl View {
    /// The newest revision, from which an edit starts; 0 before the first.
    pub(super) fn revision(&self) -> u64 {
        self.snippet.as_ref().map_or(self.sent_revision.unwrap_or(0), |snippet| snippet.head)
    }

    /// The revision whose output the newest run's is, where that is not the newest revision.
    pub(super) fn output_of(&self) -> Option<u64> {
        let (snippet, run) = self.snippet.as_ref().zip(self.run.as_ref())?;
        (1..snippet.head).contains(&run.revision).then_some(run.revision)
    }

    /// Whether the visitor owns the snippet.
    pub(super) fn is_owned_by(&self, visitor: &Visitor) -> bool {
        self.snippet.as_ref().is_some_and(|snippet| snippet.owner.is(&visitor.hash))
    }
}

/// The saved snippet under the key.
pub(super) async fn load(state: &State, visitor: &Visitor, key: &SnippetKey) -> Result<Option<View>, WebError> {
    load_revision(state, visitor, key, None).await
}

/// The saved snippet under the key, with this revision in the editor.
async fn load_revision(
    state: &State,
    visitor: &Visitor,
    key: &SnippetKey,
    number: Option<u64>,
) -> Result<Option<View>, WebError> {
    // What anybody may read is asked for by one question; all else goes by the door.
    let view = if number.is_none() { state.snippets.view(key).await? } else { None };
    if let Some(view) = view.and_then(|view| open(&view)) {
        return Ok(Some(view));
    }
    by_door(state, visitor, key, number).await
}

/// What not everybody may read, or a revision of before.
pub(super) async fn by_door(
    state: &State,
    visitor: &Visitor,
    key: &SnippetKey,
    number: Option<u64>,
) -> Result<Option<View>, WebError> {
    let Some(entered) = door::find(state, visitor, key).await? else {
        return Ok(None);
    };
    let revision = entered.revision(state, number.unwrap_or(entered.snippet.head)).await?;
    let run = state.runs.latest_of(key.as_str()).await?;
    let keyring = entered.keyring;
    Ok(Some(View { keyring, ..saved(entered.snippet, revision.content, run) }))
}

/// What anybody may read.
pub(super) fn open(view: &view::View) -> Option<View> {
    let content = view.content.as_ref()?;
    let run = view.latest_run.as_deref().and_then(|id| LatestRun::read(id, view.latest_run_revision));
    Some(saved(view.snippet.clone(), Content::clone(content), run))
}

fn saved(snippet: Snippet, content: Content, run: Option<LatestRun>) -> View {
    let forked_from = snippet.forked_from.as_ref().map(ForkOf::from);
    let is_protected = snippet.lock.is_some();
    View { run, forked_from, is_protected, snippet: Some(snippet.clone()), ..unsaved(snippet.key, content) }
}

/// A page that is not saved and starts as a copy; `None` when there is nothing to copy.
pub(super) async fn fork_of(
    state: &State,
    visitor: &Visitor,
    key: SnippetKey,
    origin: &ForkOf,
) -> Result<Option<View>, WebError> {
    let view = load_revision(state, visitor, &origin.key, origin.revision).await?;
    Ok(view.map(|view| {
        let revision = origin.revision.unwrap_or_else(|| view.revision());
        let forked_from = Some(ForkOf { key: view.key, revision: Some(revision) });
        View { forked_from, keyring: view.keyring, is_protected: view.is_protected, ..unsaved(key, view.content) }
    }))
}

/// A page that is not saved.
pub(super) fn unsaved(key: SnippetKey, content: Content) -> View {
    View {
        key,
        snippet: None,
        content,
        run: None,
        forked_from: None,
        arguments_line: None,
        missing: None,
        notice: None,
        kept: false,
        keyring: Keyring::default(),
        chosen: Chosen::default(),
        is_protected: false,
        sent_revision: None,
    }
}

/// The same as a page that is not saved, under a key of its own.
pub(super) fn anew(view: View) -> View {
    let View { arguments_line, is_protected, content, .. } = view;
    View { arguments_line, is_protected, ..unsaved(SnippetKey::random(), content) }
}
