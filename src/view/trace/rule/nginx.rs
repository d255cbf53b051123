//! ingress-nginx, in the order in which it decides: server, certificate, location, redirects, backends, access.

use crate::kinds::ingress::facts::{Backend, PathType};
use crate::kinds::{INGRESS, Record};
use crate::view::trace::fault::{Finding, Severity};
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
    Served, access, blocked, canary, claim, concern, cors, denied, end, errors, miss, not_found, notes, own,
    passthrough, path, redirect, refusal, rewrite, server, snippet, tls, upstream,
};
use crate::view::trace::world::World;

/// Decides as ingress-nginx does.
pub fn decide<'a>(world: &World<'a>, controller: &Controller, request: &Request, served: &Served<'_, 'a>) -> Decision {
    let concerned = concern::with(world, controller, served, request.name());
    if concerned.iter().any(|ingress| claim::is_canary(ingress, controller)) {
        // Whom a canary gets requests from depends on every rule that leads to its Service.
        world.depends_on(INGRESS);
    }
    let mut servers = server::build(controller, &concerned, served);
    let twin = server::twin(&servers, controller, request.name());
    if twin.is_none() && server::find(&servers, request.name()).is_none() {
        // Whoever is missed is told what there is instead.
        servers = server::build(controller, &served.taken(), served);
    }
    let twin = server::twin(&servers, controller, request.name());
    let found = twin.or_else(|| server::find(&servers, request.name()));
    if let Some(decision) = found.and_then(|server| passthrough::decide(controller, request, server)) {
        return decision;
    }
    let plan = (request.scheme == Scheme::Https).then(|| tls::of_nginx(controller, request, served, found));
    let mut side = notes::side(world, controller, request, served, &servers);
    side.extend(refusal::elsewhere(world, controller, served, found));
    let decision = |hops, action, gate| Decision { tls: plan.clone(), hops, action, gate, side: side.clone() };
    let normal = match path::normal(&request.path) {
        Ok(normal) => normal,
        Err(path::Malformed(why)) => {
            let hop = Hop::new(HopKind::Rule, format!("nginx refuses the path {}: {why}", request.path));
            let outcome = Outcome::Respond { status: 400, by: "ingress-nginx".to_owned() };
            return decision(vec![hop, not_reached()], end(outcome), None);
        }
    };
    if let Some(broken) = found.and_then(|server| refusal::of(controller, server)) {
        let hop = Hop::unknown(HopKind::Rule, broken.message()).with(broken);
        let outcome = Outcome::Unknown("nginx goes on with an older configuration".to_owned());
        return decision(vec![hop], end(outcome), None);
    }
    let snippets = snippet::of_server(world, controller, found, (request.name(), &normal));
    if let Some(answer) = blocked::by_header(world, controller, request) {
        let hops = snippets.into_iter().chain([answer.hop, not_reached()]).collect();
        return decision(hops, end(answer.outcome), None);
    }
    if let Some(server) = twin {
        let answer = redirect::www(controller, server, request);
        return decision(vec![answer.hop, not_reached()], end(answer.outcome), None);
    }
    if let Some(answer) = own::page(controller, found, &normal) {
        return decision(vec![answer.hop, not_reached()], end(answer.outcome), None);
    }
    let Some(server) = found else {
        if let Some(answer) = blocked::by_address(world, controller, request) {
            return decision(vec![answer.hop, not_reached()], end(answer.outcome), None);
        }
        if let Some(answer) = access::too_long_for_nobody(request, controller) {
            return decision(vec![answer.hop, not_reached()], end(answer.outcome), None);
        }
        let hop = miss::no_host(world, controller, request, served, &servers);
        let next = as_other_name(world, (controller, served), request, &servers);
        if next.is_empty() {
            return decision(vec![hop, not_reached()], end(not_found(controller)), None);
        }
        return decision(vec![hop], Action::Stop(not_found(controller), next), None);
    };
    let at = At { world, controller, request, served, servers: &servers, server, normal: &normal };
    let Settled { mut hops, action, gate, side } = at.answered();
    let behind = usize::from(hops.first().is_some_and(|hop| hop.kind == HopKind::Rule));
    hops.splice(behind..behind, snippets);
    let mut decided = decision(hops, action, gate);
    decided.side.extend(side);
    decided
}

