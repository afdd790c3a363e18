//! What stands behind the address, if it is text. What percent signs hide there is not always UTF-8; taken for it, a title
//! would be kept with signs that nobody wrote.

use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::error::QueryPayloadError;
use actix_web::{FromRequest, HttpRequest, web};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;

use crate::web::error::WebError;

/// The words behind the address, as a handler takes them.
#[derive(Debug)]
pub(super) struct Query<T>(T);

impl<T> Query<T> {
    /// The words themselves.
    pub(super) fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = WebError;
    type Future = Ready<Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.query_string()))
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<Query<T>, WebError> {
    if !is_text(query) {
        return Err(WebError::Malformed("The part of the address after “?” is not text in UTF-8."));
    }
    match web::Query::<T>::from_query(query) {
        Ok(words) => Ok(Query(words.into_inner())),
        Err(QueryPayloadError::Deserialize(error)) if error.to_string().starts_with("unknown field") => {
            Err(WebError::Malformed(UNKNOWN_WORD))
        }
        Err(error) => Err(error.into()),
    }
}

/// Told where something is kept or run: what a visitor asked for must not be passed over.
const UNKNOWN_WORD: &str = "A word behind “?” is not known here, so nothing was done. Known are language, title, args, \
                            expires, burn, name, revision and status.";

/// Words for what must not stand behind an address: histories, logs and other people's screens show it there.
const SECRETS: [&str; 4] = ["password", "token", "edit_token", "access_token"];

/// Whether one of the words names a secret.
pub(super) fn names_secret(query: &str) -> bool {
    let is_secret = |word: &str| {
        let name = percent_decode_str(word.split('=').next().unwrap_or_default()).decode_utf8_lossy();
        SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret))
    };
    !query.is_empty() && query.split('&').any(is_secret)
}

/// Whether a part of an address is UTF-8 once it is decoded.
pub(super) fn is_text(encoded: &str) -> bool {
    percent_decode_str(encoded).decode_utf8().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_known_by_its_name() {
        for query in ["password=x", "a=b&password", "Pass%77ord=", "token=1", "edit_token=1&x", "access_token="] {
            assert!(names_secret(query), "{query}");
        }
        for query in ["", "q=password", "passwords=1", "utm_source=token", "title=password%3D"] {
            assert!(!names_secret(query), "{query}");
        }
    }

    #[test]
    fn what_is_not_utf8_is_refused_and_all_else_is_read() {
        let title = |query: &str| {
            let query: Query<Vec<(String, String)>> = read(query).ok()?;
            query.into_inner().pop().map(|(_, value)| value)
        };
        for (query, value) in
            [("title=%C3%A9+%25", "é %"), ("title=%zz", "%zz"), ("title=é", "é"), ("t=%F0%9F%90%8D", "🐍")]
        {
            assert_eq!(title(query).as_deref(), Some(value), "{query}");
        }
        for query in ["title=%ff", "%ff=x", "title=%C3", "title=%ED%A0%80", "title=%C0%AF"] {
            assert!(matches!(read::<Vec<(String, String)>>(query), Err(WebError::Malformed(_))), "{query}");
        }
    }
}
