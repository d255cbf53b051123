//! From the text of a filter to its terms; every error says where.

use super::compare::{Comparison, Operator};
use super::{FilterError, Term, Test};
use crate::kinds::{Column, Source};
use regex::{Regex, RegexBuilder};
use std::ops::Range;

/// A filter longer than this is a mistake of the clipboard.
const LONGEST: usize = 2000;

const OPERATORS: [(&str, Operator); 6] = [
    ("<=", Operator::AtMost),
    (">=", Operator::AtLeast),
    ("!=", Operator::Other),
    ("<", Operator::Less),
    (">", Operator::More),
    ("=", Operator::Equal),
];

/// Every term of a filter.
pub fn terms(text: &str, columns: &[Column]) -> Result<Vec<Term>, FilterError> {
    if LONGEST < text.len() {
        return Err(error(0..text.len(), format!("a filter may have {LONGEST} letters")));
    }
    let mut terms = Vec::new();
    let mut labels_follow = false;
    for range in tokens(text) {
        let token = &text[range.clone()];
        match token {
            "-l" => labels_follow = true,
            "-f" => {}
            _ if labels_follow => {
                terms.extend(token.split(',').filter(|part| !part.is_empty()).map(|part| labelled(part, false)));
                labels_follow = false;
            }
            _ => terms.extend(term(token, range, columns)?),
        }
    }
    Ok(terms)
}

fn error(at: Range<usize>, message: String) -> FilterError {
    FilterError { at, message }
}

/// Splits at white space outside quotes and slashes.
fn tokens(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if start.is_none() && !c.is_whitespace() {
            start = Some(at);
        }
        let Some(from) = start else { continue };
        let opens = text[from..at].trim_start_matches('!').is_empty();
        match quote {
            Some(_) if escaped => escaped = false,
            Some('/') if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            None if c == '"' || (c == '/' && opens) => quote = Some(c),
            None if c.is_whitespace() => {
                found.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    found.extend(start.map(|from| from..text.len()));
    found
}

fn term(token: &str, at: Range<usize>, columns: &[Column]) -> Result<Option<Term>, FilterError> {
    let bare = token.trim_start_matches('!');
    let negated = (token.len() - bare.len()) % 2 == 1;
    if bare.is_empty() {
        return Ok(None);
    }
    let at = at.end - bare.len()..at.end;
    if let Some(pattern) = bare.strip_prefix('/') {
        let pattern = pattern.strip_suffix('/').filter(|p| !p.ends_with('\\')).unwrap_or(pattern);
        if pattern.is_empty() {
            return Ok(None);
        }
        return Ok(Some(Term { negated, test: Test::Anywhere(regex(pattern, &at)?) }));
    }
    if let Some(term) = comparison(bare, negated, &at, columns)? {
        return Ok(term);
    }
    if let Some(term) = field(bare, negated, &at, columns)? {
        return Ok(term);
    }
    let word = bare.replace('"', "");
    if word.is_empty() {
        return Ok(None);
    }
    Ok(Some(Term { negated, test: Test::Anywhere(words(&word, &at)?) }))
}

/// `age<2h`; `app=web` names a label when no column is called so. The outer `None` means that the token compares nothing, the
/// inner one that its value is still to be typed.
#[allow(clippy::option_option)]
fn comparison(
    bare: &str,
    negated: bool,
    at: &Range<usize>,
    columns: &[Column],
) -> Result<Option<Option<Term>>, FilterError> {
    let Some(split) = bare.find(['<', '>', '=']).filter(|split| !bare[..*split].contains(['"', ':', '/'])) else {
        return Ok(None);
    };
    let split = if bare[..split].ends_with('!') { split - 1 } else { split };
    let (name, rest) = bare.split_at(split);
    let Some((sign, operator)) = OPERATORS.iter().find(|(sign, _)| rest.starts_with(sign)) else { return Ok(None) };
    if name.is_empty() {
        return Ok(None);
    }
    let value = rest[sign.len()..].replace('"', "");
    let value = value.strip_prefix('=').unwrap_or(&value);
    let source = column(name, columns);
    let is_equality = matches!(operator, Operator::Equal | Operator::Other);
    let Some(source) = source else {
        if is_equality {
            let mut term = labelled(&format!("{name}={value}"), negated);
            term.negated = negated != (*operator == Operator::Other);
            return Ok(Some(Some(term)));
        }
        let names: Vec<String> = columns.iter().map(|c| c.name.to_lowercase()).collect();
        let end = at.start + name.len();
        return Err(error(at.start..end, format!("no column is called {name}: there are {}", names.join(", "))));
    };
    if value.is_empty() {
        return Ok(Some(None));
    }
    let comparison = Comparison::new(*operator, value);
    if source == Source::Age && comparison.micros.is_none() && comparison.nanos.is_none() {
        let from = at.start + split + sign.len();
        return Err(error(from..at.end, format!("{value:?} is no duration: write 90s, 15m, 2h or 3d")));
    }
    Ok(Some(Some(Term { negated, test: Test::Compare { source, comparison } })))
}

/// `ns:`, `label:` and any column; the outer `None` means that the token names no field.
#[allow(clippy::option_option)]
fn field(
    bare: &str,
    negated: bool,
    at: &Range<usize>,
    columns: &[Column],
) -> Result<Option<Option<Term>>, FilterError> {
    let Some((name, value)) = bare.split_once(':').filter(|(name, _)| !name.contains('"')) else { return Ok(None) };
    let inner = value.trim_start_matches('!');
    let negated = negated != ((value.len() - inner.len()) % 2 == 1);
    let value = inner.replace('"', "");
    let known = column(name, columns);
    let lower = name.to_lowercase();
    let named = matches!(lower.as_str(), "ns" | "namespace" | "label" | "l" | "reason");
    if !named && known.is_none() && lower != "status" {
        return Ok(None);
    }
    if value.is_empty() {
        return Ok(Some(None));
    }
    let test = match lower.as_str() {
        "ns" | "namespace" => Test::Namespace(names(&value, at)?),
        "label" | "l" => return Ok(Some(Some(labelled(&value, negated)))),
        "reason" if known.is_none() => Test::Reason(any_of(&value, at)?),
        "status" => {
            Test::Column { source: known.unwrap_or(Source::Cell(u8::MAX)), text: any_of(&value, at)?, states: true }
        }
        _ => Test::Column { source: known.unwrap_or(Source::Name), text: any_of(&value, at)?, states: false },
    };
    Ok(Some(Some(Term { negated, test })))
}

fn labelled(text: &str, negated: bool) -> Term {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key, Some(value.trim_start_matches('=').to_owned())),
        None => (text, None),
    };
    let inverted = key.ends_with('!');
    let key = key.trim_end_matches('!').to_owned();
    Term { negated: negated != inverted, test: Test::Label { key, value } }
}

