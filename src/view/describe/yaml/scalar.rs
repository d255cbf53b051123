//! Strings in YAML: plain where every parser reads a string, quoted where one of them would read something else.

use std::fmt::Write;

/// Words that YAML 1.1 reads as true, false or null.
const WORDS: [&str; 15] =
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "~", ".nan", ".inf", "-.inf", "+.inf", "<<"];

/// A key.
pub fn key(text: &str) -> String {
    line(text)
}

/// A string on one line.
pub fn line(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let is_simple = !text.chars().any(|c| c.is_control() || is_odd(c));
    if is_simple { format!("'{}'", text.replace('\'', "''")) } else { quoted(text) }
}

/// A string of several lines as a literal block: its head and its rows; `None` where a block would not keep it.
pub fn block(text: &str) -> Option<(&'static str, Vec<&str>)> {
    let body = text.trim_end_matches('\n');
    let ends = text.len() - body.len();
    let is_odd = |c: char| c != '\n' && c != '\t' && (c.is_control() || is_odd(c));
    let starts_badly = body.starts_with([' ', '\t', '\n']) || body.is_empty();
    if !text.contains('\n') || starts_badly || text.chars().any(is_odd) {
        return None;
    }
    let mut rows: Vec<&str> = body.split('\n').collect();
    if rows.iter().any(|row| !row.is_empty() && row.trim().is_empty()) {
        return None;
    }
    let head = match ends {
        0 => "|-",
        1 => "|",
        _ => "|+",
    };
    rows.extend(std::iter::repeat_n("", ends.saturating_sub(1)));
    Some((head, rows))
}

/// Characters that parsers treat as line breaks, or that cannot be seen.
fn is_odd(c: char) -> bool {
    matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{a0}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{fffe}' | '\u{ffff}')
}

fn is_plain(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return false };
    let second = text[first.len_utf8()..].chars().next();
    let starts_well = match first {
        '-' => second.is_some_and(|c| c != ' ') && !text.starts_with("---"),
        '?' | ':' | ',' | '[' | ']' | '{' | '}' | '#' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`'
        | '=' | ' ' => false,
        _ => true,
    };
    starts_well
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.starts_with("...")
        && !text.chars().any(|c| c.is_control() || is_odd(c))
        && !WORDS.contains(&text.to_lowercase().as_str())
        && !is_number(text)
        && !is_time(text)
}

/// Whether some YAML parser reads a number: decimal, octal, hex, binary, float, or base 60 of YAML 1.1.
fn is_number(text: &str) -> bool {
    let body = text.strip_prefix(['-', '+']).unwrap_or(text);
    if let Some(fraction) = body.strip_prefix('.') {
        return fraction.starts_with(|c: char| c.is_ascii_digit());
    }
    if !body.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let digits = |rest: &str, radix: u32| rest.chars().all(|c| c.is_digit(radix) || c == '_');
    let prefixed = [("0x", 16), ("0X", 16), ("0o", 8), ("0O", 8), ("0b", 2), ("0B", 2)];
    if let Some((rest, radix)) = prefixed.iter().find_map(|(prefix, radix)| Some((body.strip_prefix(prefix)?, *radix)))
    {
        return digits(rest, radix);
    }
    let (mantissa, exponent) = body.split_once(['e', 'E']).unwrap_or((body, "0"));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_float = digits(whole, 10) && digits(fraction, 10) && digits(exponent, 10);
    is_float || (body.contains(':') && body.split(':').all(|part| digits(&part.replace('.', ""), 10)))
}

/// Whether it begins as a date of YAML 1.1 does.
fn is_time(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let number = |part: Option<&str>, fewest: usize, most: usize| {
        part.is_some_and(|p| (fewest..=most).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))
    };
    let year = number(parts.next(), 4, 4);
    let month = number(parts.next(), 1, 2);
    year && month && parts.next().is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

/// Double quotes with JSON's escapes, which YAML knows too.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || is_odd(c) => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
