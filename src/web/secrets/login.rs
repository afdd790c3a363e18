//! Logging in to an instance that has an access token.

use actix_web::http::header::{CACHE_CONTROL, LOCATION};
use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::web::error::WebError;
use crate::web::links::own_path;
use crate::web::network::Network;
use crate::web::query::Query;
use crate::web::rates::Kind;
use crate::web::refusal::Refusal;
use crate::web::secrets::admission;
use crate::web::state::State;

/// The form's fields.
#[derive(Deserialize)]
pub(in crate::web) struct Fields {
    token: String,
    #[serde(default)]
    to: String,
}

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

/// `POST /login`
pub(in crate::web) async fn login(
    request: HttpRequest,
    state: Data<State>,
    network: Network,
    fields: Form<Fields>,
) -> Result<HttpResponse, WebError> {
    let access = state.settings.access.as_ref().ok_or(WebError::NotFound)?;
    state.rates.count(Kind::Password, network)?;
    if !access.is(&fields.token) {
        return Err(WebError::Refused(Refusal::WrongAccessToken));
    }
    let cookie = admission::cookie(&request, &state.settings, access);
    Ok(go(&fields.to).cookie(cookie).finish())
}

fn go(to: &str) -> actix_web::HttpResponseBuilder {
    let mut builder = HttpResponse::SeeOther();
    builder.insert_header((LOCATION, own_path(to))).insert_header((CACHE_CONTROL, "no-store"));
    builder
}
