//! Who the caller is and what he may do: access reviews that say what the server would really allow.

use serde_json::{Value, json};

use crate::demo::resources::{Registry, Resource};
use crate::demo::route::Route;
use crate::demo::status::{Failure, USER};

/// Why some subresources are refused.
pub const NOTHING_RUNS: &str = ": nothing really runs in the demo clusters";

const READS: [&str; 3] = ["get", "list", "watch"];

/// The reads, then the writes.
const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/// What leads into a running container, or mints credentials.
const ELSEWHERE: [&str; 3] = ["binding", "proxy", "token"];

/// A right that was taken away, for tests of what a forbidden user sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// A verb, or `*`.
    pub verb: String,
    /// A resource with its group (`pods`, `deployments.apps`), or `*`.
    pub resource: String,
    /// A namespace; `*` for every one, empty for requests across all namespaces.
    pub namespace: String,
}

/// What the caller may do: everything that is not denied.
#[derive(Clone, Debug, Default)]
pub struct Rights {
    pub denials: Vec<Denial>,
}

impl Rights {
    pub fn allow(&self, verb: &str, resource: &str, namespace: &str) -> bool {
        let fits = |pattern: &str, text: &str| pattern == "*" || pattern == text;
        (VERBS.contains(&verb) || verb == "*")
            && !self.denials.iter().any(|denial| {
                fits(&denial.verb, verb) && fits(&denial.resource, resource) && fits(&denial.namespace, namespace)
            })
    }

    /// Grants a request or explains the refusal.
    pub fn check(&self, verb: &str, resource: &Resource, route: &Route) -> Result<(), Failure> {
        let elsewhere = ELSEWHERE.contains(&route.subresource.as_str());
        if !elsewhere && self.allow(verb, &resource.id(), &route.namespace) {
            return Ok(());
        }
        let why = if elsewhere { NOTHING_RUNS } else { "" };
        Err(Failure::forbidden(verb, resource, &route.namespace, &route.name, why))
    }
}

/// Answers a review that was posted; `None` if `plural` is not one.
pub fn answer(registry: &Registry, rights: &Rights, group: &str, plural: &str, posted: &Value) -> Option<Value> {
    let spec = &posted["spec"];
    let (kind, status) = match (group, plural) {
        ("authorization.k8s.io", "selfsubjectaccessreviews") => ("SelfSubjectAccessReview", access(rights, spec)),
        ("authorization.k8s.io", "selfsubjectrulesreviews") => {
            ("SelfSubjectRulesReview", rules(registry, rights, spec["namespace"].as_str().unwrap_or_default()))
        }
        ("authentication.k8s.io", "selfsubjectreviews") => (
            "SelfSubjectReview",
            json!({"userInfo": {"username": USER, "uid": "demo", "groups": ["system:authenticated"]}}),
        ),
        _ => return None,
    };
    let mut review = json!({
        "kind": kind, "apiVersion": format!("{group}/v1"),
        "metadata": {"creationTimestamp": null}, "status": status,
    });
    if !spec.is_null() {
        review["spec"] = spec.clone();
    }
    Some(review)
}

fn access(rights: &Rights, spec: &Value) -> Value {
    let text = |object: &Value, name: &str| object[name].as_str().unwrap_or_default().to_owned();
    if let Some(attributes) = spec.get("nonResourceAttributes").filter(|attributes| !attributes.is_null()) {
        return json!({"allowed": attributes["verb"] == "get"});
    }
    let attributes = &spec["resourceAttributes"];
    let (verb, group, plural) = (text(attributes, "verb"), text(attributes, "group"), text(attributes, "resource"));
    let id = if group.is_empty() || group == "*" { plural } else { format!("{plural}.{group}") };
    let elsewhere = ELSEWHERE.contains(&attributes["subresource"].as_str().unwrap_or_default());
    if elsewhere {
        return json!({"allowed": false, "reason": format!("no rule allows this{NOTHING_RUNS}")});
    }
    if rights.allow(&verb, &id, &text(attributes, "namespace")) {
        return json!({"allowed": true, "reason": "the demo clusters belong to everyone"});
    }
    json!({"allowed": false, "reason": "no rule allows this"})
}

fn rules(registry: &Registry, rights: &Rights, namespace: &str) -> Value {
    let mut rules = Vec::new();
    if rights.denials.is_empty() {
        // A listed rule is believed: the subresources that lead elsewhere must not be covered by a star.
        let mut resources: Vec<&str> = registry.resources.iter().map(|resource| resource.plural.as_str()).collect();
        resources.extend(["*/scale", "*/status", "pods/eviction"]);
        rules.push(json!({"verbs": READS, "apiGroups": ["*"], "resources": ["*"]}));
        rules.push(json!({"verbs": &VERBS[READS.len()..], "apiGroups": ["*"], "resources": resources}));
    } else {
        for resource in registry.resources.iter().filter(|resource| resource.namespaced) {
            let verbs: Vec<&str> =
                VERBS.into_iter().filter(|verb| rights.allow(verb, &resource.id(), namespace)).collect();
            if !verbs.is_empty() {
                let mut names = vec![resource.plural.clone()];
                if resource.id() == "pods" {
                    names.push("pods/log".to_owned());
                }
                rules.push(json!({"verbs": verbs, "apiGroups": [resource.group], "resources": names}));
            }
        }
    }
    rules.push(json!({
        "verbs": ["create"], "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    }));
    rules.push(json!({
        "verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"],
    }));
    json!({
        "resourceRules": rules,
        "nonResourceRules": [{"verbs": ["get"], "nonResourceURLs": ["*"]}],
        "incomplete": false,
    })
}
