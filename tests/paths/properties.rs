//! The invariants of request paths, over generated clusters.

use crate::generated::objects;
use crate::ground::{CATALOG, Ground, broken, config, picture, reaches, records};
use kplumb::kinds::{
    CONFIG_MAP, DEPLOYMENT, ENDPOINT_SLICE, GATEWAY, INGRESS, INGRESS_CLASS, KindId, NAMESPACE, NETWORK_POLICY, NODE,
    ObjectRef, POD, REFERENCE_GRANT, Record, SECRET, SERVICE,
};
use kplumb::model::{Change, Scope, Sync};
use kplumb::view::reverse::{Entrance, Kind, ways};
use kplumb::view::routes::index::{Index, Told, told};
use kplumb::view::routes::{self, Route};
use kplumb::view::trace::follow::follow;
use kplumb::view::trace::hop::{Hop, HopKind, Status};
use kplumb::view::trace::outcome::{Outcome, Trace, Verdict};
use kplumb::view::trace::request::{Request, Vantage};
use kplumb::view::trace::verdict;
use kplumb::view::trace::world::World;
use proptest::prelude::*;
use proptest::sample::Index as Pick;
use serde_json::{Value, json};
use std::sync::Arc;

/// The kinds that a path may need, and that somebody may not be allowed to list.
const NEEDED: [KindId; 13] = [
    INGRESS,
    INGRESS_CLASS,
    SERVICE,
    ENDPOINT_SLICE,
    POD,
    NETWORK_POLICY,
    SECRET,
    NAMESPACE,
    NODE,
    DEPLOYMENT,
    CONFIG_MAP,
    GATEWAY,
    REFERENCE_GRANT,
];

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn every_way_that_is_told_of_a_pod_leads_to_it(objects in objects()) {
        let ground = Ground::town(&records(&objects));
        let all = routes::all(&ground.cluster);
        for pod in ground.pods() {
            for entrance in ways(&ground.world(), &pod).entrances {
                leads(&ground, &all, &entrance, &pod)?;
            }
        }
    }

    #[test]
    fn every_route_that_reaches_a_pod_is_told_of_it(objects in objects()) {
        let ground = Ground::town(&records(&objects));
        let world = ground.world();
        let all = routes::all(&ground.cluster);
        let traces: Vec<(&Route, Trace)> = all.iter().map(|route| (route, follow(&world, &route.request))).collect();
        for pod in ground.pods() {
            let entrances = ways(&world, &pod).entrances;
            for (route, trace) in traces.iter().filter(|(_, trace)| is_own(trace) && reaches(trace, &pod)) {
                let is_told = |entrance: &Entrance| {
                    entrance.shadowed_by.is_none() && entrance.url == route.pattern()
                        && entrance.via.contains(&route.owner)
                };
                // An Ingress that takes the requests of another one is named there, not by its own routes.
                let takes_own = trace.objects().any(|object| *object == route.owner);
                prop_assert!(!takes_own || entrances.iter().any(is_told),
                    "{} reaches {:?}, which knows {:#?}\n{}", route.pattern(), pod.key, entrances, picture(trace));
            }
        }
    }

    #[test]
    fn the_order_of_objects_does_not_matter((objects, shuffled) in shuffled()) {
        let (one, other) = (Ground::town(&records(&objects)), Ground::town(&records(&shuffled)));
        for request in one.requests() {
            prop_assert_eq!(follow(&one.world(), &request), follow(&other.world(), &request));
        }
        for pod in one.pods() {
            prop_assert_eq!(ways(&one.world(), &pod), ways(&other.world(), &pod));
        }
    }

    #[test]
    fn objects_that_have_nothing_to_do_with_it_change_nothing(objects in objects()) {
        let mut objects = objects;
        // That there is another one at all is worth a word; the second is worth none.
        objects.extend(elsewhere("before"));
        let ground = Ground::town(&records(&objects));
        objects.extend(elsewhere("elsewhere"));
        let larger = Ground::town(&records(&objects));
        for request in ground.requests() {
            let (before, after) = (follow(&ground.world(), &request), follow(&larger.world(), &request));
            prop_assert_eq!(said(&before), said(&after), "{}\n{}", picture(&before), picture(&after));
        }
    }

    #[test]
    fn a_verdict_is_what_its_hops_say(objects in objects()) {
        let ground = Ground::town(&records(&objects));
        for world in [ground.world(), ground.files()] {
            for request in ground.requests() {
                consistent(&follow(&world, &request))?;
            }
        }
    }

    #[test]
    fn what_may_not_be_read_is_never_a_fault(objects in objects(), pick in any::<Pick>(), is_forbidden in any::<bool>()) {
        let records = records(&objects);
        let ground = Ground::town(&records);
        let kind = *pick.get(&NEEDED);
        let sync = if is_forbidden { Sync::Forbidden } else { Sync::Listing { seen: 0, total: None } };
        let half = Ground::without(&records, kind, sync.clone());
        for request in ground.requests() {
            let (whole, part) = (follow(&ground.world(), &request), follow(&half.world(), &request));
            let new: Vec<_> = broken(&part).difference(&broken(&whole)).copied().collect();
            prop_assert!(new.is_empty(), "{new:?} without {} ({sync:?})\n{}\n{}",
                CATALOG.get(kind).unwrap().plural, picture(&part), picture(&whole));
        }
    }

    #[test]
    fn files_that_hold_everything_say_what_the_cluster_says(objects in objects()) {
        // Where no slice was given, files take the pods for the endpoints, and a cluster says that it has none.
        prop_assume!(objects.iter().any(|object| object["kind"] == "EndpointSlice"));
        let ground = Ground::town(&records(&objects));
        for request in ground.requests() {
            let (live, files) = (follow(&ground.world(), &request), follow(&ground.files(), &request));
            prop_assert_eq!(end(&live), end(&files), "{}\n{}", picture(&live), picture(&files));
        }
    }

    #[test]
    fn the_index_of_routes_equals_a_fresh_check(objects in objects(), steps in steps()) {
        index_is_fresh(&records(&objects), &steps)?;
    }
}

