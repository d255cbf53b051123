//! The lines of a view that are on screen, ready to paint: only these are decoded and taken apart.

use crate::kinds::Health;
use crate::view::fit;
use crate::view::line::{Line, Paint, Role, Span};
use crate::view::logs::batch::Stamp;
use crate::view::logs::buffer::{Entry, Flag};
use crate::view::logs::level::Level;
use crate::view::logs::structure;
use crate::view::logs::tail::Tail;
use crate::view::logs::text::{painted, plain};
use crate::wire::Timestamp;

/// The longest name of a stream, in cells.
const LABEL: usize = 28;
/// What is left of it where there is little room.
const LEAST: usize = 12;
/// Fields of a structured line that are shown behind its message.
const FIELDS: usize = 8;
/// Letters of a line that can come on a screen.
const LONGEST: usize = 8 << 10;
/// Signs that stand before lines, and what they mean; part of the help.
pub const SIGNS: &[(&str, &str)] = &[
    ("✖", "an error, or worse"),
    ("▲", "a warning"),
    ("♦", "marked with m"),
    ("‹", "came late: its time is before that of lines above it"),
    ("×5", "stands for so many lines of its stream that say the same"),
    ("──", "not a line: what happened to the stream"),
];

/// Roles by which streams are told apart, beside their names.
const COLOURS: [Role; 6] = [Role::Link, Role::Field, Role::String, Role::Scalar, Role::Key, Role::Text];

/// How lines are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether long lines are broken, instead of moved.
    pub wrap: bool,
    /// The time before each line.
    pub times: Times,
    /// Whether JSON and logfmt are taken apart.
    pub is_structured: bool,
    /// How many letters lines are moved to the left.
    pub pan: usize,
    /// Whether the application's own colours are kept.
    pub has_colours: bool,
}

/// The time before a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Times {
    /// `10:42:07.123`.
    #[default]
    Clock,
    /// Date, too.
    Full,
    /// Not at all.
    None,
    /// From another line on: `+00:03.250`.
    Since(Stamp),
}

impl Default for Look {
    fn default() -> Self {
        Self { wrap: false, times: Times::Clock, is_structured: true, pan: 0, has_colours: false }
    }
}

/// What part of a view is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The selected line; none for the last one, whatever comes.
    pub selected: Option<u64>,
    /// On which row it is kept.
    pub row: usize,
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// What is searched for.
    pub search: &'a str,
    /// A word of the selected line that a key can act on; empty for none.
    pub word: &'a str,
    /// The first and the last line of a range that is chosen.
    pub range: Option<(u64, u64)>,
}

/// Rows, ready to paint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Window {
    /// The rows.
    pub rows: Vec<Row>,
    /// Index of the first shown line among all that are.
    pub first: usize,
    /// How many there are.
    pub all: usize,
    /// The columns in which the names of streams stand.
    pub label: std::ops::Range<usize>,
}

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The line it belongs to.
    pub number: u64,
    /// What it says.
    pub line: Line,
    /// Whether its line is the selected one.
    pub is_selected: bool,
}

/// Index of a line among those that are shown, or of the next one.
pub fn place(tail: &Tail, selected: Option<u64>) -> usize {
    let shown = tail.shown();
    let last = shown.len().saturating_sub(1);
    selected.map_or(last, |number| shown.partition_point(|other| *other < number).min(last))
}

/// The line that stands there; none while none is shown.
pub fn here(tail: &Tail, selected: Option<u64>) -> Option<u64> {
    tail.shown().get(place(tail, selected)).copied()
}

/// The rows on screen.
pub fn window(tail: &Tail, look: Look, frame: Frame) -> Window {
    let shown = tail.shown();
    let Frame { selected, height, .. } = frame;
    if shown.is_empty() || height == 0 {
        return Window { all: shown.len(), ..Window::default() };
    }
    let at = place(tail, selected);
    let row = if selected.is_none() { height - 1 } else { frame.row.min(height - 1) };
    let widest = tail.sources.iter().map(|source| fit::width(tail.name_of(source))).max().unwrap_or(0);
    let label = widest.min(LABEL.min(frame.width / 4).max(LEAST));
    let painter = Painter { tail, look, frame, label, is_alone: tail.sources.len() < 2 };
    let rows_of = |index: usize| shown.get(index).map_or_else(Vec::new, |number| painter.rows(*number, index == at));
    // Upwards from the selected line, then downwards to the end of the screen.
    let own = rows_of(at);
    let mut above = Vec::new();
    let mut first = at;
    let room = if selected.is_none() { height.saturating_sub(own.len()) } else { row };
    while 0 < first && above.len() < room {
        first -= 1;
        let rows = rows_of(first);
        above.splice(0..0, rows);
    }
    let cut = above.len().saturating_sub(room);
    above.drain(..cut);
    let mut rows = above;
    rows.extend(own);
    let mut next = at + 1;
    while rows.len() < height && next < shown.len() {
        rows.extend(rows_of(next));
        next += 1;
    }
    while rows.len() < height && 0 < first {
        first -= 1;
        let more = rows_of(first);
        let cut = more.len().saturating_sub(height - rows.len());
        rows.splice(0..0, more.into_iter().skip(cut));
    }
    rows.truncate(height);
    // Before the names of streams stands the sign of a mark.
    let begin = width(look.times) + 1;
    let label = if painter.is_alone { begin..begin } else { begin..begin + label };
    Window { rows, first, all: shown.len(), label }
}

