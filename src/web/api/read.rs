//! A snippet for programs: all of it as JSON, or its main file as text. `GET /{key}` when no browser asks.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;

use crate::languages::LanguageId;
use crate::program::file::SourceFile;
use crate::snippets::key::SnippetKey;
use crate::snippets::revision::Content;
use crate::snippets::store::Snippet;
use crate::web::accept::Form;
use crate::web::error::WebError;
use crate::web::headers;
use crate::web::links;
use crate::web::moment::Moment;
use crate::web::query::Query;
use crate::web::raw::{self, Choice};
use crate::web::secrets::door;
use crate::web::state::State;
use crate::web::visitor::Visitor;

/// What JSON tells of a snippet.
#[derive(Serialize)]
struct Told<'a> {
    key: &'a SnippetKey,
    url: String,
    /// The one that is told.
    revision: u64,
    /// The newest there is.
    newest: u64,
    title: &'a str,
    language: &'a LanguageId,
    /// The main file first.
    files: &'a [SourceFile],
    args: &'a [String],
    stdin: Option<&'a str>,
    created: String,
    /// Absent: never.
    expires: Option<String>,
    forked_from: Option<Origin<'a>>,
}

#[derive(Serialize)]
struct Origin<'a> {
    key: &'a SnippetKey,
    revision: u64,
}

/// `GET /{key}` from a program
pub(in crate::web) async fn show(
    request: HttpRequest,
    (state, visitor): (Data<State>, Visitor),
    key: Path<SnippetKey>,
    choice: Query<Choice>,
) -> Result<HttpResponse, WebError> {
    if Form::wanted(request.headers()) != Form::Json {
        return raw::chosen(&state, &visitor, &key, &choice).await;
    }
    if choice.revision.is_none()
        && let Some(view) = state.snippets.view(&key).await?
        && let Some(content) = &view.content
    {
        return Ok(json((&request, &state), &view.snippet, (view.snippet.head, content)));
    }
    let entered = door::enter(&state, &visitor, &key).await?;
    let revision = entered.revision(&state, choice.revision.unwrap_or(entered.snippet.head)).await?;
    Ok(json((&request, &state), &entered.snippet, (revision.number, &revision.content)))
}

/// One revision of a snippet, with all that belongs to it.
pub(in crate::web) fn json(
    (request, state): (&HttpRequest, &State),
    snippet: &Snippet,
    (revision, content): (u64, &Content),
) -> HttpResponse {
    let Content { title, program } = content;
    let told = Told {
        key: &snippet.key,
        url: links::of_snippet(request, state, &snippet.key),
        revision,
        newest: snippet.head,
        title,
        language: &program.language,
        files: &program.files,
        args: &program.arguments,
        stdin: program.stdin.as_deref(),
        created: Moment(snippet.created_ms).iso(),
        expires: snippet.expires_ms.map(|end| Moment(end).iso()),
        forked_from: snippet.forked_from.as_ref().map(|origin| Origin { key: &origin.key, revision: origin.revision }),
    };
    headers::snippet_answer().json(told)
}
