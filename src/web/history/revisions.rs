//! The list of a snippet's revisions, and what its owner can do about its life.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::snippets::forks::Fork;
use crate::snippets::history::Entry;
use crate::snippets::key::SnippetKey;
use crate::snippets::lifetime::Lifetime;
use crate::snippets::store::{Origin, Snippet};
use crate::web::accept::Form;
use crate::web::assets::Page;
use crate::web::error::WebError;
use crate::web::headers;
use crate::web::history::forks::ForkLine;
use crate::web::moment::Moment;
use crate::web::secrets::door::{self, Entered};
use crate::web::state::State;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "revisions.html")]
struct RevisionsPage<'a> {
    page: Page,
    key: &'a str,
    title: &'a str,
    head: u64,
    lines: Vec<RevisionLine<'a>>,
    /// How many of the oldest are gone.
    gone: u64,
    is_owner: bool,
    is_protected: bool,
    expires: Option<Moment>,
    forked_from: Option<&'a Origin>,
    /// What was made from it, as far as anybody may know.
    forks: Vec<ForkLine<'a>>,
    lifetimes: [Lifetime; 7],
}

struct RevisionLine<'a> {
    number: u64,
    saved: Moment,
    title: &'a str,
    language: &'a str,
    files: usize,
    bytes: usize,
}

/// `GET /{key}/revisions`
pub(in crate::web) async fn show(
    request: HttpRequest,
    (state, visitor): (Data<State>, Visitor),
    page: Page,
    key: Path<SnippetKey>,
) -> Result<HttpResponse, WebError> {
    let Entered { snippet, keyring } = door::enter(&state, &visitor, &key).await?;
    let history = state.snippets.history(&snippet, &keyring).await?;
    let mut builder = headers::snippet_answer();
    Ok(match Form::wanted(request.headers()) {
        Form::Page => {
            let forks = state.snippets.forks_of(&snippet.key).await?;
            let html = html(&state, page, &snippet, (&history, &forks), &visitor)?;
            builder.content_type("text/html; charset=utf-8").body(html)
        }
        Form::Json => builder.json(history.iter().map(json).collect::<Vec<_>>()),
        Form::Text => {
            builder.content_type("text/plain; charset=utf-8").body(history.iter().map(text).collect::<String>())
        }
    })
}

fn html(
    state: &State,
    page: Page,
    snippet: &Snippet,
    (history, forks): (&[Entry], &[Fork]),
    visitor: &Visitor,
) -> Result<String, WebError> {
    let language = |entry: &Entry| state.languages.get(&entry.summary.language).map(|language| language.name.as_str());
    let lines = history.iter().map(|entry| RevisionLine {
        number: entry.revision,
        saved: Moment(entry.created_ms),
        title: &entry.summary.title,
        language: language(entry).unwrap_or(&entry.summary.language.0),
        files: entry.summary.files,
        bytes: entry.summary.bytes,
    });
    let template = RevisionsPage {
        page,
        key: snippet.key.as_str(),
        title: history.first().map_or("", |newest| &newest.summary.title),
        head: snippet.head,
        lines: lines.collect(),
        gone: history.last().map_or(0, |oldest| oldest.revision - 1),
        is_owner: snippet.owner.is(&visitor.hash),
        is_protected: snippet.lock.is_some(),
        expires: snippet.expires_ms.map(Moment),
        forked_from: snippet.forked_from.as_ref(),
        forks: forks.iter().map(|fork| ForkLine::of(state, fork)).collect(),
        lifetimes: Lifetime::ALL,
    };
    Ok(template.render()?)
}

fn json(entry: &Entry) -> serde_json::Value {
    let summary = &entry.summary;
    serde_json::json!({
        "revision": entry.revision, "saved": Moment(entry.created_ms).iso(), "title": summary.title,
        "language": summary.language, "files": summary.files, "bytes": summary.bytes,
    })
}

fn text(entry: &Entry) -> String {
    let summary = &entry.summary;
    let saved = Moment(entry.created_ms).iso();
    let files = if summary.files == 1 { "file" } else { "files" };
    let line = format!(
        "{}\t{saved}\t{}\t{} {files}\t{} bytes\t{}",
        entry.revision, summary.language, summary.files, summary.bytes, summary.title
    );
    format!("{}\n", line.trim_end())
}
