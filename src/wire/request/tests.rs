//! The grammar by example: what each path means, and which are refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use proptest::prelude::*;

use super::*;

fn read(method: &str, path: &str) -> Result<RequestInfo, Malformed> {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    RequestInfo::read(&method, &path.parse().unwrap(), &HeaderMap::new())
}

/// Prints a request as `verb group/version resource namespace/name sub rest`, `-` where there is nothing.
fn told(method: &str, path: &str) -> String {
    let info = match read(method, path) {
        Ok(info) => info,
        Err(malformed) => return format!("{malformed:?}"),
    };
    let verb = format!("{:?}", info.verb).to_lowercase();
    let Endpoint::Resource(path) = info.endpoint else {
        return format!("{verb} {:?}", info.endpoint);
    };
    let or_dash = |part: Option<String>| part.unwrap_or_else(|| "-".into());
    let group = if path.group.is_empty() { "core" } else { &path.group };
    let (namespace, name) = (or_dash(path.namespace), or_dash(path.name));
    let (sub, rest) = (or_dash(path.subresource), or_dash(path.rest));
    format!("{verb} {group}/{} {} {namespace}/{name} {sub} {rest}", path.version, path.resource)
}

#[test]
fn paths_are_read_as_the_api_server_reads_them() {
    for (method, path, expected) in [
        ("GET", "/api/v1/pods", "list core/v1 pods -/- - -"),
        ("GET", "/api/v1/pods?limit=5&watch=1", "watch core/v1 pods -/- - -"),
        ("GET", "/api/v1/pods?watch=false", "list core/v1 pods -/- - -"),
        ("GET", "/api/v1/pods?watch=0&watch=1", "list core/v1 pods -/- - -"),
        ("GET", "/api/v1/pods?watch", "watch core/v1 pods -/- - -"),
        ("GET", "/api/v1/namespaces/shop", "get core/v1 namespaces -/shop - -"),
        ("GET", "/api/v1/namespaces/shop/status", "get core/v1 namespaces -/shop status -"),
        ("GET", "/api/v1/namespaces/shop/pods", "list core/v1 pods shop/- - -"),
        ("GET", "/api/v1/namespaces/shop/pods/web-0", "get core/v1 pods shop/web-0 - -"),
        ("GET", "/api/v1/namespaces/shop/pods/web-0/log", "get core/v1 pods shop/web-0 log -"),
        ("GET", "/api/v1/namespaces/shop/pods/web-0/exec", "connect core/v1 pods shop/web-0 exec -"),
        ("GET", "/api/v1/nodes/n1/proxy/run/x", "connect core/v1 nodes -/n1 proxy run/x"),
        ("GET", "/apis/apps/v1/deployments", "list apps/v1 deployments -/- - -"),
        ("PUT", "/apis/apps/v1/namespaces/a/deployments/b/scale", "update apps/v1 deployments a/b scale -"),
        ("PATCH", "/api/v1/nodes/n1", "patch core/v1 nodes -/n1 - -"),
        ("POST", "/api/v1/namespaces/a/pods/b/eviction", "create core/v1 pods a/b eviction -"),
        ("DELETE", "/api/v1/namespaces/a/pods/b", "delete core/v1 pods a/b - -"),
        ("DELETE", "/api/v1/namespaces/a/pods", "deletecollection core/v1 pods a/- - -"),
        ("HEAD", "/version", "get Version"),
        ("GET", "/readyz?verbose", "get Health"),
        ("GET", "/openapi/v3/apis/apps/v1", "get OpenApi"),
        ("GET", "/metrics", "get Other"),
        (
            "GET",
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
            "get rbac.authorization.k8s.io/v1 clusterroles -/system:node - -",
        ),
        (
            "GET",
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/my%20role",
            "get rbac.authorization.k8s.io/v1 clusterroles -/my role - -",
        ),
    ] {
        assert_eq!(told(method, path), expected, "{method} {path}");
    }
}

