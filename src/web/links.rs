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
    [scheme, "://", host].concat()
}

/// A path of this server to go to, or its root: what somebody else wrote must not lead elsewhere.
pub(super) fn own_path(path: &str) -> &str {
    let leads_away = !path.starts_with('/') || path.starts_with("//") || path.contains(['\\', '\r', '\n', '\t']);
    if leads_away || !path.bytes().all(|byte| byte.is_ascii_graphic()) { "/" } else { path }
}

/// The whole address of a snippet.
pub(super) fn of_snippet(request: &HttpRequest, state: &State, key: &SnippetKey) -> String {
    [&site(request, state), "/", key.as_str()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_back_leads_to_another_site() {
        for path in ["//evil.example", "https://evil.example", "/\\evil.example", "", "evil", "/a\r\nX: y", "/\t/evil"]
        {
            assert_eq!(own_path(path), "/", "{path:?}");
        }
        assert_eq!(own_path("/abc/raw?revision=2"), "/abc/raw?revision=2");
    }
}
