//! What was made from a snippet: a list on the page of its revisions, and by itself for programs.

use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};

use crate::snippets::forks::Fork;
use crate::snippets::key::SnippetKey;
use crate::web::accept::Form;
use crate::web::error::WebError;
use crate::web::headers;
use crate::web::moment::Moment;
use crate::web::secrets::door;
use crate::web::state::State;
use crate::web::visitor::Visitor;

/// One line of the list on the page.
pub(super) struct ForkLine<'a> {
    pub(super) key: &'a str,
    pub(super) title: &'a str,
    pub(super) language: &'a str,
    /// The revision that it started from.
    pub(super) revision: u64,
    pub(super) made: Moment,
}

impl<'a> ForkLine<'a> {
    pub(super) fn of(state: &'a State, fork: &'a Fork) -> Self {
        let language = state.languages.get(&fork.language).map_or(fork.language.0.as_str(), |known| &known.name);
        let Fork { key, revision, title, created_ms, .. } = fork;
        Self { key: key.as_str(), title, language, revision: *revision, made: Moment(*created_ms) }
    }
}

/// `GET /{key}/forks`
pub(in crate::web) async fn show(
    request: HttpRequest,
    (state, visitor): (Data<State>, Visitor),
    key: Path<SnippetKey>,
) -> Result<HttpResponse, WebError> {
    door::enter(&state, &visitor, &key).await?;
    let wanted = Form::wanted(request.headers());
    if wanted == Form::Page {
        let address = format!("/{key}/revisions#forks");
        return Ok(HttpResponse::SeeOther().insert_header((LOCATION, address)).finish());
    }
    let forks = state.snippets.forks_of(&key).await?;
    let mut builder = headers::snippet_answer();
    Ok(match wanted {
        Form::Json => builder.json(forks.iter().map(json).collect::<Vec<_>>()),
        Form::Page | Form::Text => {
            builder.content_type("text/plain; charset=utf-8").body(forks.iter().map(text).collect::<String>())
        }
    })
}

fn json(fork: &Fork) -> serde_json::Value {
    serde_json::json!({
        "key": fork.key, "revision": fork.revision, "made": Moment(fork.created_ms).iso(), "title": fork.title,
        "language": fork.language,
    })
}

fn text(fork: &Fork) -> String {
    let made = Moment(fork.created_ms).iso();
    let line = format!("{}\t{made}\t{}\tfrom revision {}\t{}", fork.key, fork.language, fork.revision, fork.title);
    format!("{}\n", line.trim_end())
}
