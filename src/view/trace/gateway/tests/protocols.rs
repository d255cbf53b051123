//! TLS, HTTPS, TCP, UDP, CORS and gRPC at Gateways, and listeners that ListenerSets add.

use super::*;
use crate::view::trace::plan::TlsEnd;

const CERTIFICATE: &str = "tls: {certificateRefs: [{name: cert}]}";

fn other(kind: &str, name: &str, spec: &str) -> String {
    let version = if kind == "TCPRoute" { "v1alpha2" } else { "v1" };
    let spec = format!("parentRefs: [{{name: edge, namespace: net}}], {spec}");
    object(&format!("gateway.networking.k8s.io/{version}"), kind, name, &spec)
}

#[test]
fn the_handshake_chooses_the_listener_and_its_certificates() {
    let listeners = gateway(&format!(
        "{{name: one, port: 443, protocol: HTTPS, hostname: a.example.com, {CERTIFICATE}}}, \
         {{name: wild, port: 443, protocol: HTTPS, hostname: '*.example.com', tls: {{certificateRefs: [{{name: wild}}]}}}}"
    ));
    let rules = format!("rules: [{}]", rule("{path: {value: /}}", "web"));
    let yaml = listeners + &route("net/r", &rules) + &service("net/web");
    for (url, sni, wanted, secret) in [
        ("https://a.example.com/", None, "web a.example.com /", "cert"),
        ("https://b.example.com/", None, "web b.example.com /", "wild"),
        ("https://a.example.com/", Some("b.example.com"), "421", "wild"),
        ("https://c.example.com/", Some("b.example.com"), "web c.example.com /", "wild"),
    ] {
        let mut request = Request::get(url).unwrap();
        request.sni = sni.map(str::to_owned);
        let decision = fixture::files(&yaml, |world| at(world, &request));
        assert_eq!(answer(&decision), wanted, "{url} {sni:?}");
        assert_eq!(&*decision.tls.unwrap().secrets[0].1, secret, "{url} {sni:?}");
    }
    assert_eq!(answer(&get(&yaml, "https://example.org/")), "tls_error");
    assert_eq!(answer(&get(&yaml, "https://10.0.0.1/")), "tls_error");
    assert_eq!(answer(&get(&yaml, "http://a.example.com:443/")), "unknown");
}

#[test]
fn tls_goes_through_by_name_or_ends_at_the_listener() {
    let listeners = gateway(&format!(
        "{{name: pass, port: 443, protocol: TLS, hostname: '*.example.com', tls: {{mode: Passthrough}}}}, \
         {{name: end, port: 8443, protocol: TLS, {CERTIFICATE}}}"
    ));
    let named =
        other("TLSRoute", "net/r", "hostnames: [db.example.com], rules: [{backendRefs: [{name: db, port: 80}]}]");
    let yaml = listeners + &named + &service("net/db");
    let through = get(&yaml, "https://db.example.com/x");
    assert_eq!(answer(&through), "db db.example.com /x");
    assert_eq!(through.tls.unwrap().end, TlsEnd::Pods);
    let ended = get(&yaml, "https://db.example.com:8443/");
    assert_eq!(answer(&ended), "db db.example.com:8443 /");
    assert_eq!(ended.tls.unwrap().end, TlsEnd::Controller);
    let cut = get(&yaml, "https://x.example.com/");
    assert_eq!((answer(&cut), codes(&cut)), ("tls_error".to_owned(), "RT-G-TLSROUTE".to_owned()));
}

#[test]
fn a_tcp_listener_passes_everything_on() {
    let listeners = gateway("{name: tcp, port: 6000, protocol: TCP}, {name: udp, port: 53, protocol: UDP}");
    let named = other("TCPRoute", "net/r", "rules: [{backendRefs: [{name: db, port: 80}]}]");
    let yaml = listeners + &named + &service("net/db");
    assert_eq!(answer(&get(&yaml, "http://any:6000/x")), "db any:6000 /x");
    assert_eq!(get(&yaml, "https://any:6000/x").tls.unwrap().end, TlsEnd::Pods);
    let datagrams = get(&yaml, "http://any:53/");
    assert_eq!((answer(&datagrams), codes(&datagrams)), ("refused".to_owned(), "GW-NO-LISTENER-PORT".to_owned()));
}

