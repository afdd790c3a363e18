//! The table of addresses, and what stands around every answer.

use actix_web::guard;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data, FormConfig, JsonConfig, PathConfig, QueryConfig, ServiceConfig};
use actix_web::{Handler, Resource, Responder};

use crate::web::error::WebError;
use crate::web::state::State;
use crate::web::{access, assets, error_page, headers, health, raw, run_form, run_socket, snippet_page};

/// Adds every address to an actix application.
pub fn configure(config: &mut ServiceConfig, state: State) {
    let form = FormConfig::default().limit(state.settings.message_bytes());
    config.app_data(Data::new(state));
    config.app_data(PathConfig::default().error_handler(|error, _| WebError::from(error).into()));
    config.app_data(QueryConfig::default().error_handler(|error, _| WebError::from(error).into()));
    config.app_data(JsonConfig::default().error_handler(|error, _| WebError::from(error).into()));
    config.app_data(form.error_handler(|error, _| WebError::from(error).into()));
    // The innermost stands first.
    let around = web::scope("")
        .wrap(from_fn(access::guard))
        .wrap(from_fn(error_page::render))
        .wrap(Compress::default())
        .wrap(from_fn(headers::protect))
        .wrap(from_fn(access::log));
    config.service(around.configure(table));
}

fn table(config: &mut ServiceConfig) {
    config
        .service(get("/", snippet_page::home))
        .service(get("/healthz", health::live))
        .service(get("/readyz", health::ready))
        .service(get("/favicon.ico", assets::favicon))
        .service(get("/robots.txt", assets::robots))
        .service(get("/static/{name:.+}", assets::asset))
        .service(get("/{key}", snippet_page::show))
        .service(get("/{key}/raw", raw::show))
        .service(get("/{key}/socket", run_socket::open))
        .service(web::resource("/{key}/run").post(run_form::run))
        .service(web::resource("/{key}/save").post(run_form::save))
        .default_service(web::to(nothing));
}

/// An address that can be read; asked with HEAD, actix leaves the body away.
fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path).route(web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(handler))
}

async fn nothing() -> Result<&'static str, WebError> {
    Err(WebError::NotFound)
}
