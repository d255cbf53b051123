//! Load balancers that clouds make for Ingresses: of which Ingresses, on which ports, with which actions and conditions.

use super::*;

const AWS: &str = "alb.ingress.kubernetes.io";

fn alb(yaml: &str, url: &str) -> String {
    says(yaml, Flavour::Alb, &get(url))
}

fn gce(yaml: &str, url: &str) -> String {
    says(yaml, Flavour::Gce, &get(url))
}

/// Annotations of the AWS controller, `name: value` each.
fn aws(list: &[&str]) -> String {
    list.iter().map(|one| format!("{AWS}/{one}")).collect::<Vec<_>>().join(", ")
}

#[test]
fn each_ingress_of_gke_has_a_load_balancer_of_its_own() {
    let two = ingress("a", 1, "", "a.example", &["Prefix /a a"], "")
        + &ingress("b", 2, "", "a.example", &["Prefix /b b"], "");
    // Where DNS does not say which one, the one with a rule for the request is taken, and the other one is named.
    assert_eq!(gce(&two, "http://a.example/b"), "b 100% /b a.example LB-SEVERAL");
    assert_eq!(gce(&two, "http://a.example/a"), "a 100% /a a.example LB-SEVERAL");
    let led = fixture::world(&format!("{CLASS}{}", classed(Flavour::Gce, &two)), |world| {
        let key = crate::kinds::ObjectRef::new(INGRESS, "shop", "a");
        let own = Controller { ingress: Some(key), ..controller(Flavour::Gce) };
        let decision = decide(world, &own, &get("http://a.example/b"));
        assert!(decision.side.is_empty());
        decision.action
    });
    assert!(matches!(led, Action::End(Outcome::Respond { status: 404, .. })), "{led:?}");
    let same =
        ingress("a", 1, "", "a.example", &["Prefix / a"], "") + &ingress("b", 2, "", "b.example", &["Prefix / b"], "");
    assert_eq!(gce(&same, "http://a.example/"), "a 100% / a.example");
}

#[test]
fn gke_listens_on_two_ports_at_most() {
    let of = |annotations: &str, tls: &str, url: &str| {
        let said = gce(&ingress("web", 1, annotations, "a.example", &["Prefix / web"], tls), url);
        said.contains("LB-PORT-ABSENT")
    };
    let tls = "  tls: [{hosts: [a.example], secretName: a}]\n";
    assert!(!of("", "", "http://a.example/"));
    assert!(of("", "", "https://a.example/"));
    assert!(!of("", tls, "https://a.example/"));
    assert!(!of("networking.gke.io/managed-certificates: a", "", "https://a.example/"));
    assert!(of("kubernetes.io/ingress.allow-http: 'false'", tls, "http://a.example/"));
    assert!(of("", tls, "http://a.example:8080/"));
}

#[test]
fn what_a_health_check_of_gke_said_last_is_told_of_its_service() {
    let service = "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {type: NodePort, ports: [{port: 80, nodePort: 30123}]}\n";
    let of = |states: &str| {
        let annotations = format!("ingress.kubernetes.io/backends: '{states}'");
        gce(&(ingress("web", 1, &annotations, "a.example", &["Prefix / web"], "") + service), "http://a.example/")
    };
    for sick in ["k8s-be-30123--0a", "k8s1-7bd1-shop-web-80-99aa"] {
        assert!(of(&format!("{{\"{sick}\":\"UNHEALTHY\"}}")).ends_with(" LB-UNHEALTHY"), "{sick}");
        assert!(!of(&format!("{{\"{sick}\":\"HEALTHY\"}}")).contains("LB-"), "{sick}");
    }
    assert!(!of("{\"k8s-be-30999--0a\":\"UNHEALTHY\"}").contains("LB-"));
    assert!(!of("Unknown").contains("LB-"));
}

/// An object of GKE in the Ingresses' namespace.
fn of_gke(kind: &str, name: &str, rest: &str) -> String {
    let group = if kind == "BackendConfig" { "cloud.google.com/v1" } else { "networking.gke.io/v1beta1" };
    format!("\n---\napiVersion: {group}\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\n{rest}\n")
}

