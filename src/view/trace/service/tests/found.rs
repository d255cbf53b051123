//! Faults of Services, slices and pods, each by the part of a healthy cluster that is changed.

use super::*;
use crate::view::trace::fault::Severity;

const READY: &str = "conditions: [{type: Ready, status: 'True'}]";
const UNREADY: &str = "conditions: [{type: Ready, status: 'False'}]";
const STATE: &str = "ready: true, started: true, state: {running: {}}";
const IN_SLICE: &str = "conditions: {ready: true}";
const OUT_OF_SLICE: &str = "conditions: {ready: false, serving: false, terminating: false}";
const MANAGED: &str = ", endpointslice.kubernetes.io/managed-by: endpointslice-controller.k8s.io";
const TARGETS: [(&str, &str); 2] = [
    (", targetRef: {kind: Pod, namespace: shop, name: web-a}", ""),
    (", targetRef: {kind: Pod, namespace: shop, name: web-b}", ""),
];

/// Walks the usual way through a changed cluster; the codes are all that is wrong.
fn check(edits: Edits, expected: &[&str]) -> Leg {
    checked(&Walk::usual(), edits, expected)
}

fn checked(walk: &Walk, edits: Edits, expected: &[&str]) -> Leg {
    let leg = walk.cluster(&edited(edits));
    assert_eq!(codes(&leg), expected, "{:#?}", findings(&leg).iter().map(|f| f.message()).collect::<Vec<_>>());
    leg
}

/// Both pods are not ready, in this way.
fn pods(state: &str, more: Edits, expected: &[&str]) -> Leg {
    let status = format!("ready: false, {state}");
    let mut edits = vec![(READY, UNREADY), (STATE, status.as_str()), (IN_SLICE, OUT_OF_SLICE)];
    edits.extend(more);
    let mut expected = expected.to_vec();
    expected.push("ES-NOT-READY");
    expected.sort_unstable();
    let leg = check(&edits, &expected);
    assert_eq!(leg.end, Some(LegEnd::NoEndpoints));
    leg
}

#[test]
fn a_service_that_is_not_there_is_looked_for() {
    let typo = Walk { arm: arm("shop", "wbe", PortRef::Number(80)), ..Walk::usual() };
    let leg = checked(&typo, &[], &["SV-MISSING"]);
    assert_eq!(leg.end, Some(LegEnd::NoService));
    assert!(finding(&leg, "SV-MISSING").fix()[1].contains("/spec/rules/0/http/paths/0/backend/service/name"));
    assert!(finding(&leg, "SV-MISSING").message().contains("did you mean web?"));
    let elsewhere = Walk { arm: arm("default", "web", PortRef::Number(80)), ..Walk::usual() };
    let leg = checked(&elsewhere, &[], &["SV-MISSING", "SV-OTHER-NS"]);
    assert!(finding(&leg, "SV-OTHER-NS").message().contains("is in namespace shop"));
}

#[test]
fn ports_are_found_as_each_caller_looks_for_them() {
    let number = |port| Walk::port(PortRef::Number(port));
    let name = |port: &str| Walk::port(PortRef::Name(Arc::from(port)));
    checked(&name("http"), &[], &[]);
    let leg = checked(&number(81), &[], &["SV-PORT-MISSING"]);
    assert!(finding(&leg, "SV-PORT-MISSING").message().contains("it has 80 (http)"));
    checked(&name("web"), &[], &["SV-PORT-NAME"]);
    // The port of the pods works for ingress-nginx, and for nobody else.
    checked(&number(8080), &[], &["SV-TARGETPORT-USED"]);
    let traefik = Walk { arm: number(8080).arm, ..Walk::by(Flavour::Traefik) };
    checked(&traefik, &[], &["SV-PORT-MISSING"]);
    let inside = Walk { arm: Arm { named_by: None, ..number(81).arm }, ..Walk::inside() };
    assert_eq!(checked(&inside, &[], &["SV-PORT-MISSING"]).end, Some(LegEnd::Dropped));
    check(
        &[
            ("port: 80, protocol: TCP", "port: 80, protocol: UDP"),
            ("port: 8080, protocol: TCP", "port: 8080, protocol: UDP"),
        ],
        &["SV-UDP"],
    );
}

