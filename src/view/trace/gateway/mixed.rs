//! A host that is on an Ingress and on a route: two load balancers, and DNS decides.

use crate::kinds::{INGRESS, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, gw};
use crate::view::trace::gateway::listeners::namespace;
use crate::view::trace::gateway::routes::Route;
use crate::view::trace::world::World;

/// The label of what cert-manager makes to answer a challenge.
const SOLVER: &str = "acme.cert-manager.io/http01-solver";

/// The first Ingress that is for the same host.
pub fn of(world: &World, route: &Route, name: &str) -> Option<Finding> {
    if name.is_empty() || !route.has_hosts() || is_solver(route.record) {
        return None;
    }
    let ingress = world.of(INGRESS).filter(|ingress| !is_solver(ingress)).find(|ingress| {
        let rules = facts::ingress(ingress).into_iter().flat_map(|facts| facts.rules.iter());
        rules.filter_map(|rule| rule.host.as_deref()).any(|host| host.eq_ignore_ascii_case(name))
    })?;
    let finding = Finding::of(&gw::GW_MIXED).word("host", name).word("route", route.title());
    let title = format!("Ingress {}/{}", namespace(ingress), ingress.key.name);
    let finding = finding.word("ingress", title).object("name", &ingress.key);
    let finding = finding.proof(ingress, ".spec.rules[*].host", name);
    let hosts: Vec<&str> = route.hostnames.iter().map(|host| &**host).collect();
    Some(finding.proof(route.record, ".spec.hostnames", hosts.join(",")))
}

fn is_solver(record: &Record) -> bool {
    record.meta.label(SOLVER).is_some()
}
