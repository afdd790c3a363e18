//! Another password for a snippet, or none: by its owner, who also has the one of now.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Data, Form as FormData, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::snippets::key::SnippetKey;
use crate::web::accept::Form;
use crate::web::api::create::told;
use crate::web::error::WebError;
use crate::web::secrets::door::{self, Choices};
use crate::web::state::State;
use crate::web::visitor::Visitor;

/// The form's field.
#[derive(Deserialize)]
pub(in crate::web) struct Fields {
    /// Empty for none.
    password: String,
}

/// `POST /{key}/password`
pub(in crate::web) async fn relock(
    request: HttpRequest,
    (state, visitor): (Data<State>, Visitor),
    key: Path<SnippetKey>,
    fields: FormData<Fields>,
) -> Result<HttpResponse, WebError> {
    let entered = door::enter(&state, &visitor, &key).await?;
    if !visitor.is_known() {
        return Err(WebError::NoToken);
    }
    let choices = Choices { password: Some(&fields.password), ..Choices::default() };
    let lock = door::keeping(choices).await?.lock;
    state.snippets.relock(&entered.snippet, (&visitor.hash, &entered.keyring), lock.as_ref()).await?;
    if lock.is_some() && entered.snippet.lock.is_none() {
        // What it printed before stands in clear.
        state.runs.forget_runs_of(key.as_str()).await?;
    }
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
