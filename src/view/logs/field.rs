//! A field with its value, looked for in a line without taking the line apart where a look at its bytes says no, or yes.

mod scan;

use self::scan::Places;
use crate::view::logs::structure;
use memchr::memmem::Finder;
use memchr::{memchr, memchr2};
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use std::fmt;

/// `status=500`: a field, nested ones by their dotted name, and what it must say.
#[derive(Clone, Debug)]
pub struct Field {
    name: String,
    value: String,
    /// The last part of the name: a line that has the field has this.
    part: Finder<'static>,
    /// The value, where a line that has it says it in these bytes.
    verbatim: Option<Finder<'static>>,
    /// The name as programs write it in an object; none of a name with dots, which may mean a nested field.
    key: Option<Finder<'static>>,
}

impl Field {
    /// A field that must have this value.
    pub fn new(name: &str, value: &str) -> Self {
        let part = name.rsplit('.').next().unwrap_or(name).as_bytes();
        Self {
            name: name.to_owned(),
            value: value.to_owned(),
            part: Finder::new(part).into_owned(),
            verbatim: is_verbatim(value).then(|| Finder::new(value.as_bytes()).into_owned()),
            key: (!name.contains('.')).then(|| Finder::new(format!("\"{name}\":").as_bytes()).into_owned()),
        }
    }

    /// Whether a line has the field with this value.
    pub fn holds(&self, line: &[u8]) -> bool {
        let line = line.trim_ascii();
        // What klog says in a letter and by its place has no name in the line.
        let is_named = !matches!(line, [b'I' | b'W' | b'E' | b'F', b'0'..=b'9', ..]);
        if is_named && !self.may_hold(line) {
            return false;
        }
        if line.first() == Some(&b'{') {
            if let Some(raw) = self.key.as_ref().and_then(|key| flat(line, key)) {
                return self.is_value(raw);
            }
            let first = self.name.split_once('.').map(|(first, _)| first.as_bytes());
            return match scan::find(line, self.name.as_bytes(), first) {
                Some(Places { whole: Some(raw), .. }) => self.is_value(raw),
                Some(Places { whole: None, first: None }) => false,
                _ => json(line, &self.name).is_some_and(|value| structure::text(&value) == self.value),
            };
        }
        structure::words(line).is_some_and(|pairs| {
            pairs.iter().find(|(name, _)| *name == self.name).is_some_and(|(_, value)| *value == self.value)
        })
    }

    /// Whether this is how the value is written in JSON.
    fn is_value(&self, raw: &[u8]) -> bool {
        let wanted = self.value.as_bytes();
        match raw {
            [b'"', text @ .., b'"'] if text.is_ascii() && memchr(b'\\', text).is_none() => text == wanted,
            b"true" | b"false" | b"null" => raw == wanted,
            // Of a whole number that is not too large there is one way to write it.
            [b'1'..=b'9', ..] | b"0" if raw.len() < 19 && raw.iter().all(u8::is_ascii_digit) => raw == wanted,
            _ => serde_json::from_slice(raw).is_ok_and(|value: Value| structure::text(&value) == self.value),
        }
    }

    /// A backslash may hide anything: such a line is taken apart.
    fn may_hold(&self, line: &[u8]) -> bool {
        let has = |finder: &Finder| finder.find(line).is_some();
        let is_likely = match &self.verbatim {
            // To look an object over costs little more than to look for its name as well.
            Some(value) if line.first() == Some(&b'{') => has(value),
            Some(value) => has(value) && has(&self.part),
            None => has(&self.part),
        };
        is_likely || memchr(b'\\', line).is_some()
    }
}

/// The value of a field of an object of one level in which no quote is hidden: most lines of logs are such. What stands
/// beside it is not looked at: of a line that is broken elsewhere the field is found all the same.
fn flat<'a>(line: &'a [u8], key: &Finder) -> Option<&'a [u8]> {
    let inside = line.strip_suffix(b"}")?.get(1..)?;
    let from = key.find(inside)? + key.needle().len();
    let rest = &inside[from..];
    let is_plain = memchr2(b'\\', b'{', inside).is_none() && key.find(rest).is_none();
    let end = match rest.first().filter(|_| is_plain)? {
        b'"' => 2 + memchr(b'"', &rest[1..])?,
        b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => memchr(b',', rest).unwrap_or(rest.len()),
        _ => return None,
    };
    Some(&rest[..end])
}

