//! Taking snippets to another device: a link and its QR code, used once and soon. Opening it changes nothing; a button
//! on its page does.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::snippets::key::SnippetKey;
use crate::snippets::moving::Moved;
use crate::snippets::seal::SealKey;
use crate::snippets::store::SnippetError;
use crate::web::assets::Page;
use crate::web::error::WebError;
use crate::web::refusal::Refusal;
use crate::web::state::State;
use crate::web::visitor::Visitor;
use crate::web::{links, qr};

#[derive(Template)]
#[template(path = "move.html")]
struct MovePage<'a> {
    page: Page,
    /// The snippet; all of them without it.
    key: Option<&'a str>,
    token: String,
    link: String,
}

#[derive(Template)]
#[template(path = "arrive.html")]
struct ArrivePage<'a> {
    page: Page,
    token: &'a str,
}

/// `POST /mine/move`: a link for all snippets of this visitor.
pub(in crate::web) async fn all(
    request: HttpRequest,
    (state, visitor): (Data<State>, Visitor),
    page: Page,
) -> Result<HttpResponse, WebError> {
    if !visitor.is_known() {
        return Err(WebError::NoToken);
    }
    let token = state.snippets.moving_all(&visitor.secret).await?;
    shown(&request, &state, page, None, &token)
}

/// `POST /{key}/move`: a link for one.
pub(in crate::web) async fn one(
    request: HttpRequest,
    (state, visitor): (Data<State>, Visitor),
    page: Page,
    key: Path<SnippetKey>,
) -> Result<HttpResponse, WebError> {
    if !visitor.is_known() {
        return Err(WebError::NoToken);
    }
    let token = state.snippets.moving_one(&key, &visitor.hash).await?;
    shown(&request, &state, page, Some(&key), &token)
}

fn shown(
    request: &HttpRequest,
    state: &State,
    page: Page,
    key: Option<&SnippetKey>,
    token: &SealKey,
) -> Result<HttpResponse, WebError> {
    let link = link(request, state, token);
    let html = MovePage { page, key: key.map(SnippetKey::as_str), token: token.reveal(), link }.render()?;
    Ok(answer(html))
}

fn link(request: &HttpRequest, state: &State, token: &SealKey) -> String {
    format!("{}/move/{}", links::site(request, state), token.reveal())
}

/// `GET /move/{token}`
pub(in crate::web) async fn arrive(
    state: Data<State>,
    page: Page,
    token: Path<String>,
) -> Result<HttpResponse, WebError> {
    let key = SealKey::parse(&token).ok_or(WebError::NotFound)?;
    if !state.snippets.can_be_moved(&key).await? {
        return Err(WebError::Refused(Refusal::MoveUsed));
    }
    Ok(answer(ArrivePage { page, token: &token }.render()?))
}

/// `GET /move/{token}/qr.svg`
pub(in crate::web) async fn code(
    request: HttpRequest,
    state: Data<State>,
    token: Path<String>,
) -> Result<HttpResponse, WebError> {
    let token = SealKey::parse(&token).ok_or(WebError::NotFound)?;
    qr::answer(&link(&request, &state, &token))
}

/// `POST /move/{token}`: takes what the link carries.
pub(in crate::web) async fn take(
    (state, mut visitor): (Data<State>, Visitor),
    token: Path<String>,
) -> Result<HttpResponse, WebError> {
    let token = SealKey::parse(&token).ok_or(WebError::NotFound)?;
    let moved = state.snippets.take_moved(&token, &visitor.hash).await.map_err(|error| match error {
        SnippetError::Missing | SnippetError::NotOwner => WebError::Refused(Refusal::MoveUsed),
        error => error.into(),
    })?;
    let to = match moved {
        Moved::One(key) => format!("/{key}"),
        Moved::All(secret) => {
            visitor.become_owner(secret);
            "/mine".to_owned()
        }
    };
    let mut builder = HttpResponse::SeeOther();
    builder.insert_header((LOCATION, to)).insert_header((CACHE_CONTROL, "no-store"));
    visitor.cookie().map(|cookie| builder.cookie(cookie));
    Ok(builder.finish())
}

fn answer(html: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-robots-tag", "noindex"))
        .body(html)
}
