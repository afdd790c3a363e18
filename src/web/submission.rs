//! Submission: what Run and Save do, from the page's script and from its form alike. Code is stored before it
//! is queued, and queued before anybody is told.

use crate::runs::request::{RunId, RunRequest, SnippetRevision, Terminal};
use crate::runs::store::Runs;
use crate::seal::SealKey;
use crate::snippets::key::SnippetKey;
use crate::snippets::lock::{Keyring, Lock};
use crate::snippets::owner::OwnerHash;
use crate::snippets::revision::Content;
use crate::snippets::store::{Edit, Keeping, NewSnippet, Origin, Saved, Seen, Snippet, SnippetError, Snippets};
use crate::web::error::WebError;
use crate::web::fork_of::ForkOf;
use crate::web::readiness::Obstacle;
use crate::web::refusal::Refusal;
use crate::web::state::State;

/// The one queue shard there is.
const SHARD: u16 = 0;

/// Where a program was stored.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    pub(super) key: SnippetKey,
    pub(super) revision: u64,
    /// What a new snippet got.
    pub(super) lock: Option<(Lock, SealKey)>,
    /// It is a new one that can be read once.
    pub(super) burns: bool,
    /// It must not be read in storage, nor must its runs.
    pub(super) is_secret: bool,
}

impl Stored {
    pub(super) fn new(key: SnippetKey, keeping: Keeping) -> Self {
        let is_secret = keeping.lock.is_some() || keeping.burns;
        Self { key, revision: 1, lock: keeping.lock, burns: keeping.burns, is_secret }
    }

    /// A fresh id for a run of it, to be followed before it is submitted.
    pub(super) fn fresh_run(&self) -> RunId {
        if self.is_secret { sealed_run() } else { fresh_run() }
    }
}

/// What a visitor wants stored.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The page that they look at.
    pub(super) key: &'a SnippetKey,
    pub(super) visitor: &'a OwnerHash,
    pub(super) content: &'a Content,
    /// Where it comes from, when nothing stands under the key yet.
    pub(super) fork_of: Option<&'a ForkOf>,
    /// What they have seen of the snippet, if it is theirs.
    pub(super) seen: Seen,
    /// The keys of protected snippets that they hold.
    pub(super) keyring: &'a Keyring,
    /// How a new snippet is to be kept.
    pub(super) keeping: &'a Keeping,
    /// What they look at, or what it is a fork of, had a password when they began: it may be gone since, and nobody else
    /// knows any more.
    pub(super) was_protected: bool,
}

/// Stores content: as a revision if the visitor owns the snippet, as a new snippet if there is none, else as a fork.
pub(super) async fn store(snippets: &Snippets, wanted: Wanted<'_>) -> Result<Stored, WebError> {
    let Wanted { key, visitor, content, seen, keyring, .. } = wanted;
    if wanted.keeping.is_chosen() {
        return store_anew(snippets, wanted).await;
    }
    match snippets.save(key, visitor, Edit { content, seen, keyring }).await.map(Saved::revision) {
        Ok(revision) => {
            Ok(Stored { key: key.clone(), revision, lock: None, burns: false, is_secret: wanted.was_protected })
        }
        Err(SnippetError::NotOwner) => fork(snippets, wanted).await,
        Err(SnippetError::Missing) => create(snippets, wanted).await,
        Err(error) => Err(error.into()),
    }
}

/// Stores content for which it was chosen how to keep it, so never as a revision of what is kept otherwise.
async fn store_anew(snippets: &Snippets, wanted: Wanted<'_>) -> Result<Stored, WebError> {
    match snippets.load(wanted.key).await? {
        Some(snippet) if snippet.owner.is(wanted.visitor) => Err(WebError::Refused(Refusal::KeptAlready)),
        Some(_) => fork(snippets, wanted).await,
        None => create(snippets, wanted).await,
    }
}

