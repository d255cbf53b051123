//! Moves a demo folder to the present: its files tell time by a fixed epoch, so they never rot,
//! and certificates are made when they are read, so no private key is kept in a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::manifests::document::{Document, Unreadable};
use crate::manifests::mint;

/// The annotation that names the moment which a folder's files take for now. One object of the
/// folder carries it, and it holds for the folder and those below.
pub const EPOCH: &str = "kplumb.dev/epoch";

/// Every annotation that is an instruction to this step begins like this and is removed by it.
const OURS: &str = "kplumb.dev/";

/// Moves every timestamp of folders with an epoch so that the epoch becomes `now`, and fills the
/// Secrets that ask for a certificate. Other documents stay as they are.
pub fn shift(documents: &mut [Document], now: Timestamp) -> Vec<Unreadable> {
    let mut unreadable = Vec::new();
    let epochs = epochs(documents, &mut unreadable);
    let mut authorities = mint::Authorities::default();
    for document in documents {
        if let Some(epoch) = epoch_of(document.origin.folder(), &epochs) {
            move_strings(&mut document.value, now.duration_since(epoch));
        }
        if let Err(reason) = authorities.fill(&mut document.value, now) {
            unreadable.push(Unreadable { origin: document.origin.clone(), reason });
        }
        forget_instructions(&mut document.value);
    }
    unreadable
}

fn epochs(documents: &[Document], unreadable: &mut Vec<Unreadable>) -> BTreeMap<PathBuf, Timestamp> {
    let mut epochs = BTreeMap::new();
    for document in documents {
        let Some(text) = document.annotation(EPOCH) else {
            continue;
        };
        match text.parse() {
            Ok(epoch) => drop(epochs.insert(document.origin.folder().to_owned(), epoch)),
            Err(error) => {
                let reason = format!("annotation {EPOCH} is not a time: {error}");
                unreadable.push(Unreadable { origin: document.origin.clone(), reason });
            }
        }
    }
    epochs
}

fn epoch_of(folder: &Path, epochs: &BTreeMap<PathBuf, Timestamp>) -> Option<Timestamp> {
    folder.ancestors().find_map(|ancestor| epochs.get(ancestor).copied())
}

fn move_strings(value: &mut Value, by: SignedDuration) {
    match value {
        Value::String(text) => {
            if let Some(moved) = moved(text, by) {
                *text = moved;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| move_strings(item, by)),
        Value::Object(fields) => fields.values_mut().for_each(|field| move_strings(field, by)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Returns the text with every timestamp in it moved (messages quote them too), or nothing where
/// it holds none.
fn moved(text: &str, by: SignedDuration) -> Option<String> {
    let mut result = String::new();
    let mut rest = text;
    let mut found = false;
    while let Some((start, end)) = timestamp_in(rest) {
        let (before, stamp, after) = (&rest[..start], &rest[start..end], &rest[end..]);
        result.push_str(before);
        match stamp.parse::<Timestamp>().ok().and_then(|t| t.checked_add(by).ok()) {
            Some(moved) => {
                found = true;
                result.push_str(&like(stamp, moved));
            }
            None => result.push_str(stamp),
        }
        rest = after;
    }
    result.push_str(rest);
    found.then_some(result)
}

/// Spells a time with as many fractional digits as the text had: metav1.Time has none, `MicroTime`
/// six.
fn like(stamp: &str, time: Timestamp) -> String {
    let digits = stamp.find('.').map_or(0, |dot| stamp.len() - dot - 2);
    format!("{time:.digits$}")
}

/// Finds the first `2026-01-01T00:00:00Z`, with or without a fraction.
fn timestamp_in(text: &str) -> Option<(usize, usize)> {
    const SHAPE: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let bytes = text.as_bytes();
    let fits = |window: &[u8]| {
        let pairs = window.iter().zip(SHAPE);
        pairs.into_iter().all(|(b, s)| if *s == b'd' { b.is_ascii_digit() } else { b == s })
    };
    for (start, window) in bytes.windows(SHAPE.len()).enumerate() {
        // The dash is asked first: most strings are refused by one look at one byte.
        if window[4] != b'-' || !fits(window) {
            continue;
        }
        let mut end = start + SHAPE.len();
        if bytes.get(end) == Some(&b'.') {
            end += 1;
            end += bytes[end..].iter().take_while(|b| b.is_ascii_digit()).count();
        }
        if bytes.get(end) == Some(&b'Z') {
            return Some((start, end + 1));
        }
    }
    None
}

fn forget_instructions(object: &mut Value) {
    let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) else {
        return;
    };
    let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) else {
        return;
    };
    let count = annotations.len();
    annotations.retain(|key, _| !key.starts_with(OURS));
    if annotations.is_empty() && count > 0 {
        metadata.remove("annotations");
    }
}

#[cfg(test)]
mod tests;
