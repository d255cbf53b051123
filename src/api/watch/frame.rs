//! Cuts the bytes of lists and watches into objects as they arrive, without waiting for the end and without reading
//! the objects themselves: what one of them holds can therefore never cost the others.

use std::borrow::Cow;

use prost::Message;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::wire::envelope::{self, ListMeta, MAGIC};

/// The longest single object; etcd holds less than a tenth of it.
const LONGEST: usize = 64 << 20;

/// Why a body cannot be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The body is not in the language that its Content-Type names.
    #[error("the body is not what its Content-Type says")]
    Language,
    /// One object is absurdly long.
    #[error("an object is longer than 64 MB")]
    TooLong,
    /// The body ended inside an object or before the end of the list.
    #[error("the body was cut off")]
    Cut,
}

/// A part of a list.
#[derive(Debug, PartialEq)]
pub enum Part<'a> {
    /// The list's metadata.
    Meta(ListMeta),
    /// One object: a bare message, or its JSON.
    Item(&'a [u8]),
}

/// What a watch says of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It is there, or has changed.
    Applied,
    /// It is gone.
    Deleted,
    /// Nothing happened up to this version.
    Bookmark,
    /// The object is a `Status`, and the watch is over.
    Error,
    /// A word that we do not know.
    Unknown,
}

impl Event {
    fn of(word: &[u8]) -> Self {
        match word {
            b"ADDED" | b"MODIFIED" => Self::Applied,
            b"DELETED" => Self::Deleted,
            b"BOOKMARK" => Self::Bookmark,
            b"ERROR" => Self::Error,
            _ => Self::Unknown,
        }
    }
}

/// Bytes that have arrived and are not used up.
#[derive(Debug, Default)]
struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

impl Buffer {
    fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    fn rest(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    fn take(&mut self, length: usize) -> &[u8] {
        let start = self.start;
        self.start += length;
        &self.bytes[start..self.start]
    }
}

/// Reads the key and the length of one protobuf field: tag, bytes of the header, bytes of the content.
fn header(bytes: &[u8]) -> Result<Option<(u32, usize, usize)>, Broken> {
    let mut rest = bytes;
    let mut varint = || match envelope::varint(&mut rest) {
        Some(value) => Ok(Some(value)),
        None if rest.len() >= 10 => Err(Broken::Language),
        None => Ok(None),
    };
    let Some(key) = varint()? else { return Ok(None) };
    let tag = u32::try_from(key >> 3).map_err(|_| Broken::Language)?;
    let length = match key & 7 {
        0 => varint()?.map(|_| 0),
        1 => Some(8),
        2 => varint()?,
        5 => Some(4),
        _ => return Err(Broken::Language),
    };
    let Some(length) = length else { return Ok(None) };
    let length = usize::try_from(length).map_err(|_| Broken::TooLong)?;
    Ok(Some((tag, bytes.len() - rest.len(), length)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Magic,
    Envelope,
    List { left: usize },
    After,
}

/// Cuts a protobuf list: magic bytes, `Unknown`, and inside it the list's fields one by one.
#[derive(Debug)]
pub struct ProtobufList {
    buffer: Buffer,
    stage: Stage,
}

impl Default for ProtobufList {
    fn default() -> Self {
        Self { buffer: Buffer::default(), stage: Stage::Magic }
    }
}

impl ProtobufList {
    /// Adds bytes that arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.push(bytes);
    }

    /// Returns the next part that has arrived whole.
    pub fn cut(&mut self) -> Result<Option<Part<'_>>, Broken> {
        loop {
            match self.stage {
                Stage::Magic => {
                    let rest = self.buffer.rest();
                    if rest.len() < MAGIC.len() {
                        return Ok(None);
                    }
                    if !rest.starts_with(MAGIC) {
                        return Err(Broken::Language);
                    }
                    self.buffer.take(MAGIC.len());
                    self.stage = Stage::Envelope;
                }
                Stage::Envelope | Stage::After => {
                    let Some((tag, head, length)) = header(self.buffer.rest())? else { return Ok(None) };
                    if tag == 2 && self.stage == Stage::Envelope {
                        self.buffer.take(head);
                        self.stage = Stage::List { left: length };
                        continue;
                    }
                    if self.buffer.rest().len() < head + length {
                        return if length > LONGEST { Err(Broken::TooLong) } else { Ok(None) };
                    }
                    self.buffer.take(head + length);
                }
                Stage::List { left: 0 } => self.stage = Stage::After,
                Stage::List { left } => {
                    let Some((tag, head, length)) = header(self.buffer.rest())? else { return Ok(None) };
                    if length > LONGEST {
                        return Err(Broken::TooLong);
                    }
                    let left = left.checked_sub(head + length).ok_or(Broken::Language)?;
                    if self.buffer.rest().len() < head + length {
                        return Ok(None);
                    }
                    self.stage = Stage::List { left };
                    match tag {
                        1 => {
                            let meta = ListMeta::decode(&self.buffer.take(head + length)[head..]);
                            return Ok(Some(Part::Meta(meta.map_err(|_| Broken::Language)?)));
                        }
                        2 => return Ok(Some(Part::Item(&self.buffer.take(head + length)[head..]))),
                        _ => {
                            self.buffer.take(head + length);
                        }
                    }
                }
            }
        }
    }

    /// Says whether the list came to its end.
    pub fn finish(&self) -> Result<(), Broken> {
        let ended = matches!(self.stage, Stage::After | Stage::List { left: 0 });
        if ended && self.buffer.rest().is_empty() { Ok(()) } else { Err(Broken::Cut) }
    }
}

/// What a watch said, in either language.
#[derive(Debug, PartialEq)]
pub struct Frame<'a> {
    /// What happened.
    pub event: Event,
    /// The object: a bare message, or its JSON.
    pub object: Cow<'a, [u8]>,
}

