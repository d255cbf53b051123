//! What is shown of a line: escape sequences taken out, progress bars reduced to what they ended with. What is left is
//! sanitised where it is painted, like every other string of a cluster.

use std::borrow::Cow;

/// The text of a line without escape sequences.
pub fn plain(line: &[u8]) -> Cow<'_, str> {
    let line = last_state(line);
    let text = String::from_utf8_lossy(line);
    if !line.contains(&0x1b) && !text.contains('\u{9b}') && !text.contains('\u{9d}') {
        return text;
    }
    Cow::Owned(without_escapes(&text))
}

/// Of a line that was written over itself, the last state.
fn last_state(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match line.iter().rposition(|byte| *byte == b'\r') {
        Some(at) => &line[at + 1..],
        None => line,
    }
}

fn without_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => match chars.next() {
                Some('[') => skip_csi(&mut chars),
                Some(']' | 'P' | 'X' | '^' | '_') => skip_string(&mut chars),
                // Charsets and the like: one more letter.
                Some('(' | ')' | '*' | '+' | '#' | '%' | ' ') => drop(chars.next()),
                _ => {}
            },
            '\u{9b}' => skip_csi(&mut chars),
            '\u{9d}' | '\u{90}' | '\u{98}' | '\u{9e}' | '\u{9f}' => skip_string(&mut chars),
            _ => out.push(c),
        }
    }
    out
}

/// Parameters and intermediates up to the final letter.
fn skip_csi(chars: &mut std::iter::Peekable<std::str::Chars>) {
    while let Some(c) = chars.next_if(|c| (' '..='~').contains(c)) {
        if ('@'..='~').contains(&c) {
            return;
        }
    }
}

/// A string up to BEL or ST; one that never ends goes to the end of the line.
fn skip_string(chars: &mut std::iter::Peekable<std::str::Chars>) {
    while let Some(c) = chars.next() {
        match c {
            '\u{7}' | '\u{9c}' => return,
            '\u{1b}' => {
                chars.next_if_eq(&'\\');
                return;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn escapes_go_and_text_stays() {
        let cases: [(&[u8], &str); 8] = [
            (b"\x1b[31mred\x1b[0m plain", "red plain"),
            (b"\x1b]0;title\x07after", "after"),
            (b"\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
            (b"10%\r50%\r100%\r", "100%"),
            (b"\x1b(Btext", "text"),
            (b"\xffbad", "\u{fffd}bad"),
            (b"\x1b[", ""),
            (b"plain", "plain"),
        ];
        for (line, text) in cases {
            assert_eq!(plain(line), text);
        }
    }

    proptest! {
        #[test]
        fn no_escape_survives(line in prop::collection::vec(prop_oneof![Just(0x1b), Just(b'['), Just(b']'), any::<u8>()], 0..80)) {
            let text = plain(&line);
            prop_assert!(!text.contains('\u{1b}') && !text.contains('\u{9b}'), "{text:?}");
        }
    }
}
