//! Headers of every answer: what a browser may do with it. A nonce is fresh for each answer.

use std::sync::LazyLock;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, VARY, X_FRAME_OPTIONS};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, HttpResponseBuilder};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::web::access::Route;

/// 128 random bits, as the policy's specification asks for.
const NONCE_BYTES: usize = 16;

/// The nonce of the page that answers a request; stands in the request's extensions.
#[derive(Clone)]
struct Nonce(String);

/// The nonce of the page that answers this request, made when it is asked for first. Other answers have none.
pub(super) fn nonce(request: &HttpRequest) -> String {
    let mut extensions = request.extensions_mut();
    if let Some(Nonce(made)) = extensions.get() {
        return made.clone();
    }
    let nonce = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; NONCE_BYTES]>());
    extensions.insert(Nonce(nonce.clone()));
    nonce
}

/// The policy of a page that shows a stranger's text as it is.
pub(super) const RAW_POLICY: &str = "default-src 'none'; sandbox";

/// The only page that other sites may show in a frame: it can change nothing. Errors at its address as well.
pub(super) const EMBED: &str = "/{key}/embed";
const EMBED_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; \
                            base-uri 'none'; frame-ancestors *";
/// The only thing that other sites may load into their pages.
pub(super) const PICTURE: &str = "/{key}.png";

/// Of what other sites show: their pages may load it, and frames may hold it where its policy says so.
static FOREIGN: LazyLock<Fixed> = LazyLock::new(|| fixed(&[("cross-origin-resource-policy", "cross-origin")]));

/// An answer that shows something of a snippet: asked for anew each time, in the form that is accepted, and in no search.
pub(super) fn snippet_answer() -> HttpResponseBuilder {
    let mut builder = HttpResponse::Ok();
    builder.insert_header((CACHE_CONTROL, "private, no-cache")).insert_header((VARY, "accept"));
    builder.insert_header(("x-robots-tag", "noindex"));
    builder
}

type Fixed = Vec<(HeaderName, HeaderValue)>;

fn fixed(headers: &[(&'static str, &'static str)]) -> Fixed {
    let header = |&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value));
    headers.iter().map(header).collect()
}

/// Headers that never vary. The referrer stays within the site: under `no-referrer` browsers would send our own
/// forms with the origin `null`, and the origin check could not know them.
static FIXED: LazyLock<Fixed> = LazyLock::new(|| {
    fixed(&[
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ])
});

/// Middleware: makes the nonce and sets the headers that the handler has not set itself.
pub(super) async fn protect(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let mut response = next.call(request).await?;
    let extensions = response.request().extensions();
    let for_frames = Route::is(&extensions, EMBED);
    let for_others = for_frames || Route::is(&extensions, PICTURE);
    let nonce = extensions.get::<Nonce>().cloned();
    drop(extensions);
    let headers = response.headers_mut();
    for (name, value) in FIXED.iter().chain(if for_others { &FOREIGN[..] } else { &[] }) {
        headers.insert(name.clone(), value.clone());
    }
    if for_frames {
        headers.remove(X_FRAME_OPTIONS);
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(EMBED_POLICY));
    }
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        headers.insert(CONTENT_SECURITY_POLICY, policy(nonce));
    }
    Ok(response)
}

/// What a page may do; without a nonce for what is none, should a browser ever take it for one.
fn policy(nonce: Option<Nonce>) -> HeaderValue {
    static WITHOUT: LazyLock<HeaderValue> = LazyLock::new(|| policy_with(""));
    nonce.map_or_else(|| WITHOUT.clone(), |Nonce(nonce)| policy_with(&format!(" 'nonce-{nonce}'")))
}

fn policy_with(nonce: &str) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'{nonce}; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    );
    HeaderValue::try_from(policy).expect("a nonce is plain ASCII")
}
