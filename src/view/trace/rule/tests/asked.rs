//! What users asked about rules of ingress-nginx, and what its sources say.

use super::*;
use crate::view::trace::fault::Severity;

fn asked(url: &str, headers: &[(&str, &str)], client: &str) -> Request {
    let mut request = get(url);
    request.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    request.client = client.parse().ok();
    request
}

/// An Ingress of a.example with these annotations of ingress-nginx.
fn noted(annotations: &[&str], paths: &[&str]) -> String {
    let all: Vec<String> = annotations.iter().map(|text| format!("nginx.ingress.kubernetes.io/{text}")).collect();
    ingress("web", 1, &all.join(", "), "a.example", paths, "")
}

#[test]
fn another_name_leads_to_the_whole_server_of_its_host() {
    let alias = |name: &str| format!("nginx.ingress.kubernetes.io/server-alias: '{name}'");
    let yaml = ingress("web", 1, &alias("x.example"), "a.example", &["Prefix / web"], "")
        + &ingress("api", 2, &alias("y.example"), "a.example", &["Prefix /api api"], "");
    assert!(nginx(&yaml, "http://x.example/").starts_with("web"));
    assert!(nginx(&yaml, "http://x.example/api").starts_with("api"));
    // A host has the names of its oldest Ingress alone.
    assert_eq!(nginx(&yaml, "http://y.example/api"), "404 RT-HOST-MISS RT-ALIAS-CONFLICT");
    // Of two servers with one name nginx takes the first, and they stand by their hosts.
    let yaml = ingress("web", 1, &alias("z.example"), "b.example", &["Prefix / web"], "")
        + &ingress("api", 2, &alias("z.example"), "a.example", &["Prefix / api"], "");
    assert_eq!(nginx(&yaml, "http://z.example/"), "api 100% / z.example RT-ALIAS-CONFLICT");
    let yaml = ingress("web", 1, &alias(r"~^www\d+\.example$"), "a.example", &["Prefix / web"], "");
    assert!(nginx(&yaml, "http://www3.example/").starts_with("web"));
    assert!(nginx(&yaml, "http://wwwx.example/").starts_with("404"));
}

#[test]
fn who_is_let_in_by_address_needs_the_password_all_the_same() {
    let list = "whitelist-source-range: 198.51.100.0/24";
    let says = |annotations: &[&str], headers: &[(&str, &str)], client: &str| {
        let yaml = noted(annotations, &["Prefix / web"]);
        says(&yaml, Flavour::Nginx, &asked("http://a.example/", headers, client))
    };
    let (inside, outside) = ("198.51.100.7", "192.0.2.1");
    let forward = "web 100% / a.example";
    assert_eq!(says(&[list, "auth-type: basic"], &[], inside), format!("{forward} then 401"));
    assert_eq!(says(&[list, "auth-type: basic"], &[("Authorization", "Basic eA==")], inside), forward);
    assert_eq!(says(&[list, "auth-type: basic"], &[], outside), format!("{forward} then 403 RT-ALLOWLIST"));
    let any = [list, "auth-type: basic", "satisfy: any"];
    assert_eq!(says(&any, &[], inside), forward);
    assert_eq!(says(&any, &[], outside), format!("{forward} then 401"));
    assert_eq!(says(&any, &[("Authorization", "Basic eA==")], outside), forward);
    assert_eq!(says(&[list, "satisfy: any"], &[], outside), format!("{forward} then 403 RT-ALLOWLIST"));
    // A list that cannot be read denies everybody, before anything else is looked at.
    assert_eq!(says(&["whitelist-source-range: '10.0.0.0/33,x'"], &[], inside), "503 CTL-ANNOT-INVALID");
}