#[test]
fn a_frontend_config_of_gke_sends_plain_requests_to_https() {
    let annotations = "networking.gke.io/v1beta1.FrontendConfig: front, networking.gke.io/managed-certificates: web";
    let yaml = ingress("web", 1, annotations, "a.example", &["Prefix / web"], "");
    let of = |redirect: &str, url: &str| {
        gce(
            &(yaml.clone() + &of_gke("FrontendConfig", "front", &format!("spec: {{redirectToHttps: {redirect}}}"))),
            url,
        )
    };
    assert_eq!(of("{enabled: true}", "http://a.example/x?y=1"), "301 https://a.example/x?y=1");
    assert_eq!(of("{enabled: true, responseCodeName: FOUND}", "http://a.example/"), "302 https://a.example/");
    assert_eq!(of("{enabled: false}", "http://a.example/"), "web 100% / a.example");
    assert_eq!(of("{enabled: true}", "https://a.example/"), "web 100% / a.example");
    assert!(of("{enabled: true, responseCodeName: TEAPOT}", "http://a.example/").starts_with("End(Unknown"));
    // Without it the load balancer is as if it were not named.
    let other = yaml.clone() + &of_gke("FrontendConfig", "other", "spec: {}");
    assert_eq!(gce(&other, "http://a.example/"), "web 100% / a.example LB-CONFIG");
}

#[test]
fn a_backend_config_of_gke_may_ask_for_a_sign_in() {
    let service = "\n---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop, annotations: {cloud.google.com/backend-config: '{\"ports\": {\"80\": \"web\"}}'}}\nspec: {type: NodePort, ports: [{port: 80, nodePort: 30123}]}\n";
    let yaml = ingress("web", 1, "", "a.example", &["Prefix / web"], "") + service;
    let signed = |proxy: &str| yaml.clone() + &of_gke("BackendConfig", "web", &format!("spec: {{iap: {proxy}}}"));
    let on = signed("{enabled: true}");
    assert_eq!(gce(&on, "http://a.example/"), "web 100% / a.example then 302");
    assert_eq!(gce(&signed("{enabled: false}"), "http://a.example/"), "web 100% / a.example");
    let headers = vec![("Cookie".to_owned(), "GCP_IAP_UID=1".to_owned())];
    let known = Request { headers, ..get("http://a.example/") };
    assert_eq!(says(&on, Flavour::Gce, &known), "web 100% / a.example");
    // One that is missing keeps the whole Ingress from being synced.
    let lost = yaml.clone() + &of_gke("BackendConfig", "other", "spec: {}");
    assert!(gce(&lost, "http://a.example/").ends_with("LB-CONFIG"));
}

#[test]
fn what_google_issues_counts_once_it_is_active_and_for_the_name() {
    let of = |annotations: &str, domain: &str, status: &str| {
        let annotations = format!("networking.gke.io/managed-certificates: cert{annotations}");
        let status = if status.is_empty() { String::new() } else { format!("status: {{certificateStatus: {status}}}") };
        let object = of_gke("ManagedCertificate", "cert", &format!("spec: {{domains: [{domain}]}}\n{status}"));
        let yaml = ingress("web", 1, &annotations, "a.example", &["Prefix / web"], "") + &object;
        fixture::world(&format!("{CLASS}{}", classed(Flavour::Gce, &yaml)), |world| {
            let plan = decide(world, &controller(Flavour::Gce), &get("https://a.example/")).tls.unwrap();
            let refused = matches!(plan.fallback, crate::view::trace::plan::Fallback::Refuse(_));
            (refused, plan.findings.first().map(|finding| finding.severity.name()))
        })
    };
    assert_eq!(of("", "a.example", "Active"), (false, None));
    assert_eq!(of("", "a.example", "RenewalFailed"), (false, Some("warn")));
    assert_eq!(of("", "a.example", "Provisioning"), (true, None));
    assert_eq!(of("", "b.example", "Active"), (false, Some("broken")));
    assert_eq!(of("", "b.example", "Provisioning"), (true, None));
    // Others may be good for the name; what the controller wrote there itself is none of them.
    let shared = ", ingress.gcp.kubernetes.io/pre-shared-cert: ";
    assert_eq!(of(&format!("{shared}own"), "a.example", "Provisioning"), (false, Some("warn")));
    assert_eq!(of(&format!("{shared}mcrt-1"), "a.example", "Provisioning"), (true, None));
}

