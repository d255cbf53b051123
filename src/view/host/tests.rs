//! Hosts of worlds written beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::view::describe;
use crate::view::trace::fixture;
use crate::view::trace::world::World;
use std::fmt::Write as _;

const YAML: &str = "
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: old, namespace: shop, uid: i1, creationTimestamp: '2026-11-01T00:00:00Z'}
spec:
  ingressClassName: nginx
  tls: [{hosts: [shop.example.com], secretName: shop-tls}]
  rules:
  - host: shop.example.com
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /cart, pathType: Exact, backend: {service: {name: cart, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: young, namespace: shop, uid: i2, creationTimestamp: '2026-11-10T00:00:00Z'}
spec:
  ingressClassName: nginx
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: other, port: {number: 80}}}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: beta
  namespace: shop
  uid: i3
  creationTimestamp: '2026-11-12T00:00:00Z'
  annotations: {nginx.ingress.kubernetes.io/canary: 'true', nginx.ingress.kubernetes.io/canary-weight: '20'}
spec:
  ingressClassName: nginx
  rules:
  - host: shop.example.com
    http: {paths: [{path: /cart, pathType: Exact, backend: {service: {name: beta, port: {number: 80}}}}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: wild, namespace: shop, uid: i4, creationTimestamp: '2026-11-12T00:00:00Z'}
spec:
  ingressClassName: nginx
  rules:
  - host: '*.example.com'
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
";

fn page(host_name: &str) -> String {
    page_of(YAML, host_name)
}

fn page_of(yaml: &str, host_name: &str) -> String {
    fixture::files(yaml, |world: &World| {
        let mut routes = Index::of(world.cluster);
        while routes.work(world, || true) {}
        let (cluster, catalog, now) = (world.cluster, world.catalog, world.now);
        let page = host(&Ask { host: host_name, routes: &routes, cluster, catalog, now });
        let mut text = format!("{}\n", page.answer);
        for (section, line) in describe::lines(&page) {
            let _ = writeln!(text, "{}: {}", page.sections[section].title, line.plain());
        }
        text
    })
}

#[test]
fn paths_stand_in_the_order_of_matching_with_who_takes_them() {
    let text = page("shop.example.com");
    let places: Vec<usize> = ["paths: /cart  ", "canary 20 %", "shadowed by ingress/old", "wildcard: never asked"]
        .iter()
        .map(|part| text.find(part).unwrap_or_else(|| panic!("{part} is missing in\n{text}")))
        .collect();
    assert!(places.is_sorted(), "{text}");
    assert!(text.starts_with("5 paths of 4 objects"), "{text}");
    assert!(text.contains("certificates: secret/shop-tls"), "{text}");
}

#[test]
fn one_rewrite_makes_all_paths_regular_expressions_and_is_named() {
    let rewrite = "annotations: {nginx.ingress.kubernetes.io/rewrite-target: /$1}, uid: i2";
    let yaml = YAML.replace("uid: i2", rewrite).replacen("{path: /, ", "{path: /shelf(/|$)(.*), ", 2);
    let text = page_of(&yaml, "shop.example.com");
    assert!(text.contains("letters in any case, because ingress/young has rewrite-target."), "{text}");
    let places: Vec<usize> =
        ["paths: /shelf(/|$)(.*) ", "paths: /cart "].iter().filter_map(|part| text.find(part)).collect();
    assert!(places.len() == 2 && places.is_sorted(), "an Exact path has no rank there:\n{text}");
    let wildcard = "wildcard: never asked: ingress-nginx reads only the rules that name shop.example.com itself";
    assert!(text.contains(wildcard), "{text}");
    assert!(!page_of(&yaml, "other.example.com").contains("never asked"));
}

#[test]
fn a_host_that_nobody_names_says_so() {
    assert!(page("other.example.org").contains("No object names the host other.example.org"));
    assert!(page("ünlü.example.com").contains("wildcard: /*"));
}

#[test]
fn the_shares_of_a_route_are_told() {
    let mut yaml = "
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: any}
spec: {controllerName: example.com/any}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: any, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web, namespace: shop}
spec:
  parentRefs: [{name: edge}]
  hostnames: [gw.example.com]
  rules: [{backendRefs: [{name: web, port: 80, weight: 7}, {name: next, port: 80, weight: 1}]}]
"
    .to_owned();
    for name in ["web", "next"] {
        let _ = write!(
            yaml,
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{ports: [{{port: 80}}]}}\n---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: {name}, namespace: shop, labels: {{kubernetes.io/service-name: {name}}}}}\naddressType: IPv4\nports: [{{port: 80}}]\nendpoints: [{{addresses: [10.0.0.7]}}]\n"
        );
    }
    let text = page_of(&yaml, "gw.example.com");
    assert!(text.contains("→ service/web 87.5 %, service/next 12.5 %"), "{text}");
}
