//! Refusals that an ACME server gives at any step: too many certificates, or a record of DNS that forbids it.

use crate::view::trace::fault::{Finding, cm};
use crate::view::trace::tls::place::{Place, said};

/// The refusal that a text tells of; `object` is where it stands, as `kubectl describe` takes it.
pub fn refusal(place: &Place, object: &str, text: &str) -> Option<Finding> {
    let lower = text.to_lowercase();
    if lower.contains("ratelimited") || lower.contains("too many certificates") || lower.contains("too many failed") {
        let finding = place.begin(&cm::CM_RATE).word("retry", retry(text)).word("why", said(text));
        return Some(finding.word("object", object));
    }
    let forbids = lower.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "caa");
    forbids.then(|| place.begin(&cm::CM_CAA).word("why", said(text)).word("object", object))
}

/// When the server takes another try: `retry after 2026-11-21 10:00:00 UTC`.
fn retry(text: &str) -> String {
    let Some(at) = text.find("retry after ") else { return "it does not say for how long".to_owned() };
    let rest = &text[at..];
    let end = rest.find(" UTC").map(|end| end + " UTC".len()).or_else(|| rest.find([',', ';']));
    let end = end.or_else(|| rest.find(": ")).unwrap_or(rest.len());
    said(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_the_next_try_is_found_where_it_is_said() {
        for (text, told) in [
            (
                "too many certificates (5), retry after 2026-11-21 10:00:00 UTC: see https://x",
                "retry after 2026-11-21 10:00:00 UTC",
            ),
            ("rateLimited: retry after 1h, then again", "retry after 1h"),
            ("rateLimited", "it does not say for how long"),
        ] {
            assert_eq!(retry(text), told);
        }
    }
}
