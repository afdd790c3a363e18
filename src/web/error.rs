//! Errors: one enum, and one story each for the visitor. How it is written stands in `error_page`.
//! A cause's own words go to the log, once, and never to a visitor.

use std::io::ErrorKind;

use actix_web::body::BoxBody;
use actix_web::error::{JsonPayloadError, PathError, PayloadError, QueryPayloadError, UrlencodedError};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};

use crate::db::DbError;
use crate::program::ProgramError;
use crate::runs::store::SubmitError;
use crate::snippets::ending::Gone;
use crate::snippets::store::SnippetError;
use crate::web::readiness::Obstacle;
use crate::web::refusal::{self, Refusal};

/// What fails in the parts below; named here only.
pub(super) type StorageError = DbError;

/// Seconds after which a visitor should try again.
const RETRY_SECONDS: u64 = 5;

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
    TooLarge,
    #[error("the request took too long")]
    TooSlow,
    #[error("too often; again in {0} s")]
    TooOften(u64),
    #[error("a token is missing")]
    NoToken,
    #[error("a token that owns nothing here")]
    BadToken,
    #[error("not let in")]
    Refused(#[from] Refusal),
    #[error("the text is not UTF-8")]
    NotText,
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

/// What the visitor is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Story {
    pub(super) status: StatusCode,
    /// A stable word for programs.
    pub(super) code: &'static str,
    /// One sentence or two for people.
    pub(super) message: String,
    /// When to try again, where that can help.
    pub(super) retry_seconds: u64,
}

pub(super) fn story(status: StatusCode, code: &'static str, message: impl Into<String>) -> Story {
    Story { status, code, message: message.into(), retry_seconds: RETRY_SECONDS }
}

fn too_often(seconds: u64) -> Story {
    let message = format!("That was more than is taken from one place in a minute. Try again in {seconds} s.");
    Story { retry_seconds: seconds, ..story(StatusCode::TOO_MANY_REQUESTS, "too_often", message) }
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
            Self::TooLarge => of_status(StatusCode::PAYLOAD_TOO_LARGE),
            Self::TooSlow => of_status(StatusCode::REQUEST_TIMEOUT),
            Self::TooOften(seconds) => too_often(*seconds),
            Self::NoToken => refusal::no_token(),
            Self::BadToken => {
                story(StatusCode::UNAUTHORIZED, "bad_token", "This is not an edit token: 64 hexadecimal characters.")
            }
            Self::Refused(refusal) => refusal.story(),
            Self::NotText => story(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_text",
                "Only text in UTF-8 can be kept as code; this is something else.",
            ),
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
            Self::Program(error) => story(StatusCode::UNPROCESSABLE_ENTITY, error.code(), sentence(&error.to_string())),
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

    /// Writes it to the log with its causes, if it is a fault of ours.
    pub(super) fn log(&self) {
        let told =
            matches!(self, Self::NotReady(_) | Self::JsonOnly | Self::Busy | Self::Submit(SubmitError::QueueFull(_)));
        if self.story().status.is_server_error() && !told {
            tracing::error!(error = %self, causes = %causes(self), "a request failed");
        }
    }
}

fn of_submit(error: &SubmitError) -> Story {
    match error {
        SubmitError::QueueFull(waiting) => story(
            StatusCode::SERVICE_UNAVAILABLE,
            "queue_full",
            format!("The queue is full: {waiting} runs are waiting. Your code is kept; try again in a few seconds."),
        ),
        SubmitError::VisitorLimit(theirs) => story(
            StatusCode::TOO_MANY_REQUESTS,
            "visitor_limit",
            format!("You have {theirs} runs waiting or running already. Let one end, or stop it, and try again."),
        ),
        SubmitError::Db(error) => of_storage(error),
    }
}

