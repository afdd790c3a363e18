//! The visitor: whoever sent a request. A browser is known by one cookie that holds the secret of all snippets it
//! owns; a program shows an edit token, the secret that it was given when it created a snippet.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::seal::SealKey;
use crate::snippets::key::SnippetKey;
use crate::snippets::lock::{Keyring, Lock};
use crate::snippets::owner::{OwnerHash, OwnerSecret};
use crate::web::error::WebError;
use crate::web::network::{Network, came_by_https};
use crate::web::note::Note;
use crate::web::refusal::Refusal;
use crate::web::secrets::admission;
use crate::web::settings::Settings;
use crate::web::state::State;

/// How long a browser keeps our cookies after the last visit that set them.
const COOKIE_LIFETIME: Duration = Duration::days(365);
/// Name of the cookie with the language of the last program; not secret.
const LANGUAGE_COOKIE: &str = "codecube_language";
/// What the cookies start with that hold the keys of protected snippets; the lock's name follows.
const LOCK_COOKIE: &str = "codecube_lock_";
const SECURE_LOCK_COOKIE: &str = "__Host-codecube_lock_";
/// How long a browser keeps one.
const LOCK_LIFETIME: Duration = Duration::days(1);
/// A snippet's password, for programs.
const PASSWORD: &str = "x-snippet-password";

/// Who sent a request.
pub(super) struct Visitor {
    /// What storage knows them by.
    pub(super) hash: OwnerHash,
    /// What they own with: shown, or made for this request.
    pub(super) secret: OwnerSecret,
    /// The language of their last program, as the cookie says.
    pub(super) language: Option<String>,
    /// Keys of protected snippets that their cookies hold.
    pub(super) keyring: Keyring,
    /// The password that a program states.
    pub(super) password: Option<String>,
    pub(super) network: Network,
    /// What the answer before this one noted.
    pub(super) note: Option<Note>,
    /// They may create and run here.
    pub(super) is_admitted: bool,
    /// They came by https.
    is_secure: bool,
    /// The secret is new: their cookie to set, or the token to hand out.
    is_fresh: bool,
    /// They showed a token.
    has_token: bool,
}

impl Visitor {
    /// Whether they are known by a cookie only: a browser sends it whoever asks it to.
    pub(super) fn is_known_by_cookie(&self) -> bool {
        !self.is_fresh && !self.has_token
    }

    /// Whether they showed a secret of either kind.
    pub(super) fn is_known(&self) -> bool {
        !self.is_fresh
    }

    /// Refuses whoever must log in before they create or run.
    pub(super) fn check_admitted(&self) -> Result<(), WebError> {
        if self.is_admitted { Ok(()) } else { Err(WebError::Refused(Refusal::LoginNeeded)) }
    }

    /// Owns with another secret from now on, and gets its cookie.
    pub(super) fn become_owner(&mut self, secret: OwnerSecret) {
        self.hash = secret.hash();
        self.secret = secret;
        self.is_fresh = true;
    }

    /// The edit token of what they create now; `None` for those who have a secret already.
    pub(super) fn edit_token(&self) -> Option<String> {
        self.is_fresh.then(|| self.secret.reveal())
    }

    /// The cookie that a new visitor needs to be known again; `None` for one who has it.
    pub(super) fn cookie(&self) -> Option<Cookie<'static>> {
        let name = owner_cookie(self.is_secure).to_owned();
        self.is_fresh.then(|| cookie(name, self.secret.reveal(), self.is_secure))
    }

    /// The cookie that opens a protected snippet and its forks.
    pub(super) fn lock_cookie(&self, lock: &Lock, key: &SealKey) -> Cookie<'static> {
        let start = if self.is_secure { SECURE_LOCK_COOKIE } else { LOCK_COOKIE };
        let mut cookie = cookie(format!("{start}{}", lock.name()), key.reveal(), self.is_secure);
        cookie.set_max_age(LOCK_LIFETIME);
        cookie
    }

    /// The cookie that tells the next answer at this address something.
    pub(super) fn note_cookie(&self, note: Note, key: &SnippetKey) -> Cookie<'static> {
        note.cookie(key, self.is_secure)
    }

    /// The one that takes the note away which they brought, if they did.
    pub(super) fn spent_note(&self, key: &SnippetKey) -> Option<Cookie<'static>> {
        let mut cookie = self.note?.cookie(key, self.is_secure);
        cookie.make_removal();
        Some(cookie)
    }

    /// The cookie that remembers a language.
    pub(super) fn language_cookie(&self, language: &str) -> Cookie<'static> {
        cookie(LANGUAGE_COOKIE.to_owned(), language.to_owned(), self.is_secure)
    }
}

