//! ingress-nginx, in the order in which it decides: server, certificate, location, redirects, backends, access.

use crate::kinds::ingress::facts::Backend;
use crate::view::trace::hop::{Hop, HopKind, Standing};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Action, Arm, Controller, Decision, Reach};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::backend::{self, Sees};
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::location::{Hit, Location};
use crate::view::trace::rule::redirect::Answer;
use crate::view::trace::rule::server::Server;
use crate::view::trace::rule::settings::Options;
use crate::view::trace::rule::{
    Served, access, canary, concern, end, miss, not_found, notes, path, redirect, rewrite, server, tls,
};
use crate::view::trace::world::World;

/// Decides as ingress-nginx does.
pub fn decide<'a>(world: &World<'a>, controller: &Controller, request: &Request, served: &Served<'a>) -> Decision {
    let mut servers = server::build(controller, &concern::with(world, served, request.name()));
    if server::find(&servers, request.name()).is_none() {
        // Whoever is missed is told what there is instead.
        servers = server::build(controller, &served.taken);
    }
    let found = server::find(&servers, request.name());
    let plan = (request.scheme == Scheme::Https).then(|| tls::plan(controller, request, served));
    let side = notes::side(world, controller, request, served, &servers);
    let decision = |hops, action, gate| Decision { tls: plan.clone(), hops, action, gate, side: side.clone() };
    let Some(server) = found else {
        let hop = miss::no_host(world, controller, request, served, &servers);
        let next = as_other_name(world, controller, request, &servers);
        if next.is_empty() {
            return decision(vec![hop, not_reached()], end(not_found(controller)), None);
        }
        return decision(vec![hop], Action::Stop(not_found(controller), next), None);
    };
    if let Some(broken) = server.broken_regex() {
        let hop = Hop::unknown(HopKind::Rule, broken.message()).with(broken);
        return decision(
            vec![hop],
            end(Outcome::Unknown("nginx goes on with an older configuration".to_owned())),
            None,
        );
    }
    let normal = path::normal(&request.path);
    if let Some(answer) = redirect::www(server, request).or_else(|| redirect::of_server(server, request, &normal)) {
        return decision(vec![answer.hop, not_reached()], end(answer.outcome), None);
    }
    match server.locate(&normal) {
        Hit::Location(location) => {
            let here = Here { world, controller, request, server, location, normal: &normal };
            let Settled { hops, action, gate } = here.settle();
            let mut decided = decision(hops, action, gate);
            decided.side.extend(notes::refused(location));
            decided
        }
        Hit::Slash(location) => {
            let answer = redirect::to_slash(request, location, &normal);
            decision(vec![answer.hop, not_reached()], end(answer.outcome), None)
        }
        Hit::None => match &server.default_backend {
            Some((owner, to)) => {
                let sees = Sees { path: backend::raw(request), host: backend::host(request), reach: Reach::Pods };
                let (hop, arm) = backend::default(request, owner, to, sees);
                decision(vec![hop], Action::Forward(vec![arm]), None)
            }
            None => {
                let hop = miss::no_path(world, controller, request, served, server, &servers, &normal);
                decision(vec![hop, not_reached()], end(not_found(controller)), None)
            }
        },
    }
}

/// Who would get the request if it named the host that DNS leads to.
fn as_other_name(world: &World, controller: &Controller, request: &Request, servers: &[Server]) -> Vec<Arm> {
    let names = crate::view::trace::entrance::other_names(world, request.name());
    let found = names.into_iter().find_map(|name| {
        let server = server::find(servers, &name).filter(|server| server.host != Host::Any)?;
        Some((Request { host: name, host_header: None, sni: None, ..request.clone() }, server))
    });
    let Some((there, server)) = found else { return Vec::new() };
    let Hit::Location(location) = server.locate(&path::normal(&there.path)) else { return Vec::new() };
    let options = Options::of(location.ingress, controller);
    let (_, sees) = rewrite::sees(&there, location, &options, &path::normal(&there.path), server.is_regex());
    vec![backend::arm(location.ingress, &location.field(), location.backend, 1.0, sees)]
}

/// The hop that stands for everything behind an answer of the controller's own.
fn not_reached() -> Hop {
    Hop { standing: Standing::NotReached, ..Hop::new(HopKind::Service, "") }
}

/// A location that takes a request.
struct Here<'h, 'a> {
    world: &'h World<'a>,
    controller: &'h Controller,
    request: &'h Request,
    server: &'h Server<'h>,
    location: &'h Location<'h>,
    normal: &'h str,
}

/// What becomes of a request at its location.
struct Settled {
    hops: Vec<Hop>,
    action: Action,
    gate: Option<(u16, String)>,
}

impl Here<'_, '_> {
    fn settle(&self) -> Settled {
        let (request, location) = (self.request, self.location);
        let options = Options::of(location.ingress, self.controller);
        let mut hops = vec![self.rule_hop(&options)];
        let answered = |mut hops: Vec<Hop>, answer: Answer| {
            hops.push(answer.hop);
            hops.push(not_reached());
            Settled { hops, action: end(answer.outcome), gate: None }
        };
        if let Backend::Resource { .. } = location.backend {
            hops.push(not_reached());
            return Settled { hops, action: end(not_found(self.controller)), gate: None };
        }
        let early = access::too_long(request, location.ingress, &options)
            .or_else(|| access::denied(self.world, location.ingress, &options))
            .or_else(|| redirect::of_location(request, location, &options))
            .or_else(|| redirect::to_https(self.controller, request, self.server, location, &options, self.normal));
        if let Some(answer) = early {
            return answered(hops, answer);
        }
        let (filter, sees) = rewrite::sees(request, location, &options, self.normal, self.server.is_regex());
        hops.push(filter);
        let (gate_hop, gate) = access::gate(self.world, request, location.ingress, &options);
        hops.extend(gate_hop);
        let main = backend::arm(location.ingress, &location.field(), location.backend, 1.0, sees.clone());
        let arms = match &location.canary {
            Some(canary) => {
                let (hop, arms) = canary::split(request, canary, location, main, &sees);
                hops.push(hop);
                arms
            }
            None => vec![main],
        };
        hops.extend(notes::protocol(self.world, self.controller, location, &options));
        Settled { hops, action: Action::Forward(arms), gate }
    }

    fn rule_hop(&self, options: &Options) -> Hop {
        let (location, server) = (self.location, self.server);
        let how = if server.is_regex() { "regular expression" } else { path::type_name(location.kind) };
        let summary =
            format!("{} {} ({how}) → {}", server.host.text(), location.path, backend::title(location.backend));
        let mut hop = Hop::new(HopKind::Rule, summary).at(&location.ingress.key);
        if let Some(finding) = notes::resource(self.controller, location) {
            hop = hop.with(finding);
        }
        for finding in notes::location(self.request, server, location, options, self.normal) {
            hop = hop.with(finding);
        }
        hop
    }
}
