//! Posted: the fields of a form, urlencoded as a page and `curl -d` send them, or multipart as `curl -F` does. They are
//! text, and never read further than their room.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use bytes::Bytes;
use futures_util::future::LocalBoxFuture;

use crate::web::api::body::{self, Body, FormField, FormRoom, Room};
use crate::web::error::WebError;
use crate::web::query;

/// Fields of a form that comes as multipart; what holds more are the forms of whole programs, which browsers send urlencoded.
const MAX_PARTS: usize = 160;

/// Names and values, in the order in which they came.
pub(super) struct Posted(Vec<(String, String)>);

impl Posted {
    /// All of them.
    pub(super) fn into_pairs(self) -> Vec<(String, String)> {
        self.0
    }

    /// The value of a field that must be there, once.
    pub(super) fn the(&self, name: &'static str) -> Result<&str, WebError> {
        let mut values = self.0.iter().filter(|(own, _)| own == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => Ok(value),
            _ => Err(WebError::NotOnce(name)),
        }
    }

    /// The value of a field that may be left away, or empty.
    pub(super) fn of(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(own, value)| own == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Reads a body. One that states more than there is room for is refused before a byte of it is read.
    async fn read(request: &HttpRequest, payload: impl Body + 'static) -> Result<Self, WebError> {
        let room = *request.app_data::<Room>().expect("each address of the table has a room for its forms");
        if body::is_form(request) {
            let room =
                FormRoom { all: room, files: room, fields: MAX_PARTS, files_number: MAX_PARTS, many: room.excess };
            let fields = body::read_form(request, payload, room).await?;
            let pair = |FormField { name, bytes, .. }| Ok((name, text(bytes)?));
            return Ok(Self(fields.into_iter().map(pair).collect::<Result<_, WebError>>()?));
        }
        if !body::is_urlencoded(request) {
            return Err(WebError::NotForm);
        }
        pairs(&text(body::read(request, payload, room).await?)?).map(Self)
    }
}

/// A field's bytes, or a whole form's, as text.
pub(super) fn text(bytes: Bytes) -> Result<String, WebError> {
    String::from_utf8(bytes.into()).map_err(|_| WebError::FormNotText)
}

/// Taken for UTF-8, what percent signs hide would be kept with signs that nobody wrote.
fn pairs(urlencoded: &str) -> Result<Vec<(String, String)>, WebError> {
    if !query::is_text(urlencoded) {
        return Err(WebError::FormNotText);
    }
    let strange = |_| WebError::Malformed("This form cannot be understood.");
    Ok(web::Query::<Vec<(String, String)>>::from_query(urlencoded).map_err(strange)?.into_inner())
}

impl FromRequest for Posted {
    type Error = WebError;
    type Future = LocalBoxFuture<'static, Result<Self, WebError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move { Self::read(&request, payload).await })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_text_and_nothing_is_put_in_their_place() {
        let read = |form: &str| pairs(form).ok();
        let pair = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        for (form, value) in [("a=%C3%A9+%25", "é %"), ("a=%zz", "%zz"), ("a=é", "é"), ("a=", ""), ("a", "")] {
            assert_eq!(read(form), Some(pair("a", value)), "{form}");
        }
        for form in ["a=%ff", "%ff=a", "a=%C3&b=%A9", "a=%ED%A0%80"] {
            assert!(matches!(pairs(form), Err(WebError::FormNotText)), "{form}");
        }
    }

    #[test]
    fn a_field_that_is_needed_stands_there_once() {
        let posted = |form: &str| Posted(pairs(form).unwrap());
        assert_eq!(posted("a=1&b=2").the("a").unwrap(), "1");
        for form in ["b=2", "a=1&a=1", ""] {
            assert!(matches!(posted(form).the("a"), Err(WebError::NotOnce("a"))), "{form}");
        }
        assert_eq!((posted("a=").of("a"), posted("b=1").of("a"), posted("a=1").of("a")), (None, None, Some("1")));
    }
}
