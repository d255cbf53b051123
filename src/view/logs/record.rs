//! One line with everything that is in it: where it comes from, when, each of its fields.

use crate::kinds::age;
use crate::view::fit;
use crate::view::line::{Line, Role, Span};
use crate::view::logs::level::Level;
use crate::view::logs::structure;
use crate::view::logs::tail::Tail;
use crate::view::logs::text::plain;
use crate::view::logs::window::{Times, broken, clock, role_of};
use crate::wire::Timestamp;

/// The longest name of a field that others are aligned with.
const NAME: usize = 24;
/// Letters of a value that are shown; more is for a file.
const LONGEST: usize = 64 << 10;

/// The lines that tell of one line; empty once it is kept no longer.
pub fn lines(tail: &Tail, number: u64, now: Timestamp, room: usize) -> Vec<Line> {
    let Some(entry) = tail.buffer.entry(number) else { return Vec::new() };
    let bytes = tail.buffer.line(entry);
    let mut fields: Vec<(String, String, Role)> = Vec::new();
    let mut add = |name: &str, value: String, role| fields.push((name.to_owned(), value, role));
    if let Some(at) = entry.at() {
        let ago = age::age(now, Some(Timestamp(at.0 / 1_000)));
        add("written", format!("{}  {ago} ago", clock(at, Times::Full)), Role::Text);
    }
    if let Some(source) = tail.sources.get(usize::from(entry.source.0)) {
        let namespace = source.pod.namespace.as_deref().unwrap_or("");
        add("source", format!("{namespace}/{} {}", source.pod.name, source.container), Role::Link);
    }
    if entry.level != Level::None {
        add("level", entry.level.name().to_owned(), role_of(entry.level));
    }
    let count = tail.sift.count(number);
    if 1 < count {
        add("repeated", format!("{count} times, folded"), Role::Key);
    }
    let mut lines = aligned(&fields, room);
    lines.push(Line::default());
    let taken_apart = structure::flat(bytes);
    let body: Vec<(String, String, Role)> = match taken_apart {
        Some(pairs) => pairs.into_iter().map(|(name, value)| (name, value, Role::String)).collect(),
        None => {
            let text = plain(bytes);
            lines.extend(wrapped(&text, room).into_iter().map(Line::text));
            Vec::new()
        }
    };
    lines.extend(aligned(&body, room));
    lines
}

/// Names in one column, values broken beside them.
fn aligned(fields: &[(String, String, Role)], room: usize) -> Vec<Line> {
    let names = fields.iter().map(|(name, ..)| fit::width(name)).max().unwrap_or(0).min(NAME);
    let mut lines = Vec::new();
    for (name, value, role) in fields {
        let value = plain(value.as_bytes());
        let lead = names.max(fit::width(name)) + 2;
        for (index, part) in wrapped(&value, room.saturating_sub(lead)).into_iter().enumerate() {
            let name = if index == 0 { name.as_str() } else { "" };
            let gap = " ".repeat(lead.saturating_sub(fit::width(name)));
            lines.push(Line::of(vec![Span::new(format!("{name}{gap}"), Role::Field), Span::new(part, *role)]));
        }
    }
    lines
}

/// Text broken at its own line ends and at the room; never empty.
fn wrapped(text: &str, room: usize) -> Vec<String> {
    let room = room.max(20);
    let text: String = text.chars().take(LONGEST).collect();
    let rows = text.split('\n').flat_map(|line| broken(vec![Span::text(line)], room));
    rows.map(|spans| spans.into_iter().map(|span| span.text).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::logs::fixture;

    use crate::view::logs::batch::Stamp;

    #[test]
    fn a_record_shows_every_field_with_nested_ones_by_their_dotted_name() {
        let now = Timestamp::parse("2026-11-20T10:42:07Z").unwrap();
        let json =
            br#"{"level":"error","msg":"no stock of the lamp that everybody wants","order":{"id":7,"tags":["a"]}}"#;
        let tail = fixture::tail(now, [(Stamp(now.plus_seconds(-90).0 * 1_000), json)]);
        let text: Vec<String> =
            lines(&tail, 0, now, 40).iter().map(|line| line.plain().trim_end().to_owned()).collect();
        assert_eq!(
            text,
            [
                "written  2026-11-20T10:40:37.000Z  90s a",
                "         go",
                "source   shop/web-1 app",
                "level    ERROR",
                "",
                "level       error",
                "msg         no stock of the lamp that ev",
                "            erybody wants",
                "order.id    7",
                "order.tags  [\"a\"]",
            ]
        );
        assert!(lines(&tail, 99, now, 40).is_empty());
    }
}
