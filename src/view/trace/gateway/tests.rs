//! Requests at Gateways: attachment, precedence, filters, shares; the faults are in `codes`.

#![allow(clippy::unwrap_used, clippy::panic)]

mod codes;
mod protocols;
mod tables;
mod trust;

use crate::kinds::{GATEWAY, ObjectRef};
use crate::view::trace::fault::{Finding, Severity, fill};
use crate::view::trace::fixture;
use crate::view::trace::gateway::decide;
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Action, Arm, ArmTarget, Decision};
use crate::view::trace::request::Request;
use crate::view::trace::world::World;

/// A Gateway `net/edge` with these listeners, in YAML's flow style.
fn gateway(listeners: &str) -> String {
    object(
        "gateway.networking.k8s.io/v1",
        "Gateway",
        "net/edge",
        &format!("gatewayClassName: edge, listeners: [{listeners}]"),
    )
}

/// An HTTPRoute with one parent `net/edge`.
fn route(name: &str, spec: &str) -> String {
    let spec = format!("parentRefs: [{{name: edge, namespace: net}}], {spec}");
    object("gateway.networking.k8s.io/v1", "HTTPRoute", name, &spec)
}

fn service(name: &str) -> String {
    object("v1", "Service", name, "ports: [{port: 80, targetPort: 8080}]")
}

fn object(version: &str, kind: &str, name: &str, spec: &str) -> String {
    let (namespace, name) = name.split_once('/').unwrap();
    let metadata = format!("{{namespace: {namespace}, name: {name}, generation: 2}}");
    format!("---\napiVersion: {version}\nkind: {kind}\nmetadata: {metadata}\nspec: {{{spec}}}\n")
}

/// Decides about a request at the port of its URL; checks that every finding is whole.
fn at(world: &World, request: &Request) -> Decision {
    let decision = decide(world, &ObjectRef::new(GATEWAY, "net", "edge"), request.port, request);
    findings(&decision).for_each(check);
    decision.side.iter().for_each(check);
    decision
}

fn check(finding: &Finding) {
    let code = finding.code();
    let (message, whole) = fill(finding.fault.message, &finding.words);
    assert!(whole, "{code} misses a word: {message}");
    assert!(!finding.evidence.is_empty(), "{code} proves nothing");
    let fix = finding.fix();
    let reads = |line: &String| line.contains(" get ") || line.contains(" describe ");
    assert!(fix.first().is_some_and(reads), "{code} does not read first: {fix:?}");
    assert!(fix.iter().all(|line| line.starts_with("kubectl ") && !line.contains("{{")), "{code}: {fix:?}");
}

/// The findings on the path.
fn findings(decision: &Decision) -> impl Iterator<Item = &Finding> {
    let arms: &[Arm] = match &decision.action {
        Action::Forward(arms) | Action::Stop(_, arms) => arms,
        Action::End(_) => &[],
    };
    let hops = decision.hops.iter().chain(arms.iter().flat_map(|arm| &arm.hops));
    hops.flat_map(|hop| &hop.findings).chain(decision.tls.iter().flat_map(|plan| &plan.findings))
}

/// Codes on the path, those that only warn in brackets, then those beside it behind a bar.
fn codes(decision: &Decision) -> String {
    let shown = |finding: &Finding| match finding.severity {
        Severity::Broken => finding.code().to_owned(),
        _ => format!("({})", finding.code()),
    };
    let mut path: Vec<String> = findings(decision).map(shown).collect();
    let side: Vec<&str> = decision.side.iter().map(Finding::code).collect();
    if !side.is_empty() {
        path.push(format!("| {}", side.join(" ")));
    }
    path.join(" ")
}

/// The answer in one line: backends with path and host, a redirect, a status.
fn answer(decision: &Decision) -> String {
    match &decision.action {
        Action::Forward(arms) => arms.iter().map(arm).collect::<Vec<_>>().join(" + "),
        Action::End(outcome) | Action::Stop(outcome, _) => match outcome {
            Outcome::Redirect { status, location } => format!("{status} {location}"),
            Outcome::Respond { status, .. } => status.to_string(),
            other => other.name().to_owned(),
        },
    }
}

fn arm(arm: &Arm) -> String {
    let target = match &arm.target {
        ArmTarget::Service { name, .. } => name.to_string(),
        ArmTarget::Nowhere => "?".to_owned(),
    };
    let target = arm.answered.map_or(target.clone(), |status| format!("{target}={status}"));
    let share = if arm.share < 1.0 { format!("{:.0}% ", arm.share * 100.0) } else { String::new() };
    format!("{share}{target} {} {}", arm.host, arm.path)
}

