//! The location `/` that every server of ingress-nginx has, and rewrites that leave no path: as the real one answers.

use super::*;

const DEFAULT: &str = "  defaultBackend: {service: {name: rest, port: {number: 80}}}\n";

#[test]
fn default_backend_is_reached_as_its_ingress_says() {
    let options = ["rewrite-target: /new", "upstream-vhost: up.example"];
    let yaml = noted("web", 1, &options, &["Prefix /app web"], DEFAULT);
    let text = nginx(&yaml, "http://a.example/zzz?x=1");
    assert!(text.starts_with("rest 100% /new?x=1 up.example"), "{text}");
    let yaml = noted("web", 1, &[], &["Prefix /app web"], DEFAULT);
    let text = nginx(&yaml, "http://a.example/zzz");
    assert!(text.starts_with("rest 100% /zzz a.example"), "{text}");
}

#[test]
fn who_may_not_pass_does_not_see_the_404() {
    let yaml = noted("web", 1, &["whitelist-source-range: 10.0.0.0/8"], &["Prefix /app web"], "");
    let mut request = get("http://a.example/zzz");
    request.client = "203.0.113.9".parse().ok();
    let text = says(&yaml, Flavour::Nginx, &request);
    assert!(text.starts_with("403"), "{text}");
    request.client = "10.1.2.3".parse().ok();
    let text = says(&yaml, Flavour::Nginx, &request);
    assert!(text.starts_with("404"), "{text}");
}

#[test]
fn root_of_the_server_can_turn_paths_into_patterns() {
    // The target is the only path, and still all paths of the host are patterns.
    let yaml = noted("web", 1, &["rewrite-target: /foo"], &["Prefix /foo web"], "");
    let text = nginx(&yaml, "http://a.example/FOObar");
    assert!(text.starts_with("web 100% /FOObar a.example"), "{text}");
}

#[test]
fn exact_root_comes_too_late_among_patterns() {
    let yaml = noted("web", 1, &["use-regex: 'true'"], &["Exact / web", "Prefix /foo web"], "");
    let text = nginx(&yaml, "http://a.example/");
    assert!(text.starts_with("404"), "{text}");
    let yaml = noted("web", 1, &[], &["Exact / web", "Prefix /foo web"], "");
    let text = nginx(&yaml, "http://a.example/");
    assert!(text.starts_with("web 100% / a.example"), "{text}");
}

#[test]
fn rewrites_add_no_slash() {
    let yaml = noted("web", 1, &["rewrite-target: $2"], &["ImplementationSpecific /api(/|$)(.*) web"], TLS);
    assert_eq!(nginx(&yaml, "https://a.example/api/users").split(' ').nth(2), Some("users"));
    // Nothing is left: that comes even before the redirect to https.
    let text = nginx(&yaml, "http://a.example/api");
    assert!(text.starts_with("500"), "{text}");
}

#[test]
fn what_is_below_a_prefix_is_rewritten_even_to_the_prefix_itself() {
    // A Prefix `/` of another Ingress stands in for the server's own location.
    let yaml = noted("web", 1, &["rewrite-target: /foo"], &["Prefix /foo web"], "") + "---\n";
    let yaml = yaml + &noted("rest", 2, &[], &["Prefix / rest"], "");
    for (path, sees) in
        [("/foo/x", "web 100% /foo a.example"), ("/foo", "web 100% /foo a.example"), ("/FOO/x", "web 100% /foo")]
    {
        let text = nginx(&yaml, &format!("http://a.example{path}"));
        assert!(text.starts_with(sees), "{path}: {text}");
    }
    // The whole host is patterns by it, and those have no end.
    let text = nginx(&yaml, "http://a.example/foobar");
    assert!(text.starts_with("web 100% /foobar a.example"), "{text}");
}

#[test]
fn another_name_for_a_wildcard_leads_to_the_rules_of_all_that_name_it() {
    let aliased = noted("web", 1, &["server-alias: alias.example"], &["Prefix /app web"], "") + "---\n";
    let yaml = aliased + &noted("rest", 2, &[], &["Prefix /rest rest"], "");
    let yaml = yaml.replace("a.example\n", "'*.shop.example'\n").replace("host: a.example", "host: '*.shop.example'");
    let text = nginx(&yaml, "http://alias.example/rest/x");
    assert!(text.starts_with("rest 100% /rest/x alias.example"), "{text}");
}

#[test]
fn a_redirect_for_a_while_leaves_the_one_for_ever_unread() {
    let odd = "permanent-redirect: 'https://b.example$request_uri'";
    let yaml = noted("web", 1, &[odd, "temporal-redirect: 'https://c.example'"], &["Prefix / web"], "");
    let text = nginx(&yaml, "http://a.example/x");
    assert!(text.starts_with("302 https://c.example"), "{text}");
}
