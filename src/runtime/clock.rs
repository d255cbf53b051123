//! Where the time comes from: the system, or one frozen instant for pictures and tests.

use crate::wire::Timestamp;
use std::time::Duration;
use tokio::time::Instant;

/// The system's time, for what outlives a frozen clock: tokens that expire.
#[allow(clippy::disallowed_methods)] // The one place that asks the system.
pub fn system_time() -> Timestamp {
    Timestamp(jiff::Timestamp::now().as_microsecond())
}

/// The program's clock. Nothing below this floor asks the system for the time.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The system's time, read once and carried on by the monotonic clock, so that a step of the system's clock moves nothing on screen backwards.
    System {
        /// The system's time at `at`.
        start: Timestamp,
        /// When `start` was read.
        at: Instant,
    },
    /// Always this instant; only [`Clock::step`] moves it.
    Frozen(Timestamp),
}

/// A frozen clock steps over waits of at most so many microseconds: what waits for a moment of rest gets it, and no age
/// changes on its account.
const STEP: i64 = 200_000;

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::System { start: system_time(), at: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Frozen(instant) => *instant,
            Self::System { start, at } => {
                Timestamp(start.0.saturating_add(i64::try_from(at.elapsed().as_micros()).unwrap_or(0)))
            }
        }
    }

    /// The clock at `then`, to be reached after [`Clock::until`]: a frozen one has to be moved.
    pub fn step(self, then: Timestamp) -> Self {
        match self {
            Self::Frozen(instant) => Self::Frozen(instant.max(then)),
            Self::System { .. } => self,
        }
    }

    /// How long to wait until `then`; `None` when the clock stands still.
    pub fn until(&self, then: Timestamp) -> Option<Duration> {
        match self {
            Self::Frozen(instant) => (then.micros_since(*instant) <= STEP).then_some(Duration::ZERO),
            Self::System { .. } => {
                Some(Duration::from_micros(u64::try_from(then.micros_since(self.now())).unwrap_or(0)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_clock_follows_the_monotonic_one() {
        let clock = Clock::system();
        let before = clock.now();
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(clock.now().micros_since(before), 90_000_000);
        assert_eq!(clock.until(before), Some(Duration::ZERO));
    }

    #[test]
    fn a_frozen_clock_steps_over_moments_only() {
        let instant = Timestamp::from_seconds(1_000);
        let (clock, moment) = (Clock::Frozen(instant), Timestamp(instant.0 + 150_000));
        assert_eq!((clock.until(instant.plus_seconds(1)), clock.until(moment)), (None, Some(Duration::ZERO)));
        assert_eq!((clock.now(), clock.step(moment).now()), (instant, moment));
    }
}
