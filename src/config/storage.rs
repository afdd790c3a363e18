//! Where things are kept.

use std::path::PathBuf;

use clap::Args;

/// Where things are kept.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Storage")]
pub struct StorageOptions {
    /// Redis to use, e.g. `rediss://user:password@host:6379/0` or `redis+unix:///run/redis.sock`. Without it
    /// `serve` starts a private redis-server in the data directory.
    #[arg(long, env = "CODECUBE_REDIS_URL", hide_env_values = true, value_name = "URL")]
    pub redis_url: Option<String>,
    /// Directory of the private redis-server: everything saved is in it. Back it up.
    #[arg(long, env = "CODECUBE_DATA_DIR", default_value = "./data", value_name = "DIR")]
    pub data_dir: PathBuf,
    /// File with a secret of 64 hexadecimal characters (`openssl rand -hex 32`) that seals in Redis what runs of protected
    /// snippets are made of and print. `web` and `runner` need the same one; `serve` makes its own in the data directory.
    #[arg(long, env = "CODECUBE_SECRET_FILE", value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
}
