//! How long to wait before trying again: longer each time, never long, and not all at once.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

/// Counts attempts that failed in a row.
#[derive(Debug, Default)]
pub struct Backoff {
    failed: u32,
}

impl Backoff {
    /// Returns how long to wait now; `chance` draws a duration up to the one given.
    pub fn next(&mut self, chance: impl Fn(Duration) -> Duration) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.failed.min(10)).min(LONGEST);
        self.failed += 1;
        whole / 2 + chance(whole / 2)
    }

    /// Forgets the failures: something worked.
    pub fn reset(&mut self) {
        self.failed = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_ten_seconds_and_start_again_after_success() {
        let mut backoff = Backoff::default();
        let waits: Vec<Duration> = (0..8).map(|_| backoff.next(|most| most)).collect();
        assert_eq!(waits[..3], [FIRST, FIRST * 2, FIRST * 4]);
        assert_eq!(waits[7], LONGEST);
        backoff.reset();
        assert_eq!(backoff.next(|_| Duration::ZERO), FIRST / 2);
    }
}
