//! Reading what can be read once. Only a POST does it: previews and crawlers follow links, and that burns nothing.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::program::file::SourceFile;
use crate::snippets::key::SnippetKey;
use crate::web::accept::Form;
use crate::web::archive;
use crate::web::assets::Page;
use crate::web::error::WebError;
use crate::web::secrets::door;
use crate::web::state::State;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "burnt.html")]
struct BurntPage<'a> {
    page: Page,
    title: &'a str,
    language: &'a str,
    files: &'a [SourceFile],
}

/// `POST /{key}/burn`
pub(in crate::web) async fn burn(
    request: HttpRequest,
    (state, visitor): (Data<State>, Visitor),
    page: Page,
    key: Path<SnippetKey>,
) -> Result<HttpResponse, WebError> {
    let entered = door::unlocked(&state, &visitor, &key).await?.ok_or(WebError::NotFound)?;
    if !entered.snippet.burns {
        return Err(WebError::NotFound);
    }
    // While the snippet still names them.
    state.runs.forget_runs_of(key.as_str()).await?;
    let revision = state.snippets.burn(&entered.snippet, &entered.keyring).await?;
    let files = &revision.content.program.files;
    if Form::wanted(request.headers()) != Form::Page {
        let mut response = archive::as_text(files);
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, actix_web::http::header::HeaderValue::from_static("no-store"));
        debug_assert!(headers.contains_key(CONTENT_SECURITY_POLICY), "a stranger's text has the policy of raw views");
        return Ok(response);
    }
    let language = &revision.content.program.language;
    let language = state.languages.get(language).map_or(language.0.as_str(), |known| &known.name);
    let html = BurntPage { page, title: &revision.content.title, language, files }.render()?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-robots-tag", "noindex"))
        .body(html))
}
