//! The values that the API server fills in where nobody said anything.

use serde_json::{Map, Value, json};

use crate::demo::admit::pod_spec_path;

/// Fills in the defaults of a resource.
pub fn fill(id: &str, object: &mut Value) {
    if let Some(spec) = pod_spec_path(id).and_then(|path| object.pointer_mut(path)) {
        pod_spec(spec, id == "pods");
    }
    let spec = &mut object["spec"];
    match id {
        "deployments.apps" => deployment(spec),
        "statefulsets.apps" => stateful_set(spec),
        "daemonsets.apps" => {
            set(spec, "revisionHistoryLimit", json!(10));
            set(&mut spec["updateStrategy"], "type", json!("RollingUpdate"));
            if spec["updateStrategy"]["type"] == "RollingUpdate" {
                all(
                    &mut spec["updateStrategy"]["rollingUpdate"],
                    &[("maxSurge", json!(0)), ("maxUnavailable", json!(1))],
                );
            }
        }
        "replicasets.apps" => set(spec, "replicas", json!(1)),
        "jobs.batch" => job(spec),
        "cronjobs.batch" => {
            all(
                spec,
                &[
                    ("concurrencyPolicy", json!("Allow")),
                    ("failedJobsHistoryLimit", json!(1)),
                    ("successfulJobsHistoryLimit", json!(3)),
                    ("suspend", json!(false)),
                ],
            );
        }
        "services" => service(spec),
        "secrets" => set(object, "type", json!("Opaque")),
        "namespaces" => {
            let name = object["metadata"]["name"].clone();
            set(&mut object["metadata"]["labels"], "kubernetes.io/metadata.name", name);
            set(&mut object["spec"], "finalizers", json!(["kubernetes"]));
            set(&mut object["status"], "phase", json!("Active"));
        }
        "persistentvolumeclaims" => set(spec, "volumeMode", json!("Filesystem")),
        _ => {}
    }
    if object["spec"].is_null()
        && let Some(map) = object.as_object_mut()
    {
        map.remove("spec");
    }
}

/// Fills in defaults, but none in maps that were there before: what came without them stays without.
pub fn fill_new(id: &str, object: &mut Value, before: &Value) {
    let plain = object.clone();
    fill(id, object);
    keep_silent(object, &plain, before);
}

fn keep_silent(filled: &mut Value, plain: &Value, before: &Value) {
    match (filled, plain) {
        (Value::Object(filled), Value::Object(plain)) => {
            if before.is_object() {
                filled.retain(|key, _| plain.contains_key(key) || before.get(key).is_some());
            }
            for (key, value) in filled.iter_mut() {
                let known = before.get(key).unwrap_or(&Value::Null);
                if let Some(plain) = plain.get(key) {
                    keep_silent(value, plain, known);
                }
            }
        }
        (Value::Array(filled), Value::Array(plain)) => {
            for (index, (value, plain)) in filled.iter_mut().zip(plain).enumerate() {
                let named = before.as_array().and_then(|list| {
                    let name = plain.get("name").filter(|name| name.is_string());
                    name.map_or_else(|| list.get(index), |name| list.iter().find(|item| item.get("name") == Some(name)))
                });
                keep_silent(value, plain, named.unwrap_or(&Value::Null));
            }
        }
        _ => {}
    }
}

fn set(map: &mut Value, key: &str, value: Value) {
    if map.is_null() {
        *map = Value::Object(Map::new());
    }
    if let Some(map) = map.as_object_mut() {
        let slot = map.entry(key.to_owned()).or_insert(Value::Null);
        if slot.is_null() {
            *slot = value;
        }
    }
}

fn all(map: &mut Value, defaults: &[(&str, Value)]) {
    for (key, value) in defaults {
        set(map, key, value.clone());
    }
}

/// The defaults of a pod's spec, alone or in a template.
pub fn pod_spec(spec: &mut Value, alone: bool) {
    all(
        spec,
        &[
            ("restartPolicy", json!("Always")),
            ("terminationGracePeriodSeconds", json!(30)),
            ("dnsPolicy", json!("ClusterFirst")),
            ("schedulerName", json!("default-scheduler")),
            ("securityContext", json!({})),
        ],
    );
    if alone {
        all(
            spec,
            &[
                ("enableServiceLinks", json!(true)),
                ("preemptionPolicy", json!("PreemptLowerPriority")),
                ("priority", json!(0)),
                ("serviceAccountName", json!("default")),
            ],
        );
    }
    let account = spec["serviceAccountName"].clone();
    if account.is_string() {
        set(spec, "serviceAccount", account);
    }
    for list in ["initContainers", "containers"] {
        spec[list].as_array_mut().into_iter().flatten().for_each(container);
    }
    if let Some(map) = spec.as_object_mut() {
        // Looked at above, which left a null where there was nothing.
        map.retain(|_, value| !value.is_null());
    }
    for volume in spec.get_mut("volumes").and_then(Value::as_array_mut).into_iter().flatten() {
        for source in ["configMap", "secret", "projected"] {
            if volume[source].is_object() {
                set(&mut volume[source], "defaultMode", json!(420));
            }
        }
        if let Some(map) = volume.as_object_mut() {
            map.retain(|_, value| !value.is_null());
        }
    }
}

