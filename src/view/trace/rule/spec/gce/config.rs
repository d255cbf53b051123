//! Settings of a load balancer of GKE that stand in objects of their own: FrontendConfig of an Ingress, BackendConfig of a
//! port of a Service.
//!
//! Facts: pkg/frontendconfig, `ToRedirectUrlMap` of pkg/translator, `GetBackendConfigForServicePort` of pkg/backendconfig,
//! GetBackendConfigs of pkg/annotations/service.go, `UpdateFromBackendConfig` of pkg/translator (a health check's own port is
//! asked instead of the one that serves), `ensureRedirectURLMap` of pkg/loadbalancers, StaticIPName of
//! pkg/annotations/ingress.go, sync of pkg/controller/controller.go of kubernetes/ingress-gce: without
//! its FrontendConfig an Ingress gets what it would get without the annotation, without a BackendConfig nothing of it is
//! synced at all.

use crate::kinds::backend_config::BackendConfigFacts;
use crate::kinds::ingress::CLASS_ANNOTATION;
use crate::kinds::ingress::cloud as read;
use crate::kinds::ingress::facts::Backend;
use crate::kinds::pod::probe::Handler;
use crate::kinds::service::{PortRef, ServicePort};
use crate::kinds::{BACKEND_CONFIG, FRONTEND_CONFIG, ObjectRef, POD, Record, SERVICE};
use crate::view::trace::body::Body;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, lb};
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Action, Arm, ArmTarget};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::backend::raw;
use crate::view::trace::world::World;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The annotation of an Ingress that names its FrontendConfig.
const FRONT: &str = "networking.gke.io/v1beta1.FrontendConfig";

/// The annotations of a Service that name the BackendConfigs of its ports; the first that is there counts.
const BACK: [&str; 2] = ["cloud.google.com/backend-config", "beta.cloud.google.com/backend-config"];

/// The annotation of a Service by which GKE reaches its pods, not ports of nodes.
const GROUPS: &str = "cloud.google.com/neg";

/// The annotations of an Ingress that name an address which was reserved before.
const ADDRESSES: [&str; 2] =
    ["kubernetes.io/ingress.global-static-ip-name", "kubernetes.io/ingress.regional-static-ip-name"];

/// Who asks clients to sign in.
const PROXY: &str = "Identity-Aware Proxy";

/// What the FrontendConfig of an Ingress does with a plain request: the hop, and the answer where it is one.
pub fn front(world: &World, request: &Request, ingress: &Arc<Record>) -> Option<(Hop, Option<Outcome>)> {
    let name = ingress.meta.annotation(FRONT).filter(|name| !name.is_empty() && request.scheme == Scheme::Http)?;
    let key = ObjectRef::new(FRONTEND_CONFIG, ingress.key.namespace.as_deref().unwrap_or(""), name);
    let hop = |summary: String| Hop::new(HopKind::Filter, summary);
    let Some(facts) = world.get(&key).and_then(|record| facts::frontend_config(record)) else {
        if !world.is_gone(&key) {
            let summary = format!("FrontendConfig {name} may redirect plain requests to https: it cannot be read");
            return Some((hop(summary).at(&ingress.key).sure(Confidence::NeedsProbe), None));
        }
        let finding = missing(&key, (world, ingress), FRONT).severe(Severity::Warn);
        let finding =
            finding.word("effect", "the load balancer is as without it, and plain requests are not redirected");
        return Some((hop(format!("FrontendConfig {name} does not exist")).at(&ingress.key).with(finding), None));
    };
    let said = facts.redirect.as_deref()?;
    let location = format!("https://{}{}", request.name(), raw(request));
    let status = match said {
        "" | "MOVED_PERMANENTLY_DEFAULT" => 301,
        "FOUND" => 302,
        "SEE_OTHER" => 303,
        "TEMPORARY_REDIRECT" => 307,
        "PERMANENT_REDIRECT" => 308,
        _ => {
            let unknown =
                format!("FrontendConfig {name} redirects to https with {said}, which is no status that is known");
            return Some((Hop::unknown(HopKind::Filter, unknown.clone()).at(&key), Some(Outcome::Unknown(unknown))));
        }
    };
    let summary = format!("FrontendConfig {name}: {status} to {location}");
    Some((hop(summary).at(&key), Some(Outcome::Redirect { status, location })))
}

/// A BackendConfig of any Service of an Ingress that does not exist: then nothing of the Ingress is synced.
pub fn unsynced(world: &World, ingress: &Arc<Record>) -> Option<Finding> {
    let namespace = ingress.key.namespace.as_deref().unwrap_or("");
    facts::ingress(ingress)?.backends().find_map(|backend| {
        let Backend::Service { name, port } = backend else { return None };
        let (service, key, annotation) = configured(world, (namespace, name), port.as_ref())?;
        world.is_gone(&key).then(|| {
            let effect = "the controller syncs nothing of the Ingress, and its load balancer stays as it was before";
            missing(&key, (world, service), annotation).word("effect", effect)
        })
    })
}

