//! Each fault of Gateways and their routes: found where it is, and not where it is not.

use super::*;

const HTTP: &str = "{name: http, port: 80, protocol: HTTP, hostname: a.example.com}";
const RULES: &str = "rules: [{matches: [{path: {value: /x}}], backendRefs: [{name: web, port: 80}]}]";
const URL: &str = "http://a.example.com/x";

/// What stands on the path and beside it for a URL, in files.
fn check_files(yaml: &str, url: &str, answered: &str, wanted: &str) {
    let decision = get(yaml, url);
    assert_eq!((answer(&decision).as_str(), codes(&decision).as_str()), (answered, wanted), "{yaml}");
}

/// The same in a cluster.
fn check_live(yaml: &str, url: &str, answered: &str, wanted: &str) {
    let decision = fixture::world(yaml, |world| at(world, &Request::get(url).unwrap()));
    assert_eq!((answer(&decision).as_str(), codes(&decision).as_str()), (answered, wanted), "{yaml}");
}

fn condition(kind: &str, status: &str, reason: &str) -> String {
    format!("{{type: {kind}, status: '{status}', reason: {reason}, message: words, observedGeneration: 2}}")
}

/// The same object with a status.
fn with_status(object: &str, status: &str) -> String {
    format!("{object}status: {{{status}}}\n")
}

fn class(accepted: &str) -> String {
    let class =
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: edge, generation: 2}\n";
    let class = format!("{class}spec: {{controllerName: example.com/edge}}\n");
    with_status(&class, &format!("conditions: [{}]", condition("Accepted", accepted, "Accepted")))
}

/// A Gateway of a cluster that is fine, with these listeners and what is said of each.
fn served(listeners: &str, said: &str) -> String {
    let conditions = [condition("Accepted", "True", "Accepted"), condition("Programmed", "True", "Programmed")];
    let status =
        format!("addresses: [{{value: 203.0.113.9}}], conditions: [{}], listeners: [{said}]", conditions.join(", "));
    class("True") + &with_status(&gateway(listeners), &status)
}

/// An HTTPRoute of a cluster with these conditions.
fn judged(spec: &str, conditions: &[String]) -> String {
    let parent = "parentRef: {name: edge, namespace: net}, controllerName: example.com/edge";
    let status = format!("parents: [{{{parent}, conditions: [{}]}}]", conditions.join(", "));
    with_status(&route("net/r", spec), &status)
}

fn accepted() -> Vec<String> {
    vec![condition("Accepted", "True", "Accepted"), condition("ResolvedRefs", "True", "ResolvedRefs")]
}

fn refs(refs: &str) -> String {
    gateway(HTTP) + &route("net/r", &format!("rules: [{{backendRefs: [{refs}]}}]"))
}

#[test]
fn what_is_fine_has_no_fault() {
    check_files(&(gateway(HTTP) + &route("net/r", RULES) + &service("net/web")), URL, "web a.example.com /x", "");
    check_live(
        &(served(HTTP, "") + &judged(RULES, &accepted()) + &service("net/web")),
        URL,
        "web a.example.com /x",
        "",
    );
}

#[test]
fn a_gateway_that_nobody_serves() {
    let rest = judged(RULES, &accepted()) + &service("net/web");
    let fine = served(HTTP, "");
    check_live(&(fine.replacen("status: 'True'", "status: 'False'", 1) + &rest), URL, "timeout", "GW-CLASS");
    let waits = fine.replacen("status: 'True'", "status: Unknown", 1);
    check_live(&(waits.clone() + &rest), URL, "web a.example.com /x", "");
    check_live(&(waits.replacen("status: 'True'", "status: Unknown", 1) + &rest), URL, "timeout", "GW-CLASS");
    check_live(
        &(fine.replace(
            "{name: edge, generation: 2}\nspec: {controllerName",
            "{name: edgy, generation: 2}\nspec: {controllerName",
        ) + &rest),
        URL,
        "timeout",
        "GW-CLASS",
    );
    check_live(&(class("True") + &gateway(HTTP) + &rest), URL, "timeout", "GW-CLASS GW-NOADDR");
    // In files a class that nobody gave is taken to be served, one of several is not.
    let plain = gateway(HTTP) + &route("net/r", RULES) + &service("net/web");
    check_files(&(class("True") + &plain), URL, "web a.example.com /x", "");
    check_files(&(class("True").replace("name: edge,", "name: other,") + &plain), URL, "timeout", "GW-CLASS");
}