#[test]
fn a_udp_listener_hands_packets_to_the_udp_routes_alone() {
    let listeners = gateway(
        "{name: tcp, port: 53, protocol: TCP}, {name: udp, port: 53, protocol: UDP}, {name: idle, port: 54, protocol: UDP}",
    );
    let to = |kind: &str, section: &str, name: &str| {
        let spec = format!(
            "parentRefs: [{{name: edge, namespace: net, sectionName: {section}}}], rules: [{{backendRefs: [{{name: {name}, port: 80}}]}}]"
        );
        object("gateway.networking.k8s.io/v1alpha2", kind, &format!("net/{name}"), &spec)
    };
    let routes = to("TCPRoute", "tcp", "slow") + &to("UDPRoute", "udp", "fast") + &to("UDPRoute", "idle", "gone");
    let yaml = listeners + &routes + &service("net/slow") + &service("net/fast");
    assert_eq!(answer(&get(&yaml, "udp://any:53")), "fast any /");
    assert_eq!(answer(&get(&yaml, "http://any:53/")), "slow any:53 /");
    let lost = get(&yaml, "udp://any:54");
    assert!(codes(&lost).contains("RT-G-BACKEND"), "{}", codes(&lost));
    let absent = get(&yaml, "udp://any:55");
    assert_eq!((answer(&absent), codes(&absent)), ("timeout".to_owned(), "GW-NO-LISTENER-PORT".to_owned()));
    assert!(findings(&absent).next().unwrap().fix().iter().any(|line| line.contains(r#""protocol":"UDP""#)));
}

#[test]
fn a_preflight_is_answered_by_the_filter_with_what_the_api_leaves_to_it() {
    let filter = "filters: [{type: CORS, cors: {allowOrigins: ['https://*.example.com'], allowMethods: [GET]}}]";
    let rules = format!("rules: [{{{filter}, backendRefs: [{{name: web, port: 80}}]}}]");
    let yaml = gateway("{name: web, port: 80, protocol: HTTP}") + &route("net/r", &rules) + &service("net/web");
    let asked = |method: &str, origin: &str| {
        let headers = [("Origin", origin), ("Access-Control-Request-Method", "GET")];
        let decision = files(&yaml, method, "http://a.example/", &headers);
        let said = decision.hops.iter().map(|hop| hop.summary.as_str()).collect::<Vec<_>>().join("; ");
        (answer(&decision), said)
    };
    let (status, said) = asked("OPTIONS", "https://app.example.com");
    assert!(status == "204" && said.contains("204 or 200, and allows"), "{status} {said}");
    // An origin that is not listed may be refused.
    let (status, said) = asked("OPTIONS", "https://app.example.org");
    assert!(status == "unknown" && said.contains("204, 200 or 403"), "{status} {said}");
    assert!(asked("GET", "https://app.example.com").0.starts_with("web "));
}

#[test]
fn a_grpc_call_is_a_path_of_service_and_method() {
    let matched = |method: &str, backend: &str| {
        format!("{{matches: [{{method: {{{method}}}}}], backendRefs: [{{name: {backend}, port: 80}}]}}")
    };
    let rules = [
        matched("service: shop.Cart", "cart"),
        matched("service: shop.Cart, method: Add", "add"),
        matched("method: Check", "check"),
    ];
    let named = other("GRPCRoute", "net/r", &format!("rules: [{}]", rules.join(", ")));
    let services: String = ["cart", "add", "check"].iter().map(|name| service(&format!("net/{name}"))).collect();
    let yaml = gateway("{name: http, port: 80, protocol: HTTP}") + &named + &services;
    for (path, wanted) in [
        ("/shop.Cart/Add", "add"),
        ("/shop.Cart/List", "cart"),
        ("/shop.Cart/Check", "cart"),
        ("/health.Health/Check", "check"),
    ] {
        let decision = files(&yaml, "POST", &format!("http://g{path}"), &[]);
        assert_eq!(answer(&decision), format!("{wanted} g {path}"));
    }
    assert_eq!(answer(&files(&yaml, "POST", "http://g/shop.Cartoon/Add", &[])), "404");
}

#[test]
fn a_listener_set_adds_listeners_where_its_gateway_lets_it() {
    let set = "parentRef: {name: edge, namespace: net}, listeners: [{name: more, port: 80, protocol: HTTP, hostname: more.example.com}]";
    let set = object("gateway.networking.k8s.io/v1", "ListenerSet", "shop/set", set);
    let of_set = "parentRefs: [{kind: ListenerSet, name: set}], rules: [{backendRefs: [{name: web, port: 80}]}]";
    let of_set = object("gateway.networking.k8s.io/v1", "HTTPRoute", "shop/r", of_set);
    let plain = gateway("{name: http, port: 80, protocol: HTTP, hostname: a.example.com}");
    let open = plain.replace("gatewayClassName", "allowedListeners: {namespaces: {from: All}}, gatewayClassName");
    let rest = set + &of_set + &service("shop/web");
    assert_eq!(answer(&get(&(open + &rest), "http://more.example.com/")), "web more.example.com /");
    let refused = get(&(plain + &rest), "http://more.example.com/");
    assert_eq!(
        (answer(&refused), codes(&refused).as_str()),
        ("404".to_owned(), "GW-LS-NOTALLOWED GW-NO-LISTENER-PORT")
    );
}

#[test]
fn https_cannot_go_through_and_clients_may_need_certificates() {
    let named = route("net/r", &format!("rules: [{}]", rule("{path: {value: /}}", "web"))) + &service("net/web");
    let odd = gateway("{name: odd, port: 443, protocol: HTTPS, tls: {mode: Passthrough}}");
    let odd = get(&(odd + &named), "https://a.example.com/");
    assert_eq!((answer(&odd), codes(&odd)), ("tls_error".to_owned(), "RT-G-TLSROUTE".to_owned()));
    let mutual = gateway(&format!("{{name: https, port: 443, protocol: HTTPS, {CERTIFICATE}}}"));
    let frontend = "tls: {frontend: {default: {validation: {caCertificateRefs: [{name: ca}]}}}}, gatewayClassName";
    let mutual = get(&(mutual.replace("gatewayClassName", frontend) + &named), "https://a.example.com/");
    assert!(mutual.hops[2].summary.ends_with("asks clients for a certificate"), "{}", mutual.hops[2].summary);
}

#[test]
fn the_shop_is_served_through_its_gateway_too() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/demo/shop");
    let mut yaml = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        yaml += &std::fs::read_to_string(entry.unwrap().path()).unwrap();
        yaml += "\n---\n";
    }
    let gateway = ObjectRef::new(GATEWAY, "shop-edge", "public");
    fixture::world(&yaml, |world| {
        for (url, wanted) in [
            (
                "https://next.example.com/search?q=1",
                "90% search-a next.example.com /search?q=1 + 10% search-b next.example.com /search?q=1",
            ),
            ("https://next.example.com/cart/1", "cart next.example.com /cart/1"),
            ("https://next.example.com/", "storefront next.example.com /"),
            ("http://next.example.com/cart", "301 https://next.example.com/cart"),
            ("https://other.example.com/", "404"),
        ] {
            let request = Request::get(url).unwrap();
            let decision = decide(world, &gateway, request.port, &request);
            let fine = if wanted == "404" { "RT-G-MATCH" } else { "" };
            assert_eq!((answer(&decision).as_str(), codes(&decision).as_str()), (wanted, fine), "{url}");
        }
    });
}
