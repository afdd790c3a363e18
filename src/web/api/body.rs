//! A request's body, read whole or by fields, never further than its limit.

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::HttpRequest;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use actix_web::web::Payload;
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};

use crate::web::error::WebError;

/// What the borders and heads of a form's fields may take beside their contents.
const FORM_OVERHEAD_BYTES: usize = 64 * 1024;

/// One field of a form.
pub(in crate::web) struct FormField {
    pub(in crate::web) name: String,
    /// Present for a file.
    pub(in crate::web) file_name: Option<String>,
    pub(in crate::web) bytes: Bytes,
}

/// Reads the whole body. One that states more than the limit is refused before a byte of it is read.
pub(super) async fn read(request: &HttpRequest, payload: Payload, limit: usize) -> Result<Bytes, WebError> {
    check_stated(request, limit)?;
    gather(payload, limit).await
}

/// Whether there is a body at all, be it an empty one.
pub(super) fn is_there(request: &HttpRequest) -> bool {
    let headers = request.headers();
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

/// Whether the body is a form as `curl -F` sends it.
pub(super) fn is_form(request: &HttpRequest) -> bool {
    let stated = request.headers().get(CONTENT_TYPE).and_then(|stated| stated.to_str().ok()).unwrap_or_default();
    stated.to_ascii_lowercase().starts_with("multipart/form-data")
}

/// Reads a form's fields, all of them together within the limit.
pub(in crate::web) async fn read_form(
    request: &HttpRequest,
    payload: Payload,
    limit: usize,
    most: usize,
) -> Result<Vec<FormField>, WebError> {
    check_stated(request, limit + FORM_OVERHEAD_BYTES)?;
    let mut form = Multipart::new(request.headers(), payload);
    let (mut fields, mut left) = (Vec::new(), limit);
    while let Some(field) = form.next().await {
        let field = read_field(field?, left).await?;
        left -= field.bytes.len();
        fields.push(field);
        if fields.len() > most {
            return Err(WebError::TooLarge);
        }
    }
    Ok(fields)
}

async fn read_field(field: Field, limit: usize) -> Result<FormField, WebError> {
    let name = field.name().unwrap_or_default().to_owned();
    let file_name = field.content_disposition().and_then(|stated| stated.get_filename()).map(str::to_owned);
    let bytes = gather(field, limit).await?;
    Ok(FormField { name, file_name, bytes })
}

/// Bytes as text, if they are.
pub(in crate::web) fn text(bytes: Bytes) -> Result<String, WebError> {
    String::from_utf8(bytes.into()).map_err(|_| WebError::NotText)
}

fn check_stated(request: &HttpRequest, limit: usize) -> Result<(), WebError> {
    let stated = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    match stated.and_then(|length| length.parse::<usize>().ok()) {
        Some(length) if length > limit => Err(WebError::TooLarge),
        _ => Ok(()),
    }
}

async fn gather<E>(mut stream: impl Stream<Item = Result<Bytes, E>> + Unpin, limit: usize) -> Result<Bytes, WebError>
where
    WebError: From<E>,
{
    let mut gathered = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        if gathered.len() + chunk.len() > limit {
            return Err(WebError::TooLarge);
        }
        gathered.extend_from_slice(&chunk);
    }
    Ok(gathered.freeze())
}

impl From<MultipartError> for WebError {
    fn from(error: MultipartError) -> Self {
        match error {
            MultipartError::Payload(error @ (PayloadError::Overflow | PayloadError::Io(_))) => error.into(),
            _ => Self::Malformed("This form cannot be understood."),
        }
    }
}