#[test]
fn the_address_that_counts_is_the_one_that_headers_tell() {
    let settings = "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: shop}\ndata: {use-forwarded-headers: 'true', proxy-real-ip-cidr: '10.0.0.0/8'}\n";
    let yaml = noted(&["whitelist-source-range: 198.51.100.0/24"], &["Prefix / web"]);
    for (headers, client, gate) in [
        (&[("X-Forwarded-For", "198.51.100.7")][..], "10.0.0.1", None),
        (&[("X-Forwarded-For", "198.51.100.7, 10.2.0.1")], "10.0.0.1", None),
        (&[("X-Forwarded-For", "192.0.2.1")], "10.0.0.1", Some(403)),
        // Nobody that is not trusted may say who it is.
        (&[("X-Forwarded-For", "198.51.100.7")], "192.0.2.1", Some(403)),
        (&[], "198.51.100.7", None),
    ] {
        fixture::world(&format!("{CLASS}{yaml}{settings}"), |world| {
            let map = world.named(crate::kinds::CONFIG_MAP, "shop", "settings").cloned();
            let controller = Controller { settings: Settings::Known(map), ..controller(Flavour::Nginx) };
            let decision = decide(world, &controller, &asked("http://a.example/", headers, client));
            assert_eq!(decision.gate.map(|(status, _)| status), gate, "{headers:?} {client}");
        });
    }
}

#[test]
fn a_rewrite_to_another_host_is_a_redirect() {
    let yaml = noted(&["rewrite-target: https://new.example/$2"], &["ImplementationSpecific /old(/|$)(.*) web"]);
    assert_eq!(nginx(&yaml, "http://a.example/old/x?y=1"), "302 https://new.example/x?y=1");
}

#[test]
fn the_group_that_catches_the_rest_is_missed() {
    let yaml =
        |target: &str| noted(&[&format!("rewrite-target: {target}")], &["ImplementationSpecific /api(/|$)(.*) web"]);
    assert_eq!(nginx(&yaml("/$1"), "http://a.example/api/x"), "web 100% // a.example RT-REWRITE-NOGROUP");
    assert_eq!(nginx(&yaml("/$2"), "http://a.example/api/x"), "web 100% /x a.example");
    assert_eq!(nginx(&yaml("/$1"), "http://a.example/api"), "web 100% / a.example");
    let nested = noted(&["rewrite-target: /$1"], &["ImplementationSpecific /api/((v1|v2)/.*) web"]);
    assert_eq!(nginx(&nested, "http://a.example/api/v1/x"), "web 100% /v1/x a.example");
}

#[test]
fn the_default_backend_of_an_ingress_answers_for_a_service_without_endpoints() {
    let annotation = "default-backend: fallback";
    let yaml = noted(&[annotation], &["Prefix / web"]) + &behind(&["fallback"]);
    let empty =
        "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {ports: [{port: 80}]}\n";
    let told = nginx(&(yaml.clone() + empty), "http://a.example/x");
    assert!(told.starts_with("fallback 100% /x a.example"), "{told}");
    assert!(nginx(&(yaml + &behind(&["web"])), "http://a.example/x").starts_with("web 100%"));
    let lone = noted(&[annotation], &["Prefix / web"]) + empty;
    assert!(nginx(&lone, "http://a.example/x").starts_with("web 100%"));
}

#[test]
fn regular_expressions_are_only_warned_of_where_they_change_something() {
    let yaml = ingress("web", 1, "", "a.example", &["Prefix / web", "Prefix /foo foo"], "")
        + &ingress(
            "rx",
            2,
            "nginx.ingress.kubernetes.io/use-regex: 'true'",
            "a.example",
            &["ImplementationSpecific /v[0-9] v"],
            "",
        );
    fixture::world(&format!("{CLASS}{yaml}"), |world| {
        for (url, severity) in [("http://a.example/", Severity::Info), ("http://a.example/foobar", Severity::Warn)] {
            let decision = decide(world, &controller(Flavour::Nginx), &get(url));
            let found: Vec<_> = decision.hops.iter().flat_map(|hop| &hop.findings).collect();
            assert_eq!(found[0].code(), "RT-REGEX-HOSTWIDE");
            assert_eq!(found[0].severity, severity, "{url}");
        }
    });
}

#[test]
fn options_of_canaries_on_no_canary_are_told() {
    let yaml = ingress("web", 1, "", "a.example", &["Prefix / web"], "")
        + &ingress("can", 2, "nginx.ingress.kubernetes.io/canary-weight: '10'", "a.example", &["Prefix / next"], "");
    assert_eq!(nginx(&yaml, "http://a.example/"), "web 100% / a.example CTL-DUP-PATH CTL-ANNOT-INVALID");
    let alone = ingress("can", 2, "nginx.ingress.kubernetes.io/canary: 'true'", "a.example", &["Prefix / next"], "");
    assert_eq!(nginx(&alone, "http://a.example/"), "404 RT-HOST-MISS RT-CANARY-ORPHAN");
}
