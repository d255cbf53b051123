//! Traefik's choices, from manifests; `tests/real/traefik.rs` asks Traefik itself.

mod layers;
mod options;
mod shares;

use crate::view::trace::fault::Finding;
use crate::view::trace::fixture;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::follow;
use crate::view::trace::hop::{Confidence, HopKind};
use crate::view::trace::outcome::{Outcome, Verdict};
use crate::view::trace::request::Request;
use crate::view::trace::verdict;

const SERVICES: &str = "
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec: {replicas: 1, selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: web}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: api, namespace: shop}
spec: {replicas: 1, selector: {matchLabels: {app: api}}, template: {metadata: {labels: {app: api}}, spec: {containers: [{name: api, image: api}]}}}
---
";

/// What a client gets: `web /path`, `301 location`, `404`.
fn answer(yaml: &str, request: &str) -> String {
    let request = Request::get(request).unwrap();
    fixture::files_of(&format!("{SERVICES}{yaml}"), Some(Flavour::Traefik), |world| {
        match follow::follow(world, &request).outcome {
            Outcome::Forward(backends) => {
                let texts = backends.iter().map(|backend| match backend.status {
                    Some(status) => format!("{} {status}", backend.service),
                    None => format!("{} {}", backend.service, backend.path),
                });
                texts.collect::<Vec<_>>().join(", ")
            }
            Outcome::Redirect { status, location } => format!("{status} {location}"),
            Outcome::Respond { status, .. } => status.to_string(),
            other => format!("{other:?}"),
        }
    })
}

fn route(rule: &str, more: &str) -> String {
    format!(
        "---\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: r{}, namespace: shop}}\nspec:\n  entryPoints: [web]\n  routes:\n  - match: {rule}\n    {more}\n",
        rule.len()
    )
}

#[test]
fn the_longest_rule_or_the_priority_decides() {
    let web = route("Host(`a.example`)", "services: [{name: web, port: 80}]");
    let api = route("Host(`a.example`) && PathPrefix(`/api`)", "services: [{name: api, port: 80}]");
    assert_eq!(answer(&format!("{web}{api}"), "http://a.example/api/x"), "api /api/x");
    let first = route("Host(`a.example`)", "priority: 100\n    services: [{name: web, port: 80}]");
    assert_eq!(answer(&format!("{first}{api}"), "http://a.example/api/x"), "web /api/x");
}

#[test]
fn routes_for_hosts_by_expression_and_for_all_hosts_show_that_traefik_is_there() {
    let told = |rule: &str| {
        let yaml = format!("{SERVICES}{}", route(rule, "services: [{name: web, port: 80}]"));
        let request = Request::get("http://a.example/").unwrap();
        fixture::files(&yaml, |world| follow::follow(world, &request).outcome)
    };
    for rule in ["HostRegexp(`^[a-c]\\.example$`)", "PathPrefix(`/`)"] {
        assert!(matches!(told(rule), Outcome::Forward(_)), "{rule}: {:?}", told(rule));
    }
    let other = told("HostRegexp(`^[x-z]\\.example$`)");
    assert!(matches!(other, Outcome::Unknown(_)), "{other:?}");
}

#[test]
fn a_middleware_that_is_not_there_is_told_with_the_one_that_is_called_nearly_so() {
    let yaml = route("Host(`a.example`)", "middlewares: [{name: stirp}]\n    services: [{name: web, port: 80}]")
        + "---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: strip, namespace: shop}\nspec: {stripPrefix: {prefixes: [/x]}}\n";
    let request = Request::get("http://a.example/").unwrap();
    let told = fixture::files_of(&format!("{SERVICES}{yaml}"), Some(Flavour::Traefik), |world| {
        let trace = follow::follow(world, &request);
        let findings = trace.hops.iter().flat_map(|hop| &hop.findings);
        findings.map(Finding::message).collect::<Vec<_>>().join("; ")
    });
    assert!(told.contains("stirp") && told.contains("similar: strip"), "{told}");
}

#[test]
fn a_router_whose_service_is_missing_leaves_requests_to_the_next() {
    let web = route("Host(`a.example`)", "services: [{name: web, port: 80}]");
    let gone = route("Host(`a.example`) && PathPrefix(`/api`)", "services: [{name: gone, port: 80}]");
    assert_eq!(answer(&format!("{web}{gone}"), "http://a.example/api/x"), "web /api/x");
    assert_eq!(answer(&gone, "http://a.example/api/x"), "404");
}

#[test]
fn middlewares_change_the_path_in_their_order() {
    let strip = "---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: strip, namespace: shop}\nspec: {stripPrefix: {prefixes: [/api]}}\n";
    let add = "---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: add, namespace: shop}\nspec: {addPrefix: {prefix: /v1}}\n";
    let rule = route(
        "Host(`a.example`) && PathPrefix(`/api`)",
        "middlewares: [{name: strip}, {name: add}]\n    services: [{name: api, port: 80}]",
    );
    let all = format!("{strip}{add}{rule}");
    assert_eq!(answer(&all, "http://a.example/api/x?q=1"), "api /v1/x?q=1");
    assert_eq!(answer(&all, "http://a.example/api"), "api /v1");
    assert_eq!(answer(&format!("{strip}{rule}"), "http://a.example/api"), "404");
}

