//! A search in what is shown: from one line on, a slice at a time, because there may be many megabytes to look through.

use crate::view::logs::needle;
use crate::view::logs::tail::Tail;
use regex::bytes::Regex;

/// A line costs so many bytes beside its own.
const LINE: usize = 32;

/// A search that is under way.
#[derive(Clone, Debug)]
pub struct Seek {
    what: Regex,
    /// The line to look at next, or the one before which to look.
    at: u64,
    is_forward: bool,
}

/// How far a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// This line has it.
    Line(u64),
    /// No line has it on this side.
    Nothing,
    /// There are more lines to look at.
    NotYet,
    /// This line must come from disk first.
    Away(u64),
}

impl Seek {
    /// A search for a text, letters in any case, from a line on or through those before it.
    pub fn new(text: &str, at: u64, is_forward: bool) -> Option<Self> {
        Some(Self { what: needle::text(text).ok()?, at, is_forward })
    }

    /// Whether it looks at what came after.
    pub fn is_forward(&self) -> bool {
        self.is_forward
    }

    /// Looks on, through so many bytes.
    pub fn step(&mut self, tail: &Tail, budget: usize) -> Found {
        let shown = tail.shown();
        let mut left = budget;
        // Numbers stay while places change with what is let go.
        let mut place = shown.partition_point(|number| *number < self.at);
        loop {
            let next = if self.is_forward { Some(place) } else { place.checked_sub(1) };
            let Some(number) = next.and_then(|next| shown.get(next)).copied() else { return Found::Nothing };
            if left == 0 {
                return Found::NotYet;
            }
            if !tail.buffer.is_here(number) {
                return Found::Away(number);
            }
            let line = tail.buffer.entry(number).map(|entry| tail.buffer.line(entry)).unwrap_or_default();
            if self.what.is_match(line) {
                return Found::Line(number);
            }
            left = left.saturating_sub(line.len() + LINE);
            (self.at, place) = if self.is_forward { (number + 1, place + 1) } else { (number, place - 1) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::logs::fixture;

    use crate::view::logs::batch::Stamp;

    use crate::wire::Timestamp;

    fn tail(lines: &[&str]) -> Tail {
        let now = Timestamp::parse("2026-11-20T10:42:07Z").unwrap();
        let stamped = |(index, line): (usize, &&str)| (Stamp(now.0 * 1_000 + index as i64), (*line).to_owned());
        fixture::tail(now, lines.iter().enumerate().map(stamped))
    }

    fn all(tail: &Tail, text: &str, at: u64, is_forward: bool, budget: usize) -> (Found, usize) {
        let mut seek = Seek::new(text, at, is_forward).unwrap();
        let mut turns = 1;
        loop {
            match seek.step(tail, budget) {
                Found::NotYet => turns += 1,
                found => return (found, turns),
            }
        }
    }

    #[test]
    fn a_search_goes_both_ways_in_slices_and_says_where_nothing_is() {
        let tail = tail(&["Timeout", "one", "two", "TIMEOUT again", "three"]);
        assert_eq!(all(&tail, "timeout", 4, false, 1_000_000), (Found::Line(3), 1));
        assert_eq!(all(&tail, "timeout", 3, false, 1), (Found::Line(0), 3));
        assert_eq!(all(&tail, "timeout", 0, true, 1), (Found::Line(0), 1));
        assert_eq!(all(&tail, "timeout", 1, true, 1), (Found::Line(3), 3));
        assert_eq!(all(&tail, "timeout", 4, true, 1_000_000), (Found::Nothing, 1));
        assert_eq!(all(&tail, "(", 4, false, 1).0, Found::Nothing);
    }
}
