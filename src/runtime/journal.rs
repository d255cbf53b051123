//! The record of actions: one line of JSON for each intent, before it leaves, and one for what became of it. Each line
//! holds the hash of the one before, across months, so that a line that is changed or taken out shows.

pub mod told;

use crate::api::guard::ticket::sha256;
use crate::runtime::private;
use crate::wire::Timestamp;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The hash before the first line of all.
const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";
/// What stands in place of what must not be kept.
const REDACTED: &str = "(redacted)";

/// Where actions are put on record.
#[derive(Debug, Default)]
pub struct Journal {
    folder: Option<PathBuf>,
}

/// What the files say.
#[derive(Debug, Default, PartialEq)]
pub struct Record {
    /// Every entry, oldest first.
    pub entries: Vec<Value>,
    /// Where the chain does not hold: file, line and why.
    pub breaks: Vec<String>,
}

impl Journal {
    /// A record in this folder.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder: Some(folder) }
    }

    /// Reads all of it and checks its chain.
    pub fn read(&self) -> io::Result<Record> {
        self.folder.as_deref().map_or_else(|| Ok(Record::default()), read)
    }

    /// Writes one entry, and returns only once the disk has it. Returns the entry's id: the hash of its line.
    pub fn append(&self, entry: Value, now: Timestamp) -> io::Result<String> {
        let folder = self.folder.as_deref().ok_or_else(|| io::Error::other("there is no folder for it"))?;
        fs::create_dir_all(folder)?;
        // Several programs may write at a time: the chain is one.
        let lock = private(&folder.join("audit.lock"), true)?;
        lock.lock()?;
        let when = now.rfc3339();
        let month: String = when.chars().take(7).filter(char::is_ascii_digit).collect();
        let path = folder.join(format!("audit-{month}.jsonl"));
        let prev = last_hash(folder)?;
        let mut fields = Map::from_iter([("ts".to_owned(), json!(when))]);
        if let Value::Object(entry) = entry {
            fields.extend(entry);
        }
        fields.insert("prev".to_owned(), json!(prev));
        let line = Value::Object(fields).to_string();
        let mut file = private(&path, true)?;
        // A line that was cut off by a crash must not swallow this one.
        let is_cut = fs::read(&path)?.last().is_some_and(|byte| *byte != b'\n');
        let text = if is_cut { format!("\n{line}\n") } else { format!("{line}\n") };
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        Ok(hash(&line))
    }
}

/// Opens a file for its owner only; to its end, or anew.
pub fn private(path: &Path, appends: bool) -> io::Result<File> {
    private::file().create(true).append(appends).truncate(!appends).open(path)
}

/// The files of a folder, oldest first.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| name(path).starts_with("audit-") && path.extension().is_some_and(|end| end == "jsonl"));
    files.sort();
    Ok(files)
}

fn last_hash(folder: &Path) -> io::Result<String> {
    for path in files(folder)?.iter().rev() {
        let text = fs::read_to_string(path)?;
        if let Some(line) = text.lines().rfind(|line| !line.is_empty()) {
            return Ok(hash(line));
        }
    }
    Ok(BEGINNING.to_owned())
}

fn hash(line: &str) -> String {
    hex(&sha256(line.as_bytes()))
}

/// Bytes in hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Who runs the program.
pub fn os_user() -> String {
    let named = |name: &str| std::env::var(name).ok().filter(|user| !user.is_empty());
    named("USER").or_else(|| named("LOGNAME")).or_else(|| named("USERNAME")).unwrap_or_default()
}

/// Reads the whole record and checks its chain.
pub fn read(folder: &Path) -> io::Result<Record> {
    let mut record = Record::default();
    let mut prev = BEGINNING.to_owned();
    let mut is_first = true;
    for path in files(folder)? {
        let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
        let name = path.display();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
            let place = format!("{name}:{}", index + 1);
            let Ok(entry) = serde_json::from_str::<Value>(line) else {
                record.breaks.push(format!("{place}: this is no entry: it was cut off or changed"));
                prev = hash(line);
                continue;
            };
            let said = entry.get("prev").and_then(Value::as_str).unwrap_or_default();
            // Months that were put away leave a beginning that follows something unknown; that is told, once.
            if said != prev {
                let why = if is_first {
                    "what came before is not there any more"
                } else {
                    "the line before was changed or taken out"
                };
                record.breaks.push(format!("{place}: {why}"));
            }
            is_first = false;
            prev = hash(line);
            record.entries.push(entry);
        }
    }
    Ok(record)
}

/// A body without what must not be kept: values of Secrets, of environment variables, and what kubectl remembers of both.
pub fn redacted(kind: &str, body: &Value) -> Value {
    let mut body = body.clone();
    redact(&mut body, kind == "Secret");
    body
}

fn redact(value: &mut Value, is_secret: bool) {
    match value {
        Value::Object(fields) => {
            let is_secret = is_secret || fields.get("kind") == Some(&json!("Secret"));
            let path = fields.get("path").and_then(Value::as_str).unwrap_or_default().to_owned();
            let is_operation = fields.contains_key("op");
            for (key, value) in fields.iter_mut() {
                match key.as_str() {
                    "data" | "stringData" if is_secret => hide_all(value),
                    "value" if is_operation && (is_secret || path.contains("/env")) => *value = json!(REDACTED),
                    "env" => hide_values(value),
                    "kubectl.kubernetes.io/last-applied-configuration" => *value = json!(REDACTED),
                    _ => redact(value, is_secret),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| redact(item, is_secret)),
        _ => {}
    }
}

fn hide_all(value: &mut Value) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|value| *value = json!(REDACTED)),
        other => *other = json!(REDACTED),
    }
}

fn hide_values(env: &mut Value) {
    for variable in env.as_array_mut().into_iter().flatten() {
        if let Some(value) = variable.get_mut("value") {
            *value = json!(REDACTED);
        }
    }
}

#[cfg(test)]
mod tests;
