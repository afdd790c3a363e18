//! What the operator chose for the web. Read from the command line by `config`, never here.

use std::fmt;

use ipnet::IpNet;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::program::{MAX_PATH_BYTES, ProgramLimits};
use crate::web::rates::RatesPerMinute;

/// Greatest growth of one byte on the way here: a control character as `\u0000` in JSON, a line feed as `%0D%0A`
/// in a form.
const ESCAPED_BYTES: usize = 6;
/// Room for everything of a message that no limit of a program covers.
const MESSAGE_SLACK_BYTES: usize = 64 * 1024;

/// The web's settings.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The address that visitors see, when a proxy stands in front: scheme, host, and port unless it is the
    /// scheme's own. Without it, the `Host` header is believed.
    pub public_url: Option<String>,
    /// Whether the server listens on a loopback address only. Without a public URL, it then answers to this
    /// machine's own names alone.
    pub loopback_only: bool,
    /// Addresses of proxies that are believed when they say whose request they pass on.
    pub trusted_proxies: Vec<IpNet>,
    /// How often one network may ask for what costs something.
    pub rates: RatesPerMinute,
    /// Sockets that one network may hold open; 0 for any number.
    pub sockets_per_visitor: u32,
    /// Sizes a visitor's program may have.
    pub program_limits: ProgramLimits,
    /// Who may use this server; everybody without it.
    pub access: Option<Access>,
    /// Whom to write to about what stands here.
    pub contact: Option<String>,
}

/// What a private instance asks for.
#[derive(Clone)]
pub struct Access {
    /// Whoever knows it may create and run.
    pub token: String,
    /// Reading asks for it as well.
    pub reading: bool,
}

impl Access {
    /// Whether this is the token; takes as long whatever the answer.
    pub(super) fn is(&self, token: &str) -> bool {
        let digest = |text: &str| Sha256::digest(text);
        digest(&self.token).as_slice().ct_eq(digest(token).as_slice()).into()
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Access").field("reading", &self.reading).finish_non_exhaustive()
    }
}

impl Settings {
    /// Greatest length of a message or a form: a program of the greatest size, each byte escaped. What is longer
    /// is cut off without an answer, so this must not be less.
    pub(super) fn message_bytes(&self) -> usize {
        let limits = &self.program_limits;
        let texts = limits.source_bytes.saturating_add(limits.stdin_bytes).saturating_add(limits.argument_bytes);
        let paths = limits.files.saturating_mul(MAX_PATH_BYTES);
        texts.saturating_add(paths).saturating_mul(ESCAPED_BYTES).saturating_add(MESSAGE_SLACK_BYTES)
    }

    /// Whether cookies may travel over https only.
    #[must_use]
    pub fn secure_cookies(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.to_ascii_lowercase().starts_with("https://"))
    }
}
