//! Services of every type, and the slices of addresses behind them.

use super::case::Case;
use serde_json::{Value, json};

fn service(name: &str, fields: Value) -> Case {
    let mut spec = json!({"ports": [{"name": "web", "port": 80, "targetPort": "http"}]});
    for (field, value) in fields.as_object().expect("fields") {
        spec[field] = value.clone();
    }
    Case::new(name, json!({"spec": spec}))
}

/// A load balancer that was given these addresses.
fn balancer(name: &str, fields: Value, addresses: Value) -> Case {
    let mut spec = json!({"type": "LoadBalancer"});
    for (field, value) in fields.as_object().expect("fields") {
        spec[field] = value.clone();
    }
    service(name, spec).status(json!({"loadBalancer": {"ingress": addresses}}))
}

/// Every state of a Service.
pub fn services() -> Vec<Case> {
    let ports = json!([{"name": "web", "port": 80}, {"name": "dns", "port": 53, "protocol": "UDP"},
        {"name": "sctp", "port": 9000, "protocol": "SCTP"}, {"name": "h2", "port": 8443, "appProtocol": "kubernetes.io/h2c"}]);
    let node_ports = json!([{"name": "web", "port": 80, "nodePort": 30080}, {"name": "tls", "port": 443}]);
    let outside = json!(["198.51.100.7", "198.51.100.8"]);
    let refused = json!([{"ip": "203.0.113.9", "ipMode": "Proxy",
        "ports": [{"port": 80, "protocol": "TCP", "error": "PortTaken"}]}]);
    let long = json!([{"hostname": "a7c1d0f3.elb.eu-central-1.example.com"}, {"ip": "203.0.113.20"},
        {"ip": "203.0.113.3"}, {"hostname": "a7c1d0f3.elb.eu-central-1.example.com"}]);
    vec![
        service("plain", json!({})),
        service("selecting", json!({"selector": {"tier": "front", "app": "web"}})),
        service("headless", json!({"clusterIP": "None", "selector": {"app": "db"}})),
        service("headless-without-ports", json!({"clusterIP": "None", "ports": []})),
        service("many-ports", json!({"ports": ports})),
        service("outside-addresses", json!({"externalIPs": outside})),
        service("node-port", json!({"type": "NodePort", "ports": node_ports})),
        service("node-port-outside", json!({"type": "NodePort", "externalIPs": outside})),
        service("alias", json!({"type": "ExternalName", "externalName": "db.example.com", "ports": []})),
        service("alias-of-service", json!({"type": "ExternalName", "externalName": "web.shop.svc.cluster.local"})),
        service("unmet-balancer", json!({"type": "LoadBalancer"})),
        service("unmet-class", json!({"type": "LoadBalancer", "loadBalancerClass": "example.com/internal"})),
        service("unmet-but-outside", json!({"type": "LoadBalancer", "externalIPs": outside})),
        balancer("balancer", json!({}), json!([{"ip": "203.0.113.7"}])),
        balancer("balancer-by-name", json!({}), json!([{"hostname": "lb.example.com"}])),
        balancer("balancer-long", json!({}), long),
        balancer("balancer-outside", json!({"externalIPs": outside}), json!([{"ip": "203.0.113.8"}])),
        balancer("balancer-without-node-ports", json!({"allocateLoadBalancerNodePorts": false}), refused),
        service("local", json!({"type": "LoadBalancer", "externalTrafficPolicy": "Local"})),
        service("sticky", json!({"sessionAffinity": "ClientIP", "publishNotReadyAddresses": true})),
        service("ending", json!({})).held().deleted(),
    ]
}

fn slice(name: &str, kind: &str, ports: Value, endpoints: Value) -> Case {
    let labels = json!({"kubernetes.io/service-name": "web"});
    let object = json!({"metadata": {"labels": labels}, "addressType": kind, "ports": ports, "endpoints": endpoints});
    Case::new(name, object)
}

/// Every state of an EndpointSlice.
pub fn endpoint_slices() -> Vec<Case> {
    let pod = |n: i32, conditions: Value| {
        json!({"addresses": [format!("10.1.0.{n}")], "conditions": conditions, "nodeName": "worker-1", "zone": "a",
            "targetRef": {"kind": "Pod", "namespace": "referee-endpointslices", "name": format!("web-{n}"), "uid": "u"}})
    };
    let ready = || json!({"ready": true, "serving": true, "terminating": false});
    let pods = |range: std::ops::Range<i32>| -> Value { range.map(|n| pod(n, ready())).collect() };
    let http = || json!([{"name": "http", "port": 8080, "protocol": "TCP"}]);
    let of = |name: &str, endpoints: Value| slice(name, "IPv4", http(), endpoints);
    let with = |name: &str, ports: Value| slice(name, "IPv4", ports, pods(1..2));
    let hinted =
        json!([{"addresses": ["10.1.0.1"], "hints": {"forZones": [{"name": "a"}], "forNodes": [{"name": "n"}]}}]);
    let ports = |count: i32| -> Value { (1..=count).map(|n| json!({"name": format!("p{n}"), "port": n})).collect() };
    vec![
        of("empty", json!([])),
        slice("bare", "IPv4", Value::Null, json!([])),
        of("one", pods(1..2)),
        of("three", pods(1..4)),
        of("four", pods(1..5)),
        of("many", pods(1..40)),
        of("not-ready", json!([pod(1, json!({"ready": false}))])),
        of("terminating", json!([pod(1, json!({"ready": false, "serving": true, "terminating": true}))])),
        of("unsaid", json!([pod(1, json!({}))])),
        of("two-addresses", json!([{"addresses": ["10.1.0.1", "10.1.0.2"]}, {"addresses": ["10.1.0.3", "10.1.0.4"]}])),
        of("hints", hinted),
        of("headless", json!([{"addresses": ["10.1.0.1"], "hostname": "db-0"}])),
        slice("v6", "IPv6", http(), json!([{"addresses": ["fd00::1"]}, {"addresses": ["fd00::2"]}])),
        slice("names", "FQDN", http(), json!([{"addresses": ["db.example.com"]}])),
        with("unnamed-port", json!([{"port": 8080}])),
        with("all-ports", json!([{"name": "any"}])),
        with("all-unnamed-ports", json!([{"protocol": "UDP"}])),
        with("three-ports", ports(3)),
        with("five-ports", ports(5)),
        with(
            "protocols",
            json!([{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "s", "port": 9, "protocol": "SCTP",
            "appProtocol": "example.com/s"}]),
        ),
        of("ending", pods(1..3)).held().deleted(),
    ]
}
