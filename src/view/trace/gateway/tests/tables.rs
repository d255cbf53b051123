//! The tables of the Gateway API's documentation and the cases of its conformance tests, from a request to its answer.

use super::*;

/// One match by path.
fn path(kind: &str, value: &str) -> String {
    format!("{{path: {{type: {kind}, value: {value}}}}}")
}

fn services(names: &[&str]) -> String {
    names.iter().map(|name| service(&format!("net/{name}"))).collect()
}

fn plain() -> String {
    gateway("{name: http, port: 80, protocol: HTTP}")
}

/// Which backend, or which status, a request gets.
fn taken(yaml: &str, method: &str, url: &str, headers: &[(&str, &str)]) -> String {
    let answer = answer(&files(yaml, method, url, headers));
    answer.split(' ').next().unwrap_or("").to_owned()
}

#[test]
fn hosts_of_routes_and_listeners_intersect_as_conformance_wants() {
    let listeners = "{name: one, port: 80, protocol: HTTP, hostname: very.specific.com}, \
        {name: two, port: 80, protocol: HTTP, hostname: '*.wildcard.io'}, \
        {name: three, port: 80, protocol: HTTP, hostname: '*.anotherwildcard.io'}";
    let of = |name: &str, hosts: &str, prefix: &str| {
        let rules = rule(&path("PathPrefix", prefix), name);
        route(&format!("net/{name}"), &format!("hostnames: [{hosts}], rules: [{rules}]"))
    };
    let yaml = gateway(listeners)
        + &of("s1", "non.matching.com, '*.nonmatchingwildcard.io', very.specific.com", "/s1")
        + &of("s2", "non.matching.com, wildcard.io, foo.wildcard.io, bar.wildcard.io, foo.bar.wildcard.io", "/s2")
        + &of("s3", "non.matching.com, '*.specific.com'", "/s3")
        + &of("s4", "'*.anotherwildcard.io'", "/s4")
        + &of("s5", "specific.but.wrong.com, wildcard.io", "/s5")
        + &services(&["s1", "s2", "s3", "s4", "s5"]);
    for (url, wanted) in [
        ("very.specific.com/s1", "s1"),
        ("VERY.specific.com./s1", "s1"),
        ("non.matching.com/s1", "404"),
        ("foo.nonmatchingwildcard.io/s1", "404"),
        ("foo.wildcard.io/s1", "404"),
        ("very.specific.com/non-matching-prefix", "404"),
        ("foo.wildcard.io/s2", "s2"),
        ("bar.wildcard.io/s2", "s2"),
        ("foo.bar.wildcard.io/s2", "s2"),
        ("non.matching.com/s2", "404"),
        ("wildcard.io/s2", "404"),
        ("very.specific.com/s2", "404"),
        ("foo.wildcard.io/non-matching-prefix", "404"),
        ("very.specific.com/s3", "s3"),
        ("non.matching.com/s3", "404"),
        ("foo.specific.com/s3", "404"),
        ("foo.wildcard.io/s3", "404"),
        ("one.anotherwildcard.io/s4", "s4"),
        ("two.anotherwildcard.io/s4", "s4"),
        ("one.two.three.anotherwildcard.io/s4", "s4"),
        ("anotherwildcard.io/s4", "404"),
        ("foo.wildcard.io/s4", "404"),
        ("specific.but.wrong.com/s5", "404"),
        ("wildcard.io/s5", "404"),
    ] {
        assert_eq!(taken(&yaml, "GET", &format!("http://{url}"), &[]), wanted, "{url}");
    }
    let mut request = Request::get("http://very.specific.com/s1").unwrap();
    request.header_given("Host", "very.specific.com:1234");
    assert_eq!(fixture::files(&yaml, |world| answer(&at(world, &request))), "s1 very.specific.com /s1");
}

