//! What `curl HOST/` says: how to use this server from a shell, on one screen.

use actix_web::http::header::VARY;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::languages::Language;
use crate::web::error::WebError;
use crate::web::links;
use crate::web::state::State;

#[derive(Template)]
#[template(path = "usage.txt")]
struct Usage<'a> {
    site: String,
    /// Whom to write to; may be empty.
    contact: &'a str,
    is_private: bool,
    version: &'static str,
    languages: &'a [Language],
}

/// `GET /` from a program
pub(in crate::web) async fn show(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, WebError> {
    let site = links::site(&request, &state);
    let contact = state.settings.contact.as_deref().unwrap_or_default();
    let is_private = state.settings.access.is_some();
    let text =
        Usage { site, contact, is_private, version: env!("CARGO_PKG_VERSION"), languages: state.languages.all() }
            .render()?;
    // askama takes a template's last line end away.
    let text = text + "\n";
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").insert_header((VARY, "accept")).body(text))
}
