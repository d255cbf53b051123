//! The configuration file: text in, settings out. An unknown key or value is an error that names file, line and what is allowed.

mod default;
mod k9s;

pub use self::default::default_toml;
pub use self::k9s::import_k9s;

use crate::app::command::COMMANDS;
use crate::app::keymap::Chord;
use crate::app::settings::{Clipboard, Color, Settings};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// What is wrong with a configuration file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct ConfigError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

/// Every key of the top level.
const KEYS: [&str; 15] = [
    "theme",
    "color",
    "mouse",
    "clipboard",
    "secrets",
    "live-dns",
    "debug-image",
    "log",
    "log-memory",
    "log-disk",
    "context",
    "namespaces",
    "aliases",
    "keys",
    "columns",
];

/// Where in the text something is wrong.
struct Wrong {
    at: Range<usize>,
    message: String,
}

type Read<T> = Result<T, Wrong>;
type Entry<'a> = Spanned<DeValue<'a>>;

/// Reads a configuration; `file` is named in errors.
pub fn parse(text: &str, file: &str) -> Result<Settings, ConfigError> {
    read(text).map_err(|wrong| {
        let line = text.get(..wrong.at.start).unwrap_or(text).matches('\n').count() + 1;
        ConfigError { file: file.to_owned(), line, message: wrong.message }
    })
}

fn read(text: &str) -> Read<Settings> {
    let table = DeTable::parse(text)
        .map_err(|error| Wrong { at: error.span().unwrap_or_default(), message: error.message().to_owned() })?;
    let mut settings = Settings::default();
    for (key, value) in table.into_inner() {
        let at = key.span();
        match key.get_ref().as_ref() {
            "theme" => settings.theme = non_empty(&value)?,
            "color" => {
                settings.color =
                    one_of(&value, &[("auto", Color::Auto), ("always", Color::Always), ("never", Color::Never)])?;
            }
            "mouse" => settings.mouse = boolean(&value)?,
            "clipboard" => settings.clipboard = one_of(&value, CLIPBOARDS)?,
            "secrets" => settings.no_secrets = one_of(&value, &[("tls", false), ("never", true)])?,
            "live-dns" => settings.live_dns = boolean(&value)?,
            "debug-image" => settings.debug_image = non_empty(&value)?,
            "log" => settings.log = non_empty(&value)?,
            "log-memory" => settings.log_bytes = mebibytes(&value, 4, 4096)? << 20,
            "log-disk" => settings.log_disk = (mebibytes(&value, 0, 65_536)? as u64) << 20,
            "context" => settings.context = non_empty(&value)?,
            "namespaces" => settings.favourites = namespaces(&value)?,
            "aliases" => settings.aliases = aliases(&value)?,
            "keys" => settings.keys = keys(&value)?,
            "columns" => settings.hidden_columns = columns(&value)?,
            other => return Err(unknown(at, "key", other, &KEYS)),
        }
    }
    Ok(settings)
}

const CLIPBOARDS: &[(&str, Clipboard)] = &[
    ("auto", Clipboard::Auto),
    ("system", Clipboard::System),
    ("osc52", Clipboard::Osc52),
    ("command", Clipboard::Command),
];

fn unknown(at: Range<usize>, what: &str, given: &str, allowed: &[&str]) -> Wrong {
    Wrong { at, message: format!("there is no {what} {given:?}: allowed are {}", allowed.join(", ")) }
}

fn wanted<T>(value: &Entry<'_>, what: &str) -> Read<T> {
    Err(Wrong { at: value.span(), message: format!("this must be {what}") })
}

/// Empty text means that nothing is set.
fn non_empty(value: &Entry<'_>) -> Read<Option<String>> {
    Ok(Some(string(value)?).filter(|text| !text.is_empty()))
}

fn string(value: &Entry<'_>) -> Read<String> {
    match value.get_ref() {
        DeValue::String(text) => Ok(text.to_string()),
        _ => wanted(value, "a text in quotes"),
    }
}

/// A screen always has its lines from 4 MiB in memory on.
fn mebibytes(value: &Entry<'_>, least: usize, most: usize) -> Read<usize> {
    let number = match value.get_ref() {
        DeValue::Integer(number) => usize::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    };
    match number.filter(|number| (least..=most).contains(number)) {
        Some(number) => Ok(number),
        None => wanted(value, &format!("a number of MiB from {least} to {most}")),
    }
}

fn boolean(value: &Entry<'_>) -> Read<bool> {
    match value.get_ref() {
        DeValue::Boolean(value) => Ok(*value),
        _ => wanted(value, "true or false"),
    }
}

fn one_of<T: Copy>(value: &Entry<'_>, allowed: &[(&str, T)]) -> Read<T> {
    let text = string(value)?;
    let found = allowed.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    let names: Vec<&str> = allowed.iter().map(|(name, _)| *name).collect();
    found.ok_or_else(|| unknown(value.span(), "value", &text, &names))
}

fn strings(value: &Entry<'_>) -> Read<Vec<(String, Range<usize>)>> {
    match value.get_ref() {
        DeValue::Array(items) => items.iter().map(|item| Ok((string(item)?, item.span()))).collect(),
        DeValue::String(text) => Ok(vec![(text.to_string(), value.span())]),
        _ => wanted(value, "a list of texts: [\"one\", \"two\"]"),
    }
}

fn table<'t, 'a>(value: &'t Entry<'a>) -> Read<&'t DeTable<'a>> {
    match value.get_ref() {
        DeValue::Table(table) => Ok(table),
        _ => wanted(value, "a table"),
    }
}

fn namespaces(value: &Entry<'_>) -> Read<Vec<Arc<str>>> {
    let names = strings(value)?;
    if let Some((_, at)) = names.get(9) {
        return Err(Wrong { at: at.clone(), message: "there are nine digits: at most nine namespaces".to_owned() });
    }
    Ok(names.into_iter().map(|(name, _)| Arc::from(name)).collect())
}

fn aliases(value: &Entry<'_>) -> Read<BTreeMap<String, String>> {
    table(value)?.iter().map(|(name, line)| Ok((name.get_ref().to_string(), string(line)?))).collect()
}

fn keys(value: &Entry<'_>) -> Read<BTreeMap<String, Vec<Chord>>> {
    let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
    let mut keys = BTreeMap::new();
    for (name, chords) in table(value)? {
        let command = name.get_ref().to_string();
        if !names.contains(&command.as_str()) {
            return Err(unknown(name.span(), "command", &command, &names));
        }
        let chord = |(text, at): (String, Range<usize>)| {
            text.parse::<Chord>().map_err(|error| Wrong { at, message: error.to_string() })
        };
        keys.insert(command, strings(chords)?.into_iter().map(chord).collect::<Read<Vec<Chord>>>()?);
    }
    Ok(keys)
}

/// `[columns]` with `pods = { hide = ["NODE"] }`.
fn columns(value: &Entry<'_>) -> Read<BTreeMap<String, Vec<Arc<str>>>> {
    let mut hidden = BTreeMap::new();
    for (kind, options) in table(value)? {
        for (option, names) in table(options)? {
            if option.get_ref() != "hide" {
                return Err(unknown(option.span(), "key", option.get_ref(), &["hide"]));
            }
            let names = strings(names)?.into_iter().map(|(name, _)| Arc::from(name.to_uppercase()));
            hidden.insert(kind.get_ref().to_string(), names.collect());
        }
    }
    Ok(hidden)
}

#[cfg(test)]
mod tests;
