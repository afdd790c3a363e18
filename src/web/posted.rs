//! Posted: the fields of a form, urlencoded as a page and `curl -d` send them, or multipart as `curl -F` does. They are
//! text, and never read further than their room.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;

use crate::web::api::body::{self, Body, FormField, FormRoom};
use crate::web::error::WebError;
use crate::web::urlencoded::Decoder;

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
    async fn read(request: &HttpRequest, mut payload: impl Body + 'static) -> Result<Self, WebError> {
        let room = *request.app_data::<FormRoom>().expect("each address of the table has a room for its forms");
        if body::is_form(request) {
            let fields = body::read_form(request, payload, room.unescaped()).await?;
            let pair = |FormField { name, bytes, .. }| Ok((name, text(bytes)?));
            return Ok(Self(fields.into_iter().map(pair).collect::<Result<_, WebError>>()?));
        }
        if !body::is_urlencoded(request) {
            return Err(WebError::NotForm);
        }
        body::check_stated(request, room.all)?;
        let mut decoder = Decoder::new(room);
        while let Some(part) = payload.next().await {
            decoder.push(&part?)?;
        }
        decoder.finish().map(Self)
    }
}

/// A field's bytes, or a whole form's, as text.
pub(super) fn text(bytes: Bytes) -> Result<String, WebError> {
    String::from_utf8(bytes.into()).map_err(|_| WebError::FormNotText)
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
    fn a_field_that_is_needed_stands_there_once() {
        let posted = |form: &str| {
            let mut decoder = Decoder::new(FormRoom::of_words(100));
            decoder.push(form.as_bytes()).unwrap();
            Posted(decoder.finish().unwrap())
        };
        assert_eq!(posted("a=1&b=2").the("a").unwrap(), "1");
        for form in ["b=2", "a=1&a=1", ""] {
            assert!(matches!(posted(form).the("a"), Err(WebError::NotOnce("a"))), "{form}");
        }
        assert_eq!((posted("a=").of("a"), posted("b=1").of("a"), posted("a=1").of("a")), (None, None, Some("1")));
    }
}