/// Cuts a protobuf watch: a length of four bytes, then a `WatchEvent` whose object is an envelope of its own.
#[derive(Debug, Default)]
pub struct ProtobufWatch {
    buffer: Buffer,
}

impl ProtobufWatch {
    /// Adds bytes that arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.push(bytes);
    }

    /// Returns the next frame that has arrived whole.
    pub fn cut(&mut self) -> Result<Option<Frame<'_>>, Broken> {
        let Some((length, rest)) = self.buffer.rest().split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes(*length) as usize;
        if length > LONGEST {
            return Err(Broken::TooLong);
        }
        if rest.len() < length {
            return Ok(None);
        }
        let message = &self.buffer.take(4 + length)[4..];
        let event = Event::of(part(message, 1));
        let object = part(part(message, 2), 1);
        let object = object.strip_prefix(MAGIC.as_slice()).ok_or(Broken::Language)?;
        Ok(Some(Frame { event, object: Cow::Borrowed(part(object, 2)) }))
    }
}

/// The bytes of a field; empty where it is absent.
fn part(message: &[u8], tag: u32) -> &[u8] {
    envelope::fields(message).find(|field| field.tag == tag).map_or(&[], |field| field.bytes)
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type")]
    event: Cow<'a, str>,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// Cuts a JSON watch: one event a line.
#[derive(Debug, Default)]
pub struct JsonWatch {
    buffer: Buffer,
    searched: usize,
}

impl JsonWatch {
    /// Adds bytes that arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.push(bytes);
    }

    /// Returns the next line that has arrived whole.
    pub fn cut(&mut self) -> Result<Option<Frame<'_>>, Broken> {
        loop {
            let rest = &self.buffer.rest()[self.searched..];
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                self.searched += rest.len();
                return if self.searched > LONGEST { Err(Broken::TooLong) } else { Ok(None) };
            };
            let length = self.searched + end + 1;
            self.searched = 0;
            if self.buffer.rest()[..length].trim_ascii().is_empty() {
                self.buffer.take(length);
                continue;
            }
            return line(self.buffer.take(length)).map(Some);
        }
    }
}

