//! ExternalNames beside the path that only lead to themselves: harmless to this request, and dead.

use crate::kinds::service::ServiceType;
use crate::kinds::{ObjectRef, SERVICE};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, sv};
use crate::view::trace::world::World;
use std::collections::BTreeSet;
use std::sync::Arc;

type Place = (Arc<str>, Arc<str>);

/// The circles that begin in a namespace, each once, at the Service where it is entered; not those on the path.
pub fn beside(world: &World, namespace: &str, path: &[Place]) -> Vec<Finding> {
    let mut seen: BTreeSet<Place> = path.iter().cloned().collect();
    let mut findings = Vec::new();
    for service in world.bridges(namespace) {
        let start: Place = (Arc::from(namespace), service.key.name.clone());
        let Some(circle) = circle(world, &start) else { continue };
        if circle.iter().any(|place| seen.contains(place)) {
            continue;
        }
        findings.extend(finding(world, &circle));
        seen.extend(circle);
    }
    findings
}

/// The Services of the circle that a chain ends in, the one where it is entered first; none where it ends otherwise.
fn circle(world: &World, start: &Place) -> Option<Vec<Place>> {
    let mut trail: Vec<Place> = Vec::new();
    let mut at = start.clone();
    loop {
        if let Some(entry) = trail.iter().position(|place| *place == at) {
            return Some(trail.split_off(entry));
        }
        let service = facts::service(world.named(SERVICE, &at.0, &at.1)?)?;
        let next = service.external_service().filter(|_| service.kind == ServiceType::ExternalName)?;
        let next = (Arc::from(next.0), Arc::from(next.1));
        trail.push(std::mem::replace(&mut at, next));
    }
}

fn finding(world: &World, circle: &[Place]) -> Option<Finding> {
    let (namespace, name) = circle.first()?;
    let key = ObjectRef::new(SERVICE, namespace, name);
    let record = world.get(&key)?;
    let target = facts::service(record)?.external_name.clone()?;
    let names = circle.iter().chain(circle.first()).map(|(namespace, name)| format!("{namespace}/{name}"));
    let finding = Finding::of(&sv::EN_CYCLE).object("service", &key).word("target", &target);
    let finding = finding.word("chain", names.collect::<Vec<_>>().join(" → ")).severe(Severity::Info);
    Some(finding.proof(record, ".spec.externalName", target))
}
