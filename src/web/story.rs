//! What a visitor is told of an error: a status, a stable word, and a sentence. Here for what fails in the parts below;
//! what fails in the web itself is in `error`.

use actix_web::http::StatusCode;

use crate::db::DbError;
use crate::program::ProgramError;
use crate::runs::store::SubmitError;
use crate::snippets::ending::Gone;
use crate::snippets::store::SnippetError;

/// Seconds after which a visitor should try again.
const RETRY_SECONDS: u64 = 5;

/// Storage may have done what it was asked.
const UNANSWERED: &str = "unanswered";

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

pub(super) fn too_often(seconds: u64) -> Story {
    let message = format!("That was more than is taken from one place in a minute. Try again in {seconds} s.");
    Story { retry_seconds: seconds, ..story(StatusCode::TOO_MANY_REQUESTS, "too_often", message) }
}

pub(super) fn too_many_tries(seconds: u64) -> Story {
    let message = format!(
        "Passwords are tried on this snippet from many places, so none is taken at the moment. Try again in {seconds} s; a \
         browser that has opened it goes on reading."
    );
    Story { message, ..too_often(seconds) }
}

pub(super) fn of_program(error: &ProgramError) -> Story {
    let status = if error.is_excess() { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::UNPROCESSABLE_ENTITY };
    story(status, error.code(), sentence(&error.to_string()))
}

pub(super) fn of_submit(error: &SubmitError) -> Story {
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

pub(super) fn of_snippet(error: &SnippetError) -> Story {
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

pub(super) fn of_storage(error: &DbError) -> Story {
    match error {
        DbError::Unreachable(_) if error.is_unanswered() => story(
            StatusCode::SERVICE_UNAVAILABLE,
            UNANSWERED,
            "Storage did not answer in time; what you sent may have been saved all the same. Keep your text, and look at the \
             snippet, or at your list (/mine), before you send it again.",
        ),
        DbError::Unreachable(_) => silent(),
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

fn silent() -> Story {
    let message = "Storage does not answer at the moment. Keep your text and try again in a few seconds.";
    story(StatusCode::SERVICE_UNAVAILABLE, "not_ready", message)
}

impl Story {
    /// The same for somebody who only reads: nothing of theirs may have been saved.
    pub(super) fn of_reading(self) -> Self {
        if self.code == UNANSWERED { silent() } else { self }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_becomes_a_sentence() {
        assert_eq!(sentence("there is no file"), "There is no file.");
    }
}