/// What stands before the Service of an arm by its BackendConfig: hops, and who answers clients that have not signed in.
pub fn back(world: &World, request: &Request, arm: &Arm) -> (Vec<Hop>, Option<(u16, String)>) {
    let ArmTarget::Service { namespace, name, port } = &arm.target else { return (Vec::new(), None) };
    let Some((service, key, _)) = configured(world, (namespace, name), port.as_ref()) else {
        return (Vec::new(), None);
    };
    let hop = |summary: String| Hop::new(HopKind::Filter, summary).at(&key);
    let Some((record, facts)) = world.get(&key).and_then(|record| Some((record, facts::backend_config(record)?)))
    else {
        let summary = format!("BackendConfig {} may ask for a sign-in, or refuse clients: it cannot be read", key.name);
        return (vec![hop(summary).sure(Confidence::NeedsProbe)], None);
    };
    let mut hops: Vec<Hop> = unasked(world, service, record, facts).into_iter().collect();
    hops.extend(unprobed(world, service, facts).map(|text| {
        let text = format!("BackendConfig {}: {text}", key.name);
        hop(text).sure(Confidence::NeedsProbe)
    }));
    if let Some(policy) = &facts.policy {
        let summary = format!("BackendConfig {}: Cloud Armor's policy {policy} may refuse clients", key.name);
        hops.push(hop(summary).sure(Confidence::NeedsProbe));
    }
    if !facts.signs_in {
        return (hops, None);
    }
    let has_proof = |(name, _): &(String, String)| {
        ["authorization", "proxy-authorization", "cookie"].iter().any(|proof| name.eq_ignore_ascii_case(proof))
    };
    if request.headers.iter().any(has_proof) {
        let summary = format!("BackendConfig {}: {PROXY} lets in whom it knows", key.name);
        hops.push(hop(summary).sure(Confidence::NeedsProbe));
        return (hops, None);
    }
    hops.push(hop(format!("BackendConfig {}: {PROXY} sends who has not signed in to Google: 302", key.name)));
    (hops, Some((302, PROXY.to_owned())))
}

/// The port of a health check that is none of those that a Service leads to: of its pods, of the nodes, or of both where it is
/// not told how the load balancer reaches them. Pods may listen on ports that they do not declare.
fn unasked(world: &World, service: &Arc<Record>, config: &Arc<Record>, facts: &BackendConfigFacts) -> Option<Hop> {
    let port = facts.health_port?;
    let read = facts::service(service)?;
    let namespace = service.key.namespace.as_deref().unwrap_or("");
    let by_pods = service.meta.annotation(GROUPS).map(|said| read::has_group_for_ingresses(said));
    let mut have: BTreeSet<i64> = BTreeSet::new();
    if by_pods != Some(true) {
        have.extend(read.ports.iter().map(|own| i64::from(own.node_port)).filter(|port| *port != 0));
    }
    if by_pods != Some(false) {
        if read.selector.is_empty() {
            return None;
        }
        let pods = world.labelled(POD, namespace, &read.selector);
        let bodies: Vec<Body> = pods.iter().filter_map(|pod| Body::of(pod)).collect();
        // Without a pod nobody knows on which ports they would listen.
        bodies.first()?;
        have.extend(bodies.iter().flat_map(Body::ports).map(|own| i64::from(own.number)));
        have.extend(read.ports.iter().filter_map(|own| match own.target {
            PortRef::Number(number) => Some(i64::from(number)),
            PortRef::Name(_) => None,
        }));
    }
    if have.contains(&port) {
        return None;
    }
    let ports: Vec<String> = have.iter().map(ToString::to_string).collect();
    let ports =
        if ports.is_empty() { "no port at all".to_owned() } else { format!("it leads to {}", ports.join(", ")) };
    let finding = Finding::of(&lb::LB_HEALTH_PORT).object("name", &config.key).word("port", port);
    let finding = finding.word("service", &service.key.name).word("have", ports);
    let finding = finding.proof(config, ".spec.healthCheck.port", port);
    let hop =
        Hop::new(HopKind::Filter, format!("BackendConfig {}: its health check asks port {port}", config.key.name));
    Some(hop.at(&config.key).with(finding).sure(Confidence::Inferred))
}

