//! What each role takes: groups of options put together.

use clap::{Args, ValueEnum};

use crate::config::log::LogOptions;
use crate::config::page::PageOptions;
use crate::config::queue::QueueOptions;
use crate::config::runner::RunnerOptions;
use crate::config::storage::StorageOptions;

/// `codecube serve`.
#[derive(Debug, Clone, Args)]
pub struct ServeOptions {
    /// Storage.
    #[command(flatten)]
    pub storage: StorageOptions,
    /// Pages.
    #[command(flatten)]
    pub page: PageOptions,
    /// The queue.
    #[command(flatten)]
    pub queue: QueueOptions,
    /// Runs.
    #[command(flatten)]
    pub runner: RunnerOptions,
    /// Logs.
    #[command(flatten)]
    pub log: LogOptions,
    /// Its end.
    #[command(flatten)]
    pub life: LifeOptions,
}

/// `codecube web`.
#[derive(Debug, Clone, Args)]
pub struct WebOptions {
    /// Storage.
    #[command(flatten)]
    pub storage: StorageOptions,
    /// Pages.
    #[command(flatten)]
    pub page: PageOptions,
    /// The queue.
    #[command(flatten)]
    pub queue: QueueOptions,
    /// Logs.
    #[command(flatten)]
    pub log: LogOptions,
    /// Its end.
    #[command(flatten)]
    pub life: LifeOptions,
}

/// `codecube runner`.
#[derive(Debug, Clone, Args)]
pub struct RunnerRoleOptions {
    /// Storage.
    #[command(flatten)]
    pub storage: StorageOptions,
    /// Runs.
    #[command(flatten)]
    pub runner: RunnerOptions,
    /// Logs.
    #[command(flatten)]
    pub log: LogOptions,
    /// Its end.
    #[command(flatten)]
    pub life: LifeOptions,
}

/// `codecube doctor`.
#[derive(Debug, Clone, Args)]
pub struct DoctorOptions {
    /// Only the program with this name; may be given more than once.
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Name the programs and what each tries, and run none.
    #[arg(long)]
    pub list: bool,
    /// Print one JSON document instead of the table.
    #[arg(long)]
    pub json: bool,
    /// Runs. Wall time and memory are each program's own.
    #[command(flatten)]
    pub runner: RunnerOptions,
    /// Logs.
    #[command(flatten)]
    pub log: LogOptions,
    /// Its end.
    #[command(flatten)]
    pub life: LifeOptions,
}

/// `codecube snippet`.
#[derive(Debug, Clone, Args)]
pub struct SnippetOptions {
    /// What to do with it.
    #[arg(value_enum, value_name = "ACTION")]
    pub action: SnippetAction,
    /// Its key: the last part of its address.
    #[arg(value_name = "KEY")]
    pub key: String,
    /// Storage.
    #[command(flatten)]
    pub storage: StorageOptions,
    /// Logs.
    #[command(flatten)]
    pub log: LogOptions,
    /// Its end.
    #[command(flatten)]
    pub life: LifeOptions,
}

/// What an operator does with one snippet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SnippetAction {
    /// Print what it is and what it holds; a password stays a password.
    Show,
    /// Remove it for good, with its revisions; its runs go within ten minutes. Whoever comes is told so (410).
    Delete,
}

/// When a role ends.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Logs")]
pub struct LifeOptions {
    /// End in order when standard input is closed: for a program that starts this one and may die itself
    /// (`serve` starts its runner so).
    #[arg(long)]
    pub until_stdin_closes: bool,
}
