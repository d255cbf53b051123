//! Load balancers of AWS: one for each group of Ingresses, whose rules make one list for each port, with actions and
//! conditions in annotations.
//!
//! Facts: pkg/ingress of kubernetes-sigs/aws-load-balancer-controller (model_build_listener.go, model_build_listener_rules.go,
//! enhanced_backend_builder.go, rule_optimizer.go); its docs/guide/ingress/annotations.md. The conditions of rules, with `*` for
//! any letters and `?` for one, in hosts too, and of redirects what stays: "Listener rules" of AWS's manual.

mod action;
mod auth;
mod condition;
mod refused;

use crate::kinds::ingress::facts::Backend;
use crate::kinds::{INGRESS, INGRESS_CLASS, INGRESS_CLASS_PARAMS, Record, SERVICE};
use crate::view::trace::aws;
use crate::view::trace::facts;
use crate::view::trace::fault::ctl;
use crate::view::trace::groups::{Group, Member};
use crate::view::trace::hop::{Confidence, Hop, HopKind, Standing};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Action, Arm, ArmTarget, Controller, Decision, Reach};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::backend::{self, Sees};
use crate::view::trace::rule::location::Location;
use crate::view::trace::rule::server::{self, Server};
use crate::view::trace::rule::serving::Served;
use crate::view::trace::rule::spec::alb::auth::Sign;
use crate::view::trace::rule::spec::{https, rule_hop, tier};
use crate::view::trace::rule::{cloud, end, miss, not_found, notes, tls};
use crate::view::trace::world::World;
use std::cmp::Reverse;
use std::sync::Arc;

/// One load balancer, and its rules as servers: those that can take a request, or all of them.
struct Balancer<'s, 'a> {
    group: &'s Group<'a>,
    servers: Vec<Server<'a>>,
}

/// Decides.
pub fn decide<'a>(world: &World<'a>, controller: &Controller, request: &Request, served: &Served<'_, 'a>) -> Decision {
    let known = served.groups();
    let groups = known.get_or_init(|| cloud::groups(world, &served.taken()));
    // What holds for all traces was looked at by one of them.
    world.depends_on(INGRESS_CLASS);
    world.depends_on(INGRESS_CLASS_PARAMS);
    let near = groups.about(request.name());
    let narrow = |at: usize| near.get(&at).map_or(&[][..], |members| members);
    let balancer =
        |at: usize| Balancer::of(&groups.list[at], narrow(at).iter().copied(), (controller, request, served));
    let owns = |at: usize| owner(narrow(at), request);
    let chosen = controller.ingress.as_ref().and_then(|told| groups.with(told));
    let chosen = chosen
        .or_else(|| near.keys().copied().find(|at| balancer(*at).first(controller, request).is_some()))
        .or_else(|| near.keys().copied().find(|at| owns(*at).is_some()))
        .unwrap_or(0);
    let Some(group) = groups.list.get(chosen) else { return nothing(world, controller, request, served) };
    if group.name.is_some() {
        // Any Ingress may join it.
        world.depends_on(INGRESS);
    }
    let own = balancer(chosen);
    let others = near.keys().filter(|at| **at != chosen).filter_map(|at| owns(*at));
    let others: Vec<&Arc<Record>> = others.collect();
    let mut decision = own.decide(world, controller, request, served);
    if let Some(finding) = refused::why(world, controller, group) {
        decision = cloud::halted(decision, finding.clone());
    }
    decision.side.extend(cloud::several(world, controller, request, &others));
    // Whom a rule for some clients only takes, nobody can tell without the client's address.
    let is_open = request.client.is_none() && own.locations().any(condition::asks_who);
    let sure = if is_open { Confidence::NeedsProbe } else { Confidence::Inferred };
    for hop in &mut decision.hops {
        hop.confidence = hop.confidence.max(sure);
    }
    decision
}

/// No Ingress is served at all.
fn nothing(world: &World, controller: &Controller, request: &Request, served: &Served) -> Decision {
    let hop = miss::no_host(world, controller, request, served, &[]).sure(Confidence::Inferred);
    let action = missed(controller, &hop);
    Decision { tls: None, hops: vec![hop, not_reached()], action, gate: None, side: Vec::new() }
}

/// What becomes of a request that no rule takes: where an Ingress for it is refused, a load balancer may be left of before.
fn missed(controller: &Controller, hop: &Hop) -> Action {
    if hop.findings.iter().any(|finding| finding.code() == ctl::CTL_REFUSED.code) {
        let unknown = "whether a load balancer has rules of the Ingress from before: the objects do not tell";
        return end(Outcome::Unknown(unknown.to_owned()));
    }
    end(not_found(controller))
}

fn not_reached() -> Hop {
    Hop { standing: Standing::NotReached, ..Hop::new(HopKind::Service, "") }
}

/// An Ingress of a load balancer that is for the host by name.
fn owner<'a>(members: &[&Member<'a>], request: &Request) -> Option<&'a Arc<Record>> {
    let is_for = |ingress: &&'a Arc<Record>| {
        let rules = facts::ingress(ingress).into_iter().flat_map(|read| &read.rules);
        rules.filter_map(|rule| rule.host.as_deref()).any(|host| condition::is_host(host, request.name()))
    };
    members.iter().map(|member| member.ingress).find(is_for)
}

