//! Envelopes: what of a sealed run stands in Redis. Its program, what is typed, what it prints and how it ends are closed
//! with a key that is made from the run's id and the secret that web and runners share, which Redis never has.
//! Whatever is found without an envelope is taken as it is: places in the queue, and words of ours.

use base64::prelude::{BASE64_STANDARD, Engine};

use crate::db::{Db, DbError};
use crate::runs::request::RunId;
use crate::seal::SealKey;

/// What an envelope starts with; no JSON does.
const MARK: &str = "sealed:";
/// In the place of an event that cannot be opened: a kind that nobody knows, and everybody passes over.
const UNREADABLE: &str = r#"{"kind":"sealed"}"#;

/// How the texts of one run are closed and opened.
pub(super) enum Envelope {
    /// As they are.
    Open,
    /// With this key.
    Sealed(SealKey),
    /// They are sealed, and this process was given no secret.
    Shut,
}

impl Envelope {
    /// That of a run.
    pub(super) fn of(db: &Db, id: &RunId) -> Self {
        Self::with(db.secret(), id)
    }

    /// The same with the secret itself.
    pub(super) fn with(secret: Option<&SealKey>, id: &RunId) -> Self {
        match secret {
            _ if !id.is_sealed() => Self::Open,
            Some(secret) => Self::Sealed(secret.derive(&format!("codecube run {id}"))),
            None => Self::Shut,
        }
    }

    /// Closes a text; refuses where it would stand there to be read.
    pub(super) fn close(&self, text: String) -> Result<String, DbError> {
        match self {
            Self::Open => Ok(text),
            Self::Sealed(key) => Ok(format!("{MARK}{}", BASE64_STANDARD.encode(key.seal(text.as_bytes())))),
            Self::Shut => Err(DbError::NoSecret),
        }
    }

    /// Closes words of ours, which tell nothing of the program: better read by everybody than by nobody.
    pub(super) fn close_own_words(&self, text: String) -> String {
        self.close(text.clone()).unwrap_or(text)
    }

    /// Opens a text; `None` when it was closed with another secret.
    pub(super) fn open(&self, text: &str) -> Option<String> {
        let Some(closed) = text.strip_prefix(MARK) else {
            return Some(text.to_owned());
        };
        let Self::Sealed(key) = self else {
            return None;
        };
        String::from_utf8(key.open(&BASE64_STANDARD.decode(closed).ok()?)?).ok()
    }

    /// Opens an event's JSON.
    pub(super) fn open_event(&self, text: &str) -> String {
        self.open(text).unwrap_or_else(|| UNREADABLE.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whoever_has_the_secret_opens_what_a_sealed_run_says() {
        let (secret, run) = (SealKey::random(), RunId::random_sealed(0));
        let closed = Envelope::with(Some(&secret), &run).close("{\"kind\":1}".to_owned()).unwrap();
        assert!(!closed.contains("kind") && !closed.contains('\n'));
        assert_eq!(Envelope::with(Some(&secret), &run).open(&closed).as_deref(), Some("{\"kind\":1}"));
        for other in [
            Envelope::with(Some(&SealKey::random()), &run),
            Envelope::with(Some(&secret), &RunId::random_sealed(0)),
            Envelope::with(None, &run),
        ] {
            assert_eq!((other.open(&closed), other.open_event(&closed).as_str()), (None, UNREADABLE));
            assert_eq!(other.open("{}").as_deref(), Some("{}"));
        }
        assert!(Envelope::with(None, &run).close("x".to_owned()).is_err());
        assert_eq!(Envelope::with(None, &RunId::random(0)).close("x".to_owned()).unwrap(), "x");
    }
}
