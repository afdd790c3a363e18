//! Around every request: one log line without secrets, a time limit, and the check of where it comes from.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use tokio::time::Instant;
use tracing::Instrument;

use crate::web::error::WebError;
use crate::web::origin::{self, Origin};
use crate::web::state::State;

/// Greatest time from a request's head to its answer's head; a form that trickles in ends here.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Middleware: one line per request. Names the route, never the address: an address holds a snippet's key.
pub(super) async fn log(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let started = Instant::now();
    let id = nanoid::nanoid!(10);
    let method = request.method().clone();
    let route = request.match_pattern().unwrap_or_else(|| "unknown".to_owned());
    let span = tracing::info_span!("request", id = %id);
    let mut response = next.call(request).instrument(span.clone()).await?;
    let (status, ms) = (response.status().as_u16(), started.elapsed().as_millis());
    span.in_scope(|| {
        tracing::info!(%method, %route, status, ms, "answered {method} {route} with {status} in {ms} ms");
    });
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HeaderName::from_static("x-request-id"), value);
    }
    Ok(response)
}

/// Middleware: what changes something must come from one of our own pages, and in time.
pub(super) async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    if !request.method().is_safe() {
        let state = request.app_data::<Data<State>>();
        let public_url = state.and_then(|state| state.settings.public_url.as_deref());
        if origin::of(request.headers(), public_url) != Origin::Ours {
            return Err(WebError::ForeignOrigin.into());
        }
    }
    tokio::time::timeout(ANSWER_WITHIN, next.call(request)).await.map_err(|_| WebError::TooSlow)?
}
