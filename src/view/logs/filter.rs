//! Which lines are shown: a list of terms, all of which must hold; applied to everything that is kept. Each can be switched
//! off and stays in the list.

use crate::view::logs::field::Field;
use crate::view::logs::level::Level;
use crate::view::logs::needle;
use regex::bytes::Regex;

/// What a term can say, with what it means; the help of the log screen.
pub const GRAMMAR: &[(&str, &str)] = &[
    ("timeout", "lines with this word, letters in any case"),
    ("\"two words\"", "lines with this text"),
    ("!health", "lines without it"),
    ("/time.?out/", "a regular expression; !/…/ for lines without it"),
    ("level:warn", "this level and worse"),
    ("source:web", "lines of pods and containers whose name has it; !source:…"),
    ("status=500", "a field of JSON or logfmt lines; !status=200"),
    ("context:3", "so many lines of the same stream around each, too"),
    ("~timeout", "a term that is switched off, and stays in the list"),
];

/// More lines around a match than this are a mistake.
const MOST_AROUND: usize = 50;

/// A list of terms.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    terms: Vec<Term>,
}

/// One condition.
#[derive(Clone, Debug)]
pub struct Term {
    /// As it was typed, without the sign that switches it off.
    pub text: String,
    /// Whether it counts.
    pub is_on: bool,
    is_excluding: bool,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Text(Regex),
    Level(Level),
    Source(String),
    Field(Box<Field>),
    Around(usize),
}

/// Why a filter cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// Says which term is not understood.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        Ok(Self { terms: words(text).iter().map(term).collect::<Result<_, _>>()? })
    }

    /// As it would be typed.
    pub fn text(&self) -> String {
        let words = self.terms.iter().map(|term| format!("{}{}", if term.is_on { "" } else { "~" }, term.text));
        words.collect::<Vec<_>>().join(" ")
    }

    /// Its terms, in the order in which they were typed.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Whether nothing was typed at all.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether no term is on that could keep a line out.
    pub fn lets_all_through(&self) -> bool {
        self.asking().next().is_none()
    }

    /// The same filter with a term more; what stands there already is switched on.
    ///
    /// # Errors
    /// Says why the term is not understood.
    pub fn with(&self, text: &str) -> Result<Self, Unreadable> {
        let mut all = self.clone();
        for word in words(text) {
            let new = term(&word)?;
            match all.terms.iter_mut().find(|term| term.text == new.text) {
                Some(old) => old.is_on = true,
                None => all.terms.push(new),
            }
        }
        Ok(all)
    }

    /// The same filter with one term switched on or off.
    pub fn toggled(&self, index: usize) -> Self {
        let mut all = self.clone();
        all.terms.get_mut(index).into_iter().for_each(|term| term.is_on = !term.is_on);
        all
    }

    /// The same filter without one term.
    pub fn without(&self, index: usize) -> Self {
        let terms = self.terms.iter().enumerate().filter(|(at, _)| *at != index).map(|(_, term)| term.clone());
        Self { terms: terms.collect() }
    }

    /// The same filter with so many lines around each match.
    pub fn around(&self, lines: usize) -> Self {
        let mut terms: Vec<Term> = self.terms.clone();
        terms.retain(|term| !matches!(term.kind, Kind::Around(_)));
        if 0 < lines {
            let lines = lines.min(MOST_AROUND);
            let kind = Kind::Around(lines);
            terms.push(Term { text: format!("context:{lines}"), is_on: true, is_excluding: false, kind });
        }
        Self { terms }
    }

    /// How many lines around each match are shown, too.
    pub fn context(&self) -> usize {
        let lines = |term: &Term| match term.kind {
            Kind::Around(lines) if term.is_on => Some(lines),
            _ => None,
        };
        self.terms.iter().filter_map(lines).max().unwrap_or(0)
    }

    /// Whether a line is shown; `source` is what its stream is called.
    pub fn lets_through(&self, line: &[u8], level: Level, source: &str) -> bool {
        self.asking().all(|term| term.holds(line, level, source) != term.is_excluding)
    }

    /// How dear it is to look at a line: taking one apart costs several times what a search does.
    pub fn cost(&self) -> usize {
        let takes_apart = self.asking().any(|term| matches!(term.kind, Kind::Field(_)));
        if takes_apart { 4 } else { 1 }
    }

    fn asking(&self) -> impl Iterator<Item = &Term> {
        self.terms.iter().filter(|term| term.is_on && !matches!(term.kind, Kind::Around(_)))
    }
}

impl Term {
    /// What kind of condition it is, in a word.
    pub fn word(&self) -> &'static str {
        match (&self.kind, self.is_excluding) {
            (Kind::Around(_), _) => "context",
            (_, true) => "exclude",
            (Kind::Text(_), _) => "include",
            (Kind::Level(_), _) => "level",
            (Kind::Source(_), _) => "source",
            (Kind::Field(_), _) => "field",
        }
    }

    fn holds(&self, line: &[u8], level: Level, source: &str) -> bool {
        match &self.kind {
            Kind::Text(regex) => regex.is_match(line),
            Kind::Level(least) => *least <= level,
            Kind::Source(name) => source.contains(name.as_str()),
            Kind::Field(field) => field.holds(line),
            Kind::Around(_) => true,
        }
    }
}