/// The same objects in two orders.
fn shuffled() -> impl Strategy<Value = (Vec<Value>, Vec<Value>)> {
    objects().prop_flat_map(|objects| (Just(objects.clone()), Just(objects).prop_shuffle()))
}

/// Whether the first answer of a chain, not a later one, comes from a backend.
fn is_own(trace: &Trace) -> bool {
    matches!(trace.outcome, Outcome::Forward(_))
}

/// Checks one way: what it claims to reach, a request reaches.
fn leads(ground: &Ground, all: &[Route], entrance: &Entrance, pod: &Record) -> Result<(), TestCaseError> {
    let is_claimed =
        entrance.shadowed_by.is_none() && entrance.verdict.is_some_and(|verdict| Verdict::Unknown < verdict);
    if !is_claimed {
        return Ok(());
    }
    let requests: Vec<Request> = match entrance.kind {
        // They are not asked by a URL.
        Kind::HostPort | Kind::TcpRoute | Kind::UdpRoute | Kind::TcpService | Kind::Webhook => Vec::new(),
        Kind::Service => {
            let mut request = Request::get(&entrance.url).unwrap();
            let namespace = entrance.via[0].namespace.clone().unwrap();
            request.vantage = Vantage::Namespace(namespace);
            vec![request]
        }
        Kind::LoadBalancer | Kind::NodePort | Kind::ExternalIp => vec![Request::get(&entrance.url).unwrap()],
        _ => {
            let owned = all.iter().filter(|route| entrance.via.contains(&route.owner));
            owned.filter(|route| route.pattern() == entrance.url).map(|route| route.request.clone()).collect()
        }
    };
    prop_assert!(!requests.is_empty(), "no route has the address of {entrance:?}");
    let traces: Vec<Trace> = requests.iter().map(|request| follow(&ground.world(), request)).collect();
    prop_assert!(
        traces.iter().any(|trace| reaches(trace, pod)),
        "{entrance:#?} does not reach {:?}\n{}",
        pod.key,
        traces.iter().map(picture).collect::<Vec<_>>().join("\n")
    );
    Ok(())
}

