//! Why an image could not be pulled, out of what container runtimes say.

use crate::kinds::wording::sentence;

/// What a message holds, and what it means for people; the first match counts.
const CAUSES: &[(&str, &str)] = &[
    ("toomanyrequests", "(the registry limits pulls)"),
    ("429 too many", "(the registry limits pulls)"),
    ("may require authorization", "(not found, or not authorised)"),
    ("unauthorized", "(not authorised)"),
    ("authentication required", "(not authorised)"),
    ("no basic auth credentials", "(not authorised)"),
    ("authorization failed", "(not authorised)"),
    ("403 forbidden", "(not authorised)"),
    ("access denied", "(not authorised)"),
    ("no such host", "(the registry's name does not resolve)"),
    ("connection refused", "(the registry refuses connections)"),
    ("x509:", "(the registry's certificate is not trusted)"),
    ("no match for platform", "(not for this platform)"),
    ("no matching manifest", "(not for this platform)"),
    ("manifest unknown", "(not found)"),
    ("name unknown", "(not found)"),
    ("not found", "(not found)"),
    ("is not present with pull policy", "(not on the node, and never pulled)"),
    ("i/o timeout", "(the registry does not answer)"),
    ("deadline exceeded", "(the registry does not answer)"),
    ("connection timed out", "(the registry does not answer)"),
    ("invalid reference format", "(not the name of an image)"),
    ("couldn't parse image", "(not the name of an image)"),
    ("no space left on device", "(the node's disk is full)"),
];

/// Why an image could not be pulled, in brackets.
pub fn why_not_pulled(message: &str) -> String {
    let lower = message.to_lowercase();
    if let Some((_, cause)) = CAUSES.iter().find(|(sign, _)| lower.contains(sign)) {
        return (*cause).to_owned();
    }
    if message.is_empty() || (lower.starts_with("back-off pulling image") && !lower.contains("\": ")) {
        return "cannot be pulled".to_owned();
    }
    format!("({})", sentence(message))
}
