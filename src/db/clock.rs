//! The clock of Redis: what every process that shares one goes by, whatever its own machine's clock says.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use redis::aio::ConnectionManager;

use crate::db::DbError;

/// How long this process counts on by itself before it asks again.
const BELIEVED_FOR: Duration = Duration::from_secs(60);

/// What Redis said last, and when.
#[derive(Default)]
pub(super) struct Clock(Mutex<Option<Heard>>);

#[derive(Clone, Copy)]
struct Heard {
    milliseconds: u64,
    at: Instant,
}

impl Clock {
    /// Milliseconds since 1970. Never ahead of Redis by more than two machines drift apart in a minute: the time that an
    /// answer takes makes it late.
    pub(super) async fn now_ms(&self, commands: &mut ConnectionManager) -> Result<u64, DbError> {
        if let Some(now) = self.heard().and_then(Heard::now_ms) {
            return Ok(now);
        }
        let (seconds, microseconds): (u64, u64) = redis::cmd("TIME").query_async(commands).await?;
        let heard = Heard { milliseconds: seconds * 1000 + microseconds / 1000, at: Instant::now() };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(heard);
        Ok(heard.milliseconds)
    }

    fn heard(&self) -> Option<Heard> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Heard {
    fn now_ms(self) -> Option<u64> {
        let since = self.at.elapsed();
        let milliseconds = u64::try_from(since.as_millis()).ok()?;
        (since < BELIEVED_FOR).then_some(self.milliseconds + milliseconds)
    }
}
