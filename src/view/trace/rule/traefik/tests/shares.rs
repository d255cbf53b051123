//! TraefikServices.

use super::{EDGE, SERVICES, answer, route};
use crate::view::trace::fault::Finding;
use crate::view::trace::fixture;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::follow;
use crate::view::trace::outcome::{Outcome, Verdict};
use crate::view::trace::request::Request;

fn service(name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: traefik.io/v1alpha1\nkind: TraefikService\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n"
    )
}

fn to(name: &str) -> String {
    route("Host(`a.example`)", &format!("services: [{{name: {name}, kind: TraefikService}}]"))
}

const WEB: &str = "{name: web, port: 80}";
const API: &str = "{name: api, port: 80, weight: 3}";

fn shares(yaml: &str) -> Vec<(String, f64)> {
    let request = Request::get("http://a.example/").unwrap();
    fixture::files_of(&format!("{SERVICES}{yaml}"), Some(Flavour::Traefik), |world| {
        let Outcome::Forward(backends) = follow::follow(world, &request).outcome else { return Vec::new() };
        backends.iter().map(|backend| (backend.service.to_string(), backend.share)).collect()
    })
}

#[test]
fn shares_of_shares_multiply() {
    let inner = service("inner", &format!("{{weighted: {{services: [{WEB}, {API}]}}}}"));
    let outer =
        service("outer", &format!("{{weighted: {{services: [{{name: inner, kind: TraefikService}}, {WEB}]}}}}"));
    let all = format!("{inner}{outer}{}", to("outer"));
    let expected = [("web", 0.125), ("api", 0.375), ("web", 0.5)].map(|(name, share)| (name.to_owned(), share));
    assert_eq!(shares(&all), expected);
}

#[test]
fn mirrors_take_no_part_but_must_be_there() {
    let mirrored = |mirror: &str, percent: i64| {
        let spec = format!(
            "{{mirroring: {{name: web, port: 80, mirrors: [{{name: {mirror}, port: 80, percent: {percent}}}]}}}}"
        );
        format!("{}{}", service("copy", &spec), to("copy"))
    };
    assert_eq!(shares(&mirrored("api", 20)), [("web".to_owned(), 1.0)]);
    assert_eq!(answer(&mirrored("gone", 20), "http://a.example/"), "404");
    assert_eq!(answer(&mirrored("api", 101), "http://a.example/"), "404");
}

#[test]
fn one_backend_that_is_missing_leaves_the_router_out() {
    let broken = service("split", "{weighted: {services: [{name: web, port: 80}, {name: gone, port: 80}]}}");
    assert_eq!(answer(&format!("{broken}{}", to("split")), "http://a.example/"), "404");
    assert_eq!(answer(&format!("{broken}{}", to("other")), "http://a.example/"), "404");
    assert_eq!(answer(&format!("{}{}", service("odd", "{}"), to("odd")), "http://a.example/"), "404");
    let far = service("split", "{weighted: {services: [{name: web, namespace: far, port: 80}]}}");
    assert_eq!(answer(&format!("{EDGE}{far}{}", to("split")), "http://a.example/"), "404");
}

#[test]
fn weights_of_nothing_are_answered_with_503() {
    let none = service("none", "{weighted: {services: [{name: web, port: 80, weight: 0}]}}");
    assert_eq!(answer(&format!("{none}{}", to("none")), "http://a.example/"), "503");
    let half = service("half", "{weighted: {services: [{name: none, kind: TraefikService}, {name: web, port: 80}]}}");
    let text = answer(&format!("{none}{half}{}", to("half")), "http://a.example/");
    assert!(text.contains(" 503, web /"), "{text}");
}

#[test]
fn a_circle_is_named_and_ends_every_trace_of_it() {
    let one = service("one", "{weighted: {services: [{name: two, kind: TraefikService}]}}");
    let two = service("two", "{mirroring: {name: web, port: 80, mirrors: [{name: one, kind: TraefikService}]}}");
    let request = Request::get("http://a.example/").unwrap();
    fixture::files_of(&format!("{SERVICES}{one}{two}{}", to("one")), Some(Flavour::Traefik), |world| {
        let trace = follow::follow(world, &request);
        assert_eq!(trace.verdict, Verdict::Broken);
        let codes = trace.hops.iter().flat_map(|hop| &hop.findings).map(Finding::code);
        assert!(codes.into_iter().any(|code| code == "RT-SERVICE-CYCLE"));
        assert!(matches!(trace.outcome, Outcome::Unknown(_)));
    });
}

#[test]
fn what_traefik_has_from_another_provider_is_not_known() {
    assert!(answer(&to("api@internal"), "http://a.example/").starts_with("Unknown"));
}
