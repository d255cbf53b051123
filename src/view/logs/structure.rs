//! Lines that say more than text: JSON objects, logfmt and klog, read only where they are looked at.

use crate::view::logs::level::Level;
use serde_json::Value;

/// A line taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// How bad it says it is.
    pub level: Level,
    /// Its message.
    pub message: Option<String>,
    /// Its own time, as it writes it.
    pub time: Option<String>,
    /// What ties lines of one request together: the field's name and value.
    pub trace: Option<(String, String)>,
    /// Everything else: of JSON by name, of logfmt as it stands.
    pub fields: Vec<(String, String)>,
}

const MESSAGE: [&str; 6] = ["msg", "message", "@m", "@mt", "textPayload", "log"];
const LEVEL: [&str; 7] = ["level", "lvl", "severity", "@l", "levelname", "loglevel", "log.level"];
const TIME: [&str; 6] = ["ts", "time", "@timestamp", "timestamp", "@t", "t"];
const TRACE: [&str; 10] =
    ["trace_id", "traceId", "traceid", "trace", "request_id", "requestId", "req_id", "reqId", "correlation_id", "@tr"];

/// What ties a line to others of one request: a field of its own, else what stands behind such a name in its text.
pub fn request_of(line: &[u8]) -> Option<String> {
    let named = parse(line).and_then(|record| record.trace);
    named.map(|(_, value)| value).or_else(|| spoken(&String::from_utf8_lossy(line)))
}

/// `… request_id=4f3a…` or `traceId: 4f3a…` within a text. A bare `trace` is a word like any other.
fn spoken(text: &str) -> Option<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices(['=', ':']).find_map(|(at, _)| {
        let before = text.get(..at)?.trim_end_matches('"');
        let name = before.rsplit(|c| !is_name(c)).next().filter(|name| TRACE.contains(name))?;
        let value = text.get(at + 1..)?.trim_start_matches([' ', '"']);
        let end = value.find(|c: char| !c.is_ascii_alphanumeric() && !"-_".contains(c)).unwrap_or(value.len());
        let value = value.get(..end).filter(|value| !value.is_empty())?;
        name.to_ascii_lowercase().contains("id").then(|| value.to_owned())
    })
}

/// The parts of a line; none where it is plain text.
pub fn parse(line: &[u8]) -> Option<Record> {
    let line = line.trim_ascii();
    let pairs = match line.first()? {
        b'{' => json(line)?,
        _ => words(line)?,
    };
    let mut record = Record::default();
    for (name, value) in pairs {
        let is = |names: &[&str]| names.contains(&name.as_str());
        if is(&MESSAGE) && record.message.is_none() {
            record.message = Some(value);
        } else if is(&LEVEL) && record.level == Level::None {
            record.level = Level::of_word(&value).unwrap_or_default();
            if record.level == Level::None {
                record.fields.push((name, value));
            }
        } else if is(&TIME) && record.time.is_none() {
            record.time = Some(value);
        } else {
            if is(&TRACE) && record.trace.is_none() {
                record.trace = Some((name.clone(), value.clone()));
            }
            record.fields.push((name, value));
        }
    }
    Some(record)
}

/// Every field of a line by its dotted name, in the line's own words; none where it is plain text.
pub fn flat(line: &[u8]) -> Option<Vec<(String, String)>> {
    let line = line.trim_ascii();
    if line.first() != Some(&b'{') {
        return words(line);
    }
    let mut pairs = Vec::new();
    for (name, value) in value(line)?.as_object()? {
        flatten(name, value, &mut pairs);
    }
    Some(pairs)
}

/// A line that is a JSON object.
pub fn value(line: &[u8]) -> Option<Value> {
    let line = line.trim_ascii();
    let is_object = line.first() == Some(&b'{');
    serde_json::from_slice(line).ok().filter(|_| is_object)
}

fn flatten(name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    match value.as_object().filter(|object| !object.is_empty()) {
        Some(object) => object.iter().for_each(|(part, value)| flatten(&format!("{name}.{part}"), value, pairs)),
        None => pairs.push((name.to_owned(), text(value))),
    }
}

fn json(line: &[u8]) -> Option<Vec<(String, String)>> {
    let value: Value = serde_json::from_slice(line).ok()?;
    let object = value.as_object()?;
    Some(object.iter().map(|(name, value)| (name.clone(), text(value))).collect())
}

/// A value in a word: a text without its quotes.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The fields of klog or logfmt.
pub fn words(line: &[u8]) -> Option<Vec<(String, String)>> {
    let line = std::str::from_utf8(line).ok()?;
    klog(line).or_else(|| logfmt(line))
}