#[test]
fn a_selector_that_matches_nothing_is_told_with_the_closest() {
    let none = [
        ("selector: {app: web}", "selector: {app: web, version: blue}"),
        (
            "endpoints:\n- {addresses: [10.244.1.20], conditions: {ready: true}, nodeName: one, targetRef: {kind: Pod, namespace: shop, name: web-a}}\n- {addresses: [10.244.1.21], conditions: {ready: true}, nodeName: one, targetRef: {kind: Pod, namespace: shop, name: web-b}}",
            "endpoints: []",
        ),
    ];
    let leg = check(&none, &["SV-SELECTOR-NONE"]);
    assert_eq!(leg.end, Some(LegEnd::NoEndpoints));
    let text = finding(&leg, "SV-SELECTOR-NONE").message();
    assert!(text.contains("app=web,version=blue") && text.contains("web-a, has no label version"), "{text}");
    assert!(finding(&leg, "SV-SELECTOR-NONE").fix()[1].contains("{\"app\":\"web\"}"));
    let other = [
        none.as_slice(),
        &[
            ("labels: {app: web}, owner", "labels: {app: web, version: blue}, owner"),
            ("namespace: shop, uid: a", "namespace: prod, uid: a"),
            ("namespace: shop, uid: b", "namespace: prod, uid: b"),
        ],
    ]
    .concat();
    let leg = check(&other, &["SV-SELECTOR-NONE", "SV-SELECTOR-OTHER-NS"]);
    assert!(finding(&leg, "SV-SELECTOR-OTHER-NS").message().contains("namespace prod"));
}

#[test]
fn a_workload_at_zero_is_told_with_its_autoscaler() {
    let scaler = "\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web, namespace: shop}\nspec: {minReplicas: 1, maxReplicas: 3, scaleTargetRef: {kind: Deployment, name: web}}\n";
    let yaml = edited(&[
        ("replicas: 2", "replicas: 0"),
        ("kind: Pod\nmetadata: {name: web", "kind: Pod\nmetadata: {namespace: prod, name: web"),
        ("namespace: shop, uid: a,", "uid: a,"),
        ("namespace: shop, uid: b,", "uid: b,"),
        (IN_SLICE, OUT_OF_SLICE),
    ]);
    let empty =
        yaml.split("---").filter(|document| !document.contains("EndpointSlice")).collect::<Vec<_>>().join("---");
    let leg = Walk::usual().cluster(&format!("{empty}{scaler}"));
    assert_eq!((codes(&leg), &leg.end), (vec!["SV-ZERO"], &Some(LegEnd::NoEndpoints)));
    assert!(finding(&leg, "SV-ZERO").message().contains("HorizontalPodAutoscaler web"));
    assert!(finding(&leg, "SV-ZERO").fix()[1].ends_with("scale deployment/web --replicas=1"));
}

#[test]
fn a_selector_that_finds_the_pods_of_two_owners_is_wide() {
    let leg = check(
        &[(
            "namespace: shop, uid: b, labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: rs",
            "namespace: shop, uid: b, labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: old, uid: x",
        )],
        &["SV-SELECTOR-WIDE"],
    );
    assert!(finding(&leg, "SV-SELECTOR-WIDE").message().contains("deployment/web and statefulset/old"));
}

#[test]
fn named_ports_are_looked_up_in_each_pod() {
    let by_name = ("targetPort: 8080", "targetPort: http");
    check(&[by_name], &[]);
    let gone =
        [("targetPort: 8080", "targetPort: web"), ("ports: [{name: http, port: 8080, protocol: TCP}]", "ports: []")];
    let leg = check(&gone, &["SV-NAMED-PORT"]);
    assert_eq!(leg.end, Some(LegEnd::NoEndpoints));
    assert!(finding(&leg, "SV-NAMED-PORT").message().contains("8080 (http)"));
    let uid = "uid: b, labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: rs, controller: true}]}\nspec: {nodeName: one, containers: [{name: web, image: web, ports: [{containerPort: 8080, name: http}]";
    let part = [by_name, (uid, &*uid.replace(", name: http}]", "}]"))];
    let leg = check(&part, &["SV-NAMED-PORT-PARTIAL"]);
    assert!(finding(&leg, "SV-NAMED-PORT-PARTIAL").message().contains("1 of 2 pods"));
    // A readiness probe at that very port proves that somebody listens.
    check(
        &[("containerPort: 8080", "containerPort: 9090"), ("path: /ready, port: 8080", "path: /ready, port: 9090")],
        &["SV-PORT-NOT-DECLARED"],
    );
}

