//! Settings of a load balancer of GKE that stand in objects of their own: FrontendConfig of an Ingress, BackendConfig of a
//! port of a Service.
//!
//! Facts: pkg/frontendconfig, `ToRedirectUrlMap` of pkg/translator, `GetBackendConfigForServicePort` of pkg/backendconfig,
//! GetBackendConfigs of pkg/annotations/service.go, sync of pkg/controller/controller.go of kubernetes/ingress-gce: without
//! its FrontendConfig an Ingress gets what it would get without the annotation, without a BackendConfig nothing of it is
//! synced at all.

use crate::kinds::ingress::cloud as read;
use crate::kinds::ingress::facts::Backend;
use crate::kinds::service::{PortRef, ServicePort};
use crate::kinds::{BACKEND_CONFIG, FRONTEND_CONFIG, ObjectRef, Record, SERVICE};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, lb};
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Action, Arm, ArmTarget};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::backend::raw;
use crate::view::trace::world::World;
use std::sync::Arc;

/// The annotation of an Ingress that names its FrontendConfig.
const FRONT: &str = "networking.gke.io/v1beta1.FrontendConfig";

/// The annotations of a Service that name the BackendConfigs of its ports; the first that is there counts.
const BACK: [&str; 2] = ["cloud.google.com/backend-config", "beta.cloud.google.com/backend-config"];

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
    let Some((_, key, _)) = configured(world, (namespace, name), port.as_ref()) else { return (Vec::new(), None) };
    let hop = |summary: String| Hop::new(HopKind::Filter, summary).at(&key);
    let Some(facts) = world.get(&key).and_then(|record| facts::backend_config(record)) else {
        let summary = format!("BackendConfig {} may ask for a sign-in, or refuse clients: it cannot be read", key.name);
        return (vec![hop(summary).sure(Confidence::NeedsProbe)], None);
    };
    let mut hops = Vec::new();
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
