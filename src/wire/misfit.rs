//! Values of a wrong type: which field of an object holds one, and what the API wants there instead. The reader tells only
//! how far it came.

/// What is wrong in a JSON text of one line, beginning with the field: `.spec.replicas: expected a whole number, not the string "2"`.
pub fn why(text: &str, error: &serde_json::Error) -> String {
    let plain = error.to_string();
    let plain = plain.split(" at line ").next().unwrap_or_default();
    if error.line() != 1 || !error.is_data() {
        return plain.to_owned();
    }
    format!("{}: {}", field_at(text, error.column()), words(plain))
}

/// The reader's words in those of people.
fn words(plain: &str) -> String {
    let parts = plain.strip_prefix("invalid type: ").or_else(|| plain.strip_prefix("invalid value: "));
    let Some((found, wanted)) = parts.and_then(|parts| parts.rsplit_once(", expected ")) else {
        return plain.to_owned();
    };
    let wanted = match wanted {
        "i32" | "u32" | "i64" | "u64" | "u16" | "u8" | "usize" => "a whole number",
        "f64" => "a number",
        "a sequence" => "a list",
        wanted if wanted.starts_with("struct ") => "a map",
        wanted => wanted,
    };
    let found = match found {
        "map" => "a map".to_owned(),
        "sequence" => "a list".to_owned(),
        "null" => "null".to_owned(),
        found => format!("the {}", found.replace('`', "")),
    };
    format!("expected {wanted}, not {found}")
}

/// What the walk is in.
enum Inside {
    /// An object, at this key once it was read.
    Object(Option<String>),
    /// A list, at this item.
    List(usize),
}

/// The field that a reader of compact JSON was at when it had read so many bytes: `.spec.ports[0].name`.
pub fn field_at(text: &str, read: usize) -> String {
    let bytes = text.as_bytes();
    let mut inside: Vec<Inside> = Vec::new();
    let mut at = 0;
    while at < bytes.len().min(read) {
        let (start, byte) = (at, bytes[at]);
        at += 1;
        match byte {
            b'"' => {
                at = end_of_string(bytes, at);
                if bytes.get(at) == Some(&b':')
                    && let Some(Inside::Object(key)) = inside.last_mut()
                {
                    *key = text.get(start..at).and_then(|key| serde_json::from_str(key).ok());
                }
            }
            b'{' => inside.push(Inside::Object(None)),
            b'[' => inside.push(Inside::List(0)),
            b',' => {
                if let Some(Inside::List(item)) = inside.last_mut() {
                    *item += 1;
                }
            }
            // The last byte read ends the value that does not fit.
            b'}' | b']' if at < read => drop(inside.pop()),
            _ => {}
        }
    }
    let steps = inside.iter().filter_map(|inside| match inside {
        Inside::Object(key) => key.as_deref().map(step),
        Inside::List(item) => Some(format!("[{item}]")),
    });
    steps.collect()
}

/// The place behind the quote that closes a string.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn step(key: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if !key.is_empty() && key.chars().all(is_plain) { format!(".{key}") } else { format!("['{key}']") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    #[allow(dead_code, reason = "only how it is read matters")]
    struct Odd {
        name: String,
        labels: BTreeMap<String, String>,
        ports: Vec<Port>,
        more: bool,
    }

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    #[allow(dead_code, reason = "only how it is read matters")]
    struct Port {
        name: String,
        number: i32,
    }

    #[test]
    fn the_field_is_named_with_what_it_should_hold() {
        for (text, wanted) in [
            (r#"{"name":1}"#, ".name: expected a string, not the integer 1"),
            (r#"{"name":{"a":1}}"#, ".name: expected a string, not a map"),
            (
                r#"{"x":{"y":[1,{"z":2}]},"ports":[{"name":"a"},{"number":"80"}]}"#,
                r#".ports[1].number: expected a whole number, not the string "80""#,
            ),
            (r#"{"ports":[{"name":"a,[{"},5]}"#, ".ports[1]: expected a map, not the integer 5"),
            (
                r#"{"ports":[{"number":99999999999}]}"#,
                ".ports[0].number: expected a whole number, not the integer 99999999999",
            ),
            (r#"{"labels":{"a.b/c":false}}"#, ".labels['a.b/c']: expected a string, not the boolean false"),
            (r#"{"name":"a\"b","more":"yes"}"#, r#".more: expected a boolean, not the string "yes""#),
            (r#"{"ports":{}}"#, ".ports: expected a list, not a map"),
        ] {
            let error = serde_json::from_str::<Odd>(text).unwrap_err();
            assert_eq!(why(text, &error), wanted, "{text}: {error}");
        }
    }

    #[test]
    fn no_place_makes_it_panic() {
        let text = r#"{"é":["\"",{"a":null}]}"#;
        for read in 0..2 * text.len() {
            let _ = field_at(text, read);
        }
    }
}