/// Who would get the request if it named the host that DNS leads to.
fn as_other_name<'a>(
    world: &World<'a>,
    (controller, served): (&Controller, &Served<'_, 'a>),
    request: &Request,
    servers: &[Server],
) -> Vec<Arm> {
    let names = crate::view::trace::entrance::other_names(world, request.name());
    let found = names.into_iter().find_map(|name| {
        let server = server::find(servers, &name).filter(|server| server.host != Host::Any)?;
        Some((Request { host: name, host_header: None, sni: None, ..request.clone() }, server))
    });
    let Some((there, server)) = found else { return Vec::new() };
    let Ok(normal) = path::normal(&there.path) else { return Vec::new() };
    let Hit::Location(location) = server.locate(&normal) else { return Vec::new() };
    let options = Options::of(location.ingress, controller);
    let (_, mut sees) = rewrite::sees(&there, location, &options, &normal);
    sees.reach = upstream::reach(world, (controller, served), location.ingress, location.backend);
    vec![backend::arm(location.ingress, &location.field(), location.backend, 1.0, sees)]
}

/// The hop that stands for everything behind an answer of the controller's own.
fn not_reached() -> Hop {
    Hop { standing: Standing::NotReached, ..Hop::new(HopKind::Service, "") }
}

/// A request at its server.
struct At<'h, 'a> {
    world: &'h World<'a>,
    controller: &'h Controller,
    request: &'h Request,
    served: &'h Served<'h, 'a>,
    servers: &'h [Server<'a>],
    server: &'h Server<'a>,
    normal: &'h str,
}

/// What becomes of a request.
struct Settled {
    hops: Vec<Hop>,
    action: Action,
    gate: Option<Outcome>,
    /// What is found beside the path of the request.
    side: Option<Finding>,
}

impl Settled {
    fn by(mut hops: Vec<Hop>, answer: Answer) -> Self {
        hops.push(answer.hop);
        hops.push(not_reached());
        Self { hops, action: end(answer.outcome), gate: None, side: None }
    }
}

impl At<'_, '_> {
    /// What the server says, else its location.
    fn answered(&self) -> Settled {
        let Some(refused) = access::mutual(self.world, self.controller, self.request, self.server) else {
            let root = redirect::to_root(self.controller, self.server, self.request, self.normal);
            return root.map_or_else(|| self.located(), |answer| Settled::by(Vec::new(), answer));
        };
        // What would come next is told as well.
        let Settled { mut hops, action, side, .. } = self.located();
        match action {
            Action::Forward(arms) => {
                hops.push(refused.hop);
                Settled { hops, action: Action::Stop(refused.outcome, arms), gate: None, side }
            }
            _ => Settled::by(Vec::new(), refused),
        }
    }

    fn located(&self) -> Settled {
        match self.server.locate(self.normal) {
            Hit::Location(location) => {
                let side = notes::refused(location, &Options::of(location.ingress, self.controller));
                self.shown(location, Settled { side, ..self.settle(location) })
            }
            Hit::Slash(location) => {
                let answer = redirect::to_slash(self.controller, self.request, location, self.normal);
                Settled::by(Vec::new(), answer)
            }
            Hit::Untold(location, why) => {
                let (namespace, name) =
                    (location.ingress.key.namespace.as_deref().unwrap_or(""), &location.ingress.key.name);
                let why =
                    format!("path {} of Ingress {namespace}/{name} may take {}: {why}", location.path, self.normal);
                let hop = Hop::unknown(HopKind::Rule, why.clone()).at(&location.ingress.key);
                Settled { hops: vec![hop], action: end(Outcome::Unknown(why)), gate: None, side: None }
            }
            Hit::None => self.unlocated(),
        }
    }

