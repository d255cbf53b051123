//! Clusters as proptest makes them up: few names, so that objects meet; every kind that a request passes.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

const NAMESPACES: [&str; 2] = ["shop", "blog"];
const APPS: [&str; 2] = ["web", "api"];
const SERVICES: [&str; 3] = ["web", "api", "alias"];
const HOSTS: [&str; 5] = ["a.example.com", "shop.example.com", "*.example.com", "b.a.example.com", ""];
const ROUTE_HOSTS: [&str; 4] = ["gw.example.com", "*.example.com", "a.example.com", "shop.example.org"];
const PATHS: [&str; 9] = ["/", "/cart", "/cart/", "/cart/x", "/Cart", "/api(/|$)(.*)", "/c[a-z]+", "/cartoon", ""];
const CREATED: [&str; 3] = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"];

/// What ExternalNames lead to: bridges, circles, names outside, and what is no name.
const TARGETS: [&str; 9] = [
    "web.shop.svc.cluster.local",
    "api.blog.svc.cluster.local",
    "alias.shop.svc.cluster.local",
    "alias.blog.svc.cluster.local",
    "WEB.shop.svc.cluster.local.",
    "gone.shop.svc.cluster.local",
    "db.example.org",
    "10.0.0.9",
    "localhost",
];

/// Annotations that change where a request goes.
const ANNOTATIONS: [(&str, &str); 20] = [
    ("rewrite-target", "/$2"),
    ("rewrite-target", "/"),
    ("use-regex", "true"),
    ("ssl-redirect", "false"),
    ("force-ssl-redirect", "true"),
    ("server-alias", "c.example.com"),
    ("permanent-redirect", "https://b.a.example.com/cart"),
    ("temporal-redirect", "http://a.example.com/"),
    ("app-root", "/cart"),
    ("from-to-www-redirect", "true"),
    ("whitelist-source-range", "10.0.0.0/8"),
    ("auth-type", "basic"),
    ("auth-url", "http://auth.shop.svc.cluster.local/check"),
    ("service-upstream", "true"),
    ("upstream-vhost", "in.example.com"),
    ("backend-protocol", "HTTPS"),
    ("canary", "true"),
    ("canary-weight", "30"),
    ("canary-by-header", "X-Canary"),
    ("an-annotation-of-tomorrow", "?"),
];

/// A cluster's objects, none twice, beside the base.
pub fn objects() -> impl Strategy<Value = Vec<Value>> {
    let running = (vec(pod(), 0..6), vec(service(), 0..6), prop::bool::weighted(0.9));
    let routes = (vec(ingress(), 0..5), vec(http_route(), 0..3), vec(grant(), 0..2));
    let beside = (vec(policy(), 0..3), vec(dns(), 0..4), vec(secret(), 0..3));
    (running, routes, beside).prop_map(|((pods, services, are_listed), routes, beside)| {
        let mut objects: Vec<Value> = NAMESPACES.iter().map(|name| namespace(name)).collect();
        let (pods, services) = (unique(pods), unique(services));
        objects.extend(workloads(&pods));
        if are_listed {
            objects.extend(services.iter().flat_map(|service| slices(service, &pods)));
        }
        objects.extend(pods);
        objects.extend(services);
        objects.extend(unique(routes.0));
        objects.extend(unique(routes.1));
        objects.extend(unique(routes.2));
        objects.extend(unique(beside.0));
        objects.extend(unique(beside.1));
        objects.extend(unique(beside.2));
        objects
    })
}

/// Of objects with one name the last: a cluster has no two of them.
fn unique(objects: Vec<Value>) -> Vec<Value> {
    let name = |object: &Value| format!("{}/{}", object["metadata"]["namespace"], object["metadata"]["name"]);
    let by_name: BTreeMap<String, Value> = objects.into_iter().map(|object| (name(&object), object)).collect();
    by_name.into_values().collect()
}

fn place() -> impl Strategy<Value = &'static str> {
    select(&NAMESPACES[..])
}

/// A number that is the same for the same text, for addresses and ports.
fn number(text: &str) -> usize {
    text.bytes().fold(7, |sum, byte| (sum * 31 + usize::from(byte)) % 199)
}

fn namespace(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "uid": format!("ns-{name}"), "labels": {"kubernetes.io/metadata.name": name}},
        "status": {"phase": "Active"}})
}

