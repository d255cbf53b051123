//! Ways through what only Traefik has: TraefikServices, and routes that stand below others.

use super::*;
use crate::view::trace::facts;
use crate::view::trace::flavour::Flavour;
use proptest::prelude::*;
use proptest::sample::select;
use std::fmt::Write as _;

/// The applications: each has a Service, a pod and a slice.
const APPS: [&str; 3] = ["web", "api", "copy"];

fn apps() -> String {
    let one = |(at, name): (usize, &&str)| {
        format!(
            "
apiVersion: v1
kind: Pod
metadata: {{name: {name}-1, namespace: shop, uid: {name}, labels: {{app: {name}}}}}
spec: {{nodeName: one, containers: [{{name: web, image: web, ports: [{{containerPort: 8080}}]}}]}}
status: {{phase: Running, podIPs: [{{ip: 10.0.0.{at}}}], conditions: [{{type: Ready, status: 'True'}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: shop}}
spec: {{clusterIP: 10.96.0.1{at}, selector: {{app: {name}}}, ports: [{{port: 80, targetPort: 8080}}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {{name: {name}-1, namespace: shop, labels: {{kubernetes.io/service-name: {name}}}}}
addressType: IPv4
endpoints: [{{addresses: [10.0.0.{at}], conditions: {{ready: true}}, targetRef: {{kind: Pod, name: {name}-1, namespace: shop, uid: {name}}}}}]
ports: [{{port: 8080}}]
---"
        )
    };
    APPS.iter().enumerate().map(one).collect()
}

fn object(kind: &str, name: &str, spec: &str) -> String {
    format!(
        "\napiVersion: traefik.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: shop}}\nspec: {spec}\n---"
    )
}

fn world<T>(yaml: &str, check: impl FnOnce(&World) -> T) -> T {
    fixture::files_of(&format!("{}{yaml}", apps()), Some(Flavour::Traefik), check)
}

/// The ways of routes to an application's pod, with what they lead through.
fn listed(yaml: &str, app: &str) -> Vec<String> {
    world(yaml, |world| {
        let pod = world.named(POD, "shop", &format!("{app}-1")).unwrap();
        let found = ways(world, pod).entrances.into_iter().filter(|entrance| entrance.kind == Kind::IngressRoute);
        let line = |entrance: Entrance| {
            let via: Vec<_> = entrance.via.iter().map(|key| key.name.to_string()).collect();
            let end = entrance.shadowed_by.map_or(String::new(), |by| format!(" taken by {}", by.name));
            format!("{} {}{end}", entrance.url, via.join(","))
        };
        found.map(line).collect()
    })
}

#[test]
fn a_pod_behind_shared_services_and_routes_below_others_is_reached_by_their_urls() {
    let all = [
        object("IngressRoute", "outer", "{routes: [{match: 'Host(`a.example`) && PathPrefix(`/api`)', middlewares: [{name: strip}]}]}"),
        object("Middleware", "strip", "{stripPrefix: {prefixes: [/api]}}"),
        object("IngressRoute", "inner", "{parentRefs: [{name: outer}], routes: [{match: 'PathPrefix(`/v1`)', services: [{name: split, kind: TraefikService}]}]}"),
        object("TraefikService", "split", "{weighted: {services: [{name: both, kind: TraefikService}, {name: api, port: 80, weight: 3}]}}"),
        object("TraefikService", "both", "{mirroring: {name: web, port: 80, mirrors: [{name: copy, port: 80, percent: 10}]}}"),
    ]
    .concat();
    assert_eq!(listed(&all, "web"), ["http://a.example/api/v1* outer,inner,split,both,web"]);
    assert_eq!(listed(&all, "api"), ["http://a.example/api/v1* outer,inner,split,api"]);
    // Copies are no way in: nobody gets their answers.
    assert_eq!(listed(&all, "copy"), [""; 0]);
    // The repaired or broken form of one link changes what is told.
    let idle = all.replace("weight: 3", "weight: 0");
    assert_eq!(listed(&idle, "api"), ["http://a.example/api/v1* outer,inner,split,api taken by inner"]);
    let apart = all.replace("{name: both, kind: TraefikService}", "{name: api, port: 80}");
    assert_eq!(listed(&apart, "web"), [""; 0]);
}

#[test]
fn what_was_looked_at_holds_what_the_way_depends_on() {
    world("", |world| {
        let pod = world.named(POD, "shop", "web-1").unwrap();
        let reads = ways(world, pod).reads;
        for kind in [INGRESS_ROUTE, crate::kinds::TRAEFIK_SERVICE, MIDDLEWARE] {
            assert!(reads.contains(&Read::Kind(kind)), "{kind:?}");
        }
    });
}

/// A backend of a route or a TraefikService.
fn backend() -> impl Strategy<Value = String> {
    let service =
        (select(&APPS[..]), 0..3).prop_map(|(app, weight)| format!("{{name: {app}, port: 80, weight: {weight}}}"));
    let shared = (select(vec!["one", "two", "gone"]), 0..3)
        .prop_map(|(name, weight)| format!("{{name: {name}, kind: TraefikService, weight: {weight}}}"));
    prop_oneof![3 => service, 2 => shared]
}

fn shared() -> impl Strategy<Value = String> {
    let weighted = prop::collection::vec(backend(), 0..3)
        .prop_map(|all| format!("{{weighted: {{services: [{}]}}}}", all.join(", ")));
    let mirrored = (select(&APPS[..]), backend()).prop_map(|(app, mirror)| {
        format!("{{mirroring: {{name: {app}, port: 80, mirrors: [{}]}}}}", mirror.replace("weight", "percent"))
    });
    prop_oneof![3 => weighted, 1 => mirrored, 1 => Just("{}".to_owned())]
}

/// A route of this name, which may stand below some of these.
fn route(
    name: &'static str,
    above: &'static [&'static str],
    rules: &'static [&'static str],
) -> impl Strategy<Value = String> {
    let steps = prop_oneof![2 => Just(String::new()), 1 => Just("{name: strip}".to_owned()), 1 => Just("{name: add}".to_owned())];
    let rule = (select(rules), steps, prop::collection::vec(backend(), 0..2)).prop_map(|(rule, steps, services)| {
        format!("{{match: '{rule}', middlewares: [{steps}], services: [{}]}}", services.join(", "))
    });
    let parents = prop::sample::subsequence(above, 0..=above.len());
    (prop::collection::vec(rule, 1..3), parents).prop_map(move |(rules, parents)| {
        let mut text = String::new();
        for parent in parents {
            write!(text, "{{name: {parent}}}, ").unwrap();
        }
        object("IngressRoute", name, &format!("{{parentRefs: [{text}], routes: [{}]}}", rules.join(", ")))
    })
}

const OUTER: [&str; 3] = ["Host(`a.example`)", "Host(`a.example`) && PathPrefix(`/api`)", "Host(`b.example`)"];
const INNER: [&str; 4] =
    ["PathPrefix(`/v1`)", "PathPrefix(`/api/v1`)", "Path(`/`)", "Host(`a.example`) && PathPrefix(`/`)"];

/// Some routes in layers, and what they lead to.
fn layers() -> impl Strategy<Value = String> {
    let routes =
        (route("outer", &[], &OUTER), route("inner", &["outer"], &INNER), route("low", &["outer", "inner"], &INNER));
    (routes, shared(), shared()).prop_map(|((outer, inner, low), one, two)| {
        [
            outer,
            inner,
            low,
            object("TraefikService", "one", &one),
            object("TraefikService", "two", &two),
            object("Middleware", "strip", "{stripPrefix: {prefixes: [/api]}}"),
            object("Middleware", "add", "{addPrefix: {prefix: /api}}"),
        ]
        .concat()
    })
}

/// Whether the rule that names a route takes its request, not another one of the same object.
fn is_taken(world: &World, route: &Route, trace: &Trace) -> bool {
    let rules = &facts::ingress_route(world.get(&route.owner).unwrap()).unwrap().routes;
    let mut own = (0..rules.len()).filter(|index| route.field == format!(".spec.routes[{index}].match"));
    let text = format!(": {} (", rules[own.next().unwrap()].rule);
    let last = trace.hops.iter().rev().find(|hop| hop.kind == HopKind::Rule).unwrap();
    last.object.as_ref() == Some(&route.owner) && last.summary.contains(&text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn every_url_that_is_told_of_a_pod_leads_to_it_and_none_is_left_out(yaml in layers()) {
        world(&yaml, |world| {
            let traces: Vec<(Route, Trace)> = routes::all(world.cluster).into_iter().map(|route| {
                let trace = follow(world, &route.request);
                (route, trace)
            }).collect();
            for app in APPS {
                let pod = world.named(POD, "shop", &format!("{app}-1")).unwrap();
                let reach = Reach::of(world, pod);
                let told = ways(world, pod).entrances;
                let is_of = |entrance: &Entrance, route: &Route| entrance.url == route.pattern() && entrance.via.contains(&route.owner);
                for entrance in told.iter().filter(|entrance| entrance.kind == Kind::IngressRoute) {
                    let is_claimed = entrance.shadowed_by.is_none() && entrance.verdict.is_some_and(|verdict| Verdict::Unknown < verdict);
                    let mut meant = traces.iter().filter(|(route, _)| is_of(entrance, route));
                    prop_assert!(!is_claimed || meant.any(|(_, trace)| reaches(trace, &reach)), "{:?} does not reach {app}", entrance);
                }
                for (route, _) in traces.iter().filter(|(route, trace)| reaches(trace, &reach) && is_taken(world, route, trace)) {
                    let is_told = told.iter().any(|entrance| entrance.shadowed_by.is_none() && is_of(entrance, route));
                    prop_assert!(is_told, "{} of {:?} reaches {app}, which knows {:#?}", route.pattern(), route.owner, told);
                }
            }
            Ok(())
        })?;
    }
}
