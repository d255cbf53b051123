//! What a Gateway does with a request: listeners, attached routes, their rules, filters and weights.

mod attach;
mod authorities;
mod backend_tls;
mod backends;
mod beside;
mod certificate;
mod change;
mod choose;
mod client;
mod cors;
mod dialect;
mod grants;
mod listeners;
mod matching;
mod middlewares;
mod miss;
mod mixed;
pub mod names;
mod protocols;
mod refusal;
mod rival;
mod routes;
mod state;
#[cfg(test)]
mod tests;

use self::attach::{Attached, Gate};
use self::change::Change;
use self::choose::Candidate;
use self::dialect::Dialect;
use self::listeners::{Listeners, Place};
use self::miss::{Reasons, Search};
use crate::kinds::condition::{self, Condition};
use crate::kinds::gateway::facts::GatewayFacts;
use crate::kinds::{GATEWAY, ObjectRef, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, rt_gateway as rt};
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Action, Decision, Fallback, TRAEFIK_CERT};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::traefik::store;
use crate::view::trace::world::World;
use std::sync::Arc;

/// Decides about a request that reached a Gateway at a port of its listeners.
pub fn decide(world: &World, gateway: &ObjectRef, port: u16, request: &Request) -> Decision {
    let Some(record) = world.get(gateway) else { return unread(world, gateway) };
    let Some(facts) = facts::gateway(record) else { return unread(world, gateway) };
    let state = state::of(world, record, facts);
    let listeners = Listeners::of(world, record, facts);
    let names = [request.name(), request.server_name()];
    let gate = Gate::of(world, record, &state.controller, &listeners);
    let mut routes = attach::all(&gate, &names);
    rival::explain(&gate, &mut routes);
    let stage = Stage {
        world,
        gateway: record,
        facts,
        port,
        request,
        listeners: &listeners,
        gate: &gate,
        routes: &routes,
        controller: &state.controller,
        dialect: Dialect::of(&state.controller),
    };
    let mut decision = stage.decide();
    decision.hops.splice(0..0, state.hops);
    if let Some(outcome) = state.stop {
        decision.action = match decision.action {
            Action::Forward(arms) | Action::Stop(_, arms) => Action::Stop(outcome, arms),
            Action::End(_) => Action::End(outcome),
        };
    }
    decision
}

/// The Gateway is not there, or nobody may read it.
fn unread(world: &World, gateway: &ObjectRef) -> Decision {
    let missing = world.known(GATEWAY, gateway.namespace.as_deref()).missing("gateways");
    let missing = missing.unwrap_or_else(|| format!("there is no {}", world.title(gateway)));
    let hop = Hop::unknown(HopKind::Controller, missing.clone()).at(gateway);
    Decision {
        tls: None,
        hops: vec![hop],
        action: Action::End(Outcome::Unknown(missing)),
        gate: None,
        side: Vec::new(),
    }
}

/// Everything that a decision is made from.
struct Stage<'s, 'a> {
    world: &'s World<'a>,
    gateway: &'a Arc<Record>,
    facts: &'a GatewayFacts,
    port: u16,
    request: &'s Request,
    listeners: &'s Listeners<'a>,
    gate: &'s Gate<'s, 'a>,
    routes: &'s [Attached<'a>],
    controller: &'s str,
    dialect: Dialect,
}