#[test]
fn slices_without_a_selector_are_written_by_hand() {
    let by_hand: Vec<(&str, &str)> =
        [("  selector: {app: web}\n", ""), (MANAGED, "")].into_iter().chain(TARGETS).collect();
    check(&by_hand, &[]);
    let unlabelled = [by_hand.as_slice(), &[("labels: {kubernetes.io/service-name: web}", "labels: {}")]].concat();
    check(&unlabelled, &["ES-LABEL", "SV-NO-SELECTOR"]);
    let misnamed =
        [by_hand.as_slice(), &[("ports: [{name: http, port: 8080, protocol", "ports: [{port: 8080, protocol")]]
            .concat();
    let leg = check(&misnamed, &["ES-PORTNAME"]);
    assert_eq!((finding(&leg, "ES-PORTNAME").severity, &leg.end), (Severity::Warn, &None));
    let leg = checked(&Walk::inside(), &misnamed, &["ES-PORTNAME"]);
    assert_eq!(finding(&leg, "ES-PORTNAME").severity, Severity::Broken);
    let bad = [
        by_hand.as_slice(),
        &[
            ("addresses: [10.244.1.20]", "addresses: [127.0.0.1]"),
            ("addresses: [10.244.1.21]", "addresses: [169.254.1.1]"),
        ],
    ]
    .concat();
    let leg = checked(&Walk::inside(), &bad, &["ES-BAD-ADDR", "ES-NOT-READY"]);
    assert!(finding(&leg, "ES-BAD-ADDR").message().contains("127.0.0.1, a loopback address"));
    let orphan = [by_hand.as_slice(), &[("addresses: [10.244.1.20]", "addresses: [10.244.1.99]")]].concat();
    check(&orphan, &["ES-STALE"]);
    let outside = [by_hand.as_slice(), &[("addresses: [10.244.1.20]", "addresses: [192.0.2.7]")]].concat();
    check(&outside, &[]);
}

#[test]
fn slices_that_do_not_fit_their_pods_are_told() {
    check(&[("addresses: [10.244.1.20]", "addresses: [10.244.1.99]")], &["ES-STALE"]);
    check(&[(MANAGED, "")], &["ES-DUP-MANAGER"]);
    checked(&Walk::inside(), &[("  ipFamilies: [IPv4]", "  ipFamilies: [IPv6]")], &["SV-FAMILY"]);
    // ingress-nginx dials what is listed, of whatever family.
    check(&[("  ipFamilies: [IPv4]", "  ipFamilies: [IPv6]")], &[]);
    let empty = "endpoints:\n- {addresses: [10.244.1.20], conditions: {ready: true}, nodeName: one, targetRef: {kind: Pod, namespace: shop, name: web-a}}\n- {addresses: [10.244.1.21], conditions: {ready: true}, nodeName: one, targetRef: {kind: Pod, namespace: shop, name: web-b}}\n";
    let leg = check(&[(empty, "endpoints: []\n")], &["SV-EMPTY-SLICE"]);
    assert!(finding(&leg, "SV-EMPTY-SLICE").message().starts_with("2 pods are behind"));
    assert!(finding(&leg, "SV-EMPTY-SLICE").message().ends_with("the endpoints controller lags or does not run"));
    // Pods without an address cannot be listed: whoever writes the slices does its work.
    let bare =
        [(empty, "endpoints: []\n"), ("podIPs: [{ip: 10.244.1.20}], ", ""), ("podIPs: [{ip: 10.244.1.21}], ", "")];
    let leg = check(&bare, &["SV-EMPTY-SLICE"]);
    let found = finding(&leg, "SV-EMPTY-SLICE");
    assert!(found.message().contains("they have no IP address"), "{}", found.message());
    assert!(found.fix().iter().all(|line| !line.contains("annotate")), "{:?}", found.fix());
}