#[test]
fn discovery_names_its_group_and_version() {
    let discovery = |path: &str| read("GET", path).unwrap().endpoint;
    let of = |group: Option<&str>, version: Option<&str>| Endpoint::Discovery {
        group: group.map(Into::into),
        version: version.map(Into::into),
    };
    assert_eq!(discovery("/api"), of(None, None));
    assert_eq!(discovery("/apis"), of(None, None));
    assert_eq!(discovery("/api/v1"), of(Some(""), Some("v1")));
    assert_eq!(discovery("/apis/apps"), of(Some("apps"), None));
    assert_eq!(discovery("/apis/apps/v1"), of(Some("apps"), Some("v1")));
}

#[test]
fn paths_that_could_be_read_in_two_ways_are_refused() {
    for (path, expected) in [
        ("/api/v1//pods", "EmptySegment"),
        ("/api/v1/pods/", "EmptySegment"),
        ("//api/v1/pods", "EmptySegment"),
        ("/api/v1/./pods", "DotSegment"),
        ("/api/v1/namespaces/a/pods/../nodes", "DotSegment"),
        ("/api/v1/namespaces/a/pods/b%2fexec", "Escape"),
        ("/api/v1/namespaces/a/pods/b%2Fexec", "Escape"),
        ("/api/v1/namespaces/%2e%2e/pods", "Escape"),
        ("/api/v1/namespaces/a/pods/b%252fexec", "Escape"),
        ("/api/v1/namespaces/a/pods/b%5cexec", "Escape"),
        ("/api/v1/namespaces/a/pods/b%00", "Escape"),
        ("/api/v1/namespaces/a/pods/b%c3%a4", "Escape"),
        ("/api/v1/namespaces/a/pods/b%2", "Escape"),
        ("/api/v1/namespaces/a/pods/b%zz", "Escape"),
        ("/api/v1/pods;a=b", "Character"),
        ("/api/v1/p%6fds", "Character"),
        ("/api/v1/Pods", "Character"),
        ("/api/v1/watch/pods", "LegacyPrefix"),
        ("/api/v1/proxy/nodes/n1", "LegacyPrefix"),
        ("https://elsewhere/api/v1/pods", "Absolute"),
    ] {
        assert_eq!(told("GET", path), expected, "{path}");
    }
    assert_eq!(told("OPTIONS", "/api/v1/pods"), "Method");
    assert_eq!(told("TRACE", "/api/v1/pods"), "Method");
}

#[test]
fn any_wish_to_leave_http_is_a_connect() {
    for (name, value) in [
        ("upgrade", "websocket"),
        ("upgrade", "SPDY/3.1"),
        ("connection", "Upgrade"),
        ("connection", "keep-alive, upgrade"),
    ] {
        let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
        let info = RequestInfo::read(&Method::GET, &"/api/v1/pods".parse().unwrap(), &headers).unwrap();
        assert_eq!(info.verb, Verb::Connect, "{name}: {value}");
    }
}

#[test]
fn a_header_that_overrides_the_method_is_refused() {
    for name in ["x-http-method-override", "x-http-method", "x-method-override"] {
        let headers = HeaderMap::from_iter([(name.parse().unwrap(), "DELETE".parse().unwrap())]);
        let read = RequestInfo::read(&Method::GET, &"/api/v1/pods".parse().unwrap(), &headers);
        assert_eq!(read, Err(Malformed::MethodOverride), "{name}");
    }
}

proptest! {
    #[test]
    fn no_path_panics_and_what_is_read_is_the_same_when_spelled_again(path in "/[ -~]{0,60}") {
        let Ok(uri) = path.parse::<Uri>() else { return Ok(()) };
        let Ok(info) = RequestInfo::read(&Method::GET, &uri, &HeaderMap::new()) else { return Ok(()) };
        if let Endpoint::Resource(path) = info.endpoint {
            prop_assert!(!path.resource.is_empty() && !path.version.is_empty());
            prop_assert!(path.name.is_none_or(|name| !name.contains(['/', '\\', '%']) && name != ".."));
        }
    }
}
