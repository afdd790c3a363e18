//! Admission: who may use an instance that has an access token. A browser shows a cookie that it got by logging in, a
//! program the token itself.

use actix_web::HttpRequest;
use actix_web::cookie::Cookie;
use actix_web::dev::ServiceRequest;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::web::accept::Form;
use crate::web::error::WebError;
use crate::web::network::Network;
use crate::web::rates::Kind;
use crate::web::refusal::Refusal;
use crate::web::settings::{Access, Settings};
use crate::web::state::State;
use crate::web::visitor::{self, bearer};

/// For programs that send an edit token in `Authorization` as well.
const HEADER: &str = "x-access-token";
/// Whose viewer refuses a stranger itself.
const SOCKET: &str = "/{key}/socket";
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
    let pattern = request.match_pattern().unwrap_or_default();
    let is_header = request.headers().contains_key(HEADER);
    let is_open = OPEN.contains(&pattern.as_str());
    if !is_header && request.method().is_safe() && !tells(&pattern) && (is_open || !access.reading) {
        return Ok(());
    }
    if is_admitted_in_time(request.request(), state)? {
        return Ok(());
    }
    if is_header {
        return Err(WebError::Refused(Refusal::WrongAccessToken));
    }
    let is_form = matches!(pattern.as_str(), "/{key}/run" | "/{key}/save");
    let is_left_to_handler = is_form && Form::wanted(request.headers()) == Form::Page || pattern == SOCKET;
    if is_open || is_left_to_handler && !access.reading {
        return Ok(());
    }
    Err(WebError::Refused(Refusal::LoginNeeded))
}

/// Whether the answer of an address that is open to read tells who is admitted.
fn tells(pattern: &str) -> bool {
    matches!(pattern, "/login" | SOCKET)
}

/// Whether a request is admitted. Wrong tokens and wrong cookies are counted, and after too many of them right ones are
/// refused as well: else the count would tell the right one from the wrong.
fn is_admitted_in_time(request: &HttpRequest, state: &State) -> Result<bool, WebError> {
    let settings = &state.settings;
    if stated(request).next().is_none() && request.cookie(cookie_name(request, settings)).is_none() {
        return Ok(false);
    }
    let network = Network::of(request, settings);
    state.rates.check(Kind::Access, network)?;
    let is_admitted = is_admitted(request, settings);
    if !is_admitted {
        state.rates.count(Kind::Access, network)?;
    }
    Ok(is_admitted)
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