impl<'a> Stage<'_, 'a> {
    fn decide(&self) -> Decision {
        let sni = self.handshake_name();
        let first = if self.request.scheme == Scheme::Https { sni } else { self.request.name() };
        let fitting = self.listeners.candidates(self.port, self.request.scheme, first);
        let working = fitting.iter().copied().find(|at| self.listeners.places[*at].trouble.is_none());
        let working = self.of_port().or(working);
        let Some(at) = working.or_else(|| fitting.first().copied()) else { return self.no_listener(first) };
        let place = &self.listeners.places[at];
        let mut decision =
            Decision { tls: None, hops: Vec::new(), action: Action::Forward(Vec::new()), gate: None, side: Vec::new() };
        let mut stop = None;
        // Nobody shakes hands where a listener is not served; Traefik does, with a certificate of its own.
        if self.request.scheme == Scheme::Https && (working.is_some() || self.dialect.is_traefik()) {
            let (mut plan, fails) = certificate::plan(self.world, place, sni, self.controller);
            if self.dialect.is_traefik() {
                plan.fallback = Fallback::Own(TRAEFIK_CERT, &[]);
                plan = store::kept_for_gateways(self.world, plan);
            }
            stop = fails.then(|| Outcome::TlsError("the listener has no certificate that it may use".to_owned()));
            decision.tls = Some(plan);
        }
        let hop = self.listener_hop(at, &fitting, working.is_some());
        if working.is_none() {
            stop = Some(self.dead(place));
        }
        if hop.findings.iter().any(|finding| std::ptr::eq(finding.fault, &raw const rt::RT_G_TLSROUTE)) {
            stop = Some(Outcome::TlsError("the listener cannot pass HTTPS through".to_owned()));
        }
        decision.hops.push(hop);
        decision.side.extend(self.overlapping(place));
        // Only where TLS ends at the listener can the Host header choose.
        let is_stream = matches!(&*place.listener.protocol, "TLS" | "TCP" | "UDP");
        let name = if is_stream { first } else { self.request.name() };
        let is_picky = !is_stream && !self.dialect.is_traefik();
        if let Some(finding) = self.misdirected(at, name).filter(|_| is_picky) {
            decision.hops.push(Hop::new(HopKind::Rule, "misdirected: handshake and request differ").with(finding));
            let by = self.title();
            decision.action = Action::End(Outcome::Respond { status: 421, by });
            return decision;
        }
        self.route(at, name, &mut decision);
        if self.dialect.is_traefik() && stop.is_some() {
            // It shows its own certificate, and has no router for what is attached to such a listener.
            stop = Some(Outcome::Respond { status: 404, by: self.title() });
        }
        if let Some(outcome) = stop {
            decision.action = match decision.action {
                Action::Forward(arms) | Action::Stop(_, arms) => Action::Stop(outcome, arms),
                Action::End(_) => Action::End(outcome),
            };
        }
        decision
    }

    /// To Traefik the listeners of a port are one: the one of the rule that it prefers among all of theirs.
    fn of_port(&self) -> Option<usize> {
        if !self.dialect.is_traefik() {
            return None;
        }
        let places = self.listeners.places.iter().enumerate();
        let speaks = |place: &Place| {
            place.listener.port == i32::from(self.port) && place.takes(self.request.scheme) && self.is_attached(place)
        };
        let of_place = |at: usize| {
            let found = choose::candidates(self.routes, at, self.request.name(), self.request, self.dialect);
            found.first().map(|candidate| (candidate.priority(), at))
        };
        let found = places.filter(|(_, place)| speaks(place)).filter_map(|(at, _)| of_place(at));
        found.max_by_key(|(priority, at)| (*priority, std::cmp::Reverse(*at))).map(|(_, at)| at)
    }

    /// Whether Traefik has made a listener its own: one without its certificate is left out.
    fn is_attached(&self, place: &Place) -> bool {
        let is_secret =
            || self.request.scheme == Scheme::Http || !certificate::plan(self.world, place, "", self.controller).1;
        place.trouble.is_none() && is_secret()
    }

    /// The name of the handshake: clients send none for an address.
    fn handshake_name(&self) -> &str {
        let name = self.request.server_name();
        if name.parse::<std::net::IpAddr>().is_ok() { "" } else { name }
    }

    fn title(&self) -> String {
        format!("Gateway {}/{}", listeners::namespace(self.gateway), self.gateway.key.name)
    }

    fn search<'s>(&'s self, name: &'s str) -> Search<'s, 'a> {
        Search {
            world: self.world,
            gateway: self.gateway,
            class: &self.facts.class,
            controller: self.controller,
            listeners: self.listeners,
            routes: self.routes,
            request: self.request,
            port: self.port,
            name,
        }
    }

    /// The listener that takes the request, and those that would if they were not broken.
    fn listener_hop(&self, at: usize, fitting: &[usize], works: bool) -> Hop {
        let place = &self.listeners.places[at];
        let listener = place.listener;
        let summary = format!(
            "listener {} ({} {}, {}) of {}",
            listener.name,
            listener.protocol,
            listener.port,
            names::shown(place.host()),
            place.owner_title()
        );
        let client = place.asks_clients(self.facts);
        let summary = if client { format!("{summary}, asks clients for a certificate") } else { summary };
        let foreign = certificate::foreign(place, self.controller);
        let summary =
            if foreign.is_empty() { summary } else { format!("{summary}, with the certificate of {foreign}") };
        let mut hop = Hop::new(HopKind::Rule, summary).at(&place.owner.key);
        if client {
            hop = hop.sure(Confidence::NeedsProbe);
        }
        let before = fitting.iter().take_while(|other| **other != at);
        let lost = before.filter_map(|other| self.listeners.places[*other].finding());
        // Another listener takes over for them.
        hop.findings.extend(lost.map(|finding| finding.severe(Severity::Warn)));
        hop.findings.extend(place.finding().filter(|_| !works));
        hop.findings.extend(place.odd_mode().into_iter().chain(place.unresolved()));
        if place.owner.key.kind != GATEWAY {
            hop = self.set_hop(hop, place);
        }
        let kind = place.owner_kind();
        let is_told = place.owner.key.kind == GATEWAY
            && state::stale(place.owner, &self.facts.conditions, kind, self.facts).is_some();
        hop.findings.extend(state::stale(place.owner, &listener.conditions, kind, self.facts).filter(|_| !is_told));
        if self.listeners.is_assumed { hop.sure(Confidence::Inferred) } else { hop }
    }

    fn set_hop(&self, mut hop: Hop, place: &Place) -> Hop {
        if let Some(set) = facts::listener_set(place.owner) {
            hop.findings.extend(state::stale(place.owner, &set.conditions, place.owner_kind(), self.facts));
        }
        hop
    }

    /// What a client sees at a listener that is not served.
    fn dead(&self, place: &Place) -> Outcome {
        let same_port = |other: &&Place| other.listener.port == place.listener.port && other.trouble.is_none();
        let name = &place.listener.name;
        match (self.listeners.places.iter().any(|other| same_port(&other)), self.request.scheme) {
            (_, Scheme::Udp) => Outcome::Timeout(format!("listener {name} is not served")),
            (false, _) => Outcome::Refused(format!("listener {name} is not served, and nothing else is on its port")),
            (true, Scheme::Http) => Outcome::Respond { status: 404, by: self.title() },
            (true, Scheme::Https) => Outcome::TlsError(format!("listener {name} is not served")),
        }
    }

    fn no_listener(&self, name: &str) -> Decision {
        let reasons = self.search(name).no_listener();
        let of_port = self.listeners.places.iter().filter(|place| place.listener.port == i32::from(self.port));
        let of_port: Vec<&Place> = of_port.collect();
        let speaks = of_port.iter().any(|place| place.takes(self.request.scheme));
        let outcome = match (speaks, self.request.scheme) {
            (_, Scheme::Udp) => {
                Outcome::Timeout(format!("no listener of {} takes UDP on port {}", self.title(), self.port))
            }
            (true, Scheme::Http) => Outcome::Respond { status: 404, by: self.title() },
            // Traefik shows its own certificate to whom nobody has one for.
            (true, Scheme::Https) if self.dialect.is_traefik() => Outcome::Respond { status: 404, by: self.title() },
            (true, Scheme::Https) => Outcome::TlsError(format!("no listener is for {name}")),
            (false, Scheme::Https) if of_port.iter().any(|place| *place.listener.protocol == *"HTTP") => {
                Outcome::TlsError(format!("port {} speaks plain HTTP", self.port))
            }
            // Traefik looks whether a handshake comes, and has no router for what comes without one.
            (false, Scheme::Http)
                if self.dialect.is_traefik() && of_port.iter().any(|place| place.takes(Scheme::Https)) =>
            {
                Outcome::Respond { status: 404, by: self.title() }
            }
            (false, Scheme::Http) if of_port.iter().any(|place| place.takes(Scheme::Https)) => {
                Outcome::Unknown(format!(
                    "port {} speaks TLS only: some Gateways answer plain HTTP there with 400, others close the connection",
                    self.port
                ))
            }
            (false, _) => Outcome::Refused(format!("no listener of {} has port {}", self.title(), self.port)),
        };
        let hop = Hop::new(HopKind::Rule, "no listener takes it").at(&self.gateway.key);
        self.end(hop, reasons, outcome)
    }

    /// A decision that ends at a hop for these reasons.
    fn end(&self, mut hop: Hop, reasons: Reasons, outcome: Outcome) -> Decision {
        let mut action = Action::End(outcome);
        if let Some(missing) = reasons.missing.or_else(|| self.listeners.missing.clone()).or_else(|| self.unlisted()) {
            hop = Hop { standing: crate::view::trace::hop::Standing::Unknown, ..hop };
            hop.summary.clone_from(&missing);
            action = Action::End(Outcome::Unknown(missing));
        } else {
            hop.findings = reasons.findings;
        }
        Decision { tls: None, hops: vec![hop], action, gate: None, side: Vec::new() }
    }

    /// Which routes may be there that nobody could list.
    fn unlisted(&self) -> Option<String> {
        let kinds = [(crate::kinds::HTTP_ROUTE, "httproutes"), (crate::kinds::GRPC_ROUTE, "grpcroutes")];
        kinds.into_iter().find_map(|(kind, plural)| self.world.known(kind, None).missing(plural))
    }

    /// Chooses a rule at a listener and follows it.
    fn route(&self, at: usize, name: &str, decision: &mut Decision) {
        let candidates = choose::candidates(self.routes, at, name, self.request, self.dialect);
        let Some((chosen, others)) = candidates.split_first() else {
            let reasons = self.search(name).at(at);
            let protocol = &*self.listeners.places[at].listener.protocol;
            let asked = match protocol {
                "TLS" | "TCP" => "the connection",
                "UDP" => "the packets",
                _ => &*self.request.path,
            };
            let is_call = self.request.header("Content-Type").is_some_and(|kind| kind.starts_with("application/grpc"));
            let call = if is_call { ": gRPC clients see UNIMPLEMENTED" } else { "" };
            let mut hop = Hop::new(HopKind::Rule, format!("no route takes {asked}{call}"));
            hop.object.clone_from(&reasons.nearest);
            let outcome = match protocol {
                "TLS" if name.is_empty() => Outcome::TlsError("the client names no server in it".to_owned()),
                "TLS" => Outcome::TlsError(format!("no TLSRoute is for {name}")),
                "TCP" => Outcome::Refused("no TCPRoute takes it, so the Gateway closes it".to_owned()),
                "UDP" => Outcome::Timeout("no UDPRoute takes the packets, so the Gateway drops them".to_owned()),
                _ => Outcome::Respond { status: 404, by: self.title() },
            };
            let missed = self.end(hop, reasons, outcome);
            decision.hops.extend(missed.hops);
            decision.action = missed.action;
            return;
        };
        let mut hop = self.rule_hop(chosen);
        match rival::unsaid(self.gate, chosen) {
            Some((finding, true)) => hop = hop.sure(Confidence::Inferred).with(finding.severe(Severity::Warn)),
            Some((finding, false)) => decision.side.push(finding.severe(Severity::Warn)),
            None => {}
        }
        decision.hops.push(hop);
        let twin = others.iter().find(|other| self.is_twin(chosen, other));
        if let Some(twin) = twin {
            let why = format!(
                "{} of {} and {} of {} match alike: which comes first, Traefik leaves to chance",
                chosen.rule().title(chosen.rule),
                chosen.route().title(),
                twin.rule().title(twin.rule),
                twin.route().title()
            );
            decision.hops.push(Hop::unknown(HopKind::Rule, why.clone()));
            decision.action = Action::End(Outcome::Unknown(why));
            return;
        }
        self.sides(chosen, others, name, decision);
        self.follow(chosen, decision);
    }

    fn rule_hop(&self, chosen: &Candidate) -> Hop {
        let route = chosen.route();
        let matched = route.shown(chosen.matched());
        let host = names::shown(chosen.host);
        let summary = format!("{} of {}: {host}, {matched}", chosen.rule().title(chosen.rule), route.title());
        let mut hop = Hop::new(HopKind::Rule, summary).at(&route.record.key);
        for condition in said(chosen, self.controller) {
            if *condition.kind == *"PartiallyInvalid" && condition.status == condition::Status::True {
                let finding = route.name_in(Finding::of(&rt::RT_G_PARTIALLY_INVALID));
                let finding = finding.word("reason", condition.reasoned());
                let path = ".status.parents[*].conditions[type=PartiallyInvalid].message";
                hop.findings.push(finding.proof(route.record, path, &condition.message));
            }
        }
        let all: Vec<Condition> = said(chosen, self.controller).cloned().collect();
        hop.findings.extend(state::stale(route.record, &all, route.kind, self.facts));
        let is_sure = !chosen.attached.is_assumed && !matching::is_regex(chosen.matched()) && self.unlisted().is_none();
        if is_sure { hop } else { hop.sure(Confidence::Inferred) }
    }

    /// Filters and backends of the rule that was chosen.
    fn follow(&self, chosen: &Candidate, decision: &mut Decision) {
        let (route, rule) = (chosen.route(), chosen.rule());
        let mut change = Change::begin(self.request, self.dialect);
        change.client = client::shown(self.facts);
        let passed = middlewares::apply(self.world, chosen, (self.request, self.port), &mut change);
        if let Some(filter) = dialect::unknown_filter(rule.filters).filter(|_| self.dialect.is_traefik()) {
            let why = format!("Traefik does not know the filter {filter}, and answers 500 to all that the rule takes");
            let finding = route.name_in(Finding::of(&rt::RT_G_FILTERS)).word("why", &why);
            let finding = finding.proof(route.record, format!(".spec.rules[{}].filters", chosen.rule), &filter);
            decision.hops.push(Hop::new(HopKind::Filter, why).at(&route.record.key).with(finding));
            decision.action = Action::End(Outcome::Respond { status: backends::INVALID, by: self.title() });
            return;
        }
        let lost = backends::mirrors(self.world, chosen, &change);
        let notes = change.notes.drain(..).chain(change.opaque.drain(..)).chain(rule.notes.iter().cloned());
        let notes: Vec<String> = notes.map(|note| uncopied(note, &lost)).collect();
        let mut hop = Hop::new(HopKind::Filter, notes.join("; ")).at(&route.record.key);
        if rule.filters.iter().any(Change::is_opaque) {
            hop = hop.sure(Confidence::NeedsProbe);
        }
        decision.hops.extend(passed.hops);
        if let Some(answer) = passed.answer {
            decision.action = Action::End(answer);
            return;
        }
        if let Some((note, status)) = cors::preflight(rule.filters, self.request) {
            decision.action = Action::End(match status {
                Some(status) => Outcome::Respond { status, by: self.title() },
                None => Outcome::Unknown(format!("the Gateway {note}")),
            });
            hop.summary = note;
            decision.hops.push(hop.sure(Confidence::NeedsProbe));
            return;
        }
        if let Some((status, location)) = change.redirect {
            hop.summary = format!("redirects to {location} ({status})");
            decision.hops.push(hop);
            decision.action = Action::End(Outcome::Redirect { status, location });
            return;
        }
        let all: Vec<&Condition> = said(chosen, self.controller).filter(|c| *c.kind == *"ResolvedRefs").collect();
        let resolved = fresh_one(&all, route.record);
        decision.side.extend(lost.into_iter().map(|(finding, _)| finding));
        let shares = backends::arms(self.world, chosen, &change, self.request, resolved);
        hop.findings = shares.findings;
        if shares.arms.is_empty() {
            "nobody gets it".clone_into(&mut hop.summary);
            decision.hops.push(hop);
            // A split without parts: Traefik has nobody to send to.
            let status = if self.dialect.is_traefik() { 503 } else { backends::INVALID };
            let closed = || Outcome::Refused("the Gateway has nobody to send it to, and closes it".to_owned());
            let answer = || Outcome::Respond { status, by: self.title() };
            decision.action = Action::End(if route.is_stream() { closed() } else { answer() });
            return;
        }
        if 1 < shares.arms.len() {
            let split: Vec<String> = shares.arms.iter().map(|arm| arm.why.clone()).collect();
            let split = format!("split by weight: {}", split.join(", "));
            hop.summary = if hop.summary.is_empty() { split } else { format!("{}; {split}", hop.summary) };
        }
        if !hop.summary.is_empty() || !hop.findings.is_empty() {
            decision.hops.push(hop);
        }
        decision.action = Action::Forward(shares.arms);
    }
}

/// What is said of a copy, unless it is one of those that cannot be sent.
fn uncopied(note: String, lost: &[(Finding, String)]) -> String {
    let copy = note.split_once(" goes to ").filter(|(what, _)| what.starts_with("a copy"));
    match copy.filter(|(_, to)| lost.iter().any(|(_, lost)| lost == to)) {
        Some((_, to)) => format!("no copy goes to {to}"),
        None => note,
    }
}

/// What the controller says of the chosen route, for all its parents.
fn said<'c>(chosen: &'c Candidate, controller: &'c str) -> impl Iterator<Item = &'c Condition> {
    let route = chosen.route();
    let statuses = route.parents.iter().filter_map(move |parent| attach::status(route, parent, controller));
    statuses.flat_map(|status| status.conditions.iter())
}

/// A condition of any of the parents that speaks of the present version; one that denies first.
fn fresh_one<'c>(conditions: &[&'c Condition], record: &Record) -> Option<&'c Condition> {
    let fresh = conditions.iter().filter(|c| !c.is_stale(record.meta.generation));
    fresh.min_by_key(|c| c.status != condition::Status::False).copied()
}
