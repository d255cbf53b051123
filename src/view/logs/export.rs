//! Lines on their way out, to the clipboard or a file: written a slice at a time, because there may be a million.

use crate::view::logs::buffer::Flag;
use crate::view::logs::structure;
use crate::view::logs::tail::Tail;
use crate::view::logs::text::plain;
use crate::view::logs::window::{Times, clock};
use serde_json::{Map, Value};
use std::collections::VecDeque;

/// How lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The bytes that the container wrote.
    Raw,
    /// Without escape sequences.
    Plain,
    /// Without escape sequences, after time and stream.
    Full,
    /// One JSON object a line: time, pod, container, level, and the fields or the text.
    Json,
}

/// Lines on their way out.
#[derive(Debug)]
pub struct Export {
    numbers: VecDeque<u64>,
    format: Format,
    /// What is written so far.
    pub bytes: Vec<u8>,
    /// How many lines that is, with those that were taken away already.
    pub lines: usize,
    /// Lines that made place for newer ones before they could be written.
    pub gone: usize,
    /// The line that must come from disk before more is written.
    pub waits_for: Option<u64>,
}

impl Format {
    /// The format that the ending of a file's name asks for.
    pub fn of_name(name: &str) -> Self {
        match name.rsplit_once('.').map(|(_, ending)| ending) {
            Some("json" | "jsonl" | "ndjson") => Self::Json,
            Some("raw") => Self::Raw,
            _ => Self::Full,
        }
    }

    /// In words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Raw => "raw: as the containers wrote it",
            Self::Plain => "plain",
            Self::Full => "plain, with time and stream",
            Self::Json => "JSON, one object a line",
        }
    }
}

impl Export {
    /// These lines, in this format.
    pub fn new(numbers: VecDeque<u64>, format: Format) -> Self {
        Self { numbers, format, bytes: Vec::new(), lines: 0, gone: 0, waits_for: None }
    }

    /// Writes as many lines as the budget of bytes allows; whether some are left.
    pub fn write(&mut self, tail: &Tail, budget: usize) -> bool {
        let end = self.bytes.len().saturating_add(budget);
        self.waits_for = None;
        while self.bytes.len() < end {
            if let Some(away) = self.numbers.front().filter(|number| !tail.buffer.is_here(**number)) {
                self.waits_for = Some(*away);
                return true;
            }
            let Some(number) = self.numbers.pop_front() else { return false };
            self.gone += usize::from(tail.buffer.entry(number).is_none());
            if line(tail, number, self.format, &mut self.bytes) {
                self.bytes.push(b'\n');
                self.lines += 1;
            }
        }
        !self.numbers.is_empty()
    }

    /// What was written, in words.
    pub fn words(&self) -> String {
        let what = if self.lines == 1 { "the line".to_owned() } else { format!("{} lines", self.lines) };
        match self.gone {
            0 => what,
            gone => format!("{what} ({gone} more had made place for newer ones)"),
        }
    }
}

/// Writes one line; marks of ours go into files for people only.
fn line(tail: &Tail, number: u64, format: Format, out: &mut Vec<u8>) -> bool {
    let Some(entry) = tail.buffer.entry(number) else { return false };
    if entry.flag == Flag::Mark && format != Format::Full {
        return false;
    }
    let bytes = tail.buffer.line(entry);
    let source = tail.sources.get(usize::from(entry.source.0));
    match format {
        Format::Raw => out.extend_from_slice(bytes),
        Format::Plain => out.extend_from_slice(plain(bytes).as_bytes()),
        Format::Full => {
            let at = entry.at().map_or_else(String::new, |at| clock(at, Times::Full));
            let label = source.map_or("", |source| source.label.as_str());
            let sign = if entry.flag == Flag::Mark { "── " } else { "" };
            out.extend_from_slice(format!("{at} {label} {sign}{}", plain(bytes)).as_bytes());
        }
        Format::Json => {
            let mut object = Map::new();
            let mut put = |name: &str, value: String| object.insert(name.to_owned(), Value::String(value));
            if let Some(at) = entry.at() {
                put("time", clock(at, Times::Full));
            }
            if let Some(source) = source {
                put("namespace", source.pod.namespace.as_deref().unwrap_or("").to_owned());
                put("pod", source.pod.name.to_string());
                put("container", source.container.to_string());
            }
            put("level", entry.level.name().to_ascii_lowercase());
            match structure::value(bytes) {
                Some(value) => drop(object.insert("record".to_owned(), value)),
                None => drop(put("text", plain(bytes).into_owned())),
            }
            out.extend_from_slice(Value::Object(object).to_string().as_bytes());
        }
    }
    true
}
