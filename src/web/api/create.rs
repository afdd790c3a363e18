//! A snippet from a file: `curl --data-binary @f HOST/`, `curl -F file=@f HOST/`, `curl -T f HOST/`.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};

use crate::snippets::key::SnippetKey;
use crate::snippets::store::NewSnippet;
use crate::web::accept::Form;
use crate::web::api::sent::{Options, Sent};
use crate::web::error::WebError;
use crate::web::links;
use crate::web::query::Query;
use crate::web::secrets::door;
use crate::web::state::State;
use crate::web::visitor::Visitor;

/// Holds the secret of what was created; shown once.
pub(in crate::web) const EDIT_TOKEN: &str = "x-edit-token";

/// `POST /` and `PUT /`
pub(in crate::web) async fn create(
    request: HttpRequest,
    payload: Payload,
    state: Data<State>,
    visitor: Visitor,
    options: Query<Options>,
) -> Result<HttpResponse, WebError> {
    let sent = Sent::read(&request, payload, options.into_inner(), &state).await?;
    keep(&request, &state, &visitor, sent).await
}

/// Keeps what was sent under a fresh key.
pub(super) async fn keep(
    request: &HttpRequest,
    state: &State,
    visitor: &Visitor,
    sent: Sent,
) -> Result<HttpResponse, WebError> {
    let keeping = door::keeping(sent.choices(visitor)).await?;
    let content = sent.content(state)?;
    let (owner, is_first) = (&visitor.hash, !visitor.is_known());
    let new = NewSnippet { owner, is_first, content: &content, forked_from: None, keeping: &keeping };
    let key = state.snippets.create_anywhere(&new).await?;
    let mut builder = HttpResponse::Created();
    Ok(told(&mut builder, request, (state, visitor), &key, 1))
}

/// The answer that names a snippet: its address on a line of its own, or as JSON.
pub(in crate::web) fn told(
    builder: &mut HttpResponseBuilder,
    request: &HttpRequest,
    (state, visitor): (&State, &Visitor),
    key: &SnippetKey,
    revision: u64,
) -> HttpResponse {
    let url = links::of_snippet(request, state, key);
    let token = visitor.edit_token();
    builder.insert_header((LOCATION, url.as_str())).insert_header((CACHE_CONTROL, "no-store"));
    if let Some(token) = &token {
        builder.insert_header((EDIT_TOKEN, token.as_str()));
    }
    match Form::wanted(request.headers()) {
        Form::Json => builder.json(serde_json::json!({
            "key": key, "url": url, "revision": revision, "edit_token": token,
        })),
        Form::Page | Form::Text => builder.content_type("text/plain; charset=utf-8").body(url + "\n"),
    }
}
