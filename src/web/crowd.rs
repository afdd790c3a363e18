//! Crowd: how many sockets each network holds open, so that one alone cannot take them all. Each web process counts for
//! itself.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::web::error::WebError;
use crate::web::network::Network;
use crate::web::refusal::Refusal;

/// The open sockets of every network that has one.
pub(super) struct Crowd {
    /// Of one network; 0 for any number.
    most: u32,
    open: Mutex<HashMap<Network, u32>>,
}

impl Crowd {
    pub(super) fn new(most: u32) -> Self {
        Self { most, open: Mutex::default() }
    }

    /// Counts one in, until what is given back is dropped; refuses it when it is too many.
    pub(super) fn enter(self: &Arc<Self>, network: Network) -> Result<Place, WebError> {
        let mut open = self.locked();
        let theirs = open.entry(network).or_default();
        if self.most > 0 && *theirs >= self.most {
            return Err(WebError::Refused(Refusal::TooManySockets));
        }
        *theirs += 1;
        Ok(Place { crowd: self.clone(), network })
    }

    /// No code panics while it holds the lock, and the map is sound after every step.
    fn locked(&self) -> MutexGuard<'_, HashMap<Network, u32>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One open socket's place; free again when it is dropped.
pub(super) struct Place {
    crowd: Arc<Crowd>,
    network: Network,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.crowd.locked();
        let left = open.get(&self.network).map_or(0, |theirs| theirs.saturating_sub(1));
        if left == 0 {
            open.remove(&self.network);
        } else {
            open.insert(self.network, left);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_household_has_its_share_and_gives_it_back() {
        let crowd = Arc::new(Crowd::new(2));
        let enter = |address: &str| crowd.enter(Network::new(address.parse().unwrap()));
        let first = enter("2001:db8:0:1::1").unwrap();
        let second = enter("2001:db8:0:1:ffff::2").unwrap();
        assert!(enter("2001:db8:0:1::3").is_err());
        let other = enter("2001:db8:0:2::1").unwrap();
        drop(first);
        let third = enter("2001:db8:0:1::3").unwrap();
        assert!(enter("2001:db8:0:1::4").is_err());
        drop((second, third, other));
        assert!(crowd.locked().is_empty(), "nothing is remembered of those who left");
    }
}
