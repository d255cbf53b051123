//! What is shown of a line: escape sequences taken out, progress bars reduced to what they ended with. What is left is
//! sanitised where it is painted, like every other string of a cluster.

use crate::view::line::{Colour, Paint};
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

/// The text of a line in the colours of its application: of all sequences only those that set colours count, and of these
/// nothing that blinks, hides or turns colours round.
pub fn painted(line: &[u8]) -> Vec<(String, Paint)> {
    let text = String::from_utf8_lossy(last_state(line)).into_owned();
    let mut pieces = Vec::new();
    let mut paint = Paint::default();
    let mut rest = text.as_str();
    let mut start = 0;
    while let Some(at) = rest.get(start..).and_then(|tail| tail.find("\u{1b}[")).map(|at| at + start) {
        let body = &rest[at + 2..];
        let end = body.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':').unwrap_or(body.len());
        if !body[end..].starts_with('m') {
            start = at + 2;
            continue;
        }
        pieces.push((without_escapes(&rest[..at]), paint));
        paint = repainted(paint, &body[..end]);
        (rest, start) = (&body[end + 1..], 0);
    }
    pieces.push((without_escapes(rest), paint));
    pieces.retain(|(text, _)| !text.is_empty());
    pieces
}

/// What the numbers of one sequence make of a paint.
fn repainted(mut paint: Paint, numbers: &str) -> Paint {
    let mut numbers = numbers.split([';', ':']).map(|number| number.parse::<u16>().unwrap_or(0));
    while let Some(number) = numbers.next() {
        let small = |number: u16| u8::try_from(number).unwrap_or(u8::MAX);
        match number {
            0 => paint = Paint::default(),
            1 => paint.bold = true,
            2 => paint.dim = true,
            4 => paint.underlined = true,
            22 => (paint.bold, paint.dim) = (false, false),
            24 => paint.underlined = false,
            30..=37 => paint.colour = Some(Colour::Indexed(small(number - 30))),
            90..=97 => paint.colour = Some(Colour::Indexed(small(number - 82))),
            39 => paint.colour = None,
            38 | 48 | 58 => {
                let colour = match numbers.next() {
                    Some(5) => numbers.next().map(|index| Colour::Indexed(small(index))),
                    Some(2) => match (numbers.next(), numbers.next(), numbers.next()) {
                        (Some(r), Some(g), Some(b)) => Some(Colour::Rgb(small(r), small(g), small(b))),
                        _ => None,
                    },
                    _ => None,
                };
                // Grounds would hide text, so only letters are coloured.
                paint.colour = if number == 38 { colour } else { paint.colour };
            }
            _ => {}
        }
    }
    paint
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

    #[test]
    fn colours_are_kept_and_nothing_else() {
        let red = Paint { colour: Some(Colour::Indexed(1)), ..Paint::default() };
        let piece = |text: &str, paint| (text.to_owned(), paint);
        let plain = Paint::default();
        assert_eq!(painted(b"\x1b[31mred\x1b[0m x"), [piece("red", red), piece(" x", plain)]);
        let loud = Paint { colour: Some(Colour::Rgb(1, 2, 3)), bold: true, ..plain };
        assert_eq!(painted(b"\x1b[1;38;2;1;2;3;5;7;8mloud"), [piece("loud", loud)]);
        let bright = Paint { colour: Some(Colour::Indexed(9)), ..plain };
        assert_eq!(painted(b"\x1b[91;41mx"), [piece("x", bright)]);
        assert_eq!(painted(b"\x1b[2J\x1b[31Hx\x1b]0;t\x07y"), [piece("xy", plain)]);
    }

    proptest! {
        #[test]
        fn no_escape_survives_painting(line in prop::collection::vec(
            prop_oneof![Just(0x1b), Just(b'['), Just(b']'), Just(b'm'), Just(b'3'), any::<u8>()], 0..80)) {
            for (text, _) in painted(&line) {
                prop_assert!(!text.contains('\u{1b}') && !text.contains('\u{9b}'), "{text:?}");
            }
        }

        #[test]
        fn no_escape_survives(line in prop::collection::vec(prop_oneof![Just(0x1b), Just(b'['), Just(b']'), any::<u8>()], 0..80)) {
            let text = plain(&line);
            prop_assert!(!text.contains('\u{1b}') && !text.contains('\u{9b}'), "{text:?}");
        }
    }
}
