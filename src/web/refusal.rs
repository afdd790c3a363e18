//! Refusals: what a visitor lacks, or does not say, to be let in.

use actix_web::http::StatusCode;

use crate::web::story::{Story, story};

/// What is missing or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("a log-in is missing")]
    LoginNeeded,
    #[error("not the access token")]
    WrongAccessToken,
    #[error("a password that is too long")]
    LongPassword,
    #[error("a link to another device that cannot be used any more")]
    MoveUsed,
    #[error("a link that would make the taker's own snippets the sender's")]
    WouldJoin,
    #[error("how to keep something was chosen after it was saved")]
    KeptAlready,
    #[error("chosen files that were not sent")]
    FilesNotSent,
    #[error("too many sockets of one network")]
    TooManySockets,
    #[error("what had a password is gone, and its password with it")]
    PasswordGone,
    #[error("what the page showed is gone")]
    GoneMeanwhile,
    #[error("how to keep something was chosen while its code was replaced")]
    ChosenBefore,
    #[error("a secret stands in the address")]
    SecretInAddress,
}

impl Refusal {
    /// What the visitor is told of it.
    pub(super) fn story(self) -> Story {
        match self {
            Self::LoginNeeded => story(
                StatusCode::UNAUTHORIZED,
                "login_needed",
                "This server is private: send its access token as “X-Access-Token: TOKEN” or “Authorization: Bearer TOKEN”, \
                 or log in at /login.",
            ),
            Self::WrongAccessToken => {
                story(StatusCode::UNAUTHORIZED, "wrong_access_token", "That is not this server's access token.")
            }
            Self::LongPassword => {
                story(StatusCode::UNPROCESSABLE_ENTITY, "long_password", "A password can be 200 bytes long at most.")
            }
            Self::KeptAlready => story(
                StatusCode::CONFLICT,
                "kept_already",
                "This was saved before, and stays as it was chosen then; nothing was changed. Save again to keep what you \
                 see as a new snippet, with what you chose now.",
            ),
            Self::FilesNotSent => story(
                StatusCode::UNPROCESSABLE_ENTITY,
                "files_not_sent",
                "The files that you chose were not sent: choose them again and press “Add these files”, then save or run.",
            ),
            Self::TooManySockets => story(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_pages",
                "Too many pages of this server are open in your network. Close some; this one is connected as soon as there \
                 is room.",
            ),
            Self::PasswordGone => story(
                StatusCode::CONFLICT,
                "password_gone",
                "What this was made from had a password and cannot be found any more, so nothing was kept: it would stand in \
                 clear. Choose a password for it, or copy what you need into a new snippet.",
            ),
            Self::GoneMeanwhile => story(
                StatusCode::NOT_FOUND,
                "gone_meanwhile",
                "This snippet is gone: it expired, or its owner deleted it. Your text is still here; save or run it again to \
                 keep it as a new snippet, at an address of its own.",
            ),
            Self::WouldJoin => story(
                StatusCode::CONFLICT,
                "would_join",
                "This link carries all snippets of the sender, and those of your token would be the sender's as well: to read, \
                 change and delete. Nothing was taken. Send it without your token to be given the sender's, or with ?join=1 if \
                 you are the sender.",
            ),
            Self::ChosenBefore => chosen_before(),
            Self::SecretInAddress => secret_in_address(),
            Self::MoveUsed => story(
                StatusCode::GONE,
                "move_used",
                "This link has been used, or is older than ten minutes. Make another where your snippets are.",
            ),
        }
    }
}

fn chosen_before() -> Story {
    let message = "Replacing the code of a snippet changes nothing of how it is kept, so nothing was done. Send “expires” to its \
                   address with /expiry behind it, and “password” with /password; what is to burn after reading is a new \
                   snippet.";
    story(StatusCode::UNPROCESSABLE_ENTITY, "chosen_before", message)
}

fn secret_in_address() -> Story {
    let message = "A password or a token does not belong in an address, where histories and logs keep it, so nothing was \
                   done. Type it into the page's form, or send a password as “curl -u :PASSWORD” and a token as \
                   “Authorization: Bearer TOKEN”.";
    story(StatusCode::BAD_REQUEST, "secret_in_address", message)
}

/// The request came from another site's page.
pub(super) fn foreign_origin() -> Story {
    let message = "This request came from another site, or did not say where it came from, so it was refused.";
    story(StatusCode::FORBIDDEN, "foreign_origin", message)
}

/// The request names a host that this server does not answer to.
pub(super) fn strange_host() -> Story {
    let message = "This server answers to localhost only. To use another name, start it with --public-url and the URL \
                   that visitors see.";
    story(StatusCode::MISDIRECTED_REQUEST, "strange_host", message)
}

/// Nobody says whose the snippet is.
pub(super) fn no_token() -> Story {
    let message = "This needs the edit token that came with the snippet: send it as “Authorization: Bearer TOKEN”.";
    story(StatusCode::UNAUTHORIZED, "no_token", message)
}
