//! oEmbed: how a site turns a link to a snippet into a frame (<https://oembed.com>). JSON only.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::{Deserialize, Serialize};

use crate::snippets::key::SnippetKey;
use crate::web::error::WebError;
use crate::web::links;
use crate::web::query::Query;
use crate::web::sharing::forms::Frame;
use crate::web::sharing::picture;
use crate::web::sharing::public::{self, Public};
use crate::web::state::State;

/// Pixels of a frame that nobody limits.
const WIDTH: u32 = 720;
const MIN_HEIGHT: u32 = 180;
const MAX_HEIGHT: u32 = 560;
/// Pixels of a line of code, and of all that stands around the code.
const LINE_HEIGHT: u32 = 20;
const AROUND_HEIGHT: u32 = 150;
/// How long a consumer should keep the answer.
const KEEP_SECONDS: u32 = 3600;

/// What a consumer asks.
#[derive(Debug, Deserialize)]
pub(in crate::web) struct Question {
    url: Option<String>,
    format: Option<String>,
    maxwidth: Option<u32>,
    maxheight: Option<u32>,
}

#[derive(Serialize)]
struct Answer<'a> {
    version: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    provider_name: &'static str,
    provider_url: &'a str,
    title: &'a str,
    cache_age: u32,
    html: String,
    width: u32,
    height: u32,
    thumbnail_url: String,
    thumbnail_width: u32,
    thumbnail_height: u32,
}

/// `GET /oembed?url=…`
pub(in crate::web) async fn show(
    request: HttpRequest,
    state: Data<State>,
    question: Query<Question>,
) -> Result<HttpResponse, WebError> {
    let url = question.url.as_deref().ok_or(WebError::Malformed("Name a snippet's address: ?url=…"))?;
    if question.format.as_deref().is_some_and(|format| format != "json") {
        return Err(WebError::JsonOnly);
    }
    let site = links::site(&request, &state);
    let key = key_of(url, &site).ok_or(WebError::NotFound)?;
    let public = public::load(&state, &key).await?.ok_or(WebError::NotFound)?;
    let (width, height) = size(&question, &public);
    let title = public.title();
    let html = Frame { site: &site, key: key.as_str(), title, width, height }.render()?;
    Ok(HttpResponse::Ok().json(Answer {
        version: "1.0",
        kind: "rich",
        provider_name: "CodeCube",
        provider_url: &site,
        title,
        cache_age: KEEP_SECONDS,
        html: html.trim().to_owned(),
        width,
        height,
        thumbnail_url: format!("{site}/{key}.png"),
        thumbnail_width: picture::WIDTH,
        thumbnail_height: picture::HEIGHT,
    }))
}

/// The snippet that an address of ours names: its page, one of its revisions, or its embed.
fn key_of(url: &str, site: &str) -> Option<SnippetKey> {
    let without_scheme = |url: &str| url.split_once("://").map(|(_, rest)| rest.to_owned());
    let (url, site) = (without_scheme(url)?, without_scheme(site)?);
    let path = url.strip_prefix(&site)?.strip_prefix('/')?;
    SnippetKey::parse(path.split(['/', '?', '#']).next()?)
}

/// As large as the code needs, within what the consumer has room for.
fn size(question: &Question, public: &Public) -> (u32, u32) {
    let lines = public
        .content
        .program
        .files
        .first()
        .map_or(0, |file| file.content.as_text().map_or(1, |text| text.lines().count()));
    let wanted = u32::try_from(lines).unwrap_or(u32::MAX).saturating_mul(LINE_HEIGHT).saturating_add(AROUND_HEIGHT);
    let height = wanted.clamp(MIN_HEIGHT, MAX_HEIGHT);
    (WIDTH.min(question.maxwidth.unwrap_or(WIDTH)), height.min(question.maxheight.unwrap_or(height)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_ours_name_a_snippet() {
        let key = "23456789ABCD";
        let found = |url: &str| key_of(url, "https://cube.example").map(|key| key.to_string());
        for path in ["", "/", "/3", "/embed?theme=dark", "?x=1", "#L3"] {
            assert_eq!(found(&format!("https://cube.example/{key}{path}")).as_deref(), Some(key), "{path}");
        }
        assert_eq!(found(&format!("http://cube.example/{key}")).as_deref(), Some(key));
        for url in
            ["https://cube.example", "https://cube.example/robots.txt", "https://cube.example.evil/23456789ABCD", "x"]
        {
            assert_eq!(found(url), None, "{url}");
        }
    }
}
