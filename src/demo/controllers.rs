//! Just enough of the controllers: what follows from a change of a pod, a ReplicaSet or a Deployment.
//! Each is a function from the stage as it is to the stage as a controller would leave it.

mod budget;
mod deployment;
mod replicas;
mod slices;

use crate::demo::stage::{Stage, controller};

pub use crate::demo::controllers::deployment::{deadlines, scale};
pub use crate::demo::controllers::replicas::{delete_pod, suffix};

/// Brings everything that depends on a pod up to date: the slices of its Services, its disruption budgets,
/// its ReplicaSet and that one's Deployment.
pub fn pod_changed(stage: &mut Stage, pod: &serde_json::Value) {
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    slices::update(stage, namespace, pod);
    let Some(owner) = controller(pod).filter(|owner| owner["kind"] == "ReplicaSet") else { return };
    let name = owner["name"].as_str().unwrap_or_default();
    replicas::update(stage, namespace, name);
    if let Some(set) = stage.get("replicasets.apps", namespace, name)
        && let Some(deployment) = controller(&set.value)
    {
        deployment::reconcile(stage, namespace, deployment["name"].as_str().unwrap_or_default());
    }
    budget::update(stage, namespace, pod);
}

/// Brings a Deployment to what its spec says.
pub fn deployment_changed(stage: &mut Stage, namespace: &str, name: &str) {
    deployment::reconcile(stage, namespace, name);
}
