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

    /// At most so many bars, all of one length, from the oldest line to the newest.
    pub fn bars(&self, most: usize) -> Bars {
        let (Some((first, _)), Some((last, _))) = (self.seconds.first_key_value(), self.seconds.last_key_value())
        else {
            return Bars::default();
        };
        let most = i64::try_from(most).unwrap_or(i64::MAX).max(1);
        let needed = |step: i64| last.div_euclid(step) - first.div_euclid(step) + 1;
        let even = STEPS.into_iter().find(|step| needed(*step) <= most);
        let (begin, step) = match even {
            Some(step) => (first.div_euclid(step) * step, step),
            None => (*first, (last - first) / most + 1),
        };
        let length = usize::try_from((last - begin) / step + 1).unwrap_or(1);
        let mut bars = Bars { first: begin, step, counts: vec![Count::default(); length] };
        for (second, count) in &self.seconds {
            if let Some(bar) = bars.index(*second).and_then(|index| bars.counts.get_mut(index)) {
                bar.lines = bar.lines.saturating_add(count.lines);
                bar.errors = bar.errors.saturating_add(count.errors);
            }
        }
        bars
    }
}

impl Bars {
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
            prop_assert_eq!((lines as usize, errors as usize), (seconds.len(), seconds.len().div_ceil(3)));
        }
    }
}
