//! From a Service to the port of a container: ExternalName chains, endpoints, pods.

pub mod addresses;
pub mod bridge;
pub mod call;
pub mod chain;
pub mod circles;
pub mod crowd;
pub mod endpoints;
pub mod front;
pub mod listening;
pub mod mesh;
pub mod missing;
pub mod names;
pub mod outside;
pub mod pods;
pub mod ports;
pub mod probes;
pub mod selection;
pub mod slices;
pub mod taker;
pub mod takers;
pub mod why;
pub mod zones;

use self::call::Call;
use self::chain::Goal;
use crate::kinds::service::PortRef;
use crate::view::trace::hop::{HopKind, Standing, Status};
use crate::view::trace::outcome::Backend;
use crate::view::trace::plan::{Arm, ArmTarget, Caller, Leg, LegEnd};
use crate::view::trace::policy;
use crate::view::trace::world::World;
use std::sync::Arc;

/// Follows one arm to its pods.
pub fn walk(world: &World, arm: &Arm, caller: &Caller) -> Leg {
    let mut leg = Leg { hops: Vec::new(), backend: nobody(arm), end: None, side: Vec::new() };
    let ArmTarget::Service { namespace, name, port } = &arm.target else {
        leg.end = Some(LegEnd::NoService);
        return leg;
    };
    let mut call = Call::new(world, arm, caller);
    let start = (namespace.clone(), name.clone());
    if let Some(goal) = chain::follow(&mut call, &mut leg, start, port.as_ref()) {
        reach(&call, &mut leg, &goal);
    }
    if !leg.backend.via.is_empty() || leg.hops.iter().any(|hop| hop.kind == HopKind::ExternalName) {
        lookups(&call, &mut leg);
    }
    let on_path = path(&leg);
    let mut namespaces: Vec<&Arc<str>> = on_path.iter().map(|(namespace, _)| namespace).collect();
    namespaces.dedup();
    for namespace in namespaces {
        leg.side.extend(circles::beside(world, namespace, &on_path));
    }
    if leg.end.is_none() {
        let unknown = leg.hops.iter().find(|hop| hop.standing == Standing::Unknown);
        leg.end = unknown.map(|hop| LegEnd::Unknown(hop.summary.clone()));
    }
    leg
}

/// A backend of which nothing is known yet.
fn nobody(arm: &Arm) -> Backend {
    let port = match &arm.target {
        ArmTarget::Service { port: Some(PortRef::Number(port)), .. } => u16::try_from(*port).unwrap_or(0),
        ArmTarget::Service { .. } | ArmTarget::Nowhere => 0,
    };
    Backend {
        namespace: Arc::from(""),
        service: Arc::from(""),
        port,
        share: arm.share,
        path: arm.path.clone(),
        host: arm.host.clone(),
        status: None,
        via: Vec::new(),
        endpoints: Vec::new(),
    }
}

/// From the Service that has endpoints to their ports.
fn reach<'a>(call: &Call<'a, '_>, leg: &mut Leg, goal: &Goal<'a>) {
    let crowd = crowd::gather(call.world, goal);
    let takers = takers::find(call, goal, &crowd);
    let mut end = leg.end.take();
    let (service, stopped) = front::judge(call, goal, &crowd, &takers);
    let explained = front::explains_nobody(&service);
    leg.hops.push(service);
    end = end.or(stopped);
    let (endpoints, stopped) = endpoints::judge(call, goal, &crowd, &takers, explained);
    leg.hops.push(endpoints);
    end = end.or(stopped);
    let bodies = takers.bodies();
    if !bodies.is_empty() {
        let hop = policy::admit(call.world, call.caller, (call.protocol(), &bodies));
        end = end.or((hop.status() == Status::Broken).then_some(LegEnd::Dropped));
        leg.hops.push(hop);
    }
    leg.hops.extend(pods::judge(call, goal, &crowd, &takers));
    if let Some((hop, stopped)) = listening::judge(call, goal, &takers) {
        leg.hops.push(hop);
        end = end.or(stopped);
    }
    leg.backend.endpoints = takers.endpoints();
    leg.end = end;
}

/// Who follows a name must be able to look it up.
fn lookups(call: &Call, leg: &mut Leg) {
    let target = leg.hops.iter().find(|hop| hop.kind == HopKind::ExternalName).map(|hop| hop.summary.clone());
    let target = target.unwrap_or_default();
    let Some(finding) = policy::resolves(call.world, call.caller, target.trim_start_matches("leads to ")) else {
        return;
    };
    if let Some(hop) = leg.hops.iter_mut().find(|hop| hop.kind == HopKind::ExternalName) {
        hop.findings.push(finding);
    }
    leg.end = Some(LegEnd::NoName);
}

/// The Services on the way.
fn path(leg: &Leg) -> Vec<(Arc<str>, Arc<str>)> {
    let services = leg.hops.iter().filter(|hop| matches!(hop.kind, HopKind::Service | HopKind::ExternalName));
    services
        .filter_map(|hop| hop.object.as_ref())
        .filter_map(|key| Some((key.namespace.clone()?, key.name.clone())))
        .collect()
}

#[cfg(test)]
mod tests;
