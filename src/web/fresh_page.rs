//! The fresh page: one that is not saved yet, and the way to it.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::languages::{Language, Languages};
use crate::program::Program;
use crate::program::file::SourceFile;
use crate::snippets::key::SnippetKey;
use crate::snippets::revision::Content;
use crate::web::error::WebError;
use crate::web::fork_of::ForkOf;
use crate::web::note::Note;
use crate::web::state::State;
use crate::web::view::{View, fork_of, unsaved};
use crate::web::visitor::Visitor;

/// The language of the very first page.
const FIRST_LANGUAGE: &str = "python";
/// Told where nobody asked for a fresh page. One sentence for all that were never here and all that are gone.
const NO_SNIPPET: &str = "No snippet is at this address: it was never saved, has expired or was deleted, or the link is mistyped. \
                          What you write below becomes a new one.";
/// Told where something was to be copied.
const NO_ORIGIN: &str = "There is nothing to fork at that address: it was never saved, has expired or was deleted, or the link is \
                         mistyped. What you write below becomes a new snippet.";

/// What a fresh page may be asked to start with.
#[derive(Debug, Deserialize)]
pub(super) struct Start {
    fork: Option<String>,
    /// Of the snippet to fork; the newest when not given.
    revision: Option<u64>,
    language: Option<String>,
}

/// `GET /`: to a fresh page; nothing is stored.
pub(super) async fn home(request: HttpRequest, visitor: Visitor) -> HttpResponse {
    let query = request.query_string();
    let separator = if query.is_empty() { "" } else { "?" };
    let key = SnippetKey::random();
    let address = format!("/{key}{separator}{query}");
    let mut builder = HttpResponse::SeeOther();
    builder.insert_header((LOCATION, address)).insert_header((CACHE_CONTROL, "no-store"));
    builder.cookie(visitor.note_cookie(Note::Fresh, &key)).finish()
}

/// What stands on it. Whoever did not ask for a fresh page followed a dead link, and is told so.
pub(super) async fn fresh(state: &State, visitor: &Visitor, key: SnippetKey, start: &Start) -> Result<View, WebError> {
    if let Some(origin) = start.fork.as_deref().and_then(SnippetKey::parse)
        && let origin = (ForkOf { key: origin, revision: start.revision })
        && let Some(fork) = fork_of(state, visitor, key.clone(), &origin).await?
    {
        return Ok(fork);
    }
    let wanted = [start.language.as_deref(), visitor.language.as_deref()];
    let wanted = wanted.into_iter().flatten().find_map(|word| state.languages.find(word));
    let language = wanted.or_else(|| first_language(&state.languages)).ok_or(WebError::NotFound)?;
    let missing = match &start.fork {
        Some(_) => Some(NO_ORIGIN),
        None => (visitor.note != Some(Note::Fresh)).then_some(NO_SNIPPET),
    };
    Ok(View { missing, ..unsaved(key, hello(language)) })
}

pub(super) fn first_language(languages: &Languages) -> Option<&Language> {
    languages.find(FIRST_LANGUAGE).or_else(|| languages.all().first())
}

fn hello(language: &Language) -> Content {
    let files = vec![SourceFile::text(&language.main, &language.hello)];
    let program = Program { language: language.id.clone(), files, arguments: Vec::new(), stdin: None };
    Content { title: String::new(), program }
}
