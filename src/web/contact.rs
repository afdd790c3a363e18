//! Whom to write to about what stands here, as `security.txt` says it (RFC 9116).

use actix_web::HttpResponse;
use actix_web::web::Data;

use crate::web::error::WebError;
use crate::web::moment::Moment;
use crate::web::state::State;

/// How long what it says is vouched for; it is written anew for each who asks.
const VALID_MS: u64 = 30 * 24 * 60 * 60 * 1000;

/// An operator's contact as a link; `None` for words that are no address.
pub(super) fn link(contact: &str) -> Option<String> {
    let is_url = contact.starts_with("https://") || contact.starts_with("http://") || contact.starts_with("mailto:");
    let is_mail = contact.contains('@') && !contact.contains(char::is_whitespace);
    match (is_url, is_mail) {
        (true, _) => Some(contact.to_owned()),
        (false, true) => Some(format!("mailto:{contact}")),
        (false, false) => None,
    }
}

/// `GET /.well-known/security.txt`
pub(super) async fn security(state: Data<State>) -> Result<HttpResponse, WebError> {
    let contact = state.settings.contact.as_deref().ok_or(WebError::NotFound)?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let expires = Moment(u64::try_from(now.as_millis()).unwrap_or_default() + VALID_MS).iso();
    let text = format!("Contact: {}\nExpires: {expires}\n", link(contact).unwrap_or_else(|| contact.to_owned()));
    Ok(HttpResponse::Ok().content_type("text/plain; charset=utf-8").body(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_becomes_a_link_and_words_do_not() {
        assert_eq!(link("abuse@cube.example").as_deref(), Some("mailto:abuse@cube.example"));
        assert_eq!(link("https://cube.example/abuse").as_deref(), Some("https://cube.example/abuse"));
        assert_eq!((link("room 17"), link("javascript:alert(1)")), (None, None));
    }
}
