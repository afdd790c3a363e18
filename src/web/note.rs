//! A note: what one answer leaves in a cookie for the next one at the same address, so that the address itself stays the
//! one to share. Not secret, and good for nothing but a word on the page.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};

use crate::snippets::key::SnippetKey;

const NAME: &str = "codecube_note";
/// A note is for the answer that follows; this is how long that may take.
const LIFETIME: Duration = Duration::minutes(1);

/// What is noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Note {
    /// The visitor asked for a fresh page, and knows that nothing is at its address.
    Fresh,
    /// The visitor has saved it just now.
    Kept,
}

impl Note {
    /// The note for the address that is asked for.
    pub(super) fn of(request: &HttpRequest) -> Option<Self> {
        let cookie = request.cookie(NAME)?;
        [Self::Fresh, Self::Kept].into_iter().find(|note| note.word() == cookie.value())
    }

    /// The note as a cookie for this snippet's address.
    pub(super) fn cookie(self, key: &SnippetKey, is_secure: bool) -> Cookie<'static> {
        let path = format!("/{key}");
        let builder = Cookie::build(NAME, self.word()).path(path).max_age(LIFETIME);
        builder.secure(is_secure).http_only(true).same_site(SameSite::Lax).finish()
    }

    fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Kept => "kept",
        }
    }
}
