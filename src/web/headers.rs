//! Headers of every answer: what a browser may do with it. A nonce is fresh for each answer.

use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, X_FRAME_OPTIONS};
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::web::state::State;

use crate::web::access::Route;

/// The nonce of the answer to a request; stands in the request's extensions.
#[derive(Clone)]
pub(super) struct Nonce(pub(super) String);

/// Whom to write to, as the operator says it; stands there as well.
#[derive(Clone)]
pub(super) struct Contact(pub(super) String);

/// The policy of a page that shows a stranger's text as it is.
pub(super) const RAW_POLICY: &str = "default-src 'none'; sandbox";

/// The only page that other sites may show in a frame: it can change nothing. Errors at its address as well.
pub(super) const EMBED: &str = "/{key}/embed";
const EMBED_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; form-action 'self'; \
                            base-uri 'none'; frame-ancestors *";
/// The only thing that other sites may load into their pages.
pub(super) const PICTURE: &str = "/{key}.png";

/// Of what other sites show: their pages may load it, and frames may hold it where its policy says so.
const FOREIGN: [(&str, &str); 1] = [("cross-origin-resource-policy", "cross-origin")];

/// Headers that never vary. The referrer stays within the site: under `no-referrer` browsers would send our own
/// forms with the origin `null`, and the origin check could not know them.
const FIXED: [(&str, &str); 6] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
];

/// Middleware: makes the nonce and sets the headers that the handler has not set itself.
pub(super) async fn protect(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let nonce = Nonce(nanoid::nanoid!());
    request.extensions_mut().insert(nonce.clone());
    if let Some(contact) = request.app_data::<Data<State>>().and_then(|state| state.settings.contact.clone()) {
        request.extensions_mut().insert(Contact(contact));
    }
    let mut response = next.call(request).await?;
    let for_frames = Route::is(&response.request().extensions(), EMBED);
    let for_others = for_frames || Route::is(&response.request().extensions(), PICTURE);
    let headers = response.headers_mut();
    for (name, value) in FIXED.iter().chain(if for_others { &FOREIGN[..] } else { &[] }) {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if for_frames {
        headers.remove(X_FRAME_OPTIONS);
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(EMBED_POLICY));
    }
    if !headers.contains_key(CONTENT_SECURITY_POLICY) {
        let policy = HeaderValue::from_str(&page_policy(&nonce.0)).expect("a nonce is plain ASCII");
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

fn page_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}
