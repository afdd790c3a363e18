//! Replace and delete with the edit token: `curl -X PUT …` and `curl -X DELETE … HOST/{key}`.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use crate::snippets::key::SnippetKey;
use crate::snippets::store::{Edit, Seen, SnippetError};
use crate::web::accept::Form;
use crate::web::api::create::{keep, told};
use crate::web::api::sent::{Options, Sent};
use crate::web::error::WebError;
use crate::web::query::{self, Query};
use crate::web::removal;
use crate::web::secrets::door;
use crate::web::state::State;
use crate::web::visitor::Visitor;

/// `PUT /{name}`: a snippet's new code when that is its key, else a new snippet from a file of this name, which
/// is where `curl -T hello.py HOST/` sends it.
pub(in crate::web) async fn put(
    request: HttpRequest,
    payload: Payload,
    (state, visitor): (Data<State>, Visitor),
    name: Path<String>,
    options: Query<Options>,
) -> Result<HttpResponse, WebError> {
    if !query::is_text(request.path()) {
        return Err(WebError::Malformed("The name in the address is not text in UTF-8."));
    }
    let mut options = options.into_inner();
    if let Some(key) = SnippetKey::parse(&name)
        && (visitor.is_known() || door::find(&state, &visitor, &key).await?.is_some())
    {
        let sent = Sent::read(&request, payload, options, &state).await?;
        return replace(&request, &state, &visitor, &key, sent).await;
    }
    options.name.get_or_insert(name.into_inner());
    let sent = Sent::read(&request, payload, options, &state).await?;
    keep(&request, &state, &visitor, sent).await
}

async fn replace(
    request: &HttpRequest,
    state: &State,
    visitor: &Visitor,
    key: &SnippetKey,
    sent: Sent,
) -> Result<HttpResponse, WebError> {
    if !visitor.is_known() {
        return Err(WebError::NoToken);
    }
    sent.check_chooses_nothing()?;
    let entered = door::enter(state, visitor, key).await?;
    let base = entered.revision(state, entered.snippet.head).await?;
    let seen = sent.options.revision.map_or(Seen::Any, Seen::Revision);
    let content = sent.content_over(base.content, state)?;
    let edit = Edit { content: &content, seen, keyring: &entered.keyring };
    let saved = state.snippets.save(key, &visitor.hash, edit).await.map_err(for_program)?;
    Ok(told(&mut HttpResponse::Ok(), request, (state, visitor), key, saved.revision()))
}

/// A page keeps its text and saves on top the next time; a program that sends the same again is refused again.
fn for_program(error: SnippetError) -> WebError {
    match error {
        SnippetError::Stale(head) => WebError::Overtaken(head),
        error => error.into(),
    }
}

/// `DELETE /{key}`
pub(in crate::web) async fn delete(
    request: HttpRequest,
    state: Data<State>,
    visitor: Visitor,
    key: Path<SnippetKey>,
) -> Result<HttpResponse, WebError> {
    if !visitor.is_known() {
        state.snippets.load(&key).await?.ok_or(WebError::NotFound)?;
        return Err(WebError::NoToken);
    }
    removal::delete(&state, &key, &visitor.hash).await?;
    if Form::wanted(request.headers()) == Form::Json {
        let seconds = state.snippets.deleted_for(&key, &visitor.hash).await?.unwrap_or_default().as_secs();
        return Ok(HttpResponse::Ok().json(serde_json::json!({ "key": *key, "undelete_within_seconds": seconds })));
    }
    let told = "Deleted. For a minute POST to the same address with /undelete behind it brings it back.\n";
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(told))
}
