//! `undo`: the template of an earlier revision comes back, from the history that the cluster keeps; also during a rollout
//! that is stuck. The patches and refusals of kubectl and kubectl-argo-rollouts, pinned to the version that was seen.

use super::revision::{self, Revision, current, plain, revisions};
use super::{Act, Input, PLAIN, Reads, Subject, Undo, argo};
use crate::app::fields::is_ready;
use crate::app::mutation::{Mutation, PatchStyle, Write};
use crate::kinds::workload::REVISION;
use crate::kinds::{DAEMON_SET, DEPLOYMENT, ROLLOUT, STATEFUL_SET};
use serde_json::{Map, Value, json};

/// What stays the Deployment's own when annotations come back from a ReplicaSet.
const KEPT: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.rollbackTo",
];

pub(super) const UNDO: Act = Act {
    name: "undo",
    kinds: &[DEPLOYMENT, STATEFUL_SET, DAEMON_SET, ROLLOUT],
    reads: Reads::ObjectAnd(revision::lists),
    input: Some(Input {
        is_asked: false,
        tell: |_| Vec::new(),
        label: |_| "revision: ".to_owned(),
        given: |_| String::new(),
        take: |text, _| taken(text),
    }),
    refuse: |subject| argo::template_elsewhere(subject).or_else(|| wanted(subject).err()),
    write,
    effects,
    caution,
    kubectl,
    undo: |subject| match current(subject) {
        Some(now) => {
            let number = now.number.to_string();
            subject.back(format!("undo to revision {number}"), "undo", number)
        }
        None => {
            Undo { words: "the template as it is now is in no revision: it cannot come back".to_owned(), way: None }
        }
    },
    ..PLAIN
};

fn taken(text: &str) -> Result<String, String> {
    let text = text.trim().trim_start_matches("--to-revision=");
    let is_number = text.is_empty() || text.parse::<u32>().is_ok();
    is_number.then(|| text.to_owned()).ok_or_else(|| "the number of a revision, such as 3".to_owned())
}

/// The revision that is to come back, or kubectl's refusal.
fn wanted(subject: &Subject) -> Result<Revision, String> {
    let (kind, name) = (subject.target.key.kind, &*subject.target.key.name);
    if subject.is_paused() && kind != ROLLOUT {
        let what =
            "you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again";
        return Err(what.to_owned());
    }
    let mut history = revisions(subject);
    let to: i64 = subject.argument.parse().unwrap_or(0);
    let found = if 0 < to {
        let found = history.into_iter().find(|revision| revision.number == to);
        found.ok_or_else(|| not_found(subject, to))?
    } else if history.len() < 2 {
        let what = match kind {
            DEPLOYMENT => format!("no rollout history found for deployment {name:?}"),
            ROLLOUT => format!("no revision found for rollout {name:?}"),
            _ => "no last revision to roll back to".to_owned(),
        };
        return Err(format!("{what}: {}", without_history(subject)));
    } else {
        history.remove(history.len() - 2)
    };
    let is_there = match kind {
        ROLLOUT => current(subject).is_some_and(|now| now.number == found.number),
        _ => found.template == plain(subject.field("/spec/template")),
    };
    if is_there {
        return Err(format!("skipped rollback (current template already matches revision {})", found.number));
    }
    Ok(found)
}

/// What to do where there is nothing to go back to.
fn without_history(subject: &Subject) -> &'static str {
    if subject.field("/spec/revisionHistoryLimit") == &Value::from(0) {
        return "its revisionHistoryLimit is 0, so none is kept; image or edit sets what it was";
    }
    "its template is the first one that is known; image or edit sets another"
}

fn not_found(subject: &Subject, to: i64) -> String {
    let numbers: Vec<String> = revisions(subject).iter().map(|revision| revision.number.to_string()).collect();
    format!("unable to find specified revision {to} in history: there are {}", numbers.join(", "))
}

fn write(subject: &Subject) -> Result<Mutation, String> {
    let to = wanted(subject)?;
    if subject.target.key.kind == ROLLOUT {
        let body = json!([{ "op": "replace", "path": "/spec/template", "value": to.template }]);
        return Ok(subject.pinned(Write::Patch { style: PatchStyle::Json, subresource: None, body }));
    }
    if subject.target.key.kind != DEPLOYMENT {
        return Ok(subject.pinned(Write::Patch { style: PatchStyle::Strategic, subresource: None, body: to.data }));
    }
    let body = json!([
        { "op": "replace", "path": "/spec/template", "value": to.template },
        { "op": "add", "path": "/metadata/annotations", "value": annotations(subject, &to) },
    ]);
    Ok(subject.pinned(Write::Patch { style: PatchStyle::Json, subresource: None, body }))
}

fn own(subject: &Subject) -> Map<String, Value> {
    subject.field("/metadata/annotations").as_object().cloned().unwrap_or_default()
}

fn annotations(subject: &Subject, to: &Revision) -> Map<String, Value> {
    let is_kept = |key: &String| KEPT.contains(&key.as_str());
    let mut all: Map<String, Value> = own(subject).into_iter().filter(|(key, _)| is_kept(key)).collect();
    all.extend(to.annotations.iter().filter(|(key, _)| !is_kept(key)).map(|(key, value)| (key.clone(), value.clone())));
    all
}

fn effects(subject: &Subject) -> Vec<String> {
    let Ok(to) = wanted(subject) else { return Vec::new() };
    let now = current(subject).map_or_else(|| "now".to_owned(), |now| format!("revision {}", now.number));
    let (old, new) = (revision::images(subject.field("/spec/template")), revision::images(&to.template));
    let mut effects = vec![format!("{now} → revision {}, which gets a new number", to.number)];
    if old != new {
        effects.push(format!("image {} → {}", old.join(", "), new.join(", ")));
    }
    effects
}

fn caution(subject: &Subject) -> Vec<String> {
    let mut cautions = Vec::new();
    if let (Ok(to), true) = (wanted(subject), subject.target.key.kind == DEPLOYMENT) {
        let after = annotations(subject, &to);
        let dropped: Vec<String> =
            own(subject).into_iter().map(|(key, _)| key).filter(|key| !after.contains_key(key)).collect();
        if !dropped.is_empty() {
            cautions.push(format!("annotations that came after that revision go: {}", dropped.join(", ")));
        }
    }
    if own(subject).contains_key(KEPT[0]) {
        let text = "Rolling back will not update the last-applied annotation, which may cause unexpected behavior on future apply";
        cautions.push(text.to_owned());
    }
    cautions.extend(blocked(subject));
    cautions
}

/// A StatefulSet that replaces its pods in order waits for the one that is not ready, whatever its template says.
fn blocked(subject: &Subject) -> Option<String> {
    if subject.target.key.kind != STATEFUL_SET || subject.field("/spec/podManagementPolicy") == "Parallel" {
        return None;
    }
    let update = subject.field("/status/updateRevision");
    let is_stuck =
        |pod: &&Value| !is_ready(pod) && pod.pointer("/metadata/labels/controller-revision-hash") == Some(update);
    let pod = subject.lists.get(1)?.iter().find(is_stuck)?.pointer("/metadata/name")?.as_str()?;
    Some(format!("pod {pod} is not ready, and its controller waits for it: delete pod/{pod} afterwards"))
}

fn kubectl(subject: &Subject) -> String {
    let to = if subject.argument.is_empty() { String::new() } else { format!(" --to-revision={}", subject.argument) };
    format!("{}{to}", argo::or_rollout(subject, "undo"))
}

#[cfg(test)]
mod tests;