fn container(container: &mut Value) {
    let image = container["image"].as_str().unwrap_or_default();
    let latest = image.ends_with(":latest") || !image.rsplit('/').next().unwrap_or_default().contains(':');
    let policy = if latest && !image.contains('@') { "Always" } else { "IfNotPresent" };
    all(
        container,
        &[
            ("imagePullPolicy", json!(policy)),
            ("resources", json!({})),
            ("terminationMessagePath", json!("/dev/termination-log")),
            ("terminationMessagePolicy", json!("File")),
        ],
    );
    for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        set(port, "protocol", json!("TCP"));
    }
    for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let Some(probe) = container.get_mut(kind).filter(|probe| probe.is_object()) else { continue };
        all(
            probe,
            &[
                ("failureThreshold", json!(3)),
                ("periodSeconds", json!(10)),
                ("successThreshold", json!(1)),
                ("timeoutSeconds", json!(1)),
            ],
        );
        if let Some(get) = probe.get_mut("httpGet").filter(|get| get.is_object()) {
            all(get, &[("scheme", json!("HTTP")), ("path", json!("/"))]);
        }
    }
    for variable in container.get_mut("env").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(field) = variable.pointer_mut("/valueFrom/fieldRef") {
            set(field, "apiVersion", json!("v1"));
        }
    }
}

fn deployment(spec: &mut Value) {
    all(spec, &[("replicas", json!(1)), ("revisionHistoryLimit", json!(10)), ("progressDeadlineSeconds", json!(600))]);
    set(&mut spec["strategy"], "type", json!("RollingUpdate"));
    if spec["strategy"]["type"] == "RollingUpdate" {
        all(&mut spec["strategy"]["rollingUpdate"], &[("maxSurge", json!("25%")), ("maxUnavailable", json!("25%"))]);
    }
}

fn stateful_set(spec: &mut Value) {
    all(
        spec,
        &[
            ("replicas", json!(1)),
            ("podManagementPolicy", json!("OrderedReady")),
            ("revisionHistoryLimit", json!(10)),
            ("persistentVolumeClaimRetentionPolicy", json!({"whenDeleted": "Retain", "whenScaled": "Retain"})),
        ],
    );
    set(&mut spec["updateStrategy"], "type", json!("RollingUpdate"));
    if spec["updateStrategy"]["type"] == "RollingUpdate" {
        set(&mut spec["updateStrategy"]["rollingUpdate"], "partition", json!(0));
    }
}

fn job(spec: &mut Value) {
    all(
        spec,
        &[
            ("backoffLimit", json!(6)),
            ("completionMode", json!("NonIndexed")),
            ("completions", json!(1)),
            ("manualSelector", json!(false)),
            ("parallelism", json!(1)),
            ("podReplacementPolicy", json!("TerminatingOrFailed")),
            ("suspend", json!(false)),
        ],
    );
}

fn service(spec: &mut Value) {
    all(spec, &[("sessionAffinity", json!("None")), ("type", json!("ClusterIP"))]);
    for port in spec.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        set(port, "protocol", json!("TCP"));
        let own = port["port"].clone();
        set(port, "targetPort", own);
    }
    if spec["type"] == "ExternalName" {
        return;
    }
    all(
        spec,
        &[
            ("internalTrafficPolicy", json!("Cluster")),
            ("ipFamilies", json!(["IPv4"])),
            ("ipFamilyPolicy", json!("SingleStack")),
        ],
    );
    if spec["type"] == "LoadBalancer" || spec["type"] == "NodePort" {
        set(spec, "externalTrafficPolicy", json!("Cluster"));
    }
}

/// Whether two pod templates make the same pods: what is filled in and the hash of the set do not count.
pub fn same_template(one: &Value, other: &Value) -> bool {
    settled(one) == settled(other)
}

/// A template with everything filled in, and without the label that its set adds.
pub fn settled(template: &Value) -> Value {
    let mut template = template.clone();
    pod_spec(&mut template["spec"], false);
    if let Some(map) = template.as_object_mut() {
        map.remove("$patch");
    }
    if let Some(metadata) = template["metadata"].as_object_mut() {
        metadata.remove("creationTimestamp");
        if let Some(labels) = metadata.get_mut("labels").and_then(Value::as_object_mut) {
            labels.remove("pod-template-hash");
            labels.remove("rollouts-pod-template-hash");
        }
        metadata.retain(|_, value| !value.is_null() && value.as_object().is_none_or(|map| !map.is_empty()));
    }
    template
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_without_defaults_stays_without() {
        let before =
            json!({"spec": {"replicas": 2, "template": {"spec": {"containers": [{"name": "a", "image": "a:1"}]}}}});
        let mut after = before.clone();
        after["metadata"] = json!({"labels": {"x": "y"}});
        let wanted = after.clone();
        fill_new("deployments.apps", &mut after, &before);
        assert_eq!(after, wanted);
        after["spec"]["template"]["spec"]["containers"] =
            json!([{"name": "a", "image": "a:1"}, {"name": "b", "image": "b"}]);
        fill_new("deployments.apps", &mut after, &before);
        let containers = &after["spec"]["template"]["spec"]["containers"];
        assert!(containers[0].get("imagePullPolicy").is_none());
        assert_eq!(containers[1]["imagePullPolicy"], "Always");
    }

    #[test]
    fn templates_are_compared_by_what_they_mean() {
        let one =
            json!({"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [{"name": "a", "image": "a:1"}]}});
        let mut other = settled(&one);
        other["metadata"]["labels"]["pod-template-hash"] = json!("x");
        assert!(same_template(&one, &other));
        other["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/restartedAt": "now"});
        assert!(!same_template(&one, &other));
    }
}
