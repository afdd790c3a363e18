//! The small page for frames of other sites: code, last output, Run. It needs no script, knows no visitor, and can
//! change nothing: what it runs is the snippet as it is, for whoever pressed the button.

use std::ops::RangeInclusive;
use std::sync::Arc;

use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::runs::request::{Control, RunRequest};
use crate::snippets::key::SnippetKey;
use crate::web::assets::Page;
use crate::web::colour::code;
use crate::web::colour::markup::Markup;
use crate::web::error::WebError;
use crate::web::last_run::LastRun;
use crate::web::moment::Moment;
use crate::web::network::Network;
use crate::web::query::Query;
use crate::web::run_result::{self, Around};
use crate::web::sharing::public::{self, Public};
use crate::web::state::State;
use crate::web::submission;

/// How the page should look, as the address says.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Options {
    /// `light` or `dark`; anything else: as the visitor's system.
    theme: Option<String>,
    /// `3-10`, `3-` or `3`.
    lines: Option<String>,
    /// Path of the file to show; the main file when not given.
    file: Option<String>,
}

#[derive(Template)]
#[template(path = "embed.html")]
struct EmbedPage<'a> {
    page: Page,
    key: &'a str,
    title: &'a str,
    language: &'a str,
    expires: Option<Moment>,
    theme: &'static str,
    /// The options again, behind the form's address.
    query: &'a str,
    path: &'a str,
    /// Other files, which are not shown.
    others: usize,
    numbers: String,
    code: Markup,
    last: Option<&'a LastRun>,
    /// The revision that the last run ran, where that is not the newest.
    output_of: Option<u64>,
    /// The output of a run follows the page as it is printed.
    is_running: bool,
}

#[derive(Template)]
#[template(path = "embed_tail.html")]
struct EmbedTail<'a> {
    key: &'a str,
    message: &'a str,
    tone: &'a str,
    /// It had no input, and could not ask for any.
    is_silent: bool,
}

/// `GET /{key}/embed`
pub(in crate::web) async fn show(
    request: HttpRequest,
    state: Data<State>,
    page: Page,
    key: Path<SnippetKey>,
    options: Query<Options>,
) -> Result<HttpResponse, WebError> {
    let public = public::load(&state, &key).await?.ok_or(WebError::NotFound)?;
    let last = public.last_run(&state).await?;
    let html = write(&request, &state, page, (&public, &options), Some(&last)).await?;
    let mut builder = HttpResponse::Ok();
    builder.insert_header((CACHE_CONTROL, "private, no-cache")).insert_header(("x-robots-tag", "noindex"));
    Ok(builder.content_type("text/html; charset=utf-8").body(html))
}

/// `POST /{key}/embed`: the same page, growing as the program prints.
pub(in crate::web) async fn run(
    request: HttpRequest,
    state: Data<State>,
    page: Page,
    key: Path<SnippetKey>,
    options: Query<Options>,
) -> Result<HttpResponse, WebError> {
    let public = public::load(&state, &key).await?.ok_or(WebError::NotFound)?;
    submission::check_ready(&state)?;
    // The line end right after `<pre>` is no content.
    let head = write(&request, &state, page, (&public, &options), None).await? + "\n";
    let id = submission::fresh_run();
    let follower = state.feed.follow_log(&state.runs, id.clone(), 0);
    // A run of its own, not the snippet's: what strangers try must not replace the output that the link shows.
    let run = RunRequest { program: public.content.program.clone(), terminal: None, snippet: None, stdin_bytes: None };
    let visitor = Network::of(&request, &state.settings).name();
    submission::submit(&state.runs, &id, &run, &visitor).await?;
    state.runs.control(&id, &Control::Eof).await?;
    let is_silent = public.content.program.stdin.as_deref().unwrap_or_default().is_empty();
    let key = key.into_inner();
    let tail = move |message: &str, tone: &str| EmbedTail { key: key.as_str(), message, tone, is_silent }.render();
    Ok(run_result::stream(&state, Around { head, tail: Box::new(tail) }, follower))
}

async fn write(
    request: &HttpRequest,
    state: &State,
    page: Page,
    (public, options): (&Public, &Options),
    last: Option<&LastRun>,
) -> Result<String, WebError> {
    let program = &public.content.program;
    let wanted = |path: &str| options.file.as_deref().is_none_or(|file| file == path);
    let file = program.files.iter().find(|file| wanted(&file.path)).ok_or(WebError::NotFound)?;
    let coloured = code::of_files(&program.language, std::slice::from_ref(file)).await;
    let all = file.content.to_string().lines().count().max(1);
    let lines = options.lines.as_deref().and_then(|lines| range(lines, all)).unwrap_or(1..=all);
    let language = state.languages.get(&program.language).map_or(program.language.0.as_str(), |known| &known.name);
    let template = EmbedPage {
        page,
        key: public.snippet.key.as_str(),
        title: public.title(),
        language,
        expires: public.snippet.expires_ms.map(Moment),
        theme: theme(options),
        query: request.query_string(),
        path: &file.path,
        others: program.files.len() - 1,
        numbers: lines.clone().map(|number| format!("{number}\n")).collect(),
        code: coloured.first().map(|code: &Arc<Markup>| code.lines(&lines)).unwrap_or_default(),
        is_running: last.is_none(),
        output_of: public.output_of,
        last: last.filter(|last| !last.message.is_empty()),
    };
    Ok(template.render()?)
}

fn theme(options: &Options) -> &'static str {
    match options.theme.as_deref() {
        Some("light") => "light",
        Some("dark") => "dark",
        _ => "system",
    }
}

/// Lines as an address names them, within those that there are.
fn range(text: &str, all: usize) -> Option<RangeInclusive<usize>> {
    let (first, last): (usize, usize) = match text.split_once('-') {
        Some((first, "")) => (first.parse().ok()?, all),
        Some((first, last)) => (first.parse().ok()?, last.parse().ok()?),
        None => (text.parse().ok()?, text.parse().ok()?),
    };
    let (first, last) = (first.clamp(1, all), last.clamp(1, all));
    (first <= last).then_some(first..=last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_those_that_there_are() {
        for (text, lines) in [("3-10", Some(3..=10)), ("3-", Some(3..=20)), ("7", Some(7..=7)), ("0-99", Some(1..=20))]
        {
            assert_eq!(range(text, 20), lines, "{text}");
        }
        for text in ["", "x", "9-3", "-", "1-2-3", "-4"] {
            assert_eq!(range(text, 20), None, "{text}");
        }
    }
}
