//! Every fault of policies: found where a policy says so, and not where it does not.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::view::trace::fault;
use crate::view::trace::fixture;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::Status;
use crate::view::trace::plan::{Controller, Settings};
use crate::view::trace::request::Vantage;

/// A pod of shop, and the controller that calls it.
const BASE: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {kubernetes.io/metadata.name: shop}}
---
apiVersion: v1
kind: Namespace
metadata: {name: ingress-nginx, labels: {kubernetes.io/metadata.name: ingress-nginx, role: edge}}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: one, containers: [{name: web, ports: [{containerPort: 8080, name: http}]}]}
status: {phase: Running, conditions: [{type: Ready, status: 'True'}], podIPs: [{ip: 10.244.1.20}]}
---
apiVersion: v1
kind: Pod
metadata: {name: controller, namespace: ingress-nginx, labels: {app: nginx}}
spec: {nodeName: two, containers: [{name: controller}]}
status: {phase: Running, conditions: [{type: Ready, status: 'True'}], podIPs: [{ip: 10.244.2.5}]}
";

/// A NetworkPolicy of shop for its pod.
fn policy(spec: &str) -> String {
    format!(
        "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: p, namespace: shop}}\nspec: {{podSelector: {{matchLabels: {{app: web}}}}, {spec}}}\n"
    )
}

/// The same with one ingress rule from these peers to these ports.
fn from(peers: &str, ports: &str) -> String {
    policy(&format!("ingress: [{{from: [{peers}], ports: [{ports}]}}]"))
}

fn caller(world: &World, host_network: bool) -> Caller {
    let pods: Vec<_> = world.named(crate::kinds::POD, "ingress-nginx", "controller").cloned().into_iter().collect();
    Caller::Controller(Box::new(Controller {
        flavour: Flavour::Nginx,
        name: Arc::from("k8s.io/ingress-nginx"),
        workload: None,
        namespace: Some(Arc::from("ingress-nginx")),
        pods,
        service: None,
        host_network,
        flags: None,
        settings: Settings::Unreadable,
        tls_ended: false,
        port: 80,
        ingress: None,
    }))
}

fn hop(objects: &str, host_network: bool) -> Hop {
    fixture::world(&format!("{BASE}{objects}"), |world| {
        let pod = world.named(crate::kinds::POD, "shop", "web").unwrap().clone();
        admit(world, &caller(world, host_network), (Protocol::Tcp, &[(pod, 8080)]))
    })
}

fn codes(hop: &Hop) -> Vec<&'static str> {
    for finding in &hop.findings {
        let (text, whole) = fault::fill(finding.fault.message, &finding.words);
        assert!(whole && !finding.evidence.is_empty() && !finding.fix().is_empty(), "{}: {text}", finding.code());
    }
    hop.findings.iter().map(Finding::code).filter(|code| *code != "NP-PROBE-OK").collect()
}

fn check(objects: &str, expected: &[&str]) -> Hop {
    let hop = hop(objects, false);
    assert_eq!(codes(&hop), expected, "{objects}");
    hop
}

const NGINX: &str = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress-nginx}}";

#[test]
fn rules_admit_by_namespace_pod_and_port() {
    let rules = [
        (String::new(), true),
        (policy("policyTypes: [Egress]"), true),
        (policy("ingress: [{}]"), true),
        (from(&format!("{{{NGINX}}}"), "{port: 8080}"), true),
        (from(&format!("{{{NGINX}, podSelector: {{matchLabels: {{app: nginx}}}}}}"), "{port: http}"), true),
        (from("{namespaceSelector: {}}", "{port: 8000, endPort: 8100}"), true),
        (
            from("{podSelector: {}}, {namespaceSelector: {matchExpressions: [{key: role, operator: Exists}]}}", "{}"),
            true,
        ),
        (from("{podSelector: {}}", "{port: 8080}"), false),
        (from(&format!("{{{NGINX}}}"), "{port: 8080, protocol: UDP}"), false),
        (from("{ipBlock: {cidr: 192.0.2.0/24}}", "{port: 8080}"), false),
        (policy("ingress: []"), false),
    ];
    for (objects, admits) in rules {
        let hop = hop(&objects, false);
        assert_eq!(hop.status() != Status::Broken, admits, "{objects} {:?}", codes(&hop));
    }
}