/// What is left open where a health check asks for a path that no readiness probe of the pods asks for.
fn unprobed(world: &World, service: &Arc<Record>, facts: &BackendConfigFacts) -> Option<String> {
    let path = facts.health_path.as_deref()?;
    let read = facts::service(service).filter(|read| !read.selector.is_empty())?;
    let pods = world.labelled(POD, service.key.namespace.as_deref().unwrap_or(""), &read.selector);
    let bodies: Vec<Body> = pods.iter().filter_map(|pod| Body::of(pod)).collect();
    let probes = bodies.iter().flat_map(Body::serving).filter_map(|part| part.readiness);
    let asked: BTreeSet<&str> = probes
        .filter_map(|probe| match &probe.handler {
            Handler::Http { path, .. } => Some(&**path),
            _ => None,
        })
        .collect();
    if asked.is_empty() || asked.contains(path) {
        return None;
    }
    let asked = asked.into_iter().collect::<Vec<_>>().join(", ");
    Some(format!("its health check wants 200 for {path}; that the pods are ready only tells of {asked}"))
}

/// What GKE gives up for: a redirect of a load balancer inside of a network, or two addresses at once.
pub fn refused(world: &World, ingress: &Arc<Record>) -> Option<Finding> {
    let finding = |why: String| {
        let balancer = format!("the load balancer of {}", world.title(&ingress.key));
        let finding = Finding::of(&lb::LB_REFUSED).object("ingress", &ingress.key).word("who", "GKE");
        finding.word("balancer", balancer).word("why", why)
    };
    let said = |name: &str| ingress.meta.annotation(name).filter(|value| !value.is_empty());
    if let (Some(one), Some(other)) = (said(ADDRESSES[0]), said(ADDRESSES[1])) {
        let finding = finding(format!("it names two static addresses, {one} and {other}"));
        let finding = finding.proof(ingress, format!(".metadata.annotations[{}]", ADDRESSES[0]), one);
        return Some(finding.proof(ingress, format!(".metadata.annotations[{}]", ADDRESSES[1]), other));
    }
    if said(CLASS_ANNOTATION).is_none_or(|class| **class != *"gce-internal") {
        return None;
    }
    let name = said(FRONT)?;
    let key = ObjectRef::new(FRONTEND_CONFIG, ingress.key.namespace.as_deref().unwrap_or(""), name);
    let config = world.get(&key)?;
    facts::frontend_config(config)?.redirect.as_ref()?;
    let why = format!("it is gce-internal, which knows no redirect to https, and FrontendConfig {name} asks for one");
    Some(finding(why).proof(config, ".spec.redirectToHttps.enabled", true))
}

/// The Service, its BackendConfig for a port, and the annotation that says so; none where there is none for it.
fn configured<'a>(
    world: &World<'a>,
    (namespace, name): (&str, &str),
    port: Option<&PortRef>,
) -> Option<(&'a Arc<Record>, ObjectRef, &'static str)> {
    let service = world.named(SERVICE, namespace, name)?;
    let (annotation, said) = BACK.iter().find_map(|key| Some((*key, service.meta.annotation(key)?)))?;
    let own = |own: &&ServicePort| match port {
        Some(PortRef::Number(number)) => own.port == *number,
        Some(PortRef::Name(name)) => own.name == *name,
        None => false,
    };
    let port = facts::service(service)?.ports.iter().find(own)?;
    let config = read::backend_config(said, &port.name, &port.port.to_string())?;
    Some((service, ObjectRef::new(BACKEND_CONFIG, namespace, &config), annotation))
}

fn missing(key: &ObjectRef, (world, owner): (&World, &Arc<Record>), annotation: &str) -> Finding {
    let (kind, plural) = match key.kind {
        FRONTEND_CONFIG => ("FrontendConfig", "frontendconfigs"),
        _ => ("BackendConfig", "backendconfigs"),
    };
    let finding = Finding::of(&lb::LB_CONFIG).object("name", key).word("kind", kind).word("plural", plural);
    let resource = if owner.key.kind == SERVICE { "service" } else { "ingress" };
    let finding = finding.word("owner", world.title(&owner.key)).word("annotation", annotation);
    let finding = finding.word("resource", format!("{resource} {}", owner.key.name));
    let said = owner.meta.annotation(annotation).map_or("", |said| said);
    finding.proof(owner, format!(".metadata.annotations[{annotation}]"), said)
}

/// Puts what stands before the Services into hops; who answers instead is the same for all of them, or not told.
pub fn before(world: &World, request: &Request, action: &Action) -> (Vec<Hop>, Option<(u16, String)>) {
    let Action::Forward(arms) = action else { return (Vec::new(), None) };
    let each: Vec<_> = arms.iter().map(|arm| back(world, request, arm)).collect();
    let gate = each.first().and_then(|(_, gate)| gate.clone());
    let is_same = each.iter().all(|(_, other)| *other == gate);
    (each.into_iter().flat_map(|(hops, _)| hops).collect(), gate.filter(|_| is_same))
}