#[test]
fn a_status_that_speaks_of_an_older_version() {
    let rest = judged(RULES, &accepted()) + &service("net/web");
    let old = served(HTTP, "").replacen("net, name: edge, generation: 2", "net, name: edge, generation: 3", 1);
    check_live(&(old + &rest), URL, "web a.example.com /x", "(GW-STALE)");
    let old = judged(RULES, &accepted()).replacen("generation: 2", "generation: 3", 1);
    check_live(&(served(HTTP, "") + &old + &service("net/web")), URL, "web a.example.com /x", "(GW-STALE)");
}

#[test]
fn a_gateway_without_address() {
    let rest = judged(RULES, &accepted()) + &service("net/web");
    let none = served(HTTP, "").replace("addresses: [{value: 203.0.113.9}]", "addresses: []");
    check_live(&(none.clone() + &rest), URL, "web a.example.com /x", "(GW-NOADDR)");
    let programmed = condition("Programmed", "True", "Programmed");
    let none = none.replace(&programmed, &condition("Programmed", "False", "AddressNotAssigned"));
    check_live(&(none + &rest), URL, "timeout", "GW-NOADDR");
    let none = served(HTTP, "").replace(&programmed, &condition("Programmed", "False", "NoResources"));
    check_live(&(none + &rest), URL, "timeout", "GW-LISTENER");
}

#[test]
fn a_listener_that_is_broken() {
    let rest = judged(RULES, &accepted()) + &service("net/web");
    let said = |reason: &str| format!("{{name: http, conditions: [{}]}}", condition("Accepted", "False", reason));
    check_live(&(served(HTTP, &said("PortUnavailable")) + &rest), URL, "refused", "GW-LISTENER");
    let two = format!("{HTTP}, {{name: all, port: 80, protocol: HTTP}}");
    check_live(&(served(&two, &said("PortUnavailable")) + &rest), URL, "web a.example.com /x", "(GW-LISTENER)");
}

#[test]
fn two_listeners_that_collide() {
    let rest = route("net/r", RULES) + &service("net/web");
    let same = format!("{HTTP}, {{name: again, port: 80, protocol: HTTP, hostname: a.example.com}}");
    check_files(&(gateway(&same) + &rest), URL, "refused", "GW-CONFLICT");
    let protocol = format!("{HTTP}, {{name: tls, port: 80, protocol: HTTPS, hostname: b.example.com}}");
    check_files(&(gateway(&protocol) + &rest), URL, "refused", "GW-CONFLICT");
    let other = format!("{HTTP}, {{name: other, port: 80, protocol: HTTP, hostname: b.example.com}}");
    check_files(&(gateway(&other) + &rest), URL, "web a.example.com /x", "");
    let said = format!("{{name: http, conditions: [{}]}}", condition("Conflicted", "True", "HostnameConflict"));
    let rest = judged(RULES, &accepted()) + &service("net/web");
    check_live(&(served(&same, &said) + &rest), URL, "refused", "GW-CONFLICT");
}

#[test]
fn a_certificate_that_a_listener_may_not_use() {
    let listener =
        |refs: &str| format!("{{name: https, port: 443, protocol: HTTPS, tls: {{certificateRefs: [{refs}]}}}}");
    let rest = route("net/r", RULES) + &service("net/web");
    let url = "https://a.example.com/x";
    let elsewhere = listener("{name: cert, namespace: certs}");
    check_files(&(gateway(&elsewhere) + &rest), url, "tls_error", "GW-CERTREF");
    let grant =
        "from: [{group: gateway.networking.k8s.io, kind: Gateway, namespace: net}], to: [{group: '', kind: Secret}]";
    let grant = object("gateway.networking.k8s.io/v1beta1", "ReferenceGrant", "certs/g", grant);
    check_files(&(gateway(&elsewhere) + &rest + &grant), url, "web a.example.com /x", "");
    check_files(&(gateway(&listener("")) + &rest), url, "tls_error", "GW-CERTREF");
    let said =
        format!("{{name: https, conditions: [{}]}}", condition("ResolvedRefs", "False", "InvalidCertificateRef"));
    let rest = judged(RULES, &accepted()) + &service("net/web");
    check_live(&(served(&listener("{name: cert}"), &said) + &rest), url, "tls_error", "GW-CERTREF");
    // One certificate that can be used is enough for a handshake.
    let two = listener("{name: cert}, {name: cert, namespace: certs}");
    check_files(
        &(gateway(&two) + &route("net/r", RULES) + &service("net/web")),
        url,
        "web a.example.com /x",
        "(GW-CERTREF)",
    );
}

