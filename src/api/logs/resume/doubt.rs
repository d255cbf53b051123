//! Whether a line stands in the log once more, or was sent once more.

use super::{MOST, hash};
use crate::view::logs::batch::Stamp;
use std::collections::VecDeque;

/// Reads the log as it is now, once, to decide about an odd line: a stream brings the lines of a file in their order, so the
/// line after the place where it was is the odd one, or the stream was there before.
#[derive(Debug)]
pub struct Doubt {
    /// The stamp from which the log is to be read.
    pub since: Stamp,
    /// The stamp of the odd line.
    pub at: Stamp,
    place: u64,
    odd: u64,
    /// How often the line at the place has come; none where that is forgotten.
    passes: Option<u32>,
    passed: u32,
    /// The lines after the place.
    next: VecDeque<u64>,
}

/// What came of a doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The container wrote it; these lines follow the place.
    Written(VecDeque<u64>),
    /// The server has sent it twice.
    Sent,
    /// The log has been replaced: nobody can say any more.
    Unknown,
}

impl Doubt {
    /// An odd line came after the line at this place, which had come so often.
    pub(super) fn new(since: Stamp, at: Stamp, [place, odd]: [u64; 2], passes: u32) -> Self {
        Self { since, at, place, odd, passes: Some(passes).filter(|n| 0 < *n), passed: 0, next: VecDeque::new() }
    }

    /// The next line of the log.
    pub fn line(&mut self, at: Stamp, line: &[u8]) {
        let mark = hash(at, line);
        let is_there = 0 < self.passed && self.passes.is_none_or(|passes| passes <= self.passed);
        // What is forgotten was said before a clock was set back: the place is where the odd line follows.
        let is_elsewhere = self.passes.is_none() && self.next.front().is_none_or(|first| *first != self.odd);
        if is_there && self.next.len() < MOST {
            self.next.push_back(mark);
        }
        if mark == self.place && (!is_there || is_elsewhere) {
            self.passed += 1;
            self.next.clear();
        }
    }

    /// The log has been read.
    pub fn verdict(self) -> Verdict {
        match self.next.front() {
            _ if self.passed == 0 || self.passes.is_some_and(|passes| self.passed < passes) => Verdict::Unknown,
            Some(next) if *next == self.odd => Verdict::Written(self.next),
            _ => Verdict::Sent,
        }
    }
}
