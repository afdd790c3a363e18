//! Submission: what Run and Save do, from the page's script and from its form alike. Code is stored before it
//! is queued, and queued before anybody is told.

use crate::runs::request::{RunId, RunRequest, SnippetRevision, Terminal};
use crate::runs::store::Runs;
use crate::snippets::key::SnippetKey;
use crate::snippets::owner::OwnerHash;
use crate::snippets::revision::Content;
use crate::snippets::store::{Origin, Saved, SnippetError, Snippets};
use crate::web::error::WebError;
use crate::web::readiness::Obstacle;
use crate::web::state::State;

/// The one queue shard there is.
const SHARD: u16 = 0;

/// Where a program was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) key: SnippetKey,
    pub(super) revision: u64,
}

/// Stores content for a visitor who looks at `key`: as a revision if they own it, as a new snippet if there is
/// none, else as a fork.
pub(super) async fn store(
    snippets: &Snippets,
    key: &SnippetKey,
    visitor: &OwnerHash,
    content: &Content,
    fork_of: Option<&SnippetKey>,
) -> Result<Stored, WebError> {
    if let Some(stored) = save(snippets, key, visitor, content).await? {
        return Ok(stored);
    }
    let origin = match fork_of {
        Some(origin) => head_of(snippets, origin).await?,
        None => None,
    };
    match snippets.create(key, visitor, content, origin.as_ref()).await {
        Ok(()) => Ok(Stored { key: key.clone(), revision: 1 }),
        Err(SnippetError::Taken) => fork(snippets, key, visitor, content).await,
        Err(error) => Err(error.into()),
    }
}

/// `None` when nothing stands under the key yet.
async fn save(
    snippets: &Snippets,
    key: &SnippetKey,
    visitor: &OwnerHash,
    content: &Content,
) -> Result<Option<Stored>, WebError> {
    match snippets.save(key, visitor, content).await.map(Saved::revision) {
        Ok(revision) => Ok(Some(Stored { key: key.clone(), revision })),
        Err(SnippetError::NotOwner) => fork(snippets, key, visitor, content).await.map(Some),
        Err(SnippetError::Missing) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn fork(
    snippets: &Snippets,
    from: &SnippetKey,
    visitor: &OwnerHash,
    content: &Content,
) -> Result<Stored, WebError> {
    let origin = head_of(snippets, from).await?;
    let key = snippets.fork(visitor, content, origin.as_ref()).await?;
    Ok(Stored { key, revision: 1 })
}

async fn head_of(snippets: &Snippets, key: &SnippetKey) -> Result<Option<Origin>, WebError> {
    let snippet = snippets.load(key).await?;
    Ok(snippet.map(|snippet| Origin { key: snippet.key, revision: snippet.head }))
}

/// A fresh id for a run, to be followed before it is submitted.
pub(super) fn fresh_run() -> RunId {
    RunId::random(SHARD)
}

/// What to run.
pub(super) fn request(content: Content, stored: &Stored, terminal: Option<Terminal>) -> RunRequest {
    let snippet = SnippetRevision { key: stored.key.to_string(), revision: stored.revision };
    RunRequest { program: content.program, terminal, snippet: Some(snippet) }
}

/// Refuses a run that nobody would execute.
pub(super) fn check_ready(state: &State) -> Result<(), WebError> {
    if state.draining.is_cancelled() {
        return Err(WebError::NotReady(Obstacle::restarting()));
    }
    state.readiness.borrow().obstacle().map_or(Ok(()), |obstacle| Err(WebError::NotReady(obstacle)))
}

/// Queues a run and tells everybody who looks at its snippet.
pub(super) async fn submit(
    runs: &Runs,
    run: &RunId,
    request: &RunRequest,
    visitor: &OwnerHash,
) -> Result<(), WebError> {
    runs.submit(run, request, visitor.as_str()).await?;
    if let Some(snippet) = &request.snippet
        && let Err(error) = runs.announce(run, snippet).await
    {
        // The run is queued and whoever submitted it follows it; others see it when they load the page again.
        tracing::warn!(run.id = %run, error = ?error, "a run was submitted but not announced");
    }
    Ok(())
}