#[test]
fn one_pod_of_several_that_fails_is_no_broken_path() {
    let is_up = "metadata: {name: web-b, namespace: shop, uid: b, labels: {app: web}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: rs, controller: true}]}
spec: {nodeName: one, containers: [{name: web, image: web, ports: [{containerPort: 8080, name: http}], readinessProbe: {httpGet: {path: /ready, port: 8080}}}]}
status: {phase: Running, conditions: [{type: Ready, status: 'True'}], podIPs: [{ip: 10.244.1.21}], containerStatuses: [{name: web, ready: true, started: true, state: {running: {}}}]}";
    let killed =
        "state: {waiting: {reason: CrashLoopBackOff}}, lastState: {terminated: {exitCode: 137, reason: OOMKilled}}}]}";
    let is_down = is_up
        .replace("status: 'True'", "status: 'False'")
        .replace("ready: true, started: true, state: {running: {}}}]}", &format!("ready: false, {killed}"));
    let slice = "{addresses: [10.244.1.21], conditions: {ready: true}";
    let unlisted = (slice, "{addresses: [10.244.1.21], conditions: {ready: false}");
    let leg = check(&[(is_up, &is_down), unlisted], &["ES-PARTIAL", "PO-OOM"]);
    assert_eq!((finding(&leg, "PO-OOM").severity, leg.end.clone()), (Severity::Warn, None));
    assert!(finding(&leg, "PO-OOM").message().contains("web-b (one of 2) used more memory"));
    // Also where something else keeps the traffic from all of them.
    let leg = check(
        &[(is_up, &is_down), unlisted, ("targetPort: 8080", "targetPort: web")],
        &["ES-PARTIAL", "PO-OOM", "SV-NAMED-PORT"],
    );
    assert_eq!(finding(&leg, "PO-OOM").severity, Severity::Warn);
}

#[test]
fn pods_that_shut_down_serve_kube_proxy_and_no_controller() {
    let leaving = [(IN_SLICE, "conditions: {ready: false, serving: true, terminating: true}")];
    checked(&Walk::usual(), &leaving, &["ES-NOT-READY", "ES-TERMINATING"]);
    assert_eq!(checked(&Walk::inside(), &leaving, &["ES-TERMINATING"]).end, None);
    // Traefik keeps the router for them, and answers 503: see rule/traefik.rs.
    checked(&Walk::by(Flavour::Traefik), &leaving, &["ES-NOT-READY", "ES-TERMINATING"]);
}

#[test]
fn one_pod_that_is_not_ready_only_warns() {
    let one = [
        ("[10.244.1.20], conditions: {ready: true}", "[10.244.1.20], conditions: {ready: false}"),
        (
            "'True'}], podIPs: [{ip: 10.244.1.20}], containerStatuses: [{name: web, ready: true, started: true, state: {running: {}}}]",
            "'False'}], podIPs: [{ip: 10.244.1.20}], containerStatuses: [{name: web, ready: false, started: true, state: {waiting: {reason: ImagePullBackOff}}}]",
        ),
    ];
    let leg = check(&one, &["ES-PARTIAL", "PO-IMAGE"]);
    assert_eq!((finding(&leg, "PO-IMAGE").severity, &leg.end), (Severity::Warn, &None));
}

#[test]
fn why_pods_are_not_ready_is_told() {
    let waiting = |reason: &str| format!("state: {{waiting: {{reason: {reason}}}}}");
    pods(&waiting("ErrImagePull"), &[], &["PO-IMAGE"]);
    pods(&waiting("CreateContainerConfigError"), &[], &["PO-CONFIG"]);
}

