//! How long ago, as kubectl says it, and when what it says will change.

use crate::kinds::Cell;
use crate::wire::Timestamp;
use std::borrow::Cow;

const UNITS: [(i64, i64, &str, i64, &str); 7] = [
    (120, 1, "s", 0, ""),
    (600, 60, "m", 1, "s"),
    (10_800, 60, "m", 0, ""),
    (28_800, 3600, "h", 60, "m"),
    (172_800, 3600, "h", 0, ""),
    (691_200, 86_400, "d", 3600, "h"),
    (63_072_000, 86_400, "d", 0, ""),
];

/// A length of time in microseconds, as kubectl writes it.
pub fn duration(micros: i64) -> String {
    let seconds = (micros / 1_000_000).max(0);
    let Some((_, unit, word, small, small_word)) = UNITS.iter().find(|(below, ..)| seconds < *below) else {
        return format!("{}y", seconds / 31_536_000);
    };
    let rest = if *small == 0 { 0 } else { seconds % unit / small };
    let head = format!("{}{word}", seconds / unit);
    if rest == 0 { head } else { format!("{head}{rest}{small_word}") }
}

/// How long before `now` something was.
pub fn age(now: Timestamp, then: Option<Timestamp>) -> String {
    then.map_or_else(|| "<unknown>".to_owned(), |then| duration(now.micros_since(then)))
}

/// The first moment after `now` at which `age(now, then)` may read otherwise.
pub fn next_change(now: Timestamp, then: Timestamp) -> Timestamp {
    let elapsed = now.micros_since(then).max(0);
    let step = if elapsed < 600_000_000 { 1_000_000 } else { 60_000_000 };
    Timestamp(then.0.saturating_add((elapsed / step + 1).saturating_mul(step)))
}

/// The text of a cell at `now`.
pub fn show(cell: &Cell, now: Timestamp) -> Cow<'_, str> {
    match cell {
        Cell::Empty => Cow::Borrowed(""),
        Cell::Text(text) => Cow::Borrowed(text),
        Cell::Int(n) | Cell::Count(n, None) => Cow::Owned(n.to_string()),
        Cell::Count(n, Some(at)) => Cow::Owned(format!("{n} ({} ago)", age(now, Some(*at)))),
        Cell::Ratio(have, want) => Cow::Owned(format!("{have}/{want}")),
        Cell::Quantity(nanos, _) => Cow::Owned((nanos / 1_000_000_000).to_string()),
        Cell::Time(at) => Cow::Owned(age(now, Some(*at))),
        Cell::Span(from, until) => Cow::Owned(duration(until.unwrap_or(now).micros_since(*from))),
    }
}

/// The first moment after `now` at which the cell reads otherwise; `None` when it never does.
pub fn cell_change(cell: &Cell, now: Timestamp) -> Option<Timestamp> {
    match cell {
        Cell::Time(at) | Cell::Count(_, Some(at)) | Cell::Span(at, None) => Some(next_change(now, *at)),
        _ => None,
    }
}
