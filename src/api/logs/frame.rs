//! From the pieces of a body to lines. Nothing is decoded; a line longer than the limit keeps its head and its tail.

/// The longest line that is kept whole for a screen, in bytes.
pub const LONGEST: usize = 256 << 10;
/// What is kept of the end of a longer one.
const TAIL: usize = 32 << 10;

/// Cuts a body into lines.
#[derive(Debug)]
pub struct Lines {
    /// The longest line that is kept whole.
    longest: usize,
    /// The line that has not ended yet, or the head of one that is too long.
    open: Vec<u8>,
    /// The end of a line that is too long, as a ring.
    tail: Vec<u8>,
    turn: usize,
    /// Bytes of the open line that came in all.
    length: usize,
}

impl Lines {
    /// Lines that are kept whole up to so many bytes.
    pub fn new(longest: usize) -> Self {
        let longest = longest.max(2 * TAIL);
        Self { longest, open: Vec::new(), tail: Vec::new(), turn: 0, length: 0 }
    }

    /// Takes in a piece; gives each line that it ends, without its end.
    pub fn push(&mut self, piece: &[u8], mut line: impl FnMut(&[u8])) {
        let mut rest = piece;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (head, after) = rest.split_at(end);
            rest = &after[1..];
            if self.length == 0 {
                // The whole line lies in this piece: no copy.
                if head.len() <= self.longest {
                    line(head);
                    continue;
                }
            }
            self.keep(head);
            self.end(&mut line);
        }
        self.keep(rest);
    }

    /// Bytes of the line that has not ended yet.
    pub fn open(&self) -> usize {
        self.length
    }

    /// Gives the line that the body broke off in, if there is one.
    pub fn finish(&mut self, mut line: impl FnMut(&[u8])) {
        if 0 < self.length {
            self.end(&mut line);
        }
    }

    /// Forgets the line that the body broke off in: it comes again, whole, from the next connection.
    pub fn forget(&mut self) {
        self.open.clear();
        self.tail.clear();
        (self.turn, self.length) = (0, 0);
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.length += bytes.len();
        let room = (self.longest - TAIL - 64).saturating_sub(self.open.len());
        let (head, rest) = bytes.split_at(room.min(bytes.len()));
        self.open.extend_from_slice(head);
        // Of what follows the head only the last bytes can matter.
        for byte in &rest[rest.len().saturating_sub(TAIL)..] {
            if self.tail.len() < TAIL {
                self.tail.push(*byte);
            } else {
                self.tail[self.turn] = *byte;
                self.turn = (self.turn + 1) % TAIL;
            }
        }
    }

    fn end(&mut self, line: &mut impl FnMut(&[u8])) {
        let kept = self.open.len() + self.tail.len();
        if kept < self.length {
            let lost = self.length - kept;
            self.open.extend_from_slice(format!("…(+{lost} bytes)…").as_bytes());
        }
        self.open.extend_from_slice(&self.tail[self.turn..]);
        self.open.extend_from_slice(&self.tail[..self.turn]);
        line(&self.open);
        self.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cut(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut lines, mut all) = (Lines::new(LONGEST), Vec::new());
        for piece in pieces {
            lines.push(piece, |line| all.push(line.to_vec()));
        }
        lines.finish(|line| all.push(line.to_vec()));
        all
    }

    #[test]
    fn a_line_longer_than_the_limit_keeps_head_and_tail() {
        let mut long = vec![b'a'; 1 << 20];
        let at = long.len() - 3;
        long[at..].copy_from_slice(b"end");
        long.push(b'\n');
        let (one, two) = long.split_at(700_000);
        for lines in [cut(&[&long, b"next\n"]), cut(&[one, two, b"next\n"])] {
            assert_eq!(lines.len(), 2);
            assert!(lines[0].len() <= LONGEST);
            assert!(lines[0].ends_with(b"end") && lines[0].starts_with(b"aaaa"));
            let text = String::from_utf8(lines[0].clone()).unwrap();
            let lost: usize = text.split("(+").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
            assert_eq!(text.chars().filter(|c| *c == 'a').count() + lost + 3, 1 << 20);
            assert_eq!(lines[1], b"next");
        }
    }

    #[test]
    fn a_line_that_breaks_off_can_be_forgotten() {
        let (mut lines, mut all) = (Lines::new(LONGEST), Vec::new());
        lines.push(b"whole\nhal", |line| all.push(line.to_vec()));
        lines.forget();
        lines.push(b"half\r\n", |line| all.push(line.to_vec()));
        assert_eq!(all, [b"whole".to_vec(), b"half\r".to_vec()]);
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_the_body_is_cut(
            body in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..300),
            cuts in prop::collection::vec(0usize..300, 0..6),
        ) {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|at| at.min(body.len())).collect();
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for at in cuts.into_iter().chain([body.len()]) {
                pieces.push(&body[from..at]);
                from = at;
            }
            prop_assert_eq!(cut(&pieces), cut(&[&body]));
        }
    }
}