    /// The same where errors of nginx's own are shown by somebody else.
    fn shown(&self, location: &Location, settled: Settled) -> Settled {
        let options = Options::of(location.ingress, self.controller);
        let (_, sees) = rewrite::sees(self.request, location, &options, self.normal);
        let Some(pages) = errors::Pages::of(self.world, &options, location, &sees) else { return settled };
        let Settled { mut hops, action, gate, side } = settled;
        let at = hops.iter().position(|hop| hop.standing == Standing::NotReached).unwrap_or(hops.len());
        let mut told = |outcome: &Outcome| {
            let (hop, outcome) = pages.shown(outcome)?;
            hops.insert(at, hop);
            Some(outcome)
        };
        let by = || "ingress-nginx".to_owned();
        let (action, gate) = match action {
            Action::End(outcome) => (Action::End(told(&outcome).unwrap_or(outcome)), gate),
            Action::Stop(outcome, arms) => (Action::Stop(told(&outcome).unwrap_or(outcome), arms), gate),
            Action::Forward(arms) => {
                let is_nobody = |arm: &Arm| backend::nobody(self.world, self.controller, arm).is_some();
                let is_lost = pages.takes(503) && matches!(&arms[..], [arm] if is_nobody(arm));
                match if is_lost { told(&Outcome::Respond { status: 503, by: by() }) } else { None } {
                    Some(outcome) => (Action::Stop(outcome, arms), gate),
                    None => (Action::Forward(arms), gate.map(|outcome| told(&outcome).unwrap_or(outcome))),
                }
            }
        };
        Settled { hops, action, gate, side }
    }

    /// The location `/` that every server has, with the options of the Ingress that made the server: its defaultBackend, else
    /// the controller's own 404.
    fn unlocated(&self) -> Settled {
        let (request, server) = (self.request, self.server);
        let left_out = |effect: &str| notes::resource(self.controller, server.left_out(self.normal)?, effect);
        let missing = Backend::Missing;
        let (owner, to) = server.default_backend.unwrap_or((server.owner, &missing));
        let root = Location {
            ingress: owner,
            index: (0, 0),
            path: "/",
            kind: PathType::Prefix,
            backend: to,
            is_regex: false,
            canary: None,
        };
        // Of the server for every other name that location is the controller's own.
        let is_own = server.host == Host::Any && server.default_backend.is_none();
        let early = if is_own { access::too_long_for_nobody(request, self.controller) } else { self.early(&root) };
        if let Some(answer) = early {
            return Settled::by(Vec::new(), answer);
        }
        let options = Options::of(owner, self.controller);
        let (gate_hops, gate) = access::gate(self.world, request, (owner, "/"), &options);
        if server.default_backend.is_none() {
            let hop =
                miss::no_path(self.world, self.controller, request, self.served, server, self.servers, self.normal);
            let hop = left_out("it answers 404").into_iter().fold(hop, Hop::with);
            // The 404 comes from a backend, too: who may not pass does not get that far.
            let outcome = gate.filter(|_| !is_own);
            if is_own && let Some(answer) = blocked::by_address(self.world, self.controller, request) {
                return Settled::by(Vec::new(), answer);
            }
            let gate_hops = gate_hops.into_iter().filter(|_| outcome.is_some());
            let hops = std::iter::once(hop).chain(gate_hops).chain([not_reached()]).collect();
            let action = end(outcome.unwrap_or_else(|| not_found(self.controller)));
            return Settled { hops, action, gate: None, side: None };
        }
        let (mut filter, mut sees) = rewrite::sees(request, &root, &options, self.normal);
        sees.reach = self.reach(owner, to);
        // They name the path of a rule, and this location has none.
        filter.findings.clear();
        let is_rewritten = server.host != Host::Any && sees.path != backend::raw(request);
        if !is_rewritten {
            sees.path = backend::raw(request);
        }
        let (hop, arm) = backend::default(request, owner, to, sees.clone());
        let fallback = backend::instead(self.world, &options, &root, (&arm, &sees));
        let resource = left_out("the defaultBackend takes the request").map(|finding| finding.severe(Severity::Warn));
        let hop = resource.into_iter().fold(hop, Hop::with);
        let (instead, arm) = fallback.map_or((None, arm), |(hop, arm)| (Some(hop), arm));
        let filter = is_rewritten.then_some(filter);
        let hops = std::iter::once(hop).chain(filter).chain(gate_hops).chain(instead).collect();
        Settled { hops, action: Action::Forward(vec![arm]), gate, side: None }
    }