/// The `__Host-` prefix makes browsers refuse the cookie from anybody but this host over https.
fn owner_cookie(is_secure: bool) -> &'static str {
    if is_secure { "__Host-codecube_owner" } else { "codecube_owner" }
}

/// Whether cookies may travel over https only: the public URL says so, or a trusted proxy of this request.
pub(super) fn is_secure(request: &HttpRequest, settings: &Settings) -> bool {
    settings.secure_cookies() || came_by_https(request, settings)
}

pub(super) fn cookie(name: String, value: String, is_secure: bool) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(is_secure)
        .max_age(COOKIE_LIFETIME)
        .finish()
}

/// Whether a request carries a cookie that lets it do something, and no token.
pub(super) fn is_known_by_cookie(request: &HttpRequest, settings: &Settings) -> bool {
    let by_cookie = by_cookie(request, settings).is_some() || admission::by_cookie(request, settings);
    by_cookie && stated_token(request, settings).is_none()
}

fn by_cookie(request: &HttpRequest, settings: &Settings) -> Option<OwnerSecret> {
    request.cookie(owner_cookie(is_secure(request, settings))).and_then(|cookie| OwnerSecret::parse(cookie.value()))
}

/// What stands behind `Authorization: Bearer`.
pub(super) fn bearer(request: &HttpRequest) -> Option<&str> {
    authorization(request, "bearer")
}

fn authorization<'a>(request: &'a HttpRequest, scheme: &str) -> Option<&'a str> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (own, rest) = header.split_once(' ')?;
    own.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

/// The edit token that is shown. The access token of the instance, which is shown in the same way, is none.
fn stated_token<'a>(request: &'a HttpRequest, settings: &Settings) -> Option<&'a str> {
    let is_access = |token: &str| settings.access.as_ref().is_some_and(|access| access.is(token));
    bearer(request).filter(|token| !is_access(token))
}

/// The password that is stated: in a header of its own, or as `curl -u :PASSWORD` sends it, whatever the name.
fn stated_password(request: &HttpRequest) -> Option<String> {
    if let Some(own) = request.headers().get(PASSWORD) {
        return String::from_utf8(own.as_bytes().to_vec()).ok();
    }
    let text = BASE64_STANDARD.decode(authorization(request, "basic")?).ok()?;
    String::from_utf8(text).ok()?.split_once(':').map(|(_, password)| password.to_owned())
}

/// The keys of protected snippets that the cookies hold: all of them, for the newest comes last. The greatest length of
/// a request's head bounds their number.
fn keyring(request: &HttpRequest, is_secure: bool) -> Keyring {
    let start = if is_secure { SECURE_LOCK_COOKIE } else { LOCK_COOKIE };
    let Ok(cookies) = request.cookies() else {
        return Keyring::default();
    };
    let keys = cookies.iter().filter(|cookie| cookie.name().starts_with(start));
    Keyring::new(keys.filter_map(|cookie| SealKey::parse(cookie.value())).collect())
}

/// The token that a request shows, if any.
fn by_token(request: &HttpRequest, settings: &Settings) -> Result<Option<OwnerSecret>, WebError> {
    let parsed = stated_token(request, settings).map(|token| OwnerSecret::parse(token).ok_or(WebError::BadToken));
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
        let state = request.app_data::<Data<State>>();
        let settings = state.map(|state| state.settings.clone()).unwrap_or_default();
        let is_secure = is_secure(request, &settings);
        let token = by_token(request, &settings)?;
        let has_token = token.is_some();
        let known = token.or_else(|| by_cookie(request, &settings));
        let is_fresh = known.is_none();
        let secret = known.unwrap_or_else(OwnerSecret::random);
        Ok(Self {
            hash: secret.hash(),
            secret,
            language: request.cookie(LANGUAGE_COOKIE).map(|cookie| cookie.value().to_owned()),
            keyring: keyring(request, is_secure),
            password: stated_password(request),
            network: Network::of(request, &settings),
            note: Note::of(request),
            is_admitted: admission::is_admitted(request, &settings),
            is_secure,
            is_fresh,
            has_token,
        })
    }
}