#[test]
fn a_pod_that_is_kept_apart_is_told_with_the_rule_that_was_meant() {
    let hop = check(&policy("policyTypes: [Ingress]"), &["NP-INGRESS-DENY"]);
    assert_eq!((hop.confidence, hop.findings[1].code()), (Confidence::NeedsProbe, "NP-PROBE-OK"));
    let hop = check(&from(&format!("{{{NGINX}}}"), "{port: 80}"), &["NP-PORT", "NP-INGRESS-DENY"]);
    assert!(
        hop.findings[0]
            .message()
            .contains("lets ingress-nginx in to port 80, but pod web is reached at its own port 8080")
    );
    let hop = check(
        &from("{namespaceSelector: {matchLabels: {name: ingress-nginx}}}", "{port: 8080}"),
        &["NP-NS-LABEL", "NP-INGRESS-DENY"],
    );
    assert!(hop.findings[0].fix()[1].contains("/spec/ingress/0/from/0/namespaceSelector"));
    check(
        &from("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: monitoring}}}", "{port: 8080}"),
        &["NP-INGRESS-DENY"],
    );
    check(&from("{podSelector: {matchLabels: {app: nginx}}}", "{port: 8080}"), &["NP-INGRESS-DENY", "NP-AND-OR"]);
    check(
        &from(&format!("{{{NGINX}, podSelector: {{matchLabels: {{app: other}}}}}}"), "{port: 8080}"),
        &["NP-INGRESS-DENY", "NP-AND-OR"],
    );
    let open = check(
        &from(&format!("{{{NGINX}}}, {{podSelector: {{matchLabels: {{app: nginx}}}}}}"), "{port: 8080}"),
        &["NP-AND-OR"],
    );
    assert_eq!(open.status(), Status::Warn);
}

#[test]
fn a_controller_on_the_network_of_its_node_is_no_pod() {
    let objects = from(&format!("{{{NGINX}}}"), "{port: 8080}");
    assert_eq!(codes(&hop(&objects, true)), ["NP-HOSTNET", "NP-INGRESS-DENY"]);
    let by_address = from("{ipBlock: {cidr: 10.244.2.0/24}}", "{port: 8080}");
    assert_eq!(codes(&hop(&by_address, true)), [] as [&str; 0]);
    // A node always reaches its own pods.
    let alone = format!("{BASE}{objects}").replace("nodeName: two", "nodeName: one");
    fixture::world(&alone, |world| {
        let pod = world.named(crate::kinds::POD, "shop", "web").unwrap().clone();
        assert_eq!(codes(&admit(world, &caller(world, true), (Protocol::Tcp, &[(pod, 8080)]))), [] as [&str; 0]);
    });
}

