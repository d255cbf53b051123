//! How a custom resource is, by the conventions that most controllers follow: conditions, observed generation, phase.

use crate::kinds::condition::{self, Condition, Status};
use crate::kinds::{Health, Interner, Meta};
use crate::wire::meta;
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

type Verdict = (Option<Health>, Option<Arc<str>>);

/// Conditions that say all is well, the most telling first.
const GOOD: &[&str] = &[
    "Ready",
    "Available",
    "Healthy",
    "Synced",
    "Accepted",
    "Programmed",
    "Established",
    "Reconciled",
    "Succeeded",
    "Complete",
    "Deployed",
];
/// Conditions that say something is wrong.
const BAD: &[&str] = &["Stalled", "Failed", "Degraded", "Error", "ReconcileError"];
/// Conditions that say work is under way.
const BUSY: &[&str] = &["Reconciling", "Progressing", "Issuing", "Updating", "Upgrading"];

/// Health and reason of any object; none where nothing in it tells.
pub fn health(object: &Value, meta: &Meta) -> Verdict {
    let told = |health, reason: Arc<str>| (Some(health), Some(reason));
    if meta.deleted.is_some() {
        return told(Health::Progressing, Arc::from("being deleted"));
    }
    let status = object.get("status").unwrap_or(&Value::Null);
    let conditions = conditions(status);
    let holding = |kinds: &[&str]| {
        let held = kinds.iter().find_map(|k| condition::find(&conditions, k).filter(|c| c.status == Status::True));
        held.cloned()
    };
    if let Some(bad) = holding(BAD) {
        return told(if *bad.kind == *"Degraded" { Health::Warn } else { Health::Failed }, bad.reasoned());
    }
    let good: Vec<&Condition> = GOOD.iter().filter_map(|k| condition::find(&conditions, k)).collect();
    let observed = status.get("observedGeneration").and_then(Value::as_i64).unwrap_or(0);
    let is_behind = 0 < observed && observed < meta.generation;
    if is_behind || good.iter().any(|c| c.is_stale(meta.generation)) {
        return told(Health::Progressing, Arc::from("changed; its controller has not looked at it again yet"));
    }
    let missing = good.iter().find(|c| c.status == Status::False);
    match (missing, holding(BUSY)) {
        (Some(missing), Some(_)) => told(Health::Progressing, missing.reasoned()),
        (Some(missing), None) => told(Health::Failed, missing.reasoned()),
        (None, Some(busy)) if good.first().is_none_or(|c| c.status != Status::True) => {
            told(Health::Progressing, busy.reasoned())
        }
        (None, _) => match good.iter().find(|c| c.status == Status::Unknown) {
            Some(unknown) => told(Health::Progressing, unknown.reasoned()),
            None if !good.is_empty() => (Some(Health::Ready), None),
            None => phase(status),
        },
    }
}

fn conditions(status: &Value) -> Vec<Condition> {
    let list = status.get("conditions").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let readable = list.iter().filter_map(|c| meta::Condition::deserialize(c).ok());
    let readable: Vec<meta::Condition> = readable.collect();
    Condition::all(&readable, &mut Interner::default()).into_vec()
}

/// What is left where there are no conditions: one word, and perhaps a message.
fn phase(status: &Value) -> Verdict {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).filter(|t| !t.is_empty()).map(str::to_owned);
    let word = ["phase", "state"].into_iter().find_map(|field| text(status.get(field)));
    let Some(word) = word.or_else(|| text(status.pointer("/health/status"))) else { return (None, None) };
    let health = match word.to_lowercase().as_str() {
        "failed" | "error" | "errored" | "invalid" | "lost" | "crashloopbackoff" => Health::Failed,
        "degraded" | "warning" | "suspended" | "missing" => Health::Warn,
        "ready" | "running" | "active" | "bound" | "succeeded" | "success" | "completed" | "complete" | "healthy"
        | "available" | "established" | "deployed" | "valid" | "online" => return (Some(Health::Ready), None),
        "pending" | "creating" | "progressing" | "provisioning" | "updating" | "upgrading" | "initializing"
        | "waiting" | "processing" | "deleting" | "terminating" | "scheduled" | "inprogress" => Health::Progressing,
        _ => return (None, None),
    };
    let message = ["message", "reason"].into_iter().find_map(|field| text(status.get(field)));
    let reason = message.map_or_else(|| word.clone(), |message| format!("{word}: {message}"));
    (Some(health), Some(reason.into()))
}
