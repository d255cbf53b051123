//! `cordon` and `uncordon`: whether new pods may come to a node.

use super::{Act, PLAIN, Subject};
use crate::app::mutation::{Mutation, PatchStyle, Write};
use crate::kinds::{Facts, NODE, Record};
use serde_json::{Value, json};

pub(super) const CORDON: Act = Act {
    name: "cordon",
    kinds: &[NODE],
    applies: |record| !is_closed(record),
    refuse: |subject| is_cordoned(subject).then(|| format!("{} already cordoned", subject.target.name())),
    write: |subject| Ok(write(subject, &json!(true))),
    effects: |_| vec!["no new pod is put there; those that are there stay".to_owned()],
    is_owned: false,
    kubectl: |subject| format!("cordon {}", subject.target.key.name),
    undo: |subject| subject.back("uncordon", "uncordon", ""),
    ..PLAIN
};

pub(super) const UNCORDON: Act = Act {
    name: "uncordon",
    kinds: &[NODE],
    applies: is_closed,
    refuse: |subject| (!is_cordoned(subject)).then(|| format!("{} already uncordoned", subject.target.name())),
    // The field goes away, as kubectl leaves it.
    write: |subject| Ok(write(subject, &Value::Null)),
    effects: |_| vec!["new pods may be put there again".to_owned()],
    is_owned: false,
    kubectl: |subject| format!("uncordon {}", subject.target.key.name),
    undo: |subject| subject.back("cordon", "cordon", ""),
    ..PLAIN
};

fn is_closed(record: &Record) -> bool {
    matches!(&record.digest.facts, Facts::Node(facts) if facts.cordoned)
}

fn is_cordoned(subject: &Subject) -> bool {
    subject.field("/spec/unschedulable") == &Value::Bool(true)
}

/// A node's version changes with every heartbeat, and what is written depends on nothing that it says.
fn write(subject: &Subject, unschedulable: &Value) -> Mutation {
    let body = json!({ "spec": { "unschedulable": unschedulable } });
    subject.held(Write::Patch { style: PatchStyle::Strategic, subresource: None, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::acts::tests::subject;

    #[test]
    fn a_cordon_holds_the_node_and_not_its_version() {
        let node = subject(NODE, json!({"spec": {}}));
        let mutation = (CORDON.write)(&node).unwrap();
        assert_eq!((mutation.uid.as_deref(), mutation.resource_version), (Some("u1"), None));
        assert_eq!((UNCORDON.refuse)(&node).unwrap(), "node/web already uncordoned");
        assert_eq!(CORDON.line(&node), "kubectl --context shop cordon web");
    }
}
