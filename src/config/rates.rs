//! How often one visitor may ask, and whose word on who that is counts.

use std::net::IpAddr;

use clap::Args;
use ipnet::IpNet;

/// How often one visitor may ask. A visitor is an IPv4 address or an IPv6 network of 64 bits; each number may also
/// be used up at once.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Rates")]
pub struct RateOptions {
    /// Proxies in front of this server, addresses or networks with commas between: only these are believed when they
    /// say in X-Forwarded-For and X-Forwarded-Proto whose request they pass on.
    #[arg(long, env = "CODECUBE_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network, value_name = "NETWORKS")]
    pub trusted_proxies: Vec<IpNet>,
    /// Runs of one visitor in a minute; 0 for any number.
    #[arg(long, env = "CODECUBE_RUNS_PER_MINUTE", default_value_t = 120, value_name = "NUMBER")]
    pub runs_per_minute: u32,
    /// Saves and other changes of one visitor in a minute; 0 for any number.
    #[arg(long, env = "CODECUBE_CHANGES_PER_MINUTE", default_value_t = 240, value_name = "NUMBER")]
    pub changes_per_minute: u32,
    /// Addresses that one visitor may try in vain in a minute; 0 for any number.
    #[arg(long, env = "CODECUBE_MISSES_PER_MINUTE", default_value_t = 120, value_name = "NUMBER")]
    pub misses_per_minute: u32,
    /// Pages that one visitor may connect in a minute; 0 for any number.
    #[arg(long, env = "CODECUBE_SOCKETS_PER_MINUTE", default_value_t = 240, value_name = "NUMBER")]
    pub sockets_per_minute: u32,
    /// Pages that one visitor may hold open and connected; 0 for any number.
    #[arg(long, env = "CODECUBE_SOCKETS_PER_VISITOR", default_value_t = 500, value_name = "NUMBER")]
    pub sockets_per_visitor: u32,
    /// Wrong passwords, and wrong access tokens, that one visitor may try in a minute; all visitors together may try 24 times
    /// as many on one snippet, and a right one takes a twelfth. 0 for any number.
    #[arg(long, env = "CODECUBE_PASSWORDS_PER_MINUTE", default_value_t = 10, value_name = "NUMBER")]
    pub passwords_per_minute: u32,
}

/// A network, or the one of a single address.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    text.parse().or_else(|_| address()).map_err(|_| "not an address or a network such as 10.0.0.0/8".to_owned())
}
