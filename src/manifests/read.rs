//! From paths to documents: files, folders with all that is in them, and standard input.

mod parse;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::manifests::document::{Document, Origin, Unreadable};

/// A file larger than this is refused: it is not a manifest, and it would fill the memory.
const FILE_LIMIT: u64 = 256 * 1024 * 1024;

/// Folders deeper than this are refused, so that a link to a parent comes to an end.
const DEPTH_LIMIT: usize = 32;

/// What was read, and what could not be.
pub type Outcome = (Vec<Document>, Vec<Unreadable>);

/// Reads files and folders (`*.yaml`, `*.yml` and `*.json` in them, sorted by name); the path
/// `-` stands for `stdin`.
pub fn read(paths: &[PathBuf], stdin: &mut dyn Read) -> Outcome {
    let mut outcome = Outcome::default();
    for path in paths {
        if path.as_os_str() == "-" {
            let content = bounded(stdin);
            add(path, content, &mut outcome);
        } else if path.is_dir() {
            folder(path, DEPTH_LIMIT, &mut outcome);
        } else {
            file(path, &mut outcome);
        }
    }
    outcome
}

/// Reads the text of one file; `name` is only used to say where an object came from.
pub fn text(name: &Path, content: &str) -> Outcome {
    parse::documents(name, content)
}

fn folder(path: &Path, depth: usize, outcome: &mut Outcome) {
    if depth == 0 {
        let reason = format!("folders are nested deeper than {DEPTH_LIMIT}; is one a link to a parent?");
        outcome.1.push(unreadable(path, reason));
        return;
    }
    let mut entries = match entries(path) {
        Ok(entries) => entries,
        Err(error) => {
            outcome.1.push(unreadable(path, refused(&error, "folder")));
            return;
        }
    };
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            folder(&entry, depth - 1, outcome);
        } else if is_manifest(&entry) {
            file(&entry, outcome);
        }
    }
}

fn entries(path: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(path)?;
    entries.map(|entry| entry.map(|e| e.path())).collect()
}

fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}

fn file(path: &Path, outcome: &mut Outcome) {
    let content = fs::File::open(path).and_then(|mut file| bounded(&mut file));
    add(path, content, outcome);
}

fn bounded(source: &mut dyn Read) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    source.take(FILE_LIMIT + 1).read_to_end(&mut content)?;
    Ok(content)
}

fn add(path: &Path, content: io::Result<Vec<u8>>, outcome: &mut Outcome) {
    match content {
        Ok(content) if content.len() as u64 > FILE_LIMIT => {
            let megabytes = FILE_LIMIT / 1024 / 1024;
            let reason = format!("larger than {megabytes} MB; give its parts one by one");
            outcome.1.push(unreadable(path, reason));
        }
        Ok(content) => {
            // Invalid UTF-8 damages only the strings that hold it, not the whole file.
            let content = String::from_utf8_lossy(&content);
            let (documents, unreadable) = parse::documents(path, &content);
            outcome.0.extend(documents);
            outcome.1.extend(unreadable);
        }
        Err(error) => outcome.1.push(unreadable(path, refused(&error, "file"))),
    }
}

/// Why the system gives nothing, and what to do.
fn refused(error: &io::Error, what: &str) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder; check the path".to_owned(),
        io::ErrorKind::PermissionDenied => format!("you may not read this {what}; change its permissions"),
        _ => format!("cannot read this {what}: {error}; give another one"),
    }
}

/// A file or folder of which nothing can be read.
fn unreadable(path: &Path, reason: String) -> Unreadable {
    let origin = Origin { file: path.to_owned(), document: 0, line: 0, item: 0 };
    Unreadable { origin, reason }
}

#[cfg(test)]
mod tests;
