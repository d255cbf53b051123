//! A stream, and its lines and marks as JSON, one record each. Names and keys are a contract: added to, never renamed.

use crate::view::logs::batch::{Mark, Stamp};
use crate::view::logs::level::Level;
use crate::wire::Timestamp;
use serde_json::{Map, Value, json};
use std::io::Write as _;
use std::sync::Arc;

/// One stream.
pub struct Source {
    /// Its namespace.
    pub namespace: Arc<str>,
    /// Its pod.
    pub pod: Arc<str>,
    /// Its container.
    pub container: Arc<str>,
    /// What stands before its lines, with its colour.
    pub label: Vec<u8>,
    /// How it is called in notes.
    pub name: String,
}

/// Writes a line.
pub fn line(out: &mut Vec<u8>, source: &Source, at: Option<Stamp>, level: Level, line: &[u8]) {
    out.extend_from_slice(b"{\"type\":\"line\",\"time\":");
    match at {
        Some(at) => {
            // Writing to a vector cannot fail.
            let _ = write!(out, "\"{}\"", time(at));
        }
        None => out.extend_from_slice(b"null"),
    }
    for (key, value) in [("namespace", &source.namespace), ("pod", &source.pod), ("container", &source.container)] {
        let _ = write!(out, ",\"{key}\":");
        text(out, value);
    }
    out.extend_from_slice(b",\"level\":");
    match level {
        Level::None => out.extend_from_slice(b"null"),
        level => {
            let _ = write!(out, "\"{}\"", level.name().to_ascii_lowercase());
        }
    }
    out.extend_from_slice(b",\"message\":");
    text(out, &String::from_utf8_lossy(line));
    out.push(b'}');
}

/// Writes something that happened to a stream.
pub fn mark(out: &mut Vec<u8>, source: &Source, mark: &Mark, words: &str) {
    let (kind, more) = match mark {
        Mark::Waits(reason) => ("waits", json!({"reason": &**reason})),
        Mark::Ended { code, reason } => ("ended", json!({"exit_code": code, "reason": &**reason})),
        Mark::Restarted { count, after } => {
            let reason = after.as_ref().map(|exit| exit.reason.to_string());
            let code = after.as_ref().map(|exit| exit.code);
            ("restarted", json!({"restarts": count, "exit_code": code, "reason": reason}))
        }
        Mark::Gone => ("gone", json!({})),
        Mark::Reconnected { after, repeated } => ("reconnected", json!({"after_ms": after, "repeated": repeated})),
        Mark::Gap { from, to } => ("gap", json!({"from": time(*from), "to": time(*to)})),
        Mark::Failed(why) => ("failed", json!({"reason": &**why})),
    };
    // Writing to a vector cannot fail.
    let _ = write!(out, "{{\"type\":\"{kind}\"");
    for (key, value) in [("namespace", &source.namespace), ("pod", &source.pod), ("container", &source.container)] {
        let _ = write!(out, ",\"{key}\":");
        text(out, value);
    }
    let more: Map<String, Value> = if let Value::Object(more) = more { more } else { Map::new() };
    for (key, value) in more {
        let _ = write!(out, ",\"{key}\":");
        match value {
            Value::String(value) => text(out, &value),
            value => drop(write!(out, "{value}")),
        }
    }
    out.extend_from_slice(b",\"message\":");
    text(out, words);
    out.push(b'}');
}

/// Writes a string; what could act on a terminal is escaped, and nothing is lost.
fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut start = 0;
    for (at, c) in text.char_indices() {
        if (' '..='~').contains(&c) && c != '"' && c != '\\' {
            continue;
        }
        let is_seen = '\u{a0}' <= c && !is_hidden(c);
        if is_seen {
            continue;
        }
        out.extend_from_slice(&text.as_bytes()[start..at]);
        start = at + c.len_utf8();
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\r' => out.extend_from_slice(b"\\r"),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a vector cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.extend_from_slice(&text.as_bytes()[start..]);
    out.push(b'"');
}

/// Characters that are not seen, or that turn others round.
fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A stamp as text, to the nanosecond.
pub fn time(at: Stamp) -> String {
    let mut text = Vec::with_capacity(30);
    stamp(&mut text, at);
    String::from_utf8_lossy(&text).into_owned()
}

/// Writes a stamp as the node did: `2026-11-20T10:42:07.123456789Z`.
pub fn stamp(out: &mut Vec<u8>, at: Stamp) {
    let seconds = Timestamp::from_seconds(at.seconds()).rfc3339();
    let nanos = at.0.rem_euclid(1_000_000_000);
    // Writing to a vector cannot fail.
    let _ = write!(out, "{}.{nanos:09}Z", seconds.trim_end_matches('Z'));
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back_and_acts_on_no_terminal(line in any::<String>()) {
            let mut out = Vec::new();
            text(&mut out, &line);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), line);
            let out = String::from_utf8(out).unwrap();
            prop_assert!(out.chars().all(|c| !c.is_control() && !is_hidden(c)));
        }
    }
}
