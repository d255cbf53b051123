//! Who may talk to whom, as owners of clusters, network plugins and meshes say it.

use super::case::{Case, ago};
use serde_json::{Value, json};

fn of(name: &str, spec: Value) -> Case {
    Case::new(name, json!({"spec": spec}))
}

/// Every state of an AdminNetworkPolicy.
pub fn admin() -> Vec<Case> {
    let subject = || json!({"namespaces": {"matchLabels": {"team": "shop"}}});
    let ranked = |name: &str, priority: i64| of(name, json!({"priority": priority, "subject": subject()}));
    let ruled = |name: &str, direction: &str, rule: Value| {
        let mut spec = json!({"priority": 10, "subject": subject()});
        spec[direction] = json!([rule]);
        of(name, spec)
    };
    let pods = json!({"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "web"}}}});
    let ports = json!([{"portNumber": {"protocol": "TCP", "port": 80}}, {"namedPort": "http"}]);
    let range = json!([{"portRange": {"protocol": "UDP", "start": 1, "end": 9}}]);
    vec![
        ranked("first", 0),
        ranked("tenth", 10),
        ranked("last", 1000),
        of("unranked", json!({"subject": subject()})),
        of("empty", json!({})),
        of("pods", json!({"priority": 5, "subject": pods})),
        ruled("allow", "ingress", json!({"name": "a", "action": "Allow", "from": [{"namespaces": {}}]})),
        ruled("deny", "ingress", json!({"action": "Deny", "from": [pods]})),
        ruled("pass", "ingress", json!({"action": "Pass", "from": [{"namespaces": {}}]})),
        ruled("ports", "ingress", json!({"action": "Allow", "from": [{"namespaces": {}}], "ports": ports})),
        ruled("range", "egress", json!({"action": "Deny", "to": [{"nodes": {}}], "ports": range})),
        ruled("networks", "egress", json!({"action": "Deny", "to": [{"networks": ["10.0.0.0/8"]}]})),
        ruled("domains", "egress", json!({"action": "Allow", "to": [{"domainNames": ["*.example.com"]}]})),
        ranked("told", 3).status(json!({"conditions": []})),
        ranked("ending", 4).held().deleted(),
    ]
}

/// States of a BaselineAdminNetworkPolicy.
pub fn baseline() -> Vec<Case> {
    let subject = json!({"namespaces": {}});
    let deny = json!([{"action": "Deny", "from": [{"namespaces": {}}]}]);
    vec![
        of("empty", json!({})),
        of("default", json!({"subject": subject, "ingress": deny})),
        of("told", json!({"subject": subject})).status(json!({"conditions": []})),
        of("ending", json!({"subject": subject})).held().deleted(),
    ]
}

/// Every state of a ClusterNetworkPolicy.
pub fn cluster() -> Vec<Case> {
    let subject = || json!({"namespaces": {"matchLabels": {"team": "shop"}}});
    let ranked = |name: &str, tier: &str, priority: i64| {
        of(name, json!({"tier": tier, "priority": priority, "subject": subject()}))
    };
    let protocols = json!([{"tcp": {"destinationPort": {"number": 80}}}, {"destinationNamedPort": "http"}]);
    let ruled = |name: &str, direction: &str, rule: Value| {
        let mut spec = json!({"tier": "Baseline", "priority": 7, "subject": subject()});
        spec[direction] = json!([rule]);
        of(name, spec)
    };
    let everywhere = json!([{"namespaces": {}}]);
    let pods = json!({"pods": {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "web"}}}});
    vec![
        ranked("first", "Admin", 0),
        ranked("tenth", "Baseline", 10),
        ranked("last", "Baseline", 1000),
        of("unranked", json!({"tier": "Admin", "subject": subject()})),
        of("untiered", json!({"priority": 3, "subject": subject()})),
        of("empty", json!({})),
        of("pods", json!({"tier": "Admin", "priority": 5, "subject": pods})),
        ruled("accept", "ingress", json!({"action": "Accept", "from": everywhere, "protocols": protocols})),
        ruled("deny", "ingress", json!({"name": "others", "action": "Deny", "from": [pods]})),
        ruled("pass", "ingress", json!({"action": "Pass", "from": everywhere})),
        ruled("networks", "egress", json!({"action": "Deny", "to": [{"networks": ["10.0.0.0/8"]}]})),
        ruled("nodes", "egress", json!({"action": "Accept", "to": [{"nodes": {}}]})),
        ruled("domains", "egress", json!({"action": "Accept", "to": [{"domainNames": ["*.example.com"]}]})),
        ranked("told", "Admin", 3).status(json!({"conditions": []})),
        ranked("ending", "Baseline", 4).held().deleted(),
    ]
}

