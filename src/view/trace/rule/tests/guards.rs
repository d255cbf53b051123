//! Who is kept out by settings of the controller, what it denies, and what it cannot be told to do.

use super::*;
use crate::kinds::{CONFIG_MAP, ObjectRef};

/// A request, its headers and the client's address.
fn asked(url: &str, headers: &[(&str, &str)], client: &str) -> Request {
    let mut request = get(url);
    request.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    request.client = client.parse().ok();
    request
}

/// An Ingress of a.example with these annotations of ingress-nginx.
fn noted(annotations: &[&str]) -> String {
    let all: Vec<String> = annotations.iter().map(|text| format!("nginx.ingress.kubernetes.io/{text}")).collect();
    ingress("web", 1, &all.join(", "), "a.example", &["Prefix / web"], "")
}

/// What becomes of a request where the controller's ConfigMap says this: the answer and by whom, and `?` for what is not told.
fn told(data: &str, yaml: &str, request: &Request) -> String {
    let map = format!(
        "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings, namespace: shop}}\ndata: {{{data}}}\n"
    );
    fixture::world(&format!("{CLASS}{map}{yaml}"), |world| {
        let settings = world.get(&ObjectRef::new(CONFIG_MAP, "shop", "settings")).cloned();
        let controller = Controller { settings: Settings::Known(settings), ..controller(Flavour::Nginx) };
        let decision = decide(world, &controller, request);
        let end = |outcome: &Outcome| match outcome {
            Outcome::Respond { status, .. } => status.to_string(),
            Outcome::Redirect { status, location } => format!("{status} {location}"),
            other => format!("{other:?}"),
        };
        let host = |arms: &[Arm]| arms.first().map_or_else(String::new, |arm| arm.host.clone());
        let mut text = match (&decision.action, &decision.gate) {
            (_, Some(gate)) => end(gate),
            (Action::Forward(arms), None) => host(arms),
            (Action::End(outcome) | Action::Stop(outcome, _), None) => end(outcome),
        };
        if decision.hops.iter().any(|hop| hop.standing == Standing::Unknown) {
            text.push('?');
        }
        for finding in decision.hops.iter().flat_map(|hop| &hop.findings) {
            let _ = write!(text, " {}", finding.code());
        }
        text
    })
}

#[test]
fn programs_pages_and_addresses_are_kept_out_everywhere() {
    let web = noted(&[]);
    let says = |data: &str, headers: &[(&str, &str)], client: &str| {
        ["http://a.example/", "http://b.example/"].map(|url| told(data, &web, &asked(url, headers, client)))
    };
    let programs = r"block-user-agents: 'OldBot,~*old\ one\/1'";
    assert_eq!(says(programs, &[("User-Agent", "oldbot")], "")[0], "403 RT-ALLOWLIST");
    assert_eq!(says(programs, &[("User-Agent", "An Old One/1.2")], "")[1], "403 RT-ALLOWLIST");
    assert_eq!(says(programs, &[("User-Agent", "OldBot/2")], "")[0], "a.example");
    assert_eq!(says("block-referers: '~^$'", &[], "")[0], "403 RT-ALLOWLIST");
    assert_eq!(says("block-referers: 'evil.example'", &[("Referer", "evil.example/x")], "")[0], "a.example");
    let addresses = "block-cidrs: '10.0.0.0/8, 192.0.2.1'";
    assert_eq!(says(addresses, &[], "10.1.1.1"), ["403 RT-ALLOWLIST", "403 RT-ALLOWLIST"]);
    assert_eq!(says(addresses, &[], "192.0.2.2"), ["a.example", "404 RT-HOST-MISS"]);
    // Any list of a location's own takes the place of the one for all.
    let listed = noted(&["whitelist-source-range: 10.0.0.0/8"]);
    assert_eq!(told(addresses, &listed, &asked("http://a.example/", &[], "10.1.1.1")), "a.example");
}

