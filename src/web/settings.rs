//! What the operator chose for the web. Read from the command line by `config`, never here.

use ipnet::IpNet;

use crate::program::ProgramLimits;

/// The web's settings.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The address that visitors see, when a proxy stands in front: scheme, host, and port unless it is the
    /// scheme's own. Without it, the `Host` header is believed.
    pub public_url: Option<String>,
    /// Addresses of proxies that are believed when they say whose request they pass on.
    pub trusted_proxies: Vec<IpNet>,
    /// Sizes a visitor's program may have.
    pub program_limits: ProgramLimits,
}

impl Settings {
    /// Whether cookies may travel over https only.
    #[must_use]
    pub fn secure_cookies(&self) -> bool {
        self.public_url.as_deref().is_some_and(|url| url.to_ascii_lowercase().starts_with("https://"))
    }
}