#[test]
fn rules_of_a_group_are_one_list_by_order_then_by_name() {
    let of = |name: &str, day: u8, more: &str| {
        let annotations = format!("{AWS}/group.name: team{more}");
        ingress(name, day, &annotations, "a.example", &["Prefix / {}".replace("{}", name).as_str()], "")
    };
    assert_eq!(alb(&(of("b", 1, "") + &of("a", 2, "")), "http://a.example/"), "a 100% / a.example CTL-DUP-PATH");
    let ordered = of("b", 1, "") + &of("a", 2, &format!(", {AWS}/group.order: '10'"));
    assert_eq!(alb(&ordered, "http://a.example/"), "b 100% / a.example CTL-DUP-PATH");
    // Without a group each has its own load balancer.
    let alone = (of("b", 1, "") + &of("a", 2, "")).replace("group.name: team", "scheme: internal");
    assert_eq!(alb(&alone, "http://a.example/"), "b 100% / a.example LB-SEVERAL");
}

#[test]
fn an_alb_listens_where_its_ingresses_say() {
    let of = |annotations: &[&str], url: &str| {
        let yaml = ingress("web", 1, &aws(annotations), "a.example", &["Prefix / web"], "");
        alb(&yaml, url)
    };
    assert_eq!(of(&[], "http://a.example/"), "web 100% / a.example");
    assert!(of(&[], "https://a.example/").ends_with("LB-PORT-ABSENT"));
    assert!(of(&["certificate-arn: arn"], "http://a.example/").starts_with("End(Timeout"));
    assert_eq!(of(&["certificate-arn: arn"], "https://a.example/"), "web 100% / a.example");
    assert!(of(&["certificate-arn: arn", "security-groups: sg-1"], "http://a.example/").starts_with("End(Unknown"));
    let ports = "listen-ports: '[{\"HTTP\":80},{\"HTTPS\":8443}]'";
    assert_eq!(of(&[ports], "https://a.example:8443/"), "web 100% / a.example:8443");
    assert!(of(&[ports], "https://a.example:80/").starts_with("End(TlsError"));
    assert!(of(&[ports], "http://a.example:8443/").starts_with("End(Unknown"));
    // Each Ingress of a group has rules on its own ports only.
    let group = "group.name: team";
    let two = ingress("a", 1, &aws(&[group, "listen-ports: '[{\"HTTP\":8080}]'"]), "a.example", &["Prefix / a"], "")
        + &ingress("b", 2, &aws(&[group]), "a.example", &["Prefix / b"], "");
    assert_eq!(alb(&two, "http://a.example:8080/"), "a 100% / a.example:8080");
    assert_eq!(alb(&two, "http://a.example/"), "b 100% / a.example");
}

#[test]
fn a_star_in_a_host_of_an_alb_stands_for_dots_too() {
    let yaml = ingress("web", 1, "", "*.example", &["Prefix / web"], "");
    assert_eq!(alb(&yaml, "http://a.example/"), "web 100% / a.example");
    assert_eq!(alb(&yaml, "http://b.a.example/"), "web 100% / b.a.example");
    assert!(alb(&yaml, "http://example/").starts_with("404"));
    // One redirect to https holds for the whole group, whichever of its Ingresses asks for it.
    let group = "group.name: team";
    let two = ingress("a", 1, &aws(&[group]), "a.example", &["Prefix / a"], "")
        + &ingress(
            "b",
            2,
            &aws(&[group, "ssl-redirect: '443'", "listen-ports: '[{\"HTTP\":80},{\"HTTPS\":443}]'"]),
            "b.example",
            &["Prefix / b"],
            "",
        );
    assert_eq!(alb(&two, "http://a.example/x"), "301 https://a.example/x");
}

