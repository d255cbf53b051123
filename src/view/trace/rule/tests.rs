//! Rules of small clusters, decided by the controllers that read them.

use super::*;
use crate::view::trace::fixture;
use crate::view::trace::plan::{Arm, ArmTarget, Settings};
use std::fmt::Write;
use std::sync::Arc;

fn controller(flavour: Flavour) -> Controller {
    Controller {
        flavour,
        name: Arc::from("k8s.io/ingress-nginx"),
        workload: None,
        namespace: None,
        pods: Vec::new(),
        service: None,
        host_network: false,
        flags: None,
        settings: Settings::Known(None),
        tls_ended: false,
        port: 80,
    }
}

const CLASS: &str = "
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx}
spec: {controller: k8s.io/ingress-nginx}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: other}
spec: {controller: example.com/other}
";

/// An Ingress: name, creation (a day), annotations, host, paths as `Prefix /p svc`.
fn ingress(name: &str, day: u8, annotations: &str, host: &str, paths: &[&str], rest: &str) -> String {
    let mut text = format!(
        "\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: {name}, namespace: shop, creationTimestamp: '2026-11-{day:02}T00:00:00Z', annotations: {{{annotations}}}}}\nspec:\n  ingressClassName: nginx\n{rest}  rules:\n  - host: '{host}'\n    http:\n      paths:\n"
    );
    for path in paths {
        let mut words = path.split(' ');
        let mut word = || words.next().unwrap();
        let (kind, path, service) = (word(), word(), word());
        let _ = writeln!(
            text,
            "      - {{path: '{path}', pathType: {kind}, backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}"
        );
    }
    text
}

/// What becomes of a request: `web:80 /path`, `404`, `308 https://…`, with the codes that were found.
fn says(yaml: &str, flavour: Flavour, request: &Request) -> String {
    fixture::world(&format!("{CLASS}{yaml}"), |world| {
        let decision = decide(world, &controller(flavour), request);
        let arm = |arm: &Arm| match &arm.target {
            ArmTarget::Service { name, .. } => format!("{name} {:.0}% {} {}", arm.share * 100.0, arm.path, arm.host),
            ArmTarget::Nowhere => "nowhere".to_owned(),
        };
        let mut text = match &decision.action {
            Action::Forward(arms) => arms.iter().map(arm).collect::<Vec<_>>().join(", "),
            Action::End(Outcome::Redirect { status, location }) => format!("{status} {location}"),
            Action::End(Outcome::Respond { status, .. }) => status.to_string(),
            other => format!("{other:?}"),
        };
        if let Some((status, _)) = decision.gate {
            let _ = write!(text, " then {status}");
        }
        let findings = decision.hops.iter().flat_map(|hop| &hop.findings).chain(&decision.side);
        for finding in findings {
            assert!(!finding.message().contains('?') || finding.message().contains("://"), "{}", finding.message());
            let _ = write!(text, " {}", finding.code());
        }
        text
    })
}

fn get(url: &str) -> Request {
    Request::get(url).unwrap()
}

fn nginx(yaml: &str, url: &str) -> String {
    says(yaml, Flavour::Nginx, &get(url))
}

#[test]
fn a_host_and_a_path_lead_to_a_service() {
    let yaml = ingress("web", 1, "", "a.example", &["Prefix / web", "Prefix /api api", "Exact /up up"], "");
    assert_eq!(nginx(&yaml, "http://a.example/x?y=1"), "web 100% /x?y=1 a.example");
    assert!(nginx(&yaml, "http://A.example:8080/api/x").starts_with("api 100% /api/x a.example:8080"));
    assert!(nginx(&yaml, "http://a.example/apix").starts_with("web"));
    assert!(nginx(&yaml, "http://a.example/up").starts_with("up"));
    assert!(nginx(&yaml, "http://a.example/up/").starts_with("web"));
    assert!(nginx(&yaml, "http://a.example//api/../api/./x").starts_with("api 100% //api/../api/./x"));
    assert_eq!(nginx(&yaml, "http://b.example/"), "404 RT-HOST-MISS");
}