fn pod() -> impl Strategy<Value = Value> {
    let ports = select(vec![json!([{"name": "http", "containerPort": 8080}]), json!([{"containerPort": 9090}])]);
    (place(), select(&APPS[..]), 0..3_usize, prop::bool::weighted(0.8), ports).prop_map(
        |(namespace, app, index, is_ready, ports)| {
            let ready = if is_ready { "True" } else { "False" };
            let name = format!("{app}-{index}");
            let ip = format!("10.244.{}.{}", 1 + index % 2, number(&format!("{namespace}{name}")));
            let uid = format!("pod-{namespace}-{name}");
            json!({"apiVersion": "v1", "kind": "Pod",
                "metadata": {"name": name, "namespace": namespace, "uid": uid, "labels": {"app": app}, "ownerReferences": [
                    {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": app, "controller": true,
                     "uid": format!("ReplicaSet-{namespace}-{app}")}]},
                "spec": {"nodeName": format!("worker-{}", 1 + index % 2), "containers": [
                    {"name": "main", "image": "registry.example.com/app:1", "ports": ports,
                     "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}}}]},
                "status": {"phase": "Running", "podIP": ip, "podIPs": [{"ip": ip}],
                    "conditions": [{"type": "Ready", "status": ready}, {"type": "ContainersReady", "status": ready}],
                    "containerStatuses": [{"name": "main", "ready": is_ready, "started": true, "restartCount": 0,
                        "state": {"running": {"startedAt": "2026-11-01T00:00:05Z"}}}]}})
        },
    )
}

/// The Deployments and ReplicaSets that the pods are of.
fn workloads(pods: &[Value]) -> Vec<Value> {
    let mut objects = BTreeMap::new();
    for pod in pods {
        let metadata = &pod["metadata"];
        let (namespace, app) = (metadata["namespace"].as_str().unwrap(), metadata["labels"]["app"].as_str().unwrap());
        let template = json!({"metadata": {"labels": {"app": app}}, "spec": pod["spec"]});
        let spec = json!({"replicas": 1, "selector": {"matchLabels": {"app": app}}, "template": template});
        let of = |kind: &str, owner: Value| {
            json!({"apiVersion": "apps/v1", "kind": kind, "spec": spec, "metadata": {"name": app, "namespace": namespace,
                "uid": format!("{kind}-{namespace}-{app}"), "generation": 1, "ownerReferences": owner}})
        };
        let owner = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": app, "controller": true,
            "uid": format!("Deployment-{namespace}-{app}")}]);
        objects.insert(format!("{namespace}/{app}"), [of("Deployment", json!([])), of("ReplicaSet", owner)]);
    }
    objects.into_values().flatten().collect()
}

fn service() -> impl Strategy<Value = Value> {
    let kind = prop_oneof![
        4 => Just("ClusterIP"), 1 => Just("NodePort"), 1 => Just("LoadBalancer"), 1 => Just("Headless"),
        3 => Just("ExternalName")
    ];
    let targets = select(vec![json!(8080), json!("http"), json!("web"), Value::Null, json!(9090)]);
    let ports = option::weighted(0.8, (select(vec![80, 8080]), targets, select(vec!["http", ""])));
    (place(), select(&SERVICES[..]), kind, select(&APPS[..]), ports, select(&TARGETS[..])).prop_map(
        |(namespace, name, kind, app, ports, target)| {
            let id = number(&format!("{namespace}{name}"));
            let mut spec = json!({"type": if kind == "Headless" { "ClusterIP" } else { kind }});
            if let Some((port, target, name)) = ports {
                let mut entry = json!({"port": port, "protocol": "TCP", "name": name});
                if !target.is_null() {
                    entry["targetPort"] = target;
                }
                if ["NodePort", "LoadBalancer"].contains(&kind) {
                    entry["nodePort"] = json!(30_000 + id);
                }
                spec["ports"] = json!([entry]);
            }
            let mut status = json!({});
            match kind {
                "ExternalName" => spec["externalName"] = json!(target),
                "Headless" => spec["clusterIP"] = json!("None"),
                _ => spec["clusterIP"] = json!(format!("10.96.2.{id}")),
            }
            if kind != "ExternalName" {
                spec["selector"] = json!({"app": app});
            }
            if kind == "LoadBalancer" {
                status = json!({"loadBalancer": {"ingress": [{"ip": format!("198.51.100.{id}")}]}});
            }
            let uid = format!("svc-{namespace}-{name}");
            json!({"apiVersion": "v1", "kind": "Service",
                "metadata": {"name": name, "namespace": namespace, "uid": uid}, "spec": spec, "status": status})
        },
    )
}

