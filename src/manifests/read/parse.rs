//! From a text to documents. The text is cut at the document marks before anything is parsed,
//! so that a mistake in one document cannot reach the next.

use std::path::Path;

use serde_json::{Map, Value};

use crate::manifests::document::{Document, Origin, Unreadable, placeless};

/// Objects nested deeper than this are refused; `serde_json` draws the same line.
const DEPTH_LIMIT: usize = 128;

/// Values of one document: far above any object that an API server would store.
const NODE_LIMIT: usize = 20_000_000;

/// Reads all documents of one text.
pub fn documents(file: &Path, text: &str) -> (Vec<Document>, Vec<Unreadable>) {
    let mut reader = Reader { file, documents: Vec::new(), unreadable: Vec::new() };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let json = file.extension().is_some_and(|e| e.eq_ignore_ascii_case("json"));
    if json || text.trim_start().starts_with('{') && reads_as_json(text) {
        reader.json(text);
    } else {
        reader.yaml(text);
    }
    (reader.documents, reader.unreadable)
}

/// A YAML document may open with a brace as well: only what parses as JSON is JSON, and no JSON has a line of `---`.
fn reads_as_json(text: &str) -> bool {
    if text.lines().any(|line| line.starts_with("---")) {
        return false;
    }
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde::de::IgnoredAny>();
    matches!(values.next(), Some(Ok(_)))
}

struct Reader<'a> {
    file: &'a Path,
    documents: Vec<Document>,
    unreadable: Vec<Unreadable>,
}

impl Reader<'_> {
    fn yaml(&mut self, text: &str) {
        for (number, (line, part)) in parts(text).enumerate() {
            let first = first_line(line, part);
            let origin = self.origin(number + 1, first);
            match serde_saphyr::from_str_with_options::<Option<Value>>(part, options()) {
                Ok(None | Some(Value::Null)) => {}
                Ok(Some(value)) => self.accept(value, &origin),
                Err(error) => {
                    let at = error.location().map_or(0, |l| l.line() as usize);
                    let line = if at == 0 { first } else { line + at - 1 };
                    let reason = plain(&one_line(&error.without_snippet().to_string()));
                    let reason = format!("{}{}", placeless(&reason), hint(part));
                    self.reject(Origin { line, ..origin }, &reason);
                }
            }
        }
    }

    /// Reads JSON values that follow each other; after a mistake it goes on at the next line
    /// that opens an object.
    fn json(&mut self, text: &str) {
        let (mut start, mut line, mut number) = (0, 1, 0);
        while let Some(skipped) = text[start..].find(|c: char| !c.is_whitespace()) {
            line += newlines(&text[start..start + skipped]);
            start += skipped;
            number += 1;
            let rest = &text[start..];
            let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
            let step = match values.next() {
                Some(Ok(value)) => {
                    let origin = self.origin(number, line);
                    self.accept(value, &origin);
                    values.byte_offset()
                }
                Some(Err(error)) => {
                    let at = self.origin(number, line + error.line().max(1) - 1);
                    self.reject(at, &format!("not valid JSON: {error}"));
                    rest.find("\n{").map_or(rest.len(), |newline| newline + 1)
                }
                None => rest.len(),
            };
            line += newlines(&rest[..step]);
            start += step;
        }
    }

    fn origin(&self, document: usize, line: usize) -> Origin {
        Origin { file: self.file.to_owned(), document, line, item: 0 }
    }

    fn reject(&mut self, origin: Origin, reason: &str) {
        self.unreadable.push(Unreadable { origin, reason: placeless(reason) });
    }

    fn accept(&mut self, value: Value, origin: &Origin) {
        let Value::Object(mut object) = value else {
            return self.reject(origin.clone(), "not an object: expected apiVersion, kind and metadata");
        };
        match list_item_kind(&object) {
            Some(kind) => {
                let version = object.get("apiVersion").cloned().unwrap_or_default();
                let Some(Value::Array(items)) = object.remove("items") else {
                    return;
                };
                for (number, item) in (1..).zip(items) {
                    let origin = Origin { item: number, ..origin.clone() };
                    self.accept(completed(item, &kind, &version), &origin);
                }
            }
            None => self.keep(object, origin),
        }
    }

    fn keep(&mut self, object: Map<String, Value>, origin: &Origin) {
        let filled = |key: &str| object.get(key).and_then(Value::as_str).is_some_and(|s| !s.is_empty());
        if let Some(missing) = ["apiVersion", "kind"].into_iter().find(|key| !filled(key)) {
            return self.reject(origin.clone(), &format!("not a Kubernetes object: {missing} is missing"));
        }
        self.documents.push(Document { value: Value::Object(object), origin: origin.clone() });
    }
}

