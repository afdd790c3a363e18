//! Logging in to an instance that has an access token.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::web::error::WebError;
use crate::web::links::own_path;
use crate::web::network::Network;
use crate::web::posted::Posted;
use crate::web::query::Query;
use crate::web::rates::Kind;
use crate::web::refusal::Refusal;
use crate::web::secrets::admission;
use crate::web::state::State;

/// Where to go afterwards.
#[derive(Deserialize)]
pub(in crate::web) struct Way {
    #[serde(default)]
    to: String,
}

/// `GET /login`: the page that asks is the one that is shown wherever a log-in is missing.
pub(in crate::web) async fn show(
    request: HttpRequest,
    state: Data<State>,
    way: Query<Way>,
) -> Result<HttpResponse, WebError> {
    if state.settings.access.is_none() {
        return Err(WebError::NotFound);
    }
    if admission::is_admitted(&request, &state.settings) {
        return Ok(go(&way.to).finish());
    }
    Err(WebError::Refused(Refusal::LoginNeeded))
}

/// `POST /login`, with `token`, and `to` for where to go then.
pub(in crate::web) async fn login(
    request: HttpRequest,
    state: Data<State>,
    network: Network,
    form: Posted,
) -> Result<HttpResponse, WebError> {
    let access = state.settings.access.as_ref().ok_or(WebError::NotFound)?;
    let token = form.the("token")?;
    state.rates.count(Kind::Access, network)?;
    if !access.is(token) {
        return Err(WebError::Refused(Refusal::WrongAccessToken));
    }
    state.rates.token_was_right(network);
    let cookie = admission::cookie(&request, &state.settings, access);
    Ok(go(form.of("to").unwrap_or_default()).cookie(cookie).finish())
}

fn go(to: &str) -> actix_web::HttpResponseBuilder {
    let mut builder = HttpResponse::SeeOther();
    builder.insert_header((LOCATION, own_path(to))).insert_header((CACHE_CONTROL, "no-store"));
    builder
}
