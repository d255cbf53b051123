//! How fast a stream brings lines now, and how far its stamps are from our clock.

use crate::view::logs::batch::Stamp;
use crate::wire::Timestamp;

/// The rate is taken over so many seconds.
const SECONDS: usize = 8;
/// The distance is the median of so many batches.
const SAMPLES: usize = 15;
/// Older lines than this are history that was read, in microseconds.
const FRESH: i64 = 60_000_000;

/// What a stream did lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pulse {
    /// The second of the newest count.
    second: i64,
    counts: [u32; SECONDS],
    /// By how much stamps lay before our clock when they came, in microseconds, newest last.
    behind: Vec<i64>,
    heard: Option<Timestamp>,
}

impl Pulse {
    /// Counts lines that came now, the last of them written at `at`.
    pub fn note(&mut self, lines: u32, at: Option<Stamp>, now: Timestamp) {
        let Some(Stamp(at)) = at else { return };
        let behind = now.0.saturating_sub(at / 1_000);
        if FRESH < behind {
            return;
        }
        self.turn(now.seconds());
        let slot = now.seconds().rem_euclid(SECONDS as i64) as usize;
        self.counts[slot] = self.counts[slot].saturating_add(lines);
        self.heard = Some(now);
        if self.behind.len() == SAMPLES {
            self.behind.remove(0);
        }
        self.behind.push(behind);
    }

    /// Empties the seconds that have passed since the last count.
    fn turn(&mut self, second: i64) {
        let passed = second.saturating_sub(self.second).clamp(0, SECONDS as i64);
        for ago in 0..passed {
            self.counts[(second - ago).rem_euclid(SECONDS as i64) as usize] = 0;
        }
        self.second = self.second.max(second);
    }

    /// Lines a second, over the last seconds.
    pub fn rate(&self, now: Timestamp) -> f64 {
        let mut now_on = self.clone();
        now_on.turn(now.seconds());
        f64::from(now_on.counts.iter().sum::<u32>()) / SECONDS as f64
    }

    /// When the rate says something else by itself; none once it is nought.
    pub fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        (0.0 < self.rate(now)).then(|| now.plus_seconds(1))
    }

    /// The median distance of its stamps from our clock, in microseconds; none before there are enough.
    pub fn offset(&self) -> Option<i64> {
        let mut sorted = self.behind.clone();
        sorted.sort_unstable();
        (5 <= sorted.len()).then(|| sorted[sorted.len() / 2])
    }

    /// How far the last lines were behind when they came, in microseconds, if that was a moment ago.
    pub fn lag(&self, now: Timestamp) -> Option<i64> {
        let is_recent = self.heard.is_some_and(|at| now.micros_since(at) < 5_000_000);
        self.behind.last().copied().filter(|_| is_recent)
    }
}

/// By how much each clock differs from the others', in microseconds, where that is more than two seconds.
pub fn skews<'a>(pulses: impl Iterator<Item = &'a Pulse>) -> Vec<Option<i64>> {
    let offsets: Vec<Option<i64>> = pulses.map(Pulse::offset).collect();
    let mut known: Vec<i64> = offsets.iter().copied().flatten().collect();
    known.sort_unstable();
    // A clock is wrong by what most others say; alone it is only wrong where it is ahead of ours.
    let usual = if known.len() < 3 { 0 } else { known[known.len() / 2] };
    let skew = |offset: i64| usual - offset;
    let is_told = |skew: &i64| 2_000_000 < skew.abs() && (3 <= known.len() || 0 < *skew);
    offsets.into_iter().map(|offset| offset.map(skew).filter(is_told)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp(1_795_000_000_000_000 + millis * 1_000)
    }

    fn pulse(behind_ms: i64) -> Pulse {
        let mut pulse = Pulse::default();
        for second in 0..10 {
            let now = at(second * 1000);
            pulse.note(4, Some(Stamp((now.0 - behind_ms * 1_000) * 1_000)), now);
        }
        pulse
    }

    #[test]
    fn the_rate_is_that_of_the_last_seconds_and_fades() {
        let pulse = pulse(20);
        assert!((pulse.rate(at(9_000)) - 4.0).abs() < 0.01);
        assert!((pulse.rate(at(13_000)) - 2.0).abs() < 0.01);
        assert!(pulse.rate(at(60_000)) < 0.01);
        assert_eq!(pulse.next_change(at(60_000)), None);
        assert_eq!(pulse.lag(at(9_000)), Some(20_000));
        assert_eq!(pulse.lag(at(30_000)), None);
    }

    #[test]
    fn history_counts_neither_as_rate_nor_as_lag() {
        let mut pulse = Pulse::default();
        pulse.note(500, Some(Stamp(at(-3_600_000).0 * 1_000)), at(0));
        assert!(pulse.rate(at(0)) < 0.01);
        assert_eq!(pulse.lag(at(0)), None);
    }

    #[test]
    fn a_clock_that_differs_from_the_others_is_told() {
        let pulses = [pulse(20), pulse(30), pulse(5_030), pulse(-4_000)];
        assert_eq!(skews(pulses.iter()), [None, None, Some(-5_000_000), Some(4_030_000)]);
        // Alone it may just be slow; only one that is ahead is surely wrong.
        assert_eq!(skews([pulse(5_000)].iter()), [None]);
        assert_eq!(skews([pulse(-5_000)].iter()), [Some(5_000_000)]);
    }
}