/// Returns the kind that items without one have: empty for `List`, `Pod` for `PodList`; nothing
/// for an object that is no list.
fn list_item_kind(object: &Map<String, Value>) -> Option<String> {
    let kind = object.get("kind")?.as_str()?.strip_suffix("List")?;
    matches!(object.get("items"), Some(Value::Array(_) | Value::Null)).then(|| kind.to_owned())
}

/// Servers leave kind and apiVersion out of a list's items.
fn completed(mut item: Value, kind: &str, version: &Value) -> Value {
    if let Value::Object(object) = &mut item
        && !kind.is_empty()
    {
        object.entry("kind").or_insert_with(|| kind.into());
        object.entry("apiVersion").or_insert_with(|| version.clone());
    }
    item
}

/// Cuts a text at the lines that begin a document; each part comes with its first line's number.
/// No scalar, quoted or not, can hold such a line: YAML reserves it.
fn parts(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut parts = Vec::new();
    let (mut start, mut start_line, mut offset) = (0, 1, 0);
    for (number, line) in (1..).zip(text.split_inclusive('\n')) {
        if is_mark(line, "---") && !text[start..offset].trim().is_empty() {
            parts.push((start_line, &text[start..offset]));
            (start, start_line) = (offset, number);
        }
        offset += line.len();
        if is_mark(line, "...") {
            parts.push((start_line, &text[start..offset]));
            (start, start_line) = (offset, number + 1);
        }
    }
    parts.push((start_line, &text[start..]));
    parts.into_iter().filter(|(_, part)| has_content(part))
}

fn is_mark(line: &str, mark: &str) -> bool {
    line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

fn has_content(part: &str) -> bool {
    part.lines().any(|line| is_content(line.trim()))
}

fn is_content(line: &str) -> bool {
    !line.is_empty() && !line.starts_with('#') && line != "---" && line != "..."
}

fn first_line(line: usize, part: &str) -> usize {
    let skipped = part.lines().position(|l| is_content(l.trim()));
    line + skipped.unwrap_or(0)
}

fn newlines(text: &str) -> usize {
    text.bytes().filter(|byte| *byte == b'\n').count()
}

/// What most often stands behind YAML that is none.
fn hint(part: &str) -> &'static str {
    if part.contains("{{") { "; it looks like a template: render it first, as `helm template` does" } else { "" }
}

/// What the parser says, without the advice that it has for programmers.
fn plain(text: &str) -> String {
    match text.strip_prefix("duplicate mapping key: ").and_then(|rest| rest.split_once(", set DuplicateKeyPolicy")) {
        Some((key, _)) => format!("the key {key} stands twice in one map; leave one of them out"),
        None => text.to_owned(),
    }
}

fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    words.join(" ")
}

/// What kubectl reads, we read: `0644` is octal, `yes` is true, and the parser's own limits, made
/// for configuration files, are raised to the size of a cluster's dump.
fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        legacy_octal_numbers: true,
        emit_comments: false,
        with_snippet: false,
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_LIMIT,
            max_nodes: NODE_LIMIT,
            max_events: 2 * NODE_LIMIT,
            max_total_scalar_bytes: usize::MAX,
        },
    }
}
