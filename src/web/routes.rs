//! The table of addresses, and what stands around every answer.

use actix_web::guard;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::{self, Data, JsonConfig, PathConfig, ServiceConfig};
use actix_web::{Handler, Resource, Responder, Route};

use crate::snippets::key::KEY_LENGTH;
use crate::web::accept::is_browser;
use crate::web::api::body::FormRoom;
use crate::web::api::{create, edit, read, run, usage};
use crate::web::error::WebError;
use crate::web::history::{diff_page, forks, life, revision, revisions};
use crate::web::owned::{mine, moving};
use crate::web::secrets::{burn, login, relock, unlock};
use crate::web::sharing::{embed, forms, oembed, picture};
use crate::web::state::State;
use crate::web::{
    access, archive, assets, contact, error_page, file_form, fresh_page, headers, health, language_list, raw, run_form,
    run_socket, snippet_page,
};

/// The address of a snippet.
pub(super) const SNIPPET: &str = "/{key}";

/// Where `curl -T hello.py HOST/run/python/` sends it.
pub(super) const NAMED_RUN: &str = "/run/{language}/{name}";

/// What a form of a few words may take: a password, an address to go back to, each byte escaped.
const MAX_WORDS_BYTES: usize = 16 * 1024;

/// Adds every address to an actix application.
pub fn configure(config: &mut ServiceConfig, state: State) {
    let limits = state.settings.program_limits;
    let form = FormRoom::of_page(limits, state.settings.message_bytes());
    config.app_data(Data::new(state));
    config.app_data(PathConfig::default().error_handler(|error, _| WebError::from(error).into()));
    config.app_data(JsonConfig::default().error_handler(|error, _| WebError::from(error).into()));
    config.app_data(form);
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
        .service(snippet(&format!("/{{key:[0-9A-Za-z]{{{KEY_LENGTH}}}}}")))
        .service(
            web::resource("/")
                .route(reading().guard(guard::fn_guard(is_browser)).to(fresh_page::home))
                .route(reading().to(usage::show))
                .route(web::post().to(create::create))
                .route(web::put().to(create::create)),
        )
        .service(get("/healthz", health::live))
        .service(get("/readyz", health::ready))
        .service(get("/favicon.ico", assets::favicon))
        .service(get("/robots.txt", assets::robots))
        .service(get("/static/{name:.+}", assets::asset))
        .service(get("/languages/{hash}.json", language_list::show))
        .service(get("/.well-known/security.txt", contact::security))
        .service(of_words("/login").route(reading().to(login::show)).route(web::post().to(login::login)))
        .service(get("/mine", mine::show))
        .service(web::resource("/mine/move").post(moving::all))
        .service(web::resource("/move/{token}").route(reading().to(moving::arrive)).route(web::post().to(moving::take)))
        .service(get("/move/{token}/qr.svg", moving::code))
        .service(web::resource("/run/{language}").route(web::post().to(run::code)).route(web::put().to(run::code)))
        .service(web::resource(NAMED_RUN).put(run::named))
        .service(get("/oembed", oembed::show))
        // Only to be read: what is put there is a new file of that name.
        .service(get("/{key}.zip", archive::zip).guard(guard::Any(guard::Get()).or(guard::Head())))
        .service(get("/{key}.txt", archive::text).guard(guard::Any(guard::Get()).or(guard::Head())))
        .service(get(headers::PICTURE, picture::show).guard(guard::Any(guard::Get()).or(guard::Head())))
        .service(snippet(SNIPPET))
        .service(get("/{key}/raw", raw::show))
        .service(get("/{key}/raw/{path:.+}", raw::show_path))
        .service(get("/{key}/socket", run_socket::open))
        .service(
            web::resource("/{key}/run")
                .route(web::post().guard(guard::fn_guard(is_browser)).to(run_form::run))
                .route(web::post().to(run::snippet))
                // As `curl -T` sends a file.
                .route(web::put().to(run::snippet)),
        )
        .service(web::resource("/{key}/save").post(run_form::save))
        .service(web::resource("/{key}/files").post(file_form::arrange))
        .service(web::resource(headers::EMBED).route(reading().to(embed::show)).route(web::post().to(embed::run)))
        .service(get("/{key}/qr.svg", forms::code))
        .service(of_words("/{key}/unlock").post(unlock::unlock))
        .service(web::resource("/{key}/burn").post(burn::burn))
        .service(of_words("/{key}/password").post(relock::relock))
        .service(web::resource("/{key}/move").post(moving::one))
        .service(get("/{key}/revisions", revisions::show))
        .service(get("/{key}/forks", forks::show))
        .service(get("/{key}/diff", diff_page::show))
        .service(of_words("/{key}/expiry").post(life::expire))
        .service(web::resource("/{key}/delete").post(life::delete))
        .service(get("/{key}/deleted", life::deleted))
        .service(web::resource("/{key}/undelete").post(life::undelete))
        .service(get("/{key}/{number:[0-9]+}", revision::show))
        .service(web::resource("/{key}/{number:[0-9]+}/restore").post(revision::restore))
        .default_service(web::to(nothing));
}

/// The snippet's own address. It stands twice in the table: first as most ask for it, so that they are not compared with
/// all others before, and last for whatever looks unlike a key.
fn snippet(path: &str) -> Resource {
    web::resource(path)
        .route(reading().guard(guard::fn_guard(is_browser)).to(snippet_page::show))
        .route(reading().to(read::show))
        .route(web::put().to(edit::put))
        .route(web::delete().to(edit::delete))
}

/// An address whose form holds a few words, and no program.
fn of_words(path: &str) -> Resource {
    web::resource(path).app_data(FormRoom::of_words(MAX_WORDS_BYTES))
}

/// An address that can be read; asked with HEAD, actix leaves the body away.
fn get<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path).route(reading().to(handler))
}

fn reading() -> Route {
    web::route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

async fn nothing() -> Result<&'static str, WebError> {
    Err(WebError::NotFound)
}
