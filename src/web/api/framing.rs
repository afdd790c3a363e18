//! How a streamed answer is cut on the wire.
//!
//! actix cannot send trailers, so an HTTP/1.1 answer is told to leave the body as it
//! is, and the chunks are written here. HTTP/1.0 knows no chunks: the connection's end is the body's.

use actix_web::HttpResponse;
use actix_web::http::Version;
use actix_web::http::header::{HeaderName, HeaderValue, TRAILER, TRANSFER_ENCODING};
use bytes::Bytes;

/// One answer's framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// Chunks, and trailers behind the last.
    Chunks,
    /// Bytes as they are, to the connection's end.
    Plain,
}

impl Framing {
    /// What a client of this version understands.
    pub(super) fn of(version: Version) -> Self {
        if version >= Version::HTTP_11 { Self::Chunks } else { Self::Plain }
    }

    /// Prepares the answer's head; `trailers` are the names that will follow the body.
    pub(super) fn announce(self, response: &mut HttpResponse, trailers: &'static str) {
        response.head_mut().no_chunking(true);
        response.head_mut().set_connection_type(actix_http::ConnectionType::Close);
        if self == Self::Chunks {
            response.headers_mut().insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
            response.headers_mut().insert(TRAILER, HeaderValue::from_static(trailers));
        }
    }

    /// A part of the body.
    pub(super) fn part(self, text: &str) -> Bytes {
        match self {
            // A chunk of no length would be the last.
            Self::Chunks if text.is_empty() => Bytes::new(),
            Self::Chunks => format!("{:x}\r\n{text}\r\n", text.len()).into(),
            Self::Plain => text.to_owned().into(),
        }
    }

    /// The end, with what is known only now. Values that a header cannot hold are left away.
    pub(super) fn end(self, trailers: &[(&str, String)]) -> Bytes {
        if self == Self::Plain {
            return Bytes::new();
        }
        let sound = |(name, value): &&(&str, String)| {
            HeaderName::try_from(*name).is_ok() && value.is_ascii() && HeaderValue::try_from(value.as_str()).is_ok()
        };
        let lines: String = trailers.iter().filter(sound).map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        format!("0\r\n{lines}\r\n").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_counted_in_bytes_and_trailers_end_them() {
        let framing = Framing::of(Version::HTTP_11);
        assert_eq!(framing.part("é\n"), "3\r\né\n\r\n");
        assert_eq!(framing.part(""), "");
        let trailers = [("X-Outcome", "exited".to_owned()), ("X-Bad", "a\r\nb".to_owned())];
        assert_eq!(framing.end(&trailers), "0\r\nX-Outcome: exited\r\n\r\n");
    }

    #[test]
    fn an_old_client_gets_the_bytes_alone() {
        let framing = Framing::of(Version::HTTP_10);
        assert_eq!((framing.part("x"), framing.end(&[])), (Bytes::from("x"), Bytes::new()));
    }
}
