//! Paths as regular expressions: what nginx makes of them, what it refuses, and what cannot be told here.
//!
//! nginx reads the dialect of Perl. What our engine lacks is translated where that is the same; else to a wider expression,
//! which can still prove that a path does not match, never that it does.

use regex::bytes::{Captures, Regex, RegexBuilder};
use std::iter::Peekable;
use std::str::Chars;

/// A path as a regular expression.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// It can be matched.
    Sure(Regex),
    /// It matches at most what this one matches; says why no more can be told.
    Wide(Regex, &'static str),
    /// nginx refuses it, and says why.
    Refused(String),
    /// nginx may take it, but nothing can be told of it; says why.
    Untold(String),
    /// A look ahead behind plain letters: what matches without it, what it asks for there, and whether that must be.
    Ahead(Regex, Regex, bool),
}

/// Expressions of this size are matched in no time; larger ones are left.
const LARGEST: usize = 1 << 20;

/// The path of a location where a host reads its paths as regular expressions: `~* "^/path"`.
pub fn of_location(path: &str) -> Pattern {
    compile(path, true)
}

/// The path in a rewrite: `(?i)/path`, at any place.
pub fn of_rewrite(path: &str) -> Pattern {
    compile(path, false)
}

/// An expression of an annotation, without a word on case.
pub fn plain(text: &str) -> Pattern {
    built(text, |translated| RegexBuilder::new(translated).unicode(false).size_limit(LARGEST).build())
}

fn compile(path: &str, is_anchored: bool) -> Pattern {
    if let Some(found) = ahead(path) {
        return found;
    }
    let start = if is_anchored { "^" } else { "" };
    built(path, |translated| {
        let text = format!("{start}{translated}");
        RegexBuilder::new(&text).case_insensitive(true).unicode(false).size_limit(LARGEST).build()
    })
}

fn built(text: &str, build: impl Fn(&str) -> Result<Regex, regex::Error>) -> Pattern {
    if let Some(reason) = flaw(text) {
        return Pattern::Refused(reason);
    }
    let mut reader = Reader { rest: text.chars().peekable(), out: String::with_capacity(text.len()), wide: None };
    if let Err(why) = reader.all() {
        return Pattern::Untold(why.to_owned());
    }
    match (build(&reader.out), reader.wide) {
        (Ok(regex), None) => Pattern::Sure(regex),
        (Ok(regex), Some(why)) => Pattern::Wide(regex, why),
        (Err(_), _) => Pattern::Untold("it uses something that is not understood here".to_owned()),
    }
}

impl Pattern {
    /// Whether a text matches; says why where that cannot be told.
    pub fn matches(&self, text: &str) -> Result<bool, &str> {
        match self {
            Self::Sure(regex) => Ok(regex.is_match(text.as_bytes())),
            Self::Ahead(regex, asked, wanted) => {
                Ok(regex.is_match(text.as_bytes()) && asked.is_match(text.as_bytes()) == *wanted)
            }
            Self::Wide(regex, why) if regex.is_match(text.as_bytes()) => Err(why),
            Self::Wide(..) | Self::Refused(_) => Ok(false),
            Self::Untold(why) => Err(why),
        }
    }

    /// What its groups caught.
    pub fn captures<'t>(&self, text: &'t str) -> Option<Captures<'t>> {
        match self {
            Self::Sure(regex) => regex.captures(text.as_bytes()),
            Self::Ahead(regex, ..) if self.matches(text) == Ok(true) => regex.captures(text.as_bytes()),
            _ => None,
        }
    }

    /// How many groups it has; none where that cannot be told.
    pub fn groups(&self) -> Option<usize> {
        match self {
            Self::Sure(regex) | Self::Ahead(regex, ..) => Some(regex.captures_len().saturating_sub(1)),
            _ => None,
        }
    }
}

/// An expression that looks ahead once, right behind plain letters: where it looks is known then, and both halves can be
/// matched from the start. A path that a location has taken starts where its rewrite does.
fn ahead(path: &str) -> Option<Pattern> {
    let (plain, rest) = path.split_once("(?")?;
    let wanted = match rest.chars().next()? {
        '=' => true,
        '!' => false,
        _ => return None,
    };
    let (asked, rest) = rest[1..].split_at(end_of_group(&rest[1..])?);
    let rest = &rest[1..];
    let is_plain = !plain.contains(['\\', '[', '(', ')', '{', '*', '+', '?', '|', '.', '^', '$']);
    if !is_plain || rest.starts_with(['*', '+', '?', '{']) || branches(rest) {
        return None;
    }
    let halves = [format!("{plain}{rest}"), format!("{plain}(?:{asked})")];
    match halves
        .map(|half| if half.contains("(?!") || half.contains("(?=") { None } else { Some(compile(&half, true)) })
    {
        [Some(Pattern::Sure(regex)), Some(Pattern::Sure(asked))] => Some(Pattern::Ahead(regex, asked, wanted)),
        _ => None,
    }
}

