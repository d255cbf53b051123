//! A Service that is not there: where it is instead, or what was meant.

use crate::kinds::service::ServiceType;
use crate::kinds::{CONFIG_MAP, ENDPOINT_SLICE, INGRESS, NETWORK_POLICY, ObjectRef, POD, Record, SECRET, SERVICE};
use crate::view::trace::body::WORKLOADS;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, sv};
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::near;
use crate::view::trace::plan::Caller;
use crate::view::trace::service::call::Call;
use crate::view::trace::service::names;
use crate::view::trace::world::World;
use std::sync::Arc;

/// The hop of a Service that a rule names and that is not there.
pub fn service(call: &Call, namespace: &str, name: &str) -> Hop {
    let world = call.world;
    let key = ObjectRef::new(SERVICE, namespace, name);
    let here = world.in_namespace(SERVICE, namespace);
    let similar = near::nearest(name, here.iter().map(|service| &*service.key.name));
    let finding = call.named(Finding::of(&sv::SV_MISSING)).object("service", &key);
    let mut finding = call.proven(finding, name).fact(Some(key.clone()), ".metadata.name", "not found");
    finding = match similar {
        Some(similar) => finding.word("similar", format!("; did you mean {similar}?")).word("candidate", similar),
        None => finding.word("similar", have(&here)),
    };
    let hop = Hop::new(HopKind::Service, format!("Service {namespace}/{name} does not exist")).at(&key).with(finding);
    match elsewhere(world, namespace, name, |_| true) {
        Some(other) => hop.with(other_namespace(call, &key, other)),
        None => hop,
    }
}

fn have(here: &[&Arc<Record>]) -> String {
    let names: Vec<&str> = here.iter().take(5).map(|service| &*service.key.name).collect();
    match names.as_slice() {
        [] => "; its namespace has no Service at all".to_owned(),
        names if here.len() <= names.len() => format!("; there is {}", names.join(", ")),
        names => format!("; there are {} and {} more", names.join(", "), here.len() - names.len()),
    }
}

/// A Service of the same name in another namespace.
fn elsewhere<'a>(
    world: &World<'a>,
    namespace: &str,
    name: &str,
    fits: impl Fn(&Record) -> bool,
) -> Option<&'a Arc<Record>> {
    let found = world.of(SERVICE).filter(|service| *service.key.name == *name && fits(service));
    let found = found.filter(|service| service.key.namespace.as_deref() != Some(namespace));
    found.min_by(|one, other| one.key.cmp(&other.key))
}

/// Whether a Service is only another name.
fn is_bridge(service: &Record) -> bool {
    facts::service(service).is_some_and(|facts| facts.kind == ServiceType::ExternalName)
}

fn other_namespace(call: &Call, key: &ObjectRef, other: &Record) -> Finding {
    let law = match call.caller {
        Caller::Controller(_) => "an Ingress reaches Services of its own namespace only",
        Caller::Gateway { .. } => "a route that names no namespace means its own",
        Caller::Direct(_) => "a name without namespace means the caller's own",
    };
    let (domains, _) = names::domains(call.world);
    let domain = domains.first().map_or("", |domain| &**domain);
    let place = other.key.namespace.as_deref().unwrap_or("");
    let finding = call.named(Finding::of(&sv::SV_OTHER_NS)).object("service", key);
    let finding = finding.word("other", place).word("law", law);
    // Few Gateways follow an ExternalName: a route names the namespace itself, and needs a ReferenceGrant.
    let is_route = matches!(call.caller, Caller::Gateway { .. });
    let finding = if is_route { finding } else { finding.word("domain", domain) };
    call.proven(finding, &key.name).proof(other, ".metadata.namespace", place)
}

/// Whether files say nothing at all of a namespace, so that its silence proves nothing.
pub fn is_unspoken(world: &World, namespace: &str) -> bool {
    let kinds = [POD, SERVICE, INGRESS, ENDPOINT_SLICE, NETWORK_POLICY, CONFIG_MAP, SECRET];
    let mut kinds = kinds.into_iter().chain(WORKLOADS);
    world.is_files() && kinds.all(|kind| world.in_namespace(kind, namespace).is_empty())
}

/// What is wrong with an ExternalName whose target is not there.
pub fn target(call: &Call, bridge: &(Arc<str>, Arc<str>), target: &(Arc<str>, Arc<str>)) -> Finding {
    let world = call.world;
    let ((namespace, service), (place, name)) = (bridge, target);
    let (domains, _) = names::domains(world);
    let domain = domains.first().map_or("", |domain| &**domain);
    let here = world.in_namespace(SERVICE, place);
    // One that is only another name itself is not what was meant, least of all the one that asks.
    let real = here.iter().filter(|service| !is_bridge(service));
    let similar = near::nearest(name, real.map(|service| &*service.key.name));
    let candidate = match similar {
        Some(similar) => Some((similar, &**place)),
        None => elsewhere(world, place, name, |service| !is_bridge(service))
            .map(|other| (&**name, other.key.namespace.as_deref().unwrap_or(""))),
    };
    let finding = Finding::of(&sv::EN_TARGET_MISSING).word("namespace", namespace).word("service", service);
    let finding = finding.word("tns", place).word("wanted", format!("{place}/{name}"));
    let finding = match candidate {
        Some((name, place)) => finding
            .word("similar", format!("; did you mean {place}/{name}?"))
            .word("candidate", format!("{name}.{place}.svc.{domain}")),
        None => finding.word("similar", have(&here)),
    };
    let key = ObjectRef::new(SERVICE, namespace, service);
    let said = world.get(&key).and_then(|record| crate::view::trace::facts::service(record)?.external_name.clone());
    let said = said.unwrap_or_else(|| Arc::from(""));
    let finding = finding.word("target", &said);
    let finding = match world.get(&key) {
        Some(record) => finding.proof(record, ".spec.externalName", said),
        None => finding,
    };
    finding.fact(Some(ObjectRef::new(SERVICE, place, name)), ".metadata.name", "not found")
}
