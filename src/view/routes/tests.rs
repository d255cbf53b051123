//! Routes of worlds written beside the tests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::*;
use crate::view::trace::fixture;

fn listed(yaml: &str) -> Vec<String> {
    fixture::world(yaml, |world| {
        let line = |route: &Route| format!("{} {} {}", route.pattern(), route.request.url(), route.field);
        all(world.cluster).iter().map(line).collect()
    })
}

#[test]
fn an_ingress_has_a_route_for_each_host_and_path() {
    let yaml = "
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: web
  namespace: shop
  annotations: {nginx.ingress.kubernetes.io/rewrite-target: /$2}
spec:
  tls: [{hosts: ['*.example.com'], secretName: tls}]
  defaultBackend: {service: {name: rest, port: {number: 80}}}
  rules:
  - host: shop.example.com
    http: {paths: [{path: '/api(/|$)(.*)', pathType: ImplementationSpecific}, {path: /cart, pathType: Exact}]}
  - host: '*.plain.org'
    http: {paths: [{path: '', pathType: Prefix}]}
  - http: {paths: [{path: /health, pathType: Prefix}]}
status: {loadBalancer: {ingress: [{ip: 203.0.113.10}]}}
";
    assert_eq!(
        listed(yaml),
        [
            "https://shop.example.com/api* https://shop.example.com/api/ .spec.rules[0].http.paths[0]",
            "https://shop.example.com/cart https://shop.example.com/cart .spec.rules[0].http.paths[1]",
            "http://*.plain.org/* http://any.plain.org/ .spec.rules[1].http.paths[0]",
            "http://*/health* http://203.0.113.10/health .spec.rules[2].http.paths[0]",
            "http://*/* http://203.0.113.10/ .spec.defaultBackend",
        ]
    );
}

#[test]
fn a_route_of_a_gateway_takes_host_port_and_scheme_of_its_listeners() {
    let yaml = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: edge}
spec:
  gatewayClassName: any
  listeners:
  - {name: web, port: 80, protocol: HTTP}
  - {name: secure, port: 8443, protocol: HTTPS, hostname: '*.example.com'}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: shop, namespace: shop}
spec:
  parentRefs: [{name: public, namespace: edge}]
  hostnames: [shop.example.com, plain.org]
  rules:
  - matches:
    - {path: {value: /cart}, method: POST, headers: [{name: X-Beta, value: always}], queryParams: [{name: v, value: '2'}]}
";
    assert_eq!(
        listed(yaml),
        [
            "https://shop.example.com:8443/cart* https://shop.example.com:8443/cart?v=2 .spec.rules[0].matches[0]",
            "http://plain.org/cart* http://plain.org/cart?v=2 .spec.rules[0].matches[0]",
        ]
    );
    fixture::world(yaml, |world| {
        let request = all(world.cluster).remove(0).request;
        assert_eq!((request.method.as_str(), request.header("x-beta")), ("POST", Some("always")));
        assert_eq!(&*request.via.unwrap().name, "public");
    });
}

#[test]
fn an_ingress_route_names_its_hosts_in_its_rules() {
    let yaml = "
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: web, namespace: shop}
spec:
  tls: {}
  routes:
  - {kind: Rule, match: 'Host(`a.example.com`, `b.example.com`) && PathPrefix(`/api`) && !Host(`c.example.com`)'}
  - {kind: Rule, match: 'PathPrefix(`/all`)'}
";
    assert_eq!(
        listed(yaml),
        [
            "https://a.example.com/api* https://a.example.com/api .spec.routes[0].match",
            "https://b.example.com/api* https://b.example.com/api .spec.routes[0].match",
            "https://*/all* https://any.invalid/all .spec.routes[1].match",
        ]
    );
}
