//! `promote`, `promote-full`, `abort` and `retry-rollout`: what moves a Rollout of Argo along its steps. The bodies are those
//! of kubectl-argo-rollouts (its cmd/promote, abort and retry); the status is written by its own path where the server has
//! one, else with the object, which kubectl-argo-rollouts finds out by a 404 and we from discovery.

use super::revision::{self, current};
use super::{Act, PLAIN, Reads, Subject, Undo};
use crate::app::fields::{list, text};
use crate::app::mutation::{Mutation, PatchStyle, Write};
use crate::app::policy::Friction;
use crate::app::right::{Right, Verdict};
use crate::kinds::{Facts, ROLLOUT, Record};
use serde_json::{Value, json};

/// What all have in common: no server rehearses a write of this group, so the right is asked for before.
const STEP: Act = Act {
    kinds: &[ROLLOUT],
    right: |key| Right::on("patch", "status", key),
    rights: |key| vec![Right::on("patch", "status", key), Right::on("patch", "", key)],
    reads: Reads::ObjectAnd(revision::lists),
    caution: unseen,
    ..PLAIN
};

pub(super) const PROMOTE: Act = Act {
    name: "promote",
    applies: |record| moves(record).is_some_and(|aborted| !aborted),
    refuse: |subject| denied(subject).or_else(|| promotion(subject).err()),
    write: |subject| promotion(subject).map(|steps| first(subject, &steps)),
    more: |subject| {
        let steps = promotion(subject).unwrap_or_default();
        steps.into_iter().skip(1).map(|(part, body)| subject.held(patch(part, body))).collect()
    },
    effects: goes_on,
    caution: |subject| {
        let mut cautions = unseen(subject);
        if is_aborted(subject) {
            cautions.push("it is aborted, and stays so: retry-rollout begins its steps again".to_owned());
        }
        cautions
    },
    kubectl: |subject| line(subject, "promote").unwrap_or_default(),
    undo: |subject| Undo {
        words: format!("a step does not come back; abort goes back to {}", stable(subject)),
        way: None,
    },
    ..STEP
};

pub(super) const PROMOTE_FULL: Act = Act {
    name: "promote-full",
    applies: |record| moves(record).is_some_and(|aborted| !aborted),
    friction: |_| Friction::Name,
    refuse: |subject| denied(subject).or_else(|| settled(subject, "promote")),
    write: |subject| Ok(status(subject, &json!({ "promoteFull": true }))),
    effects: |subject| {
        vec![
            format!(
                "every pod becomes one of {}: all steps, pauses and analyses that are left are skipped",
                newest(subject)
            ),
            format!("the pods of {} go", stable(subject)),
        ]
    },
    caution: |subject| {
        let mut cautions = unseen(subject);
        if subject.is_paused() {
            cautions.push("spec.paused stays true: resume it, too".to_owned());
        }
        cautions
    },
    kubectl: |subject| line(subject, "promote").map_or_else(String::new, |line| format!("{line} --full")),
    undo: |subject| match stable_number(subject) {
        Some(number) => subject.back(format!("undo to revision {number}"), "undo", number.to_string()),
        None => Undo { words: "the revision before is not in its history: it cannot come back".to_owned(), way: None },
    },
    ..STEP
};

pub(super) const ABORT: Act = Act {
    name: "abort",
    applies: |record| moves(record).is_some_and(|aborted| !aborted),
    refuse: |subject| {
        let is_so = is_aborted(subject).then(|| format!("{} is aborted already", subject.named()));
        denied(subject).or(is_so).or_else(|| settled(subject, "abort"))
    },
    write: |subject| Ok(status(subject, &json!({ "abort": true }))),
    effects: |subject| {
        let (new, stable) = (newest(subject), stable(subject));
        vec![
            format!("all requests go to {stable} again, and the pods of {new} go"),
            format!("its template stays that of {new}: undo makes the way back whole"),
        ]
    },
    kubectl: |subject| line(subject, "abort").unwrap_or_default(),
    undo: |subject| subject.back("retry it from its first step", "retry-rollout", ""),
    ..STEP
};