/// `I1125 20:38:58.790197       1 controller.go:615] "Finished syncing" duration="3.1ms"`, as Kubernetes itself writes.
fn klog(line: &str) -> Option<Vec<(String, String)>> {
    let (head, said) = line.split_once("] ")?;
    let mut parts = head.split_ascii_whitespace();
    let (day, time, thread, place) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let level = match day.as_bytes().first()? {
        b'I' => "info",
        b'W' => "warn",
        b'E' => "error",
        b'F' => "fatal",
        _ => return None,
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_day = day.len() == 5 && is_number(day.get(1..)?);
    if !is_day || !is_number(thread) || !place.contains(':') || parts.next().is_some() {
        return None;
    }
    let (message, rest) = if said.starts_with('"') { logfmt_value(said) } else { (said.to_owned(), "") };
    let named = [("level", level), ("time", time), ("msg", &message)];
    let mut fields: Vec<_> = named.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    fields.extend(pairs(rest.trim_start()).unwrap_or_default());
    fields.push(("at".to_owned(), place.to_owned()));
    Some(fields)
}

/// `key=value key="two words"`; a line counts when it begins with a pair and at least two words are pairs.
fn logfmt(line: &str) -> Option<Vec<(String, String)>> {
    pairs(line).filter(|pairs| 2 <= pairs.len())
}

fn pairs(line: &str) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        let end = rest.find([' ', '=']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-@/".contains(&b));
        let Some(after) = after.strip_prefix('=') else {
            if pairs.is_empty() {
                return None;
            }
            rest = after.trim_start();
            continue;
        };
        if !is_name && pairs.is_empty() {
            return None;
        }
        let (value, left) = logfmt_value(after);
        pairs.push((name.to_owned(), value));
        rest = left.trim_start();
    }
    Some(pairs)
}

fn logfmt_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(' ').unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut out = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (out, &quoted[at + 1..]),
            '\\' => match chars.next() {
                Some((_, 'n')) => out.push('\n'),
                Some((_, 't')) => out.push('\t'),
                Some((_, other)) => out.push(other),
                None => {}
            },
            _ => out.push(c),
        }
    }
    (out, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_request_is_known_by_a_field_or_by_what_stands_in_the_text() {
        let of = |line: &str| request_of(line.as_bytes());
        for (line, wanted) in [
            (r#"{"msg":"a","trace_id":"4f3a"}"#, Some("4f3a")),
            ("I1125 20:38:58.790197 1 a.go:61] syncing item 7 request_id=00-ab", Some("00-ab")),
            ("WARN cannot reach http://api/7 traceId: \"4f3a\" again", Some("4f3a")),
            ("a stack trace: main.go:7", None),
            ("worker 7 is done", None),
            ("request_id=", None),
        ] {
            assert_eq!(of(line).as_deref(), wanted, "{line}");
        }
    }

    #[test]
    fn json_is_taken_apart() {
        let line = br#"{"ts":"2026-11-20T10:42:07Z","level":50,"msg":"no stock","trace_id":"ab12","order":{"id":7}}"#;
        let record = parse(line).unwrap();
        assert_eq!(record.level, Level::Error);
        assert_eq!(record.message.as_deref(), Some("no stock"));
        assert_eq!(record.trace, Some(("trace_id".to_owned(), "ab12".to_owned())));
        assert!(record.fields.contains(&("order".to_owned(), r#"{"id":7}"#.to_owned())));
    }

    #[test]
    fn logfmt_is_taken_apart_and_prose_is_not() {
        let record = parse(br#"level=warn msg="slow \"query\"" dur=3s"#).unwrap();
        assert_eq!((record.level, record.message.as_deref()), (Level::Warn, Some("slow \"query\"")));
        assert_eq!(record.fields, [("dur".to_owned(), "3s".to_owned())]);
        assert_eq!(parse(b"the answer is x=42 as always"), None);
        assert_eq!(parse(b"x=42"), None);
        assert_eq!(parse(b"{not json"), None);
    }

    #[test]
    fn klog_is_taken_apart_with_what_stands_behind_its_message() {
        let line =
            br#"W1125 20:38:58.790197       1 controller.go:615] "Slow \"sync\"" duration="3.1 ms" pod="shop/web""#;
        let record = parse(line).unwrap();
        assert_eq!((record.level, record.message.as_deref()), (Level::Warn, Some("Slow \"sync\"")));
        let fields: Vec<_> = record.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(fields, [("duration", "3.1 ms"), ("pod", "shop/web"), ("at", "controller.go:615")]);
        let prose = parse(b"E0822 10:00:00.000001 12 main.go:9] cannot open a=b: no such file").unwrap();
        assert_eq!(prose.message.as_deref(), Some("cannot open a=b: no such file"));
        assert_eq!(parse(b"Invoice 1 of 2 at 10:00] paid"), None);
        assert_eq!(parse(b"E12 10:00 1 a:1] paid"), None);
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in any::<String>()) {
            let _ = parse(line.as_bytes());
        }
    }
}
