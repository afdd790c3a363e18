//! The result page of a run without a script: its head at once, output as it is printed, the outcome last.

use std::convert::Infallible;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, ContentEncoding};
use askama::Template;
use bytes::Bytes;
use futures_util::stream::{Stream, unfold};
use tokio_util::sync::CancellationToken;

use crate::languages::Language;
use crate::runs::event::EventKind;
use crate::runs::feed::LogFollower;
use crate::runs::outcome::{Finished, Outcome};
use crate::snippets::key::SnippetKey;
use crate::snippets::revision::Content;
use crate::web::assets::Page;
use crate::web::colour::markup::Markup;
use crate::web::colour::output::OutputReader;
use crate::web::colour::piece::{Look, append};
use crate::web::error::WebError;
use crate::web::state::State;

/// What the output may take of the page, bytes, about.
const MAX_SHOWN_BYTES: usize = 4 * 1024 * 1024;
const MORE: &str = "\n… (there is more than a page can show)\n";

#[derive(Template)]
#[template(path = "run_head.html")]
struct RunHead<'a> {
    page: &'a Page,
    key: &'a str,
    title: &'a str,
    language: &'a Language,
}

#[derive(Template)]
#[template(path = "run_tail.html")]
struct RunTail<'a> {
    key: &'a str,
    message: &'a str,
    tone: &'a str,
}

/// Everything before the output.
pub(super) fn head(state: &State, page: &Page, key: &SnippetKey, content: &Content) -> Result<String, WebError> {
    let language = state.languages.get(&content.program.language).ok_or(WebError::NotFound)?;
    let head = RunHead { page, key: key.as_str(), title: &content.title, language }.render()?;
    // The line end right after `<pre>` is no content; without it the output's own first one would be taken for it.
    Ok(head + "\n")
}

/// What stands before the output, and what comes behind it once it is known how the run ended.
pub(super) struct Around {
    pub(super) head: String,
    /// Writes it from a sentence and its tone.
    pub(super) tail: Tail,
}

/// Writes what comes behind the output.
type Tail = Box<dyn Fn(&str, &str) -> Result<String, askama::Error> + Send>;

/// The result page around a run of this snippet.
pub(super) fn around(head: String, key: SnippetKey) -> Around {
    let tail = move |message: &str, tone: &str| RunTail { key: key.as_str(), message, tone }.render();
    Around { head, tail: Box::new(tail) }
}

/// Answers with a page that grows until the run ends. The run goes on when the visitor leaves.
pub(super) fn stream(state: &State, around: Around, follower: LogFollower) -> HttpResponse {
    let Around { head, tail } = around;
    let growing = Growing { tail, follower, reader: OutputReader::within(MAX_SHOWN_BYTES), stop: state.stop.clone() };
    let mut builder = HttpResponse::Ok();
    builder.content_type("text/html; charset=utf-8").insert_header((CACHE_CONTROL, "no-store"));
    // Compression would hold output back; the same goes for proxies that know this header.
    builder.insert_header(ContentEncoding::Identity).insert_header(("x-accel-buffering", "no"));
    builder.streaming(chunks(head, growing))
}

struct Growing {
    tail: Tail,
    follower: LogFollower,
    reader: OutputReader,
    stop: CancellationToken,
}

/// What comes next on the page.
enum Step {
    Head(String, Growing),
    Output(Growing),
    End,
}

fn chunks(head: String, growing: Growing) -> impl Stream<Item = Result<Bytes, Infallible>> {
    unfold(Step::Head(head, growing), |step| async {
        match step {
            Step::Head(head, growing) => Some((Ok(Bytes::from(head)), Step::Output(growing))),
            Step::Output(growing) => {
                let (text, next) = growing.next().await;
                Some((Ok(Bytes::from(text)), next))
            }
            Step::End => None,
        }
    })
}

impl Growing {
    /// Waits for something to show.
    async fn next(mut self) -> (String, Step) {
        loop {
            let event = tokio::select! {
                event = self.follower.next() => event,
                () = self.stop.cancelled() => return self.end("The server is restarting; the run goes on.", "waiting"),
            };
            match event.map(|event| event.map(|event| event.kind())) {
                Ok(Some(Some(EventKind::Output { data, .. }))) => {
                    let text = self.visible(&data);
                    if !text.is_empty() {
                        return (text, Step::Output(self));
                    }
                }
                Ok(Some(Some(EventKind::Finished(finished)))) => return self.end(&finished.message, tone(&finished)),
                Ok(Some(_)) => {}
                Ok(None) => return self.end("The run has ended.", "idle"),
                Err(error) => {
                    let error = WebError::from(error);
                    error.log();
                    return self.end(&error.story().of_reading().message, "bad");
                }
            }
        }
    }

    /// Output as HTML. What the program has written of a line is shown at once: it may be a question.
    fn visible(&mut self, data: &str) -> String {
        if self.reader.is_full() {
            return String::new();
        }
        let mut pieces = self.reader.push(data);
        pieces.extend(self.reader.flush());
        if self.reader.is_full() {
            append(&mut pieces, Look::default(), MORE);
        }
        Markup::of(&pieces).into_string()
    }

    fn end(self, message: &str, tone: &str) -> (String, Step) {
        ((self.tail)(message, tone).unwrap_or_default(), Step::End)
    }
}

fn tone(finished: &Finished) -> &'static str {
    match finished.outcome {
        Outcome::Exited if finished.exit_code == Some(0) => "good",
        Outcome::Stopped => "idle",
        _ => "bad",
    }
}
