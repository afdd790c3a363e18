//! The visitor: whoever sent a request, known by one cookie that holds the secret of all snippets they own.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use crate::snippets::owner::{OwnerHash, OwnerSecret};
use crate::web::error::WebError;
use crate::web::settings::Settings;
use crate::web::state::State;

/// How long a browser keeps our cookies after the last visit that set them.
const COOKIE_LIFETIME: Duration = Duration::days(365);
/// Name of the cookie with the language of the last program; not secret.
const LANGUAGE_COOKIE: &str = "codecube_language";

/// Who sent a request.
pub(super) struct Visitor {
    /// What storage knows them by.
    pub(super) hash: OwnerHash,
    /// The language of their last program, as the cookie says.
    pub(super) language: Option<String>,
    /// The cookie to set when they had none.
    fresh: Option<OwnerSecret>,
}

impl Visitor {
    /// Whether they came without our cookie.
    pub(super) fn is_new(&self) -> bool {
        self.fresh.is_some()
    }

    /// The cookie that a new visitor needs to be known again; `None` for one who has it.
    pub(super) fn cookie(&self, settings: &Settings) -> Option<Cookie<'static>> {
        let secret = self.fresh.as_ref()?;
        Some(cookie(owner_cookie(settings), secret.reveal(), settings))
    }

    /// The cookie that remembers a language.
    pub(super) fn language_cookie(language: &str, settings: &Settings) -> Cookie<'static> {
        cookie(LANGUAGE_COOKIE, language.to_owned(), settings)
    }
}

/// The `__Host-` prefix makes browsers refuse the cookie from anybody but this host over https.
fn owner_cookie(settings: &Settings) -> &'static str {
    if settings.secure_cookies() { "__Host-codecube_owner" } else { "codecube_owner" }
}

fn cookie(name: &'static str, value: String, settings: &Settings) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(settings.secure_cookies())
        .max_age(COOKIE_LIFETIME)
        .finish()
}

impl FromRequest for Visitor {
    type Error = WebError;
    type Future = std::future::Ready<Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let name = request.app_data::<Data<State>>().map_or("codecube_owner", |state| owner_cookie(&state.settings));
        let known = request.cookie(name).and_then(|cookie| OwnerSecret::parse(cookie.value()));
        let language = request.cookie(LANGUAGE_COOKIE).map(|cookie| cookie.value().to_owned());
        let visitor = match known {
            Some(secret) => Self { hash: secret.hash(), language, fresh: None },
            None => {
                let secret = OwnerSecret::random();
                Self { hash: secret.hash(), language, fresh: Some(secret) }
            }
        };
        std::future::ready(Ok(visitor))
    }
}