#[test]
fn no_listener_for_port_protocol_or_host() {
    let yaml = gateway(HTTP) + &route("net/r", RULES) + &service("net/web");
    check_files(&yaml, "http://a.example.com:8080/x", "refused", "GW-NO-LISTENER-PORT");
    check_files(&yaml, "https://a.example.com:80/x", "tls_error", "GW-NO-LISTENER-PORT");
    check_files(&yaml, "http://b.example.com/x", "404", "GW-NO-LISTENER-PORT");
}

#[test]
fn a_parent_that_does_not_exist() {
    let parents = |parents: &str| {
        let spec = format!("hostnames: [a.example.com], parentRefs: [{{{parents}}}], {RULES}");
        gateway(HTTP) + &object("gateway.networking.k8s.io/v1", "HTTPRoute", "net/r", &spec) + &service("net/web")
    };
    check_files(&parents("name: edge, sectionName: http, port: 80"), URL, "web a.example.com /x", "");
    for wrong in ["name: edge, sectionName: htp", "name: edge, port: 8080", "name: egde"] {
        check_files(&parents(wrong), URL, "404", "RT-G-PARENT RT-G-MATCH");
    }
    let decision = get(&parents("name: edge, sectionName: htp"), URL);
    let fix = findings(&decision).next().unwrap().fix();
    let wanted = r#"kubectl -n net patch httproute r --type=json -p '[{"op":"add","path":"/spec/parentRefs/0/sectionName","value":"http"}]'"#;
    assert_eq!(fix[1], wanted);
}

#[test]
fn a_listener_that_does_not_admit_the_route() {
    let rest = route("shop/r", RULES) + &service("shop/web");
    let from = |from: &str| HTTP.replace("port:", &format!("allowedRoutes: {{{from}}}, port:"));
    check_files(&(gateway(HTTP) + &rest), URL, "404", "RT-G-NOTALLOWED RT-G-MATCH");
    check_files(&(gateway(&from("namespaces: {from: All}")) + &rest), URL, "web a.example.com /x", "");
    check_files(
        &(gateway(&from("namespaces: {from: All}, kinds: [{kind: GRPCRoute}]")) + &rest),
        URL,
        "404",
        "RT-G-NOTALLOWED RT-G-MATCH",
    );
    let labelled = from("namespaces: {from: Selector, selector: {matchLabels: {team: shop}}}");
    let namespace = |team: &str| {
        format!("---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: shop, labels: {{team: {team}}}}}\n")
    };
    check_files(&(gateway(&labelled) + &rest + &namespace("shop")), URL, "web a.example.com /x", "");
    check_files(&(gateway(&labelled) + &rest + &namespace("other")), URL, "404", "RT-G-NOTALLOWED RT-G-MATCH");
    // A Namespace that was not given is taken to be as it should be.
    check_files(&(gateway(&labelled) + &rest), URL, "web a.example.com /x", "");
    let named = from("namespaces: {from: Selector, selector: {matchLabels: {kubernetes.io/metadata.name: other}}}");
    check_files(&(gateway(&named) + &rest), URL, "404", "RT-G-NOTALLOWED RT-G-MATCH");
    let refused = [condition("Accepted", "False", "NotAllowedByListeners")];
    check_live(
        &(served(HTTP, "") + &judged(RULES, &refused) + &service("net/web")),
        URL,
        "404",
        "RT-G-NOTALLOWED RT-G-MATCH",
    );
}