/// The slices that the endpoints controller would write: one for each number that the port comes to.
fn slices(service: &Value, pods: &[Value]) -> Vec<Value> {
    let (spec, metadata) = (&service["spec"], &service["metadata"]);
    let name = metadata["name"].as_str().unwrap();
    let Some(app) = spec["selector"]["app"].as_str() else { return Vec::new() };
    let Some(port) = spec["ports"].get(0) else { return Vec::new() };
    let mut by_number: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    for pod in pods {
        if pod["metadata"]["namespace"] != metadata["namespace"] || pod["metadata"]["labels"]["app"] != *app {
            continue;
        }
        let number = match port.get("targetPort") {
            Some(Value::String(wanted)) => {
                let mut ports = pod["spec"]["containers"][0]["ports"].as_array().unwrap().iter();
                ports.find(|port| port["name"] == **wanted).and_then(|port| port["containerPort"].as_i64())
            }
            Some(number) => number.as_i64(),
            None => port["port"].as_i64(),
        };
        let Some(number) = number else { continue };
        let is_ready = pod["status"]["conditions"][0]["status"] == "True";
        by_number.entry(number).or_default().push(json!({
            "addresses": [pod["status"]["podIP"]],
            "conditions": {"ready": is_ready, "serving": is_ready, "terminating": false},
            "nodeName": pod["spec"]["nodeName"],
            "targetRef": {"kind": "Pod", "namespace": pod["metadata"]["namespace"], "name": pod["metadata"]["name"],
                "uid": pod["metadata"]["uid"]},
        }));
    }
    let slice = |(number, endpoints): (i64, Vec<Value>)| {
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": format!("{name}-{number}"), "namespace": metadata["namespace"],
                "labels": {"kubernetes.io/service-name": name,
                    "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}},
            "endpoints": endpoints, "ports": [{"name": port["name"], "port": number, "protocol": "TCP"}]})
    };
    by_number.into_iter().map(slice).collect()
}

fn ingress() -> impl Strategy<Value = Value> {
    let class = prop_oneof![6 => Just("nginx"), 2 => Just("annotation"), 1 => Just("none"), 1 => Just("gone")];
    let rules = vec((select(&HOSTS[..]), vec(path(), 0..4)), 0..3);
    let default = option::weighted(0.2, backend());
    let tls = option::weighted(0.4, (subsequence(HOSTS[..4].to_vec(), 0..3), select(vec!["tls", "gone"])));
    let named = (place(), 0..4_usize, select(&CREATED[..]));
    (named, class, rules, default, tls, vec(select(&ANNOTATIONS[..]), 0..3)).prop_map(
        |((namespace, index, created), class, rules, default, tls, chosen)| {
            let mut annotations = Map::new();
            for (name, value) in chosen {
                annotations.insert(format!("nginx.ingress.kubernetes.io/{name}"), json!(value));
            }
            let mut spec = json!({"rules": rules.into_iter().map(rule).collect::<Vec<_>>()});
            match class {
                "annotation" => {
                    annotations.insert("kubernetes.io/ingress.class".to_owned(), json!("nginx"));
                }
                "none" => {}
                class => spec["ingressClassName"] = json!(class),
            }
            if let Some((hosts, secret)) = tls {
                spec["tls"] = json!([{"hosts": hosts, "secretName": secret}]);
            }
            if let Some(backend) = default {
                spec["defaultBackend"] = backend;
            }
            let name = format!("i{index}");
            json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
                "metadata": {"name": name, "namespace": namespace, "uid": format!("ing-{namespace}-{name}"),
                    "creationTimestamp": created, "annotations": annotations},
                "spec": spec, "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}}})
        },
    )
}

fn rule((host, paths): (&str, Vec<Value>)) -> Value {
    let mut rule = json!({});
    if !host.is_empty() {
        rule["host"] = json!(host);
    }
    if !paths.is_empty() {
        rule["http"] = json!({"paths": paths});
    }
    rule
}

fn path() -> impl Strategy<Value = Value> {
    let kinds = select(vec!["Prefix", "Exact", "ImplementationSpecific"]);
    (select(&PATHS[..]), kinds, backend())
        .prop_map(|(path, kind, backend)| json!({"path": path, "pathType": kind, "backend": backend}))
}

fn backend() -> impl Strategy<Value = Value> {
    let ports = select(vec![json!({"number": 80}), json!({"number": 8080}), json!({"name": "http"})]);
    let services = select(vec!["web", "api", "alias", "web", "api", "gone"]);
    (services, ports).prop_map(|(name, port)| json!({"service": {"name": name, "port": port}}))
}