#[test]
fn weights_share_and_none_at_all_is_503() {
    let split = |one: u8, two: u8| {
        let services =
            format!("services: [{{name: web, port: 80, weight: {one}}}, {{name: api, port: 80, weight: {two}}}]");
        route("Host(`a.example`)", &services)
    };
    assert_eq!(answer(&split(1, 3), "http://a.example/"), "web /, api /");
    assert_eq!(answer(&split(0, 0), "http://a.example/"), "503");
    assert_eq!(answer(&split(0, 1), "http://a.example/"), "api /");
}

#[test]
fn a_tie_between_different_services_is_not_guessed() {
    let one = route("Host(`a.example`)", "priority: 7\n    services: [{name: web, port: 80}]");
    let two = route("PathPrefix(`/`)", "priority: 7\n    services: [{name: api, port: 80}]");
    assert!(answer(&format!("{one}{two}"), "http://a.example/").starts_with("Unknown"));
}

#[test]
fn a_rule_of_version_2_is_followed_where_it_says_so() {
    let old = "Host(`a.example`, `b.example`) && PathPrefix(`/api/{id:[0-9]+}`)";
    let web = route(old, "syntax: v2\n    services: [{name: web, port: 80}]");
    assert_eq!(answer(&web, "http://b.example/api/7/x"), "web /api/7/x");
    assert_eq!(answer(&web, "http://b.example/api/x"), "404");
    // The same words mean nothing to version 3, which leaves the router out.
    let new = route(old, "services: [{name: web, port: 80}]");
    assert_eq!(answer(&new, "http://b.example/api/7/x"), "404");
    let unknown = route("PathRegexp(`^/api`)", "syntax: v2\n    services: [{name: web, port: 80}]");
    assert_eq!(answer(&unknown, "http://a.example/api"), "404");
}

/// A Traefik whose arguments can be read, and which lets nobody name what is in another namespace.
const EDGE: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: traefik, namespace: edge}
spec: {replicas: 1, selector: {matchLabels: {app: traefik}}, template: {metadata: {labels: {app: traefik}}, spec: {containers: [{name: traefik, image: 'traefik:v3.6.1', args: [--providers.kubernetescrd, '--entrypoints.web.address=:8000'], ports: [{name: web, containerPort: 8000}]}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: traefik, namespace: edge}
spec: {type: LoadBalancer, selector: {app: traefik}, ports: [{name: web, port: 80, targetPort: web}]}
status: {loadBalancer: {ingress: [{ip: 203.0.113.9}]}}
";

#[test]
fn a_route_under_a_tls_option_of_another_namespace_is_left_out() {
    let rule = route("Host(`a.example`)", "services: [{name: web, port: 80}]");
    let under = |option: &str| {
        let tls = format!("entryPoints: [web]\n  tls: {{options: {option}}}");
        answer(&format!("{EDGE}{}", rule.replace("entryPoints: [web]", &tls)), "https://a.example:80/")
    };
    assert_eq!(under("{name: strict, namespace: far}"), "404");
    assert_eq!(under("{name: strict}"), "web /");
}

#[test]
fn what_is_not_followed_or_read_makes_nothing_sure() {
    let told = |yaml: &str, url: &str| {
        let request = Request::get(url).unwrap();
        fixture::files_of(&format!("{SERVICES}{EDGE}{yaml}"), Some(Flavour::Traefik), |world| {
            let trace = follow::follow(world, &request);
            let rule = trace.hops.iter().find(|hop| hop.kind == HopKind::Rule).map(|hop| hop.confidence);
            (trace.verdict, rule)
        })
    };
    let split = route("Host(`a.example`)", "services: [{name: split, kind: TraefikService}]");
    assert_eq!(told(&split, "http://a.example/").0, Verdict::Unknown);
    let web = route("Host(`a.example`)", "services: [{name: web, port: 80}]");
    assert_ne!(told(&web, "http://a.example/").1, Some(Confidence::NeedsProbe));
    let under = web.replace("entryPoints: [web]", "entryPoints: [web]\n  tls: {options: {name: strict}}");
    assert_eq!(told(&under, "https://a.example:80/").1, Some(Confidence::NeedsProbe));
}

#[test]
fn a_route_for_certain_clients_is_told_where_it_hears_nobody() {
    let route = route("Host(`a.example`) && ClientIP(`10.0.0.0/8`)", "services: [{name: web, port: 80}]");
    let told = |url: &str| {
        let request = Request::get(url).unwrap();
        fixture::files_of(&format!("{SERVICES}{route}"), Some(Flavour::Traefik), |world| {
            let trace = follow::follow(world, &request);
            (verdict::headline(&trace).map(Finding::code), format!("{:?}", trace.outcome))
        })
    };
    assert_eq!(told("https://a.example/").0, Some("RT-ROUTER-DROPPED"));
    assert!(told("http://a.example/").1.contains("--client-ip"), "{:?}", told("http://a.example/"));
}
