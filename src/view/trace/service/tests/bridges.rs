//! ExternalNames: to Services, to themselves, to the outside and to nowhere.

use super::*;
use crate::view::trace::fault::Severity;
use std::fmt::Write as _;

/// The healthy cluster with an ExternalName in front.
fn bridge(name: &str, spec: &str) -> String {
    format!(
        "{BASE}---\napiVersion: v1\nkind: Service\nmetadata: {{name: bridge, namespace: edge}}\nspec: {{type: ExternalName, externalName: {name}{spec}}}\n"
    )
}

fn to_bridge(port: PortRef) -> Walk {
    Walk { arm: arm("edge", "bridge", port), ..Walk::usual() }
}

fn check(name: &str, spec: &str, expected: &[&str]) -> Leg {
    let leg = to_bridge(PortRef::Number(80)).cluster(&bridge(name, spec));
    assert_eq!(codes(&leg), expected, "{name}{spec}");
    leg
}

const WEB: &str = "web.shop.svc.cluster.local";

#[test]
fn a_bridge_leads_to_the_pods_of_another_namespace() {
    let leg = check(WEB, "", &[]);
    assert_eq!(leg.end, None);
    let kinds: Vec<&str> = leg.hops.iter().map(|hop| hop.kind.name()).collect();
    assert_eq!(kinds[..4], ["service", "external_name", "service", "endpoints"]);
    assert_eq!((&*leg.backend.service, leg.backend.port, leg.backend.endpoints[0].port), ("web", 80, 8080));
    assert_eq!(leg.backend.via, [(Arc::from("edge"), Arc::from("bridge"))]);
    check("Web.Shop.SVC.cluster.local.", "", &[]);
}

#[test]
fn the_port_is_that_of_the_bridge_or_of_the_rule() {
    assert_eq!(check(WEB, ", ports: [{port: 80, targetPort: 81}]", &["EN-PORT"]).end, Some(LegEnd::Dropped));
    let number = to_bridge(PortRef::Number(8080)).cluster(&bridge(WEB, ""));
    assert_eq!(codes(&number), ["EN-PORT"]);
    assert!(finding(&number, "EN-PORT").message().contains("dials port 8080, but Service shop/web has 80 (http)"));
    let named = to_bridge(PortRef::Name(Arc::from("http")));
    assert_eq!(codes(&named.cluster(&bridge(WEB, ""))), ["EN-PORT-NAMED"]);
    assert_eq!(codes(&named.cluster(&bridge(WEB, ", ports: [{name: http, port: 80}]"))), [] as [&str; 0]);
    let headless = bridge(WEB, "").replace("clusterIP: 10.96.1.20", "clusterIP: None");
    let leg = to_bridge(PortRef::Number(80)).cluster(&headless);
    assert_eq!((codes(&leg), &leg.end), (vec!["EN-HEADLESS-PORT"], &Some(LegEnd::Refused)));
    assert_eq!(codes(&to_bridge(PortRef::Number(8080)).cluster(&headless)), [] as [&str; 0]);
}

#[test]
fn circles_are_told_at_the_service_where_they_are_entered() {
    let leg = check("bridge.edge.svc.cluster.local", "", &["EN-CYCLE"]);
    assert_eq!((&leg.end, leg.backend.via.len()), (&Some(LegEnd::NoName), 0));
    assert!(finding(&leg, "EN-CYCLE").message().contains("edge/bridge → edge/bridge"));
    let pair = bridge("other.edge.svc.cluster.local", "")
        + "---\napiVersion: v1\nkind: Service\nmetadata: {name: other, namespace: edge}\nspec: {type: ExternalName, externalName: other.edge.svc.cluster.local}\n";
    let leg = to_bridge(PortRef::Number(80)).cluster(&pair);
    assert_eq!((codes(&leg), &*finding(&leg, "EN-CYCLE").words["service"]), (vec!["EN-CYCLE"], "other"));
    // Beside the path it is only worth knowing.
    let beside = bridge("bridge.shop.svc.cluster.local", "")
        .replace("{name: bridge, namespace: edge}", "{name: bridge, namespace: shop}");
    let leg = Walk::usual().cluster(&beside);
    assert_eq!((codes(&leg).len(), finding(&leg, "EN-CYCLE").severity, leg.side.len()), (0, Severity::Info, 1));
}

#[test]
fn targets_that_are_not_there_or_empty_are_told() {
    let leg = check("wbe.shop.svc.cluster.local", "", &["EN-TARGET-MISSING"]);
    assert!(finding(&leg, "EN-TARGET-MISSING").fix()[1].contains("web.shop.svc.cluster.local"));
    let elsewhere = check("web.prod.svc.cluster.local", "", &["EN-TARGET-MISSING"]);
    assert!(finding(&elsewhere, "EN-TARGET-MISSING").message().contains("did you mean shop/web?"));
    // The one that asks is no answer, though it is called so.
    let own = check("bridge.prod.svc.cluster.local", "", &["EN-TARGET-MISSING"]);
    assert!(!finding(&own, "EN-TARGET-MISSING").message().contains("did you mean"));
    let empty = bridge(WEB, "")
        .replace("conditions: {ready: true}", "conditions: {ready: false}")
        .replace("status: 'True'}], podIPs", "status: 'False'}], podIPs")
        .replace("ready: true, started", "ready: false, started");
    let leg = to_bridge(PortRef::Number(80)).cluster(&empty);
    assert_eq!(codes(&leg), ["EN-TARGET-EMPTY", "ES-NOT-READY", "PO-READINESS"]);
    assert_eq!(leg.end, Some(LegEnd::Refused));
}

