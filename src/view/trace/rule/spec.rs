//! Controllers that read Ingresses by the specification, and where HAProxy, GKE and ALB differ from it.

mod alb;
mod gce;
mod https;
mod rewrite;
mod skipped;

use crate::kinds::Record;
use crate::kinds::ingress::facts::{Backend, PathType};
use crate::view::trace::facts;
use crate::view::trace::fault::Finding;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Confidence, Hop, HopKind, Standing};
use crate::view::trace::plan::{Action, Controller, Decision, Reach};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::backend::{self, Sees};
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::location::Location;
use crate::view::trace::rule::server::{self, Server};
use crate::view::trace::rule::{Served, concern, end, miss, not_found, notes, path, tls};
use crate::view::trace::world::World;
use std::sync::Arc;

/// Decides by the specification.
pub fn decide<'a>(world: &World<'a>, controller: &Controller, request: &Request, served: &Served<'_, 'a>) -> Decision {
    match controller.flavour {
        Flavour::Alb => alb::decide(world, controller, request, served),
        Flavour::Gce => gce::decide(world, controller, request, served),
        _ => by_rules(world, controller, request, served),
    }
}

/// Decides about a request that has reached the rules of these Ingresses.
fn by_rules<'a>(world: &World<'a>, controller: &Controller, request: &Request, served: &Served<'_, 'a>) -> Decision {
    let mut servers = server::build(controller, &concern::with(world, controller, served, request.name()), served);
    let is_missed = server::find(&servers, request.name()).is_none();
    if is_missed {
        // Whoever is missed is told what there is instead.
        servers = server::build(controller, &served.taken(), served);
    }
    let plan = (request.scheme == Scheme::Https).then(|| tls::plan(controller, request, served));
    let side = notes::side(world, controller, request, served, &servers);
    let decision = |hops, action| Decision { tls: plan.clone(), hops, action, gate: None, side: side.clone() };
    let not_reached = || Hop { standing: Standing::NotReached, ..Hop::new(HopKind::Service, "") };
    // An unknown controller may differ from the specification; of the others' rules only their manuals are known.
    let sure = |hop: Hop| hop.sure(Confidence::Inferred);
    // One that another load balancer is made of takes nothing here.
    let is_elsewhere = is_missed && controller.flavour.is_hosted();
    let Some(server) = server::find(&servers, request.name()).filter(|_| !is_elsewhere) else {
        let hop = miss::no_host(world, controller, request, served, &servers);
        return decision(vec![sure(hop), not_reached()], end(not_found(controller)));
    };
    let asked = &request.path;
    // Rules without a host take what a host's own rules leave, unless each host stands for itself, as in a URL map of GKE.
    let is_open = |other: &&Server| other.host == Host::Any && other.host != server.host;
    let any = || servers.iter().find(is_open).filter(|_| controller.flavour != Flavour::Gce);
    let sees = || Sees { path: backend::raw(request), host: backend::host(request), reach: reach(controller.flavour) };
    let arm_of = |at: &Location| backend::arm(at.ingress, &at.field(), at.backend, 1.0, sees());
    let default = default(served, server);
    let (mut left, mut lost): (Vec<(&Server, &Location)>, Vec<Finding>) = (Vec::new(), Vec::new());
    let mut found = loop {
        let is_left = |location: &Location| left.iter().any(|(_, other)| std::ptr::eq(*other, location));
        let found = best(controller, server, asked, is_left).map(|location| (server, location));
        let found = found.or_else(|| any().and_then(|other| Some((other, best(controller, other, asked, is_left)?))));
        let Some((server, location)) = found else { break None };
        let Some(why) = skipped::why(world, controller, &arm_of(location)) else { break Some((server, location)) };
        left.push((server, location));
        lost.extend(why);
    };
    // Where nothing else takes them, what was left out is the answer to why.
    let defaults = default.filter(|(owner, to)| {
        let (_, arm) = backend::default(request, owner, to, sees());
        left.is_empty() || skipped::why(world, controller, &arm).is_none()
    });
    if found.is_none() && defaults.is_none() && !left.is_empty() {
        lost.clear();
        found = left.first().copied();
    }
    if let Some((server, location)) = found {
        let mut hop = lost.into_iter().fold(rule_hop(controller, server, location), Hop::with);
        if let Some(finding) = notes::resource(controller, location, "it answers 404") {
            hop = hop.with(finding);
            return decision(vec![sure(hop), not_reached()], end(not_found(controller)));
        }
        if let Some(answer) = https::of_rule(controller, request, location.ingress) {
            return decision(vec![sure(hop), sure(answer.hop)], end(answer.outcome));
        }
        let mut arm = arm_of(location);
        let changed = rewrite::change(controller, location, &mut arm);
        return decision(std::iter::once(sure(hop)).chain(changed).collect(), Action::Forward(vec![arm]));
    }
    if let Some((owner, to)) = defaults {
        let (hop, arm) = backend::default(request, owner, to, sees());
        return decision(vec![sure(lost.into_iter().fold(hop, Hop::with))], Action::Forward(vec![arm]));
    }
    let hop = miss::no_path(world, controller, request, served, server, &servers, asked);
    decision(vec![sure(hop), not_reached()], end(not_found(controller)))
}

