//! Gateways, their classes, the routes through them, and the grants that let routes leave their namespace.

use super::case::{Case, ago};
use serde_json::{Value, json};

fn condition(r#type: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"type": r#type, "status": status, "reason": reason, "message": message, "lastTransitionTime": ago(90)})
}

fn accepted(status: &str, reason: &str) -> Value {
    condition("Accepted", status, reason, "it is said")
}

fn class(name: &str, fields: Value) -> Case {
    let mut spec = json!({"controllerName": "example.com/gateway"});
    for (field, value) in fields.as_object().expect("fields") {
        spec[field] = value.clone();
    }
    Case::new(name, json!({"spec": spec}))
}

/// Every state of a GatewayClass.
pub fn classes() -> Vec<Case> {
    let told = |name: &str, conditions: Value| class(name, json!({})).status(json!({"conditions": conditions}));
    let described = |name: &str, words: &str| class(name, json!({"description": words}));
    let reference = json!({"group": "example.com", "kind": "Settings", "name": "edge", "namespace": "network"});
    let version = || condition("SupportedVersion", "True", "SupportedVersion", "");
    vec![
        class("bare", json!({})),
        told("accepted", json!([accepted("True", "Accepted")])),
        told("refused", json!([accepted("False", "InvalidParameters")])),
        told("unknown", json!([accepted("Unknown", "Waiting")])),
        told("silent", json!([])),
        told("other-only", json!([version()])),
        told("other-first", json!([version(), accepted("True", "Accepted")])),
        told("unsupported", json!([accepted("True", "Accepted"), condition("SupportedVersion", "False", "Old", "")])),
        class("features", json!({})).status(json!({"conditions": [accepted("True", "Accepted")],
            "supportedFeatures": [{"name": "HTTPRoute"}]})),
        class("parameters", json!({"parametersRef": reference})),
        class("controller", json!({"controllerName": "gateway.envoyproxy.io/gatewayclass-controller"})),
        described("described", "The gateways at the edge"),
        described("described-empty", ""),
        described("described-quoted", "for \"shop\" <only> & tests"),
        described("described-lines", "two\nlines"),
        class("ending", json!({})).held().deleted(),
    ]
}

fn gateway(name: &str, fields: Value) -> Case {
    let mut spec = json!({"gatewayClassName": "edge", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]});
    for (field, value) in fields.as_object().expect("fields") {
        spec[field] = value.clone();
    }
    Case::new(name, json!({"spec": spec}))
}

/// Every state of a Gateway.
pub fn gateways() -> Vec<Case> {
    let programmed = |status: &str, reason: &str| condition("Programmed", status, reason, "it is said");
    let told = |name: &str, conditions: Value| gateway(name, json!({})).status(json!({"conditions": conditions}));
    let at = |name: &str, addresses: Value| gateway(name, json!({})).status(json!({"addresses": addresses}));
    let tls = json!([{"name": "https", "port": 443, "protocol": "HTTPS", "hostname": "*.example.com",
        "tls": {"certificateRefs": [{"name": "shop-tls"}]}, "allowedRoutes": {"namespaces": {"from": "All"}}}]);
    let listener = |status: &str| {
        json!([{"name": "http", "attachedRoutes": 2, "supportedKinds": [],
        "conditions": [condition("Programmed", status, "Programmed", "")]}])
    };
    vec![
        gateway("bare", json!({})),
        told("accepted", json!([accepted("True", "Accepted")])),
        told("programmed", json!([accepted("True", "Accepted"), programmed("True", "Programmed")])),
        told("not-programmed", json!([accepted("True", "Accepted"), programmed("False", "AddressNotAssigned")])),
        told("pending", json!([programmed("Unknown", "Pending")])),
        told("refused", json!([accepted("False", "ListenersNotValid"), programmed("False", "Invalid")])),
        told("silent", json!([])),
        at("address", json!([{"type": "IPAddress", "value": "203.0.113.7"}])),
        at("address-untyped", json!([{"value": "203.0.113.8"}])),
        at("address-by-name", json!([{"type": "Hostname", "value": "lb.example.com"}])),
        at("addresses", json!([{"value": "203.0.113.9"}, {"value": "203.0.113.10"}, {"value": "203.0.113.11"}])),
        at("address-named", json!([{"type": "example.com/pool", "value": "blue"}])),
        at("no-address", json!([])),
        gateway("wished-address", json!({"addresses": [{"value": "203.0.113.12"}]})),
        gateway("tls", json!({"listeners": tls})),
        gateway("listener", json!({})).status(json!({"listeners": listener("True")})),
        gateway("listener-fails", json!({})).status(json!({"listeners": listener("False")})),
        gateway("other-class", json!({"gatewayClassName": "gateway.internal"})),
        gateway("ending", json!({})).held().deleted(),
    ]
}

