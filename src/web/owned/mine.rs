//! The list of a visitor's own snippets, by their cookie or token.

use actix_web::http::header::{CACHE_CONTROL, VARY};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use crate::snippets::ownership::{MAX_LISTED, Owned};
use crate::web::accept::Form;
use crate::web::assets::Page;
use crate::web::error::WebError;
use crate::web::moment::Moment;
use crate::web::query::Query;
use crate::web::state::State;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "mine.html")]
struct MinePage<'a> {
    page: Page,
    search: &'a str,
    lines: Vec<Line<'a>>,
    /// The list was cut.
    is_full: bool,
    /// They own nothing at all.
    is_empty: bool,
}

struct Line<'a> {
    snippet: &'a Owned,
    language: &'a str,
    created: Moment,
    expires: Option<Moment>,
}

/// What to look for.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Search {
    #[serde(default)]
    q: String,
}

/// `GET /mine?q=…`
pub(in crate::web) async fn show(
    request: HttpRequest,
    (state, visitor): (Data<State>, Visitor),
    page: Page,
    search: Query<Search>,
) -> Result<HttpResponse, WebError> {
    let form = Form::wanted(request.headers());
    if !visitor.is_known() && form != Form::Page {
        return Err(WebError::NoToken);
    }
    let all = state.snippets.owned_by(&visitor.hash).await?;
    let lines: Vec<Line<'_>> =
        all.iter().map(|snippet| line(&state, snippet)).filter(|line| line.matches(&search.q)).collect();
    let mut builder = HttpResponse::Ok();
    builder.insert_header((CACHE_CONTROL, "no-store")).insert_header((VARY, "accept"));
    builder.insert_header(("x-robots-tag", "noindex"));
    Ok(match form {
        Form::Page => {
            let is_full = isize::try_from(all.len()).is_ok_and(|length| length >= MAX_LISTED);
            let html = MinePage { page, search: &search.q, lines, is_full, is_empty: all.is_empty() }.render()?;
            builder.content_type("text/html; charset=utf-8").body(html)
        }
        Form::Json => builder.json(lines.iter().map(Line::json).collect::<Vec<_>>()),
        Form::Text => {
            builder.content_type("text/plain; charset=utf-8").body(lines.iter().map(Line::text).collect::<String>())
        }
    })
}

fn line<'a>(state: &'a State, snippet: &'a Owned) -> Line<'a> {
    let language = state.languages.get(&snippet.language).map_or(snippet.language.0.as_str(), |known| &known.name);
    Line { snippet, language, created: Moment(snippet.created_ms), expires: snippet.expires_ms.map(Moment) }
}

impl Line<'_> {
    /// Whether each word stands in the title, the language or the key.
    fn matches(&self, search: &str) -> bool {
        let own = format!("{} {} {} {}", self.snippet.title, self.language, self.snippet.language.0, self.snippet.key);
        let own = own.to_lowercase();
        search.split_whitespace().all(|word| own.contains(&word.to_lowercase()))
    }

    fn json(&self) -> serde_json::Value {
        serde_json::json!({
            "key": self.snippet.key, "title": self.snippet.title, "language": self.snippet.language,
            "created": self.created.iso(), "expires": self.expires.map(Moment::iso),
            "protected": self.snippet.is_protected, "burns": self.snippet.burns,
        })
    }

    fn text(&self) -> String {
        let line = format!(
            "{}\t{}\t{}\t{}",
            self.snippet.key,
            self.created.iso(),
            self.snippet.language.0,
            self.snippet.title
        );
        format!("{}\n", line.trim_end())
    }
}
