//! What lines are searched for, by filters and by a search.

use regex::bytes::{Regex, RegexBuilder};

/// Bytes that a compiled expression may take.
const LARGEST: usize = 1 << 20;

/// This text, letters in any case.
///
/// # Errors
/// A text that takes too much.
pub fn text(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(&regex::escape(text)).case_insensitive(true).size_limit(LARGEST).build()
}

/// A regular expression.
///
/// # Errors
/// One that cannot be read, or takes too much.
pub fn pattern(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(LARGEST).build()
}
