//! Fuzzy matching with whole names and beginnings first, so that short names mean what they always meant.

use nucleo_matcher::pattern::{AtomKind, CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use std::ops::Range;

/// A typed word to be found in names.
pub struct Fuzzy {
    typed: String,
    pattern: Pattern,
    matcher: Matcher,
    buffer: Vec<char>,
    indices: Vec<u32>,
}

impl Fuzzy {
    /// Prepares a word.
    pub fn new(typed: &str) -> Self {
        let typed = typed.to_lowercase();
        let pattern = Pattern::new(&typed, CaseMatching::Ignore, Normalization::Smart, AtomKind::Fuzzy);
        Self { typed, pattern, matcher: Matcher::new(Config::DEFAULT), buffer: Vec::new(), indices: Vec::new() }
    }

    /// How well a name fits, and which bytes of it were typed; `None` where it does not.
    pub fn score(&mut self, name: &str) -> Option<(u32, Vec<Range<usize>>)> {
        self.buffer.clear();
        self.indices.clear();
        let haystack = Utf32Str::new(name, &mut self.buffer);
        let score = self.pattern.indices(haystack, &mut self.matcher, &mut self.indices)?;
        let bonus = match name.to_lowercase() {
            lower if lower == self.typed => 100_000,
            lower if lower.starts_with(&self.typed) => 50_000 - u32::try_from(name.len()).unwrap_or(0).min(1000),
            _ => 0,
        };
        self.indices.sort_unstable();
        self.indices.dedup();
        Some((score + bonus, ranges(name, &self.indices)))
    }
}

/// Runs of matched characters as ranges of bytes.
fn ranges(name: &str, indices: &[u32]) -> Vec<Range<usize>> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut wanted = indices.iter().peekable();
    for (position, (at, c)) in name.char_indices().enumerate() {
        if wanted.next_if(|index| **index as usize == position).is_some() {
            let end = at + c.len_utf8();
            match ranges.last_mut().filter(|last| last.end == at) {
                Some(last) => last.end = end,
                None => ranges.push(at..end),
            }
        }
    }
    ranges
}
