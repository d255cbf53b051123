//! The checks that people run into: names, required fields, selectors, what may not change any more.

use serde_json::Value;

use crate::demo::admit::{pod_spec_path, text};
use crate::demo::status::Cause;

/// What is wrong with an object that is to be created.
pub fn new(id: &str, object: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    let name = text(&object["metadata"], "name");
    if let Some(cause) = name_of(id, name) {
        causes.push(cause);
    }
    common(id, object, &mut causes);
    causes
}

/// What is wrong with a change.
pub fn change(id: &str, before: &Value, after: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    common(id, after, &mut causes);
    let fixed: &[&str] = match id {
        "deployments.apps" | "replicasets.apps" | "daemonsets.apps" => &["/spec/selector"],
        "jobs.batch" => &["/spec/selector", "/spec/template", "/spec/completions"],
        "secrets" => &["/type"],
        _ => &[],
    };
    for path in fixed {
        let (old, new) = (before.pointer(path), after.pointer(path));
        if old.is_some() && old != new {
            let field = path.trim_start_matches('/').replace('/', ".");
            let value = new.map_or("null".to_owned(), Value::to_string);
            causes.push(Cause::invalid(field, &value, "field is immutable"));
        }
    }
    if id == "statefulsets.apps" {
        let free = [
            "replicas",
            "ordinals",
            "template",
            "updateStrategy",
            "revisionHistoryLimit",
            "persistentVolumeClaimRetentionPolicy",
            "minReadySeconds",
        ];
        let rest = |object: &Value| {
            let mut spec = object["spec"].clone();
            if let Some(map) = spec.as_object_mut() {
                map.retain(|key, _| !free.contains(&key.as_str()));
            }
            spec
        };
        if rest(before) != rest(after) {
            let message = "Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', \
                           'template', 'updateStrategy', 'revisionHistoryLimit', \
                           'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
            causes.push(Cause { field: "spec".to_owned(), reason: "FieldValueForbidden", message: message.to_owned() });
        }
    }
    if id == "pods" {
        pod_change(before, after, &mut causes);
    }
    if ["configmaps", "secrets"].contains(&id) && before["immutable"] == true && before["data"] != after["data"] {
        let message = "Forbidden: field is immutable when `immutable` is set".to_owned();
        causes.push(Cause { field: "data".to_owned(), reason: "FieldValueForbidden", message });
    }
    causes
}

fn pod_change(before: &Value, after: &Value, causes: &mut Vec<Cause>) {
    let rest = |object: &Value| {
        let mut spec = object["spec"].clone();
        for list in ["containers", "initContainers"] {
            for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                container["image"] = Value::Null;
            }
        }
        if let Some(map) = spec.as_object_mut() {
            for free in ["activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations", "ephemeralContainers"]
            {
                map.remove(free);
            }
        }
        spec
    };
    if rest(before) != rest(after) {
        let message = "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,\
                       `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions \
                       to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was \
                       previously negative)";
        causes.push(Cause { field: "spec".to_owned(), reason: "FieldValueForbidden", message: message.to_owned() });
    }
}

fn name_of(id: &str, name: &str) -> Option<Cause> {
    const FIELD: &str = "metadata.name";
    if name.is_empty() {
        return Some(Cause::required(FIELD, "name or generateName is required"));
    }
    let label = ["namespaces", "services"].contains(&id);
    let loose = id.ends_with("rbac.authorization.k8s.io") || id == "events";
    let letters = |part: &str| {
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        edge(part.chars().next())
            && edge(part.chars().next_back())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let fits = loose
        || if label { letters(name) && name.len() <= 63 } else { name.split('.').all(letters) && name.len() <= 253 };
    let text = if label {
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end \
         with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
         '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
    } else {
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start \
         and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
         '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
    };
    (!fits).then(|| Cause::invalid(FIELD, &format!("{name:?}"), text))
}

fn common(id: &str, object: &Value, causes: &mut Vec<Cause>) {
    let replicas = object["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas < 0 {
        let text = "must be greater than or equal to 0";
        causes.push(Cause::invalid("spec.replicas", &replicas.to_string(), text));
    }
    if ["deployments.apps", "replicasets.apps", "statefulsets.apps", "daemonsets.apps"].contains(&id) {
        selector(object, causes);
    }
    let Some(path) = pod_spec_path(id) else { return };
    let field = path.trim_start_matches('/').replace('/', ".");
    let containers = object.pointer(path).and_then(|spec| spec["containers"].as_array());
    let Some(containers) = containers.filter(|containers| !containers.is_empty()) else {
        causes.push(Cause::required(format!("{field}.containers"), ""));
        return;
    };
    for (index, container) in containers.iter().enumerate() {
        for wanted in ["name", "image"] {
            if text(container, wanted).is_empty() {
                causes.push(Cause::required(format!("{field}.containers[{index}].{wanted}"), ""));
            }
        }
    }
    let policy = object.pointer(path).map_or("", |spec| text(spec, "restartPolicy"));
    if ["jobs.batch", "cronjobs.batch"].contains(&id) && policy == "Always" {
        let message = "Required value: valid values: \"OnFailure\", \"Never\"".to_owned();
        causes.push(Cause { field: format!("{field}.restartPolicy"), reason: "FieldValueRequired", message });
    }
}

fn selector(object: &Value, causes: &mut Vec<Cause>) {
    let selector = &object["spec"]["selector"];
    let labels = &object["spec"]["template"]["metadata"]["labels"];
    if selector.is_null() {
        causes.push(Cause::required("spec.selector", ""));
        return;
    }
    let wanted = selector["matchLabels"].as_object().into_iter().flatten();
    if wanted.into_iter().any(|(key, value)| labels.get(key) != Some(value)) {
        let text = "`selector` does not match template `labels`";
        causes.push(Cause::invalid("spec.template.metadata.labels", &labels.to_string(), text));
    }
}