pub(super) const RETRY: Act = Act {
    name: "retry-rollout",
    applies: |record| moves(record) == Some(true),
    refuse: |subject| {
        let is_so = (!is_aborted(subject)).then(|| format!("{} is not aborted", subject.named()));
        denied(subject).or(is_so)
    },
    write: |subject| Ok(status(subject, &json!({ "abort": false }))),
    effects: |subject| vec![format!("{} is tried again, from its first step", newest(subject))],
    kubectl: |subject| line(subject, "retry rollout").unwrap_or_default(),
    undo: |subject| subject.back("abort it", "abort", ""),
    ..STEP
};

/// kubectl's arguments for a Rollout, where it is one; the plugin takes names without a kind.
pub(super) fn line(subject: &Subject, verb: &str) -> Option<String> {
    let target = &subject.target;
    (target.key.kind == ROLLOUT).then(|| format!("argo rollouts {verb} {}", target.key.name))
}

/// The same, or what `kubectl rollout` takes for any other workload.
pub(super) fn or_rollout(subject: &Subject, verb: &str) -> String {
    line(subject, verb).unwrap_or_else(|| format!("rollout {verb} {}", subject.target.name()))
}

/// Why a template cannot be changed here: it stands in another workload.
pub(super) fn template_elsewhere(subject: &Subject) -> Option<String> {
    let from = subject.field("/spec/workloadRef");
    let is_rollout = subject.target.key.kind == ROLLOUT && from.is_object();
    is_rollout.then(|| {
        let place = format!("{}/{}", text(from, "/kind").to_lowercase(), text(from, "/name"));
        format!("its template stands in {place}: do it there")
    })
}

/// Whether an update that is under way was aborted; none where none is.
fn moves(record: &Record) -> Option<bool> {
    let Facts::Rollout(facts) = &record.digest.facts else { return None };
    let is_paused = facts.paused || !facts.pauses.is_empty();
    (facts.aborted || is_paused || facts.current_hash != facts.stable_hash).then_some(facts.aborted)
}

fn is_aborted(subject: &Subject) -> bool {
    subject.field("/status/abort") == &Value::Bool(true)
}

/// Nothing can be promoted or aborted where all pods are of the newest template.
fn settled(subject: &Subject, verb: &str) -> Option<String> {
    let is_settled = subject.field("/status/currentPodHash") == subject.field("/status/stableRS");
    is_settled.then(|| format!("there is nothing to {verb}: no update of it is under way"))
}

/// The server's no, which no rehearsal would bring.
fn denied(subject: &Subject) -> Option<String> {
    let part = if subject.target.has_status { "status" } else { "" };
    subject.rights.iter().find_map(|(right, verdict)| match verdict {
        Verdict::Denied(why) if right.part == part => {
            let why = if why.is_empty() { String::new() } else { format!(": {why}") };
            Some(format!(
                "you may not patch {}{}{part}{why}",
                subject.target.resource,
                if part.is_empty() { "" } else { "/" }
            ))
        }
        _ => None,
    })
}

/// The controller acts on what it sees: what it has not seen yet may turn out otherwise.
fn unseen(subject: &Subject) -> Vec<String> {
    let seen = subject.field("/status/observedGeneration");
    let seen = seen.as_i64().or_else(|| seen.as_str()?.parse().ok());
    let is_current = seen.is_some_and(|seen| subject.count("/metadata/generation", 0) <= seen);
    let text = "its controller has not seen the last change yet: what is said here may be out of date";
    (!is_current).then(|| text.to_owned()).into_iter().collect()
}

fn patch(part: Option<&'static str>, body: Value) -> Write {
    Write::Patch { style: PatchStyle::Merge, subresource: part, body }
}

