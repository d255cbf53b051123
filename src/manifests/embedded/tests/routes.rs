//! The URLs of the demo clusters: five broken ones with one cause each, the others in order.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;

/// One `host/path → Service:port` of an Ingress.
struct Route<'a> {
    ingress: &'a Document,
    host: &'a str,
    url: String,
    service: &'a str,
    port: &'a Value,
}

fn routes(demo: &Demo) -> Vec<Route<'_>> {
    let mut routes = Vec::new();
    for ingress in demo.of("Ingress") {
        for rule in items(&ingress.value["spec"]["rules"]) {
            for path in items(&rule["http"]["paths"]) {
                let (host, backend) = (text(&rule["host"]), &path["backend"]["service"]);
                let url = format!("https://{host}{}", text(&path["path"]));
                let service = text(&backend["name"]);
                routes.push(Route { ingress, host, url, service, port: &backend["port"]["number"] });
            }
        }
    }
    routes
}

/// Everything on the path of a route that the objects themselves show to be wrong.
fn causes(demo: &Demo, route: &Route) -> Vec<&'static str> {
    let ns = route.ingress.namespace();
    let service = demo.get("Service", ns, route.service);
    let external = service.value["spec"]["type"] == "ExternalName";
    let pods = demo.selected(ns, &service.value["spec"]["selector"]);
    let ready: Vec<_> = pods.iter().filter(|pod| is_ready(pod)).collect();
    let ports = items(&service.value["spec"]["ports"]);
    let port = ports.iter().find(|p| p["port"] == *route.port);
    let mut tls = items(&route.ingress.value["spec"]["tls"]).iter();
    let wrong = [
        ("class", !class_is_served(demo, route.ingress)),
        ("certificate", tls.any(|t| demo.find("Secret", ns, text(&t["secretName"])).is_none())),
        ("service port", !external && port.is_none()),
        ("selector", !external && pods.is_empty()),
        ("pods", !pods.is_empty() && ready.is_empty()),
        ("port", ready.iter().any(|pod| !port.is_some_and(|port| has_port(pod, port)))),
        ("policy", ready.iter().any(|pod| !controller_may_connect(demo, pod))),
    ];
    wrong.into_iter().filter_map(|(cause, holds)| holds.then_some(cause)).collect()
}

fn class_is_served(demo: &Demo, ingress: &Document) -> bool {
    let class = text(&ingress.value["spec"]["ingressClassName"]);
    if class.is_empty() {
        return ingress.annotation("kubernetes.io/ingress.class") == Some("nginx");
    }
    let class = demo.find("IngressClass", "", class);
    class.is_some_and(|class| class.value["spec"]["controller"] == "k8s.io/ingress-nginx")
}

fn has_port(pod: &Document, port: &Value) -> bool {
    let Some(name) = port["targetPort"].as_str() else { return true };
    let containers = items(&pod.value["spec"]["containers"]).iter();
    let mut ports = containers.flat_map(|c| items(&c["ports"]));
    ports.any(|p| p["name"] == name)
}

fn holds(labels: &Value, selector: &Value) -> bool {
    let wanted = selector["matchLabels"].as_object();
    wanted.is_none_or(|wanted| wanted.iter().all(|(key, value)| labels[key] == *value))
}

fn labels(document: &Document) -> &Value {
    &document.value["metadata"]["labels"]
}

/// Enough of NetworkPolicy for this data: peers by label; ports are left to their owners.
fn controller_may_connect(demo: &Demo, pod: &Document) -> bool {
    let selector = json!({"app.kubernetes.io/component": "controller"});
    let controllers = demo.selected("ingress-nginx", &selector);
    let namespace = demo.get("Namespace", "", "ingress-nginx");
    let admits = |peer: &Value| {
        let pods = peer.get("podSelector").is_none_or(|s| holds(labels(controllers[0]), s));
        pods && peer.get("namespaceSelector").is_some_and(|s| holds(labels(namespace), s))
    };
    let (mut isolated, mut allowed) = (false, false);
    for policy in demo.of("NetworkPolicy").filter(|policy| policy.namespace() == pod.namespace()) {
        if holds(labels(pod), &policy.value["spec"]["podSelector"]) {
            isolated = true;
            let mut rules = items(&policy.value["spec"]["ingress"]).iter();
            allowed |= rules.any(|rule| rule.get("from").is_none_or(|from| items(from).iter().any(admits)));
        }
    }
    allowed || !isolated
}

#[test]
fn the_shop_has_five_broken_urls_with_one_cause_each() {
    let demo = shop();
    let is_solver = |route: &&Route| route.service.starts_with("cm-acme-http-solver-");
    let mut broken = BTreeMap::new();
    for route in routes(demo).iter().filter(|route| !is_solver(route)) {
        let causes = causes(demo, route);
        if !causes.is_empty() {
            broken.insert(route.url.clone(), causes);
        }
    }
    let expect = [
        ("https://admin.example.com/", "class"),
        ("https://img.example.com/", "policy"),
        ("https://pay.example.com/", "certificate"),
        ("https://shop.example.com/api/orders", "port"),
        ("https://shop.example.com/checkout", "selector"),
    ];
    assert_eq!(broken, expect.map(|(url, cause)| (url.to_owned(), vec![cause])).into());
}

#[test]
fn the_other_clusters_routes_hold() {
    for demo in demos().iter().filter(|demo| demo.context != "shop") {
        for route in routes(demo) {
            assert!(causes(demo, &route).is_empty(), "{}: {:?}", route.url, causes(demo, &route));
        }
    }
}