#[test]
fn prefixes_match_whole_elements() {
    for (prefix, asked, is_matched) in [
        ("/", "/", true),
        ("/", "/anything/at/all", true),
        ("/abc", "/abc", true),
        ("/abc", "/abc/", true),
        ("/abc", "/abc/def", true),
        ("/abc", "/abcd", false),
        ("/abc", "/ABC", false),
        ("/abc", "/a", false),
        ("/abc/", "/abc", true),
        ("/abc/", "/abc/", true),
        ("/abc/", "/abc/def", true),
        ("/abc/", "/abcd", false),
        ("/abc/def", "/abc/defg", false),
        ("/abc/def", "/abc", false),
    ] {
        let yaml = plain()
            + &route("net/r", &format!("rules: [{}]", rule(&path("PathPrefix", prefix), "web")))
            + &services(&["web"]);
        let wanted = if is_matched { "web" } else { "404" };
        assert_eq!(taken(&yaml, "GET", &format!("http://x{asked}?q"), &[]), wanted, "{prefix} {asked}");
    }
}

#[test]
fn exact_paths_match_to_the_letter() {
    let rules = [rule(&path("Exact", "/one"), "v1"), rule(&path("Exact", "/two"), "v2")].join(", ");
    let yaml = plain() + &route("net/r", &format!("rules: [{rules}]")) + &services(&["v1", "v2"]);
    for (asked, wanted) in [
        ("/one", "v1"),
        ("/two", "v2"),
        ("/two?q=/one", "v2"),
        ("/", "404"),
        ("/one/example", "404"),
        ("/two/", "404"),
        ("/Two", "404"),
    ] {
        assert_eq!(taken(&yaml, "GET", &format!("http://x{asked}"), &[]), wanted, "{asked}");
    }
}

#[test]
fn a_request_is_matched_by_path_and_header_as_conformance_wants() {
    let rules = [
        rule("{path: {type: PathPrefix, value: /}}, {headers: [{name: version, value: one}]}", "v1"),
        rule("{path: {type: PathPrefix, value: /v2}}, {headers: [{name: version, value: two}]}", "v2"),
    ];
    let yaml = plain() + &route("net/r", &format!("rules: [{}]", rules.join(", "))) + &services(&["v1", "v2"]);
    for (asked, version, wanted) in [
        ("/", None, "v1"),
        ("/example", None, "v1"),
        ("/", Some("one"), "v1"),
        ("/v2", None, "v2"),
        ("/v2example", None, "v1"),
        ("/foo/v2/example", None, "v1"),
        ("/v2/", None, "v2"),
        ("/v2/example", None, "v2"),
        ("/", Some("two"), "v2"),
        // The longer path counts before the header.
        ("/v2/", Some("one"), "v2"),
    ] {
        let headers: Vec<(&str, &str)> = version.map(|version| ("Version", version)).into_iter().collect();
        assert_eq!(taken(&yaml, "GET", &format!("http://x{asked}"), &headers), wanted, "{asked} {version:?}");
    }
}

#[test]
fn matches_of_several_routes_are_put_in_one_order() {
    let one = "hostnames: [example.com, example.net], rules: [".to_owned()
        + &rule("{path: {type: PathPrefix, value: /}}, {headers: [{name: version, value: one}]}", "v1")
        + "]";
    let other = "hostnames: [example.com], rules: [".to_owned()
        + &rule("{path: {type: PathPrefix, value: /v2}}, {headers: [{name: version, value: two}]}", "v2")
        + "]";
    let yaml = plain() + &route("net/part1", &one) + &route("net/part2", &other) + &services(&["v1", "v2"]);
    for (url, version, wanted) in [
        ("example.com/", None, "v1"),
        ("example.com/example", None, "v1"),
        ("example.net/example", None, "v1"),
        ("example.com/example", Some("one"), "v1"),
        ("example.com/v2", None, "v2"),
        // The second route is for the first host only.
        ("example.net/v2", None, "v1"),
        ("example.com/v2/example", None, "v2"),
        ("example.com/", Some("two"), "v2"),
    ] {
        let headers: Vec<(&str, &str)> = version.map(|version| ("version", version)).into_iter().collect();
        assert_eq!(taken(&yaml, "GET", &format!("http://{url}"), &headers), wanted, "{url} {version:?}");
    }
}

