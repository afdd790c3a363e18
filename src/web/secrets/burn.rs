//! Reading what can be read once. Only a POST does it: previews and crawlers follow links, and that burns nothing.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::program::Program;
use crate::snippets::key::SnippetKey;
use crate::snippets::revision::Content;
use crate::web::accept::Form;
use crate::web::api::read;
use crate::web::archive;
use crate::web::arguments;
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
    program: &'a Program,
    arguments_line: String,
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
    let wanted = Form::wanted(request.headers());
    if wanted != Form::Page {
        let mut response = match wanted {
            Form::Json => read::json((&request, &state), &entered.snippet, (revision.number, &revision.content)),
            _ => for_program(&key, &revision.content)?,
        };
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        return Ok(response);
    }
    let program = &revision.content.program;
    let language = state.languages.get(&program.language).map_or(program.language.0.as_str(), |known| &known.name);
    let arguments_line = arguments::join(&program.arguments);
    let html = BurntPage { page, title: &revision.content.title, language, program, arguments_line }.render()?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header(("x-robots-tag", "noindex"))
        .body(html))
}

/// The files, as text where text can hold them.
fn for_program(key: &SnippetKey, content: &Content) -> Result<HttpResponse, WebError> {
    let files = &content.program.files;
    if files.len() > 1 && files.iter().any(|file| file.content.as_text().is_none()) {
        return archive::as_zip(key, files);
    }
    let response = archive::as_text(files);
    let has_policy = response.headers().contains_key(CONTENT_SECURITY_POLICY);
    debug_assert!(has_policy, "a stranger's text has the policy of raw views");
    Ok(response)
}