    /// What nginx answers itself at a location, before it looks for a backend.
    fn early(&self, location: &Location) -> Option<Answer> {
        let request = self.request;
        let options = Options::of(location.ingress, self.controller);
        let to_https = || {
            let here = (self.served, self.server);
            redirect::to_https((self.world, self.controller), request, here, location)
        };
        // The server for every other name takes neither rewrites nor redirects from the Ingress of its defaultBackend.
        let redirected = || {
            let rewritten = || redirect::by_rewrite(request, location, &options, self.normal);
            redirect::of_location(request, &options).or_else(rewritten).or_else(to_https)
        };
        let is_rule = self.server.host != Host::Any || *location.backend != Backend::Missing && self.is_ruled(location);
        access::too_long(request, location.ingress, &options)
            .or_else(|| denied::answer(self.world, location.ingress, &options))
            .or_else(|| cors::preflight(request, location.ingress, &options))
            .or_else(|| if is_rule { redirected() } else { None })
    }

    fn reach(&self, ingress: &Record, backend: &Backend) -> Reach {
        upstream::reach(self.world, (self.controller, self.served), ingress, backend)
    }

    fn is_ruled(&self, location: &Location) -> bool {
        self.server.locations.iter().any(|have| have.path == location.path && have.ingress.key == location.ingress.key)
    }

    fn settle(&self, location: &Location) -> Settled {
        let request = self.request;
        let options = Options::of(location.ingress, self.controller);
        let mut hops = vec![self.rule_hop(location, &options)];
        hops.extend(snippet::of_location(self.world, &options, (request.name(), self.normal)));
        if let Some(answer) = self.early(location) {
            return Settled::by(hops, answer);
        }
        let (mut filter, mut sees) = rewrite::sees(request, location, &options, self.normal);
        sees.reach = self.reach(location.ingress, location.backend);
        filter.findings.extend(rewrite::unchanged(self.world, request, location, &options));
        hops.push(filter);
        let (gate_hops, gate) = access::gate(self.world, request, (location.ingress, location.path), &options);
        hops.extend(gate_hops);
        let main = backend::arm(location.ingress, &location.field(), location.backend, 1.0, sees.clone());
        let fallback = backend::instead(self.world, &options, location, (&main, &sees));
        let arms = match (&location.canary, fallback) {
            (_, Some((hop, arm))) => {
                hops.push(hop);
                vec![arm]
            }
            (Some(canary), None) => {
                let sees = Sees { reach: self.reach(canary.ingress, canary.backend), ..sees };
                let (hop, arms) =
                    canary::split((self.world, self.controller), request, canary, location, (main, &sees));
                hops.push(hop);
                arms
            }
            (None, None) => vec![main],
        };
        hops.extend(upstream::verified(&options));
        hops.extend(notes::protocol(self.world, self.controller, location, &options));
        Settled { hops, action: Action::Forward(arms), gate, side: None }
    }

    fn rule_hop(&self, location: &Location, options: &Options) -> Hop {
        let server = self.server;
        let how = if server.is_regex() { "regular expression" } else { path::type_name(location.kind) };
        let summary =
            format!("{} {} ({how}) → {}", server.host.text(), location.path, backend::title(location.backend));
        let mut hop = Hop::new(HopKind::Rule, summary).at(&location.ingress.key);
        let left_out = server.left_out(self.normal).filter(|longer| location.path.len() < longer.path.len());
        let effect = format!("the path {} takes the request instead", location.path);
        if let Some(finding) = left_out.and_then(|longer| notes::resource(self.controller, longer, &effect)) {
            hop = hop.with(finding.severe(Severity::Warn));
        }
        for finding in notes::location(self.request, server, location, options, self.normal) {
            hop = hop.with(finding);
        }
        hop
    }
}
