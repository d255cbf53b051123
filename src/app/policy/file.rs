//! The policy file: text in, rules out, or the first line that is wrong.

use super::{Elevate, Friction, Mode, Rule};
use regex::Regex;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong, and where in the text.
struct Wrong(Range<usize>, String);

type Read<T> = Result<T, Wrong>;
type Entry<'a> = Spanned<DeValue<'a>>;

const MODES: [(&str, Mode); 3] = [("observe", Mode::Observe), ("preview", Mode::Preview), ("operate", Mode::Operate)];
const FRICTIONS: [(&str, Friction); 3] =
    [("y", Friction::Key), ("type-name", Friction::Name), ("type-context", Friction::Context)];

/// The rules of a policy file, or line and words of what is wrong.
pub(super) fn read(text: &str) -> Result<Vec<Rule>, (usize, String)> {
    let line = |at: usize| text.get(..at).unwrap_or(text).matches('\n').count() + 1;
    let rules = rules(text).map_err(|Wrong(at, message)| (line(at.start), message))?;
    Ok(rules.into_iter().map(|(at, rule)| Rule { line: line(at), ..rule }).collect())
}

fn rules(text: &str) -> Read<Vec<(usize, Rule)>> {
    let top =
        DeTable::parse(text).map_err(|error| Wrong(error.span().unwrap_or_default(), error.message().to_owned()))?;
    let mut found = Vec::new();
    for (key, value) in top.into_inner() {
        if key.get_ref() != "policy" {
            return Err(unknown(key.span(), key.get_ref(), &["policy"]));
        }
        let DeValue::Array(items) = value.get_ref() else { return wanted(&value, "a list: [[policy]]") };
        for item in items {
            found.push((item.span().start, rule(item)?));
        }
    }
    Ok(found)
}

fn rule(value: &Entry<'_>) -> Read<Rule> {
    let mut rule = Rule::default();
    let (mut has_match, mut has_mode) = (false, false);
    for (key, value) in table(value)? {
        match key.get_ref().as_ref() {
            "match" => {
                has_match = true;
                matching(value, &mut rule)?;
            }
            "mode" => {
                has_mode = true;
                rule.mode = one_of(value, &MODES)?;
            }
            "elevate" => rule.elevate = Some(elevate(value)?),
            "deny" => rule.deny = strings(value)?,
            "max_bulk" => rule.max_bulk = Some(count(value)?),
            "banner" => rule.banner = Some(string(value)?),
            "read_only_group" if string(value)?.is_empty() => return wanted(value, "a group, such as kplumb-readonly"),
            "read_only_group" => rule.read_only_group = Some(string(value)?),
            "confirm" => rule.confirm = confirm(value)?,
            other => {
                let known = ["match", "mode", "elevate", "deny", "max_bulk", "banner", "read_only_group", "confirm"];
                return Err(unknown(key.span(), other, &known));
            }
        }
    }
    match (has_match, has_mode) {
        (true, true) => Ok(rule),
        (false, _) => wanted(value, "a rule with a match: match = {} is for everything else"),
        (_, false) => wanted(value, "a rule with a mode: observe, preview or operate"),
    }
}

fn matching(value: &Entry<'_>, rule: &mut Rule) -> Read<()> {
    for (key, value) in table(value)? {
        let text = string(value)?;
        let pattern = |text: &str| Regex::new(text).map_err(|error| Wrong(value.span(), error.to_string()));
        match key.get_ref().as_ref() {
            "context" => rule.context = Some(pattern(&text)?),
            "server" => rule.server = Some(pattern(&glob(&text))?),
            "cluster_uid" if text.is_empty() => return wanted(value, "the uid of namespace kube-system"),
            "cluster_uid" => rule.cluster_uid = Some(text),
            other => return Err(unknown(key.span(), other, &["context", "server", "cluster_uid"])),
        }
    }
    Ok(())
}

/// A glob over the whole URL: `*` is anything, `?` one character.
fn glob(text: &str) -> String {
    let mut pattern = String::from("(?is)^");
    for c in text.chars() {
        match c {
            '*' => pattern.push_str(".*"),
            '?' => pattern.push('.'),
            c => pattern.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    pattern.push('$');
    pattern
}

fn elevate(value: &Entry<'_>) -> Read<Elevate> {
    let mut elevate = Elevate { to: Mode::Operate, is_typed: true, ttl_seconds: 600, reason_required: true };
    for (key, value) in table(value)? {
        match key.get_ref().as_ref() {
            "to" => elevate.to = one_of(value, &MODES)?,
            "confirm" => elevate.is_typed = one_of(value, &[("type-context", true), ("y", false)])?,
            "ttl" => elevate.ttl_seconds = ttl(value)?,
            "reason_required" => match value.get_ref() {
                DeValue::Boolean(wanted) => elevate.reason_required = *wanted,
                _ => return wanted(value, "true or false"),
            },
            other => return Err(unknown(key.span(), other, &["to", "confirm", "ttl", "reason_required"])),
        }
    }
    Ok(elevate)
}

fn confirm(value: &Entry<'_>) -> Read<BTreeMap<String, Friction>> {
    table(value)?.iter().map(|(name, how)| Ok((name.get_ref().to_string(), one_of(how, &FRICTIONS)?))).collect()
}

/// `90s`, `10m`, `1h`; a day at most.
fn ttl(value: &Entry<'_>) -> Read<i64> {
    let text = string(value)?;
    let number = |end: char, seconds: i64| Some(text.strip_suffix(end)?.parse::<i64>().ok()?.saturating_mul(seconds));
    let found = number('s', 1).or_else(|| number('m', 60)).or_else(|| number('h', 3600));
    match found.filter(|seconds| (1..=86_400).contains(seconds)) {
        Some(seconds) => Ok(seconds),
        None => wanted(value, "a time such as \"10m\", a day at most"),
    }
}

fn count(value: &Entry<'_>) -> Read<usize> {
    let number = match value.get_ref() {
        DeValue::Integer(number) => usize::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    number.map_or_else(|| wanted(value, "a number"), Ok)
}

fn strings(value: &Entry<'_>) -> Read<Vec<String>> {
    match value.get_ref() {
        DeValue::Array(items) => items.iter().map(string).collect(),
        _ => wanted(value, "a list of texts: [\"delete\"]"),
    }
}

fn string(value: &Entry<'_>) -> Read<String> {
    match value.get_ref() {
        DeValue::String(text) => Ok(text.to_string()),
        _ => wanted(value, "a text in quotes"),
    }
}

fn table<'t, 'a>(value: &'t Entry<'a>) -> Read<&'t DeTable<'a>> {
    match value.get_ref() {
        DeValue::Table(table) => Ok(table),
        _ => wanted(value, "a table"),
    }
}

fn one_of<T: Copy>(value: &Entry<'_>, allowed: &[(&str, T)]) -> Read<T> {
    let text = string(value)?;
    let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
    let found = allowed.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    found.ok_or_else(|| unknown(value.span(), &text, &names))
}

fn wanted<T>(value: &Entry<'_>, what: &str) -> Read<T> {
    Err(Wrong(value.span(), format!("this must be {what}")))
}

fn unknown(at: Range<usize>, given: &str, allowed: &[&str]) -> Wrong {
    Wrong(at, format!("{given:?} is not known here: allowed are {}", allowed.join(", ")))
}
