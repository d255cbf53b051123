//! Upstreams of ingress-nginx: one for each Service and port, made by whoever names it first.

use super::*;

/// How the request reaches its backends, and where.
fn reached(yaml: &str, url: &str) -> String {
    flagged(yaml, &[], url)
}

fn upstream(name: &str, day: u8, options: &[&str], host: &str, path: &str) -> String {
    noted(name, day, options, &[path], "").replace("a.example", host) + "---\n"
}

#[test]
fn the_first_ingress_of_a_service_says_how_it_is_reached() {
    let on = ["service-upstream: 'true'"];
    let services = behind(&["web"]);
    let two = |first: &[&str], second: &[&str]| {
        upstream("a", 1, first, "a.example", "Prefix / web") + &upstream("b", 2, second, "b.example", "Prefix / web")
    };
    for (first, second, wanted) in [(&on[..], &[][..], "ServiceAddress /"), (&[][..], &on[..], "Pods /")] {
        for host in ["a.example", "b.example"] {
            assert_eq!(reached(&(two(first, second) + &services), &format!("http://{host}/")), wanted, "{host}");
        }
    }
    // Another port is another upstream.
    let other = two(&on, &[]).replacen("number: 80", "number: 81", 1) + &services;
    assert_eq!(reached(&other, "http://b.example/"), "Pods /");
}

#[test]
fn a_default_backend_makes_the_upstream_anew() {
    let rest = "\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: rest, namespace: shop, creationTimestamp: '2026-11-09T00:00:00Z', annotations: {nginx.ingress.kubernetes.io/service-upstream: 'true'}}\nspec: {ingressClassName: nginx, defaultBackend: {service: {name: web, port: {number: 80}}}}\n";
    let yaml = upstream("a", 1, &[], "a.example", "Prefix / web") + rest + &behind(&["web"]);
    assert_eq!(reached(&yaml, "http://a.example/"), "ServiceAddress /");
}

#[test]
fn a_service_without_an_address_is_reached_at_its_pods() {
    let yaml = upstream("a", 1, &["service-upstream: 'true'"], "a.example", "Prefix / web") + &behind(&["web"]);
    assert_eq!(reached(&yaml, "http://a.example/"), "ServiceAddress /");
    let headless = yaml.replace("spec: {ports: [{port: 80}]}", "spec: {clusterIP: None, ports: [{port: 80}]}");
    assert_eq!(reached(&headless, "http://a.example/"), "Pods /");
    let named = yaml.replace("port: {number: 80}", "port: {name: http}");
    assert_eq!(reached(&named, "http://a.example/"), "Pods /");
    // A number is dialled as it is, whether the Service has it or not.
    let other = yaml.replace("port: {number: 80}", "port: {number: 8080}");
    assert_eq!(reached(&other, "http://a.example/"), "ServiceAddress /");
}

#[test]
fn names_with_capitals_stay_and_the_first_server_has_them() {
    let own = ingress("own", 2, "", "m.example", &["Prefix / own"], "");
    let aliased = |host: &str| {
        let alias = "nginx.ingress.kubernetes.io/server-alias: M.example";
        ingress("web", 1, alias, host, &["Prefix / web"], "") + &own
    };
    assert!(nginx(&aliased("a.example"), "http://m.example/").starts_with("web"));
    assert!(nginx(&aliased("z.example"), "http://m.example/").starts_with("own"));
    let small = aliased("a.example").replace("M.example", "m.example");
    assert!(nginx(&small, "http://m.example/").starts_with("own"));
}

#[test]
fn the_redirect_to_www_comes_before_another_name() {
    let www = noted("web", 1, &["from-to-www-redirect: 'true'"], &["Prefix / web"], "");
    let other = noted("other", 2, &["server-alias: www.a.example"], &["Prefix / other"], "");
    let yaml = www + "---\n" + &other.replace("host: 'a.example'", "host: '0.example'");
    assert_eq!(nginx(&yaml, "http://www.a.example/x").split(' ').next(), Some("308"));
}

