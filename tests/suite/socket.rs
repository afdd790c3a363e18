//! A program that uses the page's socket: what it sends and hears is the public interface.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::server::PATIENCE;

/// One visitor: the cookie of one browser.
#[derive(Clone)]
pub struct Visitor {
    pub url: String,
    pub cookie: String,
}

/// One open page.
pub struct Page {
    pub key: String,
    pub visitor: Visitor,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

/// All that was heard of one run.
#[derive(Debug, Default)]
pub struct Transcript {
    pub run: String,
    pub events: Vec<Value>,
}

impl Transcript {
    /// Output of all streams, in order.
    pub fn output(&self) -> String {
        self.events
            .iter()
            .filter(|event| event["kind"] == "output")
            .map(|event| event["data"].as_str().unwrap())
            .collect()
    }

    /// The last event.
    pub fn finished(&self) -> &Value {
        self.events.last().unwrap()
    }

    /// The outcome's word.
    pub fn outcome(&self) -> &str {
        self.finished()["outcome"].as_str().unwrap()
    }
}

impl Visitor {
    /// Somebody who was never here.
    pub async fn new(url: &str) -> Self {
        let answer = quiet_client().get(format!("{url}/{}", fresh_key(url).await)).send().await.unwrap();
        let cookie = answer.headers().get("set-cookie").unwrap().to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Self { url: url.to_owned(), cookie }
    }

    /// Opens a fresh page, nothing stored.
    pub async fn fresh(&self) -> Page {
        self.open(&fresh_key(&self.url).await).await
    }

    /// Opens the page of this key.
    pub async fn open(&self, key: &str) -> Page {
        self.open_after(key, "").await
    }

    /// Opens it with a query such as `?run=…&after=…`.
    pub async fn open_after(&self, key: &str, query: &str) -> Page {
        let address = format!("{}/{key}/socket{query}", self.url.replace("http", "ws"));
        let mut request = address.into_client_request().unwrap();
        request.headers_mut().insert("cookie", self.cookie.parse().unwrap());
        request.headers_mut().insert("origin", self.url.parse().unwrap());
        let (socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
        Page { key: key.to_owned(), visitor: self.clone(), socket }
    }
}

impl Page {
    /// Sends one message.
    pub async fn send(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message; a fork or save moves the page to its key.
    pub async fn next(&mut self) -> Value {
        // Pings are no news: a socket with nothing else is silent.
        let deadline = Instant::now() + PATIENCE;
        loop {
            let message = tokio::time::timeout_at(deadline, self.socket.next()).await.expect("the server is silent");
            if let Message::Text(text) = message.expect("the socket was closed").unwrap() {
                let value: Value = serde_json::from_str(&text).unwrap();
                if value["type"] == "snippet" {
                    self.key = value["key"].as_str().unwrap().to_owned();
                }
                return value;
            }
        }
    }

    /// Everything that comes until the server closes the socket.
    pub async fn until_closed(&mut self) -> Vec<Value> {
        let mut heard = Vec::new();
        loop {
            let message = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("the socket stays open");
            match message {
                Some(Ok(Message::Text(text))) => heard.push(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                _ => return heard,
            }
        }
    }

    /// The next message for which this holds; others are passed over.
    pub async fn next_that(&mut self, mut holds: impl FnMut(&Value) -> bool) -> Value {
        let waiting = async {
            loop {
                let value = self.next().await;
                if holds(&value) {
                    return value;
                }
            }
        };
        tokio::time::timeout(2 * PATIENCE, waiting).await.expect("much was said, but not that")
    }

    /// The next event of this kind.
    pub async fn event(&mut self, kind: &str) -> Value {
        self.next_that(|value| value["type"] == "event" && value["kind"] == kind).await
    }

    /// Sends a run of one file with pipes; its events follow.
    pub async fn start(&mut self, language: &str, code: &str) {
        self.send(run_message(language, code)).await;
    }

    /// Runs one file with pipes, closed stdin, to the end.
    pub async fn run(&mut self, language: &str, code: &str) -> Transcript {
        self.start(language, code).await;
        self.finish().await
    }

    /// Collects the events of the next run that begins, or of the one under way, to its end.
    pub async fn finish(&mut self) -> Transcript {
        self.finish_into(Transcript::default()).await
    }

    /// Goes on collecting where `heard` stands.
    pub async fn finish_into(&mut self, mut heard: Transcript) -> Transcript {
        loop {
            let value = self.next().await;
            assert_ne!(value["type"], "error", "{value}");
            if value["type"] != "event" {
                continue;
            }
            if heard.run.is_empty() {
                heard.run = value["run"].as_str().unwrap().to_owned();
            }
            if value["run"] == heard.run.as_str() {
                let ended = value["kind"] == "finished";
                heard.events.push(value);
                if ended {
                    return heard;
                }
            }
        }
    }
}

/// The message of a run of one file with pipes and no input.
pub fn run_message(language: &str, code: &str) -> Value {
    json!({"type": "run", "language": language, "files": [{"path": "", "content": code}], "args": [], "stdin": null,
        "tty": null})
}

/// The key that `/` sends a visitor to.
pub async fn fresh_key(url: &str) -> String {
    let answer = quiet_client().get(format!("{url}/")).send().await.unwrap();
    assert!(answer.status().is_redirection());
    answer.headers()["location"].to_str().unwrap().trim_start_matches('/').to_owned()
}

/// An HTTP client that asks for pages and does as it is told.
pub fn quiet_client() -> reqwest::Client {
    let accept = [(reqwest::header::ACCEPT, "text/html".parse().unwrap())];
    let builder = reqwest::Client::builder().default_headers(accept.into_iter().collect());
    builder.redirect(reqwest::redirect::Policy::none()).build().unwrap()
}
