//! Lines and errors over time, kept by the second and shown in as many bars as there is room for.

use crate::view::logs::batch::Stamp;
use crate::view::logs::level::Level;
use std::collections::BTreeMap;

/// How long a bar may be, in seconds; beyond that as long as it must be.
const STEPS: [i64; 14] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400];

/// How many lines there were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// All.
    pub lines: u32,
    /// Of these, errors and worse.
    pub errors: u32,
}

/// Counts by the second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    seconds: BTreeMap<i64, Count>,
}

/// Counts in bars of one length.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bars {
    /// When the first bar begins, as Unix time.
    pub first: i64,
    /// How long a bar is, in seconds.
    pub step: i64,
    /// The bars, oldest first.
    pub counts: Vec<Count>,
    /// Lines that are older than the first bar.
    pub before: u32,
}

impl Histogram {
    /// Counts a line.
    pub fn note(&mut self, at: Stamp, level: Level) {
        let count = self.seconds.entry(at.seconds()).or_default();
        count.lines = count.lines.saturating_add(1);
        count.errors = count.errors.saturating_add(u32::from(Level::Error <= level));
    }

    /// Lets go of everything before a second.
    pub fn forget(&mut self, before: i64) {
        self.seconds = self.seconds.split_off(&before);
    }

    /// Begins anew.
    pub fn clear(&mut self) {
        self.seconds.clear();
    }

    /// At most so many bars, all of one length, up to the newest line. They are as short as it takes to show nine of ten
    /// lines: a few old ones, of a container that was set up long ago, would make one bar of all others.
    pub fn bars(&self, most: usize) -> Bars {
        let (Some(first), Some((last, _))) = (self.most_since(), self.seconds.last_key_value()) else {
            return Bars::default();
        };
        let most = i64::try_from(most).unwrap_or(i64::MAX).max(1);
        let needed = |step: i64| last.div_euclid(step) - first.div_euclid(step) + 1;
        let even = STEPS.into_iter().find(|step| needed(*step) <= most);
        let (begin, step) = match even {
            Some(step) => (first.div_euclid(step) * step, step),
            None => (first, (last - first) / most + 1),
        };
        // Where there is room to the left, more of what came before is shown.
        let oldest = self.seconds.first_key_value().map_or(first, |(second, _)| *second);
        let room = most - ((last - begin).div_euclid(step) + 1);
        let back = ((begin - oldest).max(0) + step - 1).div_euclid(step).min(room.max(0));
        let begin = begin - back * step;
        let length = usize::try_from((last - begin) / step + 1).unwrap_or(1);
        let mut bars = Bars { first: begin, step, counts: vec![Count::default(); length], before: 0 };
        for (second, count) in &self.seconds {
            if *second < begin {
                bars.before = bars.before.saturating_add(count.lines);
            } else if let Some(bar) = bars.index(*second).and_then(|index| bars.counts.get_mut(index)) {
                bar.lines = bar.lines.saturating_add(count.lines);
                bar.errors = bar.errors.saturating_add(count.errors);
            }
        }
        bars
    }
}

impl Histogram {
    /// The second since which nine of ten lines were written.
    fn most_since(&self) -> Option<i64> {
        let all: u64 = self.seconds.values().map(|count| u64::from(count.lines)).sum();
        let mut newer = 0;
        let is_enough = |(_, count): &(&i64, &Count)| {
            newer += u64::from(count.lines);
            all * 9 <= newer * 10
        };
        self.seconds.iter().rev().find(is_enough).map(|(second, _)| *second)
    }
}

impl Bars {
    /// How long a bar is, in the largest unit that says it exactly.
    pub fn length(&self) -> String {
        let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
        let even = units.into_iter().find(|(unit, _)| unit <= &self.step && self.step % unit == 0);
        even.map_or_else(|| format!("{}s", self.step), |(unit, letter)| format!("{}{letter}", self.step / unit))
    }

    /// The bar of a second, which may lie behind the last one.
    pub fn index(&self, second: i64) -> Option<usize> {
        usize::try_from(second.checked_sub(self.first)?.div_euclid(self.step.max(1))).ok()
    }

    /// When a bar begins, as Unix time.
    pub fn begin(&self, index: usize) -> i64 {
        self.first.saturating_add(self.step.saturating_mul(i64::try_from(index).unwrap_or(i64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn bars_are_as_short_as_the_room_allows() {
        let mut histogram = Histogram::default();
        for at in [100, 100, 161, 219] {
            histogram.note(Stamp(at * SECOND), if at == 161 { Level::Error } else { Level::Info });
        }
        assert_eq!(histogram.bars(200).step, 1);
        let bars = histogram.bars(3);
        assert_eq!((bars.first, bars.step), (60, 60));
        assert_eq!(
            bars.counts.iter().map(|count| (count.lines, count.errors)).collect::<Vec<_>>(),
            [(2, 0), (1, 1), (1, 0)]
        );
        assert_eq!(bars.index(161).map(|index| bars.begin(index)), Some(120));
        histogram.forget(150);
        assert_eq!(histogram.bars(200).first, 161);
        assert_eq!(Histogram::default().bars(9), Bars::default());
    }

    #[test]
    fn a_few_old_lines_do_not_make_one_bar_of_all_others() {
        let mut histogram = Histogram::default();
        histogram.note(Stamp(0), Level::Info);
        for second in 0..60 {
            histogram.note(Stamp((20_000_000 + second) * SECOND), Level::Info);
        }
        let bars = histogram.bars(100);
        assert_eq!((bars.step, bars.before, bars.counts.len(), bars.length().as_str()), (1, 1, 100, "1s"));
        assert_eq!(Bars { step: 300, ..Bars::default() }.length(), "5m");
    }

    proptest! {
        #[test]
        fn no_line_is_lost_and_no_bar_stands_outside(
            seconds in prop::collection::vec(-2_000_000_000_i64..4_000_000_000, 1..60),
            most in 1_usize..200,
        ) {
            let mut histogram = Histogram::default();
            for (index, second) in seconds.iter().enumerate() {
                histogram.note(Stamp(second * SECOND), if index % 3 == 0 { Level::Error } else { Level::None });
            }
            let bars = histogram.bars(most);
            prop_assert!(bars.counts.len() <= most);
            let lines: u32 = bars.counts.iter().map(|count| count.lines).sum();
            let errors: u32 = bars.counts.iter().map(|count| count.errors).sum();
            prop_assert_eq!((lines + bars.before) as usize, seconds.len());
            prop_assert!(errors as usize <= seconds.len().div_ceil(3) && seconds.len() * 9 <= lines as usize * 10);
        }
    }
}
