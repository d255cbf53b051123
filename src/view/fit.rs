//! How much room text takes, and how it is cut where there is not enough: paint and pointer measure alike.

use crate::wire::sanitise;
use std::borrow::Cow;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Where text was cut.
pub const CUT: &str = "…";

/// Text for one line of a screen: the one function that every string of a cluster passes.
pub fn sanitise(text: &str) -> Cow<'_, str> {
    sanitise::line(text)
}

/// How many cells the text takes.
pub fn width(text: &str) -> usize {
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return text.len();
    }
    sanitise(text).graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// The text, with its end cut off where it does not fit.
pub fn cut_end(text: &str, limit: usize) -> Cow<'_, str> {
    cut(text, limit, |room| (room, 0))
}

/// The text, with its middle cut out where it does not fit: names differ at their ends.
pub fn cut_middle(text: &str, limit: usize) -> Cow<'_, str> {
    cut(text, limit, |room| (room.div_ceil(2), room / 2))
}

/// Keeps as many cells of head and tail as `shares` grants of the room left beside the mark.
fn cut(text: &str, limit: usize, shares: fn(usize) -> (usize, usize)) -> Cow<'_, str> {
    let text = sanitise(text);
    if width(&text) <= limit {
        return text;
    }
    if limit == 0 {
        return Cow::Borrowed("");
    }
    let (head, tail) = shares(limit - 1);
    let head_end = fitting(text.grapheme_indices(true), head).last().map_or(0, |(at, g)| at + g.len());
    let tail_start = fitting(text.grapheme_indices(true).rev(), tail).last().map_or(text.len(), |(at, _)| at);
    Cow::Owned(format!("{}{CUT}{}", &text[..head_end], &text[tail_start..]))
}

/// The first graphemes that fit into `room` cells together.
fn fitting<'a>(
    graphemes: impl Iterator<Item = (usize, &'a str)>,
    room: usize,
) -> impl Iterator<Item = (usize, &'a str)> {
    let mut used = 0;
    graphemes.take_while(move |(_, grapheme)| {
        used += grapheme.width();
        used <= room
    })
}

/// Breaks text at spaces into lines of at most `limit` cells; a word longer than a line is broken where the line ends.
pub fn wrap(text: &str, limit: usize) -> Vec<String> {
    let text = sanitise(text);
    let limit = limit.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let size = width(word);
        if 0 < used && limit < used + 1 + size {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if 0 < used {
            line.push(' ');
            used += 1;
        }
        for grapheme in word.graphemes(true) {
            if limit < used + grapheme.width() && 0 < used {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push_str(grapheme);
            used += grapheme.width();
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_cut_in_the_middle() {
        assert_eq!(cut_middle("checkout-7c9f5d8b6-x2m4q", 20), "checkout-7…8b6-x2m4q");
        assert_eq!(cut_middle("short", 20), "short");
        assert_eq!(cut_middle("abc", 1), "…");
        assert_eq!(cut_middle("abc", 0), "");
    }

    #[test]
    fn wide_letters_are_never_split() {
        assert_eq!(cut_end("日本語", 4), "日…");
        assert_eq!(cut_middle("日本語日本語", 6), "日…語");
    }

    #[test]
    fn words_wrap_and_long_ones_break() {
        assert_eq!(wrap("the new pods cannot pull", 9), ["the new", "pods", "cannot", "pull"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 3), [""]);
    }

    proptest! {
        #[test]
        fn what_is_cut_fits_and_is_harmless(text in any::<String>(), limit in 0usize..40) {
            for cut in [cut_end(&text, limit), cut_middle(&text, limit)] {
                prop_assert!(width(&cut) <= limit, "{cut:?}");
                prop_assert!(!cut.chars().any(char::is_control));
            }
        }

        #[test]
        fn wrapped_lines_fit(text in "[a-z \u{65e5}]{0,60}", limit in 2usize..20) {
            for line in wrap(&text, limit) {
                prop_assert!(width(&line) <= limit);
            }
        }
    }
}