/// A namespace of which no request of the others knows: nothing in it has a name, a label or a host of theirs.
fn elsewhere(namespace: &str) -> Vec<Value> {
    let labels = json!({"solo": "yes"});
    let metadata = |name: &str| json!({"name": name, "namespace": namespace, "uid": format!("{namespace}-{name}"), "labels": labels});
    let backend = json!({"service": {"name": "lonely", "port": {"number": 70}}});
    vec![
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": metadata("lonely"),
            "spec": {"clusterIP": "10.96.200.7", "selector": labels, "ports": [{"port": 70, "targetPort": 7070}]}}),
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata("lonely-0"),
            "spec": {"nodeName": "worker-1", "containers": [{"name": "solo", "image": "solo"}]},
            "status": {"phase": "Running", "podIPs": [{"ip": "10.244.9.9"}],
                "conditions": [{"type": "Ready", "status": "True"}]}}),
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "lonely-1", "namespace": namespace,
                "labels": {"kubernetes.io/service-name": "lonely"}},
            "endpoints": [{"addresses": ["10.244.9.9"]}], "ports": [{"port": 7070}]}),
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata("closed"),
            "spec": {"podSelector": {}, "policyTypes": ["Ingress"]}}),
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata("lonely"),
            "spec": {"ingressClassName": "nginx", "rules": [
                {"host": format!("{namespace}.example.net"), "http": {"paths": [{"path": "/solo", "pathType": "Prefix", "backend": backend}]}}]}}),
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata("settings"), "data": {"a": "b"}}),
    ]
}

/// What a trace says, without what it read to say it.
fn said(trace: &Trace) -> Vec<(Verdict, Outcome, Vec<Step>)> {
    let step = |hop: &Hop| {
        let codes = hop.findings.iter().map(kplumb::view::trace::fault::Finding::code).collect();
        (hop.kind, hop.status(), hop.object.clone(), codes)
    };
    trace.chain().map(|link| (link.verdict, link.outcome.clone(), link.hops.iter().map(step).collect())).collect()
}