#[test]
fn a_proxy_in_front_says_which_host_was_asked_for() {
    let headers = [("X-Forwarded-Host", "shop.example:8443, other.example")];
    let says = |data: &str, url: &str, annotations: &[&str]| told(data, &noted(annotations), &asked(url, &headers, ""));
    assert_eq!(says("", "http://a.example/", &[]), "a.example");
    // Settings are read as Go reads them.
    for on in ["'true'", "'True'", "'1'"] {
        let trusting = format!("use-forwarded-headers: {on}");
        assert_eq!(says(&trusting, "http://a.example/", &[]), "shop.example:8443");
        let forced = ["force-ssl-redirect: 'true'"];
        assert_eq!(says(&trusting, "http://a.example/x", &forced), "308 https://shop.example/x");
    }
    let twin = ingress(
        "web",
        1,
        "nginx.ingress.kubernetes.io/from-to-www-redirect: 'true'",
        "a.example",
        &["Prefix / web"],
        "",
    );
    let from = asked("http://www.a.example/x/", &[("X-Forwarded-Proto", "https")], "");
    assert_eq!(told("", &twin, &from), "308 http://a.example/x");
    assert_eq!(told("use-forwarded-headers: 'true'", &twin, &from), "308 https://a.example/x");
    let vhost = ["upstream-vhost: $service_name.$namespace.svc"];
    assert_eq!(says("", "http://a.example/", &vhost), "web.shop.svc");
}

#[test]
fn clients_without_a_certificate_are_sent_to_a_page() {
    let secret = "\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: ca, namespace: shop}\ntype: kubernetes.io/tls\ndata: {ca.crt: '', tls.crt: '', tls.key: ''}\n";
    let says = |url: &str, more: &[&str]| {
        let annotations = [&["auth-tls-secret: shop/ca"], more].concat();
        told("", &format!("{}{secret}", noted(&annotations)), &get(url))
    };
    assert_eq!(says("https://a.example/", &[]), "400 RT-MTLS");
    let page = "auth-tls-error-page: https://b.example/no";
    assert_eq!(says("https://a.example/", &[page]), "302 https://b.example/no RT-MTLS");
    let name = "auth-tls-match-cn: CN=shop";
    assert_eq!(says("https://a.example/", &[name, "auth-tls-verify-client: optional"]), "403 RT-MTLS");
    assert_eq!(says("http://a.example/", &[name]), "403 RT-MTLS");
    assert_eq!(says("http://a.example/", &[]), "a.example");
}

#[test]
fn who_a_password_is_of_is_told_by_a_map_alone() {
    let users = "\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: users, namespace: shop}\ntype: Opaque\ndata: {auth: eA==, ann: eA==}\n";
    let says = |more: &[&str], sent: &str| {
        let annotations = [&["auth-type: basic", "auth-secret: users"], more].concat();
        told(
            "",
            &format!("{}{users}", noted(&annotations)),
            &asked("http://a.example/", &[("Authorization", sent)], ""),
        )
    };
    // ann:x, bob:x, and no colon.
    assert_eq!(says(&[], "Basic Ym9iOng="), "a.example");
    assert_eq!(says(&[], "Basic eA=="), "401");
    assert_eq!(says(&[], "Bearer eA=="), "401");
    let map = ["auth-secret-type: auth-map"];
    assert_eq!(says(&map, "Basic Ym9iOng="), "401");
    assert_eq!(says(&map, "Basic YW5uOng="), "a.example");
}

#[test]
fn what_cannot_be_asked_or_added_denies_the_location() {
    let headers =
        "\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: headers, namespace: shop}\ndata: {X-A: b}\n";
    let says = |data: &str, annotations: &[&str]| {
        told(data, &format!("{}{headers}", noted(annotations)), &get("http://a.example/"))
    };
    assert_eq!(says("", &["auth-url: 'https://a..b'"]), "503 CTL-ANNOT-INVALID");
    assert_eq!(says("", &["auth-url: https://b.example", "auth-cache-duration: 200 202"]), "503 CTL-ANNOT-INVALID");
    assert_eq!(says("", &["auth-url: https://b.example", "auth-cache-duration: 200 202 5m"]), "a.example");
    assert_eq!(
        says("", &["auth-url: https://b.example", "auth-proxy-set-headers: shop/none"]),
        "503 CTL-ANNOT-INVALID"
    );
    assert_eq!(says("", &["custom-headers: shop/none"]), "503 CTL-ANNOT-INVALID");
    assert_eq!(says("", &["custom-headers: shop/headers"]), "503 CTL-ANNOT-INVALID");
    assert_eq!(says("global-allowed-response-headers: 'X-B, X-A'", &["custom-headers: shop/headers"]), "a.example");
    // One for all that is no address is left out.
    assert_eq!(says("global-auth-url: auth.example/x", &[]), "a.example");
}

