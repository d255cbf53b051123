//! Controllers that read Ingresses by the specification, and where HAProxy, GKE and ALB differ from it.

use crate::kinds::ingress::facts::PathType;
use crate::view::trace::facts;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Confidence, Hop, HopKind, Standing};
use crate::view::trace::plan::{Action, Controller, Decision, Reach};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::backend::{self, Sees};
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::location::Location;
use crate::view::trace::rule::server::{self, Server};
use crate::view::trace::rule::{Served, end, miss, not_found, notes, path, tls};
use crate::view::trace::world::World;

/// Decides by the specification.
pub fn decide(world: &World, controller: &Controller, request: &Request, served: &Served) -> Decision {
    let servers = server::build(controller, &served.taken);
    let plan = (request.scheme == Scheme::Https).then(|| tls::plan(controller, request, served));
    let side = notes::side(world, controller, request, served, &servers);
    let decision = |hops, action| Decision { tls: plan.clone(), hops, action, gate: None, side: side.clone() };
    let not_reached = || Hop { standing: Standing::NotReached, ..Hop::new(HopKind::Service, "") };
    // An unknown controller may differ from the specification.
    let sure = |hop: Hop| if controller.flavour == Flavour::Spec { hop.sure(Confidence::Inferred) } else { hop };
    let Some(server) = server::find(&servers, request.name()) else {
        let hop = miss::no_host(world, controller, request, served, &servers);
        return decision(vec![sure(hop), not_reached()], end(not_found(controller)));
    };
    let asked = &request.path;
    let found = best(controller.flavour, server, asked).map(|location| (server, location));
    // Rules without a host take what a host's own rules leave, unless each host stands for itself.
    let any = || servers.iter().find(|other| other.host == Host::Any && other.host != server.host);
    let found = found.or_else(|| any().and_then(|other| Some((other, best(controller.flavour, other, asked)?))));
    let sees = Sees { path: backend::raw(request), host: backend::host(request), reach: reach(controller.flavour) };
    if let Some((server, location)) = found {
        let mut hop = rule_hop(controller, server, location);
        if let Some(finding) = notes::resource(controller, location) {
            hop = hop.with(finding);
            return decision(vec![sure(hop), not_reached()], end(not_found(controller)));
        }
        let arm = backend::arm(location.ingress, &location.field(), location.backend, 1.0, sees);
        return decision(vec![sure(hop)], Action::Forward(vec![arm]));
    }
    let default =
        served.taken.iter().find_map(|ingress| Some((*ingress, facts::ingress(ingress)?.default_backend.as_ref()?)));
    if let Some((owner, to)) = server.default_backend.or(default) {
        let (hop, arm) = backend::default(request, owner, to, sees);
        return decision(vec![sure(hop)], Action::Forward(vec![arm]));
    }
    let hop = miss::no_path(world, controller, request, served, server, &servers, asked);
    decision(vec![sure(hop), not_reached()], end(not_found(controller)))
}

fn rule_hop(controller: &Controller, server: &Server, location: &Location) -> Hop {
    let how = path::type_name(said(location));
    let by = match controller.flavour {
        Flavour::Spec => "; by the Ingress specification".to_owned(),
        _ => String::new(),
    };
    let summary =
        format!("{} {} ({how}) → {}{by}", server.host.text(), location.path, backend::title(location.backend));
    Hop::new(HopKind::Rule, summary).at(&location.ingress.key)
}

/// How the controller reaches pods: GKE and ALB by node ports unless told otherwise.
fn reach(flavour: Flavour) -> Reach {
    if flavour == Flavour::Gce || flavour == Flavour::Alb { Reach::NodePort } else { Reach::Pods }
}

/// The path type as it was said; servers only tell Exact from the rest.
fn said(location: &Location) -> PathType {
    let read = facts::ingress(location.ingress);
    let path = read.and_then(|read| read.rules.get(location.index.0)?.paths.get(location.index.1));
    path.map_or(location.kind, |path| path.path_type)
}

/// The longest path that takes the request; of equal length Exact first.
fn best<'s, 'a>(flavour: Flavour, server: &'s Server<'a>, asked: &str) -> Option<&'s Location<'a>> {
    let takes = |location: &&Location| takes(flavour, location, asked);
    server.locations.iter().filter(takes).max_by_key(|location| {
        let is_exact = location.kind == PathType::Exact;
        let exact_first = matches!(flavour, Flavour::Haproxy | Flavour::Alb) && is_exact;
        (exact_first, location.path.len(), is_exact)
    })
}

fn takes(flavour: Flavour, location: &Location, asked: &str) -> bool {
    let rule = location.path.as_str();
    match (flavour, said(location)) {
        (_, PathType::Exact) => rule == asked,
        (Flavour::Gce | Flavour::Alb, PathType::ImplementationSpecific | PathType::Unset) => {
            match rule.strip_suffix('*') {
                Some(prefix) => asked.starts_with(prefix),
                None => rule == asked,
            }
        }
        (Flavour::Haproxy, PathType::ImplementationSpecific | PathType::Unset) => {
            asked.to_lowercase().starts_with(&rule.to_lowercase())
        }
        _ => path::prefix(rule, asked),
    }
}