#[test]
fn names_that_are_no_names_are_told() {
    check("192.0.2.7", "", &["EN-IP"]);
    check("127.0.0.1", "", &["EN-LOOPBACK"]);
    check("localhost", "", &["EN-LOOPBACK"]);
    let corefile = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: coredns, namespace: kube-system}\ndata:\n  Corefile: |\n    .:53 {\n      kubernetes corp.example in-addr.arpa\n    }\n";
    let leg = to_bridge(PortRef::Number(80)).cluster(&(bridge(WEB, "") + corefile));
    assert_eq!(codes(&leg), ["EN-DOMAIN"]);
    assert!(finding(&leg, "EN-DOMAIN").fix()[1].contains("web.shop.svc.corp.example"));
    assert_eq!(
        codes(&to_bridge(PortRef::Number(80)).cluster(&(bridge("web.shop.svc.corp.example", "") + corefile))),
        [] as [&str; 0]
    );
}

#[test]
fn short_names_work_for_those_who_search() {
    let leg = check("web.shop", "", &["EN-SHORT-NAME"]);
    assert_eq!((finding(&leg, "EN-SHORT-NAME").severity, &leg.end), (Severity::Warn, &None));
    check("web.shop.svc", "", &["EN-SHORT-NAME"]);
    let leg = check("web", "", &["EN-SHORT-NAME"]);
    assert_eq!((finding(&leg, "EN-SHORT-NAME").severity, &leg.end), (Severity::Broken, &Some(LegEnd::NoName)));
    let inside = Walk { arm: arm("edge", "bridge", PortRef::Number(80)), ..Walk::inside() };
    assert_eq!(inside.cluster(&bridge("web.shop", "")).end, Some(LegEnd::NoName));
}

#[test]
fn what_leaves_the_cluster_is_its_own_backend() {
    let leg = check("db.example.com", ", ports: [{port: 80, targetPort: 8443}]", &["EN-HOST-HEADER"]);
    let endpoint = &leg.backend.endpoints[0];
    assert_eq!(
        (&*leg.backend.service, endpoint.address.as_deref(), endpoint.port),
        ("bridge", Some("db.example.com"), 8443)
    );
    let mut walk = to_bridge(PortRef::Number(443));
    "db.example.com".clone_into(&mut walk.arm.host);
    assert_eq!(codes(&walk.cluster(&bridge("db.example.com", ""))), [] as [&str; 0]);
}

#[test]
fn a_name_of_this_very_entrance_comes_back() {
    let ingress = "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: web, namespace: edge}\nspec: {rules: [{host: shop.example.com}]}\nstatus: {loadBalancer: {ingress: [{ip: 203.0.113.10}]}}\n---\napiVersion: externaldns.k8s.io/v1alpha1\nkind: DNSEndpoint\nmetadata: {name: z, namespace: edge}\nspec: {endpoints: [{dnsName: shop.example.com, recordType: A, targets: [203.0.113.10]}]}\n";
    let leg = to_bridge(PortRef::Number(80)).cluster(&(bridge("shop.example.com", "") + ingress));
    assert_eq!((codes(&leg), &leg.end), (vec!["EN-TO-SELF-LB"], &Some(LegEnd::Loop)));
}

#[test]
fn a_controller_may_refuse_all_of_them() {
    let refusing = |flavour, flags: &[&str]| {
        let controller = Controller { flavour, ..nginx(flags) };
        Walk { caller: Caller::Controller(Box::new(controller)), ..to_bridge(PortRef::Number(80)) }
            .cluster(&bridge(WEB, ""))
    };
    let leg = refusing(Flavour::Nginx, &["--disable-svc-external-name"]);
    assert_eq!((codes(&leg), &leg.end), (vec!["EN-DISABLED"], &Some(LegEnd::NoEndpoints)));
    assert_eq!(codes(&refusing(Flavour::Traefik, &["--providers.kubernetesingress"])), ["EN-DISABLED"]);
    // For Ingresses Traefik wants the port to be listed, of an ExternalName too.
    assert_eq!(
        codes(&refusing(Flavour::Traefik, &["--providers.kubernetesIngress.allowExternalNameServices=true"])),
        ["SV-PORT-MISSING"]
    );
}

#[test]
fn more_than_ten_names_are_too_many_for_dns() {
    let mut yaml = BASE.to_owned();
    for at in 0..12 {
        let target = if at == 11 { WEB.to_owned() } else { format!("b{}.edge.svc.cluster.local", at + 1) };
        let _ = write!(
            yaml,
            "---\napiVersion: v1\nkind: Service\nmetadata: {{name: b{at}, namespace: edge}}\nspec: {{type: ExternalName, externalName: {target}}}\n"
        );
    }
    let from = |name: &str| Walk { arm: arm("edge", name, PortRef::Number(80)), ..Walk::usual() }.cluster(&yaml);
    assert_eq!((codes(&from("b0")), from("b0").end), (vec!["EN-CHAIN-LONG"], Some(LegEnd::NoName)));
    assert_eq!(codes(&from("b2")), [] as [&str; 0]);
}