fn line(bytes: &[u8]) -> Result<Frame<'_>, Broken> {
    if let Ok(line) = serde_json::from_slice::<Line<'_>>(bytes) {
        let object = Cow::Borrowed(line.object.get().as_bytes());
        return Ok(Frame { event: Event::of(line.event.as_bytes()), object });
    }
    // Invalid UTF-8 costs the letters that it hits, not the object and not the watch.
    let text = String::from_utf8_lossy(bytes);
    let line: Line<'_> = serde_json::from_str(&text).map_err(|_| Broken::Language)?;
    let object = Cow::Owned(line.object.get().as_bytes().to_vec());
    Ok(Frame { event: Event::of(line.event.as_bytes()), object })
}

/// Cuts a JSON list: the values of the array `items`, or `rows` of a table, one by one, and `metadata` wherever it stands.
#[derive(Debug, Default)]
pub struct JsonList {
    buffer: Buffer,
    place: Place,
    scan: Scan,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Place {
    #[default]
    Start,
    Key,
    Value(Key),
    Items,
    End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Items,
    Metadata,
    Other,
}

/// How far into a value we have looked.
#[derive(Debug, Default)]
struct Scan {
    at: usize,
    depth: usize,
    in_string: bool,
    escaped: bool,
}

impl JsonList {
    /// Adds bytes that arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.push(bytes);
    }

    /// Returns the next part that has arrived whole.
    pub fn cut(&mut self) -> Result<Option<Part<'_>>, Broken> {
        loop {
            self.skip_space();
            let Some(&byte) = self.buffer.rest().first() else { return Ok(None) };
            match (self.place, byte) {
                (Place::Start, b'{') | (Place::Items, b']') => self.step(Place::Key),
                (Place::Key, b'}') => self.step(Place::End),
                (Place::Key | Place::Items, b',') | (Place::Value(_), b':') => self.step(self.place),
                (Place::Key, b'"') => {
                    let Some(length) = self.value()? else { return Ok(None) };
                    self.place = Place::Value(match self.buffer.take(length) {
                        b"\"items\"" | b"\"rows\"" => Key::Items,
                        b"\"metadata\"" => Key::Metadata,
                        _ => Key::Other,
                    });
                }
                (Place::Value(Key::Items), b'[') => self.step(Place::Items),
                (Place::Value(key), _) => {
                    let Some(length) = self.value()? else { return Ok(None) };
                    self.place = Place::Key;
                    let value = self.buffer.take(length);
                    if key == Key::Metadata {
                        let meta = serde_json::from_slice(value).map_err(|_| Broken::Language)?;
                        return Ok(Some(Part::Meta(meta)));
                    }
                }
                (Place::Items, _) => {
                    let Some(length) = self.value()? else { return Ok(None) };
                    return Ok(Some(Part::Item(self.buffer.take(length))));
                }
                _ => return Err(Broken::Language),
            }
        }
    }

    /// Says whether the list came to its end.
    pub fn finish(&self) -> Result<(), Broken> {
        if self.place == Place::End { Ok(()) } else { Err(Broken::Cut) }
    }

    fn step(&mut self, to: Place) {
        self.buffer.take(1);
        self.place = to;
    }

    fn skip_space(&mut self) {
        // A value that is half read begins with no space, so this never moves the scan.
        let space = self.buffer.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        self.buffer.take(space);
    }

    /// Returns the length of the value at the front, once it has arrived whole.
    fn value(&mut self) -> Result<Option<usize>, Broken> {
        let rest = self.buffer.rest();
        match self.scan.run(rest) {
            // A bracket where a value should stand: taken for a value of no length it would be read for ever.
            Some(0) => Err(Broken::Language),
            Some(length) => {
                self.scan = Scan::default();
                Ok(Some(length))
            }
            None if rest.len() > LONGEST => Err(Broken::TooLong),
            None => Ok(None),
        }
    }
}

impl Scan {
    fn run(&mut self, bytes: &[u8]) -> Option<usize> {
        let scalar = !matches!(bytes.first(), Some(b'{' | b'[' | b'"'));
        while let Some(&byte) = bytes.get(self.at) {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
            } else {
                match byte {
                    b',' | b']' | b'}' if scalar => return Some(self.at),
                    b'"' => self.in_string = true,
                    b'{' | b'[' => self.depth += 1,
                    b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
            }
            self.at += 1;
            if !scalar && self.depth == 0 && !self.in_string {
                return Some(self.at);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
