//! `restart`: every pod of a workload is replaced, by its own strategy. What kubectl does, with kubectl's refusals.

use super::{Act, Target};
use crate::app::mutation::{PatchStyle, Write};
use crate::app::policy::Friction;
use crate::kinds::{DAEMON_SET, DEPLOYMENT, STATEFUL_SET};
use crate::wire::Timestamp;
use serde_json::{Value, json};

/// kubectl's key; with another one, kubectl's own refusal of a second restart within a second would not see ours.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

pub(super) const RESTART: Act = Act {
    name: "restart",
    kinds: &[DEPLOYMENT, STATEFUL_SET, DAEMON_SET],
    friction: Friction::Key,
    write,
    refuse,
    caution,
    kubectl: |target| format!("rollout restart {}", target.name()),
    undo: |_| "a restart cannot be taken back".to_owned(),
};

/// Whole seconds, as kubectl writes them.
fn stamp(target: &Target) -> String {
    Timestamp::from_seconds(target.now.seconds()).rfc3339()
}

fn write(target: &Target) -> Write {
    let annotations = json!({ RESTARTED_AT: stamp(target) });
    let body = json!({ "spec": { "template": { "metadata": { "annotations": annotations } } } });
    Write::Patch { style: PatchStyle::Strategic, subresource: None, body }
}

fn refuse(object: &Value, target: &Target) -> Option<String> {
    if object.pointer("/spec/paused") == Some(&Value::Bool(true)) {
        return Some("can't restart paused deployment (run rollout resume first)".to_owned());
    }
    let before = object.pointer("/spec/template/metadata/annotations").and_then(|all| all.get(RESTARTED_AT));
    let is_same = before.and_then(Value::as_str) == Some(stamp(target).as_str());
    is_same.then(|| {
        "if restart has already been triggered within the past second, please wait before attempting to trigger another"
            .to_owned()
    })
}

fn caution(object: &Value) -> Vec<String> {
    let mut cautions = Vec::new();
    let strategy = |path: &str| object.pointer(path).and_then(Value::as_str);
    if strategy("/spec/updateStrategy/type") == Some("OnDelete") {
        cautions.push("its strategy is OnDelete: a pod is replaced only once somebody deletes it".to_owned());
    }
    if strategy("/spec/strategy/type") == Some("Recreate") {
        cautions.push("its strategy is Recreate: all pods end before new ones begin".to_owned());
    }
    if object.pointer("/spec/replicas") == Some(&Value::from(0)) {
        cautions.push("it has no replicas: nothing will restart".to_owned());
    }
    cautions
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::ObjectRef;

    fn target() -> Target {
        Target {
            context: "my prod".into(),
            key: ObjectRef::new(DEPLOYMENT, "shop", "web"),
            kind: "deployment".into(),
            uid: "u1".into(),
            resource_version: "7".into(),
            now: Timestamp(1_795_171_327_400_000),
        }
    }

    #[test]
    fn a_restart_is_kubectls_annotation_in_whole_seconds() {
        let Write::Patch { body, .. } = write(&target()) else { panic!("a patch") };
        let stamp = body.pointer("/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt").unwrap();
        assert_eq!(stamp, "2026-11-20T10:42:07Z");
        assert_eq!(RESTART.line(&target()), "kubectl --context 'my prod' -n shop rollout restart deployment/web");
    }

    #[test]
    fn a_paused_deployment_and_a_second_restart_in_a_second_are_refused() {
        assert_eq!(refuse(&json!({"spec": {}}), &target()), None);
        assert!(refuse(&json!({"spec": {"paused": true}}), &target()).unwrap().contains("paused"));
        let annotations = json!({RESTARTED_AT: "2026-11-20T10:42:07Z"});
        let object = json!({"spec": {"template": {"metadata": {"annotations": annotations}}}});
        assert!(refuse(&object, &target()).unwrap().contains("past second"));
    }

    #[test]
    fn what_a_restart_does_not_do_is_said() {
        assert_eq!(caution(&json!({"spec": {"updateStrategy": {"type": "OnDelete"}}})).len(), 1);
        assert_eq!(caution(&json!({"spec": {"replicas": 3}})), Vec::<String>::new());
    }
}