#[test]
fn each_criterion_of_precedence_counts_before_the_next() {
    // One rule of each pair is better by one criterion and worse by all that come after it.
    let many = "headers: [{name: a, value: '1'}, {name: b, value: '1'}], queryParams: [{name: q, value: '1'}]";
    for (better, worse) in [
        ("path: {type: Exact, value: /a/b}".to_owned(), format!("path: {{value: /a/b}}, method: GET, {many}")),
        ("path: {value: /a/b}".to_owned(), format!("path: {{value: /a}}, method: GET, {many}")),
        ("path: {value: /a}, method: GET".to_owned(), format!("path: {{value: /a}}, {many}")),
        (
            "path: {value: /a}, headers: [{name: a, value: '1'}, {name: b, value: '1'}]".to_owned(),
            "path: {value: /a}, headers: [{name: a, value: '1'}], queryParams: [{name: q, value: '1'}]".to_owned(),
        ),
        ("path: {value: /a}, queryParams: [{name: q, value: '1'}]".to_owned(), "path: {value: /a}".to_owned()),
    ] {
        let (better, worse) = (format!("{{{better}}}"), format!("{{{worse}}}"));
        let headers = [("a", "1"), ("b", "1")];
        // In one route, and in two of which the one that comes later by its name is better.
        let one = route("net/r", &format!("rules: [{}, {}]", rule(&worse, "worse"), rule(&better, "better")));
        let two = route("net/a", &format!("rules: [{}]", rule(&worse, "worse")))
            + &route("net/b", &format!("rules: [{}]", rule(&better, "better")));
        for routes in [one, two] {
            let yaml = plain() + &routes + &services(&["better", "worse"]);
            assert_eq!(taken(&yaml, "GET", "http://x/a/b?q=1", &headers), "better", "{better} {worse}");
        }
    }
    let hosts = |host: &str, path: &str| {
        route(&format!("net/{path}"), &format!("hostnames: ['{host}'], rules: [{}]", rule("{path: {value: /}}", path)))
    };
    for (host, other) in [("a.b.example.com", "*.b.example.com"), ("*.b.example.com", "*.example.com")] {
        let longer =
            route("net/worse", &format!("hostnames: ['{other}'], rules: [{}]", rule(&path("Exact", "/a"), "worse")));
        let yaml = plain() + &longer + &hosts(host, "better") + &services(&["better", "worse"]);
        assert_eq!(taken(&yaml, "GET", "http://a.b.example.com/a", &[]), "better", "{host} {other}");
    }
    let first =
        route("net/r", &format!("rules: [{}, {}]", rule("{path: {value: /}}", "a"), rule("{path: {value: /}}", "b")));
    assert_eq!(taken(&(plain() + &first + &services(&["a", "b"])), "GET", "http://x/", &[]), "a", "the first rule");
}

