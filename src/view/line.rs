//! Text that is ready to paint: what it says and which role it plays; how a role looks is the theme's affair.

use crate::kinds::{Health, ObjectRef};
use std::fmt::Display;
use std::ops::Range;

/// `1 pod`, `3 pods`.
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(count: N, what: &str) -> String {
    let plural = if count == N::from(1) { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// What a piece of text is for. The theme turns each role into a style.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Plain text.
    #[default]
    Text,
    /// Less important than the rest.
    Dim,
    /// Stands out: names, titles.
    Accent,
    /// A heading.
    Header,
    /// A key that can be pressed.
    Key,
    /// What a filter or a search has found.
    Match,
    /// A state.
    State(Health),
    /// Danger: what must be seen.
    Danger,
    /// A link that can be opened.
    Link,
    /// The key of a field in YAML.
    Field,
    /// A string in YAML.
    String,
    /// A number, `true`, `false` or `null` in YAML.
    Scalar,
    /// What was folded away or hidden.
    Hidden,
    /// As an application coloured it.
    Painted(Paint),
}

/// How an application wants its text: only what cannot hide or fake anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Paint {
    /// Its colour; none for the terminal's own.
    pub colour: Option<Colour>,
    /// Bold.
    pub bold: bool,
    /// Dim.
    pub dim: bool,
    /// Underlined.
    pub underlined: bool,
}

/// A colour that an application chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Colour {
    /// One of the 256 of xterm, the first 16 the terminal's own.
    Indexed(u8),
    /// Red, green, blue.
    Rgb(u8, u8, u8),
}

/// A piece of text with one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// What it says.
    pub text: String,
    /// What it is for.
    pub role: Role,
}

/// One line. The state's symbol, where there is one, is drawn before the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Drawn as symbol and colour at the start of the line.
    pub health: Option<Health>,
    /// The text.
    pub spans: Vec<Span>,
    /// What Enter opens on this line.
    pub link: Option<ObjectRef>,
    /// A request, as a line: Enter follows it instead.
    pub follows: Option<String>,
}

impl Span {
    /// Text in a role.
    pub fn new(text: impl Into<String>, role: Role) -> Self {
        Self { text: text.into(), role }
    }

    /// Plain text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::new(text, Role::Text)
    }

    /// Text that matters less.
    pub fn dim(text: impl Into<String>) -> Self {
        Self::new(text, Role::Dim)
    }
}

impl Line {
    /// A line of these pieces.
    pub fn of(spans: Vec<Span>) -> Self {
        Self { spans, ..Self::default() }
    }

    /// A plain line.
    pub fn text(text: impl Into<String>) -> Self {
        Self::of(vec![Span::text(text)])
    }

    /// The same line, opening an object with Enter.
    pub fn to(mut self, link: Option<ObjectRef>) -> Self {
        self.link = link;
        self
    }

    /// The same line, following a request with Enter.
    pub fn follow(mut self, request: String) -> Self {
        self.follows = Some(request);
        self
    }

    /// The same line, with a state before it.
    pub fn state(mut self, health: Option<Health>) -> Self {
        self.health = health;
        self
    }

    /// Where a text stands in it, in bytes of `plain`; letters in any case, none for an empty text.
    pub fn found(&self, text: &str) -> Vec<Range<usize>> {
        if text.is_empty() {
            return Vec::new();
        }
        // Only ASCII letters change their case, so that places stay what they are.
        let (plain, text) = (self.plain().to_ascii_lowercase(), text.to_ascii_lowercase());
        plain.match_indices(&text).map(|(at, found)| at..at + found.len()).collect()
    }

    /// The same line, with every place where a text stands marked.
    pub fn marked(self, text: &str) -> Self {
        let found = self.found(text);
        if found.is_empty() {
            return self;
        }
        let mut spans = Vec::new();
        let mut start = 0;
        for span in self.spans {
            let end = start + span.text.len();
            let borders = found.iter().flat_map(|range| [range.start, range.end]);
            let mut cuts: Vec<usize> = borders.filter(|at| start < *at && *at < end).collect();
            cuts.push(end);
            let mut from = start;
            for cut in cuts {
                let is_found = found.iter().any(|range| range.contains(&from));
                let role = if is_found { Role::Match } else { span.role };
                spans.push(Span::new(&span.text[from - start..cut - start], role));
                from = cut;
            }
            start = end;
        }
        Self { spans, ..self }
    }

    /// All its text, for copying and searching.
    pub fn plain(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

/// The word for a state, in the screens' own vocabulary.
pub fn word(health: Health) -> &'static str {
    match health {
        Health::Failed => "failed",
        Health::Warn => "warn",
        Health::Progressing => "progressing",
        Health::Unknown => "unknown",
        Health::Ready => "ok",
    }
}
