//! Taking snippets to another device: a link and its QR code, used once and soon. Opening it changes nothing; a button
//! on its page does.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use askama::Template;
use serde::Deserialize;

use crate::seal::SealKey;
use crate::snippets::key::SnippetKey;
use crate::snippets::moving::Moved;
use crate::snippets::ownership::MAX_LISTED;
use crate::snippets::store::SnippetError;
use crate::web::accept::Form;
use crate::web::api::create::EDIT_TOKEN;
use crate::web::assets::Page;
use crate::web::error::WebError;
use crate::web::query::Query;
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
    /// Snippets of the visitor that would be the sender's as well.
    own: usize,
    /// There may be more of them.
    is_full: bool,
}

/// What was chosen on the page.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Choice {
    /// The visitor's own snippets may join those that are sent.
    join: Option<String>,
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
    match Form::wanted(request.headers()) {
        Form::Page => {}
        Form::Json => return Ok(for_program().json(serde_json::json!({ "url": link }))),
        Form::Text => return Ok(for_program().content_type("text/plain; charset=utf-8").body(format!("{link}\n"))),
    }
    let html = MovePage { page, key: key.map(SnippetKey::as_str), token: token.reveal(), link }.render()?;
    Ok(answer(html))
}

fn for_program() -> HttpResponseBuilder {
    let mut builder = HttpResponse::Ok();
    builder.insert_header((CACHE_CONTROL, "no-store"));
    builder
}

fn link(request: &HttpRequest, state: &State, token: &SealKey) -> String {
    format!("{}/move/{}", links::site(request, state), token.reveal())
}

/// `GET /move/{token}`
pub(in crate::web) async fn arrive(
    request: HttpRequest,
    (state, visitor): (Data<State>, Visitor),
    page: Page,
    token: Path<String>,
) -> Result<HttpResponse, WebError> {
    let key = SealKey::parse(&token).ok_or(WebError::NotFound)?;
    let own = joining(&state, &visitor, &key).await?;
    let link = link(&request, &state, &key);
    Ok(match Form::wanted(request.headers()) {
        Form::Page => answer(question(page, &token, own)?),
        Form::Json => for_program().json(serde_json::json!({ "url": link, "joining": own })),
        Form::Text => for_program().content_type("text/plain; charset=utf-8").body(format!(
            "This link makes you the owner of what another device sent. Looking changes nothing; this takes it, once:\n\n  \
             curl -i -X POST {link}\n"
        )),
    })
}

fn question(page: Page, token: &str, own: usize) -> Result<String, WebError> {
    let is_full = isize::try_from(own).is_ok_and(|own| own >= MAX_LISTED);
    Ok(ArrivePage { page, token, own, is_full }.render()?)
}

/// How many snippets of the visitor would join those of the link: a browser has one secret, so with that of another
/// device its own snippets must be the other's as well, or nobody's.
async fn joining(state: &State, visitor: &Visitor, token: &SealKey) -> Result<usize, WebError> {
    match state.snippets.carried(token).await.map_err(used)? {
        Moved::All(secret) if visitor.is_known() && !secret.hash().is(&visitor.hash) => {
            Ok(state.snippets.owned_by(&visitor.hash).await?.len())
        }
        Moved::All(_) | Moved::One(_) => Ok(0),
    }
}

fn used(error: SnippetError) -> WebError {
    match error {
        SnippetError::Missing | SnippetError::NotOwner => WebError::Refused(Refusal::MoveUsed),
        error => error.into(),
    }
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

/// `POST /move/{token}`: takes what the link carries. Where the visitor's own snippets would become the sender's, it asks
/// again, unless `?join` says that they may.
pub(in crate::web) async fn take(
    request: HttpRequest,
    (state, mut visitor): (Data<State>, Visitor),
    page: Page,
    token: Path<String>,
    choice: Query<Choice>,
) -> Result<HttpResponse, WebError> {
    let key = SealKey::parse(&token).ok_or(WebError::NotFound)?;
    let is_page = Form::wanted(request.headers()) == Form::Page;
    let moved = if choice.join.is_some() {
        state.snippets.take_moved_and_join(&key, &visitor.hash).await
    } else {
        let own = joining(&state, &visitor, &key).await?;
        if own > 0 {
            return if is_page { asked_again(page, &token, own) } else { Err(WebError::Refused(Refusal::WouldJoin)) };
        }
        state.snippets.take_moved(&key, &visitor.hash).await
    };
    let to = match moved.map_err(used)? {
        Moved::One(key) => format!("/{key}"),
        Moved::All(secret) => {
            visitor.become_owner(secret);
            "/mine".to_owned()
        }
    };
    if !is_page {
        return Ok(taken(&request, &state, &visitor, &to));
    }
    let mut builder = HttpResponse::SeeOther();
    builder.insert_header((LOCATION, to)).insert_header((CACHE_CONTROL, "no-store"));
    visitor.cookie().map(|cookie| builder.cookie(cookie));
    Ok(builder.finish())
}

fn asked_again(page: Page, token: &str, own: usize) -> Result<HttpResponse, WebError> {
    let mut asked = answer(question(page, token, own)?);
    *asked.status_mut() = StatusCode::CONFLICT;
    Ok(asked)
}

/// Where a program finds what is its own now, and the token that owns it, unless it has that. Nothing is asked of storage
/// any more: the link is used up, and what it brought must not be lost for a failure.
fn taken(request: &HttpRequest, state: &State, visitor: &Visitor, to: &str) -> HttpResponse {
    let url = format!("{}{to}", links::site(request, state));
    let token = visitor.edit_token();
    let mut builder = for_program();
    builder.insert_header((LOCATION, url.as_str()));
    if let Some(token) = &token {
        builder.insert_header((EDIT_TOKEN, token.as_str()));
    }
    match Form::wanted(request.headers()) {
        Form::Json => builder.json(serde_json::json!({ "url": url, "edit_token": token })),
        Form::Page | Form::Text => builder.content_type("text/plain; charset=utf-8").body(format!("{url}\n")),
    }
}

fn answer(html: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-robots-tag", "noindex"))
        .body(html)
}
