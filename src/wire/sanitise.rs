//! Strings of a cluster on their way to a terminal, a clipboard or a file: nothing in them may act.
//!
//! Invariant: what comes out holds no control character, no escape sequence, and nothing invisible that reorders or hides text.

use std::borrow::Cow;
use unicode_width::UnicodeWidthChar;

/// Stands where something invisible was taken out.
const TAKEN: char = '\u{fffd}';

/// Marks on one letter beyond this many are noise that smears over other lines.
const MARKS: usize = 4;

/// Text for one line: line breaks become `⏎`, tabs a space, every other control character its picture.
pub fn line(text: &str) -> Cow<'_, str> {
    clean(text, |c| match c {
        '\t' => Some(' '),
        '\n' | '\u{2028}' | '\u{2029}' => Some('⏎'),
        _ => None,
    })
}

/// Text of many lines: line breaks and tabs stay.
pub fn block(text: &str) -> Cow<'_, str> {
    clean(text, |c| match c {
        '\t' | '\n' => Some(c),
        '\u{2028}' | '\u{2029}' => Some('\n'),
        _ => None,
    })
}

fn clean(text: &str, layout: fn(char) -> Option<char>) -> Cow<'_, str> {
    if text.bytes().all(|b| (b' '..=b'~').contains(&b)) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut marks = MARKS;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\r' && chars.peek() == Some(&'\n') {
            continue;
        }
        let kept = layout(c).or_else(|| visible(c));
        match kept.map(|c| (c, c.width().unwrap_or(0))) {
            None => {}
            // A mark without a letter would stand on whatever is drawn before it.
            Some((c, 0)) if MARKS <= marks && !is_layout(c) => {}
            Some((c, width)) => {
                marks = if width == 0 && !is_layout(c) { marks + 1 } else { 0 };
                out.push(c);
            }
        }
    }
    Cow::Owned(out)
}

fn is_layout(c: char) -> bool {
    c == '\n' || c == '\t'
}

/// What is shown for a character: itself, a picture, or nothing where only joining or variation is lost.
fn visible(c: char) -> Option<char> {
    match c {
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)),
        '\u{7f}' => Some('\u{2421}'),
        // Joiners and variation selectors: terminals disagree on the width of what they build.
        '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' => None,
        _ if is_hidden(c) => Some(TAKEN),
        _ => Some(c),
    }
}

/// Second control set, soft hyphen, direction marks, zero-width spaces, fillers, byte order mark, tags.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}' | '\u{200c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_text_is_not_copied() {
        assert!(matches!(line("orders-5d8 1/1 Running"), Cow::Borrowed(_)));
    }

    #[test]
    fn escape_sequences_are_shown_and_do_nothing() {
        assert_eq!(line("a\u{1b}[31mred\u{9b}2J\u{7}"), "a␛[31mred\u{fffd}2J␇");
    }

    #[test]
    fn lines_stay_in_blocks_and_are_marked_in_lines() {
        assert_eq!(block("a\r\n\tb\u{2028}c"), "a\n\tb\nc");
        assert_eq!(line("a\r\n\tb\rc"), "a⏎ b␍c");
    }

    #[test]
    fn direction_overrides_and_hidden_letters_are_marked() {
        assert_eq!(line("evil\u{202e}txt.exe"), "evil\u{fffd}txt.exe");
        assert_eq!(line("\u{feff}pay\u{200b}pal"), "\u{fffd}pay\u{fffd}pal");
        assert_eq!(line("\u{e0041}x"), "\u{fffd}x");
    }

    #[test]
    fn heaps_of_marks_are_cut() {
        let heap = format!("\u{301}a{}b", "\u{301}".repeat(50));
        assert_eq!(line(&heap), format!("a{}b", "\u{301}".repeat(MARKS)));
    }

    proptest! {
        #[test]
        fn nothing_that_acts_comes_out(text in any::<String>()) {
            for (out, allowed) in [(line(&text), ""), (block(&text), "\n\t")] {
                prop_assert!(out.chars().all(|c| allowed.contains(c) || !(c.is_control() || c != TAKEN && is_hidden(c))));
            }
        }

        #[test]
        fn cleaning_twice_changes_nothing(text in any::<String>()) {
            let once = line(&text).into_owned();
            prop_assert_eq!(line(&once), once.as_str());
        }
    }
}