#[test]
fn an_ingress_with_a_forbidden_word_or_place_is_left_out() {
    let says = |data: &str, yaml: &str| told(data, yaml, &get("http://a.example/"));
    let words = "annotation-value-word-blocklist: 'root,evil'";
    assert_eq!(says(words, &noted(&["upstream-vhost: evil.example"])), "404 CTL-ANNOT-INVALID RT-HOST-MISS");
    assert_eq!(says(words, &noted(&["upstream-vhost: good.example"])), "good.example");
    let placed = ingress("web", 1, "", "a.example", &["Prefix / web", "Prefix /etc/nginx web"], "");
    assert_eq!(says("", &placed), "404 CTL-INSPECTED RT-HOST-MISS");
}

#[test]
fn errors_are_shown_by_the_default_backend() {
    let says = |data: &str, annotations: &[&str]| told(data, &noted(annotations), &get("http://a.example/"));
    // Nobody is behind the Service.
    assert_eq!(says("", &[]), "a.example");
    assert_eq!(says("custom-http-errors: '404,503'", &[]), "404");
    assert_eq!(says("custom-http-errors: '404'", &[]), "a.example");
    assert_eq!(says("", &["auth-url: 'https://a..b'", "custom-http-errors: '503'"]), "404 CTL-ANNOT-INVALID");
    assert_eq!(says("custom-http-errors: '503'", &["custom-http-errors: '404'"]), "a.example");
}

#[test]
fn what_people_write_themselves_is_not_told() {
    let allowed = "allow-snippet-annotations: 'true', annotations-risk-level: Critical";
    let says = |data: &str, annotations: &[&str]| told(data, &noted(annotations), &get("http://a.example/"));
    assert_eq!(says(allowed, &["configuration-snippet: 'more_set_headers \"A: b\";'"]), "a.example");
    assert_eq!(says(allowed, &["configuration-snippet: 'return 403;'"]), "a.example?");
    assert_eq!(says(allowed, &["server-snippet: 'location / { deny all; }'"]), "a.example?");
    assert_eq!(says(allowed, &["server-snippet: 'location /x { deny all; }'"]), "a.example");
    assert_eq!(says("location-snippet: 'deny all;'", &[]), "a.example?");
    assert_eq!(says("server-snippet: 'add_header A b;'", &[]), "a.example");
    assert_eq!(says("plugins: hello", &[]), "a.example?");
}

#[test]
fn the_controller_answers_for_its_own_health() {
    let says = |yaml: &str, url: &str| told("", yaml, &get(url));
    assert_eq!(says(&noted(&[]), "http://a.example/healthz"), "a.example");
    assert_eq!(says(&noted(&[]), "http://b.example/healthz"), "200");
    assert_eq!(says(&noted(&[]), "http://b.example/nginx_status"), "403");
    let open = ingress("web", 1, "", "", &["Prefix / web"], "");
    assert_eq!(says(&open, "http://b.example/healthz"), "200");
    let own = ingress("web", 1, "", "", &["Prefix /healthz web"], "");
    assert_eq!(says(&own, "http://b.example/healthz"), "b.example");
}

#[test]
fn canaries_are_told_by_headers_as_nginx_reads_them() {
    let main = ingress("web", 1, "", "a.example", &["Prefix / web"], "");
    let says = |options: &str, headers: &[(&str, &str)]| {
        let own = "nginx.ingress.kubernetes.io/canary";
        let annotations = format!("{own}: 'true', {}", options.replace("canary-", &format!("{own}-")));
        let yaml = format!(
            "{main}{}{}",
            ingress("beta", 2, &annotations, "a.example", &["Prefix / beta"], ""),
            behind(&["web", "beta"])
        );
        says(&yaml, Flavour::Nginx, &asked("http://a.example/", headers, ""))
    };
    let split = "100% / a.example RT-CANARY-SPLIT";
    assert_eq!(says("canary-by-header: x_beta", &[("X-Beta", "always")]), format!("beta {split}"));
    assert_eq!(says("canary-by-header: x_beta", &[("x_beta", "always")]), format!("web {split}"));
    // An expression that cannot be read keeps the request from being asked for its cookie.
    let broken = "canary-by-header: x-beta, canary-by-header-pattern: '*x', canary-by-cookie: beta";
    assert_eq!(says(broken, &[("X-Beta", "1"), ("Cookie", "beta=always")]), format!("web {split}"));
    assert_eq!(says(broken, &[("Cookie", "beta=always")]), format!("beta {split}"));
}