#[test]
fn what_nearly_fits_is_named() {
    let yaml = ingress("web", 1, "", "a.example", &["Prefix /foo web", "Exact /Baz baz", "Prefix /re(/|$)(.*) re"], "")
        + &ingress("wild", 1, "", "*.example", &["Prefix /only wild"], "");
    for (url, expected) in [
        ("http://a.example/FOO", "404 RT-PATH-CASE RT-PATH-MISS"),
        ("http://a.example/foobar", "404 RT-PATH-ELEMENT RT-PATH-MISS"),
        ("http://a.example/Baz/", "404 RT-EXACT-SLASH RT-PATH-MISS"),
        ("http://a.example/re/x", "404 RT-REGEX-NOTENABLED RT-PATH-MISS"),
        ("http://a.example/only", "404 RT-WILDCARD-SHADOW RT-PATH-MISS"),
        ("http://b.a.example/", "404 RT-HOST-WILDCARD-DEPTH RT-HOST-MISS"),
        ("http://b.example/only", "wild 100% /only b.example RT-REWRITE-NONE"),
    ] {
        assert_eq!(nginx(&yaml, url), expected, "{url}");
    }
}

#[test]
fn a_slash_at_the_end_redirects() {
    let yaml = ingress("web", 1, "", "a.example", &["Prefix /bar/ web", "Exact /baz/ web"], "");
    assert_eq!(nginx(&yaml, "http://a.example/bar?x"), "301 http://a.example/bar/?x RT-SLASH-301");
    assert_eq!(nginx(&yaml, "http://a.example/baz"), "301 http://a.example/baz/ RT-SLASH-301");
    assert!(nginx(&yaml, "http://a.example/bar/x").starts_with("web"));
}

#[test]
fn rewrites_use_the_groups_of_their_path() {
    let rewrite = |target: &str, path: &str| {
        let annotation = format!("nginx.ingress.kubernetes.io/rewrite-target: {target}");
        ingress("web", 1, &annotation, "a.example", &[&format!("ImplementationSpecific {path} web")], "")
    };
    assert_eq!(nginx(&rewrite("/$2", "/api(/|$)(.*)"), "http://a.example/api/users?x"), "web 100% /users?x a.example");
    assert_eq!(nginx(&rewrite("/", "/api"), "http://a.example/api/users"), "web 100% / a.example RT-REWRITE-COLLAPSE");
    let text = nginx(&rewrite("/$2", "/api"), "http://a.example/api/users");
    assert_eq!(text, "web 100% / a.example RT-REWRITE-NOGROUP");
}

#[test]
fn one_rewrite_turns_all_paths_of_its_host_into_patterns() {
    let other = "nginx.ingress.kubernetes.io/use-regex: 'true'";
    let yaml = ingress("web", 1, "", "a.example", &["Exact /header web"], "")
        + &ingress("api", 2, other, "a.example", &["ImplementationSpecific /x.* api"], "");
    let text = nginx(&yaml, "http://a.example/HEADERS");
    assert_eq!(text, "web 100% /HEADERS a.example RT-REGEX-HOSTWIDE RT-REGEX-UNANCHORED");
    let broken = ingress("api", 2, other, "a.example", &["ImplementationSpecific /x( api"], "");
    assert!(nginx(&broken, "http://a.example/x").contains("RT-REGEX-INVALID"));
}

#[test]
fn https_is_wanted_where_there_is_a_certificate() {
    let tls = "  tls: [{hosts: [a.example], secretName: a-tls}]\n";
    let yaml = ingress("web", 1, "", "a.example", &["Prefix / web"], tls);
    assert_eq!(nginx(&yaml, "http://a.example/x?y"), "308 https://a.example/x?y");
    assert!(nginx(&yaml, "http://a.example/.well-known/acme-challenge/t").starts_with("web"));
    let off =
        ingress("web", 1, "nginx.ingress.kubernetes.io/ssl-redirect: 'false'", "a.example", &["Prefix / web"], tls);
    assert!(nginx(&off, "http://a.example/").starts_with("web"));
    let forced =
        ingress("web", 1, "nginx.ingress.kubernetes.io/force-ssl-redirect: 'true'", "a.example", &["Prefix / web"], "");
    assert_eq!(nginx(&forced, "http://a.example/"), "308 https://a.example/");
}

#[test]
fn a_certificate_is_chosen_by_the_oldest_entry_for_the_host() {
    let tls = |secret: &str| format!("  tls: [{{hosts: [a.example], secretName: {secret}}}]\n");
    let yaml = ingress("new", 2, "", "a.example", &["Prefix /new web"], &tls("new-tls"))
        + &ingress("old", 1, "", "a.example", &["Prefix / web"], &tls("old-tls"));
    fixture::world(&format!("{CLASS}{yaml}"), |world| {
        let decision = decide(world, &controller(Flavour::Nginx), &get("https://a.example/"));
        let plan = decision.tls.unwrap();
        assert_eq!(&*plan.secrets[0].1, "old-tls");
        assert_eq!(plan.findings[0].code(), "TL-DUP-OWNER");
        let none = decide(world, &controller(Flavour::Nginx), &get("https://b.example/")).tls.unwrap();
        assert_eq!((none.secrets.len(), none.findings[0].code()), (0, "TL-NONE"));
    });
}