#[test]
fn hosts_that_do_not_meet() {
    let hosts =
        |hosts: &str| gateway(HTTP) + &route("net/r", &format!("hostnames: [{hosts}], {RULES}")) + &service("net/web");
    check_files(&hosts("b.example.com"), "http://b.example.com/x", "404", "RT-G-HOST GW-NO-LISTENER-PORT");
    check_files(&hosts("a.example.com"), URL, "web a.example.com /x", "");
    check_files(&hosts("a.example.com, b.example.com"), URL, "web a.example.com /x", "| RT-G-HOST-PARTIAL");
    check_files(
        &hosts("a.example.com, b.example.com"),
        "http://b.example.com/x",
        "404",
        "RT-G-HOST-PARTIAL GW-NO-LISTENER-PORT",
    );
    let refused = [condition("Accepted", "False", "NoMatchingListenerHostname")];
    check_live(
        &(served(HTTP, "") + &judged(RULES, &refused) + &service("net/web")),
        URL,
        "404",
        "RT-G-HOST RT-G-MATCH",
    );
}

#[test]
fn a_route_that_its_controller_has_not_taken() {
    let rest = service("net/web");
    check_live(&(served(HTTP, "") + &route("net/r", RULES) + &rest), URL, "404", "RT-G-NOSTATUS RT-G-MATCH");
    // In manifests nobody has looked at it; a dump, and a status that leaves the Gateway out, say that nobody did.
    check_files(&(served(HTTP, "") + &route("net/r", RULES) + &rest), URL, "web a.example.com /x", "");
    let dumped = route("net/r", RULES).replace("name: r, ", "name: r, uid: u-1, resourceVersion: '7', ");
    check_files(&(served(HTTP, "") + &dumped + &rest), URL, "404", "RT-G-NOSTATUS RT-G-MATCH");
    check_files(&(class("True") + &gateway(HTTP) + &dumped + &rest), URL, "web a.example.com /x", "");
    let waits = [condition("Accepted", "Unknown", "Pending")];
    check_live(&(served(HTTP, "") + &judged(RULES, &waits) + &rest), URL, "404", "RT-G-NOSTATUS RT-G-MATCH");
    let refused = [condition("Accepted", "False", "UnsupportedValue")];
    check_live(&(served(HTTP, "") + &judged(RULES, &refused) + &rest), URL, "404", "RT-G-NOSTATUS RT-G-MATCH");
}

#[test]
fn no_rule_matches_and_the_nearest_says_why() {
    let matched = |matched: &str| {
        let rules = format!("rules: [{{matches: [{matched}], backendRefs: [{{name: web, port: 80}}]}}]");
        gateway(HTTP) + &route("net/r", &rules) + &service("net/web")
    };
    for (wanted, why) in [
        ("{path: {value: /y}}", "the path is /x, the rule wants PathPrefix /y"),
        ("{path: {value: /X}}", "paths are case-sensitive"),
        ("{method: POST}", "the method is GET, the rule wants POST"),
        ("{headers: [{name: h, value: v}]}", "header h is missing, the rule wants v"),
        ("{path: {value: /y}}, {queryParams: [{name: q, value: v}]}", "query parameter q is missing"),
    ] {
        let yaml = matched(wanted);
        check_files(&yaml, URL, "404", "RT-G-MATCH");
        let message = findings(&get(&yaml, URL)).next().unwrap().message();
        assert!(message.contains(why), "{message}");
    }
    check_files(&gateway(HTTP), URL, "404", "RT-G-MATCH");
}

#[test]
fn a_rule_that_is_preferred_to_another() {
    let wild = "hostnames: ['*.example.com'], rules: [{matches: [{path: {value: /x/y}}], backendRefs: [{name: web, port: 80}]}]";
    let both = route("net/a", &format!("hostnames: [a.example.com], {RULES}")) + &route("net/b", wild);
    let yaml = gateway("{name: http, port: 80, protocol: HTTP}") + &both + &service("net/web");
    check_files(&yaml, "http://a.example.com/x/y", "web a.example.com /x/y", "| RT-G-SHADOW");
    check_files(&yaml, "http://a.example.com/x/z", "web a.example.com /x/z", "");
}