/// What a request with these headers gets, in files.
fn files(yaml: &str, method: &str, url: &str, headers: &[(&str, &str)]) -> Decision {
    let mut request = Request::get(url).unwrap();
    method.clone_into(&mut request.method);
    request.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    fixture::files(yaml, |world| at(world, &request))
}

fn get(yaml: &str, url: &str) -> Decision {
    files(yaml, "GET", url, &[])
}

/// A rule that leads to a Service of the route's namespace.
fn rule(matches: &str, backend: &str) -> String {
    format!("{{matches: [{matches}], backendRefs: [{{name: {backend}, port: 80}}]}}")
}

#[test]
fn the_most_precise_rule_of_all_routes_takes_a_request() {
    let path =
        |kind: &str, value: &str, backend: &str| rule(&format!("{{path: {{type: {kind}, value: {value}}}}}"), backend);
    let rules = [
        path("PathPrefix", "/", "root"),
        path("PathPrefix", "/api", "api"),
        path("PathPrefix", "/api/v2", "api2"),
        path("Exact", "/api/v2", "exact"),
        rule("{path: {value: /api}, method: POST}", "post"),
        rule("{path: {value: /api}, headers: [{name: X-Beta, value: 'on'}]}", "header"),
        rule("{path: {value: /api}, headers: [{name: x-beta, value: 'on'}, {name: b, value: '2'}]}", "headers"),
        rule("{path: {value: /api}, queryParams: [{name: q, value: '1'}]}", "query"),
    ];
    let exact = route("net/a", &format!("hostnames: [a.example.com], rules: [{}]", rules.join(", ")));
    let wild = route("net/b", &format!("hostnames: ['*.example.com'], rules: [{}]", path("Exact", "/api/v2", "wild")));
    let names = ["root", "api", "api2", "exact", "post", "header", "headers", "query", "wild"];
    let services: String = names.iter().map(|name| service(&format!("net/{name}"))).collect();
    let yaml = gateway("{name: http, port: 80, protocol: HTTP}") + &exact + &wild + &services;
    let beta = ("X-BETA", "on");
    for (method, url, headers, wanted) in [
        ("GET", "/", &[][..], "root"),
        ("GET", "/apis", &[], "root"),
        ("GET", "/api/", &[], "api"),
        ("GET", "/api/v2", &[], "exact"),
        ("GET", "/api/v2/", &[], "api2"),
        ("GET", "/api/v2/x", &[], "api2"),
        ("POST", "/api/x", &[], "post"),
        ("POST", "/api/x", &[beta], "post"),
        ("GET", "/api/x", &[beta], "header"),
        ("GET", "/api/x", &[beta, ("b", "2")], "headers"),
        ("GET", "/api/x?q=1", &[], "query"),
        ("GET", "/api/x?q=1", &[beta], "header"),
        ("GET", "/API/x", &[], "root"),
    ] {
        let decision = files(&yaml, method, &format!("http://a.example.com{url}"), headers);
        assert_eq!(answer(&decision), format!("{wanted} a.example.com {url}"), "{method} {url} {headers:?}");
    }
    assert_eq!(answer(&get(&yaml, "http://b.c.example.com/api/v2")), "wild b.c.example.com /api/v2");
    assert_eq!(answer(&get(&yaml, "http://b.example.com/x")), "404");
    assert_eq!(answer(&get(&yaml, "http://example.com/x")), "404");
}

#[test]
fn of_equal_rules_the_oldest_route_then_the_first_name_wins() {
    let dated = |name: &str, created: &str| {
        let text = route(&format!("net/{name}"), &format!("rules: [{}]", rule("{path: {value: /}}", name)));
        text.replace("generation: 2", &format!("generation: 2, creationTimestamp: '{created}'"))
    };
    let listener = gateway("{name: http, port: 80, protocol: HTTP}");
    let services: String = ["a", "b"].iter().map(|name| service(&format!("net/{name}"))).collect();
    let older = dated("a", "2026-01-02T00:00:00Z") + &dated("b", "2026-01-01T00:00:00Z");
    let decision = get(&(listener.clone() + &older + &services), "http://x/");
    assert_eq!((answer(&decision), codes(&decision)), ("b x /".to_owned(), "| RT-G-SHADOW".to_owned()));
    let same = dated("b", "2026-01-01T00:00:00Z") + &dated("a", "2026-01-01T00:00:00Z");
    assert_eq!(answer(&get(&(listener + &same + &services), "http://x/")), "a x /");
}