struct Painter<'a> {
    tail: &'a Tail,
    look: Look,
    frame: Frame<'a>,
    label: usize,
    is_alone: bool,
}

impl Painter<'_> {
    fn rows(&self, number: u64, is_selected: bool) -> Vec<Row> {
        let Some(entry) = self.tail.buffer.entry(number) else { return Vec::new() };
        let head = self.head(number, entry);
        let lead: usize = head.iter().map(|span| fit::width(&span.text)).sum();
        let mut body =
            if self.tail.buffer.is_here(number) { self.body(entry) } else { vec![Span::dim("… comes from disk")] };
        if self.tail.sift.is_around(number) {
            for span in &mut body {
                span.role = Role::Dim;
            }
        }
        let count = self.tail.sift.count(number);
        if 1 < count {
            body.insert(0, Span::new(format!("×{count} "), Role::Key));
        }
        let word = if is_selected { self.frame.word } else { "" };
        let is_selected = is_selected || self.frame.range.is_some_and(|(from, to)| from <= number && number <= to);
        let row = |line: Line| Row { number, line: line.marked(self.frame.search).marked(word), is_selected };
        if !self.look.wrap {
            let mut spans = head;
            let pan = if entry.flag == Flag::Mark { 0 } else { self.look.pan };
            spans.extend(panned(body, pan));
            return vec![row(Line::of(spans))];
        }
        let room = self.frame.width.saturating_sub(lead).max(20);
        let broken = broken(body, room).into_iter().enumerate();
        let line = |(index, text): (usize, Vec<Span>)| {
            let mut spans = if index == 0 { head.clone() } else { vec![Span::text(" ".repeat(lead))] };
            spans.extend(text);
            row(Line::of(spans))
        };
        broken.map(line).collect()
    }

    /// Time, mark, stream and level.
    fn head(&self, number: u64, entry: &Entry) -> Vec<Span> {
        let mut spans = Vec::new();
        let time = match self.look.times {
            Times::None => String::new(),
            times => entry.at().map_or_else(|| " ".repeat(width(times)), |at| clock(at, times)),
        };
        spans.extend((!time.is_empty()).then(|| Span::dim(time)));
        spans.push(match entry.flag {
            _ if self.tail.buffer.marked().contains(&number) => Span::new("♦", Role::Key),
            Flag::Late => Span::dim("‹"),
            Flag::None | Flag::Mark => Span::dim(" "),
        });
        let source = self.tail.sources.get(usize::from(entry.source.0));
        if let Some(source) = source.filter(|_| !self.is_alone) {
            let role = COLOURS[usize::from(entry.source.0) % COLOURS.len()];
            let label = fit::cut_middle(self.tail.name_of(source), self.label).into_owned();
            let gap = self.label.saturating_sub(fit::width(&label));
            spans.push(Span::new(format!("{label}{} ", " ".repeat(gap)), role));
        }
        if entry.flag == Flag::Mark {
            spans.push(Span::dim("── "));
        } else {
            let sign = match entry.level {
                Level::Error | Level::Fatal => "✖ ",
                Level::Warn => "▲ ",
                _ => "  ",
            };
            spans.push(Span::new(sign, role_of(entry.level)));
        }
        spans
    }

    fn body(&self, entry: &Entry) -> Vec<Span> {
        let bytes = self.tail.buffer.line(entry);
        let bytes = bytes.get(..bytes.len().min(LONGEST)).unwrap_or_default();
        if entry.flag == Flag::Mark {
            return vec![Span::new(plain(bytes), Role::Header)];
        }
        let record = if self.look.is_structured { structure::parse(bytes) } else { None };
        let Some(record) = record.filter(|record| record.message.is_some()) else {
            return self.text(bytes);
        };
        let mut spans = vec![Span::text(plain(record.message.unwrap_or_default().as_bytes()))];
        if record.level != Level::None {
            // A plain line has its level in its text; here it was taken out.
            spans.insert(0, Span::new(format!("{:<6}", record.level.name()), role_of(record.level)));
        }
        let all = record.fields.len();
        for (name, value) in record.fields.into_iter().take(FIELDS) {
            spans.push(Span::new(format!("  {name}="), Role::Dim));
            spans.push(Span::new(plain(value.as_bytes()), Role::String));
        }
        if FIELDS < all {
            spans.push(Span::dim(format!("  …+{}", all - FIELDS)));
        }
        spans
    }
}

