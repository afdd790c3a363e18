//! Origin: whether a request that changes something comes from our own pages. A stranger's page can make a
//! visitor's browser send requests with the visitor's cookie, but cannot make it lie about the origin.

use actix_web::http::header::{HOST, HeaderMap, ORIGIN};

/// Where a request says it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// One of our pages.
    Ours,
    /// Another site, an opaque origin, or more than one.
    Foreign,
    /// It does not say: a program, or a very old browser.
    Unstated,
}

/// Reads it from the headers. With a public URL the origin must be that; else it must match `Host`.
pub(super) fn of(headers: &HeaderMap, public_url: Option<&str>) -> Origin {
    let mut stated = headers.get_all(ORIGIN);
    let Some(origin) = stated.next() else {
        return match fetch_site(headers) {
            Some("same-origin") => Origin::Ours,
            Some("cross-site" | "same-site") => Origin::Foreign,
            _ => Origin::Unstated,
        };
    };
    let (Ok(origin), None) = (origin.to_str(), stated.next()) else {
        return Origin::Foreign;
    };
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    if is_ours(origin, host, public_url) || (origin == "null" && fetch_site(headers) == Some("same-origin")) {
        return Origin::Ours;
    }
    Origin::Foreign
}

/// Whether a request is for one of this machine's own names. A stranger's page can give its own name our address
/// and would then be of our origin; the name stays in `Host`. Browsers always send that, so without it none asks.
pub(super) fn is_for_this_machine(headers: &HeaderMap) -> bool {
    headers.get_all(HOST).all(|host| {
        let host = host.to_str().unwrap_or_default().to_ascii_lowercase();
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        matches!(name.map_or(host.as_str(), |(name, _)| name), "localhost" | "127.0.0.1" | "[::1]")
    })
}

/// What no page can set; browsers that know it send it with each request to a trustworthy address. A page under
/// `Referrer-Policy: no-referrer` sends its forms with the origin `null`, and only this tells them apart.
fn fetch_site(headers: &HeaderMap) -> Option<&str> {
    headers.get("sec-fetch-site").and_then(|site| site.to_str().ok())
}

fn is_ours(origin: &str, host: Option<&str>, public_url: Option<&str>) -> bool {
    let Some(origin) = normal(origin) else {
        return false;
    };
    match (public_url, host) {
        (Some(url), _) => normal(url).is_some_and(|url| url == origin),
        // Behind a proxy that ends https, only the proxy knows the scheme.
        (None, Some(host)) => ["http", "https"].iter().any(|scheme| {
            origin.0 == *scheme && normal(&format!("{scheme}://{host}")).is_some_and(|own| own == origin)
        }),
        (None, None) => false,
    }
}

/// Scheme and authority in lower case, without the scheme's own port and without a path.
fn normal(url: &str) -> Option<(String, String)> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let authority = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    let own_port = match scheme.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let authority = authority.strip_suffix(own_port).unwrap_or(&authority).to_owned();
    (!authority.is_empty() && !authority.contains('@')).then_some((scheme, authority))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderName;

    use super::*;

    #[test]
    fn only_our_own_origin_passes() {
        let public = Some("https://cube.example/");
        for (origin, public_url, ours) in [
            ("http://host:8080", None, true),
            ("https://HOST:8080", None, true),
            ("http://host", None, false),
            ("http://host:8081", None, false),
            ("http://host:8080.evil", None, false),
            ("http://user@host:8080", None, false),
            ("null", None, false),
            ("https://cube.example", public, true),
            ("https://cube.example:443", public, true),
            ("http://cube.example", public, false),
            ("https://cube.example.evil", public, false),
            ("https://cube.example:8443", public, false),
            ("http://host:8080", public, false),
        ] {
            assert_eq!(is_ours(origin, Some("host:8080"), public_url), ours, "{origin} {public_url:?}");
        }
    }

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn only_this_machines_own_names_are_for_it() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]", "[::1]:8080"] {
            assert!(is_for_this_machine(&headers(&[("host", host)])), "{host}");
        }
        for host in ["evil.example:8080", "localhost.evil.example", "127.0.0.1.evil", "::1", "localhost:x", ""] {
            assert!(!is_for_this_machine(&headers(&[("host", host)])), "{host}");
        }
    }

    #[test]
    fn two_origins_are_foreign_and_none_is_unstated() {
        let own = [("host", "h"), ("origin", "http://h")];
        assert_eq!(of(&headers(&own), None), Origin::Ours);
        let two = [("host", "h"), ("origin", "http://h"), ("origin", "http://h")];
        assert_eq!(of(&headers(&two), None), Origin::Foreign);
        assert_eq!(of(&headers(&[("host", "h")]), None), Origin::Unstated);
        assert_eq!(of(&headers(&[("host", "h"), ("sec-fetch-site", "cross-site")]), None), Origin::Foreign);
    }

    #[test]
    fn a_null_origin_passes_only_when_the_browser_vouches_for_it() {
        let null = [("host", "h"), ("origin", "null")];
        assert_eq!(of(&headers(&null), None), Origin::Foreign);
        let vouched = [("host", "h"), ("origin", "null"), ("sec-fetch-site", "same-origin")];
        assert_eq!(of(&headers(&vouched), None), Origin::Ours);
        let foreign = [("host", "h"), ("origin", "null"), ("sec-fetch-site", "cross-site")];
        assert_eq!(of(&headers(&foreign), None), Origin::Foreign);
    }
}
