//! What a Gateway is shown and shows: certificates of other kinds, authorities for clients, its own certificate for backends;
//! and listeners that give way to each other.

use super::*;
use crate::view::trace::hop::Standing;
use crate::view::trace::plan::Fallback;

const URL: &str = "https://a.example.com/";

fn routed() -> String {
    route("net/r", &format!("rules: [{}]", rule("{path: {value: /}}", "web"))) + &service("net/web")
}

fn https(name: &str, port: u16, certificate: &str) -> String {
    format!("{{name: {name}, port: {port}, protocol: HTTPS, tls: {{certificateRefs: [{certificate}]}}}}")
}

fn class(controller: &str) -> String {
    format!(
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {{name: edge}}\nspec: {{controllerName: {controller}}}\n"
    )
}

fn config_map(name: &str, data: &str) -> String {
    let (namespace, name) = name.split_once('/').unwrap();
    format!(
        "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{namespace: {namespace}, name: {name}}}\ndata: {{{data}}}\n"
    )
}

/// A Gateway of which these fields of `spec.tls` are set.
fn with_tls(listeners: &str, tls: &str) -> String {
    gateway(listeners).replace("gatewayClassName", &format!("tls: {{{tls}}}, gatewayClassName"))
}

fn message(decision: &Decision) -> String {
    findings(decision).next().map(Finding::message).unwrap_or_default()
}

#[test]
fn a_certificate_comes_from_a_secret_unless_the_controller_has_a_kind_of_its_own() {
    let of = |certificate: &str, controller: &str| {
        get(&(class(controller) + &gateway(&https("https", 443, certificate)) + &routed()), URL)
    };
    let core = of("{kind: ConfigMap, name: cert}", "example.com/edge");
    assert_eq!((answer(&core), codes(&core)), ("tls_error".to_owned(), "GW-CERTREF".to_owned()));
    assert!(message(&core).contains("ConfigMap net/cert: certificates come from Secrets"), "{}", message(&core));
    let foreign = "{group: example.com, kind: Vault, name: cert}";
    // Nobody knows what a controller makes of it: its certificate is not among the objects.
    let unknown = of(foreign, "example.com/edge");
    assert_eq!((answer(&unknown), codes(&unknown)), ("web a.example.com /".to_owned(), String::new()));
    let plan = unknown.tls.unwrap();
    assert!(plan.secrets.is_empty() && plan.fallback == Fallback::Unknown);
    assert!(
        unknown.hops[2].summary.ends_with("with the certificate of Vault.example.com cert"),
        "{:?}",
        unknown.hops[2]
    );
    let strict = of(foreign, "gateway.envoyproxy.io/gatewayclass-controller");
    assert_eq!((answer(&strict), codes(&strict)), ("tls_error".to_owned(), "GW-CERTREF".to_owned()));
}

