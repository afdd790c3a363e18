//! Who may use this server, and whom to write to about it.

use clap::Args;

use crate::config::BadSetting;

/// Shorter tokens can be guessed.
const LEAST_TOKEN_CHARACTERS: usize = 16;

/// Who may use this server.
#[derive(Clone, Args)]
#[command(next_help_heading = "Access")]
pub struct AccessOptions {
    /// Makes the server private: whoever creates or runs something must know this token. Better given in the environment,
    /// where other users of this machine do not see it.
    #[arg(long, env = "CODECUBE_ACCESS_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    pub access_token: Option<String>,
    /// On a private server, reading needs the token as well.
    #[arg(long, env = "CODECUBE_PRIVATE_READING", requires = "access_token")]
    pub private_reading: bool,
    /// Whom to write to about what stands here: a mail address or a URL. Shown on pages, in the usage text and in
    /// /.well-known/security.txt.
    #[arg(long, env = "CODECUBE_ABUSE_CONTACT", value_name = "CONTACT")]
    pub abuse_contact: Option<String>,
}

impl AccessOptions {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn check(&self) -> Result<(), BadSetting> {
        let sound =
            |token: &String| token.len() >= LEAST_TOKEN_CHARACTERS && token.bytes().all(|byte| byte.is_ascii_graphic());
        if self.access_token.as_ref().is_some_and(|token| !sound(token)) {
            let reason = "it must have 16 characters or more, letters, digits and signs, without spaces";
            return Err(BadSetting { name: "--access-token", value: "(not shown)".to_owned(), reason });
        }
        let contact = self.abuse_contact.as_deref().unwrap_or_default();
        if contact.chars().any(char::is_control) {
            let reason = "it must be one line";
            return Err(BadSetting { name: "--abuse-contact", value: contact.escape_debug().to_string(), reason });
        }
        Ok(())
    }
}

impl std::fmt::Debug for AccessOptions {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("AccessOptions").field("abuse_contact", &self.abuse_contact).finish_non_exhaustive()
    }
}
