//! A pod's containers with their states, in the order in which they start; what they mounted is told by relations.

use super::Clock;
use crate::kinds::pod::facts::{Container, Exit, Role as Purpose, State};
use crate::kinds::{Facts, Health, Record};
use crate::view::line::{Line, Role, Span};
use crate::wire::quantity;
use std::fmt::Write;

/// Two lines for each container that was restarted, else one.
pub fn containers(record: &Record, clock: &mut Clock) -> Vec<Line> {
    let Facts::Pod(pod) = &record.digest.facts else { return Vec::new() };
    pod.containers.iter().flat_map(|container| lines(container, clock)).collect()
}

fn lines(container: &Container, clock: &mut Clock) -> Vec<Line> {
    let (health, state) = state(container, clock);
    let mut spans = vec![Span::new(container.name.to_string(), Role::Accent)];
    if let Some(purpose) = purpose(container.role) {
        spans.push(Span::dim(format!(" ({purpose})")));
    }
    spans.push(Span::text(format!("  {state}")));
    if 0 < container.restarts {
        let plural = if container.restarts == 1 { "restart" } else { "restarts" };
        spans.push(Span::text(format!("  {} {plural}", container.restarts)));
    }
    spans.push(Span::dim(format!("  {}", container.image)));
    let mut lines = vec![Line::of(spans).state(Some(health))];
    if let Some(exit) = &container.last_exit {
        let mut text = format!("last run ended {}", ending(exit, clock));
        if let (Some(started), Some(finished)) = (exit.started, exit.finished) {
            let _ = write!(text, " after {}", crate::kinds::age::duration(finished.micros_since(started)));
        }
        if let Some(limit) = container.memory_limit {
            let _ = write!(text, ", memory limit {}", bytes(limit));
        }
        lines.push(Line::of(vec![Span::dim(text)]));
    }
    lines
}

fn state(container: &Container, clock: &mut Clock) -> (Health, String) {
    match &container.state {
        State::Unreported => (Health::Unknown, "no word from the kubelet".to_owned()),
        State::Waiting(reason) => {
            let reason = reason.as_deref().unwrap_or("waiting");
            let is_broken = reason.contains("BackOff") || reason.contains("Err") || reason.contains("Invalid");
            (if is_broken { Health::Failed } else { Health::Progressing }, format!("waiting: {reason}"))
        }
        State::Running(since) => {
            let since = since.map_or_else(String::new, |since| format!(" for {}", clock.ago(since)));
            match (container.ready, container.started) {
                (true, _) => (Health::Ready, format!("running{since}")),
                (false, false) => (Health::Progressing, format!("starting{since}")),
                (false, true) => (Health::Warn, format!("running{since}, not ready")),
            }
        }
        State::Exited(exit) => {
            let health = if exit.code == 0 { Health::Ready } else { Health::Failed };
            (health, format!("ended {}", ending(exit, clock)))
        }
    }
}

/// `31s ago, exit 137 OOMKilled`.
fn ending(exit: &Exit, clock: &mut Clock) -> String {
    let ago = exit.finished.map_or_else(String::new, |at| format!("{} ago, ", clock.ago(at)));
    let reason = exit.reason.as_deref().filter(|reason| *reason != "Completed" && *reason != "Error");
    let reason = reason.map_or_else(String::new, |reason| format!(" {reason}"));
    let signal = if exit.signal == 0 { String::new() } else { format!(", signal {}", exit.signal) };
    format!("{ago}exit {}{reason}{signal}", exit.code)
}

fn purpose(role: Purpose) -> Option<&'static str> {
    match role {
        Purpose::Init => Some("init"),
        Purpose::Sidecar => Some("sidecar"),
        Purpose::Main => None,
        Purpose::Ephemeral => Some("debug"),
    }
}

fn bytes(count: i64) -> String {
    quantity::print(i128::from(count) * 1_000_000_000, quantity::Format::BinarySi)
}