/// A hop: what it is, how it is, who decides, and its codes; its words may name the nearest of all hosts there are.
type Step = (HopKind, Status, Option<ObjectRef>, Vec<&'static str>);

/// What a client sees of a trace, and how it is judged.
fn end(trace: &Trace) -> (Verdict, Option<&'static str>, Vec<Outcome>) {
    let headline = verdict::headline(trace).map(kplumb::view::trace::fault::Finding::code);
    (trace.verdict, headline, trace.chain().map(|link| link.outcome.clone()).collect())
}

/// What must hold of any trace, by itself.
fn consistent(trace: &Trace) -> Result<(), TestCaseError> {
    prop_assert!(trace.chain().count() <= 20, "a redirect does not end: {}", trace.request.url());
    let worst = trace.chain().flat_map(|link| &link.hops).map(|hop| match (hop.status(), hop.kind) {
        (Status::Broken, _) => Verdict::Broken,
        (Status::Unknown, HopKind::Dns | HopKind::Cdn | HopKind::LoadBalancer) | (Status::Warn, _) => Verdict::Warn,
        (Status::Unknown, _) => Verdict::Unknown,
        (Status::Ok | Status::NotReached, _) => Verdict::Ok,
    });
    let page = picture(trace);
    prop_assert_eq!(trace.verdict, worst.min().unwrap_or(Verdict::Ok), "{}", page);
    let needs_headline = trace.verdict == Verdict::Broken;
    prop_assert!(!needs_headline || verdict::headline(trace).is_some(), "broken without a headline\n{page}");
    for link in trace.chain() {
        let unproven = link.hops.iter().find(|hop| {
            hop.status() == Status::Broken && hop.findings.iter().all(|finding| finding.evidence.is_empty())
        });
        prop_assert!(unproven.is_none(), "{unproven:?} is broken without evidence\n{page}");
        let own = verdict::own(link);
        match &link.outcome {
            Outcome::Forward(backends) => {
                let whole: f64 = backends.iter().map(|backend| backend.share).sum();
                prop_assert!((whole - 1.0).abs() < 1e-9, "the shares are {whole} together\n{page}");
                prop_assert!(backends.iter().all(|backend| 0.0 < backend.share), "a share is nothing\n{page}");
            }
            Outcome::Respond { status: 502..=504, .. }
            | Outcome::DnsError(_)
            | Outcome::Refused(_)
            | Outcome::Timeout(_)
            | Outcome::TlsError(_) => {
                prop_assert_eq!(own, Verdict::Broken, "the client gets nothing, and no hop is broken\n{}", page);
            }
            Outcome::Unknown(why) => {
                prop_assert!(own <= Verdict::Unknown, "the end is unknown ({why}) and the verdict {own:?}\n{page}");
            }
            Outcome::Redirect { .. } | Outcome::Respond { .. } => {}
        }
        prop_assert!(
            own != Verdict::Unknown || matches!(link.outcome, Outcome::Unknown(_)),
            "the verdict is unknown, the outcome {:?}\n{}",
            link.outcome,
            page
        );
        let before = link.hops.iter().take_while(|hop| hop.kind < HopKind::Service).map(|hop| hop.kind);
        let before: Vec<HopKind> = before.collect();
        prop_assert!(before.is_sorted(), "the hops stand in no order: {before:?}\n{page}");
    }
    Ok(())
}

/// What happens to a cluster.
#[derive(Clone, Debug)]
enum Event {
    /// An object comes, or comes back.
    Come(Pick),
    /// An object goes.
    Go(Pick),
    /// A kind may not be read any more, or may again.
    Right(Pick, bool),
}

fn steps() -> impl Strategy<Value = Vec<Event>> {
    let step = prop_oneof![
        5 => any::<Pick>().prop_map(Event::Come),
        3 => any::<Pick>().prop_map(Event::Go),
        1 => (any::<Pick>(), any::<bool>()).prop_map(|(kind, may)| Event::Right(kind, may)),
    ];
    prop::collection::vec(step, 1..16)
}

/// Takes a cluster through its steps; after each the index says what a fresh check says.
fn index_is_fresh(records: &[Record], steps: &[Event]) -> Result<(), TestCaseError> {
    // Half of the objects are there at first.
    let mut ground = Ground::town(&records[..records.len() / 2]);
    let mut index = Index::of(&ground.cluster);
    while index.work(&ground.world(), || true) {}
    for step in steps {
        match step {
            Event::Come(pick) | Event::Go(pick) => {
                let record = pick.get(records);
                let is_there = matches!(step, Event::Come(_));
                let change = if is_there { Change::Apply(record.clone()) } else { Change::Delete(record.key.clone()) };
                let touched = ground.cluster.apply(change);
                index.touch(&ground.cluster, &touched);
            }
            Event::Right(pick, may) => {
                let kind = *pick.get(&NEEDED);
                let sync = if *may { Sync::Live } else { Sync::Forbidden };
                let touched = ground.cluster.apply(Change::Sync(Scope::all(kind), sync));
                index.touch(&ground.cluster, &touched);
                index.reread(&ground.cluster, kind);
            }
        }
        let world = ground.world();
        while index.work(&world, || true) {}
        let kept: Vec<(Route, Told)> =
            index.entries().map(|entry| (entry.route.clone(), entry.told.clone().unwrap())).collect();
        prop_assert_eq!(kept, fresh(&ground, &world), "after {:?}", step);
    }
    Ok(())
}

fn fresh(ground: &Ground, world: &World) -> Vec<(Route, Told)> {
    let all = routes::all(&ground.cluster).into_iter();
    let mut fresh: Vec<(Route, Told)> = all
        .map(|route| {
            let told = told(&follow(world, &route.request));
            (route, told)
        })
        .collect();
    fresh.sort_by(|(one, _), (other, _)| one.owner.cmp(&other.owner));
    fresh
}

#[test]
fn an_httproute_says_what_the_ingress_says_that_it_stands_for() {
    for (path, kind, url) in [
        ("/", "Prefix", "/x"),
        ("/cart", "Prefix", "/cart"),
        ("/cart", "Prefix", "/cart/x?y=1"),
        ("/cart", "Prefix", "/cartoon"),
        ("/cart", "Exact", "/cart"),
        ("/cart", "Exact", "/cart/"),
    ] {
        for service in ["web", "gone"] {
            let (one, other) = twins(path, kind, service, url);
            let answers = |trace: &Trace| match &trace.outcome {
                Outcome::Forward(backends) => backends
                    .iter()
                    .map(|backend| format!("{} {} {:?}", backend.service, backend.path, backend.endpoints))
                    .collect(),
                // Where nobody is there an Ingress answers 503 and a route 500, as their specifications want.
                Outcome::Respond { status, .. } => vec![if *status < 500 { "4xx" } else { "5xx" }.to_owned()],
                outcome => vec![outcome.name().to_owned()],
            };
            let both = format!("{}\n{}", picture(&one), picture(&other));
            assert_eq!(answers(&one), answers(&other), "{path} {kind} {url}\n{both}");
            assert_eq!(one.verdict, other.verdict, "{path} {kind} {url}\n{both}");
        }
    }
}

/// The same rule as an Ingress and as an HTTPRoute, asked for the same path.
fn twins(path: &str, kind: &str, service: &str, url: &str) -> (Trace, Trace) {
    let port = json!({"number": 80});
    let paths = json!([{"path": path, "pathType": kind, "backend": {"service": {"name": service, "port": port}}}]);
    let matches = json!([{"path": {"type": if kind == "Exact" { "Exact" } else { "PathPrefix" }, "value": path}}]);
    let pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "web-0", "namespace": "shop", "uid": "p", "labels": {"app": "web"}},
        "spec": {"nodeName": "worker-1", "containers": [{"name": "web", "image": "web",
            "ports": [{"containerPort": 8080}], "readinessProbe": {"httpGet": {"port": 8080}}}]},
        "status": {"phase": "Running", "podIPs": [{"ip": "10.244.1.9"}], "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "web", "ready": true, "state": {"running": {}}}]}});
    let status = |kind: &str| json!({"type": kind, "status": "True", "reason": kind, "observedGeneration": 1});
    let parent = json!({"name": "public", "namespace": "edge"});
    let objects = [
        json!({"apiVersion": "v1", "kind": "Namespace",
            "metadata": {"name": "shop", "labels": {"kubernetes.io/metadata.name": "shop"}}}),
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"clusterIP": "10.96.3.3", "selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}}),
        json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "web-1", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
            "endpoints": [{"addresses": ["10.244.1.9"], "nodeName": "worker-1",
                "targetRef": {"kind": "Pod", "name": "web-0", "namespace": "shop", "uid": "p"}}],
            "ports": [{"port": 8080}]}),
        pod,
        json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "i", "namespace": "shop"},
            "spec": {"ingressClassName": "nginx", "rules": [{"host": "shop.example.com", "http": {"paths": paths}}]},
            "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.10"}]}}}),
        json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute",
            "metadata": {"name": "r", "namespace": "shop", "generation": 1},
            "spec": {"parentRefs": [parent], "hostnames": ["gw.example.com"],
                "rules": [{"matches": matches, "backendRefs": [{"name": service, "port": 80}]}]},
            "status": {"parents": [{"controllerName": "gateway.envoyproxy.io/gatewayclass-controller",
                "parentRef": parent, "conditions": [status("Accepted"), status("ResolvedRefs")]}]}}),
        json!({"apiVersion": "externaldns.k8s.io/v1alpha1", "kind": "DNSEndpoint",
            "metadata": {"name": "names", "namespace": "external-dns"}, "spec": {"endpoints": [
                {"dnsName": "shop.example.com", "recordType": "A", "targets": ["203.0.113.10"]},
                {"dnsName": "gw.example.com", "recordType": "A", "targets": ["203.0.113.20"]}]}}),
    ];
    let ground = Ground::town(&records(&objects));
    let get = |host: &str| ground.get(&format!("http://{host}{url}"));
    (get("shop.example.com"), get("gw.example.com"))
}