#[test]
fn the_challenge_of_pay_waits_at_a_class_that_is_gone() {
    let demo = shop();
    let challenge = demo.of("Challenge").next().unwrap();
    assert!(text(&challenge.value["status"]["reason"]).contains("wrong status code '404'"));
    let mut solvers = demo.of("Ingress").filter(|i| i.name().starts_with("cm-acme-http-solver-"));
    let class = &solvers.next().unwrap().value["spec"]["ingressClassName"];
    let issuer = demo.get("Issuer", "shop-prod", "letsencrypt-pay");
    let solver = &issuer.value["spec"]["acme"]["solvers"][0]["http01"]["ingress"];
    assert_eq!(solver["ingressClassName"], *class);
    assert!(demo.find("IngressClass", "", text(class)).is_none());
}

/// The zone: name to record type and first target.
fn zone(demo: &Demo) -> BTreeMap<&str, (&str, &str)> {
    let endpoints = demo.of("DNSEndpoint").flat_map(|d| items(&d.value["spec"]["endpoints"]));
    endpoints.map(|e| (text(&e["dnsName"]), (text(&e["recordType"]), text(&e["targets"][0])))).collect()
}

#[test]
fn every_host_of_the_shop_leads_to_its_entrance() {
    let demo = shop();
    let zone = zone(demo);
    let cdn = "www.example.com.cdn.cloudflare.net";
    for route in routes(demo) {
        let target = if route.host == "www.example.com" { cdn } else { "203.0.113.20" };
        assert_eq!(zone[route.host].1, target);
    }
    assert_eq!(zone["next.example.com"].1, "203.0.113.30");
    assert!(zone[cdn].1.starts_with("104.18."));
}

#[test]
fn the_canaries_have_partners_and_shares() {
    let demo = shop();
    let canary = demo.get("Ingress", "shop-prod", "api-canary");
    assert_eq!(canary.annotation("nginx.ingress.kubernetes.io/canary-weight"), Some("20"));
    let header = demo.get("Ingress", "shop-prod", "api-canary-header");
    assert_eq!(header.annotation("nginx.ingress.kubernetes.io/canary-by-header"), Some("X-Search"));
    let all = routes(demo);
    for canary in all.iter().filter(|r| r.ingress.name().starts_with("api-canary")) {
        assert!(all.iter().any(|r| r.ingress.name() == "api" && r.url == canary.url), "{}", canary.url);
    }
}

#[test]
fn the_gateways_routes_are_granted_and_attached() {
    let demo = shop();
    let grant = demo.get("ReferenceGrant", "shop-prod", "from-shop-edge");
    assert_eq!(grant.value["spec"]["from"][0]["namespace"], "shop-edge");
    for route in demo.of("HTTPRoute") {
        for parent in items(&route.value["spec"]["parentRefs"]) {
            let gateway = demo.get("Gateway", route.namespace(), text(&parent["name"]));
            let mut listeners = items(&gateway.value["spec"]["listeners"]).iter();
            assert!(listeners.any(|l| l["name"] == parent["sectionName"]));
        }
        let rules = items(&route.value["spec"]["rules"]);
        for backend in rules.iter().flat_map(|rule| items(&rule["backendRefs"])) {
            assert_eq!(backend["namespace"], grant.namespace());
            demo.get("Service", grant.namespace(), text(&backend["name"]));
        }
    }
    let weights = &demo.get("HTTPRoute", "shop-edge", "next").value["spec"]["rules"][0]["backendRefs"];
    let weights: Vec<_> = items(weights).iter().map(|b| b["weight"].as_u64()).collect();
    assert_eq!(weights, [Some(90), Some(10)]);
}

#[test]
fn free4chat_bridges_namespaces_and_answers_one_host() {
    let demo = &demos()[1];
    let ingress = demo.get("Ingress", "default", "api-free4chat-ingress");
    assert_eq!(ingress.value["spec"]["rules"][0]["host"], "api.k.free4.chat");
    let bridge = demo.get("Service", "default", "apifree4chat");
    assert_eq!(bridge.value["spec"]["externalName"], "apifree4chat.free4chat.svc.cluster.local");
    assert!(bridge.value["spec"].get("ports").is_none());
    let zone = zone(demo);
    assert_eq!(zone["api.free4.chat"], ("CNAME", "api.k.free4.chat"));
    assert_eq!(zone["*.k.free4.chat"], ("A", "203.0.113.10"));
    let config = demo.get("ConfigMap", "ingress-nginx", "ingress-nginx-controller");
    assert_eq!(config.value["data"]["use-proxy-protocol"], "true");
}

#[test]
fn mydemo_rewrites_and_points_at_itself() {
    let demo = &demos()[2];
    let ingress = demo.get("Ingress", "dev", "apigateway");
    assert_eq!(ingress.annotation("nginx.ingress.kubernetes.io/rewrite-target"), Some("/$2"));
    assert_eq!(routes(demo)[0].url, "https://apigateway.test/mydemo(/|$)(.*)");
    let itself = demo.get("Service", "dev", "apigateway");
    assert_eq!(itself.value["spec"]["externalName"], "apigateway.dev.svc.cluster.local");
    let selector = json!({"app": "mydemo"});
    let pods = demo.selected("dev", &selector);
    let addresses: BTreeSet<_> = pods.iter().map(|pod| text(&pod.value["status"]["podIP"])).collect();
    assert_eq!(addresses, ["172.17.0.3", "172.17.0.4"].into());
    let port = &demo.get("Service", "dev", "svc-mydemo").value["spec"]["ports"][0];
    assert_eq!(*port, json!({"port": 80, "protocol": "TCP", "targetPort": 5000, "nodePort": 32098}));
}
