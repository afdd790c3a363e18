//! The form in which a client wants its answer: a page for a browser, JSON for a program, plain text for curl.

use actix_web::http::header::{ACCEPT, HeaderMap, USER_AGENT};

/// Robots that fetch a page to show its preview where somebody sent the link, as they name themselves. They accept
/// anything, like curl, and want the page.
pub(super) const PREVIEW_ROBOTS: &[&str] = &[
    "Slackbot",
    "Discordbot",
    "Twitterbot",
    "facebookexternalhit",
    "TelegramBot",
    "WhatsApp",
    "LinkedInBot",
    "Mastodon",
    "Bluesky Cardyb",
    "Synapse",
    "SkypeUriPreview",
    "redditbot",
];

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
        if accept.contains("text/html") || !accept.contains("json") && is_preview_robot(headers) {
            Self::Page
        } else if accept.contains("json") {
            Self::Json
        } else {
            Self::Text
        }
    }
}

fn is_preview_robot(headers: &HeaderMap) -> bool {
    let agent = headers.get(USER_AGENT).map_or(&[][..], |agent| agent.as_bytes());
    PREVIEW_ROBOTS
        .iter()
        .any(|robot| agent.windows(robot.len()).any(|part| part.eq_ignore_ascii_case(robot.as_bytes())))
}

/// Guard: somebody with a browser asks, or a form of a page is sent.
pub(super) fn is_browser(context: &actix_web::guard::GuardContext<'_>) -> bool {
    Form::wanted(&context.head().headers) == Form::Page
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn wanted(accept: &'static str, agent: &'static str) -> Form {
        let headers = [(ACCEPT, HeaderValue::from_static(accept)), (USER_AGENT, HeaderValue::from_static(agent))];
        Form::wanted(&headers.into_iter().collect())
    }

    #[test]
    fn robots_that_make_previews_get_the_page_and_programs_the_text() {
        let slack = "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)";
        let telegram = "TelegramBot (like TwitterBot)";
        let mastodon = "Mastodon/4.3.0 (http.rb/5.2.0; +https://mastodon.example/) Bot";
        for robot in [slack, telegram, mastodon, "facebookexternalhit/1.1", "WhatsApp/2.23.20.0"] {
            assert_eq!((wanted("*/*", robot), wanted("", robot)), (Form::Page, Form::Page), "{robot}");
        }
        for program in ["curl/8.5.0", "Wget/1.21", "HTTPie/3.2", "python-requests/2.31", ""] {
            assert_eq!(wanted("*/*", program), Form::Text, "{program}");
        }
        assert_eq!(wanted("application/json", slack), Form::Json);
    }
}
