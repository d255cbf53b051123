//! A fetched object as YAML, line by line with roles: what any YAML parser reads back as the same object, old ones too.
//!
//! Values of Secrets never appear: `••• 24 bytes` stands for them. managedFields are folded until asked for.

mod scalar;

use crate::view::line::{Line, Role, Span};
use base64::Engine;
use serde_json::{Map, Value};

/// Keeps the copy of a whole Secret, values included.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

struct Writer {
    lines: Vec<Line>,
    is_secret: bool,
    managed_fields: bool,
}

/// The lines of an object.
pub fn lines(object: &Value, managed_fields: bool) -> Vec<Line> {
    let is_secret = object.get("kind").and_then(Value::as_str) == Some("Secret");
    let mut writer = Writer { lines: Vec::new(), is_secret, managed_fields };
    match object {
        Value::Object(map) if !map.is_empty() => writer.map(map, 0, Vec::new(), &[]),
        other => writer.inline(other, 0, Vec::new()),
    }
    writer.lines
}

/// An object as it is written into a file, the values of a Secret included: for its owner's eyes only.
pub fn text(object: &Value) -> String {
    let mut writer = Writer { lines: Vec::new(), is_secret: false, managed_fields: true };
    match object {
        Value::Object(map) if !map.is_empty() => writer.map(map, 0, Vec::new(), &[]),
        other => writer.inline(other, 0, Vec::new()),
    }
    writer.lines.iter().map(|line| line.plain() + "\n").collect()
}

impl Writer {
    fn push(&mut self, spans: Vec<Span>) {
        self.lines.push(Line::of(spans));
    }

    /// `lead` is what stands before the first key: the dash of a list. `path` is where in the object the map stands.
    fn map(&mut self, map: &Map<String, Value>, indent: usize, lead: Vec<Span>, path: &[&str]) {
        let mut lead = Some(lead);
        for (key, value) in map {
            let mut spans = lead.take().filter(|lead| !lead.is_empty()).unwrap_or_else(|| vec![spaces(indent)]);
            spans.push(Span::new(scalar::key(key), Role::Field));
            spans.push(Span::dim(":"));
            let mut inner = path.to_vec();
            inner.push(key);
            match self.hidden(&inner, value) {
                Some(text) => {
                    spans.push(Span::text(" "));
                    spans.push(Span::new(text, Role::Hidden));
                    self.push(spans);
                }
                None => self.value(value, indent, spans, &inner),
            }
        }
    }

    /// What stands in place of a value that is not shown.
    fn hidden(&self, path: &[&str], value: &Value) -> Option<String> {
        match path {
            ["metadata", "managedFields"] if !self.managed_fields => {
                let count = value.as_array().map_or(0, Vec::len);
                Some(format!("# {count} entries folded"))
            }
            ["data", _] if self.is_secret => {
                let text = value.as_str().unwrap_or("");
                let decoded = base64::engine::general_purpose::STANDARD.decode(text);
                Some(masked(decoded.map_or(text.len(), |bytes| bytes.len())))
            }
            ["stringData", _] | ["metadata", "annotations", LAST_APPLIED] if self.is_secret => {
                Some(masked(value.as_str().unwrap_or("").len()))
            }
            _ => None,
        }
    }

    fn value(&mut self, value: &Value, indent: usize, mut spans: Vec<Span>, path: &[&str]) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                self.push(spans);
                self.map(map, indent + 2, Vec::new(), path);
            }
            // Lists stand under their key without further indentation, as kubectl prints them.
            Value::Array(items) if !items.is_empty() => {
                self.push(spans);
                self.list(items, indent, path);
            }
            other => {
                spans.push(Span::text(" "));
                self.inline(other, indent + 2, spans);
            }
        }
    }

    fn list(&mut self, items: &[Value], indent: usize, path: &[&str]) {
        for item in items {
            let lead = vec![spaces(indent), Span::dim("- ")];
            match item {
                Value::Object(map) if !map.is_empty() => self.map(map, indent + 2, lead, path),
                Value::Array(inner) if !inner.is_empty() => {
                    self.push(vec![spaces(indent), Span::dim("-")]);
                    self.list(inner, indent + 2, path);
                }
                other => self.inline(other, indent + 2, lead),
            }
        }
    }

    /// A value that begins on the line of its key.
    fn inline(&mut self, value: &Value, indent: usize, mut spans: Vec<Span>) {
        match value {
            Value::Null => spans.push(Span::new("null", Role::Scalar)),
            Value::Bool(value) => spans.push(Span::new(value.to_string(), Role::Scalar)),
            Value::Number(value) => spans.push(Span::new(value.to_string(), Role::Scalar)),
            Value::Object(_) => spans.push(Span::dim("{}")),
            Value::Array(_) => spans.push(Span::dim("[]")),
            Value::String(text) => match scalar::block(text) {
                Some((head, rows)) => {
                    spans.push(Span::dim(head));
                    self.push(spans);
                    for row in rows {
                        let margin = if row.is_empty() { 0 } else { indent };
                        self.push(vec![spaces(margin), Span::new(row, Role::String)]);
                    }
                    return;
                }
                None => spans.push(Span::new(scalar::line(text), Role::String)),
            },
        }
        self.push(spans);
    }
}

fn spaces(count: usize) -> Span {
    Span::text(" ".repeat(count))
}

fn masked(bytes: usize) -> String {
    format!("••• {bytes} bytes")
}

#[cfg(test)]
mod tests;
