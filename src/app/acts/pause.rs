//! `pause` and `resume`: changes of a Deployment's template wait, or go on.

use super::{Act, PLAIN, Subject};
use crate::app::mutation::{Mutation, PatchStyle, Write};
use crate::kinds::{DEPLOYMENT, Facts, Record};
use serde_json::{Value, json};

pub(super) const PAUSE: Act = Act {
    name: "pause",
    kinds: &[DEPLOYMENT],
    applies: |record| !waits(record),
    refuse: |subject| is_paused(subject).then(|| format!("{} is already paused", subject.named())),
    write: |subject| Ok(write(subject, &json!(true))),
    effects: |_| {
        vec!["changes of its template wait, and a rollout under way stops where it is; scaling still works".to_owned()]
    },
    kubectl: |subject| format!("rollout pause {}", subject.target.name()),
    undo: |subject| subject.back("resume", "resume", ""),
    ..PLAIN
};

pub(super) const RESUME: Act = Act {
    name: "resume",
    kinds: &[DEPLOYMENT],
    applies: waits,
    refuse: |subject| (!is_paused(subject)).then(|| format!("{} is not paused", subject.named())),
    // The field goes away, as kubectl leaves it.
    write: |subject| Ok(write(subject, &Value::Null)),
    effects: |_| vec!["what changed in its template while it was paused rolls out now".to_owned()],
    kubectl: |subject| format!("rollout resume {}", subject.target.name()),
    undo: |subject| subject.back("pause", "pause", ""),
    ..PLAIN
};

fn waits(record: &Record) -> bool {
    matches!(&record.digest.facts, Facts::Deployment(facts) if facts.paused)
}

fn is_paused(subject: &Subject) -> bool {
    subject.field("/spec/paused") == &Value::Bool(true)
}

fn write(subject: &Subject, paused: &Value) -> Mutation {
    let body = json!({ "spec": { "paused": paused } });
    subject.pinned(Write::Patch { style: PatchStyle::Strategic, subresource: None, body })
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
}