#[test]
fn actions_stand_for_services_where_a_port_says_so() {
    let of = |action: &str, url: &str| {
        let annotations = if action.is_empty() { String::new() } else { format!("{AWS}/actions.go: '{action}'") };
        let yaml = ingress("web", 1, &annotations, "a.example", &["Prefix / go"], "");
        let yaml = yaml.replace("port: {number: 80}", "port: {name: use-annotation}");
        alb(&(yaml + &behind(&["a", "b", "c"])), url)
    };
    let url = "http://a.example/x?y=1";
    assert_eq!(of(r#"{"type":"fixed-response","fixedResponseConfig":{"statusCode":"410"}}"#, url), "410");
    assert_eq!(of("", url), "503 RT-ACTION");
    assert!(of("{}", url).ends_with(" RT-ACTION"));
    let redirect = |config: &str| {
        of(&format!(r#"{{"type":"redirect","redirectConfig":{{{config}"statusCode":"HTTP_302"}}}}"#), url)
    };
    assert_eq!(redirect(r#""protocol":"HTTPS","port":"443","#), "302 https://a.example/x?y=1");
    assert_eq!(redirect(r#""host":"b.example","path":"/n/#{path}","query":"","#), "302 http://b.example/n/x");
    // The controller leaves out what redirects to itself.
    assert!(redirect("").starts_with("404"));
    let target = |name: &str, weight: u8| format!(r#"{{"serviceName":"{name}","servicePort":80,"weight":{weight}}}"#);
    let forward =
        |targets: &str| of(&format!(r#"{{"type":"forward","forwardConfig":{{"targetGroups":[{targets}]}}}}"#), url);
    let split = forward(&format!("{},{},{}", target("a", 3), target("b", 1), target("c", 0)));
    assert_eq!(split, "a 75% /x?y=1 a.example, b 25% /x?y=1 a.example");
    assert!(of(r#"{"type":"forward","targetGroupARN":"arn"}"#, url).starts_with("End(Unknown"));
}

#[test]
fn conditions_narrow_a_rule_or_widen_its_hosts_and_paths() {
    let of = |conditions: &str, request: &Request| {
        let annotations = format!("{AWS}/conditions.beta: '[{conditions}]'");
        says(
            &ingress("web", 1, &annotations, "a.example", &["Prefix /b beta", "Prefix / web"], ""),
            Flavour::Alb,
            request,
        )
    };
    let takes = |conditions: &str, request: &Request| of(conditions, request).starts_with("beta");
    let plain = get("http://a.example/b");
    assert!(takes("", &plain));
    let header = r#"{"field":"http-header","httpHeaderConfig":{"httpHeaderName":"X-Beta","values":["y*"]}}"#;
    assert!(!takes(header, &plain));
    let headers = vec![("x-beta".to_owned(), "Yes".to_owned())];
    assert!(takes(header, &Request { headers, ..plain.clone() }));
    let method = r#"{"field":"http-request-method","httpRequestMethodConfig":{"values":["POST"]}}"#;
    assert!(!takes(method, &plain) && takes(method, &Request { method: "POST".to_owned(), ..plain.clone() }));
    let query = r#"{"field":"query-string","queryStringConfig":{"values":[{"key":"v","value":"2"},{"value":"beta"}]}}"#;
    for (url, wanted) in [("?v=2", true), ("?v=1", false), ("?x=beta", true), ("", false)] {
        assert_eq!(takes(query, &get(&format!("http://a.example/b{url}"))), wanted, "{url}");
    }
    let source = r#"{"field":"source-ip","sourceIPConfig":{"values":["192.0.2.0/24"]}}"#;
    assert!(!takes(source, &plain));
    assert!(takes(source, &Request { client: Some("192.0.2.7".parse().unwrap()), ..plain.clone() }));
    let path = r#"{"field":"path-pattern","pathPatternConfig":{"values":["/also/*"]}}"#;
    assert!(takes(path, &get("http://a.example/also/x")) && takes(path, &plain));
    let host = r#"{"field":"host-header","hostHeaderConfig":{"values":["beta.example"]}}"#;
    assert!(takes(host, &get("http://beta.example/b")) && takes(host, &plain));
}

#[test]
fn gke_gives_up_for_two_addresses_and_for_redirects_inside_of_a_network() {
    let front = of_gke("FrontendConfig", "front", "spec: {redirectToHttps: {enabled: true}}");
    let of = |annotations: &str| {
        let yaml = ingress("web", 1, annotations, "a.example", &["Prefix / web"], "");
        gce(&(yaml + &front), "http://a.example/")
    };
    let (global, regional) =
        ("kubernetes.io/ingress.global-static-ip-name", "kubernetes.io/ingress.regional-static-ip-name");
    assert_eq!(of(&format!("{global}: a")), "web 100% / a.example");
    assert!(of(&format!("{global}: a, {regional}: b")).ends_with("LB-REFUSED"));
    let class = "kubernetes.io/ingress.class: gce-internal";
    assert_eq!(of(class), "web 100% / a.example");
    let named = "networking.gke.io/v1beta1.FrontendConfig: front";
    assert_eq!(of(named), "301 https://a.example/");
    assert!(of(&format!("{class}, {named}")).ends_with("LB-REFUSED"));
}

#[test]
fn a_health_check_of_gke_asks_a_port_of_pods_or_nodes() {
    let pod = "\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: web-1, namespace: shop, labels: {app: web}}\nspec: {containers: [{name: c, ports: [{containerPort: 8080}]}]}\n";
    let of = |group: &str, port: u16| {
        let service = format!(
            "\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: web, namespace: shop, annotations: {{cloud.google.com/backend-config: '{{\"default\": \"web\"}}'{group}}}}}\nspec: {{type: NodePort, selector: {{app: web}}, ports: [{{port: 80, targetPort: 8080, nodePort: 30123}}]}}\n"
        );
        let config = of_gke("BackendConfig", "web", &format!("spec: {{healthCheck: {{port: {port}}}}}"));
        let yaml = ingress("web", 1, "", "a.example", &["Prefix / web"], "") + &service + pod + &config;
        gce(&yaml, "http://a.example/").ends_with(" LB-HEALTH-PORT")
    };
    assert!(!of("", 8080) && !of("", 30123) && of("", 8081));
    let pods = ", cloud.google.com/neg: '{\"ingress\": true}'";
    assert!(!of(pods, 8080) && of(pods, 30123));
    let nodes = ", cloud.google.com/neg: '{\"ingress\": false}'";
    assert!(of(nodes, 8080) && !of(nodes, 30123));
}

#[test]
fn a_path_that_gke_takes_as_it_is_written_is_not_called_a_prefix() {
    let yaml =
        ingress("web", 1, "kubernetes.io/ingress.class: gce", "a.example", &["ImplementationSpecific /foo web"], "");
    let told = |url: &str| {
        fixture::world(&format!("{CLASS}{}", classed(Flavour::Gce, &yaml)), |world| {
            let decision = decide(world, &controller(Flavour::Gce), &get(url));
            decision.hops.iter().flat_map(|hop| &hop.findings).map(Finding::message).collect::<String>()
        })
    };
    let said = told("http://a.example/foo/x");
    assert!(said.contains("as it is written") && !said.contains("prefix"), "{said}");
}

#[test]
fn a_health_check_of_gke_may_ask_for_what_no_readiness_probe_asks_for() {
    let of = |path: &str| {
        let objects = "\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: web-1, namespace: shop, labels: {app: web}}\nspec: {containers: \
             [{name: c, ports: [{containerPort: 8080}], readinessProbe: {httpGet: {path: /ready, port: 8080}}}]}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop, annotations: {cloud.google.com/backend-config: '{\"default\": \"web\"}'}}\n\
             spec: {type: NodePort, selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30123}]}\n";
        let config = of_gke("BackendConfig", "web", &format!("spec: {{healthCheck: {{requestPath: {path}}}}}"));
        let yaml =
            classed(Flavour::Gce, &ingress("web", 1, "", "a.example", &["Prefix / web"], "")) + objects + &config;
        fixture::world(&format!("{CLASS}{yaml}"), |world| {
            let decision = decide(world, &controller(Flavour::Gce), &get("http://a.example/"));
            decision
                .hops
                .iter()
                .any(|hop| hop.summary.contains("wants 200 for /up; that the pods are ready only tells of /ready"))
        })
    };
    assert!(of("/up") && !of("/ready"));
}
