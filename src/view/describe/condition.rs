//! Conditions of a fetched object, the bad ones first.

use super::{Clock, first_line};
use crate::kinds::Health;
use crate::view::line::{Line, Span};
use crate::wire::Timestamp;
use serde_json::Value;

/// Parts of condition types that are bad news when true.
const BAD: [&str; 14] = [
    "Pressure",
    "Unavailable",
    "Fail",
    "Stalled",
    "Degraded",
    "Conflict",
    "Denied",
    "Invalid",
    "Dangling",
    "Disrupt",
    "Exceeded",
    "Terminating",
    "Deletion",
    "Error",
];
/// Types that tell what goes on, neither good nor bad.
const NEUTRAL: [&str; 5] = ["Progressing", "Issuing", "Suspended", "ScalingLimited", "Reconciling"];

/// One line for each condition.
pub fn lines(raw: Option<&Value>, clock: &mut Clock) -> Vec<Line> {
    let conditions = raw.and_then(|raw| raw.pointer("/status/conditions")).and_then(Value::as_array);
    let mut lines: Vec<Line> = conditions.into_iter().flatten().map(|condition| line(condition, clock)).collect();
    lines.sort_by_key(|line| line.health.unwrap_or(Health::Ready));
    lines
}

fn line(condition: &Value, clock: &mut Clock) -> Line {
    let text = |field: &str| condition.get(field).and_then(Value::as_str).unwrap_or("");
    let (kind, status) = (text("type"), text("status"));
    let mut spans = vec![Span::text(kind)];
    if status != "True" {
        spans.push(Span::text(format!(" {status}")));
    }
    for field in ["reason", "message"] {
        if !text(field).is_empty() {
            spans.push(Span::dim(format!("  {}", first_line(text(field)))));
        }
    }
    // A definition that fills in a condition fills in the beginning of time, too.
    let since = Timestamp::parse(text("lastTransitionTime")).filter(|since| *since != Timestamp::default());
    if let Some(since) = since {
        spans.push(Span::dim(format!("  {}", clock.ago(since))));
    }
    Line::of(spans).state(health(kind, status))
}

fn health(kind: &str, status: &str) -> Option<Health> {
    if NEUTRAL.contains(&kind) {
        return (status == "False").then_some(Health::Warn).filter(|_| kind == "Progressing");
    }
    let is_bad = BAD.iter().any(|part| kind.contains(part));
    Some(match status {
        "True" if is_bad => Health::Failed,
        "False" if is_bad => Health::Ready,
        "True" => Health::Ready,
        "False" => Health::Failed,
        _ => Health::Unknown,
    })
}
