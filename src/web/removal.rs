//! Deleting and bringing back, with the runs that belong to a snippet.

use crate::snippets::key::SnippetKey;
use crate::snippets::owner::OwnerHash;
use crate::snippets::store::Snippet;
use crate::web::error::WebError;
use crate::web::state::State;

/// Deletes a snippet for its owner, and soon its runs.
pub(super) async fn delete(state: &State, key: &SnippetKey, owner: &OwnerHash) -> Result<(), WebError> {
    state.snippets.delete(key, owner).await?;
    if let Err(error) = state.runs.forget_runs_of(key.as_str()).await {
        // The snippet is gone for everybody; of its runs only the output stays, which nothing names any more.
        tracing::warn!(error = ?error, "a snippet was deleted, but its runs are kept");
    }
    Ok(())
}

/// Takes a deletion back.
pub(super) async fn undelete(state: &State, key: &SnippetKey, owner: &OwnerHash) -> Result<(), WebError> {
    state.snippets.undelete(key, owner).await?;
    let snippet = state.snippets.load(key).await?.ok_or(WebError::NotFound)?;
    keep_runs(state, &snippet).await
}

/// Keeps a snippet's runs as long as the snippet, unless they show what storage is not to hold in clear.
pub(super) async fn keep_runs(state: &State, snippet: &Snippet) -> Result<(), WebError> {
    if snippet.lock.is_some() || snippet.burns {
        return Ok(());
    }
    Ok(state.runs.keep_runs_of(snippet.key.as_str()).await?)
}
