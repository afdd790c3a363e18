//! Rates: how often one network may ask for what costs something. Kept in this process's memory, bounded; with
//! several web processes each one counts for itself.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::web::error::WebError;
use crate::web::network::Network;

/// Networks remembered at once for one kind of request.
const MAX_REMEMBERED: usize = 50_000;
/// What all small networks of one large one may do together, as a multiple of one small one's share.
const WIDE_SHARE: u32 = 16;

/// How many of each kind one network may ask for in a minute, and at once; 0 for any number.
#[derive(Debug, Clone, Copy, Default)]
pub struct RatesPerMinute {
    /// Runs.
    pub runs: u32,
    /// Everything else that changes something.
    pub changes: u32,
    /// Addresses at which nothing is.
    pub misses: u32,
    /// Sockets opened.
    pub sockets: u32,
    /// Passwords and access tokens tried.
    pub passwords: u32,
}

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Run,
    Change,
    Miss,
    Socket,
    Password,
}

/// The counts of all kinds.
pub(super) struct Rates {
    runs: Limiter,
    changes: Limiter,
    misses: Limiter,
    sockets: Limiter,
    passwords: Limiter,
}

impl Rates {
    pub(super) fn new(rates: RatesPerMinute) -> Self {
        Self {
            runs: Limiter::new(rates.runs),
            changes: Limiter::new(rates.changes),
            misses: Limiter::new(rates.misses),
            sockets: Limiter::new(rates.sockets),
            passwords: Limiter::new(rates.passwords),
        }
    }

    /// Counts one more; refuses it when it is too many.
    pub(super) fn count(&self, kind: Kind, network: Network) -> Result<(), WebError> {
        self.of(kind).count(network, Instant::now()).map_err(too_often)
    }

    /// Refuses when the next one would be too many, and counts nothing.
    pub(super) fn check(&self, kind: Kind, network: Network) -> Result<(), WebError> {
        self.of(kind).check(network, Instant::now()).map_err(too_often)
    }

    fn of(&self, kind: Kind) -> &Limiter {
        match kind {
            Kind::Run => &self.runs,
            Kind::Change => &self.changes,
            Kind::Miss => &self.misses,
            Kind::Socket => &self.sockets,
            Kind::Password => &self.passwords,
        }
    }
}

/// In whole seconds, never none.
fn too_often(wait: Duration) -> WebError {
    WebError::TooOften(wait.as_secs() + 1)
}

/// The generic cell rate algorithm: for each network the moment at which its share is whole again.
struct Limiter {
    per_minute: u32,
    small: Mutex<HashMap<Network, Instant>>,
    wide: Mutex<HashMap<Network, Instant>>,
}

impl Limiter {
    fn new(per_minute: u32) -> Self {
        Self { per_minute, small: Mutex::default(), wide: Mutex::default() }
    }

    fn count(&self, network: Network, now: Instant) -> Result<(), Duration> {
        if self.per_minute == 0 {
            return Ok(());
        }
        if let Some(wide) = network.wide() {
            take(&self.wide, wide, self.interval() / WIDE_SHARE, now)?;
        }
        take(&self.small, network, self.interval(), now)
    }

    fn check(&self, network: Network, now: Instant) -> Result<(), Duration> {
        if self.per_minute == 0 {
            return Ok(());
        }
        let small = self.small.lock().unwrap_or_else(PoisonError::into_inner);
        small.get(&network).map_or(Ok(()), |whole| next(*whole, self.interval(), now).map(drop))
    }

    /// Time in which one request is earned back.
    fn interval(&self) -> Duration {
        Duration::from_secs(60) / self.per_minute
    }
}

/// When the share will be whole after one more; else how long to wait for it.
fn next(whole: Instant, interval: Duration, now: Instant) -> Result<Instant, Duration> {
    let after = whole.max(now) + interval;
    let limit = now + Duration::from_secs(60);
    if after > limit { Err(after - limit) } else { Ok(after) }
}

fn take<N: Eq + Hash>(
    shares: &Mutex<HashMap<N, Instant>>,
    network: N,
    interval: Duration,
    now: Instant,
) -> Result<(), Duration> {
    // No code panics while it holds the lock, and the map is sound after every step.
    let mut shares = shares.lock().unwrap_or_else(PoisonError::into_inner);
    if shares.len() >= MAX_REMEMBERED && !shares.contains_key(&network) {
        shares.retain(|_, whole| *whole > now);
        if shares.len() >= MAX_REMEMBERED {
            // So many at once are an attack from many networks; forgetting all costs less than refusing others.
            shares.clear();
        }
    }
    let whole = shares.entry(network).or_insert(now);
    *whole = next(*whole, interval, now)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::new(text.parse().unwrap())
    }

    #[test]
    fn a_share_is_used_up_and_earned_back() {
        let (limiter, start, one) = (Limiter::new(60), Instant::now(), network("192.0.2.1"));
        for _ in 0..60 {
            assert!(limiter.check(one, start).is_ok());
            assert!(limiter.count(one, start).is_ok());
        }
        assert_eq!(limiter.count(one, start), Err(Duration::from_secs(1)));
        assert!(limiter.check(one, start).is_err());
        assert!(limiter.count(network("192.0.2.2"), start).is_ok());
        let later = start + Duration::from_secs(1);
        assert!(limiter.count(one, later).is_ok());
        assert!(limiter.count(one, later).is_err());
    }

    #[test]
    fn an_ipv6_visitor_cannot_hide_in_many_addresses_nor_in_many_small_networks() {
        let (limiter, start) = (Limiter::new(2), Instant::now());
        let passed = |address: &dyn Fn(u32) -> String| {
            (0..200).filter(|&number| limiter.count(network(&address(number)), start).is_ok()).count()
        };
        assert_eq!(passed(&|number| format!("2001:db8:0:1::{number:x}")), 2);
        assert_eq!(passed(&|number| format!("2001:db8:9:{number:x}::1")), 32);
    }

    #[test]
    fn without_a_limit_nothing_is_remembered() {
        let limiter = Limiter::new(0);
        assert!((0..1000).all(|_| limiter.count(network("192.0.2.1"), Instant::now()).is_ok()));
        assert!(limiter.small.lock().unwrap().is_empty());
    }
}