#[test]
fn the_most_specific_listener_takes_a_request_and_the_routes_of_others_do_not_count() {
    let listeners = gateway(
        "{name: all, port: 80, protocol: HTTP}, {name: wild, port: 80, protocol: HTTP, hostname: '*.example.com'}, \
         {name: one, port: 80, protocol: HTTP, hostname: a.example.com}",
    );
    let at = |section: &str| {
        let parents = format!("parentRefs: [{{name: edge, sectionName: {section}}}]");
        let rules = rule("{path: {value: /}}", section);
        object(
            "gateway.networking.k8s.io/v1",
            "HTTPRoute",
            &format!("net/{section}"),
            &format!("{parents}, rules: [{rules}]"),
        )
    };
    let services: String = ["all", "wild", "one"].iter().map(|name| service(&format!("net/{name}"))).collect();
    let yaml = listeners.clone() + &at("all") + &at("wild") + &at("one") + &services;
    for (host, wanted) in
        [("a.example.com", "one"), ("b.a.example.com", "wild"), ("example.com", "all"), ("b.org", "all")]
    {
        assert_eq!(answer(&get(&yaml, &format!("http://{host}/"))), format!("{wanted} {host} /"));
    }
    let isolated = get(&(listeners + &at("all") + &services), "http://a.example.com/");
    assert_eq!((answer(&isolated), codes(&isolated)), ("404".to_owned(), "RT-G-MATCH".to_owned()));
    let message = findings(&isolated).next().unwrap().message();
    assert!(message.contains("attached to listener all only, and listener one is more specific"), "{message}");
}

#[test]
fn filters_change_what_the_backend_sees_or_answer_themselves() {
    let listener = gateway("{name: http, port: 80, protocol: HTTP}, {name: alt, port: 8080, protocol: HTTP}");
    let with = |filters: &str| {
        let rule = format!(
            "{{matches: [{{path: {{value: /a}}}}], filters: [{filters}], backendRefs: [{{name: web, port: 80}}]}}"
        );
        listener.clone() + &route("net/r", &format!("rules: [{rule}]")) + &service("net/web")
    };
    let rewrite = "{type: URLRewrite, urlRewrite: {hostname: in.example.com, path: {type: ReplacePrefixMatch, replacePrefixMatch: /b}}}";
    let full = "{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /c}}}";
    let redirect = "{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 301}}";
    let headers = "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: x, value: '1'}], remove: [z]}}";
    for (filters, url, wanted) in [
        ("", "http://x:8080/a/b?q=1", "web x:8080 /a/b?q=1"),
        (rewrite, "http://x/a/z?q=1", "web in.example.com /b/z?q=1"),
        (full, "http://x/a/z?q=1", "web x /c?q=1"),
        (redirect, "http://x:8080/a?q=1", "301 https://x/a?q=1"),
    ] {
        assert_eq!(answer(&get(&with(filters), url)), wanted, "{filters}");
    }
    let yaml = with(headers);
    let decision = get(&yaml, "http://x/a");
    assert_eq!(decision.hops.last().unwrap().summary, "request headers: sets x: 1; removes z");
    let own = "{matches: [{path: {value: /a}}], backendRefs: [{name: web, port: 80, filters: [".to_owned();
    let own = own + "{type: URLRewrite, urlRewrite: {hostname: own.example.com}}]}]}";
    let yaml = listener + &route("net/r", &format!("rules: [{own}]")) + &service("net/web");
    assert_eq!(answer(&get(&yaml, "http://x/a")), "web own.example.com /a");
}

#[test]
fn shares_follow_weights_and_nothing_goes_to_weight_zero() {
    let listener = gateway("{name: http, port: 80, protocol: HTTP}");
    let refs = "[{name: a, port: 80, weight: 9}, {name: b, port: 80}, {name: gone, port: 80, weight: 0}]";
    let yaml = listener
        + &route("net/r", &format!("rules: [{{backendRefs: {refs}}}]"))
        + &service("net/a")
        + &service("net/b");
    let decision = get(&yaml, "http://x/p?q");
    assert_eq!(answer(&decision), "90% a x /p?q + 10% b x /p?q");
    assert_eq!(codes(&decision), "");
    assert_eq!(decision.hops.last().unwrap().summary, "split by weight: weight 9 of 10, weight 1 of 10");
}

#[test]
fn odd_objects_never_panic() {
    let listener =
        gateway("{}, {name: a, port: -1, protocol: ''}, {name: http, port: 80, protocol: HTTP, hostname: '*'}");
    let routes = [
        "rules: []",
        "rules: [{}]",
        "hostnames: ['', '*', 'é'], rules: [{matches: [{path: {type: Odd}}], backendRefs: [{}]}]",
        "rules: [{matches: [{path: {type: RegularExpression, value: '['}}]}]",
    ];
    for spec in routes {
        for url in ["http://é/%zz?%", "https://[::1]/", "http://a.:80//../"] {
            get(&(listener.clone() + &route("net/r", spec)), url);
        }
    }
    assert_eq!(answer(&get("", "http://x/")), "unknown");
}
