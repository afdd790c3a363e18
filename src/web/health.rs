//! For whoever watches the server: does the process live, and can it do its work.

use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::Data;

use crate::web::state::State;

/// `GET /healthz`: 200 while the process lives.
pub(super) async fn live() -> HttpResponse {
    HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(serde_json::json!({ "status": "ok" }))
}

/// `GET /readyz`: 200 when code can be saved and run; else 503, and what is missing in words.
pub(super) async fn ready(state: Data<State>) -> HttpResponse {
    let readiness = state.readiness.borrow().clone();
    let ready = readiness.is_ready() && !state.stop.is_cancelled();
    let redis = if readiness.storage { "answers" } else { "does not answer" };
    let runners = match (readiness.runners, readiness.trouble) {
        (0, None) => "none is connected".to_owned(),
        (0, Some(trouble)) => trouble,
        (1, _) => "one is working".to_owned(),
        (number, _) => format!("{number} are working"),
    };
    let contact = state.settings.contact.as_deref();
    let mut builder = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    let status = if ready { "ready" } else { "not_ready" };
    builder
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(serde_json::json!({ "status": status, "redis": redis, "runners": runners, "contact": contact }))
}