/// A term for exactly this text.
pub fn literal(text: &str) -> String {
    if text.contains('"') { format!("/{}/", regex::escape(text).replace('/', "\\x2f")) } else { format!("\"{text}\"") }
}

/// One word of a filter, with its signs taken off.
struct Word<'a> {
    text: &'a str,
    is_on: bool,
    is_excluding: bool,
    body: &'a str,
}

fn term(word: &Word) -> Result<Term, Unreadable> {
    let body = word.body;
    let pattern = |pattern: &str| {
        needle::pattern(pattern).map_err(|error| {
            let why = error.to_string();
            Unreadable(format!("/{pattern}/: {}", why.lines().last().unwrap_or("not a regular expression").trim()))
        })
    };
    let text = |text: &str| needle::text(text).map_err(|_| Unreadable(format!("{text}: too long a text")));
    let kind = if let Some(quoted) = body.strip_prefix('"') {
        Kind::Text(text(quoted.strip_suffix('"').unwrap_or(quoted))?)
    } else if let Some(body) = body.strip_prefix('/') {
        Kind::Text(pattern(body.strip_suffix('/').unwrap_or(body))?)
    } else if let Some(name) = body.strip_prefix("level:") {
        let level = Level::of_word(name)
            .ok_or_else(|| Unreadable(format!("level:{name}: levels are trace, debug, info, warn, error, fatal")))?;
        Kind::Level(level)
    } else if let Some(name) = body.strip_prefix("source:") {
        Kind::Source(name.to_owned())
    } else if let Some(lines) = body.strip_prefix("context:") {
        let lines: usize =
            lines.parse().map_err(|_| Unreadable(format!("context:{lines}: a number of lines, as in context:3")))?;
        Kind::Around(lines.min(MOST_AROUND))
    } else if let Some((name, value)) = body.split_once('=').filter(|(name, _)| is_name(name)) {
        Kind::Field(Box::new(Field::new(name, value.trim_matches('"'))))
    } else {
        Kind::Text(text(body)?)
    };
    Ok(Term { text: word.text.to_owned(), is_on: word.is_on, is_excluding: word.is_excluding, kind })
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-@".contains(&byte))
}

/// Words; quotes and slashes hold a text with spaces together.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (is_off, word) = signed(rest, '~');
        let (is_excluding, body) = signed(word, '!');
        let length = length(body);
        let signs = word.len() - body.len();
        words.push(Word { text: &word[..signs + length], is_on: !is_off, is_excluding, body: &body[..length] });
        rest = body[length..].trim_start();
    }
    words
}

/// Whether a sign stands before a word, and the word; a sign alone is a word.
fn signed(text: &str, sign: char) -> (bool, &str) {
    let rest = text.strip_prefix(sign).filter(|rest| rest.starts_with(|c: char| !c.is_whitespace()));
    rest.map_or((false, text), |rest| (true, rest))
}

/// How long the first word is, in bytes.
fn length(text: &str) -> usize {
    let to_space = |from: usize| text[from..].find(char::is_whitespace).map_or(text.len(), |at| from + at);
    let behind = |from: usize, end: char| text[from..].find(end).map_or(text.len(), |at| from + at + end.len_utf8());
    if text.starts_with('"') {
        return behind(1, '"');
    }
    if text.starts_with('/') {
        return to_space(behind(1, '/'));
    }
    match text[..to_space(0)].find("=\"") {
        Some(at) => behind(at + 2, '"'),
        None => to_space(0),
    }
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
            ("~level:fatal", true),
            ("context:2", true),
            ("context:2 fatal", false),
            ("msg=\"Timeout while reading\"", true),
        ] {
            assert_eq!(shows(filter, json), is_shown, "{filter}");
        }
        assert!(shows("path=/cart", "time=x level=info path=/cart dur=3ms"));
    }

    #[test]
    fn what_is_not_understood_says_so() {
        assert!(Filter::parse("level:loud").unwrap_err().0.contains("trace, debug"));
        assert!(Filter::parse("/(/").unwrap_err().0.starts_with("/(/"));
        assert!(Filter::parse("context:x").unwrap_err().0.contains("context:3"));
    }

    #[test]
    fn terms_are_switched_off_taken_away_and_added() {
        let filter = Filter::parse("timeout !health level:warn").unwrap();
        let words: Vec<_> = filter.terms().iter().map(Term::word).collect();
        assert_eq!(words, ["include", "exclude", "level"]);
        assert_eq!(filter.toggled(1).text(), "timeout ~!health level:warn");
        assert_eq!(filter.toggled(1).toggled(1), filter);
        assert_eq!(filter.without(0).text(), "!health level:warn");
        assert_eq!(filter.toggled(0).with("timeout").unwrap(), filter, "what stands there is switched on");
        assert_eq!(filter.around(3).around(5).context(), 5);
        assert_eq!(filter.around(3).around(0), filter);
        assert!(shows(&literal("say \"a/b\""), "they say \"a/b\" twice"));
        assert!(!shows(&format!("!{}", literal("!odd ~one")), "x !odd ~one y"));
    }

    proptest! {
        #[test]
        fn no_filter_makes_it_panic(text in any::<String>(), line in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(filter) = Filter::parse(&text) {
                let _ = filter.lets_through(&line, Level::None, "a");
                prop_assert_eq!(Filter::parse(&filter.text()).unwrap(), filter);
            }
        }
    }
}
