//! Reads the text of a printer column's path.

use crate::kinds::custom::path::{Filter, Operand, Operator, Path, Slice, Step};
use serde_json::Value;

/// A path longer than this, or nested deeper, is nobody's.
const LONGEST: usize = 4096;
const DEEPEST: usize = 16;

/// Understands a path such as `.status.conditions[?(@.type=="Ready")].status`; `None` where it cannot.
pub fn parse(text: &str) -> Option<Path> {
    (text.len() <= LONGEST).then(|| path(text.trim(), 0)).flatten()
}

fn path(text: &str, depth: usize) -> Option<Path> {
    if DEEPEST < depth {
        return None;
    }
    let mut rest = text.strip_prefix(['$', '@']).unwrap_or(text);
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("..") {
            steps.push(Step::Deep);
            rest = after;
            if !rest.starts_with(['[', '.']) && !rest.is_empty() {
                rest = field(rest, &mut steps);
            }
        } else if let Some(after) = rest.strip_prefix('[') {
            let end = closing(after)?;
            steps.push(bracket(after[..end].trim(), depth)?);
            rest = &after[end + 1..];
        } else if let Some(after) = rest.strip_prefix('.') {
            rest = if after.starts_with('[') { after } else { field(after, &mut steps) };
        } else if steps.is_empty() {
            rest = field(rest, &mut steps);
        } else {
            return None;
        }
    }
    Some(Path(steps))
}

/// Takes one name from the front; a backslash makes the next letter part of it.
fn field<'a>(text: &'a str, steps: &mut Vec<Step>) -> &'a str {
    let mut name = String::new();
    let mut letters = text.char_indices();
    let mut end = text.len();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => name.extend(letters.next().map(|(_, escaped)| escaped)),
            '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}' | ' ' => {
                end = at;
                break;
            }
            _ => name.push(letter),
        }
    }
    // A terminator that begins no other step would never be taken.
    if end == 0 && !text.starts_with(['.', '[']) {
        end = text.chars().next().map_or(0, char::len_utf8);
    }
    match name.as_str() {
        "" => {}
        "*" => steps.push(Step::All),
        _ => steps.push(Step::Field(name)),
    }
    &text[end..]
}

/// Where the bracket closes, quotes and inner brackets left aside.
fn closing(text: &str) -> Option<usize> {
    let (mut open, mut quote) = (0_usize, None);
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        match (quote, letter) {
            (_, '\\') => {
                letters.next();
            }
            (Some(q), _) if q == letter => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, '[' | '(') => open += 1,
            (None, ']') if open == 0 => return Some(at),
            (None, ']' | ')') => open = open.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn bracket(inside: &str, depth: usize) -> Option<Step> {
    if let Some(condition) = inside.strip_prefix("?(").and_then(|c| c.strip_suffix(')')) {
        return Some(Step::Filter(Box::new(filter(condition, depth)?)));
    }
    let parts = split(inside, ',');
    if 1 < parts.len() {
        let paths: Option<Vec<Path>> = parts.iter().map(|p| Some(Path(vec![bracket(p.trim(), depth + 1)?]))).collect();
        return Some(Step::Union(paths?));
    }
    if inside == "*" {
        return Some(Step::All);
    }
    if let Some(name) = quoted(inside) {
        return Some(Step::Field(name));
    }
    if let Some(slice) = slice(inside) {
        return Some(Step::Slice(slice));
    }
    let steps = path(inside, depth + 1)?;
    Some(Step::Union(vec![steps]))
}

fn slice(text: &str) -> Option<Slice> {
    if let Ok(index) = text.parse::<i64>() {
        let until = Some(index.checked_add(1)?);
        return Some(Slice { from: Some(index), until, step: None, is_single: true });
    }
    let parts: Vec<&str> = text.split(':').map(str::trim).collect();
    let number = |at: usize| match parts.get(at) {
        None | Some(&"") => Some(None),
        Some(part) => part.parse().ok().map(Some),
    };
    let count = 2..=3;
    let slice = Slice { from: number(0)?, until: number(1)?, step: number(2)?, is_single: false };
    count.contains(&parts.len()).then_some(slice)
}

fn filter(text: &str, depth: usize) -> Option<Filter> {
    let Some((at, length, operator)) = operator(text) else {
        return Some(Filter { left: operand(text.trim(), depth)?, rest: None });
    };
    let (left, right) = (text[..at].trim(), text[at + length..].trim());
    Some(Filter { left: operand(left, depth)?, rest: Some((operator, operand(right, depth)?)) })
}

/// The first comparison outside of quotes.
fn operator(text: &str) -> Option<(usize, usize, Operator)> {
    let mut quote = None;
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(q), _) if q == letter => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, '=' | '!' | '<' | '>') => {
                let known = [
                    ("==", Operator::Equal),
                    ("!=", Operator::Unequal),
                    ("<=", Operator::LessOrEqual),
                    (">=", Operator::GreaterOrEqual),
                    ("<", Operator::Less),
                    (">", Operator::Greater),
                ];
                let found = known.into_iter().find(|(sign, _)| text[at..].starts_with(sign))?;
                return Some((at, found.0.len(), found.1));
            }
            _ => {}
        }
    }
    None
}

fn operand(text: &str, depth: usize) -> Option<Operand> {
    if let Some(text) = quoted(text) {
        return Some(Operand::Literal(Value::String(text)));
    }
    if text.starts_with(['@', '$', '.']) {
        return path(text, depth + 1).map(Operand::Path);
    }
    match serde_json::from_str::<Value>(text) {
        Ok(literal @ (Value::Number(_) | Value::Bool(_))) => Some(Operand::Literal(literal)),
        _ => path(text, depth + 1).map(Operand::Path),
    }
}

fn quoted(text: &str) -> Option<String> {
    let quote = text.chars().next().filter(|c| *c == '\'' || *c == '"')?;
    let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
    Some(inside.replace(&format!("\\{quote}"), &quote.to_string()))
}

fn split(text: &str, separator: char) -> Vec<&str> {
    let (mut parts, mut from, mut quote) = (Vec::new(), 0, None);
    for (at, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(q), _) if q == letter => quote = None,
            (None, '\'' | '"') => quote = Some(letter),
            (None, _) if letter == separator => {
                parts.push(&text[from..at]);
                from = at + separator.len_utf8();
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}