/// Who takes what no path takes.
fn default<'a>(served: &Served<'_, 'a>, server: &Server<'a>) -> Option<(&'a Arc<Record>, &'a Backend)> {
    // One with a defaultBackend is near every host.
    let near = served.near.iter();
    let other = near.copied().find_map(|ingress| Some((ingress, facts::ingress(ingress)?.default_backend.as_ref()?)));
    server.default_backend.or(other)
}

fn rule_hop(controller: &Controller, server: &Server, location: &Location) -> Hop {
    let how = path::type_name(location.written());
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

/// The path that takes the request: by the specification the longest, of equal length Exact first; some controllers go by
/// the type first.
fn best<'s, 'a>(
    controller: &Controller,
    server: &'s Server<'a>,
    asked: &str,
    is_left: impl Fn(&Location) -> bool,
) -> Option<&'s Location<'a>> {
    let fitting = server.locations.iter().filter(|location| takes(controller, location, asked) && !is_left(location));
    fitting.max_by_key(|location| {
        let (tier, length) = (tier(location), location.path.len());
        match controller.flavour {
            // Of any type, what is the path itself comes before what begins it.
            Flavour::Haproxy if controller.is_haproxytech() => {
                (u8::from(tier == 2 || trimmed(location.path) == asked), length, tier == 2)
            }
            Flavour::Haproxy => (tier, length, false),
            _ => (0, length, tier == 2),
        }
    })
}

fn tier(location: &Location) -> u8 {
    match location.written() {
        PathType::Exact => 2,
        PathType::Prefix => 1,
        PathType::ImplementationSpecific | PathType::Unset => 0,
    }
}

/// A path without the slash at its end.
fn trimmed(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

fn takes(controller: &Controller, location: &Location, asked: &str) -> bool {
    let flavour = controller.flavour;
    let rule = location.path;
    let is_free = matches!(location.written(), PathType::ImplementationSpecific | PathType::Unset);
    match flavour {
        _ if location.written() == PathType::Exact => rule == asked,
        // Without a path an Ingress takes all of them.
        Flavour::Gce | Flavour::Alb if is_free && is_pathless(location) => true,
        Flavour::Gce if is_free => match rule.strip_suffix("/*") {
            Some(prefix) => asked.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/')),
            None => rule == asked,
        },
        Flavour::Alb if is_free => is_like(rule.as_bytes(), asked.as_bytes()),
        Flavour::Haproxy if is_free && controller.is_haproxytech() => asked.starts_with(trimmed(rule)),
        Flavour::Haproxy if is_free => asked.to_lowercase().starts_with(&rule.to_lowercase()),
        _ => path::prefix(rule, asked),
    }
}

/// Whether its rule says no path at all.
fn is_pathless(location: &Location) -> bool {
    let read = facts::ingress(location.ingress);
    let path = read.and_then(|read| read.rules.get(location.index.0)?.paths.get(location.index.1));
    path.is_some_and(|path| path.path.is_empty())
}

/// `*` stands for any letters, `?` for one.
fn is_like(pattern: &[u8], text: &[u8]) -> bool {
    // The last star, and how much of the text it stands for so far.
    let (mut at, mut seen, mut star) = (0, 0, None);
    while seen < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, seen));
                at += 1;
            }
            Some(letter) if *letter == b'?' || *letter == text[seen] => (at, seen) = (at + 1, seen + 1),
            _ => match star {
                Some((place, from)) => {
                    star = Some((place, from + 1));
                    (at, seen) = (place + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|letter| *letter == b'*')
}
