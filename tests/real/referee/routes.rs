//! Routes beside HTTPRoute, the sets of listeners that they attach to, and how TLS goes on behind a Gateway.

use super::case::{Case, ago};
use serde_json::{Value, json};

fn condition(r#type: &str, status: &str, reason: &str) -> Value {
    json!({"type": r#type, "status": status, "reason": reason, "message": "it is said", "lastTransitionTime": ago(90)})
}

/// A route of one rule; `fields` replace what is there.
fn route(name: &str, fields: Value) -> Case {
    let mut spec = json!({"parentRefs": [{"name": "edge"}], "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]});
    for (field, value) in fields.as_object().expect("fields") {
        spec[field] = value.clone();
    }
    Case::new(name, json!({"spec": spec}))
}

fn told(name: &str, fields: Value, conditions: Value) -> Case {
    let parent =
        json!({"parentRef": {"name": "edge"}, "controllerName": "example.com/gateway", "conditions": conditions});
    route(name, fields).status(json!({"parents": [parent]}))
}

/// What every kind of route can be: `fields` are those that its kind cannot be without.
fn any(fields: &Value) -> Vec<Case> {
    let fields = || fields.clone();
    let section = json!({"parentRefs": [{"name": "edge", "sectionName": "a"}, {"name": "edge", "sectionName": "b"}]});
    let mut two = fields();
    two["parentRefs"] = section["parentRefs"].clone();
    vec![
        route("bare", fields()),
        route("two-parents", two),
        told("accepted", fields(), json!([condition("Accepted", "True", "Accepted")])),
        told("refused", fields(), json!([condition("Accepted", "False", "NoMatchingParent")])),
        route("ending", fields()).held().deleted(),
    ]
}

/// Every state of a GRPCRoute.
pub fn grpc() -> Vec<Case> {
    let hosts = |hosts: Value| json!({"hostnames": hosts});
    let ruled = |name: &str, rule: Value| route(name, json!({"hostnames": ["grpc.example.com"], "rules": [rule]}));
    let method = json!([{"method": {"service": "shop.Cart", "method": "Add"}}]);
    let regex = json!([{"method": {"type": "RegularExpression", "service": "shop[.].*"}}]);
    let headers = json!([{"headers": [{"name": "canary", "value": "1"}]}]);
    let set =
        json!([{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "a", "value": "b"}]}}]);
    let many: Value = (0..16).map(|n| format!("h{n}.example.com")).collect();
    let mut cases = any(&hosts(json!(["grpc.example.com"])));
    cases.extend([
        route("two-hosts", hosts(json!(["b.example.com", "a.example.com"]))),
        route("many-hosts", hosts(many)),
        route("wildcard", hosts(json!(["*.example.com"]))),
        route("no-hosts", hosts(json!([]))),
        route("any-host", json!({})),
        ruled("method", json!({"matches": method})),
        ruled("regex", json!({"matches": regex})),
        ruled("headers", json!({"matches": headers})),
        ruled("filter", json!({"filters": set})),
        ruled("backend-filter", json!({"backendRefs": [{"name": "web", "port": 80, "filters": set}]})),
    ]);
    cases
}

/// Every state of a TLSRoute.
pub fn tls() -> Vec<Case> {
    any(&json!({"hostnames": ["db.example.com"]}))
}

/// Every state of a TCPRoute.
pub fn tcp() -> Vec<Case> {
    any(&json!({}))
}

/// Every state of a UDPRoute.
pub fn udp() -> Vec<Case> {
    any(&json!({}))
}

fn set(name: &str, fields: Value) -> Case {
    let listeners = json!([{"name": "http", "port": 80, "protocol": "HTTP"}]);
    let mut spec = json!({"parentRef": {"name": "edge", "namespace": "network"}, "listeners": listeners});
    for (field, value) in fields.as_object().expect("fields") {
        spec[field] = value.clone();
    }
    Case::new(name, json!({"spec": spec}))
}

/// Every state of a ListenerSet, in both groups.
pub fn listener_sets() -> Vec<Case> {
    let told = |name: &str, conditions: Value| set(name, json!({})).status(json!({"conditions": conditions}));
    let accepted = |status: &str, reason: &str| condition("Accepted", status, reason);
    let programmed = |status: &str, reason: &str| condition("Programmed", status, reason);
    let tls = json!([{"name": "https", "port": 443, "protocol": "HTTPS", "hostname": "shop.example.com",
        "tls": {"certificateRefs": [{"name": "shop-tls"}]}, "allowedRoutes": {"namespaces": {"from": "All"}}}]);
    let listener = json!([{"name": "http", "attachedRoutes": 2, "supportedKinds": [], "conditions": []}]);
    vec![
        set("bare", json!({})),
        told("accepted", json!([accepted("True", "Accepted")])),
        told("programmed", json!([accepted("True", "Accepted"), programmed("True", "Programmed")])),
        told("programmed-first", json!([programmed("True", "Programmed"), accepted("True", "Accepted")])),
        told("only-programmed", json!([programmed("True", "Programmed")])),
        told("not-programmed", json!([accepted("True", "Accepted"), programmed("False", "Invalid")])),
        told("not-allowed", json!([accepted("False", "NotAllowed"), programmed("False", "NotAllowed")])),
        told("parent-refused", json!([accepted("False", "ParentNotAccepted")])),
        told("pending", json!([accepted("Unknown", "Pending"), programmed("Unknown", "Pending")])),
        told("silent", json!([])),
        told("other-only", json!([condition("ResolvedRefs", "True", "ResolvedRefs")])),
        set("tls", json!({"listeners": tls})),
        set("own-namespace", json!({"parentRef": {"name": "edge"}})),
        set("listener", json!({})).status(json!({"listeners": listener})),
        set("ending", json!({})).held().deleted(),
    ]
}

/// Every state of a BackendTLSPolicy.
pub fn tls_policies() -> Vec<Case> {
    let policy = |name: &str, validation: Value| {
        let targets = json!([{"group": "", "kind": "Service", "name": name, "sectionName": "https"}]);
        Case::new(name, json!({"spec": {"targetRefs": targets, "validation": validation}}))
    };
    let authority =
        json!({"hostname": "web.internal", "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}]});
    let system = || json!({"hostname": "web.internal", "wellKnownCACertificates": "System"});
    let mut names = system();
    names["subjectAltNames"] = json!([{"type": "URI", "uri": "spiffe://a.example.com/web"}]);
    let ancestor = json!({"ancestorRef": {"name": "edge"}, "controllerName": "example.com/gateway",
        "conditions": [condition("Accepted", "False", "Conflicted")]});
    vec![
        policy("authority", authority),
        policy("system", system()),
        policy("names", names),
        policy("conflicted", system()).status(json!({"ancestors": [ancestor]})),
        policy("ending", system()).held().deleted(),
    ]
}