#[test]
fn a_backend_that_cannot_be_used() {
    check_files(&refs("{name: gone, port: 80}"), URL, "gone=500 a.example.com /x", "RT-G-BACKEND");
    check_files(
        &(refs("{name: wed, port: 80}") + &service("net/web")),
        URL,
        "wed=500 a.example.com /x",
        "RT-G-BACKEND",
    );
    check_files(
        &(refs("{name: web, namespace: shop, port: 80}") + &service("shop/web")),
        URL,
        "web=500 a.example.com /x",
        "RT-G-GRANT",
    );
    let grant = |kind: &str| {
        let from = format!("from: [{{group: gateway.networking.k8s.io, kind: {kind}, namespace: net}}]");
        object(
            "gateway.networking.k8s.io/v1beta1",
            "ReferenceGrant",
            "shop/g",
            &format!("{from}, to: [{{group: '', kind: Service, name: web}}]"),
        )
    };
    let granted = refs("{name: web, namespace: shop, port: 80}") + &service("shop/web");
    check_files(&(granted.clone() + &grant("HTTPRoute")), URL, "web a.example.com /x", "");
    check_files(&(granted + &grant("GRPCRoute")), URL, "web=500 a.example.com /x", "RT-G-GRANT");
    check_files(&(refs("{name: web, port: 8080}") + &service("net/web")), URL, "web=500 a.example.com /x", "RT-G-PORT");
    check_files(&(refs("{name: web}") + &service("net/web")), URL, "web=500 a.example.com /x", "RT-G-PORT");
    let message =
        findings(&get(&(refs("{name: web, port: 8080}") + &service("net/web")), URL)).next().unwrap().message();
    assert!(message.contains("8080 is the targetPort of port 80"), "{message}");
    let said = [condition("Accepted", "True", "Accepted"), condition("ResolvedRefs", "False", "BackendNotFound")];
    check_live(
        &(served(HTTP, "") + &judged(RULES, &said) + &service("net/web")),
        URL,
        "web=500 a.example.com /x",
        "RT-G-BACKEND",
    );
    check_files(&refs("{group: example.com, kind: Backend, name: x}"), URL, "? a.example.com /x", "");
}

#[test]
fn shares_that_nobody_or_only_some_can_serve() {
    check_files(&(refs("{name: web, port: 80, weight: 0}") + &service("net/web")), URL, "500", "RT-G-WEIGHT0");
    check_files(&refs(""), URL, "500", "RT-G-WEIGHT0");
    let half = refs("{name: web, port: 80, weight: 3}, {name: gone, port: 80}") + &service("net/web");
    check_files(&half, URL, "75% web a.example.com /x + 25% gone=500 a.example.com /x", "RT-G-PARTIAL RT-G-BACKEND");
    let message = findings(&get(&half, URL)).next().unwrap().message();
    assert!(message.starts_with("25 % of the requests fail with 500: Service net/gone"), "{message}");
}

#[test]
fn a_route_that_is_served_in_part_or_refused_for_its_filters() {
    let mut said = accepted();
    said.push(condition("PartiallyInvalid", "True", "UnsupportedValue"));
    let yaml = served(HTTP, "") + &judged(RULES, &said) + &service("net/web");
    check_live(&yaml, URL, "web a.example.com /x", "(RT-G-PARTIALLY-INVALID)");
    let filters = |filters: &str| gateway(HTTP) + &route("net/r", &format!("rules: [{{filters: [{filters}]}}]"));
    let redirect = "{type: RequestRedirect, requestRedirect: {scheme: https}}";
    let rewrite = "{type: URLRewrite, urlRewrite: {hostname: b}}";
    check_files(&filters(&format!("{redirect}, {rewrite}")), URL, "404", "RT-G-FILTERS RT-G-MATCH");
    check_files(&filters(redirect), URL, "302 https://a.example.com/x", "");
    let prefix = "{type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /y}}}";
    let exact = format!("rules: [{{matches: [{{path: {{type: Exact, value: /x}}}}], filters: [{prefix}]}}]");
    check_files(&(gateway(HTTP) + &route("net/r", &exact)), URL, "404", "RT-G-FILTERS RT-G-MATCH");
    let refused = [condition("Accepted", "False", "IncompatibleFilters")];
    check_live(
        &(served(HTTP, "") + &judged(RULES, &refused) + &service("net/web")),
        URL,
        "404",
        "RT-G-FILTERS RT-G-MATCH",
    );
}