fn first(subject: &Subject, steps: &[(Option<&'static str>, Value)]) -> Mutation {
    let (part, body) = steps.first().cloned().unwrap_or((None, json!({})));
    subject.pinned(patch(part, body))
}

/// A write of the status, by its own path where there is one.
fn status(subject: &Subject, status: &Value) -> Mutation {
    let part = subject.target.has_status.then_some("status");
    subject.pinned(patch(part, json!({ "status": status })))
}

/// Which step it is at, from 0, and how many there are; none without steps.
fn step(subject: &Subject) -> Option<(usize, usize)> {
    let count = list(&subject.object, "/spec/strategy/canary/steps").len();
    let at = usize::try_from(subject.count("/status/currentStepIndex", 0)).unwrap_or(0);
    (0 < count).then(|| (at.min(count), count))
}

/// An analysis that says neither yes nor no holds it up until somebody decides.
fn is_inconclusive(subject: &Subject) -> bool {
    subject.field("/status/canary/currentStepAnalysisRunStatus/status") == "Inconclusive"
        && subject.field("/status/controllerPause") == &Value::Bool(true)
}

/// The patches of a promotion, in their order: of the status, then of the spec; one of both where the status has no path.
fn promotion(subject: &Subject) -> Result<Vec<(Option<&'static str>, Value)>, String> {
    let is_paused = subject.is_paused();
    let is_held = !list(&subject.object, "/status/pauseConditions").is_empty();
    let next = step(subject).map(|(at, count)| (at + 1).min(count));
    let of_status = match next {
        Some(next) if is_held && is_inconclusive(subject) => {
            Some(json!({ "pauseConditions": null, "controllerPause": false, "currentStepIndex": next }))
        }
        _ if is_held => Some(json!({ "pauseConditions": null })),
        // In the middle of an analysis or an experiment: on to the next step.
        Some(next) if subject.field("/spec/strategy/canary").is_object() => {
            Some(json!({ "pauseConditions": null, "currentStepIndex": next }))
        }
        _ => None,
    };
    let is_over = step(subject).is_none_or(|(at, count)| at == count);
    if !is_paused && !is_held && (of_status.is_none() || is_over) {
        return Err("there is nothing to promote: it is not paused, and no step of it is left".to_owned());
    }
    let unpaused = json!({ "paused": false });
    Ok(match (of_status, subject.target.has_status) {
        (Some(status), true) => {
            let spec = is_paused.then(|| (None, json!({ "spec": unpaused })));
            std::iter::once((Some("status"), json!({ "status": status }))).chain(spec).collect()
        }
        (Some(status), false) => vec![(None, json!({ "spec": unpaused, "status": status }))],
        (None, _) => vec![(None, json!({ "spec": unpaused }))],
    })
}

fn goes_on(subject: &Subject) -> Vec<String> {
    let mut effects = Vec::new();
    let words = |at: usize, count: usize| {
        let steps = list(&subject.object, "/spec/strategy/canary/steps");
        let name = steps.get(at).and_then(Value::as_object).and_then(|step| step.iter().next());
        let name = name.map(|(name, value)| match value.as_i64() {
            Some(number) => format!(" ({name} {number})"),
            None => format!(" ({name})"),
        });
        format!("step {} of {count}{}", at + 1, name.unwrap_or_default())
    };
    match step(subject) {
        Some((at, count)) if at + 1 < count => {
            effects.push(format!("{} is over, and {} comes", words(at, count), words(at + 1, count)));
        }
        Some((at, count)) if at < count => {
            effects.push(format!(
                "{} is over, the last one: every pod becomes one of {}",
                words(at, count),
                newest(subject)
            ));
        }
        _ => effects.push(format!("it goes on to {}", newest(subject))),
    }
    if subject.is_paused() {
        effects.push("somebody paused it: that ends, too (spec.paused: false)".to_owned());
    }
    effects
}

/// `revision 9` of the newest template.
fn newest(subject: &Subject) -> String {
    current(subject).map_or_else(|| "the newest template".to_owned(), |found| format!("revision {}", found.number))
}

fn stable_number(subject: &Subject) -> Option<i64> {
    let hash = subject.field("/status/stableRS").as_str()?;
    revision::revisions(subject).into_iter().find(|revision| revision.hash == hash).map(|revision| revision.number)
}

/// `revision 8` of the pods that are known to be good.
fn stable(subject: &Subject) -> String {
    stable_number(subject).map_or_else(|| "the stable pods".to_owned(), |number| format!("revision {number}"))
}

#[cfg(test)]
mod tests;
