//! A password, from the page that asks for it. The cookie that comes back holds the key which the password yields, never
//! the password.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Data, Form, Path};
use serde::Deserialize;

use crate::snippets::key::SnippetKey;
use crate::web::error::WebError;
use crate::web::links::own_path;
use crate::web::secrets::door;
use crate::web::state::State;
use crate::web::visitor::Visitor;

/// The form's fields.
#[derive(Deserialize)]
pub(in crate::web) struct Fields {
    password: String,
    #[serde(default)]
    to: String,
}

/// `POST /{key}/unlock`
pub(in crate::web) async fn unlock(
    (state, visitor): (Data<State>, Visitor),
    key: Path<SnippetKey>,
    fields: Form<Fields>,
) -> Result<HttpResponse, WebError> {
    let snippet = state.snippets.load(&key).await?.ok_or(WebError::NotFound)?;
    let Some(lock) = &snippet.lock else {
        return Err(WebError::NotFound);
    };
    let opened = door::key_of(&state, visitor.network, &snippet, &fields.password).await?;
    let to = if fields.to.is_empty() { format!("/{key}") } else { own_path(&fields.to).to_owned() };
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, to))
        .insert_header((CACHE_CONTROL, "no-store"))
        .cookie(visitor.lock_cookie(lock, &opened))
        .finish())
}
