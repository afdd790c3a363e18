//! Shares: what each one may do in a minute, and at once. The generic cell rate algorithm: for each one the moment at which
//! their share is whole again. Kept in memory, bounded.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Those that are remembered at once.
const MAX_REMEMBERED: usize = 50_000;
/// The time in which a share is earned back.
const MINUTE: Duration = Duration::from_secs(60);

/// The shares of all who did something lately.
pub(super) struct Shares<K> {
    /// Time in which one is earned back; none where any number may be done.
    interval: Option<Duration>,
    whole: Mutex<HashMap<K, Instant>>,
}

impl<K: Eq + Hash> Shares<K> {
    /// So many in a minute; 0 for any number.
    pub(super) fn new(per_minute: u32) -> Self {
        Self { interval: (per_minute > 0).then(|| MINUTE / per_minute), whole: Mutex::default() }
    }

    /// Takes one; else how long to wait for it.
    pub(super) fn take(&self, one: K, now: Instant) -> Result<(), Duration> {
        let Some(interval) = self.interval else {
            return Ok(());
        };
        let mut whole = self.locked();
        let after = next(whole.get(&one).copied().unwrap_or(now), interval, now)?;
        remember(&mut whole, one, after, now);
        Ok(())
    }

    /// The same, and takes none.
    pub(super) fn check(&self, one: &K, now: Instant) -> Result<(), Duration> {
        let Some(interval) = self.interval else {
            return Ok(());
        };
        next(self.locked().get(one).copied().unwrap_or(now), interval, now).map(drop)
    }

    /// Gives one back that was taken, but for one part in so many of it.
    pub(super) fn give_back_all_but(&self, one: &K, part: u32) {
        self.return_time(one, |interval| interval - interval / part);
    }

    /// Gives one back that was taken.
    pub(super) fn give_back(&self, one: &K) {
        self.return_time(one, |interval| interval);
    }

    fn return_time(&self, one: &K, time: impl Fn(Duration) -> Duration) {
        if let Some(interval) = self.interval
            && let Some(whole) = self.locked().get_mut(one)
        {
            *whole = whole.checked_sub(time(interval)).unwrap_or(*whole);
        }
    }

    /// No code panics while it holds the lock, and the map is sound after every step.
    fn locked(&self) -> MutexGuard<'_, HashMap<K, Instant>> {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.locked().len()
    }
}

/// When the share will be whole after one more; else how long to wait for it.
fn next(whole: Instant, interval: Duration, now: Instant) -> Result<Instant, Duration> {
    let after = whole.max(now) + interval;
    let limit = now + MINUTE;
    if after > limit { Err(after - limit) } else { Ok(after) }
}

fn remember<K: Eq + Hash>(shares: &mut HashMap<K, Instant>, one: K, whole: Instant, now: Instant) {
    if shares.len() >= MAX_REMEMBERED && !shares.contains_key(&one) {
        shares.retain(|_, whole| *whole > now);
        if shares.len() >= MAX_REMEMBERED {
            // So many at once are an attack from many places; forgetting all costs less than refusing others.
            shares.clear();
        }
    }
    shares.insert(one, whole);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let (shares, start) = (Shares::new(2), Instant::now());
        for _ in 0..100 {
            assert_eq!(shares.take("a", start), Ok(()));
            shares.give_back(&"a");
        }
        assert!(shares.take("a", start).is_ok() && shares.take("a", start).is_ok());
        assert_eq!(shares.take("a", start), Err(Duration::from_secs(30)));
        shares.give_back(&"b");
        assert!(shares.check(&"a", start).is_err() && shares.check(&"b", start).is_ok());
    }

    #[test]
    fn what_is_given_back_in_part_is_used_up_in_the_end() {
        let (shares, start) = (Shares::new(2), Instant::now());
        let taken = (0..100).take_while(|_| {
            let taken = shares.take("a", start).is_ok();
            shares.give_back_all_but(&"a", 12);
            taken
        });
        assert_eq!(taken.count(), 13, "the last needs a whole one to be there");
    }
}
