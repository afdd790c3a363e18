//! Rates: how often one network may ask for what costs something. Kept in this process's memory, bounded; with
//! several web processes each one counts for itself.

use std::time::{Duration, Instant};

use crate::web::error::WebError;
use crate::web::network::Network;
use crate::web::shares::Shares;

/// What all small networks of one large one may do together, as a multiple of one small one's share.
const WIDE_SHARE: u32 = 16;
/// How often one password may be tried by all together, in the same way: more than one large network can use up, so that
/// nobody alone keeps the others from the snippet.
const LOCK_SHARE: u32 = 24;
/// A right password, or token, takes one part in so many of what a wrong one does: each costs work.
const RIGHT_PART: u32 = 12;

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
    /// Passwords tried that are wrong; of access tokens as many.
    pub passwords: u32,
}

/// What is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Run,
    Change,
    Miss,
    Socket,
    Access,
}

/// The counts of all kinds.
pub(super) struct Rates {
    runs: Limiter,
    changes: Limiter,
    misses: Limiter,
    sockets: Limiter,
    passwords: Limiter,
    accesses: Limiter,
    /// For each password, by the name of its lock, which forks share.
    locks: Shares<String>,
}

impl Rates {
    pub(super) fn new(rates: RatesPerMinute) -> Self {
        Self {
            runs: Limiter::new(rates.runs),
            changes: Limiter::new(rates.changes),
            misses: Limiter::new(rates.misses),
            sockets: Limiter::new(rates.sockets),
            passwords: Limiter::new(rates.passwords),
            accesses: Limiter::new(rates.passwords),
            locks: Shares::new(rates.passwords.saturating_mul(LOCK_SHARE)),
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

    /// Counts a try of the password of the lock with this name, before anybody knows whether it is right.
    pub(super) fn try_password(&self, network: Network, lock: &str) -> Result<(), WebError> {
        let now = Instant::now();
        self.passwords.count(network, now).map_err(too_often)?;
        self.locks.take(lock.to_owned(), now).map_err(|wait| {
            self.passwords.give_back(network);
            WebError::TooManyTries(seconds(wait))
        })
    }

    /// It was right: whoever knows it guesses nothing.
    pub(super) fn password_was_right(&self, network: Network, lock: &str) {
        self.passwords.give_back_most(network);
        self.locks.give_back(&lock.to_owned());
    }

    /// What was counted as a try of the access token was the right one.
    pub(super) fn token_was_right(&self, network: Network) {
        self.accesses.give_back_most(network);
    }

    fn of(&self, kind: Kind) -> &Limiter {
        match kind {
            Kind::Run => &self.runs,
            Kind::Change => &self.changes,
            Kind::Miss => &self.misses,
            Kind::Socket => &self.sockets,
            Kind::Access => &self.accesses,
        }
    }
}

/// In whole seconds, never none.
fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + 1
}

fn too_often(wait: Duration) -> WebError {
    WebError::TooOften(seconds(wait))
}

/// The shares of all networks, small and large.
struct Limiter {
    small: Shares<Network>,
    wide: Shares<Network>,
}

impl Limiter {
    fn new(per_minute: u32) -> Self {
        Self { small: Shares::new(per_minute), wide: Shares::new(per_minute.saturating_mul(WIDE_SHARE)) }
    }

    /// Takes from both shares, or from none.
    fn count(&self, network: Network, now: Instant) -> Result<(), Duration> {
        self.small.take(network, now)?;
        let Some(around) = network.wide() else {
            return Ok(());
        };
        self.wide.take(around, now).inspect_err(|_| self.small.give_back(&network))
    }

    /// Takes from each share that has something left, whatever the other has.
    fn note(&self, network: Network, now: Instant) {
        // Refused is what has nothing left.
        let _ = self.small.take(network, now);
        if let Some(around) = network.wide() {
            let _ = self.wide.take(around, now);
        }
    }

    fn check(&self, network: Network, now: Instant) -> Result<(), Duration> {
        self.small.check(&network, now)?;
        network.wide().map_or(Ok(()), |around| self.wide.check(&around, now))
    }

    /// Gives one back that was counted.
    fn give_back(&self, network: Network) {
        self.small.give_back(&network);
        network.wide().inspect(|around| self.wide.give_back(around));
    }

    /// The same but for a part.
    fn give_back_most(&self, network: Network) {
        self.small.give_back_all_but(&network, RIGHT_PART);
        network.wide().inspect(|around| self.wide.give_back_all_but(around, RIGHT_PART));
    }
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
        assert_eq!(limiter.small.remembered(), 40, "each is noted, whatever the large one may");
    }

    #[test]
    fn nobody_alone_keeps_others_from_a_password_and_all_together_are_bounded() {
        let rates = Rates::new(RatesPerMinute { passwords: 2, ..RatesPerMinute::default() });
        let wrong = |address: &str| rates.try_password(network(address), "lock");
        let large = (0..100).filter(|number| wrong(&format!("2001:db8:9:{number:x}::1")).is_ok()).count();
        assert_eq!(large, 32);
        let all = (0..250).filter(|number| wrong(&format!("192.0.2.{number}")).is_ok()).count();
        assert_eq!(large + all, 48);
        assert!(matches!(wrong("198.51.100.1"), Err(WebError::TooManyTries(1..))));
        assert!(rates.try_password(network("198.51.100.1"), "another").is_ok());
        assert!(rates.try_password(network("198.51.100.1"), "another").is_ok(), "what was refused counts nothing");
    }

    #[test]
    fn a_right_password_costs_little() {
        let rates = Rates::new(RatesPerMinute { passwords: 10, ..RatesPerMinute::default() });
        let one = network("192.0.2.1");
        for _ in 0..100 {
            rates.try_password(one, "lock").unwrap();
            rates.password_was_right(one, "lock");
        }
        let wrong = (0..100).filter(|_| rates.try_password(one, "lock").is_ok()).count();
        assert!((1..=2).contains(&wrong), "{wrong}");
    }

    #[test]
    fn without_a_limit_nothing_is_remembered() {
        let limiter = Limiter::new(0);
        assert!((0..1000).all(|_| limiter.count(network("192.0.2.1"), Instant::now()).is_ok()));
        assert_eq!(limiter.small.remembered(), 0);
    }
}