/// Whether a value can stand in a line in one way only. Numbers with a point or an exponent, lists and objects can be written
/// in many.
fn is_verbatim(value: &str) -> bool {
    let is_plain = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-/:".contains(&byte));
    let is_real = value.parse::<f64>().is_ok() && !value.bytes().all(|byte| byte.is_ascii_digit());
    is_plain && !is_real && !value.is_empty()
}

/// The value of a field of a JSON object; of those beside it nothing is kept.
fn json(line: &[u8], name: &str) -> Option<Value> {
    let mut reader = serde_json::Deserializer::from_slice(line);
    let (whole, first) = Seek(name).deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    match (whole, first, name.split_once('.')) {
        (Some(raw), ..) => serde_json::from_str(raw.get()).ok(),
        (None, Some(raw), Some((_, rest))) => nested(&serde_json::from_str(raw.get()).ok()?, rest),
        _ => None,
    }
}

fn nested(value: &Value, name: &str) -> Option<Value> {
    name.split('.').try_fold(value, |value, part| value.get(part)).cloned()
}

/// Looks in an object for a field by its whole name and by its first part.
struct Seek<'a>(&'a str);

/// What a key of an object is.
enum Key {
    Whole,
    First,
    Other,
}

type Found<'de> = (Option<&'de RawValue>, Option<&'de RawValue>);

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = Found<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = Found<'de>;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut whole, mut first) = (None, None);
        while let Some(key) = map.next_key_seed(KeyOf(self.0))? {
            match key {
                Key::Whole => whole = Some(map.next_value()?),
                Key::First => first = Some(map.next_value()?),
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok((whole, first))
    }
}

