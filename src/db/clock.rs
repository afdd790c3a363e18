//! The clock of Redis: what every process that shares one goes by, whatever its own machine's clock says.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::db::DbError;
use crate::db::commands::Commands;

/// How long this process counts on by itself before it asks again.
const BELIEVED_FOR: Duration = Duration::from_secs(60);

/// By how much this machine's two clocks may disagree about that time: one of them stands while the machine sleeps, and
/// the other is set now and then.
const DISAGREE: Duration = Duration::from_secs(1);

/// What Redis said last, and when.
#[derive(Default)]
pub(super) struct Clock(Mutex<Option<Heard>>);

#[derive(Clone, Copy)]
struct Heard {
    milliseconds: u64,
    at: Instant,
    on_wall: SystemTime,
}

impl Clock {
    /// Milliseconds since 1970. Never ahead of Redis by more than two machines drift apart in a minute: the time that an
    /// answer takes makes it late.
    pub(super) async fn now_ms(&self, commands: &mut Commands) -> Result<u64, DbError> {
        if let Some(now) = self.heard().and_then(Heard::now_ms) {
            return Ok(now);
        }
        self.ask(commands).await
    }

    /// The same, asked now.
    pub(super) async fn ask(&self, commands: &mut Commands) -> Result<u64, DbError> {
        let (seconds, microseconds): (u64, u64) = redis::cmd("TIME").query_async(commands).await?;
        let heard = Heard::now(seconds * 1000 + microseconds / 1000);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(heard);
        Ok(heard.milliseconds)
    }

    fn heard(&self) -> Option<Heard> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    fn now(milliseconds: u64) -> Self {
        Self { milliseconds, at: Instant::now(), on_wall: SystemTime::now() }
    }

    /// `None` once that must be asked again.
    fn now_ms(self) -> Option<u64> {
        let since = self.at.elapsed();
        let agrees = self.on_wall.elapsed().is_ok_and(|on_wall| on_wall.abs_diff(since) < DISAGREE);
        let milliseconds = u64::try_from(since.as_millis()).ok()?;
        (agrees && since < BELIEVED_FOR).then_some(self.milliseconds + milliseconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_slept_or_was_set_is_not_believed() {
        let heard = Heard::now(1_000);
        assert!(heard.now_ms().is_some_and(|now| (1_000..2_000).contains(&now)));
        let hour = Duration::from_secs(3600);
        for on_wall in [heard.on_wall - hour, heard.on_wall + hour] {
            assert_eq!(Heard { on_wall, ..heard }.now_ms(), None);
        }
    }
}
