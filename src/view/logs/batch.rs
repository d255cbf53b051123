//! What a log stream hands over: lines as bytes in one piece, and marks between them.

use crate::view::logs::state::Exit;
use std::sync::Arc;

/// One stream of a view, by its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub u16);

/// Nanoseconds since 1970, as the node's runtime stamped a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub i64);

/// Lines and marks of one stream, in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The bytes of all lines, one after the other, without line ends and stamps.
    pub bytes: Vec<u8>,
    /// The pieces.
    pub pieces: Vec<Piece>,
}

/// A line or a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A line.
    Line {
        /// When the runtime wrote it; none where the server sent a line without a stamp.
        at: Option<Stamp>,
        /// Its length in `bytes`.
        len: u32,
    },
    /// Something happened to the stream.
    Mark(Mark),
}

/// What happens to a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// The container has no log yet: `ContainerCreating`.
    Waits(Arc<str>),
    /// The container ended.
    Ended {
        /// Its exit code; none where it is not known.
        code: Option<i32>,
        /// `OOMKilled`, `Error`, `Completed`.
        reason: Arc<str>,
    },
    /// The next instance of the container began.
    Restarted {
        /// Which restart.
        count: u32,
        /// How the instance before ended, where that is known.
        after: Option<Exit>,
    },
    /// The pod is gone; the stream has ended.
    Gone,
    /// The stream was cut and is open again, with nothing lost.
    Reconnected {
        /// For how long it was cut, in milliseconds.
        after: u64,
        /// Lines that the server sent a second time and that were dropped.
        repeated: u64,
    },
    /// Lines between these two may be lost: the server has nothing any more of what was seen last. Where both are one, a
    /// whole file may be missing before it: the log was replaced twice before its reader learned of it.
    Gap {
        /// The last line before.
        from: Stamp,
        /// The first line after.
        to: Stamp,
    },
    /// The stream cannot be opened; it is tried again where that can help.
    Failed(Arc<str>),
}

impl Batch {
    /// Adds a line.
    pub fn line(&mut self, at: Option<Stamp>, line: &[u8]) {
        self.bytes.extend_from_slice(line);
        self.pieces.push(Piece::Line { at, len: u32::try_from(line.len()).unwrap_or(u32::MAX) });
    }

    /// Adds a mark.
    pub fn mark(&mut self, mark: Mark) {
        self.pieces.push(Piece::Mark(mark));
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// The lines with their stamps, marks as none.
    pub fn lines(&self) -> impl Iterator<Item = Option<(Option<Stamp>, &[u8])>> {
        let mut at = 0;
        self.pieces.iter().map(move |piece| match piece {
            Piece::Line { at: stamp, len } => {
                let start = at;
                at += *len as usize;
                Some((*stamp, self.bytes.get(start..at).unwrap_or_default()))
            }
            Piece::Mark(_) => None,
        })
    }
}

impl Stamp {
    /// Reads the stamp at the beginning of a line, and where its text begins. The kubelet writes RFC 3339 with nine
    /// digits, in UTC or with an offset; others may write fewer digits.
    pub fn read(line: &[u8]) -> Option<(Self, usize)> {
        let end = line.iter().take(40).position(|byte| *byte == b' ').unwrap_or(line.len().min(40));
        let text = line.get(..end)?;
        let digits = |range: std::ops::Range<usize>| -> Option<i64> {
            text.get(range)?.iter().try_fold(0i64, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
        };
        let sign = |at: usize, wanted: u8| text.get(at).copied() == Some(wanted);
        if !(sign(4, b'-') && sign(7, b'-') && sign(10, b'T') && sign(13, b':') && sign(16, b':')) {
            return None;
        }
        let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
        let (hour, minute, second) = (digits(11..13)?, digits(14..16)?, digits(17..19)?);
        let mut at = 19;
        let mut nanos = 0;
        if sign(at, b'.') {
            let len = text[20..].iter().take_while(|byte| byte.is_ascii_digit()).count().min(9);
            nanos = digits(20..20 + len)? * 10i64.pow(9 - u32::try_from(len).ok()?);
            at = 20 + len;
        }
        let offset = match text.get(at)? {
            b'Z' if at + 1 == text.len() => 0,
            sign @ (b'+' | b'-') if at + 6 == text.len() => {
                let offset = digits(at + 1..at + 3)? * 3600 + digits(at + 4..at + 6)? * 60;
                if *sign == b'+' { offset } else { -offset }
            }
            _ => return None,
        };
        let seconds = days(year, month, day)? * 86_400 + hour * 3600 + minute * 60 + second - offset;
        Some((Self(seconds.checked_mul(1_000_000_000)?.checked_add(nanos)?), (end + 1).min(line.len())))
    }

    /// The whole seconds, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }
}

/// Days from 1970 to a date of the Gregorian calendar (Howard Hinnant's `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Timestamp;
    use proptest::prelude::*;

    #[test]
    fn a_stamp_is_read_to_the_nanosecond() {
        let (stamp, start) = Stamp::read(b"2026-11-20T10:42:07.123456789Z hello world").unwrap();
        assert_eq!(stamp.0 % 1_000_000_000, 123_456_789);
        assert_eq!(stamp.seconds(), Timestamp::parse("2026-11-20T10:42:07Z").unwrap().seconds());
        assert_eq!(start, 31);
        let (offset, _) = Stamp::read(b"2026-11-20T12:42:07.123456789+02:00 x").unwrap();
        assert_eq!(offset, stamp);
        assert_eq!(Stamp::read(b"2026-11-20T10:42:07Z").unwrap().1, 20);
    }

    #[test]
    fn what_is_no_stamp_is_text() {
        for odd in ["", "failed to watch file", "2026-11-20", "2026-13-20T10:42:07Z x", "2026-11-20T10:42:07.1 x"] {
            assert_eq!(Stamp::read(odd.as_bytes()), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(line in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Stamp::read(&line);
        }

        #[test]
        fn days_agree_with_the_calendar(seconds in 0i64..4_000_000_000) {
            let text = Timestamp::parse("1970-01-01T00:00:00Z").unwrap().plus_seconds(seconds).rfc3339();
            let (stamp, _) = Stamp::read(text.as_bytes()).unwrap();
            prop_assert_eq!(stamp.seconds(), seconds);
        }
    }
}