#[test]
fn why_containers_end_is_told() {
    let waiting = |reason: &str| format!("state: {{waiting: {{reason: {reason}}}}}");
    let crash = format!(
        "restartCount: 7, lastState: {{terminated: {{exitCode: 137, reason: Error}}}}, {}",
        waiting("CrashLoopBackOff")
    );
    let leg = pods(&crash, &[], &["PO-CRASH"]);
    assert!(
        finding(&leg, "PO-CRASH").message().contains("(and 1 more) keeps ending: exit code 137, restarted 7 times")
    );
    let oom =
        format!("lastState: {{terminated: {{exitCode: 137, reason: OOMKilled}}}}, {}", waiting("CrashLoopBackOff"));
    pods(&oom, &[], &["PO-OOM"]);
    pods("started: true, state: {running: {}}", &[], &["PO-READINESS"]);
    let probe = "readinessProbe: {httpGet: {path: /ready, port: 8080}}";
    pods(
        "started: true, state: {running: {}}",
        &[(probe, "readinessProbe: {tcpSocket: {port: 9999}}")],
        &["PO-PROBE-PORT"],
    );
    pods(
        "started: true, state: {running: {}}",
        &[(probe, "readinessProbe: {tcpSocket: {port: wbe}}")],
        &["PO-PROBE-NAME"],
    );
    pods(
        "started: false, state: {running: {}}",
        &[(probe, "startupProbe: {httpGet: {port: 8080}}, readinessProbe: {httpGet: {port: 8080}}")],
        &["PO-STARTUP"],
    );
    let init = [
        ("spec: {nodeName: one, containers", "spec: {nodeName: one, initContainers: [{name: migrate}], containers"),
        ("containerStatuses", "initContainerStatuses: [{name: migrate, state: {running: {}}}], containerStatuses"),
    ];
    pods(&waiting("PodInitializing"), &init, &["PO-INIT"]);
    pods(
        "",
        &[
            ("spec: {nodeName: one, ", "spec: {"),
            ("phase: Running", "phase: Pending"),
            (
                "type: Ready, status: 'False'}]",
                "type: PodScheduled, status: 'False', reason: Unschedulable, message: 0/3 nodes are available}]",
            ),
        ],
        &["PO-PENDING"],
    );
    pods(
        "started: true, state: {running: {}}",
        &[("status: 'True', reason: KubeletReady", "status: Unknown, reason: NodeStatusUnknown")],
        &["PO-NODE"],
    );
    check(
        &[
            (READY, UNREADY),
            ("spec: {nodeName: one, ", "spec: {nodeName: one, readinessGates: [{conditionType: x.io/lb}], "),
            (IN_SLICE, OUT_OF_SLICE),
        ],
        &["ES-NOT-READY", "PO-GATE"],
    );
    check(
        &[
            ("phase: Running", "phase: Failed, reason: Evicted, message: The node was low on memory"),
            (IN_SLICE, OUT_OF_SLICE),
            (READY, UNREADY),
        ],
        &["ES-NOT-READY"],
    );
}

#[test]
fn what_is_worth_knowing_of_pods_that_serve_is_told() {
    let probe = "readinessProbe: {httpGet: {path: /ready, port: 8080}}";
    let leg = check(&[(probe, "livenessProbe: {httpGet: {path: /health, port: 8080}}")], &["PO-NO-READINESS"]);
    assert!(finding(&leg, "PO-NO-READINESS").message().contains("does not stop requests"));
    check(&[(probe, "readinessProbe: {tcpSocket: {port: 9999}}")], &["PO-PROBE-PORT"]);
    check(
        &[(
            "name: web-b, namespace: shop, uid: b,",
            "name: web-b, namespace: shop, uid: b, deletionTimestamp: '2026-11-20T10:00:00Z', finalizers: [x.io/hold],",
        )],
        &["PO-TERMINATING"],
    );
    let leg = check(&[("containerPort: 8080, name", "containerPort: 8080, hostPort: 80, name")], &[]);
    assert!(finding(&leg, "PO-HOSTPORT").message().contains("at port 80 of node one"));
}

