//! The snippet's page, saved or fresh.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, LOCATION, RETRY_AFTER, VARY};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, HttpResponseBuilder};
use askama::Template;

use crate::languages::{Language, LanguageId};
use crate::program::Program;
use crate::snippets::key::SnippetKey;
use crate::snippets::lifetime::Lifetime;
use crate::snippets::store::Snippet;
use crate::web::arguments;
use crate::web::assets::Page;
use crate::web::colour::code;
use crate::web::colour::markup::Markup;
use crate::web::error::WebError;
use crate::web::fork_of::ForkOf;
use crate::web::form_fields::Chosen;
use crate::web::fresh_page::{Start, first_language, fresh};
use crate::web::kept_page::{self, Html, Name};
use crate::web::last_run::{self, LastRun};
use crate::web::moment::Moment;
use crate::web::note::Note;
use crate::web::query::Query;
use crate::web::snippet_data::SnippetData;
use crate::web::state::State;
use crate::web::story::Story;
use crate::web::view::{View, by_door, open};
use crate::web::visitor::Visitor;

/// Code that stands on the page a second time, in colour, for readers without a script.
const MAX_COLOURED_BYTES: usize = 32 * 1024;

#[derive(Template)]
#[template(path = "snippet.html")]
struct SnippetPage<'a> {
    page: Page,
    key: &'a str,
    title: &'a str,
    language: &'a Language,
    languages: &'a [Language],
    program: &'a Program,
    /// The files with their colours, for a reader without a script; empty for whoever is to edit.
    coloured: Vec<(&'a str, Arc<Markup>)>,
    main_text: Markup,
    /// The main file, if it is no text.
    main_base64: Option<String>,
    arguments_line: String,
    forked_from: Option<&'a ForkOf>,
    saved: bool,
    /// Whether other sites may show it: it asks for no password, and is not gone once it was read.
    is_public: bool,
    /// The newest revision, from which an edit starts; 0 before the first.
    revision: u64,
    may_save: bool,
    expires: Option<Moment>,
    is_protected: bool,
    /// The same, or it is a fork of something protected.
    was_protected: bool,
    chosen: Chosen,
    lifetimes: [Lifetime; 7],
    last_output: &'a Markup,
    last_message: &'a str,
    /// The revision that printed it, where that is not the newest.
    output_of: Option<u64>,
    /// What the visitor looked for is not here.
    missing: &'a str,
    notice: &'a str,
    kept: bool,
    data: SnippetData<'a>,
}

/// `GET /{key}`
pub(super) async fn show(
    state: Data<State>,
    page: Page,
    visitor: Visitor,
    key: Path<SnippetKey>,
    start: Query<Start>,
) -> Result<HttpResponse, WebError> {
    let found = state.snippets.view(&key).await?;
    let is_saved = visitor.note == Some(Note::Kept);
    if let Some(found) = found.as_ref().filter(|found| found.content.is_some() && !is_saved) {
        let (snippet, run) = (&found.snippet, found.latest_run.as_deref());
        let name = Name::of(&page.site, snippet, snippet.owner.is(&visitor.hash), run, obstacle(&state));
        if let Some(html) = kept_page::find(&name, &page.nonce) {
            let owned = name.is_owner.then_some(&snippet.language);
            return Ok(answer(&visitor, HttpResponse::Ok(), owned, html));
        }
    }
    let mut view = found.and_then(|found| open(&found));
    if view.is_none() {
        view = by_door(&state, &visitor, &key, None).await?;
    }
    match view {
        Some(view) if is_saved => show_saved(&state, page, &visitor, (key.into_inner(), view)).await,
        Some(view) => respond(&state, page, &visitor, view, None).await,
        None => show_fresh(&state, page, &visitor, (key.into_inner(), &start)).await,
    }
}

/// What a form has just saved; told once.
async fn show_saved(
    state: &State,
    page: Page,
    visitor: &Visitor,
    (key, view): (SnippetKey, View),
) -> Result<HttpResponse, WebError> {
    let told = view.snippet.as_ref().map(|snippet| format!("Saved as revision {}.", snippet.head));
    let response = respond(state, page, visitor, View { notice: told, ..view }, None).await?;
    Ok(without_note(response, visitor, &key))
}

/// A note is for one answer.
fn without_note(mut response: HttpResponse, visitor: &Visitor, key: &SnippetKey) -> HttpResponse {
    if let Some(spent) = visitor.spent_note(key) {
        // Fails only for names and values that no header can hold; ours are plain.
        let _ = response.add_cookie(&spent);
    }
    response
}

/// A fresh page, or the way back to what was just deleted.
///
/// That it was asked for is told once: what is loaded again, or sent to others, is a dead link.
async fn show_fresh(
    state: &State,
    page: Page,
    visitor: &Visitor,
    (key, start): (SnippetKey, &Start),
) -> Result<HttpResponse, WebError> {
    // Its owner, who came back within the minute, can still have it back.
    if visitor.is_known() && state.snippets.deleted_for(&key, &visitor.hash).await?.is_some() {
        let behind = format!("/{key}/deleted");
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, behind)).finish());
    }
    let view = fresh(state, visitor, key.clone(), start).await?;
    Ok(without_note(respond(state, page, visitor, view, None).await?, visitor, &key))
}