impl Painter<'_> {
    /// A line that is only text, in its own colours where they are wanted.
    fn text(&self, bytes: &[u8]) -> Vec<Span> {
        if !self.look.has_colours {
            return vec![Span::text(plain(bytes))];
        }
        let span = |(text, paint): (String, Paint)| {
            let role = if paint == Paint::default() { Role::Text } else { Role::Painted(paint) };
            Span::new(text, role)
        };
        painted(bytes).into_iter().map(span).collect()
    }
}

/// The role in which a level is shown.
pub fn role_of(level: Level) -> Role {
    match level {
        Level::None | Level::Trace | Level::Debug => Role::Dim,
        Level::Info => Role::Text,
        Level::Warn => Role::State(Health::Warn),
        Level::Error | Level::Fatal => Role::State(Health::Failed),
    }
}

fn width(times: Times) -> usize {
    match times {
        Times::Clock | Times::Since(_) => 12,
        Times::Full => 24,
        Times::None => 0,
    }
}

/// The time of a line in UTC, to the millisecond.
pub fn clock(at: Stamp, times: Times) -> String {
    if let Times::Since(from) = times {
        return format!("{:>12}", elapsed(at.0.saturating_sub(from.0)));
    }
    let text = Timestamp(at.seconds().saturating_mul(1_000_000)).rfc3339();
    let millis = at.0.rem_euclid(1_000_000_000) / 1_000_000;
    let day_and_time = text.get(..19).unwrap_or(&text);
    match times {
        Times::Full => format!("{day_and_time}.{millis:03}Z"),
        _ => format!("{}.{millis:03}", day_and_time.get(11..).unwrap_or("")),
    }
}

/// `+00:03.250`, `-1:02:00.000`.
fn elapsed(nanos: i64) -> String {
    let millis = (nanos / 1_000_000).unsigned_abs();
    let sign = if nanos < 0 { '-' } else { '+' };
    let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
    let (seconds, millis) = (millis / 1000 % 60, millis % 1000);
    match hours {
        0 => format!("{sign}{minutes:02}:{seconds:02}.{millis:03}"),
        1..=99 => format!("{sign}{hours}:{minutes:02}:{seconds:02}.{:01}", millis / 100),
        _ => format!("{sign}{}d{}h", hours / 24, hours % 24),
    }
}

/// The words of a line that a key can act on, each once.
pub fn words(tail: &Tail, number: u64) -> Vec<String> {
    let Some(entry) = tail.buffer.entry(number) else { return Vec::new() };
    let text = plain(tail.buffer.line(entry));
    let mut words: Vec<String> = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric() && !"_-./:@".contains(c)) {
        let word = word.trim_matches(['-', '.', ':']);
        if 1 < word.len() && words.len() < 200 && !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    words
}

/// The letters that stand in these columns of a row, the last one too.
pub fn letters(text: &str, from: usize, to: usize) -> String {
    let mut used = 0;
    let text = fit::sanitise(text);
    let standing = text.chars().filter(|letter| {
        let start = used;
        used += fit::width(letter.encode_utf8(&mut [0; 4]));
        from < used && start <= to
    });
    standing.collect()
}

/// The same text from this letter on.
fn panned(spans: Vec<Span>, pan: usize) -> Vec<Span> {
    let mut left = pan;
    let cut = spans.into_iter().map(|span| {
        let skip = left;
        left = left.saturating_sub(span.text.chars().count());
        if skip == 0 { span } else { Span::new(span.text.chars().skip(skip).collect::<String>(), span.role) }
    });
    cut.filter(|span| !span.text.is_empty()).collect()
}

/// Text broken at the room, letter by letter: what stands in logs is copied as it is.
pub(super) fn broken(spans: Vec<Span>, room: usize) -> Vec<Vec<Span>> {
    let mut rows: Vec<Vec<Span>> = vec![Vec::new()];
    let mut used = 0;
    for span in spans {
        let mut text = String::new();
        for letter in fit::sanitise(&span.text).chars() {
            let wide = fit::width(letter.encode_utf8(&mut [0; 4]));
            if room < used + wide {
                rows.last_mut().into_iter().for_each(|row| row.push(Span::new(std::mem::take(&mut text), span.role)));
                rows.push(Vec::new());
                used = 0;
            }
            text.push(letter);
            used += wide;
        }
        if let Some(row) = rows.last_mut().filter(|_| !text.is_empty()) {
            row.push(Span::new(text, span.role));
        }
    }
    rows
}

#[cfg(test)]
mod tests;
