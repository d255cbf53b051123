//! What the API server serves: the built-in resources as one table, and those that the
//! custom resource definitions among the objects add.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::demo::convert::EVENTS;
use crate::demo::store::Store;

/// The resource under which custom resource definitions are stored.
pub const CRDS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// One resource, as discovery shows it.
#[derive(Clone, Debug)]
pub struct Resource {
    pub group: String,
    /// Served versions, the preferred one first.
    pub versions: Vec<String>,
    pub kind: String,
    pub list_kind: String,
    pub plural: String,
    pub singular: String,
    pub short_names: Vec<String>,
    pub categories: Vec<String>,
    pub namespaced: bool,
    pub subresources: Vec<&'static str>,
    /// Set for custom resources.
    pub custom: Option<Arc<Custom>>,
}

/// What a custom resource definition says beyond the names, by version.
#[derive(Debug, Default)]
pub struct Custom {
    pub versions: BTreeMap<String, Value>,
}

impl Resource {
    /// The name under which objects are stored: `deployments.apps`, `pods`.
    pub fn id(&self) -> String {
        id_of(&self.group, &self.plural)
    }

    /// `apps/v1`, `v1`.
    pub fn api_version(&self, version: &str) -> String {
        if self.group.is_empty() { version.to_owned() } else { format!("{}/{version}", self.group) }
    }

    /// The fields that a custom resource declares as selectable, without the leading dot.
    pub fn selectable_fields(&self, version: &str) -> Vec<String> {
        let declared = self.custom.as_ref().and_then(|custom| custom.versions.get(version));
        let fields = declared.and_then(|version| version["selectableFields"].as_array());
        fields
            .into_iter()
            .flatten()
            .filter_map(|field| Some(field["jsonPath"].as_str()?.trim_start_matches('.').to_owned()))
            .collect()
    }
}

/// The name under which objects are stored. Events of both groups are the same objects.
pub fn id_of(group: &str, plural: &str) -> String {
    if group.is_empty() || group == EVENTS { plural.to_owned() } else { format!("{plural}.{group}") }
}

/// Every resource that is served at this moment.
#[derive(Debug)]
pub struct Registry {
    pub resources: Vec<Resource>,
}

impl Registry {
    /// The built-in resources and those of the stored definitions.
    pub fn of(store: &Store) -> Self {
        let mut resources: Vec<Resource> = BUILT_IN.iter().map(built_in).collect();
        resources.extend(store.list(CRDS, None).filter_map(|definition| custom(&definition.value)));
        Self { resources }
    }

    /// The resource of a request path.
    pub fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| {
            resource.group == group && resource.plural == plural && resource.versions.iter().any(|v| v == version)
        })
    }

    /// The resource of an object's `apiVersion` and `kind`.
    pub fn of_kind(&self, api_version: &str, kind: &str) -> Option<&Resource> {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        self.resources.iter().find(|resource| {
            resource.group == group && resource.kind == kind && resource.versions.iter().any(|v| v == version)
        })
    }

    /// Group → its versions, preferred first; the core group is the empty name.
    pub fn groups(&self) -> Vec<(&str, Vec<&str>)> {
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
        for resource in &self.resources {
            let at = groups.iter().position(|(group, _)| *group == resource.group).unwrap_or_else(|| {
                groups.push((&resource.group, Vec::new()));
                groups.len() - 1
            });
            for version in &resource.versions {
                if !groups[at].1.contains(&version.as_str()) {
                    groups[at].1.push(version);
                }
            }
        }
        groups
    }
}

struct BuiltIn {
    group: &'static str,
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    /// Separated by spaces.
    short_names: &'static str,
    all: bool,
    namespaced: bool,
    subresources: &'static [&'static str],
}

const NONE: &[&str] = &[];
const STATUS: &[&str] = &["status"];
const SCALE: &[&str] = &["scale", "status"];
const POD: &[&str] = &[
    "attach",
    "binding",
    "ephemeralcontainers",
    "eviction",
    "exec",
    "log",
    "portforward",
    "proxy",
    "resize",
    "status",
];