/// Tells what a key is, without keeping it.
struct KeyOf<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for KeyOf<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyOf<'_> {
    type Value = Key;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("a name")
    }

    fn visit_str<E>(self, key: &str) -> Result<Key, E> {
        let is_first = || self.0.split_once('.').is_some_and(|(first, _)| first == key);
        Ok(match key == self.0 {
            true => Key::Whole,
            false if is_first() => Key::First,
            false => Key::Other,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn holds(line: &str, name: &str, value: &str) -> bool {
        Field::new(name, value).holds(line.as_bytes())
    }

    #[test]
    fn a_field_is_found_however_its_value_is_written() {
        for (line, name, value, is_there) in [
            (r#"{"a":1,"status":500}"#, "status", "500", true),
            (r#"{"status":"500"}"#, "status", "500", true),
            (r#"{"status":5e2}"#, "status", "500.0", true),
            (r#"{"status":200,"n":500}"#, "status", "500", false),
            (r#"{"msg":"status is 500"}"#, "status", "500", false),
            (r#"{"st\u0061tus":"\u0035\u0030\u0030"}"#, "status", "500", true),
            (r#"{"user":{"id":"7","of":{"x":true}}}"#, "user.of.x", "true", true),
            (r#"{"user.id":"7","user":{"id":"8"}}"#, "user.id", "7", true),
            (r#"{"user":{"id":"7"},"user":{"id":"8"}}"#, "user.id", "8", true),
            (r#"{"a":{"b":{"c":7}},"a.b":{"c":8}}"#, "a.b.c", "7", true),
            (r#"{"status":200,"status":500}"#, "status", "500", true),
            (r#"{"status":200,"status":500}"#, "status", "200", false),
            (r#" { "status" : 500 , "tags" : [ { } , [ ] , -0.5e+3 ] } "#, "status", "500", true),
            (r#"{"status":0500}"#, "status", "0500", false),
            (r#"{"status":-0}"#, "status", "-0.0", true),
            (r#"{"status":500,}"#, "status", "500", true),
            (r#"{"status":500,"list":[1,2}"#, "status", "500", true),
            (r#"{"status":500,"list":[1,{"a":2}}"#, "status", "500", false),
            (r#"{"status":500 }"#, "status", "500", true),
            (r#"{"status":500 0}"#, "status", "500", false),
            (r#"{"status":50,"a":[0]}"#, "status", "500", false),
            (r#"{"status":500,"odd":"\x"}"#, "status", "500", false),
            (r#"{"msg":"\ud83d","status":500}"#, "status", "500", true),
            ("{\"msg\":\"größer\",\"status\":500}", "status", "500", true),
            ("{\"größe\":\"x\",\"status\":500}", "status", "500", true),
            ("{\"msg\":\"a\tb\",\"status\":500}", "status", "500", true),
            ("{\"msg\":{\"a\":\"a\tb\"},\"status\":500}", "status", "500", false),
            (r#"{"status":500"#, "status", "500", false),
            (r#"{"status":500} and more"#, "status", "500", false),
            (r#"{"tags":["a", "b"]}"#, "tags", r#"["a","b"]"#, true),
            ("level=info path=/cart", "path", "/cart", true),
            (r#"level=info path="a \"b\"""#, "path", r#"a "b""#, true),
            ("level=info path=/cart", "path", "/car", false),
            (r#"E1125 20:38:58.790197       1 controller.go:615] "Slow" pod="shop/web""#, "level", "error", true),
            (
                r#"E1125 20:38:58.790197       1 controller.go:615] "Slow" pod="shop/web""#,
                "at",
                "controller.go:615",
                true,
            ),
        ] {
            assert_eq!(holds(line, name, value), is_there, "{name}={value} in {line}");
        }
    }

    /// JSON objects as programs write them, with and without spaces.
    fn objects() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            (-1e30..1e30).prop_map(Value::from),
            "[a-d ü\"\\\\\n\u{1}/]{0,20}".prop_map(Value::from),
        ];
        let value = leaf.prop_recursive(3, 24, 4, |inner| {
            let pairs = prop::collection::vec(("[ab](\\.[ab])?", inner.clone()), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(Value::from),
                pairs.prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        });
        let written = (value, any::<bool>()).prop_map(
            |(value, is_wide)| {
                if is_wide { format!("{value:#}") } else { value.to_string() }
            },
        );
        let pairs = prop::collection::vec(("[ab](\\.[ab]){0,2}", written), 0..6);
        pairs.prop_map(|pairs| {
            let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
            format!("{{{}}}", pairs.join(","))
        })
    }

    proptest! {
        /// The referee takes every line apart.
        #[test]
        fn a_short_look_says_what_taking_apart_says(
            pairs in prop::collection::vec(("[ab]\\.?[ab]?", "[0-9e.]{0,4}|[a-c\\\\\" ]{0,3}|true|null"), 0..5),
            quoted: bool,
            name in "[ab]\\.?[ab]?",
            value in "[0-9e.]{0,3}|[a-c]{0,2}|true|null",
        ) {
            let write = |(name, value): &(String, String)| {
                let is_json = !quoted && serde_json::from_str::<Value>(value).is_ok();
                format!("{name:?}:{}", if is_json { value.clone() } else { format!("{value:?}") })
            };
            let line = format!("{{{}}}", pairs.iter().map(write).collect::<Vec<_>>().join(","));
            let whole = structure::value(line.as_bytes());
            let found = whole.as_ref().and_then(|whole| whole.get(&name).cloned().or_else(|| nested(whole, &name)));
            prop_assert_eq!(holds(&line, &name, &value), found.is_some_and(|found| structure::text(&found) == value), "{}", line);
        }

        /// The referee takes every line apart, of which some bytes may be wrong.
        #[test]
        fn what_is_found_by_a_look_is_what_a_reader_finds(
            line in objects(),
            faults in prop::collection::vec((any::<prop::sample::Index>(), "[\"\\\\{}\\[\\]:,0-9eE.+ \u{1}ntü-]"), 0..2),
            name in "[ab](\\.[ab]){0,2}",
        ) {
            let mut bad = line.clone().into_bytes();
            for (place, byte) in &faults {
                let at = place.index(bad.len());
                bad.splice(at..=at, byte.bytes());
            }
            let first = name.split_once('.').map(|(first, _)| first.as_bytes());
            let found = scan::find(&bad, name.as_bytes(), first);
            prop_assert!(found.is_some() || !faults.is_empty(), "{} is plain", line);
            if let Some(found) = found {
                let mut reader = serde_json::Deserializer::from_slice(&bad);
                let read = Seek(&name).deserialize(&mut reader).ok().filter(|_| reader.end().is_ok());
                let text = String::from_utf8_lossy(&bad);
                prop_assert!(read.is_some(), "{} is no object", text);
                let (whole, first) = read.unwrap_or_default();
                let bytes = |raw: Option<&RawValue>| raw.map(|raw| raw.get().as_bytes().to_vec());
                prop_assert_eq!(found.whole.map(<[u8]>::to_vec), bytes(whole), "{}", text);
                prop_assert_eq!(found.first.map(<[u8]>::to_vec), bytes(first), "{}", text);
            }
        }

        #[test]
        fn no_line_makes_it_panic(line in any::<Vec<u8>>(), name in ".{1,4}", value in ".{0,4}") {
            let _ = Field::new(&name, &value).holds(&line);
        }
    }
}