#[test]
fn a_listener_whose_clients_nobody_can_judge_serves_none() {
    let both = https("one", 443, "{name: cert}") + ", " + &https("two", 8443, "{name: cert}");
    let refs = |refs: &str| format!("validation: {{caCertificateRefs: [{refs}]}}");
    let default = |list: &str| with_tls(&both, &format!("frontend: {{default: {{{}}}}}", refs(list))) + &routed();
    let authority = config_map("net/ca", "ca.crt: ''") + &config_map("net/other", "a: b");
    for (list, wanted) in [
        (
            "{kind: ConfigMap, group: '', name: gone}",
            "ConfigMap net/gone does not exist (InvalidCACertificateRef), so it serves nobody",
        ),
        ("{kind: ConfigMap, group: '', name: other}", "ConfigMap net/other has no ca.crt (InvalidCACertificateRef)"),
        (
            "{kind: Service, group: '', name: web}",
            "no Service holds certificate authorities (InvalidCACertificateKind)",
        ),
        (
            "{kind: ConfigMap, group: '', name: ca, namespace: far}",
            "namespace far has no ReferenceGrant for ConfigMap far/ca (RefNotPermitted)",
        ),
    ] {
        let lost = get(&(default(list) + &authority), URL);
        assert_eq!((answer(&lost), codes(&lost)), ("refused".to_owned(), "GW-LISTENER".to_owned()), "{list}");
        assert!(message(&lost).contains(wanted), "{}", message(&lost));
    }
    // One that may be good is enough, and a kind of the controller's own may be.
    for list in ["{kind: Bundle, group: example.com, name: b}", "{kind: Secret, group: '', name: s}"] {
        let kept = get(&(default(&format!("{list}, {{kind: ConfigMap, group: '', name: gone}}")) + &authority), URL);
        assert_eq!(
            (answer(&kept), codes(&kept)),
            ("web a.example.com /".to_owned(), "(GW-LISTENER)".to_owned()),
            "{list}"
        );
    }
    // What a port says counts for it instead, even if it is nothing.
    let gone = refs("{kind: ConfigMap, group: '', name: gone}");
    let frontend = format!("frontend: {{default: {{{gone}}}, perPort: [{{port: 8443, tls: {{}}}}]}}");
    let yaml = with_tls(&both, &frontend) + &routed() + &authority;
    assert_eq!(answer(&get(&yaml, URL)), "refused");
    assert_eq!(answer(&get(&yaml, "https://a.example.com:8443/")), "web a.example.com:8443 /");
}

#[test]
fn a_gateway_shows_backends_a_certificate_of_its_own() {
    let policy = "targetRefs: [{group: '', kind: Service, name: web}], \
        validation: {hostname: web.example.com, wellKnownCACertificates: System, subjectAltNames: [{type: URI, uri: 'spiffe://web'}]}";
    let policy = object("gateway.networking.k8s.io/v1", "BackendTLSPolicy", "net/p", policy);
    let plain = "{name: http, port: 80, protocol: HTTP}";
    let of = |reference: &str| {
        let yaml = with_tls(plain, &format!("backend: {{clientCertificateRef: {{{reference}}}}}"));
        get(&(yaml + &routed() + &policy), "http://a.example.com/")
    };
    let fine = of("name: own");
    let Action::Forward(arms) = &fine.action else { panic!("{fine:?}") };
    let told = "TLS to the backend as web.example.com, for a certificate of spiffe://web (BackendTLSPolicy p), \
        with the client certificate of Secret net/own";
    assert_eq!((arms[0].hops[0].summary.as_str(), codes(&fine).as_str()), (told, ""));
    for (reference, wanted) in [
        ("kind: ConfigMap, group: '', name: own", "InvalidClientCertificateRef: ConfigMap net/own is no Secret"),
        ("name: own, namespace: far", "RefNotPermitted: namespace far has no ReferenceGrant for Secret far/own"),
    ] {
        let odd = of(reference);
        assert_eq!((answer(&odd), codes(&odd)), ("web a.example.com /".to_owned(), "(GW-LISTENER)".to_owned()));
        assert!(message(&odd).contains(wanted), "{}", message(&odd));
    }
}

#[test]
fn an_authority_for_a_backend_of_a_kind_that_nobody_knows_leaves_it_open() {
    let of = |reference: &str| {
        let spec = "targetRefs: [{group: '', kind: Service, name: web}], validation: {hostname: h, caCertificateRefs: ";
        let policy =
            object("gateway.networking.k8s.io/v1", "BackendTLSPolicy", "net/p", &format!("{spec}[{{{reference}}}]}}"));
        get(&(gateway("{name: http, port: 80, protocol: HTTP}") + &routed() + &policy), "http://a.example.com/")
    };
    let odd = of("group: '', kind: Service, name: web");
    assert_eq!((answer(&odd), codes(&odd)), ("web=500 a.example.com /".to_owned(), "GW-BTP".to_owned()));
    assert!(message(&odd).contains("InvalidKind: no Service holds certificate authorities"), "{}", message(&odd));
    let foreign = of("group: example.com, kind: Bundle, name: b");
    let Action::Forward(arms) = &foreign.action else { panic!("{foreign:?}") };
    let unknown = arms[0].hops.iter().find(|hop| hop.standing == Standing::Unknown).unwrap();
    assert!(unknown.summary.contains("takes authorities from Bundle b of group example.com"), "{}", unknown.summary);
}

