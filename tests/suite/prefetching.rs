//! What fetches a link that nobody has pressed: browsers ahead of time, previews, whoever asks for the head alone. Nothing
//! that can be used once is used up by it.

use reqwest::{Method, Response};

use crate::curl::Shell;
use crate::server::Server;
use crate::socket::quiet_client;

/// As browsers and robots say that nobody looks yet.
const AHEAD: [(&str, &str); 6] = [
    ("sec-purpose", "prefetch"),
    ("sec-purpose", "prefetch;prerender"),
    ("purpose", "prefetch"),
    ("x-moz", "prefetch"),
    ("x-purpose", "preview"),
    ("user-agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)"),
];

/// Fetches an address in every one of those ways, as page and as text.
async fn fetch_ahead(address: &str) -> Vec<Response> {
    let mut answers = Vec::new();
    for (name, value) in AHEAD {
        for accept in ["text/html", "*/*"] {
            for method in [Method::GET, Method::HEAD] {
                let request = quiet_client().request(method, address).header("accept", accept).header(name, value);
                answers.push(request.send().await.unwrap());
            }
        }
    }
    answers
}

#[tokio::test]
async fn what_is_fetched_ahead_burns_nothing_and_its_page_still_burns_when_somebody_presses() {
    let shell = Shell::at(Server::shared().await.url(), &[("a.sh", "echo hidden")]);
    let kept = shell.curl(&["-T", "a.sh", "HOST/?burn=1"]);
    let url = kept.body.trim();
    for (way, status) in [("", 409), ("?kept", 409), ("/raw", 409), ("/burn", 405), ("/embed", 404), (".png", 404)] {
        for answer in fetch_ahead(&format!("{url}{way}")).await {
            assert_eq!(answer.status(), status, "{way}");
            assert_eq!(answer.headers()["cache-control"], "no-store", "{way}: it must be asked again");
            assert!(!answer.text().await.unwrap().contains("hidden"), "{way}");
        }
    }
    let page = quiet_client().get(url).header("accept", "text/html").header("sec-purpose", "prefetch").send().await;
    assert!(page.unwrap().text().await.unwrap().contains("/burn\""));
    assert_eq!(shell.curl(&["-X", "POST", &format!("{url}/burn")]).body, "echo hidden");
    assert_eq!(shell.curl(&["-X", "POST", &format!("{url}/burn")]).status, 410);
}

#[tokio::test]
async fn what_is_fetched_ahead_takes_no_link_to_another_device() {
    let shell = Shell::at(Server::shared().await.url(), &[("a.sh", "echo 1")]);
    let kept = shell.curl(&["-T", "a.sh", "HOST/"]);
    for way in [format!("{}/move", kept.body.trim()), "HOST/mine/move".to_owned()] {
        let link = shell.curl(&["-X", "POST", "-H", &kept.bearer(), &way]).body;
        for answer in fetch_ahead(link.trim()).await {
            assert_eq!((answer.status().as_u16(), answer.headers().get("set-cookie")), (200, None));
            assert_eq!(answer.headers()["cache-control"], "no-store");
        }
        assert_eq!(
            shell.curl(&["-H", &kept.bearer(), "HOST/mine"]).body.lines().count(),
            1,
            "it is still the sender's"
        );
        let taken = shell.curl(&["-X", "POST", link.trim()]);
        assert!(taken.status == 200 && taken.header("x-edit-token").is_some(), "{taken:?}");
        assert_eq!(shell.curl(&["-X", "POST", link.trim()]).status, 410);
        // For the next turn.
        let link = shell.curl(&["-X", "POST", "-H", &taken.bearer(), &format!("{}/move", kept.body.trim())]).body;
        assert_eq!(shell.curl(&["-X", "POST", "-H", &kept.bearer(), link.trim()]).status, 200);
    }
}
