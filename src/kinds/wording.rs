//! How reasons are worded: `Reason: first sentence`, never longer than a line, and the same for every kind.

use crate::wire::meta::ObjectMeta;

/// The longest sentence of others that a reason repeats.
const LONGEST: usize = 160;

/// The reason of an object that is being deleted: what holds it, if anything does.
pub fn being_deleted(metadata: &ObjectMeta) -> String {
    match metadata.finalizers.as_slice() {
        [] => "being deleted".to_owned(),
        [one] => format!("being deleted, held by finalizer {one}"),
        many => format!("being deleted, held by finalizers {}", many.join(", ")),
    }
}

/// `reason: message`, either of which may be missing.
pub fn why(reason: &str, message: &str) -> String {
    match (reason, sentence(message)) {
        ("", message) => message,
        (reason, message) if message.is_empty() => reason.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    }
}

/// The first sentence of a message, cut where it is too long.
pub fn sentence(message: &str) -> String {
    let line = message.trim().lines().next().unwrap_or("");
    let end = line.find(". ").unwrap_or(line.len());
    let line = line[..end].trim_end_matches('.').trim();
    match line.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_owned(),
    }
}
