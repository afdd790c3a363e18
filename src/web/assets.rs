//! The front end's files, embedded; and what every page says of itself.

use std::collections::HashMap;
use std::sync::LazyLock;

use actix_web::dev::Payload;
use actix_web::http::header::{ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, ContentEncoding, VARY};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use bytes::Bytes;

use crate::web::accept::PREVIEW_ROBOTS;
use crate::web::contact;
use crate::web::error::WebError;
use crate::web::headers;
use crate::web::links;
use crate::web::state::State;

#[derive(rust_embed::RustEmbed)]
#[folder = "static/dist"]
#[allow_missing = true]
struct Files;

/// Logical name → address of the file with its hash.
static ADDRESSES: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let manifest = Files::get("manifest.json").map(|file| file.data).unwrap_or_default();
    let names: HashMap<String, String> = serde_json::from_slice(&manifest).unwrap_or_default();
    names.into_iter().map(|(logical, hashed)| (logical, format!("/static/{hashed}"))).collect()
});

/// What a template may say of its own page.
pub(super) struct Page {
    /// The nonce of this answer's Content-Security-Policy.
    pub(super) nonce: String,
    /// This program's version.
    pub(super) version: &'static str,
    /// Whom to write to, as the operator says it, and the same as a link; both may be empty.
    pub(super) contact: String,
    pub(super) contact_link: String,
    /// Scheme and host of this server, for what is read elsewhere.
    pub(super) site: String,
}

impl Page {
    /// The page that answers a request.
    pub(super) fn of(request: &HttpRequest) -> Self {
        let state = request.app_data::<web::Data<State>>();
        let contact = state.and_then(|state| state.settings.contact.clone()).unwrap_or_default();
        Self {
            nonce: headers::nonce(request),
            version: env!("CARGO_PKG_VERSION"),
            contact_link: contact::link(&contact).unwrap_or_default(),
            contact,
            site: state.map(|state| links::site(request, state)).unwrap_or_default(),
        }
    }

    /// Address of one of the front end's files.
    #[expect(clippy::unused_self, reason = "templates can only call what a field of theirs offers")]
    pub(super) fn asset(&self, logical: &str) -> &'static str {
        ADDRESSES.get(logical).map_or("/static/not-built", String::as_str)
    }
}

impl FromRequest for Page {
    type Error = WebError;
    type Future = std::future::Ready<Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Ok(Self::of(request)))
    }
}

/// `GET /static/{name}`
pub(super) async fn asset(request: HttpRequest, name: web::Path<String>) -> Result<HttpResponse, WebError> {
    embedded(&request, &name, "public, max-age=31536000, immutable")
}

/// `GET /favicon.ico`: for those who ask without reading the page.
pub(super) async fn favicon(request: HttpRequest) -> Result<HttpResponse, WebError> {
    let address = ADDRESSES.get("icon.svg").ok_or(WebError::NotFound)?;
    embedded(&request, address.trim_start_matches("/static/"), "public, max-age=86400")
}

/// `GET /robots.txt`: nothing here wants to be found by a search. Whoever makes a preview of a link that somebody sent may
/// read; that every page says `noindex` holds for them as well.
pub(super) async fn robots() -> HttpResponse {
    let previews: String = PREVIEW_ROBOTS.iter().map(|robot| format!("User-agent: {robot}\n")).collect();
    let text = format!("{previews}Allow: /\n\nUser-agent: *\nDisallow: /\n");
    HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text)
}

fn embedded(request: &HttpRequest, name: &str, cache: &'static str) -> Result<HttpResponse, WebError> {
    // The compressed neighbours are forms of a file, not files.
    let plain = !matches!(name.rsplit_once('.'), Some((_, "br" | "gz")) | None);
    let file = Files::get(name).filter(|_| plain).ok_or(WebError::NotFound)?;
    let mut builder = HttpResponse::Ok();
    builder
        .content_type(media_type(name))
        .insert_header((CACHE_CONTROL, cache))
        .insert_header((VARY, "accept-encoding"));
    for (encoding, word, ending) in [(ContentEncoding::Brotli, "br", "br"), (ContentEncoding::Gzip, "gzip", "gz")] {
        let compressed = accepts(request, word).then(|| Files::get(&format!("{name}.{ending}"))).flatten();
        if let Some(compressed) = compressed {
            builder.insert_header((CONTENT_ENCODING, encoding));
            return Ok(builder.body(bytes(compressed)));
        }
    }
    Ok(builder.body(bytes(file)))
}

fn accepts(request: &HttpRequest, encoding: &str) -> bool {
    let stated = request.headers().get(ACCEPT_ENCODING).and_then(|header| header.to_str().ok()).unwrap_or_default();
    stated.split(',').any(|choice| {
        let (name, quality) = choice.split_once(';').unwrap_or((choice, ""));
        let refused = matches!(quality.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

fn bytes(file: rust_embed::EmbeddedFile) -> Bytes {
    match file.data {
        std::borrow::Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        std::borrow::Cow::Owned(bytes) => Bytes::from(bytes),
    }
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