/// Every state of Cilium's policies, of both scopes.
pub fn cilium() -> Vec<Case> {
    let condition = |r#type: &str, status: &str| json!({"type": r#type, "status": status, "message": "it is said", "lastTransitionTime": ago(90)});
    let told = |name: &str, conditions: Value| of(name, json!({})).status(json!({"conditions": conditions}));
    let to = |name: &str, rule: Value| of(name, json!({"endpointSelector": {}, "ingress": [rule]}));
    vec![
        of("empty", json!({})),
        told("valid", json!([condition("Valid", "True")])),
        told("invalid", json!([condition("Valid", "False")])),
        told("unknown", json!([condition("Valid", "Unknown")])),
        told("other", json!([condition("Enforced", "True")])),
        told("valid-last", json!([condition("Enforced", "True"), condition("Valid", "True")])),
        told("silent", json!([])),
        to("everyone", json!({})),
        to("entities", json!({"fromEntities": ["world"]})),
        to("networks", json!({"fromCIDR": ["10.0.0.0/8"]})),
        to("ports", json!({"toPorts": [{"ports": [{"port": "80", "protocol": "TCP"}]}]})),
        of("egress", json!({"egressDeny": [{"toEntities": ["world"]}]})),
        Case::new("several", json!({"specs": [{"endpointSelector": {}}, {"endpointSelector": {}}]})),
        Case::new("labelled", json!({"metadata": {"labels": {"a": "b"}}, "spec": {}})),
        of("ending", json!({})).held().deleted(),
    ]
}

/// States of Calico's policies, of both scopes.
pub fn calico() -> Vec<Case> {
    vec![
        of("empty", json!({})),
        of("ordered", json!({"order": 10, "selector": "app == 'web'", "types": ["Ingress"]})),
        of("denied", json!({"ingress": [{"action": "Deny", "protocol": "TCP"}]})),
        of("ending", json!({})).held().deleted(),
    ]
}

/// Every state of a PeerAuthentication.
pub fn peer_authentications() -> Vec<Case> {
    let mode = |name: &str, mode: &str| of(name, json!({"mtls": {"mode": mode}}));
    let chosen = |name: &str, mtls: Value| of(name, json!({"selector": {"matchLabels": {"app": "web"}}, "mtls": mtls}));
    let ports = |name: &str, ports: Value| of(name, json!({"mtls": {"mode": "STRICT"}, "portLevelMtls": ports}));
    vec![
        of("empty", json!({})),
        Case::new("bare", json!({})),
        mode("strict", "STRICT"),
        mode("permissive", "PERMISSIVE"),
        mode("disable", "DISABLE"),
        mode("unset", "UNSET"),
        mode("blank", ""),
        of("mtls-empty", json!({"mtls": {}})),
        chosen("chosen", json!({"mode": "STRICT"})),
        chosen("chosen-unset", json!({})),
        of("chosen-all", json!({"selector": {"matchLabels": {}}, "mtls": {"mode": "STRICT"}})),
        ports("ports", json!({"8080": {"mode": "DISABLE"}})),
        ports("ports-many", json!({"1": {"mode": "STRICT"}, "20": {"mode": "UNSET"}, "3": {}})),
        mode("told", "STRICT").status(json!({"observedGeneration": "1"})),
        mode("ending", "STRICT").held().deleted(),
    ]
}