/// The column called so: letters in any case, `-` and `_` for spaces.
fn column(name: &str, columns: &[Column]) -> Option<Source> {
    let plain = |text: &str| text.to_lowercase().replace([' ', '_'], "-");
    let wanted = plain(name);
    columns.iter().find(|column| plain(&column.name) == wanted).map(|column| column.source)
}

fn regex(pattern: &str, at: &Range<usize>) -> Result<Regex, FilterError> {
    let has_upper = pattern.chars().any(char::is_uppercase);
    build(pattern, !has_upper).map_err(|why| {
        let why = why.lines().last().unwrap_or("").trim_start_matches("error: ").to_owned();
        error(at.clone(), format!("the regular expression cannot be read: {why}"))
    })
}

fn words(text: &str, at: &Range<usize>) -> Result<Regex, FilterError> {
    build(&regex::escape(text), true).map_err(|why| error(at.clone(), why))
}

/// One of several texts, anywhere in the value.
fn any_of(text: &str, at: &Range<usize>) -> Result<Regex, FilterError> {
    let parts: Vec<String> = text.split(',').filter(|part| !part.is_empty()).map(regex::escape).collect();
    build(&parts.join("|"), true).map_err(|why| error(at.clone(), why))
}

/// One of several names, whole; `*` stands for anything.
fn names(text: &str, at: &Range<usize>) -> Result<Regex, FilterError> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    let parts: Vec<String> = parts.map(|part| regex::escape(part).replace("\\*", ".*")).collect();
    build(&format!("^(?:{})$", parts.join("|")), true).map_err(|why| error(at.clone(), why))
}

fn build(pattern: &str, any_case: bool) -> Result<Regex, String> {
    let mut builder = RegexBuilder::new(pattern);
    builder.case_insensitive(any_case).multi_line(true).size_limit(1 << 20).dfa_size_limit(1 << 20);
    builder.build().map_err(|e| e.to_string())
}
