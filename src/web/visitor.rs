//! The visitor: whoever sent a request. A browser is known by one cookie that holds the secret of all snippets it
//! owns; a program shows an edit token, the secret that it was given when it created a snippet.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
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
    /// The cookie to set, or the token to hand out, when they had none.
    fresh: Option<OwnerSecret>,
    /// They showed a token.
    has_token: bool,
}

impl Visitor {
    /// Whether they are known by a cookie only: a browser sends it whoever asks it to.
    pub(super) fn is_known_by_cookie(&self) -> bool {
        self.fresh.is_none() && !self.has_token
    }

    /// Whether they showed a secret of either kind.
    pub(super) fn is_known(&self) -> bool {
        self.fresh.is_none()
    }

    /// The edit token of what they create now; `None` for those who have a secret already.
    pub(super) fn edit_token(&self) -> Option<String> {
        self.fresh.as_ref().map(OwnerSecret::reveal)
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

/// Whether a request carries an owner's cookie and no token.
pub(super) fn is_known_by_cookie(request: &HttpRequest, settings: &Settings) -> bool {
    by_cookie(request, settings).is_some() && stated_token(request).is_none()
}

fn by_cookie(request: &HttpRequest, settings: &Settings) -> Option<OwnerSecret> {
    request.cookie(owner_cookie(settings)).and_then(|cookie| OwnerSecret::parse(cookie.value()))
}

/// What stands behind `Authorization: Bearer`. Other schemes are a proxy's matter; browsers send those unasked.
fn stated_token(request: &HttpRequest) -> Option<&str> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The token that a request shows, if any.
fn by_token(request: &HttpRequest) -> Result<Option<OwnerSecret>, WebError> {
    let parsed = stated_token(request).map(|token| OwnerSecret::parse(token).ok_or(WebError::BadToken));
    parsed.transpose()
}

impl FromRequest for Visitor {
    type Error = WebError;
    type Future = std::future::Ready<Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        std::future::ready(Self::of(request))
    }
}

impl Visitor {
    fn of(request: &HttpRequest) -> Result<Self, WebError> {
        let token = by_token(request)?;
        let state = request.app_data::<Data<State>>();
        let has_token = token.is_some();
        let known = token.or_else(|| state.and_then(|state| by_cookie(request, &state.settings)));
        let language = request.cookie(LANGUAGE_COOKIE).map(|cookie| cookie.value().to_owned());
        let (hash, fresh) = match known {
            Some(secret) => (secret.hash(), None),
            None => {
                let secret = OwnerSecret::random();
                (secret.hash(), Some(secret))
            }
        };
        Ok(Self { hash, language, fresh, has_token })
    }
}
