//! Whom the API server asks before it takes an object.

use super::case::Case;
use serde_json::{Value, json};

fn webhook(n: usize, fields: Value) -> Value {
    // The label keeps every webhook of the referee away from all other tests.
    let mut webhook = json!({"name": format!("w{n}.kplumb.dev"), "sideEffects": "None", "admissionReviewVersions": ["v1"],
        "clientConfig": {"service": {"namespace": "nowhere", "name": "nobody"}},
        "objectSelector": {"matchLabels": {"kplumb.dev/asked": "yes"}}});
    for (field, value) in fields.as_object().expect("fields") {
        webhook[field] = value.clone();
    }
    webhook
}

fn asked(name: &str, webhooks: Value) -> Case {
    Case::new(name, json!({"webhooks": webhooks}))
}

fn some(name: &str, count: usize) -> Case {
    asked(name, (0..count).map(|n| webhook(n, json!({}))).collect())
}

fn one(name: &str, fields: Value) -> Case {
    asked(name, json!([webhook(0, fields)]))
}

fn any() -> Vec<Case> {
    let rule = |scope: &str| {
        json!([{"operations": ["CREATE", "UPDATE"], "apiGroups": ["networking.k8s.io"], "apiVersions": ["v1"],
        "resources": ["ingresses"], "scope": scope}])
    };
    let everything = json!([{"operations": ["*"], "apiGroups": ["*"], "apiVersions": ["*"], "resources": ["*/*"]}, {"operations": ["DELETE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods", "pods/status"]}]);
    let service = json!({"namespace": "a", "name": "b", "path": "/check", "port": 8443});
    let labels = json!({"matchExpressions": [{"key": "team", "operator": "In", "values": ["a", "b"]}]});
    vec![
        Case::new("none", json!({})),
        some("one", 1),
        some("two", 2),
        some("twelve", 12),
        one("ignored", json!({"failurePolicy": "Ignore"})),
        one("strict", json!({"failurePolicy": "Fail", "timeoutSeconds": 5})),
        one("ruled", json!({"rules": rule("*")})),
        one("namespaced", json!({"rules": rule("Namespaced")})),
        one("everything", json!({"rules": everything})),
        one("by-address", json!({"clientConfig": {"url": "https://far.example.com/check"}})),
        one("by-port", json!({"clientConfig": {"service": service}})),
        one("chosen", json!({"namespaceSelector": labels})),
        one("exact", json!({"matchPolicy": "Exact"})),
        Case::new(
            "injected",
            json!({"metadata": {"annotations": {"cert-manager.io/inject-ca-from": "a/b", "why": "c"}}, "webhooks": [webhook(0, json!({}))]}),
        ),
        some("ending", 3).held().deleted(),
    ]
}

/// Every state of a ValidatingWebhookConfiguration.
pub fn validating() -> Vec<Case> {
    any()
}

/// Every state of a MutatingWebhookConfiguration.
pub fn mutating() -> Vec<Case> {
    let mut cases = any();
    cases.push(one("again", json!({"reinvocationPolicy": "IfNeeded"})));
    cases
}