#[test]
fn a_listener_that_lists_kinds_which_its_protocol_cannot_serve_says_so() {
    let kinds = |kinds: &str| {
        let listener = format!("{{name: http, port: 80, protocol: HTTP, allowedRoutes: {{kinds: [{kinds}]}}}}");
        get(&(gateway(&listener) + &routed()), "http://a.example.com/")
    };
    let mixed = kinds("{kind: TCPRoute}, {kind: HTTPRoute}, {group: example.com, kind: OwnRoute}");
    assert_eq!((answer(&mixed), codes(&mixed)), ("web a.example.com /".to_owned(), "(GW-LISTENER)".to_owned()));
    assert!(message(&mixed).contains("routes of kind TCPRoute, and HTTP takes HTTPRoute"), "{}", message(&mixed));
    let only = kinds("{kind: NoRoute}");
    assert_eq!(
        (answer(&only), codes(&only)),
        ("404".to_owned(), "(GW-LISTENER) RT-G-NOTALLOWED RT-G-MATCH".to_owned())
    );
}

#[test]
fn what_gave_way_to_a_gateway_is_in_nobodys_way() {
    let set = |name: &str, listeners: &str| {
        let spec = format!("parentRef: {{name: edge, namespace: net}}, listeners: [{listeners}]");
        let set = object("gateway.networking.k8s.io/v1", "ListenerSet", &format!("net/{name}"), &spec);
        let spec = format!(
            "parentRefs: [{{kind: ListenerSet, name: {name}}}], rules: [{}]",
            rule("{path: {value: /}}", "web")
        );
        set + &object("gateway.networking.k8s.io/v1", "HTTPRoute", &format!("net/{name}"), &spec)
    };
    let http = |host: &str| format!("{{name: {host}, port: 80, protocol: HTTP, hostname: {host}.example.com}}");
    let tcp = "{name: tcp, port: 80, protocol: TCP}";
    let open = gateway(&http("own"))
        .replace("gatewayClassName", "allowedListeners: {namespaces: {from: Same}}, gatewayClassName");
    let yaml = open
        + &set("one", &format!("{}, {tcp}, {}", http("one"), http("both")))
        + &set("two", &format!("{}, {}", http("two"), http("both")))
        + &set("twice", &format!("{}, {}", http("twice"), http("twice")))
        + &service("net/web");
    for (host, wanted, codes_wanted) in [
        // The TCP listener beside it clashes with the Gateway's and is out.
        ("one", "web one.example.com /", ""),
        ("both", "web both.example.com /", ""),
        ("two", "web two.example.com /", ""),
        // Within one object nobody wins.
        ("twice", "404", "GW-CONFLICT"),
    ] {
        let decision = get(&yaml, &format!("http://{host}.example.com/"));
        let found = codes(&decision);
        assert_eq!((answer(&decision).as_str(), found.as_str()), (wanted, codes_wanted), "{host}");
    }
}

#[test]
fn a_copy_of_some_requests_a_retry_and_a_protocol_are_told() {
    let filters = "{type: RequestMirror, requestMirror: {backendRef: {name: web, port: 80}, fraction: {numerator: 1, denominator: 8}}}, \
        {type: RequestMirror, requestMirror: {backendRef: {name: gone, port: 80}, percent: 5}}, \
        {type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: x-a, value: '1'}, {name: X-Api-Key, value: hush}]}}";
    let retry = "retry: {attempts: 2, codes: [502, 503], backoff: 100ms}";
    let rules = format!("rules: [{{filters: [{filters}], {retry}, backendRefs: [{{name: web, port: 80}}]}}]");
    let port = "ports: [{port: 80, targetPort: 8080, appProtocol: kubernetes.io/h2c}]";
    let yaml = gateway("{name: http, port: 80, protocol: HTTP}")
        + &route("net/r", &rules)
        + &object("v1", "Service", "net/web", port);
    let decision = get(&yaml, "http://a.example.com/");
    let told = [
        "a copy of 12.5% of the requests goes to Service net/web",
        "no copy goes to Service net/gone",
        "response headers: adds x-a: 1, X-Api-Key",
        "tried again up to 2 times where the connection fails or the answer is 502, 503, 100ms apart at least",
    ];
    assert_eq!(decision.hops.last().unwrap().summary, told.join("; "));
    let Action::Forward(arms) = &decision.action else { panic!("{decision:?}") };
    assert_eq!(arms[0].hops[0].summary, "HTTP/2 in the clear to the backend (h2c)");
}