fn of_snippet(error: &SnippetError) -> Story {
    match error {
        SnippetError::Taken => {
            story(StatusCode::CONFLICT, "taken", "Somebody else saved here just now. Try again to get your own copy.")
        }
        SnippetError::Missing => of_status(StatusCode::NOT_FOUND),
        SnippetError::NotOwner => {
            story(StatusCode::FORBIDDEN, "not_yours", "This snippet is somebody else's. Fork it to change it.")
        }
        SnippetError::Stale(head) => story(
            StatusCode::CONFLICT,
            "stale",
            format!(
                "Revision {head} was saved elsewhere meanwhile, and yours was not. Look at it under Revisions, or do it again to put yours on top."
            ),
        ),
        SnippetError::Locked(_) => story(
            StatusCode::UNAUTHORIZED,
            "password_needed",
            "This snippet has a password: send it with “curl -u :PASSWORD” or as “X-Snippet-Password: PASSWORD”.",
        ),
        SnippetError::WrongPassword(_) => {
            story(StatusCode::UNAUTHORIZED, "wrong_password", "That is not the password of this snippet.")
        }
        SnippetError::Burns(_) => story(
            StatusCode::CONFLICT,
            "burns",
            "This snippet can be read once and is gone then. To read it, POST to its address with /burn behind it; into a file (curl -o), if it may hold more than text.",
        ),
        SnippetError::Gone(Gone::Burnt) => {
            story(StatusCode::GONE, "burnt", "This snippet could be read once. Somebody has read it, and it is gone.")
        }
        SnippetError::Gone(Gone::Removed) => {
            story(StatusCode::GONE, "removed", "This snippet was removed by the operator of this server.")
        }
        SnippetError::TooMuch => story(
            StatusCode::UNPROCESSABLE_ENTITY,
            "too_much_to_seal",
            "All revisions of this snippet together are more than can be encrypted anew, so nothing was changed. Save what you see as a new snippet with a password, and delete this one.",
        ),
        SnippetError::Db(error) => of_storage(error),
    }
}

fn of_storage(error: &DbError) -> Story {
    match error {
        DbError::Unreachable(_) => story(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            "Storage does not answer at the moment. Keep your text and try again in a few seconds.",
        ),
        DbError::Full(_) => story(
            StatusCode::INSUFFICIENT_STORAGE,
            "storage_full",
            "Storage is full, so nothing can be saved or run until its operator makes room.",
        ),
        DbError::ReadOnly(_) => story(
            StatusCode::SERVICE_UNAVAILABLE,
            "not_ready",
            "Storage takes no changes at the moment. Keep your text and try again in a few seconds.",
        ),
        DbError::NoSecret => story(
            StatusCode::SERVICE_UNAVAILABLE,
            "no_secret",
            "This server runs nothing that has a password or burns: its operator gave it no secret to seal it with (--secret-file).",
        ),
        DbError::Refused(_) | DbError::Damaged(_) | DbError::TooOld(_) => of_status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// What a status alone says.
pub(super) fn of_status(status: StatusCode) -> Story {
    let (code, message) = match status.as_u16() {
        404 => ("not_found", "There is nothing at this address. Check the link, or start a new snippet."),
        405 => ("method_not_allowed", "This address cannot be asked in that way."),
        408 => ("too_slow", "The request took too long to arrive. Try again."),
        413 => ("too_large", "This is more than a snippet can hold, so nothing was kept. Make it smaller."),
        400..=499 => ("malformed", "This request cannot be understood."),
        _ => ("fault", "Something went wrong here. It has been logged; try again in a few seconds."),
    };
    story(status, code, message)
}

/// A fragment as a sentence.
fn sentence(fragment: &str) -> String {
    let mut characters = fragment.chars();
    let first = characters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(characters).chain(std::iter::once('.')).collect()
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
            PayloadError::Overflow => Self::TooLarge,
            PayloadError::Io(late) if late.kind() == ErrorKind::TimedOut => Self::TooSlow,
            _ => Self::Malformed("This request broke off."),
        }
    }
}

impl From<UrlencodedError> for WebError {
    fn from(error: UrlencodedError) -> Self {
        match error {
            UrlencodedError::Overflow { .. } => Self::TooLarge,
            UrlencodedError::Payload(error) => error.into(),
            _ => Self::Malformed("This form cannot be understood."),
        }
    }
}

impl From<JsonPayloadError> for WebError {
    fn from(error: JsonPayloadError) -> Self {
        match error {
            JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => Self::TooLarge,
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

    #[test]
    fn a_fragment_becomes_a_sentence() {
        assert_eq!(sentence("there is no file"), "There is no file.");
    }
}
