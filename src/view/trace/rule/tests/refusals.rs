//! What makes nginx refuse its whole configuration, as `nginx -t` says of what ingress-nginx writes.

use super::*;

fn refused(text: &str) -> bool {
    text.contains("Unknown") && text.contains("RT-CONFIG-REFUSED")
}

#[test]
fn paths_of_one_location_are_refused() {
    let both = |first: &[&str], second: &[&str]| {
        let yaml = noted("web", 1, &[], first, "") + "---\n" + &noted("api", 2, &[], second, "");
        nginx(&yaml, "http://a.example/zzz")
    };
    for (first, second) in
        [(["Prefix /app web"], ["Prefix /app/ api"]), (["Prefix /app/ web"], ["ImplementationSpecific /app api"])]
    {
        let text = both(&first, &second);
        assert!(refused(&text), "{first:?} {second:?}: {text}");
    }
    // The controller compares with the first location of a path alone.
    assert!(refused(&both(&["Exact /app web", "Prefix /app web"], &["Prefix /app api"])));
    assert!(refused(&both(&["Exact / web"], &["Exact / api"])));
    for (first, second) in [
        (["Prefix /app web"], ["Prefix /app api"]),
        (["Prefix /app web"], ["Exact /app/ api"]),
        (["Prefix /app/ web"], ["Exact /app/ api"]),
        (["Prefix / web"], ["Prefix / api"]),
        (["Exact / web"], ["Prefix / api"]),
    ] {
        let text = both(&first, &second);
        assert!(!refused(&text), "{first:?} {second:?}: {text}");
    }
}

#[test]
fn patterns_may_come_twice_unless_somebody_is_asked_at_both() {
    let with = |options: &[&str]| {
        let pattern = noted("api", 2, &["use-regex: 'true'"], &["ImplementationSpecific /x.* api"], "");
        noted("web", 1, options, &["Prefix /app web", "Prefix /app/ web"], "") + "---\n" + &pattern
    };
    assert!(!refused(&nginx(&with(&[]), "http://a.example/app/x")));
    let asking = with(&["auth-url: 'https://login.example/'"]);
    assert!(refused(&nginx(&asking, "http://a.example/app/x")));
}

#[test]
fn words_of_the_configuration_end_where_nginx_ends_them() {
    let literal = |path: &str| {
        let yaml = noted("web", 1, &[], &["ImplementationSpecific /x web"], "").replace("'/x'", &format!("'{path}'"));
        refused(&nginx(&yaml, "http://a.example/zzz"))
    };
    for path in ["/a{1,2}", "/a;b", "/a b"] {
        assert!(literal(path), "{path}");
    }
    for path in ["/a}b", "/a${b}", "/a\\{b", "/a\"b", "/a#b"] {
        assert!(!literal(path), "{path}");
    }
    let pattern = |path: &str| {
        let yaml = noted("web", 1, &["use-regex: 'true'"], &["ImplementationSpecific /x web"], "");
        refused(&nginx(&yaml.replace("'/x'", &format!("'{path}'")), "http://a.example/zzz"))
    };
    assert!(pattern("/a\"b"));
    assert!(!pattern("/a{1,2}") && !pattern("/a;b") && !pattern("/a b"));
}

#[test]
fn names_that_no_server_can_have_are_refused() {
    let www = noted("web", 1, &["from-to-www-redirect: 'true'"], &["Prefix / web"], "");
    let wild = www.replace("host: 'a.example'", "host: '*.a.example'");
    assert!(refused(&nginx(&wild, "http://x.a.example/")));
    assert!(!refused(&nginx(&www, "http://a.example/")));
    let alias = |name: &str| {
        let yaml = noted("web", 1, &["server-alias: ALIAS"], &["Prefix / web"], "");
        refused(&nginx(&yaml.replace("ALIAS", &format!("'{name}'")), "http://a.example/"))
    };
    for name in ["a.*.example", "*.*.example", r"~^w\d{2}$", "a..example"] {
        assert!(alias(name), "{name}");
    }
    for name in ["*.b.example", "b.*", r"~^w\d+$", ".b.example"] {
        assert!(!alias(name), "{name}");
    }
}

#[test]
fn other_hosts_are_told_where_only_files_can_tell() {
    let other = noted("web", 1, &[], &["Prefix /app web", "Prefix /app/ web"], "").replace("a.example", "b.example");
    let yaml = format!("{CLASS}{}---\n{other}", noted("own", 2, &[], &["Prefix / web"], ""));
    let side = |world: &World| -> Vec<&'static str> {
        let decision = decide(world, &controller(Flavour::Nginx), &get("http://a.example/"));
        assert!(matches!(decision.action, Action::Forward(_)));
        decision.side.iter().map(Finding::code).collect()
    };
    assert_eq!(fixture::files(&yaml, side), ["RT-CONFIG-REFUSED"]);
    // A live controller says so itself.
    assert_eq!(fixture::world(&yaml, side), [""; 0]);
}
