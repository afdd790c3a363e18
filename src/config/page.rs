//! How the pages are served, and what sizes they take.

use std::net::SocketAddr;

use clap::Args;

use crate::config::BadSetting;
use crate::config::access::AccessOptions;
use crate::config::rates::RateOptions;

/// Source, arguments and stdin together: they go to a sandbox in one frame of 8 MiB.
const MAX_JOB_BYTES: usize = 7 * 1024 * 1024;

/// How the pages are served.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Pages")]
pub struct PageOptions {
    /// Address and port to listen on; port 0 takes a free one and prints it.
    #[arg(long, env = "CODECUBE_LISTEN", default_value = "127.0.0.1:8080", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// The URL under which visitors see this server, e.g. `https://code.example.org`. Needed behind a proxy:
    /// requests that change something must come from this origin, and https makes cookies `Secure`.
    #[arg(long, env = "CODECUBE_PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// Threads that answer requests; 0 takes one for each CPU.
    #[arg(long, env = "CODECUBE_WEB_WORKERS", default_value_t = 0, value_name = "NUMBER")]
    pub web_workers: usize,
    /// Greatest size of all files of a snippet together, bytes.
    #[arg(long, env = "CODECUBE_MAX_SOURCE_BYTES", default_value_t = 262_144, value_name = "BYTES")]
    pub max_source_bytes: usize,
    /// Greatest number of files of a snippet.
    #[arg(long, env = "CODECUBE_MAX_FILES", default_value_t = 32, value_name = "NUMBER")]
    pub max_files: usize,
    /// Greatest size of a program's arguments together, bytes.
    #[arg(long, env = "CODECUBE_MAX_ARGUMENT_BYTES", default_value_t = 16_384, value_name = "BYTES")]
    pub max_argument_bytes: usize,
    /// Greatest size of the input given up front, and of what is typed during one run, bytes.
    #[arg(long, env = "CODECUBE_MAX_STDIN_BYTES", default_value_t = 1_048_576, value_name = "BYTES")]
    pub max_stdin_bytes: usize,
    /// How often one visitor may ask.
    #[command(flatten)]
    pub rates: RateOptions,
    /// Who may use this server.
    #[command(flatten)]
    pub access: AccessOptions,
}

impl PageOptions {
    /// Checks what the types cannot say.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn check(&self) -> Result<(), BadSetting> {
        let job = self.max_source_bytes.saturating_add(self.max_stdin_bytes).saturating_add(self.max_argument_bytes);
        if job > MAX_JOB_BYTES {
            let reason = "with stdin and arguments it may be 7 MiB at most, which is what a sandbox takes";
            return Err(BadSetting { name: "--max-source-bytes", value: self.max_source_bytes.to_string(), reason });
        }
        self.access.check()?;
        let Some(url) = &self.public_url else {
            return Ok(());
        };
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let host = rest.map(|rest| rest.trim_end_matches('/'));
        if host.is_some_and(|host| !host.is_empty() && !host.contains(['/', '?', '#', '@', ' '])) {
            return Ok(());
        }
        let reason = "it must be scheme and host, such as https://code.example.org, and nothing more";
        Err(BadSetting { name: "--public-url", value: url.clone(), reason })
    }
}