#[test]
fn what_a_service_promises_and_does_not_keep_is_told() {
    check(&[("  type: ClusterIP", "  type: ClusterIP\n  publishNotReadyAddresses: true")], &["SV-PUBLISH-NOTREADY"]);
    let leg = check(&[("  type: ClusterIP", "  type: ClusterIP\n  sessionAffinity: ClientIP")], &[]);
    assert!(finding(&leg, "SV-AFFINITY-IGNORED").message().contains("ingress-nginx connects"));
    let local = [
        ("  type: ClusterIP", "  type: ClusterIP\n  internalTrafficPolicy: Local"),
        ("kind: Node\nmetadata: {name: one}", "kind: Node\nmetadata: {name: two}"),
    ];
    checked(&Walk::usual(), &local, &[]);
    let leg = checked(&Walk::inside(), &local, &["SV-INTERNAL-LOCAL"]);
    assert!(finding(&leg, "SV-INTERNAL-LOCAL").message().contains("node two is without"));
    let hints = [(
        "[10.244.1.20], conditions: {ready: true}",
        "[10.244.1.20], hints: {forZones: [{name: a}]}, conditions: {ready: true}",
    )];
    assert!(finding(&checked(&Walk::inside(), &hints, &[]), "SV-HINTS").message().starts_with("1 of 2"));
    let headless = [("clusterIP: 10.96.1.20", "clusterIP: None")];
    check(&headless, &[]);
    let leg = checked(&Walk::inside(), &headless, &["SV-HEADLESS"]);
    assert_eq!(leg.backend.endpoints[0].port, 80);
    let arm = Arm { reach: Reach::NodePort, ..Walk::usual().arm };
    checked(&Walk { arm, ..Walk::by(Flavour::Gce) }, &[], &["SV-NODEPORT-REQ"]);
}

#[test]
fn hints_keep_what_is_for_the_zone_of_the_caller() {
    let zones = "\n---\napiVersion: v1\nkind: Node\nmetadata: {name: two, labels: {topology.kubernetes.io/zone: b}}\n---\napiVersion: v1\nkind: Node\nmetadata: {name: one, labels: {topology.kubernetes.io/zone: a}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: far, namespace: shop}\nspec: {nodeName: two}\n";
    let first = "nodeName: one, targetRef: {kind: Pod, namespace: shop, name: web-a}";
    let second = "nodeName: one, targetRef: {kind: Pod, namespace: shop, name: web-b}";
    let hint = |zone: &str, rest: &str| format!("hints: {{forZones: [{{name: {zone}}}]}}, {rest}");
    let from = |pod: &str, zone: &str| {
        let (one, two) = (hint("a", first), hint(zone, second));
        let caller = Caller::Direct(Vantage::Pod { namespace: Arc::from("shop"), name: Arc::from(pod) });
        fixture::world(&(edited(&[(first, &one), (second, &two)]) + zones), |world| {
            let arm = Arm { reach: Reach::ServiceAddress, ..arm("shop", "web", PortRef::Number(80)) };
            let leg = walk(world, &arm, &caller);
            let addresses = leg.backend.endpoints.iter().filter_map(|endpoint| endpoint.address.clone());
            addresses.map(|address| address.to_string()).collect::<Vec<_>>().join(" ")
        })
    };
    assert_eq!(from("web-a", "b"), "10.244.1.20");
    assert_eq!(from("far", "b"), "10.244.1.21");
    // None is for the caller's zone: they count for nothing.
    assert_eq!(from("far", "c"), "10.244.1.20 10.244.1.21");
}

#[test]
fn who_goes_by_the_address_of_an_empty_service_is_refused() {
    let arm = || arm("shop", "web", PortRef::Number(80));
    let end = |reach: Reach| {
        let yaml = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {clusterIP: 10.96.0.9, selector: {app: web}, ports: [{port: 80}]}\n";
        Walk { arm: Arm { reach, ..arm() }, ..Walk::usual() }.cluster(yaml).end
    };
    assert_eq!(end(Reach::Pods), Some(LegEnd::NoEndpoints));
    assert_eq!(end(Reach::ServiceAddress), Some(LegEnd::Refused));
}
