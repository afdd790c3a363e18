//! Rates: how often one network may ask for what costs something. Kept in this process's memory, bounded; with
//! several web processes each one counts for itself.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
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

    /// Counts what has happened already, as far as there is room.
    pub(super) fn note(&self, kind: Kind, network: Network) {
        self.of(kind).note(network, Instant::now());
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

    /// Takes from both shares, or from none.
    fn count(&self, network: Network, now: Instant) -> Result<(), Duration> {
        if self.per_minute == 0 {
            return Ok(());
        }
        let mut small = locked(&self.small);
        let after = after_one_more(&small, network, self.interval(), now)?;
        if let Some(around) = network.wide() {
            let mut wide = locked(&self.wide);
            let after = after_one_more(&wide, around, self.interval() / WIDE_SHARE, now)?;
            remember(&mut wide, around, after, now);
        }
        remember(&mut small, network, after, now);
        Ok(())
    }

    /// Takes from each share that has something left, whatever the other has.
    fn note(&self, network: Network, now: Instant) {
        if self.per_minute == 0 {
            return;
        }
        let wide = network.wide().map(|around| (&self.wide, around, self.interval() / WIDE_SHARE));
        for (shares, network, interval) in wide.into_iter().chain([(&self.small, network, self.interval())]) {
            let mut shares = locked(shares);
            if let Ok(after) = after_one_more(&shares, network, interval, now) {
                remember(&mut shares, network, after, now);
            }
        }
    }

    fn check(&self, network: Network, now: Instant) -> Result<(), Duration> {
        if self.per_minute == 0 {
            return Ok(());
        }
        after_one_more(&locked(&self.small), network, self.interval(), now)?;
        if let Some(around) = network.wide() {
            after_one_more(&locked(&self.wide), around, self.interval() / WIDE_SHARE, now)?;
        }
        Ok(())
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

fn after_one_more(
    shares: &HashMap<Network, Instant>,
    network: Network,
    interval: Duration,
    now: Instant,
) -> Result<Instant, Duration> {
    next(shares.get(&network).copied().unwrap_or(now), interval, now)
}

fn remember(shares: &mut HashMap<Network, Instant>, network: Network, whole: Instant, now: Instant) {
    if shares.len() >= MAX_REMEMBERED && !shares.contains_key(&network) {
        shares.retain(|_, whole| *whole > now);
        if shares.len() >= MAX_REMEMBERED {
            // So many at once are an attack from many networks; forgetting all costs less than refusing others.
            shares.clear();
        }
    }
    shares.insert(network, whole);
}

/// No code panics while it holds the lock, and the map is sound after every step.
fn locked(shares: &Mutex<HashMap<Network, Instant>>) -> MutexGuard<'_, HashMap<Network, Instant>> {
    shares.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn what_one_small_network_is_refused_costs_the_others_around_it_nothing() {
        let (limiter, start) = (Limiter::new(2), Instant::now());
        let loud = network("2001:db8:9:1::1");
        assert_eq!((0..200).filter(|_| limiter.count(loud, start).is_ok()).count(), 2);
        assert!(limiter.count(network("2001:db8:9:2::1"), start).is_ok());
    }

    #[test]
    fn misses_from_many_small_networks_of_one_are_seen_before_the_next() {
        let (limiter, start) = (Limiter::new(2), Instant::now());
        for number in 0..40 {
            limiter.note(network(&format!("2001:db8:9:{number:x}::1")), start);
        }
        assert!(limiter.check(network("2001:db8:9:ffff::1"), start).is_err());
        assert!(limiter.check(network("2001:db8:8:1::1"), start).is_ok());
        assert_eq!(limiter.small.lock().unwrap().len(), 40, "each is noted, whatever the large one may");
    }

    #[test]
    fn without_a_limit_nothing_is_remembered() {
        let limiter = Limiter::new(0);
        assert!((0..1000).all(|_| limiter.count(network("192.0.2.1"), Instant::now()).is_ok()));
        assert!(limiter.small.lock().unwrap().is_empty());
    }
}
