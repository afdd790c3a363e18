//! What is logged and how.

use clap::{Args, ValueEnum};

/// What is logged and how.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logs")]
pub struct LogOptions {
    /// What is logged: `error`, `warn`, `info`, `debug`, or a filter such as `codecube::runner=debug,info`.
    #[arg(long, env = "CODECUBE_LOG", default_value = "info", value_name = "FILTER")]
    pub log: String,
    /// Text for people or JSON for programs, on standard error.
    #[arg(long, env = "CODECUBE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Text, value_name = "FORMAT")]
    pub log_format: LogFormat,
}

impl LogOptions {
    /// The same settings as environment variables.
    #[must_use]
    pub fn as_environment(&self) -> Vec<(&'static str, String)> {
        let format = match self.log_format {
            LogFormat::Text => "text",
            LogFormat::Json => "json",
        };
        vec![("CODECUBE_LOG", self.log.clone()), ("CODECUBE_LOG_FORMAT", format.to_owned())]
    }
}

/// Form of the log's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}
