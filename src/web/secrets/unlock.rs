//! A password, from the page that asks for it. The cookie that comes back holds the key which the password yields, never
//! the password.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Data, Path};

use crate::snippets::key::SnippetKey;
use crate::web::error::WebError;
use crate::web::links::own_path;
use crate::web::posted::Posted;
use crate::web::secrets::door;
use crate::web::state::State;
use crate::web::visitor::Visitor;

/// `POST /{key}/unlock`, with `password`, and with `to` where another page than the snippet's asked for it.
pub(in crate::web) async fn unlock(
    (state, visitor): (Data<State>, Visitor),
    key: Path<SnippetKey>,
    form: Posted,
) -> Result<HttpResponse, WebError> {
    let password = form.the("password")?;
    let snippet = state.snippets.load(&key).await?.ok_or(WebError::NotFound)?;
    let Some(lock) = &snippet.lock else {
        return Err(WebError::NotFound);
    };
    let opened = door::key_of(&state, visitor.network, &snippet, password).await?;
    let to = form.of("to").map_or_else(|| format!("/{key}"), |to| own_path(to).to_owned());
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, to))
        .insert_header((CACHE_CONTROL, "no-store"))
        .cookie(visitor.lock_cookie(lock, &opened))
        .finish())
}