#[test]
fn a_listener_set_without_a_good_listener_has_joined_all_the_same() {
    let said = |kind: &str, reason: &str| {
        format!("{{type: {kind}, status: 'False', reason: {reason}, observedGeneration: 2}}")
    };
    let of = |reason: &str| {
        let spec = "parentRef: {name: edge, namespace: net}, listeners: [{name: more, port: 80, protocol: HTTP, hostname: more.example.com}]";
        let set = object("gateway.networking.k8s.io/v1", "ListenerSet", "net/set", spec);
        let listener = format!("{{name: more, conditions: [{}]}}", said("Accepted", "PortUnavailable"));
        let set = format!("{set}status: {{conditions: [{}], listeners: [{listener}]}}\n", said("Accepted", reason));
        let open = gateway("{name: http, port: 80, protocol: HTTP, hostname: a.example.com}")
            .replace("gatewayClassName", "allowedListeners: {namespaces: {from: Same}}, gatewayClassName");
        let spec =
            format!("parentRefs: [{{kind: ListenerSet, name: set}}], rules: [{}]", rule("{path: {value: /}}", "web"));
        let of_set = object("gateway.networking.k8s.io/v1", "HTTPRoute", "net/r", &spec);
        codes(&get(&(open + &set + &of_set + &service("net/web")), "http://more.example.com/"))
    };
    assert_eq!(of("ListenersNotValid"), "GW-LISTENER");
    assert_eq!(of("NotAllowed"), "GW-LS-NOTALLOWED GW-NO-LISTENER-PORT");
}

#[test]
fn a_protocol_that_is_none_serves_nobody() {
    let of = |protocol: &str| {
        let listener = format!("{{name: odd, port: 80, protocol: '{protocol}'}}");
        get(&(gateway(&listener) + &routed()), "http://a.example.com/")
    };
    let odd = of("http");
    assert_eq!((answer(&odd), codes(&odd)), ("refused".to_owned(), "GW-LISTENER GW-NO-LISTENER-PORT".to_owned()));
    assert!(message(&odd).contains("its protocol is http, and the API has HTTP, HTTPS"), "{}", message(&odd));
    assert_eq!(codes(&of("example.com/own")), "GW-NO-LISTENER-PORT");
}

#[test]
fn a_refusal_of_an_authority_is_not_taken_for_one_of_the_certificate() {
    let said = |kind: &str, reason: &str| {
        format!("{{type: {kind}, status: 'False', reason: {reason}, observedGeneration: 2}}")
    };
    let of = |conditions: &str| {
        let listener = https("https", 443, "{name: cert}");
        let status = format!("status: {{listeners: [{{name: https, conditions: [{conditions}]}}]}}\n");
        get(&(gateway(&listener) + &status + &routed()), URL)
    };
    let lost =
        of(&format!("{}, {}", said("Accepted", "NoValidCACertificate"), said("ResolvedRefs", "RefNotPermitted")));
    assert_eq!((answer(&lost), codes(&lost)), ("refused".to_owned(), "GW-LISTENER".to_owned()));
    assert!(message(&lost).contains("NoValidCACertificate (RefNotPermitted)"), "{}", message(&lost));
    let part = of(&said("ResolvedRefs", "RefNotPermitted"));
    assert_eq!((answer(&part), codes(&part)), ("web a.example.com /".to_owned(), "(GW-LISTENER)".to_owned()));
}