/// The place of the bracket that closes the group that a text is in.
fn end_of_group(text: &str) -> Option<usize> {
    outside(text).find(|(_, letter, depth)| *letter == ')' && *depth < 0).map(|(at, ..)| at)
}

/// Whether a text has alternatives outside of its groups.
fn branches(text: &str) -> bool {
    outside(text).any(|(_, letter, depth)| letter == '|' && depth == 0)
}

/// The letters that mean something, with their places and how many groups of the text are open behind each.
fn outside(text: &str) -> impl Iterator<Item = (usize, char, i32)> {
    let (mut depth, mut is_escaped, mut is_class) = (0, false, false);
    text.char_indices().filter_map(move |(at, letter)| {
        if std::mem::take(&mut is_escaped) {
            return None;
        }
        match letter {
            '\\' => is_escaped = true,
            '[' => is_class = true,
            ']' => is_class = false,
            '(' if !is_class => depth += 1,
            ')' if !is_class => depth -= 1,
            _ => {}
        }
        (!is_class && !is_escaped).then_some((at, letter, depth))
    })
}

/// Reads one dialect and writes the other.
struct Reader<'t> {
    rest: Peekable<Chars<'t>>,
    out: String,
    wide: Option<&'static str>,
}

const LOOK: &str = "it looks ahead or behind, which cannot be followed here";
const ANYTHING: &str = "(?s:.*)";

