//! Load balancers of GKE: one for each Ingress, on ports 80 and 443 only, and what its own health checks say.
//!
//! Facts: `edgeHop` and `GetLBAnnotations` of pkg/loadbalancers/l7.go, pkg/annotations/ingress.go, pkg/utils/namer of
//! kubernetes/ingress-gce.

mod config;
mod managed;

use crate::kinds::ingress::cloud as read;
use crate::kinds::service::PortRef;
use crate::kinds::{Record, SERVICE};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, lb};
use crate::view::trace::hop::Confidence;
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Action, ArmTarget, Controller, Decision};
use crate::view::trace::request::Request;
use crate::view::trace::rule::server;
use crate::view::trace::rule::serving::Served;
use crate::view::trace::rule::{cloud, end, spec};
use crate::view::trace::world::World;
use std::sync::Arc;

/// The annotation in which the controller writes what the health checks of its backends say.
const BACKENDS: &str = "ingress.kubernetes.io/backends";

/// Decides.
pub fn decide<'a>(world: &World<'a>, controller: &Controller, request: &Request, served: &Served<'_, 'a>) -> Decision {
    let (own, others) = chosen(world, controller, request, served);
    let narrowed = served.narrowed(own.into_iter().collect());
    let mut decision = spec::by_rules(world, controller, request, &narrowed);
    decision.side.extend(cloud::several(world, controller, request, &others));
    let Some(ingress) = own else { return decision };
    let ports = cloud::ports(world, controller.flavour, ingress);
    if let Some((hop, outcome)) = cloud::closed(world, controller, request, (&[ingress], ports.as_deref())) {
        decision.hops = vec![hop.sure(Confidence::Inferred)];
        decision.action = end(outcome);
        decision.tls = None;
        return decision;
    }
    if let Some(plan) = &mut decision.tls {
        managed::judge(world, ingress, plan);
    }
    if let Some(finding) = config::unsynced(world, ingress).or_else(|| config::refused(world, ingress)) {
        return cloud::halted(decision, finding);
    }
    if let Some((hop, answer)) = config::front(world, request, ingress) {
        let hop = hop.sure(Confidence::Inferred);
        if let Some(answer) = answer {
            // It holds for all that comes in plain, whatever the rules say.
            decision.hops = vec![hop];
            decision.action = end(answer);
            return decision;
        }
        decision.hops.push(hop);
    }
    let (hops, gate) = config::before(world, request, &decision.action);
    decision.hops.extend(hops.into_iter().map(|hop| hop.sure(Confidence::Inferred)));
    decision.gate = gate.map(|(status, by)| Outcome::Respond { status, by });
    let sick = unhealthy(world, ingress, &decision.action);
    if let (Some(finding), Some(hop)) = (sick, decision.hops.first_mut()) {
        hop.findings.push(finding);
    }
    decision
}

/// The Ingress whose load balancer is reached, and those of others that are for the host as well: the one that DNS leads to,
/// else the oldest one with a rule for the request, else the oldest one for its host.
fn chosen<'a>(
    world: &World<'a>,
    controller: &Controller,
    request: &Request,
    served: &Served<'_, 'a>,
) -> (Option<&'a Arc<Record>>, Vec<&'a Arc<Record>>) {
    let told = controller.ingress.as_ref().and_then(|key| world.get(key));
    let servers = |ingress: &'a Arc<Record>| server::build(controller, &[ingress], served);
    let is_for = |ingress: &&'a Arc<Record>| {
        facts::ingress(ingress).is_some_and(|read| {
            read.rules.iter().any(|rule| crate::view::trace::rule::host::takes(rule.host.as_deref(), request.name()))
        })
    };
    let takes = |ingress: &&'a Arc<Record>| {
        let servers = servers(ingress);
        server::find(&servers, request.name())
            .is_some_and(|server| spec::best(controller, server, &request.path, |_| false).is_some())
    };
    let near = || served.near.iter().copied();
    let own = told.or_else(|| near().find(takes)).or_else(|| near().find(is_for)).or_else(|| near().next());
    let others = near().filter(|other| own.is_none_or(|own| own.key != other.key)).filter(is_for);
    (own, others.collect())
}

/// A backend that the load balancer's own health check found unhealthy when the controller last asked.
fn unhealthy(world: &World, ingress: &Arc<Record>, action: &Action) -> Option<Finding> {
    let Action::Forward(arms) = action else { return None };
    let states = read::backends(ingress.meta.annotation(BACKENDS)?);
    arms.iter().find_map(|arm| {
        let ArmTarget::Service { namespace, name, port } = &arm.target else { return None };
        let service = world.named(SERVICE, namespace, name);
        let ports = service.and_then(|service| facts::service(service)).map_or(&[][..], |facts| &facts.ports);
        let port = ports.iter().find(|own| match port {
            Some(PortRef::Number(number)) => own.port == *number,
            Some(PortRef::Name(port)) => own.name == *port,
            None => false,
        })?;
        // By node port, or by the names of a group of endpoints, which are cut short where they are long.
        let by_node = format!("k8s-be-{}--", port.node_port);
        let by_group = format!("-{namespace}-{name}-{}-", port.port);
        let is_own = |backend: &str| {
            backend.starts_with(&by_node) && port.node_port != 0
                || backend.starts_with("k8s1-") && backend.contains(&by_group)
        };
        let (backend, state) = states.iter().find(|(backend, state)| is_own(backend) && *state == "UNHEALTHY")?;
        let finding = Finding::of(&lb::LB_UNHEALTHY).object("ingress", &ingress.key).word("backend", backend);
        let finding = finding.word("service", format!("{namespace}/{name}")).word("service_namespace", namespace);
        let finding = finding.word("service_name", name);
        Some(finding.proof(ingress, format!(".metadata.annotations[{BACKENDS}]"), format!("{backend}: {state}")))
    })
}
