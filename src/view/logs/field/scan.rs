//! A JSON object looked over where nothing of it has to be kept: every byte counts, and none is copied.
//!
//! Invariant: what is found here is what serde_json finds, in a line that it takes for one whole object. Whatever is not
//! plain is not found at all: the caller then lets serde_json decide.

/// Objects and lists in each other; deeper ones are not plain.
const DEEPEST: u32 = 64;

const EACH: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = EACH * 0x80;

/// Where the values of two fields stand; of a field that is there twice the last one counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places<'a> {
    /// Of the field with the whole name.
    pub whole: Option<&'a [u8]>,
    /// Of the field with the first part of the name.
    pub first: Option<&'a [u8]>,
}

/// Looks for two fields of a line; none where it is not plainly one object.
pub fn find<'a>(line: &'a [u8], whole: &[u8], first: Option<&[u8]>) -> Option<Places<'a>> {
    let mut scan = Scan { bytes: line, at: 0 };
    let mut places = Places::default();
    scan.expect(b'{')?;
    scan.blank();
    if scan.peek()? == b'}' {
        scan.at += 1;
        return (scan.at == line.len()).then_some(places);
    }
    loop {
        let key = scan.key()?;
        scan.colon()?;
        let from = scan.at;
        scan.value()?;
        let place = match key {
            _ if key == whole => Some(&mut places.whole),
            _ if Some(key) == first => Some(&mut places.first),
            _ => None,
        };
        if let Some(place) = place {
            let raw = line.get(from..scan.at)?;
            std::str::from_utf8(raw).ok()?;
            *place = Some(raw);
        }
        scan.blank();
        match scan.take()? {
            b',' => scan.blank(),
            b'}' => return (scan.at == line.len()).then_some(places),
            _ => return None,
        }
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn expect(&mut self, wanted: u8) -> Option<()> {
        (self.take()? == wanted).then_some(())
    }

    fn blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    fn colon(&mut self) -> Option<()> {
        self.blank();
        self.expect(b':')?;
        self.blank();
        Some(())
    }

    /// A name in quotes, of plain ASCII.
    fn key(&mut self) -> Option<&'a [u8]> {
        self.expect(b'"')?;
        let from = self.at;
        self.run();
        let key = self.bytes.get(from..self.at)?;
        self.expect(b'"')?;
        key.is_ascii().then_some(key)
    }

    /// A text in quotes, with whatever it holds.
    fn string(&mut self) -> Option<()> {
        self.expect(b'"')?;
        loop {
            self.run();
            match self.take()? {
                b'"' => return Some(()),
                b'\\' => match self.take()? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    b'u' => {
                        let digits = self.bytes.get(self.at..self.at + 4)?;
                        self.at += 4;
                        digits.iter().all(u8::is_ascii_hexdigit).then_some(())?;
                    }
                    _ => return None,
                },
                _ => return None,
            }
        }
    }

    /// To the next quote, backslash or control character: eight bytes at a time.
    fn run(&mut self) {
        while let Some(eight) = self.bytes.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            let word = u64::from_le_bytes(*eight);
            // The lowest bit that is set is exact; those above it may be a carry.
            let is = |byte: u8| {
                let differs = word ^ (EACH * u64::from(byte));
                differs.wrapping_sub(EACH) & !differs
            };
            let is_control = word.wrapping_sub(EACH * 0x20) & !word;
            let stops = (is(b'"') | is(b'\\') | is_control) & HIGH;
            if stops != 0 {
                self.at += stops.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
        while self.peek().is_some_and(|byte| 0x20 <= byte && byte != b'"' && byte != b'\\') {
            self.at += 1;
        }
    }

    fn digits(&mut self) -> Option<()> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (from < self.at).then_some(())
    }

    fn number(&mut self) -> Option<()> {
        self.at += usize::from(self.peek() == Some(b'-'));
        let has_zero = self.peek() == Some(b'0');
        let from = self.at;
        self.digits()?;
        if has_zero && from + 1 < self.at {
            return None;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Some(())
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let rest = self.bytes.get(self.at..)?;
        self.at += word.len();
        rest.starts_with(word).then_some(())
    }

    fn value(&mut self) -> Option<()> {
        // For each object or list that is open whether it is an object, the innermost in the lowest bit.
        let (mut open, mut depth) = (0_u64, 0);
        loop {
            match self.peek()? {
                b'"' => self.string()?,
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.word(b"true")?,
                b'f' => self.word(b"false")?,
                b'n' => self.word(b"null")?,
                begin @ (b'{' | b'[') if depth < DEEPEST => {
                    let is_object = begin == b'{';
                    self.at += 1;
                    self.blank();
                    if self.peek()? != if is_object { b'}' } else { b']' } {
                        (open, depth) = (open << 1 | u64::from(is_object), depth + 1);
                        self.name(is_object)?;
                        continue;
                    }
                    self.at += 1;
                }
                _ => return None,
            }
            loop {
                if depth == 0 {
                    return Some(());
                }
                self.blank();
                let is_object = open & 1 == 1;
                match (self.take()?, is_object) {
                    (b'}', true) | (b']', false) => (open, depth) = (open >> 1, depth - 1),
                    (b',', _) => {
                        self.blank();
                        self.name(is_object)?;
                        break;
                    }
                    _ => return None,
                }
            }
        }
    }

    /// What stands before a value: in an object its name.
    fn name(&mut self, is_object: bool) -> Option<()> {
        if !is_object {
            return Some(());
        }
        self.string()?;
        self.colon()
    }
}
