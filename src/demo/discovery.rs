//! Discovery: which groups, versions and resources are served, in the aggregated and the legacy form.

use serde_json::{Value, json};

use crate::demo::resources::{Registry, Resource};

/// What the Accept header asks the discovery roots for.
pub const AGGREGATED: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

const VERBS: [&str; 8] = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];
/// The order in which the real server lists its own groups.
const GROUPS: [&str; 17] = [
    "",
    "apiregistration.k8s.io",
    "apps",
    "events.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "networking.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "storage.k8s.io",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "scheduling.k8s.io",
    "coordination.k8s.io",
];

/// Reviews can be created and nothing else: group, kind, plural, namespaced.
pub const REVIEWS: [(&str, &str, &str); 3] = [
    ("authentication.k8s.io", "SelfSubjectReview", "selfsubjectreviews"),
    ("authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "SelfSubjectRulesReview", "selfsubjectrulesreviews"),
];

/// Whether a client can read the aggregated form, version 2.
pub fn wants_aggregated(accept: &str) -> bool {
    accept.split(',').any(|clause| {
        ["application/json", "g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList"]
            .iter()
            .all(|part| clause.split(';').any(|found| found.trim() == *part))
    })
}

/// `APIGroupDiscoveryList` of `/api` (core) or `/apis` (all others).
pub fn aggregated(registry: &Registry, core: bool) -> Value {
    let items: Vec<Value> = groups(registry)
        .iter()
        .filter(|(group, _)| group.is_empty() == core)
        .map(|(group, versions)| {
            let metadata = if core { json!({}) } else { json!({"name": group}) };
            let versions: Vec<Value> = versions.iter().map(|version| one_version(registry, group, version)).collect();
            json!({"metadata": metadata, "versions": versions})
        })
        .collect();
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

/// `/api`.
pub fn core_versions() -> Value {
    json!({
        "kind": "APIVersions", "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}],
    })
}

/// `/apis`.
pub fn group_list(registry: &Registry) -> Value {
    let groups: Vec<Value> =
        groups(registry).iter().filter(|(group, _)| !group.is_empty()).map(|(g, v)| group_versions(g, v)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// `/apis/GROUP`.
pub fn group(registry: &Registry, name: &str) -> Option<Value> {
    let groups = groups(registry);
    let (_, versions) = groups.iter().find(|(group, _)| group == name)?;
    let mut group = group_versions(name, versions);
    group["kind"] = json!("APIGroup");
    group["apiVersion"] = json!("v1");
    Some(group)
}

/// `/api/v1` or `/apis/GROUP/VERSION`.
pub fn resource_list(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    groups(registry).iter().find(|(name, versions)| name == group && versions.iter().any(|v| v == version))?;
    let mut resources = Vec::new();
    for resource in of_version(registry, group, version) {
        resources.push(legacy(resource));
        for subresource in &resource.subresources {
            let (kind, verbs) = subresource_of(resource, subresource);
            let mut entry = json!({
                "name": format!("{}/{subresource}", resource.plural), "singularName": "",
                "namespaced": resource.namespaced, "kind": kind, "verbs": verbs,
            });
            if let Some((group, version)) = home_of(subresource) {
                entry["group"] = json!(group);
                entry["version"] = json!(version);
            }
            resources.push(entry);
        }
    }
    for (_, kind, plural) in REVIEWS.iter().filter(|review| review.0 == group) {
        let singular = kind.to_ascii_lowercase();
        resources.push(json!({
            "name": plural, "singularName": singular, "namespaced": false, "kind": kind, "verbs": ["create"],
        }));
    }
    let group_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
    Some(json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": resources,
    }))
}

/// Groups with their versions, in the order of discovery.
pub fn groups(registry: &Registry) -> Vec<(String, Vec<String>)> {
    let owned = |versions: Vec<&str>| versions.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let mut groups: Vec<(String, Vec<String>)> =
        registry.groups().into_iter().map(|(group, versions)| (group.to_owned(), owned(versions))).collect();
    for (group, ..) in REVIEWS {
        if groups.iter().all(|(name, _)| name != group) {
            groups.push((group.to_owned(), vec!["v1".to_owned()]));
        }
    }
    groups.sort_by_key(|(name, _)| GROUPS.iter().position(|group| group == name).unwrap_or(GROUPS.len()));
    groups
}

fn group_versions(group: &str, versions: &[String]) -> Value {
    let versions: Vec<Value> = versions
        .iter()
        .map(|version| json!({"groupVersion": format!("{group}/{version}"), "version": version}))
        .collect();
    json!({"name": group, "versions": versions, "preferredVersion": versions.first()})
}

fn of_version<'a>(registry: &'a Registry, group: &'a str, version: &'a str) -> impl Iterator<Item = &'a Resource> {
    registry
        .resources
        .iter()
        .filter(move |resource| resource.group == group && resource.versions.iter().any(|v| v == version))
}