#[test]
fn rewritten_paths_leave_with_percent_signs() {
    let options = ["rewrite-target: /$2"];
    let yaml = noted("web", 1, &options, &["ImplementationSpecific /api(/|$)(.*) web"], "");
    for (sent, seen) in
        [("/api/a\"b", "/a%22b"), ("/api/a|b", "/a%7Cb"), ("/api/a'b", "/a'b"), ("/api/%5E%7E", "/%5E~")]
    {
        let text = nginx(&yaml, &format!("http://a.example{sent}"));
        assert_eq!(text.split(' ').nth(2), Some(seen), "{sent}: {text}");
    }
    let lax = ["--enable-annotation-validation=false"];
    let yaml = noted("web", 1, &["rewrite-target: '/z?x=$1'"], &["ImplementationSpecific /q/(.*) web"], "");
    for (sent, seen) in [("a%26b", "a%26b"), ("a+b", "a%2Bb"), ("a&b", "a&b"), ("a%22;b", "a%22%3Bb")] {
        assert_eq!(flagged(&yaml, &lax, &format!("http://a.example/q/{sent}")), format!("Pods /z?x={seen}"));
    }
}

#[test]
fn a_canary_whose_service_others_named_first_is_a_rule_like_others() {
    let canary = |day, host: &str| {
        let options = ["canary: 'true'", "canary-weight: '50'", "rewrite-target: /new"];
        upstream("canary", day, &options, host, "Prefix / two")
    };
    let main = |day| upstream("web", day, &[], "a.example", "Prefix / web");
    let own = upstream("own", 1, &[], "own.example", "Prefix / two");
    let services = behind(&["web", "two"]);
    let text = nginx(&(own.clone() + &canary(2, "a.example") + &main(3) + &services), "http://a.example/");
    assert!(text.starts_with("two 100% /new a.example"), "{text}");
    assert!(!text.contains("RT-CANARY"), "{text}");
    let text = nginx(&(own.clone() + &canary(3, "a.example") + &main(2) + &services), "http://a.example/");
    assert!(text.starts_with("web 100% / a.example"), "{text}");
    // Without a partner it is no canary either.
    let text = nginx(
        &(own.clone() + &canary(3, "a.example").replace("'/'", "'/beta'") + &main(2) + &services),
        "http://a.example/beta",
    );
    assert!(text.starts_with("two 100% /new a.example") && text.contains("RT-CANARY-ORPHAN"), "{text}");
    // It stays away from the names of others.
    let text = nginx(&(own.clone() + &canary(3, "a.example") + &main(2) + &services), "http://c.example/x");
    assert!(text.starts_with("404"), "{text}");
    // Without a server of its host it goes to the one for all names.
    let text = nginx(&(own + &main(2) + &canary(3, "b.example") + &services), "http://c.example/x");
    assert!(text.starts_with("two 100% /new c.example"), "{text}");
}

#[test]
fn the_backend_for_the_rest_keeps_its_place() {
    let rest = "\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: rest, namespace: shop, creationTimestamp: '2026-11-09T00:00:00Z'}\nspec: {ingressClassName: nginx, defaultBackend: {service: {name: rest, port: {number: 80}}}}\n";
    let yaml = ingress("web", 1, "", "HOST", &["Prefix / web", "Prefix /app web"], "")
        .replace("  - host: 'HOST'\n    http", "  - http");
    let yaml = yaml + rest + &behind(&["web", "rest"]);
    assert!(nginx(&yaml, "http://c.example/x").starts_with("rest 100% /x"));
    assert!(nginx(&yaml, "http://c.example/app/x").starts_with("web 100% /app/x"));
}