impl Reader<'_> {
    fn all(&mut self) -> Result<(), &'static str> {
        while let Some(letter) = self.rest.next() {
            match letter {
                '\\' => self.escape()?,
                '[' => self.class(),
                '(' => self.group()?,
                // Before a line feed at the end there is an end as well.
                '$' => self.out.push_str(r"(?:\n?\z)"),
                '*' | '+' | '?' => {
                    self.out.push(letter);
                    self.after_quantifier();
                }
                '{' => self.brace(),
                '}' | ']' => self.literal(letter),
                letter => self.out.push(letter),
            }
        }
        Ok(())
    }

    fn literal(&mut self, letter: char) {
        if letter.is_ascii_punctuation() && !matches!(letter, '<' | '>') {
            self.out.push('\\');
        }
        self.out.push(letter);
    }

    /// One more letter makes a quantifier lazy or possessive; at the end of all possessive is the same as greedy.
    fn after_quantifier(&mut self) {
        if self.rest.next_if_eq(&'?').is_some() {
            self.out.push('?');
        } else if self.rest.next_if_eq(&'+').is_some() && self.rest.clone().any(|letter| letter != ')') {
            self.wide = Some("it uses a possessive quantifier, which cannot be followed here");
        }
    }

    /// `{2,3}` repeats; any other brace is a letter.
    fn brace(&mut self) {
        let inner: String = self.rest.clone().take_while(|letter| *letter != '}').collect();
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_closed = self.rest.clone().nth(inner.chars().count()) == Some('}');
        let is_range = match inner.split_once(',') {
            Some((low, high)) => is_number(low) && (high.is_empty() || is_number(high)),
            None => is_number(&inner),
        };
        if !(is_closed && is_range) {
            self.literal('{');
            return;
        }
        self.rest.nth(inner.chars().count());
        self.out.push('{');
        self.out.push_str(&inner);
        self.out.push('}');
        self.after_quantifier();
    }

    fn escape(&mut self) -> Result<(), &'static str> {
        let Some(letter) = self.rest.next() else { return Ok(()) };
        match letter {
            'Q' => self.quoted(),
            'E' => {}
            'h' => self.out.push_str(r"[ \t]"),
            'H' => self.out.push_str(r"[^ \t]"),
            'v' => self.out.push_str(r"[\n\x0b\x0c\r]"),
            'N' => self.out.push_str(r"[^\n]"),
            'R' => self.out.push_str(r"(?:\r\n|[\n\x0b\x0c\r])"),
            'Z' => self.out.push_str(r"(?:\n?\z)"),
            'e' => self.out.push_str(r"\x1b"),
            '1'..='9' => {
                while self.rest.next_if(char::is_ascii_digit).is_some() {}
                self.out.push_str(ANYTHING);
                self.wide = Some("it refers back to a group, which cannot be followed here");
            }
            '0' | 'g' | 'k' | 'K' | 'G' | 'X' | 'C' | 'c' | 'o' => {
                return Err("it uses an escape that is not understood here");
            }
            letter if letter.is_ascii_alphanumeric() => {
                self.out.push('\\');
                self.out.push(letter);
            }
            letter => self.literal(letter),
        }
        Ok(())
    }

    /// `\Q…\E`: every letter means itself.
    fn quoted(&mut self) {
        while let Some(letter) = self.rest.next() {
            if letter == '\\' && self.rest.next_if_eq(&'E').is_some() {
                return;
            }
            self.literal(letter);
        }
    }

    /// `[a-z[]`: in the other dialect brackets within a class mean nothing.
    fn class(&mut self) {
        self.out.push('[');
        if self.rest.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        if self.rest.next_if_eq(&']').is_some() {
            self.out.push_str(r"\]");
        }
        // A set cannot begin a range: the stroke behind it means itself.
        let mut is_after_set = false;
        while let Some(letter) = self.rest.next() {
            let was_after_set = std::mem::take(&mut is_after_set);
            match letter {
                ']' => {
                    self.out.push(']');
                    return;
                }
                '\\' => is_after_set = self.class_escape(),
                '[' if self.rest.peek() == Some(&':') => {
                    self.out.push('[');
                    for letter in self.rest.by_ref() {
                        self.out.push(letter);
                        if letter == ']' {
                            break;
                        }
                    }
                    is_after_set = true;
                }
                '-' if was_after_set || self.rest.peek() == Some(&'-') => self.literal('-'),
                '[' | '&' | '~' => self.literal(letter),
                letter => self.out.push(letter),
            }
        }
    }

    /// Whether it stands for several letters.
    fn class_escape(&mut self) -> bool {
        match self.rest.next() {
            Some('h') => self.out.push_str(r" \t"),
            Some('v') => self.out.push_str(r"\n\x0b\x0c\r"),
            Some('b') => self.out.push_str(r"\x08"),
            Some(letter) if letter.is_ascii_alphanumeric() => {
                self.out.push('\\');
                self.out.push(letter);
                return "dDwWsS".contains(letter);
            }
            Some(letter) => self.literal(letter),
            None => {}
        }
        false
    }

    fn group(&mut self) -> Result<(), &'static str> {
        if self.rest.peek() == Some(&'*') {
            return Err("it steers how it is matched, which cannot be followed here");
        }
        if self.rest.next_if_eq(&'?').is_none() {
            self.out.push('(');
            return Ok(());
        }
        let ahead: String = self.rest.clone().take(2).collect();
        match ahead.as_str() {
            text if text.starts_with(['=', '!']) || matches!(text, "<=" | "<!") => {
                self.skip_group();
                self.out.push_str("(?:)");
                self.wide = Some(LOOK);
            }
            text if text.starts_with('#') => while self.rest.next().is_some_and(|letter| letter != ')') {},
            text if text.starts_with(['>', '|']) => {
                self.rest.next();
                self.out.push_str("(?:");
                self.wide = Some("it uses an atomic group, which cannot be followed here");
            }
            text if text.starts_with('\'') => {
                self.rest.next();
                self.out.push_str("(?P<");
                while let Some(letter) = self.rest.next().filter(|letter| *letter != '\'') {
                    self.out.push(letter);
                }
                self.out.push('>');
            }
            text if text == "P<" || text.starts_with([':', '<', '-', 'i', 'm', 's', 'x', 'U']) => {
                self.out.push_str("(?");
            }
            _ => return Err("it calls itself or asks a condition, which cannot be followed here"),
        }
        Ok(())
    }

    /// Reads to the end of the group that was begun.
    fn skip_group(&mut self) {
        let mut depth = 1;
        let mut is_class = false;
        while let Some(letter) = self.rest.next() {
            match letter {
                '\\' => {
                    self.rest.next();
                }
                '[' => is_class = true,
                ']' => is_class = false,
                '(' if !is_class => depth += 1,
                ')' if !is_class => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }
}

/// What makes nginx refuse an expression: only what is sure.
fn flaw(path: &str) -> Option<String> {
    let mut depth = 0usize;
    // Whether something stands before that a quantifier can repeat.
    let mut is_repeatable = false;
    let mut letters = path.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                if letters.next().is_none() {
                    return Some("it ends with a backslash".to_owned());
                }
                is_repeatable = true;
            }
            '[' => {
                if skip_class(&mut letters).is_none() {
                    return Some("a [ is not closed".to_owned());
                }
                is_repeatable = true;
            }
            '(' => {
                depth += 1;
                // What a group begins with is no quantifier, and `(*WORD)` is no group.
                is_repeatable = letters.next_if_eq(&'?').is_some()
                    || letters.peek() == Some(&'*') && letters.clone().nth(1).is_some_and(char::is_uppercase);
            }
            ')' => {
                depth = match depth.checked_sub(1) {
                    Some(depth) => depth,
                    None => return Some("a ) closes nothing".to_owned()),
                };
                is_repeatable = true;
            }
            '|' => is_repeatable = false,
            '*' | '+' | '?' => {
                if !is_repeatable {
                    return Some(format!("{letter} repeats nothing"));
                }
                // One more makes it lazy or possessive.
                letters.next_if(|next| matches!(next, '?' | '+'));
                is_repeatable = false;
            }
            _ => is_repeatable = true,
        }
    }
    (0 < depth).then(|| "a ( is not closed".to_owned())
}

/// Reads to the end of a class; none where it has no end.
fn skip_class(letters: &mut Peekable<Chars>) -> Option<()> {
    letters.next_if_eq(&'^');
    let mut is_first = true;
    loop {
        match letters.next()? {
            '\\' => {
                letters.next()?;
            }
            ']' if !is_first => return Some(()),
            '[' if letters.peek() == Some(&':') => while letters.next()? != ']' {},
            _ => {}
        }
        is_first = false;
    }
}

#[cfg(test)]
mod tests;
