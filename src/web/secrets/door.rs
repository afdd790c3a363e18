//! The door: the one way to what a snippet holds. It asks for the password of a protected one, and says what became of
//! one that is gone.

use actix_web::web::block;
use tokio::sync::Semaphore;

use crate::seal::SealKey;
use crate::snippets::key::SnippetKey;
use crate::snippets::lifetime::Lifetime;
use crate::snippets::lock::{Keyring, Lock, MAX_PASSWORD_BYTES};
use crate::snippets::revision::Revision;
use crate::snippets::store::{Keeping, Snippet, SnippetError};
use crate::web::error::WebError;
use crate::web::network::Network;
use crate::web::refusal::Refusal;
use crate::web::state::State;
use crate::web::visitor::Visitor;

/// Keys made of passwords at once: each takes 19 MiB and a processor for a while.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// A snippet, with the keys of whoever entered.
#[derive(Debug)]
pub(in crate::web) struct Entered {
    pub(in crate::web) snippet: Snippet,
    pub(in crate::web) keyring: Keyring,
}

impl Entered {
    /// One of its revisions.
    pub(in crate::web) async fn revision(&self, state: &State, number: u64) -> Result<Revision, WebError> {
        let revision = state.snippets.revision(&self.snippet, number, &self.keyring).await?;
        revision.ok_or(WebError::NotFound)
    }
}

/// A snippet that must be there.
pub(in crate::web) async fn enter(state: &State, visitor: &Visitor, key: &SnippetKey) -> Result<Entered, WebError> {
    find(state, visitor, key).await?.ok_or(WebError::NotFound)
}

/// A snippet, if there is one under the key. One that can be read once does not open here.
pub(in crate::web) async fn find(
    state: &State,
    visitor: &Visitor,
    key: &SnippetKey,
) -> Result<Option<Entered>, WebError> {
    let Some(entered) = unlocked(state, visitor, key).await? else {
        return Ok(None);
    };
    if entered.snippet.burns {
        return Err(SnippetError::Burns(key.clone()).into());
    }
    Ok(Some(entered))
}

/// The same for one that can be read once as well.
pub(super) async fn unlocked(state: &State, visitor: &Visitor, key: &SnippetKey) -> Result<Option<Entered>, WebError> {
    let Some(snippet) = state.snippets.load(key).await? else {
        return match state.snippets.gone(key).await? {
            Some(gone) => Err(SnippetError::Gone(gone).into()),
            None => Ok(None),
        };
    };
    let mut keyring = visitor.keyring.clone();
    if snippet.open(&keyring).is_err()
        && let Some(password) = &visitor.password
    {
        keyring.add(key_of(state, visitor.network, &snippet, password).await?);
    }
    snippet.open(&keyring)?;
    Ok(Some(Entered { snippet, keyring }))
}

/// The key that a password yields.
pub(super) async fn key_of(
    state: &State,
    network: Network,
    snippet: &Snippet,
    password: &str,
) -> Result<SealKey, WebError> {
    let wrong = || SnippetError::WrongPassword(snippet.key.clone());
    let Some(lock) = snippet.lock.clone() else {
        return Err(WebError::NotFound);
    };
    let name = lock.name().to_owned();
    state.rates.try_password(network, &name)?;
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(wrong().into());
    }
    let password = without_line_end(password).to_owned();
    let key = slowly(move || lock.open(&password)).await?.ok_or_else(wrong)?;
    state.rates.password_was_right(network, &name);
    Ok(key)
}

/// What somebody chose for a new snippet.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::web) struct Choices<'a> {
    /// A lifetime's word.
    pub(in crate::web) expires: Option<&'a str>,
    pub(in crate::web) password: Option<&'a str>,
    pub(in crate::web) burns: bool,
}

/// How a new snippet is to be kept.
pub(in crate::web) async fn keeping(choices: Choices<'_>) -> Result<Keeping, WebError> {
    let word = choices.expires.filter(|word| !word.is_empty());
    let lifetime = word.map_or(Ok(Lifetime::default()), |word| Lifetime::parse(word).ok_or(WebError::BadLifetime))?;
    let lock = match choices.password.map(without_line_end).filter(|password| !password.is_empty()) {
        Some(password) if password.len() > MAX_PASSWORD_BYTES => return Err(WebError::Refused(Refusal::LongPassword)),
        Some(password) => {
            let password = password.to_owned();
            Some(slowly(move || Lock::new(&password)).await?)
        }
        None => None,
    };
    Ok(Keeping { lifetime, lock, burns: choices.burns })
}

/// What a file with a password in it has behind that, and nobody can type into a field or a header.
fn without_line_end(password: &str) -> &str {
    password.trim_end_matches(['\r', '\n'])
}

async fn slowly<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, WebError> {
    let _permit = AT_ONCE.acquire().await.expect("nobody closes this semaphore");
    Ok(block(work).await?)
}