fn route(name: &str, hostnames: Value, fields: Value) -> Case {
    let mut spec = json!({"parentRefs": [{"name": "edge"}], "hostnames": hostnames,
        "rules": [{"backendRefs": [{"name": "web", "port": 80}]}]});
    for (field, value) in fields.as_object().expect("fields") {
        spec[field] = value.clone();
    }
    Case::new(name, json!({"spec": spec}))
}

/// Every state of an HTTPRoute.
pub fn routes() -> Vec<Case> {
    let shop = || json!(["shop.example.com"]);
    let told = |name: &str, conditions: Value| {
        let parent =
            json!({"parentRef": {"name": "edge"}, "controllerName": "example.com/gateway", "conditions": conditions});
        route(name, shop(), json!({})).status(json!({"parents": [parent]}))
    };
    let ruled = |name: &str, rule: Value| route(name, shop(), json!({"rules": [rule]}));
    let unresolved = condition("ResolvedRefs", "False", "BackendNotFound", "no service web");
    let matches = json!([{"path": {"type": "Exact", "value": "/login"}, "method": "POST"},
        {"headers": [{"name": "canary", "value": "1"}], "queryParams": [{"name": "a", "value": "b"}]}]);
    let redirect = json!([{"type": "RequestRedirect", "requestRedirect": {"scheme": "https", "statusCode": 301}}]);
    let split = json!([{"name": "web", "port": 80, "weight": 90}, {"name": "web-next", "port": 80, "weight": 10}]);
    let many: Value = (0..16).map(|n| format!("h{n}.example.com")).collect();
    vec![
        route("bare", Value::Null, json!({"parentRefs": null, "rules": null})),
        route("one-host", shop(), json!({})),
        route("two-hosts", json!(["b.example.com", "a.example.com"]), json!({})),
        route("many-hosts", many, json!({})),
        route("wildcard", json!(["*.example.com"]), json!({})),
        route("no-hosts", json!([]), json!({})),
        route("any-host", Value::Null, json!({})),
        route(
            "two-parents",
            shop(),
            json!({"parentRefs": [{"name": "edge", "sectionName": "a"}, {"name": "edge", "sectionName": "b"}]}),
        ),
        told("accepted", json!([accepted("True", "Accepted")])),
        told("refused", json!([accepted("False", "NoMatchingParent")])),
        told("unresolved", json!([accepted("True", "Accepted"), unresolved])),
        ruled("matches", json!({"matches": matches})),
        ruled("redirect", json!({"filters": redirect})),
        ruled("split", json!({"backendRefs": split})),
        ruled("timeout", json!({"timeouts": {"request": "10s"}})),
        route("ending", shop(), json!({})).held().deleted(),
    ]
}

fn grant(name: &str, from: &[(&str, &str)], to: Value) -> Case {
    let group = "gateway.networking.k8s.io";
    let from: Vec<Value> =
        from.iter().map(|(kind, namespace)| json!({"group": group, "kind": kind, "namespace": namespace})).collect();
    Case::new(name, json!({"spec": {"from": from, "to": to}}))
}

/// Every state of a ReferenceGrant.
pub fn grants() -> Vec<Case> {
    let services = || json!([{"group": "", "kind": "Service"}]);
    let froms = [("routes", "HTTPRoute"), ("grpc", "GRPCRoute"), ("gateways", "Gateway"), ("tls", "TLSRoute")];
    let tos = [
        ("secrets", json!([{"group": "", "kind": "Secret"}])),
        ("one-secret", json!([{"group": "", "kind": "Secret", "name": "shop-tls"}])),
        ("one-service", json!([{"group": "", "kind": "Service", "name": "web"}])),
        ("custom", json!([{"group": "example.com", "kind": "Bucket"}])),
        ("both", json!([{"group": "", "kind": "Secret"}, {"group": "", "kind": "Service"}])),
    ];
    let route = [("HTTPRoute", "shop")];
    let mut cases: Vec<Case> =
        froms.into_iter().map(|(name, kind)| grant(&format!("from-{name}"), &[(kind, "shop")], services())).collect();
    cases.extend(tos.into_iter().map(|(name, to)| grant(&format!("to-{name}"), &route, to)));
    let labelled = json!({"metadata": {"labels": {"team": "shop"}, "annotations": {"why": "certificates"}},
        "spec": {"from": [{"group": "example.com", "kind": "Route", "namespace": "a"}], "to": services()}});
    cases.extend([
        grant("two-namespaces", &[("HTTPRoute", "shop"), ("HTTPRoute", "pay")], services()),
        grant("two-kinds", &[("HTTPRoute", "shop"), ("Gateway", "edge")], services()),
        grant("many", &[("HTTPRoute", "a"), ("HTTPRoute", "b"), ("HTTPRoute", "c"), ("Gateway", "d")], services()),
        grant("own-namespace", &[("HTTPRoute", "referee-referencegrants")], services()),
        Case::new("labelled", labelled),
        grant("ending", &route, services()).held().deleted(),
    ]);
    cases
}