#[test]
fn an_external_name_is_followed_by_few() {
    let name = object("v1", "Service", "net/web", "type: ExternalName, externalName: db.example.com");
    check_files(&(refs("{name: web, port: 80}") + &name), URL, "web a.example.com /x", "(RT-G-EXTNAME)");
}

#[test]
fn handshake_and_request_for_different_listeners_are_misdirected() {
    let tls = "protocol: HTTPS, port: 443, tls: {certificateRefs: [{name: cert}]}";
    let two = format!("{{name: a, hostname: a.example.com, {tls}}}, {{name: b, hostname: b.example.com, {tls}}}");
    let yaml = gateway(&two) + &route("net/r", RULES) + &service("net/web");
    let mut request = Request::get("https://a.example.com/x").unwrap();
    request.sni = Some("b.example.com".to_owned());
    let decision = fixture::files(&yaml, |world| at(world, &request));
    assert_eq!((answer(&decision).as_str(), codes(&decision).as_str()), ("421", "(RT-G-421)"));
    check_files(&yaml, "https://a.example.com/x", "web a.example.com /x", "");
}

#[test]
fn a_mode_of_tls_that_does_not_fit_the_route() {
    let listener = "{name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}";
    let yaml =
        gateway(listener) + &route("net/r", &format!("hostnames: [a.example.com], {RULES}")) + &service("net/web");
    check_files(&yaml, "https://a.example.com/x", "tls_error", "RT-G-NOTALLOWED RT-G-TLSROUTE");
    check_files(&yaml, "https://10.0.0.1/x", "tls_error", "RT-G-TLSROUTE");
}

#[test]
fn a_policy_for_tls_to_the_backend_that_is_broken() {
    let policy = |name: &str, validation: &str| {
        let spec = format!(
            "targetRefs: [{{group: '', kind: Service, name: web}}], validation: {{hostname: web, {validation}}}"
        );
        object("gateway.networking.k8s.io/v1", "BackendTLSPolicy", &format!("net/{name}"), &spec)
    };
    let yaml = gateway(HTTP) + &route("net/r", RULES) + &service("net/web");
    let system = policy("p", "wellKnownCACertificates: System");
    check_files(&(yaml.clone() + &system), URL, "web a.example.com /x", "");
    let missing = policy("p", "caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}]");
    check_files(&(yaml.clone() + &missing), URL, "web=500 a.example.com /x", "GW-BTP");
    let empty = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: ca, namespace: net}\ndata: {other: x}\n";
    check_files(&(yaml.clone() + &missing + empty), URL, "web=500 a.example.com /x", "GW-BTP");
    check_files(&(yaml.clone() + &policy("p", "")), URL, "web=500 a.example.com /x", "GW-BTP");
    let second = policy("q", "wellKnownCACertificates: System");
    check_files(&(yaml.clone() + &system + &second), URL, "web a.example.com /x", "(GW-BTP)");
    let refused = format!(
        "ancestors: [{{ancestorRef: {{name: edge}}, controllerName: c, conditions: [{}]}}]",
        condition("Accepted", "False", "NoValidCACertificate")
    );
    check_files(&(yaml + &with_status(&system, &refused)), URL, "web=500 a.example.com /x", "GW-BTP");
}

#[test]
fn a_section_of_a_listener_set_must_be_asked_of_the_set() {
    let set = "parentRef: {name: edge, namespace: net}, listeners: [{name: more, port: 80, protocol: HTTP, hostname: more.example.com}]";
    let set = object("gateway.networking.k8s.io/v1", "ListenerSet", "net/set", set);
    let open =
        gateway(HTTP).replace("gatewayClassName", "allowedListeners: {namespaces: {from: Same}}, gatewayClassName");
    let of = |parent: &str| {
        let spec = format!("parentRefs: [{{{parent}, sectionName: more}}], {RULES}");
        open.clone() + &set + &object("gateway.networking.k8s.io/v1", "HTTPRoute", "net/r", &spec) + &service("net/web")
    };
    check_files(&of("name: edge"), "http://more.example.com/x", "404", "GW-LS-PARENTREF RT-G-MATCH");
    check_files(&of("name: set, kind: ListenerSet"), "http://more.example.com/x", "web more.example.com /x", "");
}

