//! Addresses of this server as a visitor can use them outside the page.

use actix_web::HttpRequest;
use actix_web::http::header::HOST;

use crate::snippets::key::SnippetKey;
use crate::web::network::came_by_https;
use crate::web::state::State;

/// Scheme, host and port, without a slash at the end: the public URL, or where the request was sent.
pub(super) fn site(request: &HttpRequest, state: &State) -> String {
    if let Some(url) = &state.settings.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or("localhost");
    let scheme = if came_by_https(request, &state.settings) { "https" } else { "http" };
    format!("{scheme}://{host}")
}

/// The whole address of a snippet.
pub(super) fn of_snippet(request: &HttpRequest, state: &State, key: &SnippetKey) -> String {
    format!("{}/{key}", site(request, state))
}
