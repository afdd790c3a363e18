//! Admission: who may use an instance that has an access token. A browser shows a cookie that it got by logging in, a
//! program the token itself.

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use actix_web::dev::ServiceRequest;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::web::error::WebError;
use crate::web::network::Network;
use crate::web::rates::Kind;
use crate::web::refusal::Refusal;
use crate::web::settings::{Access, Settings};
use crate::web::state::State;
use crate::web::visitor::{self, bearer};

/// For programs that send an edit token in `Authorization` as well.
const HEADER: &str = "x-access-token";
/// What is open on every instance: logging in, whether the server lives, and the pages' own files.
const OPEN: [&str; 7] =
    ["/login", "/healthz", "/readyz", "/static/{name:.+}", "/favicon.ico", "/robots.txt", "/.well-known/security.txt"];

/// Whether a request comes from somebody who may create and run.
pub(in crate::web) fn is_admitted(request: &HttpRequest, settings: &Settings) -> bool {
    let Some(access) = &settings.access else {
        return true;
    };
    by_cookie(request, settings) || stated(request).any(|token| access.is(token))
}

/// Whether the cookie of a log-in is shown.
pub(in crate::web) fn by_cookie(request: &HttpRequest, settings: &Settings) -> bool {
    let Some(access) = &settings.access else {
        return false;
    };
    let cookie = request.cookie(cookie_name(request, settings));
    cookie.is_some_and(|cookie| cookie.value().as_bytes().ct_eq(proof(access).as_bytes()).into())
}

/// Refuses what a stranger asks of a private instance. Forms of a page are left to their handlers, which give them back
/// with their text, and the socket to its viewer.
pub(in crate::web) fn check(request: &ServiceRequest, state: &State) -> Result<(), WebError> {
    let settings = &state.settings;
    let Some(access) = &settings.access else {
        return Ok(());
    };
    let wrong = request.headers().contains_key(HEADER) && !stated(request.request()).any(|token| access.is(token));
    if wrong {
        state.rates.count(Kind::Password, Network::of(request.request(), settings))?;
        return Err(WebError::Refused(Refusal::WrongAccessToken));
    }
    let pattern = request.match_pattern().unwrap_or_default();
    let reads = request.method().is_safe() && !access.reading;
    let is_form = matches!(pattern.as_str(), "/{key}/run" | "/{key}/save") && !access.reading;
    if reads || is_form || OPEN.contains(&pattern.as_str()) || is_admitted(request.request(), settings) {
        return Ok(());
    }
    Err(WebError::Refused(Refusal::LoginNeeded))
}

/// The cookie of somebody who has shown the token.
pub(in crate::web) fn cookie(request: &HttpRequest, settings: &Settings, access: &Access) -> Cookie<'static> {
    visitor::cookie(cookie_name(request, settings).to_owned(), proof(access), visitor::is_secure(request, settings))
}

fn cookie_name(request: &HttpRequest, settings: &Settings) -> &'static str {
    if visitor::is_secure(request, settings) { "__Host-codecube_access" } else { "codecube_access" }
}

/// What only the token yields, and another token does not.
fn proof(access: &Access) -> String {
    hex::encode(Sha256::digest(format!("codecube access cookie {}", access.token)))
}

fn stated(request: &HttpRequest) -> impl Iterator<Item = &str> {
    let own = request.headers().get(HEADER).and_then(|token| token.to_str().ok());
    own.into_iter().chain(bearer(request))
}
