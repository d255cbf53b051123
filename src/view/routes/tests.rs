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
fn a_route_for_connections_is_called_by_its_ports() {
    let yaml = "
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: public, namespace: edge}
spec:
  gatewayClassName: any
  listeners:
  - {name: web, port: 80, protocol: HTTP}
  - {name: db, port: 5432, protocol: TCP}
  - {name: cache, port: 6379, protocol: TCP}
  - {name: dns, port: 5353, protocol: UDP}
status: {addresses: [{value: 203.0.113.10}]}
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {name: db, namespace: edge}
spec:
  parentRefs: [{name: public, sectionName: db}]
  rules: [{backendRefs: [{name: db, port: 5432}]}]
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: {name: lost, namespace: edge}
spec: {parentRefs: [{name: gone}], rules: [{backendRefs: [{name: db, port: 5432}]}]}
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: UDPRoute
metadata: {name: dns, namespace: edge}
spec: {parentRefs: [{name: public}], rules: [{backendRefs: [{name: dns, port: 53}]}]}
";
    let urls = fixture::world(yaml, |world| {
        all(world.cluster).iter().map(|route| (route.pattern(), route.url(), route.services.len())).collect::<Vec<_>>()
    });
    let line = |pattern: &str, url: &str| (pattern.to_owned(), url.to_owned(), 1);
    let expected = [
        line("tcp://*:5432", "tcp://203.0.113.10:5432"),
        line("tcp://*:80", "tcp://any-host.invalid:80"),
        line("udp://*:5353", "udp://203.0.113.10:5353"),
    ];
    assert_eq!(urls, expected);
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
            "https://*/all* https://any-host.invalid/all .spec.routes[1].match",
        ]
    );
}

const LAYERS: &str = "
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: outer, namespace: shop}
spec:
  tls: {}
  routes:
  - {match: 'Host(`a.example.com`, `b.example.com`) && PathPrefix(`/api`)', middlewares: [{name: chain}]}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: chain, namespace: shop}
spec: {chain: {middlewares: [{name: strip}]}}
---
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: {name: strip, namespace: shop}
spec: {stripPrefix: {prefixes: [/old, /api]}}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: {name: inner, namespace: shop}
spec:
  parentRefs: [{name: outer}]
  routes:
  - {match: 'Path(`/v1`)', services: [{name: split, kind: TraefikService}]}
  - {match: 'Host(`b.example.com`)', services: [{name: rest, port: 80}]}
---
apiVersion: traefik.io/v1alpha1
kind: TraefikService
metadata: {name: split, namespace: shop}
spec: {mirroring: {name: inner, kind: TraefikService, mirrors: [{name: copy, port: 80}]}}
---
apiVersion: traefik.io/v1alpha1
kind: TraefikService
metadata: {name: inner, namespace: shop}
spec: {weighted: {services: [{name: web, port: 80}, {name: api, namespace: far, port: 80}, {name: split, kind: TraefikService}]}}
";

#[test]
fn a_route_below_another_has_the_hosts_and_the_path_before_it_of_that_one() {
    assert_eq!(
        listed(LAYERS),
        [
            "https://a.example.com/api/v1 https://a.example.com/api/v1 .spec.routes[0].match",
            "https://b.example.com/api/v1 https://b.example.com/api/v1 .spec.routes[0].match",
            "https://b.example.com/api* https://b.example.com/api .spec.routes[1].match",
        ]
    );
    fixture::world(LAYERS, |world| {
        let found = all(world.cluster);
        let outer = ObjectRef::new(INGRESS_ROUTE, "shop", "outer");
        assert!(found.iter().all(|route| route.above == [outer.clone()]));
        assert_eq!(meant(world.cluster, world.get(&outer).unwrap()), found);
        let names: Vec<_> =
            found[0].services.iter().map(|service| (&*service.name, service.namespace.as_deref())).collect();
        assert_eq!(names, [("web", Some("shop")), ("api", Some("far"))]);
        let between = traefik::between(world.cluster, &found[0].owner, &found[0].services[1]);
        assert_eq!(between.iter().map(|service| &*service.name).collect::<Vec<_>>(), ["split", "inner"]);
    });
}

#[test]
fn a_route_whose_parent_is_gone_is_listed_alone() {
    let alone = LAYERS.replace("{name: outer, namespace: shop}", "{name: renamed, namespace: shop}");
    let found = listed(&alone);
    assert!(found.contains(&"http://*/v1 http://any-host.invalid/v1 .spec.routes[0].match".to_owned()), "{found:?}");
}

#[test]
fn a_path_that_is_replaced_above_is_that_of_the_rule_above() {
    let fixed = LAYERS.replace("{stripPrefix: {prefixes: [/old, /api]}}", "{replacePath: {path: /v1}}");
    assert!(
        listed(&fixed)[0].starts_with("https://a.example.com/api* https://a.example.com/api "),
        "{:?}",
        listed(&fixed)
    );
    let added = LAYERS.replace("{stripPrefix: {prefixes: [/old, /api]}}", "{addPrefix: {prefix: /v1}}");
    let added = added.replace("Path(`/v1`)", "PathPrefix(`/v1/api/x`)");
    assert!(listed(&added)[0].starts_with("https://a.example.com/api/x* "), "{:?}", listed(&added));
}
