//! Names that lead to one way into the cluster while the rules for them are served behind another one.

use crate::kinds::{INGRESS, INGRESS_ROUTE};
use crate::view::trace::entrance::balancer::wanted;
use crate::view::trace::entrance::choice::{self, Choice, Fit, Voice};
use crate::view::trace::entrance::claims::Claims;
use crate::view::trace::entrance::controller;
use crate::view::trace::entrance::dns::Resolution;
use crate::view::trace::entrance::gate::{Behind, Gate};
use crate::view::trace::fault::{Finding, dns};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::request::Request;
use crate::view::trace::world::World;
use std::net::IpAddr;

/// The finding; none where whoever is behind the way that DNS gives has rules for the host, or nobody has.
pub fn finding(
    world: &World,
    request: &Request,
    (found, choice): (&Resolution, &Choice),
    claims: &Claims,
) -> Option<Finding> {
    let gate = choice.gate.as_ref().filter(|_| choice.fit == Fit::Ours && !found.entries.is_empty())?;
    let Behind::Controller(here) = &gate.behind else { return None };
    // Rules of Traefik's own may mean hosts without naming them.
    let is_open = here.flavour == Flavour::Traefik && world.of(INGRESS_ROUTE).next().is_some();
    let mut own = world.for_hosts(INGRESS, &[request.name()]).into_iter();
    if is_open || own.any(|ingress| controller::takes(world, here, ingress)) {
        return None;
    }
    let speaks = |other: &&Gate| {
        other.is_published()
            && other.places.iter().all(|place| !gate.places.contains(place))
            && choice::speaks_for(world, other, request, claims) == Voice::Rule
    };
    let right = choice.gates.iter().filter(speaks).max_by_key(|other| other.shape)?;
    let list = |addresses: &[IpAddr]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let finding = Finding::of(&dns::DNS_WRONG_LB)
        .object("resource", &right.object.key)
        .word("gate", world.title(&right.object.key))
        .word("resource", right.resource(world))
        .word("host", &request.host)
        .word("found", list(found.addresses()))
        .word("there", world.title(&gate.object.key))
        .word("wanted", wanted(Some(right)));
    Some(found.prove(finding).proof(&right.object, ".status", right.places_text()))
}
