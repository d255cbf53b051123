//! What one object of a demo cluster says of another is true.

use std::collections::BTreeMap;

use super::*;

fn uid(document: &Document) -> &str {
    text(&document.value["metadata"]["uid"])
}

#[test]
fn names_and_uids_are_unique() {
    for demo in demos() {
        let (mut names, mut uids) = (BTreeSet::new(), BTreeSet::new());
        for d in &demo.documents {
            assert!(names.insert((d.api_version(), d.kind(), d.namespace(), d.name())), "{}", d.origin);
            assert!(uid(d).len() == 36 && uids.insert(uid(d)), "{}: uid {}", d.origin, uid(d));
        }
    }
}

#[test]
fn every_namespace_that_is_used_exists() {
    for demo in demos() {
        for d in demo.documents.iter().filter(|d| !d.namespace().is_empty()) {
            demo.get("Namespace", "", d.namespace());
        }
    }
}

#[test]
fn owners_and_event_targets_exist() {
    for demo in demos() {
        let by_uid: BTreeMap<_, _> = demo.documents.iter().map(|d| (uid(d), d)).collect();
        for d in &demo.documents {
            let owners = items(&d.value["metadata"]["ownerReferences"]);
            for reference in owners.iter().chain(d.value.get("involvedObject")) {
                let target = by_uid.get(text(&reference["uid"]));
                let target = target.unwrap_or_else(|| panic!("{}: {reference} does not exist", d.origin));
                let expect = ["apiVersion", "kind", "name"].map(|key| text(&reference[key]));
                assert_eq!([target.api_version(), target.kind(), target.name()], expect, "{}", d.origin);
            }
        }
    }
}

#[test]
fn pods_run_on_nodes_and_as_accounts_that_exist() {
    for demo in demos() {
        for pod in demo.of("Pod") {
            let spec = &pod.value["spec"];
            if let Some(node) = spec.get("nodeName") {
                let node = demo.get("Node", "", text(node));
                let mut addresses = items(&node.value["status"]["addresses"]).iter();
                assert!(addresses.any(|a| a["address"] == pod.value["status"]["hostIP"]), "{}", pod.name());
            }
            if let Some(account) = spec.get("serviceAccountName") {
                demo.get("ServiceAccount", pod.namespace(), text(account));
            }
        }
    }
}

#[test]
fn pod_addresses_are_unique() {
    for demo in demos() {
        let mut seen = BTreeSet::new();
        for pod in demo.of("Pod").filter(|p| p.value["spec"]["hostNetwork"] != true) {
            let address = text(&pod.value["status"]["podIP"]);
            assert!(address.is_empty() || seen.insert(address), "{} shares {address}", pod.name());
        }
    }
}

#[test]
fn whatever_a_pod_mounts_exists() {
    const SOURCES: [(&str, &str); 3] = [
        ("ConfigMap", "/configMap/name"),
        ("Secret", "/secret/secretName"),
        ("PersistentVolumeClaim", "/persistentVolumeClaim/claimName"),
    ];
    for demo in demos() {
        for pod in demo.of("Pod") {
            for volume in items(&pod.value["spec"]["volumes"]) {
                let projected = items(&volume["projected"]["sources"]);
                for source in projected.iter().chain([volume]) {
                    for (kind, pointer) in SOURCES {
                        let Some(name) = source.pointer(pointer) else { continue };
                        demo.get(kind, pod.namespace(), text(name));
                    }
                }
            }
        }
    }
}

#[test]
fn whatever_the_environment_quotes_exists() {
    for demo in demos() {
        for pod in demo.of("Pod") {
            let containers = ["containers", "initContainers"].map(|list| items(&pod.value["spec"][list]));
            for env in containers.concat().iter().flat_map(|c| items(&c["env"])) {
                for (kind, key) in [("ConfigMap", "configMapKeyRef"), ("Secret", "secretKeyRef")] {
                    let Some(reference) = env["valueFrom"].get(key) else { continue };
                    let target = demo.get(kind, pod.namespace(), text(&reference["name"]));
                    let entry = target.value["data"].get(text(&reference["key"]));
                    assert!(entry.is_some(), "{}: {reference}", pod.name());
                }
            }
        }
    }
}

#[test]
fn claims_and_volumes_point_at_each_other() {
    let demo = shop();
    assert!(demo.of("PersistentVolume").count() >= 4);
    for volume in demo.of("PersistentVolume") {
        let claim = &volume.value["spec"]["claimRef"];
        let (namespace, name) = (text(&claim["namespace"]), text(&claim["name"]));
        let found = demo.get("PersistentVolumeClaim", namespace, name);
        assert_eq!(uid(found), text(&claim["uid"]));
        assert_eq!(found.value["spec"]["volumeName"], volume.name());
    }
}

/// Groups that the API server serves by itself, beside those without a dot in their name.
const BUILT_IN: [&str; 7] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "discovery.k8s.io",
    "networking.k8s.io",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

fn defines(definition: &Document, group: &str, version: &str, kind: &str) -> bool {
    let spec = &definition.value["spec"];
    let mut versions = items(&spec["versions"]).iter();
    spec["group"] == group && spec["names"]["kind"] == kind && versions.any(|v| v["name"] == version)
}

#[test]
fn every_custom_resource_has_its_definition() {
    for demo in demos() {
        for d in &demo.documents {
            let Some((group, version)) = d.api_version().split_once('/') else { continue };
            if !group.contains('.') || BUILT_IN.contains(&group) {
                continue;
            }
            let mut definitions = demo.of("CustomResourceDefinition");
            assert!(definitions.any(|c| defines(c, group, version, d.kind())), "{}", d.origin);
        }
    }
}

#[test]
fn budgets_scalers_and_bindings_name_what_exists() {
    for demo in demos() {
        for hpa in demo.of("HorizontalPodAutoscaler") {
            let target = &hpa.value["spec"]["scaleTargetRef"];
            demo.get(text(&target["kind"]), hpa.namespace(), text(&target["name"]));
        }
        for budget in demo.of("PodDisruptionBudget") {
            let selector = &budget.value["spec"]["selector"]["matchLabels"];
            let pods = demo.selected(budget.namespace(), selector);
            let healthy = pods.iter().filter(|pod| is_ready(pod)).count();
            assert_eq!(budget.value["status"]["currentHealthy"], healthy, "{}", budget.name());
        }
        for binding in demo.of("RoleBinding") {
            demo.get("Role", binding.namespace(), text(&binding.value["roleRef"]["name"]));
        }
    }
}
