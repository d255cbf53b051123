//! What the API server does with an object before it is stored: fill in defaults, check it, count it against quotas.

pub mod defaults;
pub mod limits;
pub mod quota;
pub mod validate;

use serde_json::Value;

/// The pod spec within an object of this resource, as a JSON pointer; `None` where there is none.
pub fn pod_spec_path(id: &str) -> Option<&'static str> {
    match id {
        "pods" => Some("/spec"),
        "cronjobs.batch" => Some("/spec/jobTemplate/spec/template/spec"),
        "deployments.apps"
        | "replicasets.apps"
        | "statefulsets.apps"
        | "daemonsets.apps"
        | "jobs.batch"
        | "replicationcontrollers" => Some("/spec/template/spec"),
        _ => None,
    }
}

/// A field's text, or nothing.
pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}
