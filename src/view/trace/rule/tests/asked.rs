//! What users asked about rules of ingress-nginx, and what its sources say.

use super::*;
use crate::view::trace::fault::Severity;

fn asked(url: &str, headers: &[(&str, &str)], client: &str) -> Request {
    let mut request = get(url);
    request.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    request.client = client.parse().ok();
    request
}

/// The Secret of passwords.
const USERS: &str = "---\napiVersion: v1\nkind: Secret\nmetadata: {name: users, namespace: shop}\ntype: Opaque\ndata: {auth: dXNlcjokYXByMSR4}\n";

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
    let (basic, users) = ("auth-type: basic", "auth-secret: users");
    let says = |annotations: &[&str], headers: &[(&str, &str)], client: &str| {
        let yaml = noted(annotations, &["Prefix / web"]) + USERS;
        says(&yaml, Flavour::Nginx, &asked("http://a.example/", headers, client))
    };
    let (inside, outside) = ("198.51.100.7", "192.0.2.1");
    let forward = "web 100% / a.example";
    assert_eq!(says(&[list, basic, users], &[], inside), format!("{forward} then 401"));
    assert_eq!(says(&[list, basic, users], &[("Authorization", "Basic YTpi")], inside), forward);
    assert_eq!(says(&[list, basic, users], &[], outside), format!("{forward} then 403 RT-ALLOWLIST"));
    let any = [list, basic, users, "satisfy: any"];
    assert_eq!(says(&any, &[], inside), forward);
    assert_eq!(says(&any, &[], outside), format!("{forward} then 401"));
    assert_eq!(says(&any, &[("Authorization", "Basic YTpi")], outside), forward);
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
        (&[("X-Forwarded-For", "192.0.2.1")], "10.0.0.1", Some(())),
        // Nobody that is not trusted may say who it is.
        (&[("X-Forwarded-For", "198.51.100.7")], "192.0.2.1", Some(())),
        (&[], "198.51.100.7", None),
    ] {
        fixture::world(&format!("{CLASS}{yaml}{settings}"), |world| {
            let map = world.named(crate::kinds::CONFIG_MAP, "shop", "settings").cloned();
            let controller = Controller { settings: Settings::Known(map), ..controller(Flavour::Nginx) };
            let decision = decide(world, &controller, &asked("http://a.example/", headers, client));
            assert_eq!(
                matches!(decision.gate, Some(Outcome::Respond { status: 403, .. })),
                gate.is_some(),
                "{headers:?} {client}"
            );
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

/// An Ingress of a.example behind a password.
fn locked(annotations: &[&str], paths: &[&str]) -> String {
    let all: Vec<&str> = ["auth-type: basic", "auth-secret: users"].iter().chain(annotations).copied().collect();
    noted(&all, paths) + USERS
}

fn options(yaml: &str, headers: &[(&str, &str)]) -> String {
    let request = Request { method: "OPTIONS".to_owned(), ..asked("http://a.example/", headers, "192.0.2.1") };
    says(yaml, Flavour::Nginx, &request)
}

#[test]
fn who_lacks_a_password_is_sent_to_sign_in_where_somebody_is_asked_too() {
    let url = "auth-url: 'https://auth.other/check'";
    let signin = "auth-signin: 'https://auth.other/start'";
    let alone = locked(&[signin], &["Prefix / web"]);
    assert_eq!(nginx(&alone, "http://a.example/x"), "web 100% /x a.example then 401");
    let both = locked(&[url, signin], &["Prefix / web"]);
    let to = "https://auth.other/start?rd=http://a.example%2Fx%3Fy%3D1";
    assert_eq!(nginx(&both, "http://a.example/x?y=1"), format!("web 100% /x?y=1 a.example then 302 {to}"));
    let own = locked(&[url, "auth-signin: 'https://$host/start?rd=$escaped_request_uri'"], &["Prefix / web"]);
    assert!(nginx(&own, "http://a.example/x").ends_with("then 302 https://a.example/start?rd=%2Fx"));
    // Challenges of ACME are for everybody.
    let path = "/.well-known/acme-challenge/x";
    let spared = locked(&[], &["Prefix / web", "Prefix /.well-known/acme-challenge solver"]);
    assert_eq!(nginx(&spared, &format!("http://a.example{path}")), format!("solver 100% {path} a.example"));
}

#[test]
fn nginx_itself_answers_who_asks_whether_it_may_call_from_elsewhere() {
    let all = locked(&["enable-cors: 'true'", "whitelist-source-range: 10.0.0.0/8"], &["Prefix / web"]);
    assert_eq!(options(&all, &[]), "204", "before lists and passwords");
    assert!(nginx(&all, "http://a.example/").contains("then"));
    let some = noted(&["enable-cors: 'true'", "cors-allow-origin: 'https://*.b.example'"], &["Prefix / web"]);
    assert_eq!(options(&some, &[("Origin", "https://x.b.example")]), "204");
    assert!(options(&some, &[("Origin", "https://b.example")]).starts_with("web"));
    assert!(options(&some, &[]).starts_with("web"));
    // A location that is denied has none of it.
    let denied = noted(&["enable-cors: 'true'", "auth-type: basic"], &["Prefix / web"]);
    assert_eq!(options(&denied, &[]), "503 RT-AUTH-SECRET");
    let secure =
        ingress("web", 1, "nginx.ingress.kubernetes.io/enable-cors: 'true'", "a.example", &["Prefix / web"], TLS);
    assert_eq!(options(&secure, &[]), "204", "before it is sent to https");
}

#[test]
fn another_name_may_have_a_star_at_either_end() {
    let yaml = noted(&["server-alias: 'www.*,.c.example'"], &["Prefix / web"])
        + &ingress("wild", 2, "", "*.b.example", &["Prefix / wild"], "");
    for name in ["www.d.example", "www.b.example", "c.example", "x.y.c.example"] {
        assert!(nginx(&yaml, &format!("http://{name}/")).starts_with("web"), "{name}");
    }
    assert!(nginx(&yaml, "http://x.b.example/").starts_with("wild"));
    assert!(nginx(&yaml, "http://www/").starts_with("404"));
}

#[test]
fn what_the_controller_says_itself_proves_that_it_denies_a_location() {
    let said = "---\napiVersion: v1\nkind: Event\nmetadata: {name: e, namespace: shop}\ntype: Warning\nreason: AnnotationParsingFailed\nmessage: no such secret\ninvolvedObject: {kind: Ingress, namespace: shop, name: web}\n";
    let yaml = noted(&["auth-type: basic"], &["Prefix / web"]) + said;
    fixture::world(&format!("{CLASS}{yaml}"), |world| {
        let decision = decide(world, &controller(Flavour::Nginx), &get("http://a.example/"));
        let evidence = decision.hops.iter().flat_map(|hop| &hop.findings).flat_map(|finding| &finding.evidence);
        assert!(evidence.clone().any(|one| one.value == "no such secret"), "{:?}", evidence.collect::<Vec<_>>());
    });
}
