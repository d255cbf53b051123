//! Certificates, the requests that they make, and the issuers that answer.

use super::case::{Case, ago};
use serde_json::{Value, json};

fn condition(r#type: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"type": r#type, "status": status, "reason": reason, "message": message, "lastTransitionTime": ago(90)})
}

fn with(mut object: Value, fields: &Value) -> Value {
    for (field, value) in fields.as_object().expect("fields") {
        object[field] = value.clone();
    }
    object
}

/// What `Ready` can say.
fn verdicts() -> Vec<(&'static str, Value)> {
    let ready = |status: &str, message: &str| json!([condition("Ready", status, "Said", message)]);
    let quoted = "rate \"limited\": <429> & later";
    vec![
        ("ready", ready("True", "Certificate is up to date and has not expired")),
        ("not-ready", ready("False", "Issuing certificate as Secret does not exist")),
        ("unknown", ready("Unknown", "")),
        ("quoted", ready("False", quoted)),
        ("lines", ready("False", "first\nsecond\n\ttabbed")),
        ("unicode", ready("False", "nicht möglich: 世界")),
        ("long", ready("False", &"the server does not answer; ".repeat(20))),
        ("no-message", json!([{"type": "Ready", "status": "True"}])),
        ("silent", json!([])),
        ("other-only", json!([condition("Issuing", "True", "DoesNotExist", "no secret")])),
        (
            "other-first",
            json!([condition("Issuing", "True", "Renewing", "x"), condition("Ready", "True", "Ready", "fine")]),
        ),
    ]
}

fn judged(object: &Value) -> Vec<Case> {
    let of = |(name, conditions)| Case::new(name, object.clone()).status(json!({"conditions": conditions}));
    verdicts().into_iter().map(of).collect()
}

/// Every state of a Certificate.
pub fn certificates() -> Vec<Case> {
    let spec = json!({"secretName": "shop-tls", "issuerRef": {"name": "letsencrypt", "kind": "ClusterIssuer"},
        "dnsNames": ["shop.example.com", "*.shop.example.com"]});
    let of = |fields: Value| json!({"spec": with(spec.clone(), &fields)});
    let fine = || json!([condition("Ready", "True", "Ready", "Certificate is up to date and has not expired")]);
    let dated = json!({"conditions": fine(), "notBefore": ago(86_400), "notAfter": ago(-30 * 86_400),
        "renewalTime": ago(-3600), "revision": 3});
    let failed = json!({"conditions": fine(), "lastFailureTime": ago(600), "failedIssuanceAttempts": 4});
    let mut cases = judged(&of(json!({})));
    cases.extend([
        Case::new("bare", of(json!({}))),
        Case::new("dated", of(json!({}))).status(dated),
        Case::new("failing", of(json!({}))).status(failed),
        Case::new("expired", of(json!({}))).status(json!({"conditions": fine(), "notAfter": ago(60)})),
        Case::new("nameless-issuer", of(json!({"issuerRef": {"name": ""}}))),
        Case::new("nameless-secret", of(json!({"secretName": ""}))),
        Case::new(
            "foreign-issuer",
            of(json!({"issuerRef": {"name": "pca", "kind": "AWSPCAIssuer", "group": "example.com"}})),
        ),
        Case::new("ending", of(json!({}))).status(json!({"conditions": fine()})).held().deleted(),
    ]);
    cases
}

/// Every state of a CertificateRequest.
pub fn requests() -> Vec<Case> {
    let spec = json!({"request": "LS0t", "issuerRef": {"name": "letsencrypt"},
        "username": "system:serviceaccount:cert-manager:cert-manager"});
    let of = |fields: Value| json!({"spec": with(spec.clone(), &fields)});
    let says =
        |name: &str, conditions: &[Value]| Case::new(name, of(json!({}))).status(json!({"conditions": conditions}));
    let approved = || condition("Approved", "True", "cert-manager.io", "approved by the internal approver");
    let denied = || condition("Denied", "True", "policy", "no such domain");
    let ready = |status: &str, reason: &str| condition("Ready", status, reason, "it is said");
    let mut cases = judged(&of(json!({})));
    cases.extend([
        Case::new("bare", of(json!({}))),
        says("approved", &[approved()]),
        says("denied", &[denied()]),
        says("pending", &[approved(), ready("False", "Pending")]),
        says("failed", &[approved(), ready("False", "Failed")]),
        says("issued", &[approved(), ready("True", "Issued")]),
        says("denied-and-failed", &[denied(), ready("False", "Denied")]),
        says("invalid", &[approved(), condition("InvalidRequest", "True", "Bad", "no usages")]),
        Case::new("no-user", of(json!({"username": null}))),
        Case::new("nameless-issuer", of(json!({"issuerRef": {"name": ""}}))),
        says("ending", &[approved()]).held().deleted(),
    ]);
    cases
}

/// Every state of an Issuer.
pub fn issuers() -> Vec<Case> {
    let acme = json!({"server": "https://acme.example.com/directory", "privateKeySecretRef": {"name": "account"}});
    let of = |spec: Value| json!({"spec": spec});
    let mut cases = judged(&of(json!({"acme": acme})));
    cases.extend([
        Case::new("bare", of(json!({}))),
        Case::new("self-signed", of(json!({"selfSigned": {}}))),
        Case::new("authority", of(json!({"ca": {"secretName": "root"}}))),
        Case::new("registered", of(json!({"acme": acme})))
            .status(json!({"acme": {"uri": "https://acme.example.com/acct/1"}, "conditions": []})),
        Case::new("ending", of(json!({"selfSigned": {}}))).held().deleted(),
    ]);
    cases
}

/// Every state of a ClusterIssuer: those of an Issuer.
pub fn cluster_issuers() -> Vec<Case> {
    issuers()
}
