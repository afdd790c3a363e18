//! Another password for a snippet, or none: by its owner, who also has the one of now.

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Data, Path, block};
use actix_web::{HttpRequest, HttpResponse};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use crate::seal::SealKey;
use crate::snippets::key::SnippetKey;
use crate::snippets::lock::Lock;
use crate::web::accept::Form;
use crate::web::api::create::told;
use crate::web::error::WebError;
use crate::web::posted::Posted;
use crate::web::secrets::door::{self, Choices, Entered};
use crate::web::state::State;
use crate::web::visitor::Visitor;

/// One snippet is sealed anew at a time: all of it is in memory meanwhile.
static TURN: Semaphore = Semaphore::const_new(1);
/// How long another waits for its turn.
const WAIT_FOR_TURN: Duration = Duration::from_secs(1);

/// `POST /{key}/password`, with the next one as the form's field `password`; empty for none.
pub(in crate::web) async fn relock(
    request: HttpRequest,
    (state, visitor): (Data<State>, Visitor),
    key: Path<SnippetKey>,
    form: Posted,
) -> Result<HttpResponse, WebError> {
    let password = form.the("password")?;
    let entered = door::enter(&state, &visitor, &key).await?;
    if !visitor.is_known() {
        return Err(WebError::NoToken);
    }
    let turn = turn().await?;
    let choices = Choices { password: Some(password), ..Choices::default() };
    let lock = door::keeping(choices).await?.lock;
    change(&state, &visitor, &entered, (turn, lock.clone())).await?;
    let cookie = lock.map(|(lock, seal)| visitor.lock_cookie(&lock, &seal));
    let mut response = if Form::wanted(request.headers()) == Form::Page {
        let mut builder = HttpResponse::SeeOther();
        builder.insert_header((LOCATION, format!("/{key}/revisions"))).insert_header((CACHE_CONTROL, "no-store"));
        builder.finish()
    } else {
        told(&mut HttpResponse::Ok(), &request, (&state, &visitor), &key, entered.snippet.head)
    };
    if let Some(cookie) = cookie.filter(|_| visitor.is_known_by_cookie()) {
        // Fails only for names and values that no header can hold; ours are plain.
        let _ = response.add_cookie(&cookie);
    }
    Ok(response)
}

async fn turn() -> Result<SemaphorePermit<'static>, WebError> {
    let turn = timeout(WAIT_FOR_TURN, TURN.acquire()).await.map_err(|_| WebError::Busy)?;
    Ok(turn.expect("nobody closes this semaphore"))
}

/// Seals everything anew and stores it. What runs printed until then stands in clear, or sealed otherwise, and goes soon.
async fn change(
    state: &State,
    visitor: &Visitor,
    entered: &Entered,
    (turn, lock): (SemaphorePermit<'static>, Option<(Lock, SealKey)>),
) -> Result<(), WebError> {
    let key = &entered.snippet.key;
    let whole = state.snippets.whole_of(&entered.snippet, (&visitor.hash, &entered.keyring)).await?;
    let is_locked = lock.is_some();
    // The turn goes along: who asked may leave, and the work goes on.
    let (resealed, _turn) = block(move || (whole.reseal(lock.as_ref()), turn)).await?;
    let resealed = resealed?;
    if is_locked {
        // Before, so that it is done however the next step ends; and after, for what was started meanwhile.
        state.runs.forget_runs_of(key.as_str()).await?;
    }
    let done = state.snippets.relock(&resealed).await;
    if is_locked && let Err(error) = state.runs.forget_runs_of(key.as_str()).await {
        tracing::warn!(error = ?error, "a snippet got a password, but a run that was started meanwhile may be kept");
    }
    Ok(done?)
}

#[cfg(test)]
mod tests {
    use actix_web::http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn one_snippet_is_sealed_anew_at_a_time_and_others_are_told_when_to_come_again() {
        let first = turn().await.unwrap();
        let story = turn().await.unwrap_err().story();
        assert_eq!((story.status, story.code), (StatusCode::SERVICE_UNAVAILABLE, "busy"));
        assert!(story.retry_seconds > 0 && story.message.contains("Try again"));
        drop(first);
        assert!(turn().await.is_ok());
    }
}
