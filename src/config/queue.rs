//! How many runs may wait.

use clap::Args;

/// How many runs may wait.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Queue")]
pub struct QueueOptions {
    /// Runs that may wait at once; more are refused with 503.
    #[arg(long, env = "CODECUBE_QUEUE_LIMIT", default_value_t = 128, value_name = "NUMBER")]
    pub queue_limit: usize,
    /// Waiting and running runs that one visitor may have at once.
    #[arg(long, env = "CODECUBE_RUNS_PER_VISITOR", default_value_t = 6, value_name = "NUMBER")]
    pub runs_per_visitor: usize,
}
