//! Routes below others, by parentRefs.

use super::{EDGE, SERVICES, answer, fixture, follow, route};
use crate::view::trace::fault::Finding;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::request::Request;

/// A route that others stand below.
fn outer(more: &str) -> String {
    route("Host(`a.example`)", more).replace("name: r17", "name: outer")
}

/// A route of this name below others.
fn below(name: &str, parents: &str, rule: &str, more: &str) -> String {
    format!(
        "---\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: {name}, namespace: shop}}\nspec:\n  parentRefs: [{parents}]\n  routes:\n  - match: {rule}\n    {more}\n"
    )
}

const WEB: &str = "services: [{name: web, port: 80}]";
const API: &str = "services: [{name: api, port: 80}]";
const OUTER: &str = "{name: outer}";
const AUTH: &str = "---\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: strip, namespace: shop}\nspec: {stripPrefix: {prefixes: [/api]}}\n";

#[test]
fn a_route_leads_on_to_the_one_below_that_takes_the_path_after_its_middlewares() {
    let all = [
        AUTH.to_owned(),
        outer("middlewares: [{name: strip}]"),
        below("one", OUTER, "PathPrefix(`/v1`)", WEB),
        below("two", OUTER, "PathPrefix(`/v1/deep`)", API),
    ]
    .concat();
    assert_eq!(answer(&all, "http://a.example/api/v1/x"), "web /v1/x");
    assert_eq!(answer(&all, "http://a.example/v1/deep"), "api /v1/deep");
    assert_eq!(answer(&all, "http://a.example/api/v2"), "404");
    assert_eq!(answer(&all, "http://b.example/v1"), "404");
}

#[test]
fn with_neither_services_nor_routes_below_it_is_left_out_and_with_both_those_below_come_first() {
    assert_eq!(answer(&outer("middlewares: []"), "http://a.example/"), "404");
    let both = format!("{}{}", outer(WEB), below("one", OUTER, "PathPrefix(`/`)", API));
    assert_eq!(answer(&both, "http://a.example/"), "api /");
    let middle = [
        outer("middlewares: []"),
        below("middle", OUTER, "PathPrefix(`/`)", WEB),
        below("low", "{name: middle}", "PathPrefix(`/`)", API),
    ];
    assert_eq!(answer(&middle.concat(), "http://a.example/"), "404");
}

#[test]
fn below_another_it_says_no_entry_points_and_no_tls() {
    for more in ["entryPoints: [web]", "tls: {}"] {
        let one = below("one", OUTER, "PathPrefix(`/`)", WEB).replace("  routes:", &format!("  {more}\n  routes:"));
        assert_eq!(answer(&format!("{}{one}", outer("middlewares: []")), "http://a.example/"), "404", "{more}");
    }
}

#[test]
fn one_parent_that_is_missing_or_far_leaves_it_without_any() {
    let far = below("one", OUTER, "PathPrefix(`/`)", API).replace("{name: outer}", "{name: outer, namespace: far}");
    let gone = below("two", "{name: outer}, {name: gone}", "PathPrefix(`/`)", API);
    for lost in [far, gone] {
        assert_eq!(answer(&format!("{EDGE}{}{lost}", outer("middlewares: []")), "http://a.example/"), "404");
        assert_eq!(answer(&format!("{EDGE}{}{lost}", outer(WEB)), "http://a.example/"), "web /");
    }
}

#[test]
fn a_circle_of_routes_is_cut_where_it_closes() {
    let round = [
        outer("middlewares: []"),
        below("one", "{name: outer}, {name: two}", "PathPrefix(`/`)", "middlewares: []"),
        below("two", "{name: one}", "PathPrefix(`/x`)", "middlewares: []"),
        below("plain", OUTER, "PathPrefix(`/ok`)", WEB),
    ]
    .concat();
    assert_eq!(answer(&round, "http://a.example/ok"), "web /ok");
    assert_eq!(answer(&round, "http://a.example/x"), "404");
    // Nothing but the circle leads to these.
    let closed = [
        below("one", "{name: two}", "PathPrefix(`/`)", WEB),
        below("two", "{name: one}", "PathPrefix(`/`)", "middlewares: []"),
    ];
    assert_eq!(answer(&closed.concat(), "http://a.example/"), "404");
}

#[test]
fn a_route_whose_kind_is_none_is_left_out() {
    let odd = outer(WEB).replace("- match:", "- kind: Magic\n    match:");
    assert_eq!(answer(&odd, "http://a.example/"), "404");
}

#[test]
fn what_is_missed_is_told_beside_the_hosts_of_routes_and_the_orphan_that_it_was_for() {
    let told = |yaml: &str, url: &str| {
        let request = Request::get(url).unwrap();
        fixture::files_of(&format!("{SERVICES}{EDGE}{yaml}"), Some(Flavour::Traefik), |world| {
            let trace = follow::follow(world, &request);
            let hop = trace.hops.iter().find(|hop| hop.kind == crate::view::trace::hop::HopKind::Rule).unwrap();
            let findings = hop.findings.iter().map(Finding::message).collect::<Vec<_>>();
            format!("{}\n{}", hop.summary, findings.join("\n"))
        })
    };
    let own = route("Host(`shop.a.example`)", WEB);
    let text = told(&own, "http://shpo.a.example/");
    assert!(
        text.contains("hosts of IngressRoutes: shop.a.example") && text.contains("(closest: shop.a.example)"),
        "{text}"
    );
    let orphan = below("one", OUTER, "Host(`b.example`) && PathPrefix(`/v1`)", WEB);
    let text = told(&format!("{own}{orphan}"), "http://b.example/v1/x");
    assert!(text.contains("IngressRoute shop/one names the parent shop/outer, and there is none"), "{text}");
    assert!(!told(&format!("{own}{orphan}"), "http://b.example/v2").contains("names the parent"));
}
