//! Where a stream goes on after a cut, so that no line is lost and none comes twice.
//!
//! The server reads `sinceTime` in whole seconds and filters line by line, and stamps of two streams of one container may
//! be out of order. So the last seconds that were seen are asked for again, and every line of them that was seen is
//! dropped once: a multiset of stamp and text, not a comparison of times.

use crate::view::logs::batch::Stamp;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

/// Lines that are remembered at most; beyond that only those of the last second.
const MOST: usize = 200_000;
/// How far before the last second the server is asked again, in seconds.
const SLACK: i64 = 1;

/// What was seen of one container instance.
#[derive(Debug, Default)]
pub struct Resume {
    last: Option<Stamp>,
    /// By second, oldest first: how often each line was seen.
    seen: VecDeque<(i64, Counts)>,
    count: usize,
    /// What the server may still send again.
    again: Counts,
    replay: Option<Replay>,
    /// Whether too many lines came for more than their last second.
    is_narrow: bool,
    /// Whether lines before the first that was seen are not wanted, and the first one is still remembered.
    skips_older: bool,
}

/// How often each line was seen, by its hash.
type Counts = HashMap<u64, u32, BuildHasherDefault<Hashed>>;

/// A key that is a hash already.
#[derive(Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A reconnection under way.
#[derive(Debug)]
struct Replay {
    from: Stamp,
    repeated: u64,
    decided: bool,
}

/// What to do with a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It is new.
    New,
    /// It was seen before the cut.
    Again,
    /// It is new, and between the last line before the cut and this one others may be lost.
    AfterGap {
        /// The last line before the cut.
        from: Stamp,
        /// This line.
        to: Stamp,
    },
}

impl Resume {
    /// Nothing was seen yet; where only the end of the log was asked for, what is older stays unwanted after a cut.
    pub fn new(is_tail: bool) -> Self {
        Self { skips_older: is_tail, ..Self::default() }
    }

    /// The second from which the server is asked, as Unix time; none before the first line.
    pub fn since(&self) -> Option<i64> {
        self.last.map(|last| last.seconds() - self.slack())
    }

    /// The last stamp that was seen.
    pub fn last(&self) -> Option<Stamp> {
        self.last
    }

    /// The stream was opened again: what comes now may have been seen.
    pub fn reopened(&mut self) {
        self.again.clear();
        for (_, lines) in &self.seen {
            for (line, count) in lines {
                *self.again.entry(*line).or_default() += count;
            }
        }
        self.replay = self.last.map(|from| Replay { from, repeated: 0, decided: self.again.is_empty() });
    }

    /// Lines that came again since the stream was opened.
    pub fn repeated(&self) -> u64 {
        self.replay.as_ref().map_or(0, |replay| replay.repeated)
    }

    /// Whether all that was seen lately has come again since the stream was opened.
    pub fn is_whole(&self) -> bool {
        self.again.is_empty()
    }

    /// Whether this line was seen lately.
    pub fn knows(&self, at: Stamp, line: &[u8]) -> bool {
        let mark = hash(at, line);
        self.seen.iter().any(|(_, lines)| lines.contains_key(&mark))
    }

    /// Takes in a line with its stamp.
    pub fn take(&mut self, at: Stamp, line: &[u8]) -> Seen {
        let mark = hash(at, line);
        if let Some(count) = self.again.get_mut(&mark) {
            *count -= 1;
            if *count == 0 {
                self.again.remove(&mark);
            }
            if let Some(replay) = &mut self.replay {
                replay.repeated += 1;
                replay.decided = true;
            }
            return Seen::Again;
        }
        // What stands before the first line that was seen was cut off by the tail that was asked for.
        let is_older = |replay: &Replay| !replay.decided && at <= replay.from;
        if self.skips_older && self.replay.as_ref().is_some_and(is_older) {
            return Seen::Again;
        }
        let gap = self.replay.as_mut().filter(|replay| !replay.decided && replay.from < at).map(|replay| {
            replay.decided = true;
            Seen::AfterGap { from: replay.from, to: at }
        });
        self.remember(at, mark);
        gap.unwrap_or(Seen::New)
    }

    fn slack(&self) -> i64 {
        if self.is_narrow { 0 } else { SLACK }
    }

    fn remember(&mut self, at: Stamp, mark: u64) {
        let last = self.last.map_or(at, |last| last.max(at));
        self.last = Some(last);
        let second = at.seconds();
        let oldest = last.seconds() - self.slack();
        while self.seen.front().is_some_and(|(second, _)| *second < oldest) {
            let (_, lines) = self.seen.pop_front().unwrap_or_default();
            self.count -= lines.values().map(|count| *count as usize).sum::<usize>();
            self.skips_older = false;
        }
        if second < oldest {
            return;
        }
        // Seconds come in order but for small skews: the place is at the end or right before it.
        let place = self.seen.iter().rposition(|(have, _)| *have <= second);
        let index = match place {
            Some(index) if self.seen[index].0 == second => index,
            Some(index) => {
                self.seen.insert(index + 1, (second, Counts::default()));
                index + 1
            }
            None => {
                self.seen.push_front((second, Counts::default()));
                0
            }
        };
        *self.seen[index].1.entry(mark).or_default() += 1;
        self.count += 1;
        if MOST < self.count {
            self.narrow();
        }
    }