const fn row(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    short_names: &'static str,
    subresources: &'static [&'static str],
) -> BuiltIn {
    BuiltIn { group, version: "v1", kind, plural, short_names, all: false, namespaced: true, subresources }
}

const fn cluster(mut row: BuiltIn) -> BuiltIn {
    row.namespaced = false;
    row
}

/// A member of the category `all`.
const fn all(mut row: BuiltIn) -> BuiltIn {
    row.all = true;
    row
}

const fn v2(mut row: BuiltIn) -> BuiltIn {
    row.version = "v2";
    row
}

const ADMISSION: &str = "admissionregistration.k8s.io";
const EXTENSIONS: &str = "apiextensions.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const STORAGE: &str = "storage.k8s.io";
const NETWORKING: &str = "networking.k8s.io";

const BUILT_IN: &[BuiltIn] = &[
    row("", "ConfigMap", "configmaps", "cm", NONE),
    row("", "Endpoints", "endpoints", "ep", NONE),
    row("", "Event", "events", "ev", NONE),
    row("", "LimitRange", "limitranges", "limits", NONE),
    cluster(row("", "Namespace", "namespaces", "ns", &["finalize", "status"])),
    cluster(row("", "Node", "nodes", "no", &["proxy", "status"])),
    row("", "PersistentVolumeClaim", "persistentvolumeclaims", "pvc", STATUS),
    cluster(row("", "PersistentVolume", "persistentvolumes", "pv", STATUS)),
    all(row("", "Pod", "pods", "po", POD)),
    row("", "PodTemplate", "podtemplates", "", NONE),
    all(row("", "ReplicationController", "replicationcontrollers", "rc", SCALE)),
    row("", "ResourceQuota", "resourcequotas", "quota", STATUS),
    row("", "Secret", "secrets", "", NONE),
    row("", "ServiceAccount", "serviceaccounts", "sa", &["token"]),
    all(row("", "Service", "services", "svc", &["proxy", "status"])),
    cluster(row("apiregistration.k8s.io", "APIService", "apiservices", "", STATUS)),
    row("apps", "ControllerRevision", "controllerrevisions", "", NONE),
    all(row("apps", "DaemonSet", "daemonsets", "ds", STATUS)),
    all(row("apps", "Deployment", "deployments", "deploy", SCALE)),
    all(row("apps", "ReplicaSet", "replicasets", "rs", SCALE)),
    all(row("apps", "StatefulSet", "statefulsets", "sts", SCALE)),
    row(EVENTS, "Event", "events", "ev", NONE),
    all(v2(row("autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "hpa", STATUS))),
    all(row("batch", "CronJob", "cronjobs", "cj", STATUS)),
    all(row("batch", "Job", "jobs", "", STATUS)),
    cluster(row(
        "certificates.k8s.io",
        "CertificateSigningRequest",
        "certificatesigningrequests",
        "csr",
        &["approval", "status"],
    )),
    row(NETWORKING, "Ingress", "ingresses", "ing", STATUS),
    cluster(row(NETWORKING, "IngressClass", "ingressclasses", "", NONE)),
    row(NETWORKING, "NetworkPolicy", "networkpolicies", "netpol", NONE),
    row("policy", "PodDisruptionBudget", "poddisruptionbudgets", "pdb", STATUS),
    cluster(row(RBAC, "ClusterRoleBinding", "clusterrolebindings", "", NONE)),
    cluster(row(RBAC, "ClusterRole", "clusterroles", "", NONE)),
    row(RBAC, "RoleBinding", "rolebindings", "", NONE),
    row(RBAC, "Role", "roles", "", NONE),
    cluster(row(STORAGE, "CSIDriver", "csidrivers", "", NONE)),
    cluster(row(STORAGE, "CSINode", "csinodes", "", NONE)),
    cluster(row(STORAGE, "StorageClass", "storageclasses", "sc", NONE)),
    cluster(row(STORAGE, "VolumeAttachment", "volumeattachments", "", STATUS)),
    cluster(row(ADMISSION, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", "", NONE)),
    cluster(row(ADMISSION, "ValidatingAdmissionPolicy", "validatingadmissionpolicies", "", STATUS)),
    cluster(row(ADMISSION, "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", "", NONE)),
    cluster(row(ADMISSION, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", "", NONE)),
    cluster(row(EXTENSIONS, "CustomResourceDefinition", "customresourcedefinitions", "crd crds", STATUS)),
    cluster(row("scheduling.k8s.io", "PriorityClass", "priorityclasses", "pc", NONE)),
    row("coordination.k8s.io", "Lease", "leases", "", NONE),
    cluster(row("node.k8s.io", "RuntimeClass", "runtimeclasses", "", NONE)),
    row("discovery.k8s.io", "EndpointSlice", "endpointslices", "", NONE),
];

fn built_in(row: &BuiltIn) -> Resource {
    let mut categories = Vec::new();
    if row.all {
        categories.push("all".to_owned());
    }
    if [ADMISSION, EXTENSIONS, "apiregistration.k8s.io"].contains(&row.group) {
        categories.push("api-extensions".to_owned());
    }
    Resource {
        group: row.group.to_owned(),
        // Version 2 came beside version 1.
        versions: if row.version == "v2" { vec!["v2".to_owned(), "v1".to_owned()] } else { vec!["v1".to_owned()] },
        kind: row.kind.to_owned(),
        list_kind: format!("{}List", row.kind),
        plural: row.plural.to_owned(),
        singular: row.kind.to_ascii_lowercase(),
        short_names: row.short_names.split_whitespace().map(str::to_owned).collect(),
        categories,
        namespaced: row.namespaced,
        subresources: row.subresources.to_vec(),
        custom: None,
    }
}

fn custom(definition: &Value) -> Option<Resource> {
    let spec = &definition["spec"];
    let names = &spec["names"];
    let text = |name: &str| names[name].as_str().map(str::to_owned);
    let list = |name: &str| {
        let entries = names[name].as_array().into_iter().flatten();
        entries.filter_map(|entry| entry.as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let kind = text("kind")?;
    let served = spec["versions"].as_array()?.iter().filter(|version| version["served"] == true);
    let versions: BTreeMap<String, Value> =
        served.filter_map(|version| Some((version["name"].as_str()?.to_owned(), version.clone()))).collect();
    let mut names_by_age: Vec<String> = versions.keys().cloned().collect();
    names_by_age.sort_by_key(|version| std::cmp::Reverse(maturity(version)));
    let newest = names_by_age.first().and_then(|version| versions.get(version));
    let has = |name: &str| newest.is_some_and(|version| version["subresources"].get(name).is_some());
    Some(Resource {
        group: spec["group"].as_str()?.to_owned(),
        list_kind: text("listKind").unwrap_or_else(|| format!("{kind}List")),
        plural: text("plural")?,
        singular: text("singular").unwrap_or_else(|| kind.to_ascii_lowercase()),
        short_names: list("shortNames"),
        categories: list("categories"),
        namespaced: spec["scope"] != "Cluster",
        subresources: ["scale", "status"].into_iter().filter(|name| has(name)).collect(),
        versions: names_by_age,
        kind,
        custom: Some(Arc::new(Custom { versions })),
    })
}

/// Orders versions as Kubernetes does: v2, v1, v1beta2, v1beta1, v1alpha1, then anything else.
fn maturity(version: &str) -> (u8, u32, u32) {
    let digits = |text: &str| text.parse::<u32>().unwrap_or(0);
    let Some(rest) = version.strip_prefix('v') else { return (0, 0, 0) };
    match (rest.split_once("beta"), rest.split_once("alpha")) {
        (Some((major, minor)), _) => (2, digits(major), digits(minor)),
        (None, Some((major, minor))) => (1, digits(major), digits(minor)),
        (None, None) => (3, digits(rest), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_maturity() {
        let mut versions = vec!["v1alpha1", "v1", "v1beta2", "v2", "v1beta10"];
        versions.sort_by_key(|version| std::cmp::Reverse(maturity(version)));
        assert_eq!(versions, ["v2", "v1", "v1beta10", "v1beta2", "v1alpha1"]);
    }
}
