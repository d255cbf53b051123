//! Chords, in the one notation used everywhere: `d`, `:`, `<enter>`, `<ctrl-d>`, `<space>`, `<f5>`.

use std::fmt;
use std::str::FromStr;

/// One key press with its modifiers. Shift is part of the character where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chord {
    /// The key.
    pub key: Key,
    /// Control was held.
    pub ctrl: bool,
    /// Alt was held.
    pub alt: bool,
    /// Shift was held, for keys that are no characters.
    pub shift: bool,
}

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A character, as typed.
    Char(char),
    /// `<f1>` to `<f12>`.
    F(u8),
    /// `<enter>`.
    Enter,
    /// `<esc>`.
    Esc,
    /// `<tab>`.
    Tab,
    /// `<backtab>`.
    BackTab,
    /// `<backspace>`.
    Backspace,
    /// `<delete>`.
    Delete,
    /// `<insert>`.
    Insert,
    /// `<left>`.
    Left,
    /// `<right>`.
    Right,
    /// `<up>`.
    Up,
    /// `<down>`.
    Down,
    /// `<home>`.
    Home,
    /// `<end>`.
    End,
    /// `<pageup>`.
    PageUp,
    /// `<pagedown>`.
    PageDown,
}

const NAMED: [(&str, Key); 17] = [
    ("space", Key::Char(' ')),
    ("lt", Key::Char('<')),
    ("enter", Key::Enter),
    ("esc", Key::Esc),
    ("tab", Key::Tab),
    ("backtab", Key::BackTab),
    ("backspace", Key::Backspace),
    ("delete", Key::Delete),
    ("insert", Key::Insert),
    ("left", Key::Left),
    ("right", Key::Right),
    ("up", Key::Up),
    ("down", Key::Down),
    ("home", Key::Home),
    ("end", Key::End),
    ("pageup", Key::PageUp),
    ("pagedown", Key::PageDown),
];

/// Why a text is no chord.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a key: write d, :, <enter>, <ctrl-d>, <space>, <f5>")]
pub struct NotAChord(pub String);

impl From<Key> for Chord {
    fn from(key: Key) -> Self {
        Self { key, ctrl: false, alt: false, shift: false }
    }
}

impl FromStr for Chord {
    type Err = NotAChord;

    fn from_str(text: &str) -> Result<Self, NotAChord> {
        let mut chars = text.chars();
        if let (Some(only), None) = (chars.next(), chars.next()) {
            return Ok(Key::Char(only).into());
        }
        let inner = text.strip_prefix('<').and_then(|t| t.strip_suffix('>'));
        let mut rest = inner.ok_or_else(|| NotAChord(text.to_owned()))?;
        let mut chord = Chord::from(Key::Esc);
        loop {
            let (flag, tail) = match rest.split_once('-') {
                Some(("ctrl", tail)) if !tail.is_empty() => (&mut chord.ctrl, tail),
                Some(("alt", tail)) if !tail.is_empty() => (&mut chord.alt, tail),
                Some(("shift", tail)) if !tail.is_empty() => (&mut chord.shift, tail),
                _ => break,
            };
            *flag = true;
            rest = tail;
        }
        chord.key = key(rest).ok_or_else(|| NotAChord(text.to_owned()))?;
        Ok(chord)
    }
}

fn key(name: &str) -> Option<Key> {
    let mut chars = name.chars();
    if let (Some(only), None) = (chars.next(), chars.next()) {
        return Some(Key::Char(only));
    }
    if let Some((_, key)) = NAMED.iter().find(|(n, _)| *n == name) {
        return Some(*key);
    }
    let number: u8 = name.strip_prefix('f')?.parse().ok()?;
    (1..=12).contains(&number).then_some(Key::F(number))
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.key {
            Key::F(n) => format!("f{n}"),
            key => NAMED.iter().find(|(_, k)| *k == key).map_or_else(String::new, |(n, _)| (*n).to_owned()),
        };
        let plain = !self.ctrl && !self.alt && !self.shift;
        match self.key {
            Key::Char(c) if plain && name.is_empty() => return write!(f, "{c}"),
            _ => f.write_str("<")?,
        }
        for (held, word) in [(self.ctrl, "ctrl-"), (self.alt, "alt-"), (self.shift, "shift-")] {
            if held {
                f.write_str(word)?;
            }
        }
        match self.key {
            Key::Char(c) if name.is_empty() => write!(f, "{c}>"),
            _ => write!(f, "{name}>"),
        }
    }
}

/// Splits a script such as `:po<enter>jj<ctrl-d>` into its chords.
pub fn script(text: &str) -> Result<Vec<Chord>, NotAChord> {
    let mut chords = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = if first == '<' { rest.find('>').map(|at| at + 1) } else { None };
        let length = end.filter(|_| rest.len() > 1).unwrap_or(first.len_utf8());
        chords.push(rest[..length].parse()?);
        rest = &rest[length..];
    }
    Ok(chords)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_script_reads_as_its_chords() {
        let chords = script(":po<enter>j<ctrl-d><space><lt><f5>").unwrap();
        let text: Vec<String> = chords.iter().map(ToString::to_string).collect();
        assert_eq!(text, [":", "p", "o", "<enter>", "j", "<ctrl-d>", "<space>", "<lt>", "<f5>"]);
        assert!(script("<nonsense>").is_err());
    }

    proptest! {
        #[test]
        fn every_chord_reads_back(c in any::<char>(), ctrl: bool, alt: bool, shift: bool) {
            let chord = Chord { key: Key::Char(c), ctrl, alt, shift };
            prop_assert_eq!(chord.to_string().parse::<Chord>(), Ok(chord));
        }

        #[test]
        fn no_script_panics(text in "\\PC{0,20}") {
            let _ = script(&text);
        }
    }
}
