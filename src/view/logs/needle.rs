//! A text or a pattern that lines are searched for.

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexBuilder};

/// What is searched for.
#[derive(Clone, Debug)]
pub struct Needle {
    regex: Regex,
    anchor: Option<Anchor>,
}

/// The part of a text that is written in one way only, in any case: digits and signs. It is looked for first, being faster
/// found than letters of either case.
#[derive(Clone, Debug)]
struct Anchor {
    text: Box<[u8]>,
    part: Finder<'static>,
    /// Bytes of the text before the part.
    before: usize,
}

/// Signs that stand in most lines say nothing.
const COMMON: &[u8] = b" \"':,.=-_[]{}()";

impl Needle {
    /// This text, letters in any case.
    ///
    /// # Errors
    /// A text that is longer than what an expression may take.
    pub fn text(text: &str) -> Result<Self, regex::Error> {
        let regex = expression(&regex::escape(text), true)?;
        Ok(Self { regex, anchor: Anchor::of(text) })
    }

    /// A regular expression.
    ///
    /// # Errors
    /// One that cannot be read, or takes too much.
    pub fn pattern(pattern: &str) -> Result<Self, regex::Error> {
        Ok(Self { regex: expression(pattern, false)?, anchor: None })
    }

    /// Whether a line has it.
    pub fn is_in(&self, line: &[u8]) -> bool {
        match &self.anchor {
            Some(anchor) => anchor.is_in(line),
            None => self.regex.is_match(line),
        }
    }
}

fn expression(pattern: &str, is_any_case: bool) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(is_any_case).size_limit(1 << 20).build()
}

impl Anchor {
    /// None where the text has no such part; letters beyond ASCII have more cases than a byte can tell.
    fn of(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let is_part = |a: &u8, b: &u8| a.is_ascii_alphabetic() == b.is_ascii_alphabetic();
        let mut start = 0;
        let mut parts: Vec<(usize, &[u8])> = Vec::new();
        for part in bytes.chunk_by(is_part) {
            parts.push((start, part));
            start += part.len();
        }
        let worth = |part: &[u8]| part.iter().filter(|byte| !COMMON.contains(byte)).count();
        // One letter has a third case: the Kelvin sign, and the long s.
        let is_plain = text.is_ascii() && !bytes.iter().any(|byte| b"kKsS".contains(byte));
        let is_worthy = |(_, part): &(usize, &[u8])| !part[0].is_ascii_alphabetic() && 1 < worth(part);
        let (before, part) = parts.into_iter().filter(is_worthy).max_by_key(|(_, part)| worth(part))?;
        is_plain.then(|| Self { text: bytes.into(), part: Finder::new(part).into_owned(), before })
    }

    fn is_in(&self, line: &[u8]) -> bool {
        let is_whole = |at: usize| {
            let start = at.checked_sub(self.before)?;
            Some(line.get(start..start + self.text.len())?.eq_ignore_ascii_case(&self.text))
        };
        self.part.find_iter(line).any(|at| is_whole(at).unwrap_or(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_with_digits_is_found_in_any_case() {
        let needle = Needle::text("Item/42").unwrap();
        assert!(needle.anchor.is_some());
        for (line, is_in) in [("GET /ITEM/42 x", true), ("item/4", false), ("/42", false), ("m/42 item/421", true)] {
            assert_eq!(needle.is_in(line.as_bytes()), is_in, "{line}");
        }
    }

    proptest! {
        #[test]
        fn an_anchor_finds_what_the_expression_finds(text in "[abAkK/1 ]{1,6}", line in "[abAkK\u{212a}/1 ]{0,12}") {
            let needle = Needle::text(&text).unwrap();
            prop_assert_eq!(needle.is_in(line.as_bytes()), needle.regex.is_match(line.as_bytes()));
        }
    }
}
