//! Two revisions compared.

use actix_web::web::{Data, Path, block};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::snippets::key::SnippetKey;
use crate::web::accept::Form;
use crate::web::assets::Page;
use crate::web::error::WebError;
use crate::web::headers;
use crate::web::history::difference::{self, FileDifference};
use crate::web::history::revision;
use crate::web::moment::Moment;
use crate::web::query::Query;
use crate::web::raw;
use crate::web::state::State;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "diff.html")]
struct DiffPage<'a> {
    page: Page,
    key: &'a str,
    title: &'a str,
    from: u64,
    to: u64,
    expires: Option<Moment>,
    files: &'a [FileDifference],
}

/// Which two.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Two {
    from: u64,
    /// The newest when not given.
    to: Option<u64>,
}

/// `GET /{key}/diff?from=1&to=2`
pub(in crate::web) async fn show(
    request: HttpRequest,
    (state, visitor): (Data<State>, Visitor),
    page: Page,
    key: Path<SnippetKey>,
    two: Query<Two>,
) -> Result<HttpResponse, WebError> {
    let (entered, old) = revision::load(&state, &visitor, &key, two.from).await?;
    let to = two.to.unwrap_or(entered.snippet.head);
    let new = entered.revision(&state, to).await?;
    let (before, after) = (old.content.program.files, new.content.program.files);
    if Form::wanted(request.headers()) != Form::Page {
        // Comparing may take a while; other requests go on meanwhile.
        return Ok(raw::text(block(move || difference::patch(&before, &after)).await?));
    }
    let files = block(move || difference::of_files(&before, &after)).await?;
    let (key, title) = (key.as_str(), new.content.title.as_str());
    let expires = entered.snippet.expires_ms.map(Moment);
    let html = DiffPage { page, key, title, from: two.from, to, expires, files: &files }.render()?;
    let mut builder = headers::snippet_answer();
    Ok(builder.content_type("text/html; charset=utf-8").body(html))
}
