//! A snippet's end: when it expires, deletion, and the minute to take that back. By forms; programs have the same in
//! `api`.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::snippets::key::SnippetKey;
use crate::snippets::lifetime::Lifetime;
use crate::web::accept::Form;
use crate::web::api::create::told;
use crate::web::assets::Page;
use crate::web::error::WebError;
use crate::web::posted::Posted;
use crate::web::removal;
use crate::web::state::State;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "deleted.html")]
struct DeletedPage<'a> {
    page: Page,
    key: &'a str,
    /// For how long it can still be had back.
    seconds: u128,
}

/// `POST /{key}/expiry`
pub(in crate::web) async fn expire(
    request: HttpRequest,
    (state, visitor): (Data<State>, Visitor),
    key: Path<SnippetKey>,
    form: Posted,
) -> Result<HttpResponse, WebError> {
    let lifetime = Lifetime::parse(form.the("expires")?).ok_or(WebError::BadLifetime)?;
    let snippet = state.snippets.load(&key).await?.ok_or(WebError::NotFound)?;
    if !visitor.is_known() {
        return Err(WebError::NoToken);
    }
    state.snippets.expire(&key, &visitor.hash, lifetime).await?;
    removal::keep_runs(&state, &snippet).await?;
    if Form::wanted(request.headers()) == Form::Page {
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("/{key}/revisions"))).finish());
    }
    Ok(told(&mut HttpResponse::Ok(), &request, (&state, &visitor), &key, snippet.head))
}

/// `POST /{key}/delete`
pub(in crate::web) async fn delete(
    (state, visitor): (Data<State>, Visitor),
    key: Path<SnippetKey>,
) -> Result<HttpResponse, WebError> {
    removal::delete(&state, &key, &visitor.hash).await?;
    // What is loaded again is the page behind it, and not the deletion.
    Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("/{key}/deleted"))).finish())
}

/// `GET /{key}/deleted`: what its owner sees for as long as it can be had back, and nobody else.
pub(in crate::web) async fn deleted(
    (state, visitor): (Data<State>, Visitor),
    page: Page,
    key: Path<SnippetKey>,
) -> Result<HttpResponse, WebError> {
    let left = state.snippets.deleted_for(&key, &visitor.hash).await?.ok_or(WebError::NotFound)?;
    let html = DeletedPage { page, key: key.as_str(), seconds: left.as_millis().div_ceil(1000) }.render()?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-robots-tag", "noindex"))
        .body(html))
}

/// `POST /{key}/undelete`
pub(in crate::web) async fn undelete(
    request: HttpRequest,
    (state, visitor): (Data<State>, Visitor),
    key: Path<SnippetKey>,
) -> Result<HttpResponse, WebError> {
    if !visitor.is_known() {
        return Err(WebError::NoToken);
    }
    removal::undelete(&state, &key, &visitor.hash).await?;
    if Form::wanted(request.headers()) == Form::Page {
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("/{key}"))).finish());
    }
    let snippet = state.snippets.load(&key).await?.ok_or(WebError::NotFound)?;
    Ok(told(&mut HttpResponse::Ok(), &request, (&state, &visitor), &key, snippet.head))
}
