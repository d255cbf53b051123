//! Which lines are shown: a list of terms, all of which must hold; applied to everything that is kept.

use crate::view::logs::level::Level;
use crate::view::logs::structure;
use regex::bytes::{Regex, RegexBuilder};

/// What a term can say, with what it means; the help of the log screen.
pub const GRAMMAR: &[(&str, &str)] = &[
    ("timeout", "lines with this word, letters in any case"),
    ("\"two words\"", "lines with this text"),
    ("!health", "lines without it"),
    ("/time.?out/", "a regular expression; !/…/ for lines without it"),
    ("level:warn", "this level and worse"),
    ("source:web", "lines of pods and containers whose name has it; !source:…"),
    ("status=500", "a field of JSON or logfmt lines; !status=200"),
];

/// A list of terms.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

#[derive(Clone, Debug)]
struct Term {
    is_excluding: bool,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Text(Regex),
    Level(Level),
    Source(String),
    Field(String, String),
}

/// Why a filter cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// Says which term is not understood.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        let terms = words(text).into_iter().map(|word| term(&word)).collect::<Result<_, _>>()?;
        Ok(Self { text: text.trim().to_owned(), terms })
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it lets everything through.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a line is shown; `source` is what its stream is called.
    pub fn lets_through(&self, line: &[u8], level: Level, source: &str) -> bool {
        self.terms.iter().all(|term| term.holds(line, level, source) != term.is_excluding)
    }

    /// What is to be marked in the lines that are shown.
    pub fn marked(&self) -> impl Iterator<Item = &Regex> {
        self.terms.iter().filter(|term| !term.is_excluding).filter_map(|term| match &term.kind {
            Kind::Text(regex) => Some(regex),
            _ => None,
        })
    }
}

impl Term {
    fn holds(&self, line: &[u8], level: Level, source: &str) -> bool {
        match &self.kind {
            Kind::Text(regex) => regex.is_match(line),
            Kind::Level(least) => *least <= level,
            Kind::Source(name) => source.contains(name.as_str()),
            Kind::Field(name, value) => structure::field(line, name).is_some_and(|found| found == *value),
        }
    }
}

fn term(word: &str) -> Result<Term, Unreadable> {
    let (is_excluding, word) = match word.strip_prefix('!') {
        Some(rest) if !rest.is_empty() => (true, rest),
        _ => (false, word),
    };
    let regex = |pattern: &str, insensitive: bool| {
        let built = RegexBuilder::new(pattern).case_insensitive(insensitive).size_limit(1 << 20).build();
        built.map_err(|error| {
            let why = error.to_string();
            Unreadable(format!("/{pattern}/: {}", why.lines().last().unwrap_or("not a regular expression").trim()))
        })
    };
    let kind = if let Some(pattern) = word.strip_prefix('/') {
        Kind::Text(regex(pattern.strip_suffix('/').unwrap_or(pattern), false)?)
    } else if let Some(name) = word.strip_prefix("level:") {
        let level = Level::of_word(name)
            .ok_or_else(|| Unreadable(format!("level:{name}: levels are trace, debug, info, warn, error, fatal")))?;
        Kind::Level(level)
    } else if let Some(name) = word.strip_prefix("source:") {
        Kind::Source(name.to_owned())
    } else if let Some((name, value)) = word.split_once('=').filter(|(name, _)| is_name(name)) {
        Kind::Field(name.to_owned(), value.to_owned())
    } else {
        Kind::Text(regex(&regex::escape(word), true)?)
    };
    Ok(Term { is_excluding, kind })
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-@".contains(&byte))
}

/// Words; quotes and slashes hold a text with spaces together.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut end: Option<char> = None;
    for c in text.chars() {
        match end {
            Some('"') if c == '"' => {
                end = None;
                words.push(std::mem::take(&mut word));
            }
            Some(quote) => {
                word.push(c);
                if c == quote {
                    end = None;
                }
            }
            None if c.is_whitespace() => words.push(std::mem::take(&mut word)),
            None if c == '"' && (word.is_empty() || word == "!") => end = Some('"'),
            None => {
                if c == '/' && (word.is_empty() || word == "!") {
                    end = Some('/');
                }
                word.push(c);
            }
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shows(filter: &str, line: &str) -> bool {
        let level = Level::of_line(line.as_bytes());
        Filter::parse(filter).unwrap().lets_through(line.as_bytes(), level, "web-1/app")
    }

    #[test]
    fn each_term_means_what_its_help_says() {
        let json = r#"{"level":"error","status":500,"msg":"Timeout while reading","user":{"id":"7"}}"#;
        for (filter, is_shown) in [
            ("timeout", true),
            ("\"while reading\"", true),
            ("!timeout", false),
            ("!health", true),
            ("/[Tt]ime.?out while/", true),
            ("/timeout/", false),
            ("level:warn", true),
            ("level:fatal", false),
            ("source:web", true),
            ("!source:web", false),
            ("status=500", true),
            ("status=200", false),
            ("!status=500", false),
            ("user.id=7", true),
            ("timeout level:error source:app !health", true),
            ("", true),
        ] {
            assert_eq!(shows(filter, json), is_shown, "{filter}");
        }
        assert!(shows("path=/cart", "time=x level=info path=/cart dur=3ms"));
    }

    #[test]
    fn what_is_not_understood_says_so() {
        assert!(Filter::parse("level:loud").unwrap_err().0.contains("trace, debug"));
        assert!(Filter::parse("/(/").unwrap_err().0.starts_with("/(/"));
    }

    proptest! {
        #[test]
        fn no_filter_makes_it_panic(text in any::<String>(), line in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(filter) = Filter::parse(&text) {
                let _ = filter.lets_through(&line, Level::None, "a");
            }
        }
    }
}
