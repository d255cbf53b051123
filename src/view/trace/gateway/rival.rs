//! An HTTPRoute and a GRPCRoute for one host at one listener: some controllers take only one of them.
//!
//! Facts: the comment of `GRPCRouteSpec.hostnames` (apis/v1/grpcroute_types.go of kubernetes-sigs/gateway-api v1.6) wants
//! exactly one of them accepted, the oldest, then the first by namespace and name; its pages leave that to each controller
//! since kubernetes-sigs/gateway-api#4598, which names those that take both. So a status decides, and without one nobody
//! knows. Those that take one: Traefik since traefik/traefik#13421 (attachment.go), the AWS load balancer controller since
//! #4288 of its own, with `NotAllowedByListeners`.

use crate::kinds::condition::{Condition, Status};
use crate::kinds::{GRPC_ROUTE, HTTP_ROUTE, KindId};
use crate::view::trace::fault::{Finding, rt_gateway as rt};
use crate::view::trace::gateway::attach::{self, Attached, Gate, Rival, Why};
use crate::view::trace::gateway::choose::Candidate;
use crate::view::trace::gateway::listeners::{Place, fresh};
use crate::view::trace::gateway::names;
use crate::view::trace::gateway::routes::Route;

/// Controllers that take both, by how their names begin.
const TAKE_BOTH: [&str; 5] =
    ["istio.io/", "gateway.envoyproxy.io/", "kgateway.dev/", "agentgateway.dev/", "projectcontour.io/"];

/// Why a controller refused a route that its listener admits: a route of the other kind has the host.
pub fn explain(gate: &Gate, routes: &mut [Attached]) {
    for attached in routes {
        explain_one(gate, attached);
    }
}

fn explain_one(gate: &Gate, attached: &mut Attached) {
    for at in 0..attached.refusals.len() {
        let refusal = &attached.refusals[at];
        if refusal.place.is_some() {
            continue;
        }
        let Some(said) = denial(&attached.route, refusal.parent, gate.controller) else { continue };
        let wanted = attach::wanted(gate, &attached.route, refusal.parent);
        let words = said.reasoned().to_string();
        if let Some(rival) = find(gate, &attached.route, &wanted, |other| is_accepted(&other.route, gate.controller)) {
            attached.refusals[at].why = Why::Rival(Box::new(rival), words);
        }
    }
}

/// Another kind of route shares a host of the chosen one, and nobody has said whether both are taken: a warning, and
/// whether the chosen one is the one that would have to give way.
pub fn unsaid(gate: &Gate, chosen: &Candidate) -> Option<(Finding, bool)> {
    if TAKE_BOTH.iter().any(|start| gate.controller.starts_with(start)) {
        return None;
    }
    let route = chosen.route();
    let is_told = |other: &Attached| is_accepted(route, gate.controller) && is_accepted(&other.route, gate.controller);
    let mut other = None;
    let rival = find(gate, route, &chosen.attached.places, |found| {
        let fits = !is_told(found);
        if fits {
            other = Some(found.route.clone());
        }
        fits
    })?;
    let other = other?;
    let gives_way = rank(&other) < rank(route);
    let (first, second) = if gives_way { (&other, route) } else { (route, &other) };
    let is_older = first.record.meta.created < second.record.meta.created;
    let why = if is_older { "which is older" } else { "which comes first by namespace and name" };
    let effect = format!(
        "it is not said whether both are taken: some controllers take only one of them, the API wants {}, {why}",
        first.title()
    );
    let loser = Rival { title: first.title(), proof: proof(first), ..rival };
    Some((finding(gate.place(loser.place), second, &loser, &effect), gives_way))
}

/// The fault of a route whose rival was taken.
pub fn refused(place: &Place, route: &Route, rival: &Rival, words: &str) -> Finding {
    let effect = format!("only {} is taken: {words}", rival.title);
    let finding = finding(place, route, rival, &effect);
    finding.proof(route.record, ".status.parents[*].conditions[type=Accepted].reason", words)
}

fn finding(place: &Place, route: &Route, rival: &Rival, effect: &str) -> Finding {
    let finding = place.place_in(route.name_in(Finding::of(&rt::RT_G_RIVAL))).word("rival", &rival.title);
    let finding = finding.word("host", names::shown(&rival.host)).word("effect", effect);
    let (_, own) = proof(route);
    let finding = finding.proof(route.record, ".spec.hostnames", own);
    finding.fact(Some(rival.proof.0.clone()), ".spec.hostnames", &rival.proof.1)
}

fn proof(route: &Route) -> (crate::kinds::ObjectRef, String) {
    let hosts: Vec<&str> = route.hostnames.iter().map(|host| &**host).collect();
    (route.record.key.clone(), hosts.join(","))
}

/// A route of the other kind that is attached where these hosts meet its own; the one that comes first of several.
fn find<'a>(
    gate: &Gate<'_, 'a>,
    route: &Route,
    wanted: &[(usize, Vec<String>)],
    mut fits: impl FnMut(&Attached<'a>) -> bool,
) -> Option<Rival> {
    let mut others = attach::of_kind(gate, other_kind(route)?);
    others.sort_by_cached_key(|other| rank(&other.route));
    others.iter().find_map(|other| {
        let (place, host) = meeting(wanted, &other.places)?;
        let rival = || Rival { title: other.route.title(), proof: proof(&other.route), place, host };
        fits(other).then(rival)
    })
}

/// The first listener and host of both.
fn meeting(own: &[(usize, Vec<String>)], other: &[(usize, Vec<String>)]) -> Option<(usize, String)> {
    own.iter().find_map(|(place, hosts)| {
        let (_, theirs) = other.iter().find(|(at, _)| at == place)?;
        let met = hosts.iter().find_map(|host| theirs.iter().find_map(|their| names::meet(host, their)))?;
        Some((*place, met))
    })
}

fn other_kind(route: &Route) -> Option<KindId> {
    match route.record.key.kind {
        HTTP_ROUTE => Some(GRPC_ROUTE),
        GRPC_ROUTE => Some(HTTP_ROUTE),
        _ => None,
    }
}

/// The oldest first, then by name.
fn rank(route: &Route) -> (Option<crate::wire::Timestamp>, String) {
    (route.record.meta.created, format!("{}/{}", route.namespace(), route.record.key.name))
}

/// The condition by which a controller refuses a route for what others have.
fn denial<'r>(route: &'r Route, parent: usize, controller: &str) -> Option<&'r Condition> {
    let status = attach::status(route, &route.parents[parent], controller)?;
    let said = fresh(&status.conditions, "Accepted", route.record).filter(|said| said.status == Status::False)?;
    (*said.reason == *"NotAllowedByListeners" || said.reason.contains("Conflict")).then_some(said)
}

/// Whether a controller says that it has taken a route as it is now.
fn is_accepted(route: &Route, controller: &str) -> bool {
    let mut said = route.parents.iter().filter_map(|parent| attach::status(route, parent, controller));
    said.any(|status| {
        fresh(&status.conditions, "Accepted", route.record).is_some_and(|said| said.status == Status::True)
    })
}
