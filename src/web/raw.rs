//! A snippet's source as plain text, for curl and for reading without the page. Whatever it holds, a browser never
//! takes it for anything else.

use std::sync::Arc;

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Deserialize;

use crate::program::file::{FileContent, SourceFile};
use crate::snippets::key::SnippetKey;
use crate::snippets::revision::Content;
use crate::web::error::WebError;
use crate::web::headers::{self, RAW_POLICY};
use crate::web::query::Query;
use crate::web::secrets::door;
use crate::web::state::State;
use crate::web::visitor::Visitor;

/// Which file of which revision; the main file of the newest by default.
#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    file: Option<String>,
    pub(super) revision: Option<u64>,
    /// Present: to be kept as a file, not shown.
    download: Option<String>,
}

/// `GET /{key}/raw`
pub(super) async fn show(
    (state, visitor): (Data<State>, Visitor),
    key: Path<SnippetKey>,
    choice: Query<Choice>,
) -> Result<HttpResponse, WebError> {
    chosen(&state, &visitor, &key, &choice).await
}

/// `GET /{key}/raw/{path}`
pub(super) async fn show_path(
    (state, visitor): (Data<State>, Visitor),
    address: Path<(SnippetKey, String)>,
    choice: Query<Choice>,
) -> Result<HttpResponse, WebError> {
    let (key, path) = address.into_inner();
    chosen(&state, &visitor, &key, &Choice { file: Some(path), ..choice.into_inner() }).await
}

/// What that revision holds; the newest by default. What anybody may read is asked for by one question.
async fn content(
    state: &State,
    visitor: &Visitor,
    key: &SnippetKey,
    number: Option<u64>,
) -> Result<Arc<Content>, WebError> {
    if number.is_none()
        && let Some(content) = state.snippets.view(key).await?.and_then(|view| view.content.clone())
    {
        return Ok(content);
    }
    let entered = door::enter(state, visitor, key).await?;
    let revision = entered.revision(state, number.unwrap_or(entered.snippet.head)).await?;
    Ok(Arc::new(revision.content))
}

/// The file that was chosen.
pub(super) async fn chosen(
    state: &State,
    visitor: &Visitor,
    key: &SnippetKey,
    choice: &Choice,
) -> Result<HttpResponse, WebError> {
    let content = content(state, visitor, key, choice.revision).await?;
    let wanted = |path: &str| choice.file.as_deref().is_none_or(|file| file == path);
    let mut files = content.program.files.iter();
    let file = files.find(|file| wanted(&file.path)).ok_or(WebError::NotFound)?;
    let mut response = self::file(file);
    if choice.download.is_some() {
        response.headers_mut().insert(CONTENT_DISPOSITION, as_attachment(&file.path));
    }
    Ok(response)
}

/// A file as nothing but text, or as bytes that a browser keeps and never shows.
pub(super) fn file(file: &SourceFile) -> HttpResponse {
    match &file.content {
        FileContent::Text(content) => text(content.clone()),
        FileContent::Binary(bytes) => {
            let mut builder = protected();
            builder
                .content_type("application/octet-stream")
                .insert_header((CONTENT_DISPOSITION, as_attachment(&file.path)));
            builder.body(bytes.clone())
        }
    }
}

/// Text as nothing but text.
pub(super) fn text(text: String) -> HttpResponse {
    protected().content_type("text/plain; charset=utf-8").body(text)
}

fn protected() -> HttpResponseBuilder {
    let mut builder = headers::snippet_answer();
    builder.insert_header((CONTENT_SECURITY_POLICY, RAW_POLICY));
    builder
}

/// A download under the path's last part; all but letters, digits and a few signs is written as hexadecimal.
fn as_attachment(path: &str) -> HeaderValue {
    let name = path.rsplit('/').next().unwrap_or_default();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._".contains(byte);
    let encoded: String = name
        .as_bytes()
        .iter()
        .map(|byte| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    let header = HeaderValue::try_from(format!("attachment; filename*=UTF-8''{encoded}"));
    header.unwrap_or_else(|_| HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_downloads_name_cannot_break_its_header() {
        assert_eq!(as_attachment("a/b c\r\n\"é.py"), "attachment; filename*=UTF-8''b%20c%0D%0A%22%C3%A9.py");
    }
}
