//! What the controller refuses of an Ingress, by its version and its settings.

use super::*;
use crate::kinds::{CONFIG_MAP, ObjectRef};
use crate::view::trace::fault::Finding;

/// What becomes of a request to an Ingress with this annotation, by a controller with this ConfigMap.
fn says_with(data: &str, annotation: &str, paths: &[&str], path: &str) -> String {
    let map = format!(
        "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings, namespace: shop}}\ndata: {{{data}}}\n"
    );
    let yaml = format!("{CLASS}{map}{}", ingress("web", 1, annotation, "a.example", paths, ""));
    fixture::world(&yaml, |world| {
        let settings = world.get(&ObjectRef::new(CONFIG_MAP, "shop", "settings")).cloned();
        let controller = Controller { settings: Settings::Known(settings), ..controller(Flavour::Nginx) };
        let decision = decide(world, &controller, &get(&format!("http://a.example{path}")));
        let findings = decision.hops.iter().flat_map(|hop| &hop.findings).chain(&decision.side);
        let codes: Vec<&str> = findings.map(Finding::code).collect();
        let outcome = if matches!(decision.action, Action::Forward(_)) { "web" } else { "404" };
        format!("{outcome} {}", codes.join(" ")).trim_end().to_owned()
    })
}

#[test]
fn a_snippet_takes_the_whole_ingress_out_unless_its_risk_is_taken() {
    let snippet = "nginx.ingress.kubernetes.io/configuration-snippet: more_set_headers";
    let says = |data: &str| says_with(data, snippet, &["Prefix / web"], "/");
    assert_eq!(says("allow-snippet-annotations: 'true'"), "404 CTL-ANNOT-INVALID RT-HOST-MISS");
    assert_eq!(says(""), "404 CTL-ANNOT-INVALID RT-HOST-MISS");
    assert_eq!(says("allow-snippet-annotations: 'true', annotations-risk-level: Critical"), "web");
    assert_eq!(says("annotations-risk-level: Critical"), "web CTL-ADM-SNIPPET");
}

#[test]
fn a_size_that_nginx_does_not_read_is_told() {
    let size = |value: &str| format!("nginx.ingress.kubernetes.io/proxy-body-size: {value}");
    let says = |value: &str| says_with("", &size(value), &["Prefix / web"], "/");
    assert_eq!(says("8Mi"), "web CTL-ANNOT-INVALID");
    assert_eq!(says("8m"), "web");
    let whole = "nginx.ingress.kubernetes.io/client-body-buffer-size: 8Mi";
    assert_eq!(says_with("", whole, &["Prefix / web"], "/"), "404 CTL-ANNOT-INVALID RT-HOST-MISS");
}

#[test]
fn patterns_in_paths_are_refused_only_where_paths_are_checked() {
    let regex = "nginx.ingress.kubernetes.io/use-regex: 'true'";
    let says = |data: &str| says_with(data, regex, &["Prefix /api/[a-z]+ web"], "/api/x");
    assert_eq!(says(""), "web CTL-ADM-PATHTYPE");
    assert_eq!(says("strict-validate-path-type: 'false'"), "web");
}

#[test]
fn a_shorter_literal_path_that_says_more_than_the_pattern_is_named() {
    let regex = "nginx.ingress.kubernetes.io/use-regex: 'true'";
    let says = |paths: &[&str]| says_with("strict-validate-path-type: 'false'", regex, paths, "/api/users/1");
    assert_eq!(says(&["Prefix /api/users users", "Prefix /api/[a-z0-9]+/.* web"]), "web RT-REGEX-LENGTH");
    assert_eq!(says(&["Prefix / users", "Prefix /api/[a-z0-9]+/.* web"]), "web");
    assert_eq!(says(&["Prefix /api users", "Prefix /api/users/[0-9]+ web"]), "web");
}

#[test]
fn an_exact_path_with_an_end_is_exact() {
    let regex = "nginx.ingress.kubernetes.io/use-regex: 'true'";
    let says = |path: &str| says_with("strict-validate-path-type: 'false'", regex, &[path], "/header");
    assert_eq!(says("Exact /header$ web"), "web");
}