#[test]
fn a_replaced_prefix_is_seen_by_the_backend_as_the_table_says() {
    for (asked, prefix, replacement, seen) in [
        ("/foo/bar", "/foo", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo", "/xyz/", "/xyz/bar"),
        ("/foo/bar", "/foo/", "/xyz", "/xyz/bar"),
        ("/foo/bar", "/foo/", "/xyz/", "/xyz/bar"),
        ("/foo", "/foo", "/xyz", "/xyz"),
        ("/foo/", "/foo", "/xyz", "/xyz/"),
        ("/foo/bar", "/foo", "''", "/bar"),
        ("/foo/", "/foo", "''", "/"),
        ("/foo", "/foo", "''", "/"),
        ("/foo/", "/foo", "/", "/"),
        ("/foo", "/foo", "/", "/"),
    ] {
        let change = format!("path: {{type: ReplacePrefixMatch, replacePrefixMatch: {replacement}}}");
        let filter = |kind: &str, field: &str| format!("filters: [{{type: {kind}, {field}: {{{change}}}}}]");
        let with = |filter: String, more: &str| {
            let rule = format!("{{matches: [{}], {filter}{more}}}", path("PathPrefix", prefix));
            plain() + &route("net/r", &format!("rules: [{rule}]")) + &services(&["web"])
        };
        let rewritten = with(filter("URLRewrite", "urlRewrite"), ", backendRefs: [{name: web, port: 80}]");
        let url = format!("http://x{asked}?q=1");
        assert_eq!(answer(&get(&rewritten, &url)), format!("web x {seen}?q=1"), "{prefix} {replacement}");
        let redirected = with(filter("RequestRedirect", "requestRedirect"), "");
        assert_eq!(answer(&get(&redirected, &url)), format!("302 http://x{seen}?q=1"), "{prefix} {replacement}");
    }
}

#[test]
fn a_redirect_goes_to_the_port_that_the_table_says() {
    let listeners = "{name: a, port: 80, protocol: HTTP}, {name: b, port: 8080, protocol: HTTP}, \
        {name: c, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: tls}]}}, \
        {name: d, port: 8443, protocol: HTTPS, tls: {certificateRefs: [{name: tls}]}}";
    for (asked, scheme, port, location) in [
        // Without a scheme it is the port of the listener.
        ("http://x", "", "", "http://x/"),
        ("http://x", "", "80", "http://x/"),
        ("http://x", "", "8080", "http://x:8080/"),
        ("http://x:8080", "", "", "http://x:8080/"),
        ("http://x:8080", "", "80", "http://x/"),
        ("http://x:8080", "", "8080", "http://x:8080/"),
        ("https://x", "", "", "https://x/"),
        ("https://x", "", "443", "https://x/"),
        ("https://x", "", "8443", "https://x:8443/"),
        ("https://x:8443", "", "", "https://x:8443/"),
        // With a scheme it is the scheme's own.
        ("http://x", "https", "", "https://x/"),
        ("http://x", "https", "443", "https://x/"),
        ("http://x", "https", "8443", "https://x:8443/"),
        ("http://x:8080", "https", "", "https://x/"),
        ("http://x:8080", "http", "", "http://x/"),
        ("http://x:8080", "https", "8443", "https://x:8443/"),
        ("https://x", "http", "", "http://x/"),
        ("https://x", "http", "80", "http://x/"),
        ("https://x", "http", "8080", "http://x:8080/"),
    ] {
        let mut fields = vec!["statusCode: 302".to_owned()];
        fields.extend((!scheme.is_empty()).then(|| format!("scheme: {scheme}")));
        fields.extend((!port.is_empty()).then(|| format!("port: {port}")));
        let filter = format!("{{type: RequestRedirect, requestRedirect: {{{}}}}}", fields.join(", "));
        let yaml = gateway(listeners) + &route("net/r", &format!("rules: [{{filters: [{filter}]}}]"));
        assert_eq!(answer(&get(&yaml, asked)), format!("302 {location}"), "{asked} {scheme} {port}");
    }
}

#[test]
fn methods_and_query_parameters_choose_as_conformance_wants() {
    let rules = [
        rule("{method: POST}", "post"),
        rule("{method: GET}", "get"),
        rule("{path: {value: /p}, method: PATCH}", "patch"),
    ];
    let yaml =
        plain() + &route("net/r", &format!("rules: [{}]", rules.join(", "))) + &services(&["post", "get", "patch"]);
    for (method, asked, wanted) in [
        ("POST", "/", "post"),
        ("GET", "/", "get"),
        ("PATCH", "/p/x", "patch"),
        ("PATCH", "/", "404"),
        ("HEAD", "/", "404"),
    ] {
        assert_eq!(taken(&yaml, method, &format!("http://x{asked}"), &[]), wanted, "{method} {asked}");
    }
    let rules = [
        rule("{queryParams: [{name: animal, value: whale}]}", "v1"),
        rule("{queryParams: [{name: animal, value: dolphin}]}", "v2"),
        rule("{queryParams: [{name: animal, value: dolphin}, {name: color, value: blue}]}", "v3"),
    ];
    let yaml = plain() + &route("net/r", &format!("rules: [{}]", rules.join(", "))) + &services(&["v1", "v2", "v3"]);
    for (query, wanted) in [
        ("?animal=whale", "v1"),
        ("?animal=dolphin", "v2"),
        ("?animal=dolphin&color=blue", "v3"),
        ("?color=blue&animal=dolphin", "v3"),
        ("?animal=whale&otherparam=irrelevant", "v1"),
        ("?animal=dolphin&color=yellow", "v2"),
        ("", "404"),
        ("?animal=penguin", "404"),
        ("?Animal=whale", "404"),
    ] {
        assert_eq!(taken(&yaml, "GET", &format!("http://x/{query}"), &[]), wanted, "{query}");
    }
}