async fn create(snippets: &Snippets, wanted: Wanted<'_>) -> Result<Stored, WebError> {
    let Wanted { key, fork_of, .. } = wanted;
    // Whoever has the link of what is gone is not given something else in its place by a page that was left open.
    if matches!(wanted.seen, Seen::Revision(1..)) {
        return Err(WebError::Refused(Refusal::GoneMeanwhile));
    }
    let origin = match fork_of {
        Some(origin) => snippets.load(&origin.key).await?,
        None => None,
    };
    let keeping = keeping(wanted, origin.as_ref())?;
    let from = origin.map(|origin| ForkOf::origin(&origin, fork_of.and_then(|fork_of| fork_of.revision)));
    let new = new(wanted, from.as_ref(), &keeping);
    match snippets.create(key, &new).await {
        Ok(()) => {
            note_fork(snippets, key, &new).await;
            Ok(Stored::new(key.clone(), keeping))
        }
        Err(SnippetError::Taken) => fork(snippets, wanted).await,
        Err(error) => Err(error.into()),
    }
}

async fn fork(snippets: &Snippets, wanted: Wanted<'_>) -> Result<Stored, WebError> {
    let origin = snippets.load(wanted.key).await?;
    let keeping = keeping(wanted, origin.as_ref())?;
    let seen = match wanted.seen {
        Seen::Revision(number) => Some(number),
        Seen::Any => None,
    };
    let from = origin.map(|origin| ForkOf::origin(&origin, seen));
    let new = new(wanted, from.as_ref(), &keeping);
    let key = snippets.create_anywhere(&new).await?;
    note_fork(snippets, &key, &new).await;
    Ok(Stored::new(key, keeping))
}

/// It is stored by now, listed or not.
async fn note_fork(snippets: &Snippets, key: &SnippetKey, new: &NewSnippet<'_>) {
    if let Err(error) = snippets.note_fork(key, new).await {
        tracing::warn!(error = ?error, "a fork was kept, but is not on its origin's list");
    }
}

fn new<'a>(wanted: Wanted<'a>, forked_from: Option<&'a Origin>, keeping: &'a Keeping) -> NewSnippet<'a> {
    NewSnippet { owner: wanted.visitor, is_first: false, content: wanted.content, forked_from, keeping }
}

/// As it was chosen. A fork of a protected snippet has its password unless it gets one of its own: what was sealed is
/// not put down in clear, and without the key not at all; nor when all that is left of it is a page that shows it.
fn keeping(wanted: Wanted<'_>, origin: Option<&Snippet>) -> Result<Keeping, WebError> {
    let mut keeping = wanted.keeping.clone();
    if keeping.lock.is_none()
        && let Some(origin) = origin
        && let Some(lock) = &origin.lock
        && let Some(key) = origin.open(wanted.keyring)?
    {
        keeping.lock = Some((lock.clone(), key.clone()));
    }
    if wanted.was_protected && keeping.lock.is_none() {
        return Err(WebError::Refused(Refusal::PasswordGone));
    }
    Ok(keeping)
}

/// A fresh id for a run, to be followed before it is submitted.
pub(super) fn fresh_run() -> RunId {
    RunId::random(SHARD)
}

/// The same for a run that must not be read in storage.
pub(super) fn sealed_run() -> RunId {
    RunId::random_sealed(SHARD)
}

/// What to run.
pub(super) fn request(content: Content, stored: &Stored, terminal: Option<Terminal>) -> RunRequest {
    let snippet = SnippetRevision { key: stored.key.to_string(), revision: stored.revision };
    RunRequest { program: content.program, terminal, snippet: Some(snippet), stdin_bytes: None }
}

/// Refuses a run that nobody would execute.
pub(super) fn check_ready(state: &State) -> Result<(), WebError> {
    if state.draining.is_cancelled() {
        return Err(WebError::NotReady(Obstacle::restarting()));
    }
    state.readiness.borrow().obstacle().map_or(Ok(()), |obstacle| Err(WebError::NotReady(obstacle)))
}

/// Queues a run and tells everybody who looks at its snippet.
pub(super) async fn submit(runs: &Runs, run: &RunId, request: &RunRequest, visitor: &str) -> Result<(), WebError> {
    runs.submit(run, request, visitor).await?;
    if let Some(snippet) = &request.snippet
        && let Err(error) = runs.announce(run, snippet).await
    {
        // The run is queued and whoever submitted it follows it; others see it when they load the page again.
        tracing::warn!(run.id = %run, error = ?error, "a run was submitted but not announced");
    }
    Ok(())
}
