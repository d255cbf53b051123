//! `pause` and `resume`: changes of a Deployment's template wait, or go on; a Rollout stays at its step, or goes on.

use super::{Act, PLAIN, Subject, argo};
use crate::app::mutation::{Mutation, PatchStyle, Write};
use crate::kinds::{DEPLOYMENT, Facts, ROLLOUT, Record};
use serde_json::{Value, json};

pub(super) const PAUSE: Act = Act {
    name: "pause",
    kinds: &[DEPLOYMENT, ROLLOUT],
    applies: |record| !waits(record),
    refuse: |subject| subject.is_paused().then(|| format!("{} is already paused", subject.named())),
    write: |subject| Ok(write(subject, &json!(true))),
    effects: |subject| {
        let text = match subject.target.key.kind {
            ROLLOUT => "it stays at its step, and a new template waits; scaling still works",
            _ => "changes of its template wait, and a rollout under way stops where it is; scaling still works",
        };
        vec![text.to_owned()]
    },
    kubectl: |subject| argo::or_rollout(subject, "pause"),
    undo: |subject| subject.back("resume", "resume", ""),
    ..PLAIN
};

pub(super) const RESUME: Act = Act {
    name: "resume",
    kinds: &[DEPLOYMENT, ROLLOUT],
    applies: waits,
    refuse: |subject| (!subject.is_paused()).then(|| format!("{} is not paused", subject.named())),
    write: |subject| Ok(write(subject, &resumed(subject))),
    effects: |subject| {
        let text = match subject.target.key.kind {
            ROLLOUT => "it goes on with its steps; a pause that is a step of its own stays: promote ends that",
            _ => "what changed in its template while it was paused rolls out now",
        };
        vec![text.to_owned()]
    },
    kubectl: |subject| match subject.target.key.kind {
        // kubectl-argo-rollouts has no word for this alone: its promote ends pauses that are steps, too.
        ROLLOUT => {
            let body = json!({ "spec": { "paused": false } });
            format!("patch {} --type merge -p '{body}'", subject.target.name())
        }
        _ => format!("rollout resume {}", subject.target.name()),
    },
    undo: |subject| subject.back("pause", "pause", ""),
    ..PLAIN
};

fn waits(record: &Record) -> bool {
    match &record.digest.facts {
        Facts::Deployment(facts) => facts.paused,
        Facts::Rollout(facts) => facts.paused,
        _ => false,
    }
}

/// kubectl takes the field away; kubectl-argo-rollouts says no.
fn resumed(subject: &Subject) -> Value {
    if subject.target.key.kind == ROLLOUT { json!(false) } else { Value::Null }
}

fn write(subject: &Subject, paused: &Value) -> Mutation {
    let body = json!({ "spec": { "paused": paused } });
    // The server merges lists of built-in kinds only.
    let style = if subject.target.key.kind == ROLLOUT { PatchStyle::Merge } else { PatchStyle::Strategic };
    subject.pinned(Write::Patch { style, subresource: None, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::acts::tests::subject;

    #[test]
    fn what_is_so_already_is_refused_in_kubectls_words() {
        let running = subject(DEPLOYMENT, json!({"spec": {}}));
        let paused = subject(DEPLOYMENT, json!({"spec": {"paused": true}}));
        assert_eq!((PAUSE.refuse)(&paused).unwrap(), r#"deployments.apps "web" is already paused"#);
        assert_eq!((RESUME.refuse)(&running).unwrap(), r#"deployments.apps "web" is not paused"#);
        assert_eq!(((PAUSE.refuse)(&running), (RESUME.refuse)(&paused)), (None, None));
    }

    #[test]
    fn a_rollout_is_paused_and_resumed_by_a_merge_of_its_own_field() {
        let rollout = subject(ROLLOUT, json!({"spec": {"paused": true}}));
        for (act, paused) in [(&PAUSE, true), (&RESUME, false)] {
            let Write::Patch { style: PatchStyle::Merge, subresource: None, body } =
                (act.write)(&rollout).unwrap().write
            else {
                panic!("a merge patch")
            };
            assert_eq!(body, json!({"spec": {"paused": paused}}));
        }
        assert_eq!(PAUSE.line(&rollout), "kubectl argo rollouts pause web --context shop -n shop");
        assert!(RESUME.line(&rollout).ends_with(r#"patch rollout/web --type merge -p '{"spec":{"paused":false}}'"#));
    }
}
