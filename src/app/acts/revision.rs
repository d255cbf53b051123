//! The history that the cluster itself keeps of a workload: ReplicaSets of a Deployment or a Rollout, ControllerRevisions of
//! a StatefulSet or DaemonSet.

use super::owners::controlling;
use super::{Subject, Target};
use crate::app::fields::list;
use crate::app::mutation::covers;
use crate::app::selecting::selector;
use crate::kinds::workload::REVISION;
use crate::kinds::{DEPLOYMENT, ROLLOUT, STATEFUL_SET, rollout};
use crate::wire::request::escape;
use serde_json::{Map, Value};

/// Which ReplicaSet a pod belongs to: its controller's affair.
const HASH: &str = "pod-template-hash";
/// The same of a Rollout.
const ROLLOUT_HASH: &str = "rollouts-pod-template-hash";

/// One revision.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Revision {
    /// Its number; the highest is the newest.
    pub number: i64,
    /// The pods' template, without what a controller adds.
    pub template: Value,
    /// The patch that brings it back, where the cluster keeps one.
    pub data: Value,
    /// What its ReplicaSet is annotated with.
    pub annotations: Map<String, Value>,
    /// By which its ReplicaSet tells its pods from others; empty where a Deployment or no ReplicaSet has them.
    pub hash: String,
}

/// The lists that hold a workload's history; of a StatefulSet also its pods, which can block what is undone.
pub(super) fn lists(target: &Target, object: &Value) -> Vec<String> {
    let namespace = target.key.namespace.as_deref().unwrap_or_default();
    let selector = selector(object.pointer("/spec/selector").unwrap_or(&Value::Null));
    let selector = escape(&selector);
    let plural = if [DEPLOYMENT, ROLLOUT].contains(&target.key.kind) { "replicasets" } else { "controllerrevisions" };
    let history = format!("/apis/apps/v1/namespaces/{namespace}/{plural}?labelSelector={selector}");
    let pods = format!("/api/v1/namespaces/{namespace}/pods?labelSelector={selector}");
    if target.key.kind == STATEFUL_SET { vec![history, pods] } else { vec![history] }
}

/// The workload's own revisions, the oldest first.
pub(super) fn revisions(subject: &Subject) -> Vec<Revision> {
    let uid = subject.field("/metadata/uid");
    let owned = |item: &&Value| controlling(item).is_some_and(|owner| owner.get("uid") == Some(uid));
    let items = subject.lists.first().map_or(&[][..], Vec::as_slice);
    let read = |item: &Value| match subject.target.key.kind {
        DEPLOYMENT => of_replica_set(item, REVISION),
        ROLLOUT => of_replica_set(item, rollout::REVISION),
        _ => of_controller_revision(item),
    };
    let mut found: Vec<Revision> = items.iter().filter(owned).map(read).collect();
    found.sort_by_key(|revision| revision.number);
    found
}

fn of_replica_set(set: &Value, key: &str) -> Revision {
    let annotations = set.pointer("/metadata/annotations").and_then(Value::as_object).cloned().unwrap_or_default();
    let number = annotations.get(key).and_then(Value::as_str).and_then(|text| text.parse().ok()).unwrap_or(0);
    let template = set.pointer("/spec/template").map(plain).unwrap_or_default();
    let labels = set.pointer("/metadata/labels");
    let hash = labels.and_then(|labels| labels.get(ROLLOUT_HASH)?.as_str()).unwrap_or_default().to_owned();
    Revision { number, template, data: Value::Null, annotations, hash }
}

fn of_controller_revision(revision: &Value) -> Revision {
    let data = revision.get("data").cloned().unwrap_or_default();
    let number = revision.get("revision").and_then(Value::as_i64).unwrap_or(0);
    let mut template = data.pointer("/spec/template").cloned().unwrap_or_default();
    if let Some(fields) = template.as_object_mut() {
        fields.remove("$patch");
    }
    Revision { number, template, data, annotations: Map::new(), hash: String::new() }
}

/// The revision that the workload has now; none where its history does not hold it.
pub(super) fn current(subject: &Subject) -> Option<Revision> {
    let template = plain(subject.field("/spec/template"));
    let mut all = revisions(subject).into_iter().rev();
    if subject.target.key.kind != ROLLOUT {
        return all.find(|revision| revision.template == template);
    }
    // Nobody fills in what a Rollout's template leaves out: the controller says which it is, once it has seen it.
    match subject.field("/status/currentPodHash").as_str() {
        Some(hash) => all.find(|revision| revision.hash == hash),
        None => all.find(|revision| covers(&revision.template, &template)),
    }
}

/// A template without the label that its controller adds.
pub(super) fn plain(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(HASH);
        labels.remove(ROLLOUT_HASH);
    }
    template
}

/// The images of a template, in its order.
pub(super) fn images(template: &Value) -> Vec<String> {
    list(template, "/spec/containers").iter().filter_map(|one| one.get("image")?.as_str()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_label_of_the_controller_is_no_part_of_a_template() {
        let template =
            json!({"metadata": {"labels": {"app": "web", HASH: "5d8"}}, "spec": {"containers": [{"image": "a:1"}]}});
        assert_eq!(plain(&template)["metadata"]["labels"], json!({"app": "web"}));
        assert_eq!(images(&template), ["a:1"]);
    }
}
