//! Ingresses, their classes, and the policies of the network.

use super::case::Case;
use serde_json::{Value, json};

fn rule(host: &str) -> Value {
    let backend = json!({"service": {"name": "web", "port": {"number": 80}}});
    json!({"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}})
}

fn ingress(name: &str, hosts: &[&str], fields: Value) -> Case {
    let rules: Vec<Value> = hosts.iter().map(|host| rule(host)).collect();
    let mut spec = json!({"ingressClassName": "nginx", "rules": rules});
    for (field, value) in fields.as_object().expect("fields") {
        spec[field] = value.clone();
    }
    Case::new(name, json!({"spec": spec}))
}

fn served(name: &str, addresses: Value) -> Case {
    ingress(name, &["shop.example.com"], json!({})).status(json!({"loadBalancer": {"ingress": addresses}}))
}

/// Every state of an Ingress.
pub fn ingresses() -> Vec<Case> {
    let default = json!({"service": {"name": "web", "port": {"name": "http"}}});
    let resource = json!({"resource": {"apiGroup": "example.com", "kind": "Bucket", "name": "pictures"}});
    let tls = json!([{"hosts": ["shop.example.com"], "secretName": "shop-tls"}]);
    let refused =
        json!([{"ip": "203.0.113.7", "ports": [{"port": 443, "protocol": "TCP", "error": "example.com/Taken"}]}]);
    let (a, b, c, d) = ("a.example.com", "b.example.com", "c.example.com", "d.example.com");
    vec![
        ingress("one-host", &[a], json!({})),
        ingress("three-hosts", &[a, b, c], json!({})),
        ingress("four-hosts", &[a, b, c, d], json!({})),
        ingress("many-hosts", &[a, b, c, d, a, b, c], json!({})),
        ingress("wildcard", &["*.example.com"], json!({})),
        ingress("any-host", &[""], json!({})),
        ingress("any-host-between", &[a, "", b, "", c], json!({})),
        ingress("any-host-last", &[a, b, c, ""], json!({})),
        ingress("default-only", &[], json!({"defaultBackend": default})),
        ingress("default-resource", &[], json!({"defaultBackend": resource})),
        ingress("no-class", &[a], json!({"ingressClassName": null})),
        ingress("tls", &["shop.example.com"], json!({"tls": tls})),
        ingress("tls-without-secret", &[a], json!({"tls": [{}]})),
        served("address", json!([{"ip": "203.0.113.7"}])),
        served("address-by-name", json!([{"hostname": "lb.example.com"}])),
        served("addresses", json!([{"ip": "203.0.113.9"}, {"ip": "203.0.113.10"}, {"ip": "203.0.113.9"}])),
        served("addresses-long", json!([{"hostname": "a7c1d0f3.elb.eu-central-1.example.com"}, {"ip": "203.0.113.7"}])),
        served("refused-port", refused),
        ingress("ending", &[a], json!({})).held().deleted(),
    ]
}

fn class(name: &str, parameters: Value) -> Case {
    Case::new(name, json!({"spec": {"controller": "example.com/ingress", "parameters": parameters}}))
}

fn marked(name: &str, mark: &str) -> Case {
    let annotations = json!({"ingressclass.kubernetes.io/is-default-class": mark, "owner": "network"});
    Case::new(name, json!({"metadata": {"annotations": annotations}, "spec": {"controller": "k8s.io/ingress-nginx"}}))
}

/// Every state of an IngressClass.
pub fn classes() -> Vec<Case> {
    let group = "k8s.example.com";
    let controllers = [
        ("nginx", "k8s.io/ingress-nginx"),
        ("traefik", "traefik.io/ingress-controller"),
        ("haproxy", "haproxy.org/ingress-controller"),
        ("deep", "example.com/a/b/c"),
        ("long", "ingress.eu-central-1.example.com/controller-of-everything"),
    ];
    let mut cases = vec![
        class("plain", Value::Null),
        class("parameters", json!({"apiGroup": group, "kind": "Settings", "name": "external"})),
        class("parameters-cluster", json!({"apiGroup": group, "kind": "Settings", "name": "a", "scope": "Cluster"})),
        class(
            "parameters-namespace",
            json!({"apiGroup": group, "kind": "Settings", "name": "a", "scope": "Namespace",
            "namespace": "network"}),
        ),
        class(
            "parameters-of-core",
            json!({"kind": "ConfigMap", "name": "nginx", "scope": "Namespace", "namespace": "network"}),
        ),
        class("parameters-dotted", json!({"apiGroup": "a.b.c", "kind": "Settings", "name": "a.b"})),
        marked("default", "true"),
        marked("not-default", "false"),
        marked("shouted-default", "True"),
        marked("unmarked", ""),
        class("ending", Value::Null).held().deleted(),
    ];
    let spec = |controller: &str| json!({"spec": {"controller": controller}});
    cases.extend(controllers.map(|(name, controller)| Case::new(&format!("of-{name}"), spec(controller))));
    cases
}

fn policy(name: &str, selector: Value) -> Case {
    Case::new(name, json!({"spec": {"podSelector": selector}}))
}

fn ruled(name: &str, direction: &str, rules: Value) -> Case {
    let field = direction.to_lowercase();
    Case::new(
        name,
        json!({"spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": [direction], field: rules}}),
    )
}

/// Every state of a NetworkPolicy.
pub fn network_policies() -> Vec<Case> {
    let expression = |operator: &str, values: Value| json!({"key": "tier", "operator": operator, "values": values});
    let all = json!({"matchLabels": {"b": "2", "a": "1"},
        "matchExpressions": [expression("In", json!(["front", "back"])), {"key": "canary", "operator": "DoesNotExist"}]});
    let peers = json!([{"podSelector": {"matchLabels": {"app": "db"}}}, {"namespaceSelector": {}},
        {"podSelector": {}, "namespaceSelector": {"matchLabels": {"team": "shop"}}}]);
    let range = json!([{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}]);
    let ports = json!([{"port": 53, "protocol": "UDP"}, {"port": "http"}, {"port": 8000, "endPort": 8999}, {"protocol": "SCTP"}]);
    vec![
        policy("everyone", json!({})),
        policy("label", json!({"matchLabels": {"app": "web"}})),
        policy("labels", json!({"matchLabels": {"tier": "front", "app": "web"}})),
        policy("empty-value", json!({"matchLabels": {"app": ""}})),
        policy("in", json!({"matchExpressions": [expression("In", json!(["front", "back"]))]})),
        policy("in-one", json!({"matchExpressions": [expression("In", json!(["front"]))]})),
        policy("not-in", json!({"matchExpressions": [expression("NotIn", json!(["z", "a"]))]})),
        policy("exists", json!({"matchExpressions": [expression("Exists", Value::Null)]})),
        policy("does-not-exist", json!({"matchExpressions": [expression("DoesNotExist", json!([]))]})),
        policy("all-of-it", all),
        ruled("no-ingress", "Ingress", json!([])),
        ruled("no-egress", "Egress", json!([])),
        ruled("ingress", "Ingress", json!([{"from": peers, "ports": ports}])),
        ruled("egress", "Egress", json!([{"to": range, "ports": ports}])),
        ruled("anything", "Ingress", json!([{}])),
        policy("ending", json!({})).held().deleted(),
    ]
}
