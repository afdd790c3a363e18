//! The form in which a client wants its answer: a page for a browser, JSON for a program, plain text for curl.

use actix_web::http::header::{ACCEPT, HeaderMap};

/// The three forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Browsers say so, and nobody else.
    Page,
    Json,
    Text,
}

impl Form {
    /// What the headers ask for.
    pub(super) fn wanted(headers: &HeaderMap) -> Self {
        let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        if accept.contains("text/html") {
            Self::Page
        } else if accept.contains("json") {
            Self::Json
        } else {
            Self::Text
        }
    }
}

/// Guard: somebody with a browser asks, or a form of a page is sent.
pub(super) fn is_browser(context: &actix_web::guard::GuardContext<'_>) -> bool {
    Form::wanted(&context.head().headers) == Form::Page
}