#[test]
fn a_rule_opens_a_port_for_its_protocol_alone() {
    let asked = |open: &str, protocol: Protocol| {
        fixture::world(&format!("{BASE}{}", from(&format!("{{{NGINX}}}"), open)), |world| {
            let pod = world.named(crate::kinds::POD, "shop", "web").unwrap().clone();
            let hop = admit(world, &caller(world, false), (protocol, &[(pod, 8080)]));
            let fixes: Vec<String> = hop.findings.iter().flat_map(Finding::fix).collect();
            (codes(&hop).first().copied().unwrap_or("").to_owned(), fixes.join(" "))
        })
    };
    assert_eq!(asked("{port: 8080, protocol: UDP}", Protocol::Udp).0, "");
    let (code, fixes) = asked("{port: 8080}", Protocol::Udp);
    assert!(code == "NP-PORT" && fixes.contains(r#"ports/0/protocol","value":"UDP""#), "{code} {fixes}");
    let (code, fixes) = asked("{port: 8080, protocol: UDP}", Protocol::Tcp);
    assert!(code == "NP-PORT" && fixes.contains(r#"ports/0/protocol","value":"TCP""#), "{code} {fixes}");
}

#[test]
fn the_caller_must_be_let_out_too() {
    let out = |rules: &str| {
        format!(
            "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {{name: out, namespace: ingress-nginx}}\nspec: {{podSelector: {{}}, policyTypes: [Egress], egress: [{rules}]}}\n"
        )
    };
    check(&out("{to: [{namespaceSelector: {}}], ports: [{port: http}]}"), &[]);
    check(&out("{to: [{namespaceSelector: {}}], ports: [{port: 80}]}"), &["NP-EGRESS"]);
    check(&out(""), &["NP-EGRESS"]);
    let dns = |rules: &str| {
        fixture::world(&format!("{BASE}{}", out(rules)), |world| {
            resolves(world, &caller(world, false), "x.example.com").map(|f| f.code())
        })
    };
    assert_eq!(dns("{ports: [{port: 8080}]}"), Some("NP-DNS"));
    assert_eq!(dns("{to: [{namespaceSelector: {}}], ports: [{port: 53, protocol: UDP}]}"), None);
    assert_eq!(dns("{to: [{podSelector: {}}], ports: [{port: 53, protocol: UDP}]}"), Some("NP-DNS"));
}

#[test]
fn policies_of_the_clusters_owner_speak_first_and_last() {
    let admin = |kind: &str, name: &str, priority: &str, action: &str| {
        format!(
            "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {{{priority} subject: {{namespaces: {{matchLabels: {{kubernetes.io/metadata.name: shop}}}}}}, ingress: [{{name: r, action: {action}, from: [{{namespaces: {{}}}}]}}]}}\n"
        )
    };
    let first = |action| admin("AdminNetworkPolicy", "first", "priority: 5,", action);
    let deny = policy("policyTypes: [Ingress]");
    check(&first("Deny"), &["NP-ANP"]);
    check(&(first("Allow") + &deny), &[]);
    check(&(first("Pass") + &deny), &["NP-INGRESS-DENY"]);
    check(&(admin("AdminNetworkPolicy", "zero", "priority: 0,", "Allow") + &first("Deny")), &[]);
    let baseline = admin("BaselineAdminNetworkPolicy", "default", "", "Deny");
    check(&baseline, &["NP-ANP"]);
    check(&(baseline + &policy("ingress: [{}]")), &[]);
}

/// A ClusterNetworkPolicy for shop with one rule for everybody in pods.
fn cluster_policy(name: &str, rank: &str, action: &str, protocols: &str) -> String {
    format!(
        "---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {{name: {name}}}\nspec: {{{rank}, subject: {{namespaces: {{matchLabels: {{kubernetes.io/metadata.name: shop}}}}}}, ingress: [{{name: r, action: {action}, from: [{{namespaces: {{}}}}]{protocols}}}]}}\n"
    )
}

#[test]
fn policies_of_the_cluster_speak_in_their_tier() {
    let of = |rank: &str, action: &str| cluster_policy(action, rank, action, "");
    let closed = policy("policyTypes: [Ingress]");
    let hop = check(&of("tier: Admin, priority: 5", "Deny"), &["NP-ANP"]);
    assert!(hop.findings[0].message().starts_with("ClusterNetworkPolicy Deny denies"), "{}", hop.findings[0].message());
    check(&(of("tier: Admin, priority: 5", "Accept") + &closed), &[]);
    check(&(of("tier: Admin, priority: 5", "Pass") + &closed), &["NP-INGRESS-DENY"]);
    check(&(of("tier: Admin, priority: 4", "Accept") + &of("tier: Admin, priority: 5", "Deny")), &[]);
    check(&(of("tier: Admin, priority: 4", "Pass") + &of("tier: Admin, priority: 5", "Deny")), &[]);
    check(&of("tier: Baseline, priority: 0", "Deny"), &["NP-ANP"]);
    check(&(of("tier: Baseline, priority: 0", "Deny") + &policy("ingress: [{}]")), &[]);
    check(&(of("tier: Admin, priority: 4", "Pass") + &of("tier: Baseline, priority: 0", "Deny")), &["NP-ANP"]);
}

#[test]
fn what_a_policy_of_the_cluster_leaves_open_is_not_told_as_certain() {
    let of = |rank: &str, action: &str, protocols: &str| cluster_policy(action, rank, action, protocols);
    for (objects, confidence) in [
        // Of two with one priority any may be applied.
        (
            of("tier: Admin, priority: 5", "Deny", "") + &of("tier: Admin, priority: 5", "Accept", ""),
            Confidence::Inferred,
        ),
        (of("tier: Tomorrow, priority: 5", "Deny", ""), Confidence::Inferred),
        (of("tier: Admin, priority: 5", "Drop", ""), Confidence::Inferred),
        (of("tier: Admin, priority: 5", "Deny", ", protocols: [{quic: {}}]"), Confidence::Inferred),
        (
            of("tier: Admin, priority: 5", "Deny", ", protocols: [{udp: {destinationPort: {number: 8080}}}]"),
            Confidence::Proven,
        ),
        (
            of("tier: Admin, priority: 5", "Deny", ", protocols: [{tcp: {destinationPort: {number: 80}}}]"),
            Confidence::Proven,
        ),
    ] {
        let hop = check(&objects, &[]);
        assert_eq!(hop.confidence, confidence, "{objects}");
    }
    for protocols in
        ["{tcp: {}}", "{destinationNamedPort: http}", "{tcp: {destinationPort: {range: {start: 8000, end: 9000}}}}"]
    {
        check(&of("tier: Admin, priority: 5", "Deny", &format!(", protocols: [{protocols}]")), &["NP-ANP"]);
    }
}

#[test]
fn each_direction_is_decided_for_itself() {
    let out = "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: out, namespace: ingress-nginx}\nspec: {podSelector: {}, policyTypes: [Egress]}\n";
    check(&(cluster_policy("in", "tier: Admin, priority: 5", "Accept", "") + out), &["NP-EGRESS"]);
    let egress = "---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: out}\nspec: {tier: Admin, priority: 0, subject: {namespaces: {}}, egress: [{action: Accept, to: [{namespaces: {}}]}]}\n";
    check(&(egress.to_owned() + out), &[]);
    check(&(egress.to_owned() + &policy("policyTypes: [Ingress]")), &["NP-INGRESS-DENY"]);
}

#[test]
fn policies_that_are_not_evaluated_only_lower_the_confidence() {
    let cilium = "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c, namespace: shop}\n";
    let hop = check(cilium, &["NP-OTHER-CNI"]);
    assert_eq!((hop.status(), hop.confidence), (Status::Ok, Confidence::NeedsProbe));
}

#[test]
fn callers_of_whom_little_is_known_may_be_let_in() {
    let objects = format!("{BASE}{}", from("{podSelector: {matchLabels: {app: front}}}", "{port: 8080}"));
    fixture::world(&objects, |world| {
        let pod = world.named(crate::kinds::POD, "shop", "web").unwrap().clone();
        let ask = |vantage| admit(world, &Caller::Direct(vantage), (Protocol::Tcp, &[(pod.clone(), 8080)]));
        let same = ask(Vantage::Namespace(Arc::from("shop")));
        assert_eq!((same.status(), same.confidence), (Status::Ok, Confidence::Inferred));
        assert_eq!(ask(Vantage::Namespace(Arc::from("other"))).status(), Status::Broken);
        assert_eq!(ask(Vantage::External).status(), Status::Broken);
    });
}