/// Answers with the page; with a story, it is the answer to what was not done.
pub(super) async fn respond(
    state: &State,
    page: Page,
    visitor: &Visitor,
    view: View,
    story: Option<&Story>,
) -> Result<HttpResponse, WebError> {
    let last = last_run::of_view(&state.runs, view.run.as_ref().map(|run| &run.id)).await?;
    let html = kept_or_written(state, page, visitor, &view, &last).await?;
    let found = if view.missing.is_some() { StatusCode::NOT_FOUND } else { StatusCode::OK };
    let status = story.map_or(found, |story| story.status);
    let mut builder = HttpResponse::build(status);
    if let Some(story) = story.filter(|story| matches!(story.status.as_u16(), 429 | 503)) {
        builder.insert_header((RETRY_AFTER, story.retry_seconds));
    }
    let owned = view.is_owned_by(visitor).then_some(&view.content.program.language);
    Ok(answer(visitor, builder, owned, html))
}

/// The answer that is a page; whoever owns the snippet is known by its language next time.
fn answer(visitor: &Visitor, mut builder: HttpResponseBuilder, owned: Option<&LanguageId>, html: Html) -> HttpResponse {
    builder.content_type("text/html; charset=utf-8").insert_header((CACHE_CONTROL, "no-store"));
    builder.insert_header((VARY, "accept")).insert_header(("x-robots-tag", "noindex"));
    visitor.cookie().map(|cookie| builder.cookie(cookie));
    if let Some(language) = owned.filter(|language| visitor.language.as_ref() != Some(&language.0)) {
        builder.cookie(visitor.language_cookie(&language.0));
    }
    builder.body(html)
}

/// The page; that of a saved snippet is written once for as long as nothing on it changes.
async fn kept_or_written(
    state: &State,
    page: Page,
    visitor: &Visitor,
    view: &View,
    last: &LastRun,
) -> Result<Html, WebError> {
    let is_as_saved = last.is_final && view.notice.is_none() && view.arguments_line.is_none() && !view.kept;
    let is_open = |snippet: &&Snippet| is_as_saved && snippet.lock.is_none() && !snippet.burns;
    let Some(snippet) = view.snippet.as_ref().filter(is_open) else {
        return Ok(write(state, page, visitor, view, (last, coloured(visitor, view).await))?.into());
    };
    let run = view.run.as_ref().map(|run| run.id.as_str());
    let name = Name::of(&page.site, snippet, view.is_owned_by(visitor), run, obstacle(state));
    let nonce = page.nonce.clone();
    if let Some(html) = kept_page::find(&name, &nonce) {
        return Ok(html);
    }
    let html = write(state, page, visitor, view, (last, coloured(visitor, view).await))?;
    kept_page::keep(name, &html, &nonce);
    Ok(html.into())
}

/// Why the server can run nothing now; the page says so.
fn obstacle(state: &State) -> Option<String> {
    state.readiness.borrow().obstacle().map(|obstacle| obstacle.message)
}

/// The files with their colours, where somebody reads what others wrote. What is too large is read at `/{key}/{n}`.
async fn coloured(visitor: &Visitor, view: &View) -> Vec<Arc<Markup>> {
    let program = &view.content.program;
    let bytes: usize = program.files.iter().map(|file| file.content.len()).sum();
    let is_read = view.snippet.is_some() && !view.is_owned_by(visitor) && view.arguments_line.is_none();
    if !is_read || bytes > MAX_COLOURED_BYTES {
        return Vec::new();
    }
    code::of_files(&program.language, &program.files).await
}

fn write(
    state: &State,
    page: Page,
    visitor: &Visitor,
    view: &View,
    (last, coloured): (&LastRun, Vec<Arc<Markup>>),
) -> Result<String, WebError> {
    let notice = view.notice.clone().or_else(|| obstacle(state));
    let program = &view.content.program;
    let main = &program.files[0].content;
    let language = state.languages.get(&program.language).or_else(|| first_language(&state.languages));
    let language = language.ok_or(WebError::NotFound)?;
    let template = SnippetPage {
        page,
        key: view.key.as_str(),
        title: &view.content.title,
        language,
        languages: state.languages.all(),
        program,
        coloured: program.files.iter().map(|file| file.path.as_str()).zip(coloured).collect(),
        main_text: Markup::of_field(&main.to_string()),
        main_base64: main.as_text().is_none().then(|| main.base64()),
        arguments_line: view.arguments_line.clone().unwrap_or_else(|| arguments::join(&program.arguments)),
        forked_from: view.forked_from.as_ref(),
        saved: view.snippet.is_some(),
        is_public: view.snippet.as_ref().is_none_or(|snippet| snippet.lock.is_none() && !snippet.burns),
        revision: view.revision(),
        may_save: view.snippet.is_none() || view.is_owned_by(visitor),
        expires: view.snippet.as_ref().and_then(|snippet| snippet.expires_ms).map(Moment),
        is_protected: view.snippet.as_ref().is_some_and(|snippet| snippet.lock.is_some()),
        was_protected: view.is_protected,
        chosen: view.chosen,
        lifetimes: Lifetime::ALL,
        last_output: &last.output,
        last_message: &last.message,
        output_of: view.output_of(),
        missing: view.missing.unwrap_or_default(),
        notice: notice.as_deref().unwrap_or_default(),
        kept: view.kept,
        data: SnippetData::of(state, visitor, view, language),
    };
    Ok(template.render()?)
}
