//! Errors: one enum, and one story each for the visitor. How it is written stands in `error_page`, and what is told of the
//! parts below in `story`.
//! A cause's own words go to the log, once, and never to a visitor.

use std::io::ErrorKind;

use actix_web::body::BoxBody;
use actix_web::error::{JsonPayloadError, PathError, PayloadError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use crate::db::DbError;
use crate::program::ProgramError;
use crate::runs::store::SubmitError;
use crate::snippets::store::SnippetError;
use crate::web::excess::Excess;
use crate::web::readiness::Obstacle;
use crate::web::refusal::{self, Refusal};
use crate::web::story::{
    Story, of_program, of_snippet, of_status, of_storage, of_submit, story, too_many_tries, too_often,
};

/// What fails in the parts below; named here only.
pub(super) type StorageError = DbError;

/// Everything that ends a request other than well. `Display` is for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum WebError {
    #[error("nothing is here")]
    NotFound,
    #[error("the request comes from another site, or does not say from where")]
    ForeignOrigin,
    #[error("the request is for a host that is not us")]
    StrangeHost,
    #[error("malformed request: {0}")]
    Malformed(&'static str),
    #[error("not this visitor's run")]
    NotYours,
    #[error("no such run")]
    NoSuchRun,
    #[error("the run is over")]
    RunEnded,
    #[error("more input than is kept")]
    TooMuchInput,
    #[error("the request is too large")]
    TooLarge(Excess),
    #[error("the request took too long")]
    TooSlow,
    #[error("too often; again in {0} s")]
    TooOften(u64),
    #[error("a password is tried by too many; again in {0} s")]
    TooManyTries(u64),
    #[error("a token is missing")]
    NoToken,
    #[error("a token that owns nothing here")]
    BadToken,
    #[error("not let in")]
    Refused(#[from] Refusal),
    #[error("text that is not UTF-8")]
    NotText(&'static str),
    #[error("an empty body")]
    EmptyBody,
    #[error("a form without a file")]
    FormWithoutFile,
    #[error("a program's revision {0} was saved meanwhile")]
    Overtaken(u64),
    #[error("a form that is not UTF-8")]
    FormNotText,
    #[error("not a form")]
    NotForm,
    #[error("a field that is not there once: {0}")]
    NotOnce(&'static str),
    #[error("the language is not known")]
    LanguageUnclear,
    #[error("not a lifetime")]
    BadLifetime,
    #[error("not a program")]
    Program(#[from] ProgramError),
    #[error("the only format is JSON")]
    JsonOnly,
    #[error("too much to do at once")]
    Busy,
    #[error("nothing can run now")]
    NotReady(Obstacle),
    #[error("the run was not taken")]
    Submit(#[from] SubmitError),
    #[error("the snippet was not kept or read")]
    Snippet(#[from] SnippetError),
    #[error("storage failed")]
    Storage(#[from] DbError),
    #[error("a picture could not be drawn: {0}")]
    Picture(String),
    #[error("an archive could not be written: {0}")]
    Archive(String),
    #[error("a task did not end in order")]
    Task(#[from] actix_web::error::BlockingError),
    #[error("a page could not be written")]
    Template(#[from] askama::Error),
}

impl WebError {
    /// What the visitor is told of this error.
    pub(super) fn story(&self) -> Story {
        match self {
            Self::NotFound => of_status(StatusCode::NOT_FOUND),
            Self::ForeignOrigin => refusal::foreign_origin(),
            Self::StrangeHost => refusal::strange_host(),
            Self::Malformed(what) => story(StatusCode::BAD_REQUEST, "malformed", *what),
            Self::NotYours => story(
                StatusCode::FORBIDDEN,
                "not_yours",
                "Only whoever started this run, or owns the snippet, can do that.",
            ),
            Self::NoSuchRun => story(StatusCode::NOT_FOUND, "no_such_run", "Nobody knows this run any more."),
            Self::RunEnded => story(StatusCode::CONFLICT, "run_ended", "This run has ended; it takes no more input."),
            Self::TooMuchInput => story(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_much_input",
                "This run was given as much input as is kept for one.",
            ),
            Self::TooLarge(excess) => excess.story(),
            Self::TooSlow => of_status(StatusCode::REQUEST_TIMEOUT),
            Self::TooOften(seconds) => too_often(*seconds),
            Self::TooManyTries(seconds) => too_many_tries(*seconds),
            Self::NoToken => refusal::no_token(),
            Self::BadToken => {
                story(StatusCode::UNAUTHORIZED, "bad_token", "This is not an edit token: 64 hexadecimal characters.")
            }
            Self::Refused(refusal) => refusal.story(),
            Self::NotText(_) | Self::FormNotText | Self::NotForm | Self::NotOnce(_) => self.story_of_form(),
            Self::EmptyBody | Self::FormWithoutFile | Self::Overtaken(_) => self.story_of_program_sent(),
            Self::LanguageUnclear => story(
                StatusCode::UNPROCESSABLE_ENTITY,
                "language_unclear",
                "The language cannot be told from this text. Name it: put ?language=python or the like behind the address.",
            ),
            Self::BadLifetime => story(
                StatusCode::UNPROCESSABLE_ENTITY,
                "bad_expiry",
                "A snippet can be kept for 10m, 1h, 1d, 1w, 1month, 1y, or never deleted (never).",
            ),
            Self::Program(error) => of_program(error),
            Self::NotReady(obstacle) => story(StatusCode::SERVICE_UNAVAILABLE, obstacle.code, obstacle.message.clone()),
            Self::Submit(error) => of_submit(error),
            Self::Snippet(error) => of_snippet(error),
            Self::Storage(error) => of_storage(error),
            Self::JsonOnly => story(
                StatusCode::NOT_IMPLEMENTED,
                "json_only",
                "This address speaks JSON only: ?format=json, or no format.",
            ),
            Self::Busy => story(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "Too many ask for this at the moment. Try again in a few seconds.",
            ),
            Self::Archive(_) | Self::Picture(_) | Self::Task(_) | Self::Template(_) => {
                of_status(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    /// The same for what is wrong with a form's fields.
    fn story_of_form(&self) -> Story {
        match self {
            Self::NotText(what) => story(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_text",
                format!(
                    "{what} is not text in UTF-8, so nothing was kept. Convert it (iconv -t UTF-8) and send it again. Only \
                     files may hold other bytes (-F file=@NAME), and the body of POST to /KEY/run."
                ),
            ),
            Self::NotForm => story(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_a_form",
                "A form is taken here: fields as “curl -d NAME=VALUE” or “curl -F NAME=VALUE” sends them.",
            ),
            Self::NotOnce(name) => story(
                StatusCode::BAD_REQUEST,
                "malformed",
                format!("The field “{name}” is needed here, once: send it as “-d {name}=VALUE” or “-F {name}=VALUE”."),
            ),
            _ => story(
                StatusCode::BAD_REQUEST,
                "malformed",
                "This form is not text in UTF-8, so nothing was taken of it. Convert it (iconv -t UTF-8) and send it again; \
                 a file of other bytes is kept as it is by “curl -F file=@NAME” to the address of this server.",
            ),
        }
    }

    /// The same for what is wrong with what a program sent to be kept; a page has sentences of its own.
    fn story_of_program_sent(&self) -> Story {
        let lacks = |message: &str| story(StatusCode::UNPROCESSABLE_ENTITY, "no_file", message);
        match self {
            Self::Overtaken(head) => story(
                StatusCode::CONFLICT,
                "stale",
                format!(
                    "Revision {head} was saved meanwhile, so yours was not; the same request would be refused again. Read \
                     that one at this address with /{head} behind it, and send yours with ?revision={head} to put it on top."
                ),
            ),
            Self::FormWithoutFile => {
                lacks("This form holds no file, so nothing was kept. Add one: curl -F file=@NAME, with what you sent.")
            }
            _ => lacks(
                "The body is empty, so nothing was kept. Send the text of a file: curl --data-binary @NAME, or -T NAME.",
            ),
        }
    }

    /// Writes it to the log with its causes, if it is a fault of ours.
    pub(super) fn log(&self) {
        let told =
            matches!(self, Self::NotReady(_) | Self::JsonOnly | Self::Busy | Self::Submit(SubmitError::QueueFull(_)));
        if self.story().status.is_server_error() && !told {
            tracing::error!(error = %self, causes = %causes(self), "a request failed");
        }
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(error.source(), |cause| cause.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

impl ResponseError for WebError {
    fn status_code(&self) -> StatusCode {
        self.story().status
    }

    /// Without a body: `error_page` writes it, where the request is at hand.
    fn error_response(&self) -> HttpResponse<BoxBody> {
        HttpResponse::new(self.status_code())
    }
}

impl From<PathError> for WebError {
    fn from(_: PathError) -> Self {
        Self::NotFound
    }
}

impl From<QueryPayloadError> for WebError {
    fn from(_: QueryPayloadError) -> Self {
        Self::Malformed("The part of the address after “?” cannot be understood.")
    }
}

impl From<PayloadError> for WebError {
    fn from(error: PayloadError) -> Self {
        match error {
            PayloadError::Overflow => Self::TooLarge(Excess::Body),
            PayloadError::Io(late) if late.kind() == ErrorKind::TimedOut => Self::TooSlow,
            _ => Self::Malformed("This request broke off."),
        }
    }
}

impl From<JsonPayloadError> for WebError {
    fn from(error: JsonPayloadError) -> Self {
        match error {
            JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => {
                Self::TooLarge(Excess::Body)
            }
            JsonPayloadError::Payload(error) => error.into(),
            _ => Self::Malformed("This is not the JSON that was expected here."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redis_words_do_not_reach_a_visitor() {
        let redis = redis::RedisError::from((redis::ErrorKind::Io, "secret words", "more secret".to_owned()));
        let error = WebError::from(SnippetError::from(DbError::Unreachable(redis)));
        assert!(!error.story().message.contains("secret"));
        assert_eq!(error.story().status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(causes(&error).contains("secret words"));
    }
}