    /// Too many lines in two seconds: only the last second is remembered, and asked for again.
    fn narrow(&mut self) {
        self.is_narrow = true;
        while 1 < self.seen.len() {
            let (_, lines) = self.seen.pop_front().unwrap_or_default();
            self.count -= lines.values().map(|count| *count as usize).sum::<usize>();
        }
    }
}

fn hash(at: Stamp, line: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    at.0.hash(&mut hasher);
    line.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: i64 = 1_000_000_000;

    /// A server that has lines with stamps, in the order in which they were written.
    fn served(lines: &[(i64, String)], since: Option<i64>) -> impl Iterator<Item = &(i64, String)> {
        lines.iter().filter(move |(at, _)| since.is_none_or(|since| since * SECOND <= *at))
    }

    /// Follows all lines through cuts at these places; returns what was emitted.
    fn follow(lines: &[(i64, String)], cuts: &[usize]) -> (Vec<String>, usize) {
        let (mut resume, mut out, mut gaps) = (Resume::default(), Vec::new(), 0);
        for end in cuts.iter().copied().chain([lines.len()]) {
            let since = resume.since();
            if since.is_some() {
                resume.reopened();
            }
            for (at, line) in served(&lines[..end.min(lines.len())], since) {
                match resume.take(Stamp(*at), line.as_bytes()) {
                    Seen::New => out.push(line.clone()),
                    Seen::Again => {}
                    Seen::AfterGap { .. } => {
                        gaps += 1;
                        out.push(line.clone());
                    }
                }
            }
        }
        (out, gaps)
    }

    proptest! {
        /// Stamps run on with skews of up to 0.3 s, lines repeat, and the stream is cut anywhere.
        #[test]
        fn nothing_is_lost_and_nothing_comes_twice(
            steps in prop::collection::vec((0i64..400_000_000, -300_000_000i64..300_000_000, 0u8..3), 1..200),
            cuts in prop::collection::vec(0usize..200, 0..6),
        ) {
            let mut now = 1_000 * SECOND;
            let mut lines = Vec::new();
            for (step, skew, text) in steps {
                now += step;
                lines.push((now + skew, format!("line {text}")));
            }
            let mut cuts = cuts;
            cuts.sort_unstable();
            let (out, gaps) = follow(&lines, &cuts);
            let all: Vec<String> = lines.into_iter().map(|(_, line)| line).collect();
            prop_assert_eq!(out, all);
            prop_assert_eq!(gaps, 0);
        }
    }

    #[test]
    fn a_gap_is_told_only_where_the_server_has_nothing_of_what_was_seen() {
        let mut resume = Resume::default();
        assert_eq!(resume.take(Stamp(5 * SECOND), b"a"), Seen::New);
        resume.reopened();
        let gap = Seen::AfterGap { from: Stamp(5 * SECOND), to: Stamp(9 * SECOND) };
        assert_eq!(resume.take(Stamp(9 * SECOND), b"b"), gap);
        assert_eq!(resume.take(Stamp(9 * SECOND + 1), b"c"), Seen::New);
        resume.reopened();
        assert_eq!(resume.take(Stamp(9 * SECOND), b"b"), Seen::Again);
        assert_eq!(resume.take(Stamp(12 * SECOND), b"d"), Seen::New);
        assert_eq!(resume.repeated(), 1);
    }

    #[test]
    fn what_a_tail_left_out_stays_out_after_a_cut() {
        let mut resume = Resume::new(true);
        assert_eq!(resume.take(Stamp(5 * SECOND + 3), b"c"), Seen::New);
        resume.reopened();
        for (at, line, seen) in
            [(1, b"a", Seen::Again), (2, b"b", Seen::Again), (3, b"c", Seen::Again), (2, b"d", Seen::New)]
        {
            assert_eq!(resume.take(Stamp(5 * SECOND + at), line), seen);
        }
        assert_eq!(resume.repeated(), 1);
    }

    #[test]
    fn a_flood_is_remembered_for_its_last_second_only() {
        let mut resume = Resume::default();
        for n in 0..250_000i64 {
            resume.take(Stamp(SECOND + n * 8_000), n.to_string().as_bytes());
        }
        assert!(resume.count <= MOST);
        assert_eq!(resume.since(), Some(resume.last().unwrap().seconds()));
    }
}
