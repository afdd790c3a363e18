//! A snippet's source as plain text, for curl and for reading without the page.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, VARY};
use actix_web::web::{Data, Path, Query};
use serde::Deserialize;

use crate::snippets::key::SnippetKey;
use crate::web::error::WebError;
use crate::web::headers::RAW_POLICY;
use crate::web::state::State;

/// Which file of which revision; the main file of the newest by default.
#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    file: Option<String>,
    revision: Option<u64>,
}

/// `GET /{key}/raw`, and `GET /{key}` from a program
pub(super) async fn show(
    state: Data<State>,
    key: Path<SnippetKey>,
    choice: Query<Choice>,
) -> Result<HttpResponse, WebError> {
    let snippet = state.snippets.load(&key).await?.ok_or(WebError::NotFound)?;
    let number = choice.revision.unwrap_or(snippet.head);
    let revision = state.snippets.revision(&key, number).await?.ok_or(WebError::NotFound)?;
    let wanted = |path: &str| choice.file.as_deref().is_none_or(|file| file == path);
    let mut files = revision.content.program.files.into_iter();
    let file = files.find(|file| wanted(&file.path)).ok_or(WebError::NotFound)?;
    Ok(HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, RAW_POLICY))
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header((VARY, "accept"))
        .insert_header(("x-robots-tag", "noindex"))
        .body(file.content))
}