fn one_version(registry: &Registry, group: &str, version: &str) -> Value {
    let kind_of = |kind: &str| json!({"group": group, "version": version, "kind": kind});
    let mut resources: Vec<Value> = of_version(registry, group, version)
        .map(|resource| {
            let mut entry = legacy(resource);
            let subresources: Vec<Value> = resource
                .subresources
                .iter()
                .map(|name| {
                    let (kind, verbs) = subresource_of(resource, name);
                    let (group, version) = home_of(name).unwrap_or((group, version));
                    json!({
                        "subresource": name, "verbs": verbs,
                        "responseKind": {"group": group, "version": version, "kind": kind},
                    })
                })
                .collect();
            if let Some(map) = entry.as_object_mut() {
                map.insert("resource".into(), json!(resource.plural));
                map.insert("singularResource".into(), json!(resource.singular));
                map.insert("scope".into(), json!(if resource.namespaced { "Namespaced" } else { "Cluster" }));
                map.insert("responseKind".into(), kind_of(&resource.kind));
                for legacy in ["name", "singularName", "namespaced", "kind", "storageVersionHash"] {
                    map.remove(legacy);
                }
                if !subresources.is_empty() {
                    map.insert("subresources".into(), Value::Array(subresources));
                }
            }
            entry
        })
        .collect();
    for (_, kind, plural) in REVIEWS.iter().filter(|review| review.0 == group) {
        resources.push(json!({
            "resource": plural, "responseKind": kind_of(kind), "scope": "Cluster",
            "singularResource": kind.to_ascii_lowercase(), "verbs": ["create"],
        }));
    }
    json!({"version": version, "resources": resources, "freshness": "Current"})
}

fn legacy(resource: &Resource) -> Value {
    let mut entry = json!({
        "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
        "kind": resource.kind, "verbs": VERBS,
    });
    if !resource.short_names.is_empty() {
        entry["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        entry["categories"] = json!(resource.categories);
    }
    entry
}

/// Group and version of the subresources that are kinds of another group.
fn home_of(subresource: &str) -> Option<(&'static str, &'static str)> {
    match subresource {
        "eviction" => Some(("policy", "v1")),
        "scale" => Some(("autoscaling", "v1")),
        "token" => Some(("authentication.k8s.io", "v1")),
        _ => None,
    }
}

fn subresource_of<'a>(resource: &'a Resource, name: &str) -> (&'a str, &'static [&'static str]) {
    match name {
        "log" => (&resource.kind, &["get"]),
        "exec" => ("PodExecOptions", &["create", "get"]),
        "attach" => ("PodAttachOptions", &["create", "get"]),
        "portforward" => ("PodPortForwardOptions", &["create", "get"]),
        "proxy" => (&resource.kind, &["create", "delete", "get", "patch", "update"]),
        "eviction" => ("Eviction", &["create"]),
        "binding" => ("Binding", &["create"]),
        "token" => ("TokenRequest", &["create"]),
        "finalize" => (&resource.kind, &["update"]),
        "scale" => ("Scale", &["get", "patch", "update"]),
        _ => (&resource.kind, &["get", "patch", "update"]),
    }
}