#[test]
fn who_may_pass_is_asked_before_anybody_is_dialled() {
    let options = ["service-upstream: 'true'", "whitelist-source-range: 10.0.0.0/8"];
    let yaml = noted("web", 1, &options, &["Prefix / web"], "") + &behind(&["web"]);
    let yaml = yaml.replace("endpoints: [{addresses: [10.0.0.7]}]", "endpoints: []");
    let outcome = |client: &str| {
        let mut request = get("http://a.example/");
        request.client = client.parse().ok();
        fixture::files_of(&format!("{CLASS}{yaml}"), Some(Flavour::Nginx), |world| {
            crate::view::trace::follow::follow(world, &request).outcome
        })
    };
    assert!(matches!(outcome("203.0.113.9"), Outcome::Respond { status: 403, .. }));
    assert!(matches!(outcome("10.1.2.3"), Outcome::Respond { status: 502, .. }));
}

#[test]
fn who_is_asked_must_be_there() {
    let asking = |url: &str| {
        noted("web", 1, &[&format!("auth-url: '{url}'")], &["Prefix / web"], "") + &behind(&["web", "auth"])
    };
    let at = |port: &str| asking(&format!("http://auth.shop.svc.cluster.local{port}/x"));
    assert_eq!(nginx(&at(""), "http://a.example/"), "web 100% / a.example");
    assert_eq!(nginx(&at(":8080"), "http://a.example/"), "web 100% / a.example then 500 RT-AUTH-URL");
    let nobody = at("").replace("endpoints: [{addresses: [10.0.0.7]}]", "endpoints: []");
    assert!(nginx(&nobody, "http://a.example/").contains("500 RT-AUTH-URL"));
}

#[test]
fn the_servers_own_root_has_options_too() {
    let yaml = noted("web", 1, &["app-root: /app"], &["Prefix /app web"], "");
    let other = noted("api", 2, &[], &["Prefix /api api"], "");
    let bare = yaml.replace("    http:\n      paths:\n      - {path: '/app', pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}\n", "");
    assert!(!bare.contains("'/app'"));
    let text = nginx(&(bare + "---\n" + &other), "http://a.example/");
    assert!(text.starts_with("302 http://a.example/app"), "{text}");
}

#[test]
fn bodies_have_a_limit_where_nobody_has_a_rule() {
    let yaml = noted("web", 1, &[], &["Prefix / web"], "");
    let mut request = get("http://other.example/");
    request.headers.push(("Content-Length".to_owned(), "1048577".to_owned()));
    assert!(says(&yaml, Flavour::Nginx, &request).starts_with("413"));
}

#[test]
fn a_canary_to_the_default_backend_of_others_is_a_rule_like_others() {
    let rest = "  defaultBackend: {service: {name: two, port: {number: 80}}}\n";
    let main = noted("web", 2, &[], &["Prefix /app web"], rest);
    let canary = noted("canary", 1, &["canary: 'true'"], &["Prefix /new two"], "");
    let text = nginx(&(canary + "---\n" + &main + &behind(&["web", "two"])), "http://a.example/new/x");
    assert!(text.starts_with("two 100% /new/x a.example"), "{text}");
}

#[test]
fn a_wildcards_certificate_must_be_for_the_wildcard() {
    let yaml = noted("web", 1, &[], &["Prefix / web"], "  tls: [{hosts: ['*.a.example'], secretName: wild}]\n");
    let yaml = yaml.replace("host: 'a.example'", "host: '*.a.example'");
    let plan = fixture::world(&format!("{CLASS}{yaml}"), |world| {
        decide(world, &controller(Flavour::Nginx), &get("https://x.a.example/")).tls.unwrap()
    });
    assert_eq!(plan.rule_host.as_deref(), Some("*.a.example"));
    let own = noted("web", 1, &[], &["Prefix / web"], TLS);
    let plan = fixture::world(&format!("{CLASS}{own}"), |world| {
        decide(world, &controller(Flavour::Nginx), &get("https://a.example/")).tls.unwrap()
    });
    assert_eq!(plan.rule_host, None);
}
