//! Rules of small clusters, decided by the controllers that read them.

mod asked;
mod certificates;
mod clouds;
mod flavours;
mod groups;
mod guards;
mod misses;
mod refusals;
mod roots;
mod settings;
mod upstreams;

use super::*;
use crate::view::trace::fixture;
use crate::view::trace::hop::Confidence;
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
        ingress: None,
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

/// The same Ingresses as a controller of this family takes them: GKE has no class for the field.
fn classed(flavour: Flavour, yaml: &str) -> String {
    if flavour == Flavour::Gce { yaml.replace("  ingressClassName: nginx\n", "") } else { yaml.to_owned() }
}

/// Services that somebody stands behind.
fn behind(names: &[&str]) -> String {
    names.iter().fold(String::new(), |mut text, name| {
        let _ = write!(
            text,
            "\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: shop}}\nspec: {{ports: [{{port: 80}}]}}\n---\napiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: {name}, namespace: shop, labels: {{kubernetes.io/service-name: {name}}}}}\naddressType: IPv4\nports: [{{port: 80, protocol: TCP}}]\nendpoints: [{{addresses: [10.0.0.7]}}]\n"
        );
        text
    })
}

/// What becomes of a request: `web:80 /path`, `404`, `308 https://…`, with the codes that were found.
fn says(yaml: &str, flavour: Flavour, request: &Request) -> String {
    fixture::world(&format!("{CLASS}{}", classed(flavour, yaml)), |world| {
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
        match &decision.gate {
            Some(Outcome::Respond { status, .. }) => write!(text, " then {status}").unwrap(),
            Some(Outcome::Redirect { status, location }) => write!(text, " then {status} {location}").unwrap(),
            _ => {}
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
        ("http://b.example/only", "wild 100% /only b.example"),
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
    // Only a rule of its own keeps a challenge in the clear.
    assert_eq!(
        nginx(&yaml, "http://a.example/.well-known/acme-challenge/t/"),
        "308 https://a.example/.well-known/acme-challenge/t"
    );
    let solver = ingress("solver", 2, "", "a.example", &["Exact /.well-known/acme-challenge/t solver"], "");
    assert!(nginx(&(yaml + &solver), "http://a.example/.well-known/acme-challenge/t").starts_with("solver"));
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
            + &behind(&["web"])
    };
    // A Service that nobody stands behind is passed over, and its rule answers 503 before its canary is asked.
    let weight = canary("nginx.ingress.kubernetes.io/canary-weight: '20'");
    assert_eq!(nginx(&weight, "http://a.example/"), "web 100% / a.example RT-CANARY-SPLIT SV-MISSING");
    let lonely = weight.replace("name: web, namespace: shop}\n", "name: gone, namespace: shop}\n") + &behind(&["next"]);
    assert_eq!(nginx(&lonely, "http://a.example/"), "web 100% / a.example RT-CANARY-SPLIT");
    let canary = |more: &str| canary(more) + &behind(&["next"]);
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
    // Where values are checked, a variable in the address takes the whole Ingress out.
    let redirect = with("permanent-redirect: 'https://b.example$request_uri'");
    let lax = flagged(&redirect, &["--enable-annotation-validation=false"], "http://a.example/x?y");
    assert!(lax.contains("301") && lax.contains("https://b.example/x?y"), "{lax}");
    assert_eq!(nginx(&redirect, "http://a.example/x?y"), "404 CTL-ANNOT-INVALID RT-HOST-MISS");
}

#[test]
fn other_controllers_differ_where_they_do() {
    let yaml = ingress("web", 1, "", "a.example", &["Prefix /foo web", "Prefix /foo/bar deep"], "");
    assert_eq!(says(&yaml, Flavour::Spec, &get("http://a.example/foobar")), "404 RT-PATH-ELEMENT RT-PATH-MISS");
    assert!(says(&yaml, Flavour::Spec, &get("http://a.example/foo/bar/x")).starts_with("deep"));
    let start = |flavour, paths: &[&str], asked: &str| {
        let yaml = ingress("web", 1, "", "a.example", paths, "");
        says(&yaml, flavour, &get(&format!("http://a.example{asked}"))).split(' ').next().unwrap_or("").to_owned()
    };
    let free = ["ImplementationSpecific /f* a", "ImplementationSpecific /foo/* b", "Prefix /fo c"];
    // Patterns of ALB in the order in which they are written, after prefixes.
    assert_eq!(start(Flavour::Alb, &free, "/foo/x"), "a");
    assert_eq!(start(Flavour::Alb, &free, "/fo/x"), "c");
    assert_eq!(start(Flavour::Alb, &["ImplementationSpecific /a?c a"], "/abc"), "a");
    // GKE: the longest, and a star only behind a slash.
    assert_eq!(start(Flavour::Gce, &free, "/foo/x"), "b");
    assert_eq!(start(Flavour::Gce, &["ImplementationSpecific /foo a"], "/foo/x"), "404");
    // HAProxy: exact before prefix before beginning, which knows no case.
    let haproxy = ["ImplementationSpecific /foo/bar/baz a", "Prefix /foo b", "Exact /foo c"];
    assert_eq!(start(Flavour::Haproxy, &haproxy, "/foo/bar/baz"), "b");
    assert_eq!(start(Flavour::Haproxy, &haproxy, "/foo"), "c");
    assert_eq!(start(Flavour::Haproxy, &haproxy, "/FOO/bar/bazaar"), "a");
}

#[test]
fn rules_that_only_manuals_tell_are_inferred() {
    let yaml = ingress("web", 1, "", "a.example", &["Prefix / web"], "");
    for flavour in [Flavour::Spec, Flavour::Haproxy, Flavour::Gce, Flavour::Alb] {
        for url in ["http://a.example/x", "http://b.example/"] {
            let sure = fixture::world(&format!("{CLASS}{yaml}"), |world| {
                let decision = decide(world, &controller(flavour), &get(url));
                decision.hops.iter().find(|hop| hop.kind == HopKind::Rule).map(|hop| hop.confidence)
            });
            assert_eq!(sure, Some(Confidence::Inferred), "{flavour:?} {url}");
        }
    }
}

/// One Ingress with annotations (without their prefix), the younger the later it comes.
fn noted(name: &str, day: u8, notes: &[&str], paths: &[&str], rest: &str) -> String {
    let notes: Vec<String> = notes.iter().map(|note| format!("nginx.ingress.kubernetes.io/{note}")).collect();
    ingress(name, day, &notes.join(", "), "a.example", paths, rest)
}

const TLS: &str = "  tls: [{hosts: [a.example], secretName: a-tls}]\n";

#[test]
fn paths_match_as_the_table_of_the_ingress_documentation_says() {
    // Each line: rules, a path, who gets it by the specification, and what ingress-nginx does where that differs.
    for (paths, asked, wanted, nginx_differs) in [
        (&["Prefix / a"][..], "/x/y", "a", ""),
        (&["Exact /foo a"], "/foo", "a", ""),
        (&["Exact /foo a"], "/bar", "404", ""),
        (&["Exact /foo a"], "/foo/", "404", ""),
        (&["Exact /foo/ a"], "/foo", "404", "301"),
        (&["Prefix /foo a"], "/foo", "a", ""),
        (&["Prefix /foo a"], "/foo/", "a", ""),
        (&["Prefix /foo/ a"], "/foo", "a", "301"),
        (&["Prefix /foo/ a"], "/foo/", "a", ""),
        (&["Prefix /aaa/bb a"], "/aaa/bbb", "404", ""),
        (&["Prefix /aaa/bbb a"], "/aaa/bbb", "a", ""),
        (&["Prefix /aaa/bbb/ a"], "/aaa/bbb", "a", "301"),
        (&["Prefix /aaa/bbb a"], "/aaa/bbb/", "a", ""),
        (&["Prefix /aaa/bbb a"], "/aaa/bbb/ccc", "a", ""),
        (&["Prefix /aaa/bbb a"], "/aaa/bbbxyz", "404", ""),
        (&["Prefix / a", "Prefix /aaa b"], "/aaa/ccc", "b", ""),
        (&["Prefix / a", "Prefix /aaa b", "Prefix /aaa/bbb c"], "/aaa/bbb", "c", ""),
        (&["Prefix / a", "Prefix /aaa b", "Prefix /aaa/bbb c"], "/ccc", "a", ""),
        (&["Prefix /aaa a"], "/ccc", "404", ""),
        (&["Prefix /foo a", "Exact /foo b"], "/foo", "b", ""),
    ] {
        let yaml = ingress("web", 1, "", "a.example", paths, "");
        let url = format!("http://a.example{asked}");
        let start = |flavour| says(&yaml, flavour, &get(&url)).split(' ').next().unwrap_or("").to_owned();
        assert_eq!(start(Flavour::Spec), wanted, "{paths:?} {asked}");
        let differs = if nginx_differs.is_empty() { wanted } else { nginx_differs };
        assert_eq!(start(Flavour::Nginx), differs, "{paths:?} {asked}");
    }
    // The table of hosts with a wildcard.
    let wild = ingress("web", 1, "", "*.foo.com", &["Prefix / a"], "");
    for (host, is_match) in [("bar.foo.com", true), ("baz.bar.foo.com", false), ("foo.com", false)] {
        for flavour in [Flavour::Spec, Flavour::Nginx] {
            let text = says(&wild, flavour, &get(&format!("http://{host}/")));
            assert_eq!(text.starts_with("a 100%"), is_match, "{host} {text}");
        }
    }
}

#[test]
fn a_canary_hangs_on_the_service_of_a_rule() {
    let yaml = noted("web", 1, &[], &["Prefix /v1 a", "Prefix /v2 a", "Prefix /v3 c"], "")
        + &noted("canary", 2, &["canary: 'true'", "canary-weight: '20'"], &["Prefix /v1 b"], "")
        + &behind(&["a", "b", "c"]);
    assert!(nginx(&yaml, "http://a.example/v1").starts_with("a 80% /v1 a.example, b 20%"));
    // The other path leads to the same Service, so it has the same canary.
    assert!(nginx(&yaml, "http://a.example/v2").starts_with("a 80% /v2 a.example, b 20%"));
    assert!(nginx(&yaml, "http://a.example/v3").starts_with("c 100%"));
    // A total below 100 counts as 100.
    let total = yaml
        .replace("canary-weight: '20'", "canary-weight: '20', nginx.ingress.kubernetes.io/canary-weight-total: '50'");
    assert!(nginx(&total, "http://a.example/v1").starts_with("a 80%"));
    // Where a rule without canary named the Service first, nothing is shared out.
    let known = yaml.clone() + &ingress("old", 1, "", "b.example", &["Prefix / b"], "");
    assert!(nginx(&known, "http://a.example/v1").starts_with("a 100%"));
    // One path of a canary without a partner takes the whole Service from it.
    let orphan = yaml + &noted("more", 3, &["canary: 'true'"], &["Prefix /gone b"], "");
    assert!(nginx(&orphan, "http://a.example/v1").starts_with("a 100%"));
    // Other controllers do not know canaries.
    assert!(says(&known, Flavour::Spec, &get("http://a.example/v1")).starts_with("a 100%"));
}

#[test]
fn redirects_follow_the_options_of_their_location() {
    for (notes, asked, wanted) in [
        ("ssl-redirect: 'true'", "/x/?q=1", "308 https://a.example/x/?q=1"),
        ("ssl-redirect: 'true'", "/x/", "308 https://a.example/x"),
        ("preserve-trailing-slash: 'true'", "/x/", "308 https://a.example/x/"),
        ("app-root: /app", "/", "302 http://a.example/app"),
        ("permanent-redirect: 'https://b.example/y'", "/x", "301 https://b.example/y"),
        ("from-to-www-redirect: 'true'", "/x", "308 https://a.example/x"),
        ("auth-type: basic, nginx.ingress.kubernetes.io/auth-secret: gone", "/", "503 RT-AUTH-SECRET"),
    ] {
        let yaml = noted("web", 1, &[notes], &["Prefix / web"], TLS);
        assert_eq!(nginx(&yaml, &format!("http://a.example{asked}")), wanted, "{notes}");
    }
    let www = noted("web", 1, &["from-to-www-redirect: 'true'"], &["Prefix / web"], "");
    assert_eq!(nginx(&www, "http://www.a.example/x?q"), "308 http://a.example/x?q");
    // A path that no rule takes is sent to https first, too.
    let narrow = noted("web", 1, &[], &["Prefix /x web"], TLS);
    assert_eq!(nginx(&narrow, "http://a.example/y"), "308 https://a.example/y");
    assert!(nginx(&narrow, "https://a.example/y").starts_with("404"));
}

#[test]
fn a_backend_that_is_no_service_leaves_the_path_to_a_shorter_one() {
    let with = |paths: &[&str]| {
        let yaml = ingress("web", 1, "", "a.example", paths, "");
        yaml.replace("{service: {name: bucket, port: {number: 80}}}", "{resource: {kind: Bucket, name: files}}")
    };
    let text = nginx(&with(&["Prefix / web", "Prefix /files bucket"]), "http://a.example/files/x");
    assert_eq!(text, "web 100% /files/x a.example RT-RESOURCE-BACKEND");
    let text = nginx(&with(&["Prefix /files bucket"]), "http://a.example/files/x");
    assert!(text.starts_with("404") && text.contains("RT-RESOURCE-BACKEND"), "{text}");
}

#[test]
fn what_cannot_be_followed_is_not_guessed() {
    let with =
        |path: &str| noted("web", 1, &["use-regex: 'true'"], &[&format!("ImplementationSpecific {path} web")], "");
    assert!(nginx(&with("/a++"), "http://a.example/aaa").starts_with("web 100%"));
    assert!(nginx(&with("/.(?!api).*"), "http://a.example/x").contains("Unknown"));
    assert!(nginx(&with(r"/a(\w)\1"), "http://a.example/x").starts_with("404"));
    for path in ["/../x", "/%", "/a/../../b"] {
        assert_eq!(nginx(&with("/.*"), &format!("http://a.example{path}")), "400", "{path}");
    }
}

#[test]
fn a_rewrite_brings_its_own_query() {
    let yaml = noted("web", 1, &["rewrite-target: '/x?a=$1'"], &["ImplementationSpecific /q/(.*) web"], "");
    let lax = ["--enable-annotation-validation=false"];
    assert_eq!(flagged(&yaml, &lax, "http://a.example/q/7?b=2"), "Pods /x?a=7&b=2");
    assert_eq!(flagged(&yaml, &lax, "http://a.example/q/7"), "Pods /x?a=7");
    // One that checks values takes such a target as not there, and the path for what it looks like.
    let yaml = yaml.replace("/x?a=$1", "/x=$1");
    assert_eq!(nginx(&yaml, "http://a.example/q/7"), "404 CTL-ANNOT-INVALID RT-PATH-MISS CTL-ANNOT-INVALID");
}

#[test]
fn clients_need_certificates_where_the_server_says_so() {
    let yaml = noted("web", 1, &["auth-tls-secret: shop/ca"], &["Prefix / web"], TLS);
    // The Secret is not there: nobody passes.
    let gone = nginx(&yaml, "https://a.example/");
    assert!(gone.contains("status: 403") && gone.contains("RT-MTLS"), "{gone}");
    let secret = "\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: ca, namespace: shop}\ndata: {ca.crt: eA==}\n";
    let there = nginx(&(yaml + secret), "https://a.example/");
    assert!(there.contains("status: 400") && there.contains("RT-MTLS"), "{there}");
}

/// Like `nginx`, with arguments of the controller.
fn flagged(yaml: &str, flags: &[&str], url: &str) -> String {
    fixture::world(&format!("{CLASS}{yaml}"), |world| {
        let flags = Some(flags.iter().map(|flag| Arc::from(*flag)).collect());
        let decision = decide(world, &Controller { flags, ..controller(Flavour::Nginx) }, &get(url));
        match &decision.action {
            Action::Forward(arms) => {
                let told: Vec<String> = arms.iter().map(|arm| format!("{:?} {}", arm.reach, arm.path)).collect();
                told.join(", ")
            }
            Action::End(Outcome::Respond { status, .. }) => status.to_string(),
            other => format!("{other:?}"),
        }
    })
}

#[test]
fn flags_say_what_the_controller_serves() {
    let labelled = |label: &str| {
        let web = ingress("web", 1, "", "a.example", &["Prefix / web"], "");
        format!("{web}\n---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {{team: {label}}}}}\n")
    };
    for (selector, wanted) in [
        ("team=shop", "Pods /"),
        ("team!=shop", "404"),
        ("team in (shop,web),!other", "Pods /"),
        ("team notin (shop)", "404"),
        ("other", "404"),
    ] {
        let flag = format!("--watch-namespace-selector={selector}");
        assert_eq!(flagged(&labelled("shop"), &[&flag], "http://a.example/"), wanted, "{selector}");
    }
    let any = "\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: any, namespace: shop}\nspec: {ingressClassName: nginx, defaultBackend: {service: {name: web, port: {number: 80}}}}\n";
    assert_eq!(flagged(any, &[], "http://b.example/"), "Pods /");
    assert_eq!(flagged(any, &["--disable-catch-all"], "http://b.example/"), "404");
    let named =
        ingress("web", 1, "", "a.example", &["Prefix / web"], "").replace("ClassName: nginx", "ClassName: other");
    assert_eq!(flagged(&named, &[], "http://a.example/"), "404");
    let flags = ["--ingress-class-by-name", "--ingress-class=other"];
    assert_eq!(flagged(&named, &flags, "http://a.example/"), "Pods /");
    let prefixed = noted("web", 1, &["app-root: /app"], &["Prefix / web"], "").replace("nginx.ingress.k", "own.k");
    assert!(flagged(&prefixed, &["--annotations-prefix=own.kubernetes.io"], "http://a.example/").contains("302"));
}

#[test]
fn tls_goes_through_to_the_pods_where_it_is_told_to() {
    let yaml = noted("web", 1, &["ssl-passthrough: 'true'"], &["Prefix / web"], "");
    assert_eq!(flagged(&yaml, &["--enable-ssl-passthrough"], "https://a.example/x"), "ServiceAddress /x");
    assert_eq!(flagged(&yaml, &[], "https://a.example/x"), "Pods /x");
    assert_eq!(flagged(&yaml, &["--enable-ssl-passthrough"], "http://a.example/x"), "Pods /x");
}