fn http_route() -> impl Strategy<Value = Value> {
    let rules = vec((vec(route_match(), 0..3), filter(), vec(backend_ref(), 0..3)), 1..3);
    let parent = select(vec![
        json!({"name": "public", "namespace": "edge"}),
        json!({"name": "public", "namespace": "edge", "sectionName": "http"}),
        json!({"name": "gone"}),
    ]);
    let named = (place(), 0..3_usize, select(&CREATED[..]));
    (named, subsequence(ROUTE_HOSTS.to_vec(), 0..3), parent, rules).prop_map(
        |((namespace, index, created), hosts, parent, rules)| {
            let rules: Vec<Value> = rules
                .into_iter()
                .map(|(matches, filters, backends)| {
                    json!({"matches": matches, "filters": filters, "backendRefs": backends})
                })
                .collect();
            let status = |kind: &str| json!({"type": kind, "status": "True", "reason": kind, "observedGeneration": 1});
            let name = format!("r{index}");
            json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
                "metadata": {"name": name, "namespace": namespace, "uid": format!("route-{namespace}-{name}"),
                    "creationTimestamp": created, "generation": 1},
                "spec": {"parentRefs": [parent], "hostnames": hosts, "rules": rules},
                "status": {"parents": [{"controllerName": "gateway.envoyproxy.io/gatewayclass-controller",
                    "parentRef": parent, "conditions": [status("Accepted"), status("ResolvedRefs")]}]}})
        },
    )
}

fn route_match() -> impl Strategy<Value = Value> {
    let path = (select(vec!["PathPrefix", "Exact"]), select(vec!["/", "/cart", "/cart/", "/cart/x"]));
    let header = option::weighted(0.2, Just(json!([{"name": "X-Beta", "value": "on"}])));
    (path, option::weighted(0.2, select(vec!["GET", "POST"])), header).prop_map(|((kind, value), method, headers)| {
        let mut found = json!({"path": {"type": kind, "value": value}});
        if let Some(method) = method {
            found["method"] = json!(method);
        }
        if let Some(headers) = headers {
            found["headers"] = headers;
        }
        found
    })
}

fn filter() -> impl Strategy<Value = Value> {
    let redirect = |redirect: Value| json!([{"type": "RequestRedirect", "requestRedirect": redirect}]);
    let rewrite = json!([{"type": "URLRewrite",
        "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/in"}}}]);
    prop_oneof![
        7 => Just(json!([])),
        1 => Just(redirect(json!({"scheme": "https", "statusCode": 301}))),
        1 => Just(redirect(json!({"hostname": "gw.example.com"}))),
        1 => Just(rewrite),
    ]
}

fn backend_ref() -> impl Strategy<Value = Value> {
    let services = select(vec!["web", "api", "alias", "gone"]);
    (services, option::weighted(0.3, place()), select(vec![80, 8080]), 0..4_u32).prop_map(
        |(name, namespace, port, weight)| {
            let mut found = json!({"name": name, "port": port, "weight": weight});
            if let Some(namespace) = namespace {
                found["namespace"] = json!(namespace);
            }
            found
        },
    )
}

fn grant() -> impl Strategy<Value = Value> {
    place().prop_map(|namespace| {
        let other = NAMESPACES.iter().find(|other| **other != namespace).unwrap();
        json!({"apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant",
            "metadata": {"name": "routes", "namespace": namespace},
            "spec": {"from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": other}],
                "to": [{"group": "", "kind": "Service"}]}})
    })
}

fn policy() -> impl Strategy<Value = Value> {
    let nginx = json!({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}});
    let rules = select(vec![
        json!([]),
        json!([{"from": [nginx]}]),
        json!([{"from": [nginx], "ports": [{"port": 80}]}]),
        json!([{"from": [{"podSelector": {}}]}]),
        json!([{"ports": [{"port": 8080, "protocol": "TCP"}]}]),
        json!([{}]),
    ]);
    let pods = select(vec![json!({}), json!({"matchLabels": {"app": "web"}})]);
    (place(), 0..2_usize, pods, rules).prop_map(|(namespace, index, pods, rules)| {
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": format!("p{index}"), "namespace": namespace},
            "spec": {"podSelector": pods, "policyTypes": ["Ingress"], "ingress": rules}})
    })
}

fn dns() -> impl Strategy<Value = Value> {
    let names = select(vec!["*.example.com", "a.example.com", "gw.example.com", "shop.example.com", "b.a.example.com"]);
    let targets = select(vec![
        ("A", "203.0.113.10"),
        ("A", "203.0.113.20"),
        ("A", "104.16.1.1"),
        ("CNAME", "shop.example.com"),
        ("CNAME", "gone.example.org"),
    ]);
    (names, targets).prop_map(|(name, (kind, target))| {
        let object = name.replace("*.", "any-").replace('.', "-");
        json!({"apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint",
            "metadata": {"name": object, "namespace": "external-dns"},
            "spec": {"endpoints": [{"dnsName": name, "recordTTL": 300, "recordType": kind, "targets": [target]}]}})
    })
}

/// Secrets that hold no certificate: minted ones would take their time.
fn secret() -> impl Strategy<Value = Value> {
    place().prop_map(|namespace| {
        json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": "tls", "namespace": namespace}, "data": {"tls.crt": "", "tls.key": ""}})
    })
}