#[test]
fn a_template_stands_for_the_pods_that_were_not_given() {
    let inferred = ["Pod", "EndpointSlice", "ReplicaSet"];
    for context in kplumb::manifests::embedded::CONTEXTS {
        let live = Ground::demo(context, |_| true);
        let files = Ground::demo(context, |document| !inferred.contains(&document.kind()));
        let mut compared = 0;
        for route in routes::all(&live.cluster) {
            let (whole, part) = (follow(&live.world(), &route.request), follow(&files.files(), &route.request));
            if whole.verdict < Verdict::Warn {
                continue;
            }
            compared += 1;
            let both = format!("{}\n{}", picture(&whole), picture(&part));
            assert!(Verdict::Unknown < part.verdict, "{}\n{both}", route.pattern());
            assert_eq!(services(&whole), services(&part), "{}\n{both}", route.pattern());
        }
        assert!(0 < compared, "no route of {context} is in order");
    }
}

/// A Service, its port, its share, and the path that it sees.
type Part = (Arc<str>, u16, String, String);

/// Which Services get which share, with the path that they see.
fn services(trace: &Trace) -> Vec<Vec<Part>> {
    let of = |link: &Trace| match &link.outcome {
        Outcome::Forward(backends) => backends
            .iter()
            .map(|backend| {
                (Arc::clone(&backend.service), backend.port, format!("{:.3}", backend.share), backend.path.clone())
            })
            .collect(),
        _ => Vec::new(),
    };
    trace.chain().map(of).collect()
}
