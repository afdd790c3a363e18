//! One revision to read, and bringing it back as the newest.

use std::sync::Arc;

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::snippets::key::SnippetKey;
use crate::snippets::revision::Revision;
use crate::snippets::store::{Edit, Seen};
use crate::web::accept::Form;
use crate::web::api::create::told;
use crate::web::api::read;
use crate::web::assets::Page;
use crate::web::colour::code;
use crate::web::colour::markup::Markup;
use crate::web::error::WebError;
use crate::web::headers;
use crate::web::moment::Moment;
use crate::web::raw;
use crate::web::secrets::door::{self, Entered};
use crate::web::state::State;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "revision.html")]
struct RevisionPage<'a> {
    page: Page,
    key: &'a str,
    title: &'a str,
    language: &'a str,
    number: u64,
    head: u64,
    saved: Moment,
    files: Vec<(&'a str, Arc<Markup>)>,
    is_owner: bool,
    expires: Option<Moment>,
}

/// `GET /{key}/{number}`
pub(in crate::web) async fn show(
    request: HttpRequest,
    (state, visitor): (Data<State>, Visitor),
    page: Page,
    address: Path<(SnippetKey, u64)>,
) -> Result<HttpResponse, WebError> {
    let (key, number) = address.into_inner();
    let (entered, revision) = load(&state, &visitor, &key, number).await?;
    let snippet = entered.snippet;
    let wanted = Form::wanted(request.headers());
    if wanted == Form::Json {
        return Ok(read::json((&request, &state), &snippet, (number, &revision.content)));
    }
    if wanted == Form::Text {
        let main = revision.content.program.files.into_iter().next().ok_or(WebError::NotFound)?;
        return Ok(raw::file(&main));
    }
    let program = &revision.content.program;
    let language = state.languages.get(&program.language).map_or(program.language.0.as_str(), |known| &known.name);
    let coloured = code::of_files(&program.language, &program.files).await;
    let template = RevisionPage {
        page,
        key: key.as_str(),
        title: &revision.content.title,
        language,
        number,
        head: snippet.head,
        saved: Moment(revision.created_ms),
        files: program.files.iter().map(|file| file.path.as_str()).zip(coloured).collect(),
        is_owner: snippet.owner.is(&visitor.hash),
        expires: snippet.expires_ms.map(Moment),
    };
    let mut builder = headers::snippet_answer();
    Ok(builder.content_type("text/html; charset=utf-8").body(template.render()?))
}

/// `POST /{key}/{number}/restore`: the same again, as a new revision.
pub(in crate::web) async fn restore(
    request: HttpRequest,
    (state, visitor): (Data<State>, Visitor),
    address: Path<(SnippetKey, u64)>,
) -> Result<HttpResponse, WebError> {
    let (key, number) = address.into_inner();
    let (entered, revision) = load(&state, &visitor, &key, number).await?;
    if !visitor.is_known() {
        return Err(WebError::NoToken);
    }
    let edit = Edit { content: &revision.content, seen: Seen::Any, keyring: &entered.keyring };
    let saved = state.snippets.save(&key, &visitor.hash, edit).await?;
    if Form::wanted(request.headers()) == Form::Page {
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, format!("/{key}"))).finish());
    }
    Ok(told(&mut HttpResponse::Ok(), &request, (&state, &visitor), &key, saved.revision()))
}

/// A snippet that is there, with one of its revisions.
pub(super) async fn load(
    state: &State,
    visitor: &Visitor,
    key: &SnippetKey,
    number: u64,
) -> Result<(Entered, Revision), WebError> {
    let entered = door::enter(state, visitor, key).await?;
    let revision = entered.revision(state, number).await?;
    Ok((entered, revision))
}