#[test]
fn canaries_take_their_share() {
    let canary = |more: &str| {
        let annotations = format!("nginx.ingress.kubernetes.io/canary: 'true', {more}");
        ingress("web", 1, "", "a.example", &["Prefix / web"], "")
            + &ingress("canary", 2, &annotations, "a.example", &["Prefix / next"], "")
    };
    let weight = canary("nginx.ingress.kubernetes.io/canary-weight: '20'");
    assert_eq!(nginx(&weight, "http://a.example/"), "web 80% / a.example, next 20% / a.example RT-CANARY-SPLIT");
    let header = canary("nginx.ingress.kubernetes.io/canary-by-header: X-Next");
    let mut request = get("http://a.example/");
    request.headers.push(("x-next".to_owned(), "always".to_owned()));
    assert!(says(&header, Flavour::Nginx, &request).starts_with("next 100%"));
    assert!(nginx(&header, "http://a.example/").starts_with("web 100%"));
    let orphan =
        ingress("canary", 2, "nginx.ingress.kubernetes.io/canary: 'true'", "a.example", &["Prefix / next"], "");
    assert!(nginx(&orphan, "http://a.example/").ends_with("RT-CANARY-ORPHAN"));
}

#[test]
fn the_oldest_owns_a_path() {
    let yaml = ingress("young", 2, "", "a.example", &["Prefix / young"], "")
        + &ingress("old", 1, "", "a.example", &["Prefix / old"], "");
    assert_eq!(nginx(&yaml, "http://a.example/"), "old 100% / a.example CTL-DUP-PATH");
}

#[test]
fn who_may_pass_is_told() {
    let with = |annotation: &str| {
        ingress("web", 1, &format!("nginx.ingress.kubernetes.io/{annotation}"), "a.example", &["Prefix / web"], "")
    };
    let list = with("whitelist-source-range: 10.0.0.0/8");
    let mut request = get("http://a.example/");
    request.client = "203.0.113.9".parse().ok();
    assert_eq!(says(&list, Flavour::Nginx, &request), "web 100% / a.example then 403 RT-ALLOWLIST");
    request.client = "10.1.2.3".parse().ok();
    assert_eq!(says(&list, Flavour::Nginx, &request), "web 100% / a.example");
    let denied = with("auth-type: basic, nginx.ingress.kubernetes.io/auth-secret: users");
    assert_eq!(nginx(&denied, "http://a.example/"), "503 RT-AUTH-SECRET");
    let mut long = get("http://a.example/");
    long.headers.push(("Content-Length".to_owned(), "9000000".to_owned()));
    assert_eq!(says(&with("proxy-body-size: 8m"), Flavour::Nginx, &long), "413 RT-BODY-413");
    assert_eq!(
        nginx(&with("permanent-redirect: 'https://b.example$request_uri'"), "http://a.example/x?y"),
        "301 https://b.example/x?y"
    );
}

#[test]
fn an_ingress_that_nobody_serves_says_why() {
    let one = ingress("web", 1, "", "a.example", &["Prefix / web"], "");
    let classless = one.replace("  ingressClassName: nginx\n", "");
    assert_eq!(nginx(&classless, "http://a.example/"), "404 CTL-NO-CLASS RT-HOST-MISS");
    let gone = one.replace("ingressClassName: nginx", "ingressClassName: ngnix");
    assert_eq!(nginx(&gone, "http://a.example/"), "404 CTL-CLASS-MISSING RT-HOST-MISS");
    let other = one.replace("ingressClassName: nginx", "ingressClassName: other");
    assert_eq!(nginx(&other, "http://a.example/"), "404 CTL-CLASS-FOREIGN RT-HOST-MISS");
}

#[test]
fn other_controllers_differ_where_they_do() {
    let yaml = ingress("web", 1, "", "a.example", &["Prefix /foo web", "Prefix /foo/bar deep"], "");
    assert_eq!(says(&yaml, Flavour::Spec, &get("http://a.example/foobar")), "404 RT-PATH-ELEMENT RT-PATH-MISS");
    assert!(says(&yaml, Flavour::Spec, &get("http://a.example/foo/bar/x")).starts_with("deep"));
}
