//! Just enough of the controllers: what follows from a change of a pod, a workload, a node or a namespace.
//! Each is a function from the stage as it is to the stage as a controller would leave it.

mod budget;
mod cron;
mod daemon_set;
mod deployment;
mod garbage;
mod job;
mod namespace;
mod node;
mod pods;
mod replicas;
mod revision;
mod rollout;
mod schedule;
mod service;
mod slices;
mod stateful_set;
mod taints;

use serde_json::Value;

use crate::demo::admit::quota;
use crate::demo::stage::{Beat, Stage, controller};
use crate::demo::store::Key;

pub use crate::demo::controllers::daemon_set::target as target_node;
pub use crate::demo::controllers::deployment::{deadlines, scale};
pub use crate::demo::controllers::garbage::{Propagation, delete, pod_gone};
pub use crate::demo::controllers::pods::delete_pod;
pub use crate::demo::controllers::service::allocate;

/// One round of a controller for the object of a namespace and name.
type Reconcile = fn(&mut Stage, &str, &str);

/// The resources whose objects have a controller of their own here.
const CONTROLLED: &[(&str, Reconcile)] = &[
    (cron::ID, cron::reconcile),
    (daemon_set::ID, daemon_set::reconcile),
    (deployment::ID, deployment::reconcile),
    (job::ID, job::reconcile),
    (replicas::ID, replicas::update),
    (rollout::ID, rollout::reconcile),
    (stateful_set::ID, stateful_set::reconcile),
    (quota::ID, recount),
];

/// Brings everything that depends on a pod up to date: the slices of its Services, its disruption budgets,
/// and the workload that it belongs to.
pub fn pod_changed(stage: &mut Stage, pod: &Value) {
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    slices::update(stage, namespace, pod);
    let Some(owner) = controller(pod) else { return };
    let name = owner["name"].as_str().unwrap_or_default();
    match owner["kind"].as_str().unwrap_or_default() {
        "ReplicaSet" => {
            replicas::update(stage, namespace, name);
            if let Some(set) = stage.get(replicas::ID, namespace, name)
                && let Some(above) = controller(&set.value)
            {
                let reconcile = if above["kind"] == "Rollout" { rollout::reconcile } else { deployment::reconcile };
                reconcile(stage, namespace, above["name"].as_str().unwrap_or_default());
            }
        }
        "StatefulSet" => stateful_set::reconcile(stage, namespace, name),
        "DaemonSet" => daemon_set::reconcile(stage, namespace, name),
        "Job" => job::reconcile(stage, namespace, name),
        _ => return,
    }
    budget::update(stage, namespace, pod);
}

/// Whether a pod may run on a node.
pub fn node_admits(node: &Value, pod_spec: &Value) -> bool {
    taints::admits(node, pod_spec, &[])
}

/// Brings a Deployment to what its spec says.
pub fn deployment_changed(stage: &mut Stage, namespace: &str, name: &str) {
    deployment::reconcile(stage, namespace, name);
}

/// What is due for one object of a resource.
pub fn reconcile(stage: &mut Stage, resource: &str, key: &Key) {
    if let Some((_, act)) = CONTROLLED.iter().find(|(id, _)| *id == resource) {
        act(stage, &key.0, &key.1);
    }
}

/// What follows from a new object.
pub fn created(stage: &mut Stage, resource: &str, key: &Key) {
    match resource {
        "pods" => stage.after(400, Beat::Schedule(key.clone())),
        "namespaces" => namespace::begin(stage, &key.1),
        "nodes" => node::changed(stage, &key.1),
        _ => {}
    }
    react(stage, resource, key);
}

/// What follows from a change of an object.
pub fn changed(stage: &mut Stage, resource: &str, key: &Key, before: &Value) {
    let Some(object) = stage.get(resource, &key.0, &key.1) else { return };
    if garbage::is_free_to_go(&object.value) {
        garbage::remove(stage, resource, key);
        return;
    }
    match resource {
        "nodes" => node::changed(stage, &key.1),
        "pods" if before["metadata"]["labels"] != object.value["metadata"]["labels"] => {
            slices::update(stage, &key.0, before);
            pod_changed(stage, &object.value);
        }
        _ => {}
    }
    react(stage, resource, key);
}

fn react(stage: &mut Stage, resource: &str, key: &Key) {
    reconcile(stage, resource, key);
    match resource {
        "services" => slices::of_service(stage, &key.0, &key.1),
        "resourcequotas" => {}
        _ => budget::recount(stage, &key.0),
    }
    quota::update(stage, &key.0);
}

fn recount(stage: &mut Stage, namespace: &str, _: &str) {
    quota::update(stage, namespace);
}