impl<'s, 'a> Balancer<'s, 'a> {
    /// With the rules of these members; each has rules on its own ports only.
    fn of<'m>(
        group: &'s Group<'a>,
        members: impl Iterator<Item = &'m Member<'a>>,
        (controller, request, served): (&Controller, &Request, &Served<'_, 'a>),
    ) -> Self
    where
        'a: 'm,
    {
        let here = members.filter(|member| member.listens(request.port)).map(|member| member.ingress);
        let here: Vec<&Arc<Record>> = here.collect();
        Self { group, servers: server::build(controller, &here, served) }
    }

    fn locations(&self) -> impl Iterator<Item = &Location<'a>> {
        self.servers.iter().flat_map(|server| &server.locations)
    }

    /// The rule that takes a request: Ingress by Ingress and rule by rule as they are written; of one rule Exact first, then
    /// Prefix by length, then patterns as they are written.
    fn first(&self, controller: &Controller, request: &Request) -> Option<(&Server<'a>, &Location<'a>)> {
        let place = |location: &Location| {
            let at = self.group.members.iter().position(|member| member.ingress.key == location.ingress.key);
            let length = if tier(location) == 0 { 0 } else { location.path.len() };
            (at, location.index.0, Reverse(tier(location)), Reverse(length), location.index.1)
        };
        let all =
            self.servers.iter().flat_map(|server| server.locations.iter().map(move |location| (server, location)));
        let taking = all.filter(|(server, location)| {
            condition::takes(controller, request, server, location) && !action::is_endless(request, server, location)
        });
        taking.min_by_key(|(_, location)| place(location))
    }

    fn decide(
        &self,
        world: &World<'a>,
        controller: &Controller,
        request: &Request,
        served: &Served<'_, 'a>,
    ) -> Decision {
        let plan = (request.scheme == Scheme::Https).then(|| tls::plan(controller, request, served));
        let side = notes::side(world, controller, request, served, &self.servers);
        let decision = |hops, action| Decision { tls: plan.clone(), hops, action, gate: None, side: side.clone() };
        let listening = (&*self.group.ingresses(), self.group.ports.as_deref());
        if let Some((hop, outcome)) = cloud::closed(world, controller, request, listening) {
            return Decision { tls: None, ..decision(vec![hop], end(outcome)) };
        }
        let redirect = self.group.redirect;
        if let Some(answer) = redirect.and_then(|(by, port)| https::everywhere(request, (by, port))) {
            return decision(vec![answer.hop], end(answer.outcome));
        }
        let sees = Sees { path: backend::raw(request), host: backend::host(request), reach: Reach::NodePort };
        if let Some((server, location)) = self.first(controller, request) {
            let mut hop = rule_hop(controller, server, location);
            hop.findings.extend(notes::resource(controller, location, "the controller gives up on the whole group"));
            if !hop.findings.is_empty() {
                let unknown = "whether the load balancer was ever made: its controller gives up on such a rule";
                return decision(vec![hop, not_reached()], end(Outcome::Unknown(unknown.to_owned())));
            }
            let said = condition::said(location);
            if !said.is_empty() {
                hop.summary = format!("{}; {said}", hop.summary);
            }
            let (more, action) = action::follow(controller, request, location, sees);
            let (more, action) =
                signed(world, controller, request, (location.ingress, location.backend), (more, action));
            return decision(std::iter::once(hop).chain(more).collect(), action);
        }
        if let Some((owner, to)) = self.group.defaults(request.port).next() {
            let (hop, arm) = backend::default(request, owner, to, sees);
            let forward = (None, Action::Forward(vec![arm]));
            let (more, action) = signed(world, controller, request, (owner, to), forward);
            return decision(std::iter::once(hop).chain(more).collect(), action);
        }
        // Whoever is missed is told what there is instead.
        let all = Self::of(self.group, self.group.members.iter(), (controller, request, served)).servers;
        let server = all.iter().find(|server| condition::is_host(&server.host.text(), request.name()));
        let hop = match server {
            Some(server) => miss::no_path(world, controller, request, served, server, &all, &request.path),
            None => miss::no_host(world, controller, request, served, &all),
        };
        let action = missed(controller, &hop);
        decision(vec![hop, not_reached()], action)
    }
}

/// An action with how its Services are reached, and behind the sign-in that stands before it.
fn signed(
    world: &World,
    controller: &Controller,
    request: &Request,
    (ingress, to): (&Arc<Record>, &Backend),
    (more, action): (Option<Hop>, Action),
) -> (Vec<Hop>, Action) {
    let namespace = ingress.key.namespace.as_deref().unwrap_or("");
    let reached = |arm: Arm| {
        let ArmTarget::Service { namespace, name, .. } = &arm.target else { return arm };
        let service = world.named(SERVICE, namespace, name).map(|service| &**service);
        let is_direct = aws::target_type(world, controller, (ingress, service)).as_deref() == Some("ip");
        Arm { reach: if is_direct { Reach::Pods } else { Reach::NodePort }, ..arm }
    };
    let action = match action {
        Action::Forward(arms) => Action::Forward(arms.into_iter().map(reached).collect()),
        other => other,
    };
    let is_tls = request.scheme == Scheme::Https;
    let service = || action::alone(ingress, to).and_then(|name| world.named(SERVICE, namespace, &name));
    let signs = is_tls.then(|| Sign { ingress, service: service() }.before(request)).flatten();
    let Some((hop, answer)) = signs else { return (more.into_iter().collect(), action) };
    let hops = std::iter::once(hop).chain(more).collect();
    match (answer, action) {
        (None, action) => (hops, action),
        // The sign-in comes before all else, whether anybody stands behind or not.
        (Some(answer), Action::Forward(arms)) => (hops, Action::Stop(answer, arms)),
        (Some(answer), _) => (hops, end(answer)),
    }
}
