//! Where a stream goes on after a cut, so that no line is lost and none comes twice.
//!
//! The server reads `sinceTime` in whole seconds and filters line by line, and stamps of two streams of one container may
//! be out of order. So the last seconds that were seen are asked for again, and every line of them that was seen is
//! dropped once: a multiset of stamp and text, not a comparison of times.

mod doubt;

pub use self::doubt::{Doubt, Verdict};

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
    /// The line that the open stream brought last, by its hash, wanted or not.
    place: Option<(Stamp, u64)>,
    /// The lines that the open stream should bring next, as they stand in the log.
    trusted: VecDeque<u64>,
    /// A line of the open stream of which it is not known yet whether it was sent twice.
    odd: Option<(Stamp, u64)>,
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
    /// Nobody knows yet: the server may be sending again what it has sent already. What follows it waits for the answer.
    Odd,
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
        (self.place, self.odd) = (None, None);
        self.trusted.clear();
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
        self.remembers(hash(at, line))
    }

    fn remembers(&self, mark: u64) -> bool {
        self.seen.iter().any(|(_, lines)| lines.contains_key(&mark))
    }

    /// Takes in a line with its stamp, of a log that is read once.
    pub fn take(&mut self, at: Stamp, line: &[u8]) -> Seen {
        self.take_marked(at, hash(at, line))
    }

    /// Takes in a line of a stream that is followed: a kubelet that finds its file replaced twice while it waits reads the
    /// new one twice from its beginning. Then a line comes that this stream has brought before, or that is older than what
    /// is remembered. But a container may say the same twice, and a clock be set back: that is [`Seen::Odd`].
    pub fn take_followed(&mut self, at: Stamp, line: &[u8]) -> Seen {
        let mark = hash(at, line);
        if self.odd.is_some() {
            return Seen::Odd;
        }
        if self.trusted.pop_front() != Some(mark) {
            self.trusted.clear();
            if self.is_odd(at, mark) {
                self.odd = Some((at, mark));
                return Seen::Odd;
            }
        }
        self.take_marked(at, mark)
    }

    fn is_odd(&self, at: Stamp, mark: u64) -> bool {
        let Some(last) = self.last else { return false };
        let is_older = at.seconds() < last.seconds() - self.slack();
        (is_older || self.remembers(mark)) && !self.again.contains_key(&mark) && !self.is_left_out(at)
    }

    /// What decides about an odd line; none where there is none.
    pub fn doubt(&self) -> Option<Doubt> {
        let ((at, odd), (place_at, place)) = (self.odd?, self.place?);
        let seen = self.seen.iter().filter_map(|(_, lines)| lines.get(&place)).sum::<u32>();
        let passes = seen.saturating_sub(self.again.get(&place).copied().unwrap_or_default());
        Some(Doubt::new(at.min(place_at), at, [place, odd], passes))
    }

    /// The container wrote the odd line, and after it these.
    pub fn trust(&mut self, lines: VecDeque<u64>) {
        (self.odd, self.trusted) = (None, lines);
    }

    /// Whether this line stands before the first one that was wanted.
    fn is_left_out(&self, at: Stamp) -> bool {
        let is_older = |replay: &Replay| !replay.decided && at <= replay.from;
        self.skips_older && self.replay.as_ref().is_some_and(is_older)
    }

    fn take_marked(&mut self, at: Stamp, mark: u64) -> Seen {
        self.place = Some((at, mark));
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
        if self.is_left_out(at) {
            return Seen::Again;
        }
        // Whatever its stamp: had the server still what was seen last, that would have come before this line.
        let gap = self.replay.as_mut().filter(|replay| !replay.decided).map(|replay| {
            replay.decided = true;
            Seen::AfterGap { from: replay.from, to: at.max(replay.from) }
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
mod tests;