#[test]
fn a_host_on_an_ingress_and_on_a_route() {
    let backend = "http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}";
    let ingress = |host: &str| {
        object("networking.k8s.io/v1", "Ingress", "net/i", &format!("rules: [{{host: {host}, {backend}}}]"))
    };
    let yaml = gateway(HTTP) + &route("net/r", RULES) + &service("net/web");
    check_files(&(yaml.clone() + &ingress("a.example.com")), URL, "web a.example.com /x", "| GW-MIXED");
    check_files(&(yaml + &ingress("b.example.com")), URL, "web a.example.com /x", "");
}

/// A GRPCRoute `net/calls` for a host, created on a day of January, and what is said of it.
fn calls(host: &str, day: u8, conditions: &[String]) -> String {
    let spec = "parentRefs: [{name: edge, namespace: net}], rules: [{matches: [{method: {service: s, method: m}}], \
                backendRefs: [{name: web, port: 80}]}]";
    let spec = format!("hostnames: ['{host}'], {spec}");
    let route = object("gateway.networking.k8s.io/v1", "GRPCRoute", "net/calls", &spec);
    let route =
        route.replace("generation: 2", &format!("generation: 2, creationTimestamp: '2026-01-{day:02}T00:00:00Z'"));
    if conditions.is_empty() {
        return route;
    }
    let parent = "parentRef: {name: edge, namespace: net}, controllerName: example.com/edge";
    with_status(&route, &format!("parents: [{{{parent}, conditions: [{}]}}]", conditions.join(", ")))
}

#[test]
fn a_host_of_two_kinds_of_routes_is_taken_by_one_of_them_where_its_controller_says_so() {
    let call = "http://a.example.com/s/m";
    let rest = served(HTTP, "") + &judged(RULES, &accepted()) + &service("net/web");
    for reason in ["HostnameConflict", "NotAllowedByListeners"] {
        let refused = calls("*.example.com", 9, &[condition("Accepted", "False", reason)]);
        check_live(&(rest.clone() + &refused), call, "404", "RT-G-RIVAL RT-G-MATCH");
        check_live(&(rest.clone() + &refused), URL, "web a.example.com /x", "");
    }
    let other = calls("*.example.com", 9, &[condition("Accepted", "False", "UnsupportedValue")]);
    check_live(&(rest.clone() + &other), call, "404", "RT-G-NOSTATUS RT-G-MATCH");
    // Who takes both says so.
    check_live(&(rest.clone() + &calls("a.example.com", 9, &accepted())), call, "web a.example.com /s/m", "");
    let elsewhere = calls("b.example.com", 9, &[condition("Accepted", "False", "NotAllowedByListeners")]);
    let wide = HTTP.replace(", hostname: a.example.com", "");
    let yaml = served(&wide, "") + &judged(&format!("hostnames: [a.example.com], {RULES}"), &accepted()) + &elsewhere;
    check_live(&(yaml + &service("net/web")), "http://b.example.com/s/m", "404", "RT-G-NOTALLOWED RT-G-MATCH");
}

#[test]
fn nobody_knows_who_gives_way_where_nothing_is_said() {
    let call = "http://a.example.com/s/m";
    let route =
        route("net/r", RULES).replace("generation: 2", "generation: 2, creationTimestamp: '2026-01-05T00:00:00Z'");
    let rest = gateway(HTTP) + &route + &service("net/web");
    let younger = calls("a.example.com", 9, &[]);
    check_files(&(rest.clone() + &younger), call, "web a.example.com /s/m", "(RT-G-RIVAL)");
    check_files(&(rest.clone() + &younger), URL, "web a.example.com /x", "| RT-G-RIVAL");
    let message = get(&(rest.clone() + &younger), call);
    let message = findings(&message).next().unwrap().message();
    assert!(
        message.contains("some controllers take only one of them, the API wants HTTPRoute net/r, which is older"),
        "{message}"
    );
    check_files(&(rest.clone() + &calls("a.example.com", 2, &[])), call, "web a.example.com /s/m", "| RT-G-RIVAL");
    // Other hosts do not meet, and there are controllers that take both.
    check_files(&(rest.clone() + &calls("b.example.com", 9, &[])), URL, "web a.example.com /x", "");
    let known = class("True").replace("example.com/edge", "istio.io/gateway-controller");
    check_files(&(known + &rest + &younger), call, "web a.example.com /s/m", "");
}
