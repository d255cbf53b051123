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
    /// Within one second of this instant: no age on screen changes, and yet what waits for a moment of rest gets it.
    Frozen {
        /// The instant.
        instant: Timestamp,
        /// When it was frozen.
        at: Instant,
    },
}

/// How far a frozen clock goes.
const THAW: i64 = 999_000;

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self::System { start: system_time(), at: Instant::now() }
    }

    /// A clock that stands still at this instant.
    pub fn frozen(instant: Timestamp) -> Self {
        Self::Frozen { instant, at: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        let since = |at: &Instant| i64::try_from(at.elapsed().as_micros()).unwrap_or(0);
        match self {
            Self::Frozen { instant, at } => Timestamp(instant.0.saturating_add(since(at).min(THAW))),
            Self::System { start, at } => Timestamp(start.0.saturating_add(since(at))),
        }
    }

    /// How long to wait until `then`; `None` when the clock stands still.
    pub fn until(&self, then: Timestamp) -> Option<Duration> {
        match self {
            Self::Frozen { instant, .. } if then.micros_since(*instant) > THAW => None,
            _ => Some(Duration::from_micros(u64::try_from(then.micros_since(self.now())).unwrap_or(0))),
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

    #[tokio::test(start_paused = true)]
    async fn a_frozen_clock_stays_within_its_second() {
        let instant = Timestamp::from_seconds(1_000);
        let clock = Clock::frozen(instant);
        assert_eq!((clock.now(), clock.until(instant.plus_seconds(1))), (instant, None));
        tokio::time::advance(Duration::from_secs(3600)).await;
        assert_eq!(clock.now().seconds(), instant.seconds());
        assert_eq!(clock.until(Timestamp(instant.0 + 150_000)), Some(Duration::ZERO));
    }
}
