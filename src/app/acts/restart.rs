//! `restart`: every pod of a workload is replaced, by its own strategy. What kubectl does, with kubectl's refusals.

use super::{Act, PLAIN, Subject, Undo, argo};
use crate::app::mutation::{Mutation, PatchStyle, Write};
use crate::kinds::{DAEMON_SET, DEPLOYMENT, ROLLOUT, STATEFUL_SET};
use crate::wire::Timestamp;
use serde_json::{Value, json};

/// kubectl's key; with another one, kubectl's own refusal of a second restart within a second would not see ours.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

pub(super) const RESTART: Act = Act {
    name: "restart",
    kinds: &[DEPLOYMENT, STATEFUL_SET, DAEMON_SET, ROLLOUT],
    refuse,
    write: |subject| Ok(write(subject)),
    caution,
    kubectl: |subject| argo::or_rollout(subject, "restart"),
    undo: |_| Undo { words: "a restart cannot be taken back".to_owned(), way: None },
    ..PLAIN
};

/// Whole seconds, as kubectl writes them.
fn stamp(subject: &Subject) -> String {
    Timestamp::from_seconds(subject.target.now.seconds()).rfc3339()
}

fn write(subject: &Subject) -> Mutation {
    if subject.target.key.kind == ROLLOUT {
        let body = json!({ "spec": { "restartAt": stamp(subject) } });
        return subject.pinned(Write::Patch { style: PatchStyle::Merge, subresource: None, body });
    }
    let annotations = json!({ RESTARTED_AT: stamp(subject) });
    let body = json!({ "spec": { "template": { "metadata": { "annotations": annotations } } } });
    subject.pinned(Write::Patch { style: PatchStyle::Strategic, subresource: None, body })
}

fn refuse(subject: &Subject) -> Option<String> {
    let is_rollout = subject.target.key.kind == ROLLOUT;
    if subject.is_paused() && !is_rollout {
        return Some("can't restart paused deployment (run rollout resume first)".to_owned());
    }
    let annotations = subject.field("/spec/template/metadata/annotations");
    let before = if is_rollout { Some(subject.field("/spec/restartAt")) } else { annotations.get(RESTARTED_AT) };
    let is_same = before.and_then(Value::as_str) == Some(stamp(subject).as_str());
    is_same.then(|| {
        "if restart has already been triggered within the past second, please wait before attempting to trigger another"
            .to_owned()
    })
}

fn caution(subject: &Subject) -> Vec<String> {
    let mut cautions = Vec::new();
    let strategy = |path: &str| subject.field(path).as_str();
    if strategy("/spec/updateStrategy/type") == Some("OnDelete") {
        cautions.push("its strategy is OnDelete: a pod is replaced only once somebody deletes it".to_owned());
    }
    if strategy("/spec/strategy/type") == Some("Recreate") {
        cautions.push("its strategy is Recreate: all pods end before new ones begin".to_owned());
    }
    if subject.field("/spec/replicas") == &Value::from(0) {
        cautions.push("it has no replicas: nothing will restart".to_owned());
    }
    cautions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::acts::tests::subject;

    fn of(object: Value) -> Subject {
        let mut subject = subject(DEPLOYMENT, object);
        subject.target.context = "my prod".into();
        subject
    }

    #[test]
    fn a_restart_is_kubectls_annotation_in_whole_seconds() {
        let subject = of(json!({}));
        let Write::Patch { body, .. } = write(&subject).write else { panic!("a patch") };
        let stamp = body.pointer("/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt").unwrap();
        assert_eq!(stamp, "2026-11-20T10:42:07Z");
        assert_eq!(RESTART.line(&subject), "kubectl --context 'my prod' -n shop rollout restart deployment/web");
    }

    #[test]
    fn a_paused_deployment_and_a_second_restart_in_a_second_are_refused() {
        assert_eq!(refuse(&of(json!({"spec": {}}))), None);
        assert!(refuse(&of(json!({"spec": {"paused": true}}))).unwrap().contains("paused"));
        let annotations = json!({RESTARTED_AT: "2026-11-20T10:42:07Z"});
        let object = json!({"spec": {"template": {"metadata": {"annotations": annotations}}}});
        assert!(refuse(&of(object)).unwrap().contains("past second"));
    }

    #[test]
    fn a_rollout_is_restarted_by_a_time_even_while_it_is_paused() {
        let rollout = subject(ROLLOUT, json!({"spec": {"paused": true}}));
        let Write::Patch { style: PatchStyle::Merge, body, .. } = write(&rollout).write else { panic!("a merge") };
        assert_eq!(body, json!({"spec": {"restartAt": "2026-11-20T10:42:07Z"}}));
        assert_eq!(refuse(&rollout), None);
        let again = subject(ROLLOUT, body);
        assert!(refuse(&again).unwrap().contains("past second"));
    }

    #[test]
    fn what_a_restart_does_not_do_is_said() {
        assert_eq!(caution(&of(json!({"spec": {"updateStrategy": {"type": "OnDelete"}}}))).len(), 1);
        assert_eq!(caution(&of(json!({"spec": {"replicas": 3}}))), Vec::<String>::new());
    }
}
