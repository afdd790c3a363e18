//! The only reader of the environment and the command line: every setting, its default and its meaning, one file
//! for each group of them.
//!
//! A value that cannot be used stops the start and is named. Secrets (a password in the Redis URL) are
//! never printed.

pub mod access;
pub mod log;
pub mod page;
pub mod queue;
pub mod rates;
pub mod roles;
pub mod runner;
pub mod storage;

use clap::{Parser, Subcommand};

use crate::config::log::LogOptions;
use crate::config::roles::{DoctorOptions, LifeOptions, RunnerRoleOptions, ServeOptions, SnippetOptions, WebOptions};

/// Paste code, get a random URL, press Run, watch a container run it live, send the link.
#[derive(Debug, Parser)]
#[command(name = "codecube", version, arg_required_else_help = false, subcommand_negates_reqs = true)]
#[command(after_help = "Options can also be given as the environment variables shown beside them.")]
pub struct CommandLine {
    /// What to do; `serve` with its defaults when nothing is said.
    #[command(subcommand)]
    pub role: Option<Role>,
}

/// The roles of the one executable.
#[derive(Debug, Clone, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one in a process")]
pub enum Role {
    /// Web pages and one runner: all that a single machine needs.
    Serve(ServeOptions),
    /// Web pages only; runners elsewhere meet it in Redis.
    Web(WebOptions),
    /// A runner only: takes runs from Redis and executes them in containers of this machine's Docker Engine.
    Runner(RunnerRoleOptions),
    /// Tries this host's sandbox with hostile programs, and says which promises hold; exit status 1 when one does
    /// not.
    #[command(mut_arg("log", |log| log.default_value("error")))]
    Doctor(DoctorOptions),
    /// Shows a snippet or takes it down, whoever owns it. Works beside a running server, on the same --data-dir or
    /// --redis-url.
    #[command(mut_arg("log", |log| log.default_value("error")))]
    Snippet(SnippetOptions),
}

impl Role {
    /// How this role logs.
    #[must_use]
    pub fn log(&self) -> &LogOptions {
        match self {
            Self::Serve(options) => &options.log,
            Self::Web(options) => &options.log,
            Self::Runner(options) => &options.log,
            Self::Doctor(options) => &options.log,
            Self::Snippet(options) => &options.log,
        }
    }

    /// When this role ends.
    #[must_use]
    pub fn life(&self) -> &LifeOptions {
        match self {
            Self::Serve(options) => &options.life,
            Self::Web(options) => &options.life,
            Self::Runner(options) => &options.life,
            Self::Doctor(options) => &options.life,
            Self::Snippet(options) => &options.life,
        }
    }
}

impl CommandLine {
    /// The role that was asked for; `serve` by default.
    #[must_use]
    pub fn role(self) -> Role {
        self.role.unwrap_or_else(|| {
            let serve = Self::parse_from(["codecube", "serve"]).role;
            serve.expect("“codecube serve” is a complete command line")
        })
    }
}

/// A setting that parses but cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{name} is {value}, but {reason}")]
pub struct BadSetting {
    pub(super) name: &'static str,
    pub(super) value: String,
    pub(super) reason: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        CommandLine::command().debug_assert();
    }

    #[test]
    fn the_readme_names_every_setting() {
        use clap::CommandFactory;
        let readme = include_str!("../../README.md");
        let command = CommandLine::command();
        let settings = command.find_subcommand("serve").unwrap().get_arguments().filter_map(clap::Arg::get_long);
        let missing: Vec<_> = settings.filter(|name| !readme.contains(&format!("| `--{name}` |"))).collect();
        assert!(missing.is_empty(), "no row in README's table of settings: {missing:?}");
    }

    #[test]
    fn a_runner_started_as_a_child_gets_every_setting() {
        use clap::CommandFactory;
        let command = CommandLine::command();
        let runner = command.find_subcommand("runner").unwrap();
        let expected = runner.get_arguments().filter(|argument| argument.get_help_heading() == Some("Runs"));
        let Role::Serve(serve) = CommandLine::parse_from([
            "codecube",
            "serve",
            "--docker-host=unix:///x",
            "--runtime=runsc",
            "--runner-name=a",
            "--total-memory-mb=2048",
            "--total-cpus=1.5",
            "--cgroup-parent=a.slice",
            "--disk-quota-mb=640",
        ])
        .role() else {
            unreachable!()
        };
        let given = serve.runner.as_environment();
        for argument in expected {
            let name = argument.get_env().unwrap().to_str().unwrap();
            assert!(given.iter().any(|(variable, _)| *variable == name), "{name} is not passed on");
        }
    }
}
