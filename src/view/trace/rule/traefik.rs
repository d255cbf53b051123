//! Traefik: routers of Ingresses and of its own routes, by priority; those that it leaves out; middlewares; weights.
//!
//! Facts: pkg/provider/kubernetes/{ingress,crd}, pkg/muxer/http and pkg/middlewares of Traefik v3.6; `tests/real/traefik.rs`
//! compares all of this with what Traefik answers.

mod backends;
mod expression;
mod handshake;
mod ingress;
mod made;
pub mod middleware;
mod missed;
mod options;
mod route;
pub mod router;
mod service;
pub mod store;
mod syntax;
#[cfg(test)]
mod tests;
mod transport;

use self::made::{Choice, Made, Open, Under};
use self::options::{Entry, INGRESSES, Options, ROUTES};
use self::router::Router;
use crate::kinds::{INGRESS_ROUTE, Record};
use crate::view::trace::fault::{Finding, Severity, rt, tl};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Confidence, Hop, HopKind, Standing};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Action, Arm, Caller, Controller, Decision, Fallback, TlsEnd, TlsPlan};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::{Served, backend, concern, end, not_found, notes, server, tls};
use crate::view::trace::uri;
use crate::view::trace::world::World;
use std::sync::Arc;

/// Decides about a request that reached Traefik.
pub fn decide<'a>(world: &World<'a>, controller: &Controller, request: &Request, served: &Served<'_, 'a>) -> Decision {
    let options = Options::of(controller);
    let scheme = if controller.tls_ended { Scheme::Http } else { request.scheme };
    let entry = options.entry(world, controller, scheme);
    let routers = routers(world, &options, &served.near, request.name());
    let path = uri::clean(&request.path);
    let caller = Caller::Controller(Box::new(controller.clone()));
    let servers = server::build(controller, &concern::with(world, controller, served, request.name()), served);
    let side = notes::side(world, controller, request, served, &servers);
    let stage = Stage {
        world,
        controller,
        request,
        served,
        options: &options,
        entry: &entry,
        routers: &routers,
        caller: &caller,
        path: path.as_deref().unwrap_or(&request.path),
    };
    let plan = (request.scheme == Scheme::Https).then(|| tls::plan(controller, request, served));
    let mut decision = Decision { tls: plan, hops: Vec::new(), action: end(not_found(controller)), gate: None, side };
    if path.is_none() {
        decision.hops.push(Hop::new(HopKind::Rule, format!("{} is no path", request.path)));
        decision.action = end(Outcome::Respond { status: 400, by: Flavour::Traefik.name().to_owned() });
        return decision;
    }
    if let Some(outcome) = stage.at_entry_point() {
        decision.hops.push(Hop::new(HopKind::Filter, "the entry point sends clients to another one"));
        decision.action = end(outcome);
        return decision;
    }
    let mut decision = stage.decide(decision);
    decision.tls = decision.tls.map(|plan| store::kept(world, &options, plan));
    stage.shaken(decision)
}

struct Stage<'s, 'a> {
    world: &'s World<'a>,
    controller: &'s Controller,
    request: &'s Request,
    served: &'s Served<'s, 'a>,
    options: &'s Options,
    entry: &'s Entry,
    routers: &'s [Router<'a>],
    caller: &'s Caller,
    path: &'s str,
}

/// Every router that may be for a host, the highest priority first.
fn routers<'a>(world: &World<'a>, options: &Options, taken: &[&'a Arc<Record>], name: &str) -> Vec<Router<'a>> {
    let mut all: Vec<Router> = Vec::new();
    if options.has_provider(INGRESSES) {
        all.extend(taken.iter().flat_map(|ingress| ingress::routers(world, options, ingress, name)));
    }
    if options.has_provider(ROUTES) {
        all.extend(route::all(world, options, name));
    }
    all.sort_by_key(|router| std::cmp::Reverse(router.priority));
    all
}

impl Stage<'_, '_> {
    /// A redirect that holds for all that enters there.
    fn at_entry_point(&self) -> Option<Outcome> {
        let point = self.entry.name.as_deref()?;
        let get = |name: &str| self.options.get(&format!("entrypoints.{point}.http.redirections.entrypoint.{name}"));
        let to = get("to")?;
        let scheme = get("scheme").unwrap_or("https");
        let permanent = get("permanent") != Some("false");
        // To another entry point by its port; the one of https needs none.
        let port = match to.strip_prefix(':') {
            Some(port) => port.to_owned(),
            None => {
                let address = self.options.get(&format!("entrypoints.{}.address", to.to_lowercase())).unwrap_or("");
                let address = address.split('/').next().unwrap_or("");
                address.rsplit(':').next().unwrap_or("").to_owned()
            }
        };
        let is_own = port.is_empty() || matches!((scheme, port.as_str()), ("https", "443") | ("http", "80"));
        let port = if is_own { String::new() } else { format!(":{port}") };
        let location =
            format!("{scheme}://{}{port}{}", self.request.name(), backend::with_query(self.request, self.path));
        Some(middleware::redirect(self.request, &location, permanent))
    }

    /// What becomes of the request.
    fn decide(&self, mut decision: Decision) -> Decision {
        decision.tls = decision.tls.map(|plan| self.with_secrets(plan));
        let before = self.begin();
        let choice = self.choose(self.routers, self.path, true, |router| Some(self.make(router, &before)));
        match choice {
            Choice { open: Some(open), .. } => self.open(&open, decision),
            Choice { found: Some((made, is_sure)), lost, .. } => self.follow(made, &lost, is_sure, decision),
            Choice { lost, elsewhere, .. } => self.nobody(lost, &elsewhere, decision),
        }
    }

    /// The plan with the Secrets of all routes that may be for the host: whichever is good for the name is shown.
    fn with_secrets(&self, mut plan: TlsPlan) -> TlsPlan {
        if plan.end != TlsEnd::Controller {
            return plan;
        }
        let given = plan.secrets.len();
        for router in self.routers {
            let namespace = router.record.key.namespace.clone().unwrap_or_default();
            let secret = router.route_tls().and_then(|tls| tls.secret.clone()).map(|secret| (namespace, secret));
            plan.secrets.extend(secret.filter(|secret| !plan.secrets.contains(secret)));
        }
        if given < plan.secrets.len() {
            plan.findings.clear();
        }
        plan
    }

    /// The plan for the handshake: what the route names, else what Ingresses do.
    fn tls(router: &Router, plan: Option<TlsPlan>) -> Option<TlsPlan> {
        let mut plan = without_certificate(router, plan?);
        let Some(tls) = router.route_tls() else { return Some(plan) };
        let record = router.record;
        plan.owner = Some(record.key.clone());
        plan.findings.clear();
        ".spec.tls.secretName".clone_into(&mut plan.field);
        let namespace = record.key.namespace.clone().unwrap_or_default();
        // Its own comes first.
        if let Some(own) = tls.secret.iter().map(|secret| (namespace.clone(), secret.clone())).next() {
            plan.secrets.retain(|secret| *secret != own);
            plan.secrets.insert(0, own);
        }
        if tls.resolver.is_some() {
            plan.fallback = Fallback::Unknown;
        }
        Some(plan)
    }

    /// The plan where the entry point names a resolver for all routers without TLS of their own: Traefik gets the certificate
    /// for the name itself, and shows that of a Secret only where there is one for it (`applyModel` of pkg/server/aggregator.go).
    fn issued(&self, router: &Router, plan: Option<TlsPlan>) -> Option<TlsPlan> {
        let mut plan = plan?;
        let name = |point: &str| format!("entrypoints.{point}.http.tls.certresolver");
        let resolver = self.entry.name.as_deref().and_then(|point| self.options.get(&name(point)));
        if router.tls || plan.end != TlsEnd::Controller || resolver.is_none_or(str::is_empty) {
            return Some(plan);
        }
        plan.findings.retain(|finding| !matches!(finding.code(), "TL-NONE" | "TL-HOST-NOT-IN-TLS"));
        plan.tried.append(&mut plan.secrets);
        plan.tried.sort();
        plan.tried.dedup();
        plan.fallback = Fallback::Unknown;
        Some(plan)
    }

    /// It is left open which router takes the request.
    fn open(&self, open: &Open, mut decision: Decision) -> Decision {
        let (router, why) = open_why(open);
        decision.tls = self.issued(router, Self::tls(router, decision.tls));
        decision.hops.push(Hop::unknown(HopKind::Rule, why.clone()).at(&router.record.key));
        decision.action = end(Outcome::Unknown(why));
        decision
    }

    fn follow(&self, made: Made, lost: &[Made], is_sure: bool, mut decision: Decision) -> Decision {
        let router = made.router;
        let mut rule = self.rule_hop(router);
        for other in lost {
            // Another one takes over for it.
            rule.findings.extend(other.lost.iter().map(|finding| finding.clone().severe(Severity::Warn)));
        }
        rule.findings.extend(default_backend(self.request, router));
        if !is_sure || self.unlisted().is_some() {
            rule = rule.sure(Confidence::Inferred);
        }
        decision.tls = self.issued(router, Self::tls(router, decision.tls));
        decision.hops.push(rule);
        let (mut filters, mut made) = (Vec::new(), made);
        // From route to route, down to the one that names Services.
        let open = loop {
            filters.append(&mut made.passage.hops);
            match made.under.take() {
                Some(Under::Child(child)) => {
                    decision.hops.push(self.rule_hop(child.router));
                    made = *child;
                }
                Some(Under::Open(open)) => {
                    let (router, why) = open_why(&open);
                    decision.hops.push(Hop::unknown(HopKind::Rule, why.clone()).at(&router.record.key));
                    break Some(Outcome::Unknown(why));
                }
                Some(Under::Nobody) => {
                    let hop = nobody_below(made.router, self.request.name(), made.passage.path());
                    let orphan = self.orphan(Some(&made.router.record.key), made.passage.path());
                    decision.hops.push(orphan.into_iter().fold(hop, Hop::with));
                    break Some(not_found(self.controller));
                }
                None => break None,
            }
        };
        filters.append(&mut made.hops);
        decision.hops.extend(filters);
        Self::end(made, open, decision)
    }

    /// What a client sees in the end.
    fn end(made: Made, open: Option<Outcome>, mut decision: Decision) -> Decision {
        let by = || Flavour::Traefik.name().to_owned();
        let gate = made.passage.gate.map(|status| Outcome::Respond { status, by: by() });
        if let Some(ring) = &made.circle {
            let hop = Hop::new(HopKind::Filter, "TraefikServices that lead back to each other");
            decision.hops.push(hop.with(backends::circle(made.router, ring)));
            decision.action = end(Outcome::Unknown("Traefik goes on with an older configuration".to_owned()));
            return decision;
        }
        let arms: Vec<Arm> = made.arms.into_iter().filter(|arm| 0.0 < arm.share).collect();
        // Middlewares stand before the Services, whatever these would say.
        decision.action = match (made.passage.answer.or(gate), open, made.unknown) {
            (Some(answer @ Outcome::Respond { .. }), None, None) => Action::Stop(answer, arms),
            (Some(answer), ..) | (None, Some(answer), _) => end(answer),
            (None, None, Some(unknown)) => {
                decision.hops.push(Hop::unknown(HopKind::Service, unknown.clone()));
                end(Outcome::Unknown(unknown))
            }
            (None, None, None) if arms.is_empty() => {
                decision.hops.push(Hop::new(HopKind::Filter, "the weights of all its Services are 0"));
                end(Outcome::Respond { status: 503, by: by() })
            }
            (None, None, None) => Action::Forward(arms),
        };
        decision
    }

    fn rule_hop(&self, router: &Router) -> Hop {
        let mut summary = format!("{}: {} (priority {})", router.title(), router.text, router.priority);
        if !router.below.is_empty() && !router.services.is_empty() {
            summary.push_str("; its own Services get nothing, because it leads requests on to other routes");
        }
        let rules = if made::is_root(router) { self.rules_of(router) } else { None };
        let Some((rules, is_known)) = rules else { return Hop::new(HopKind::Rule, summary).at(&router.record.key) };
        let hop = Hop::new(HopKind::Rule, format!("{summary}; {rules}")).at(&router.record.key);
        if is_known { hop } else { hop.sure(Confidence::NeedsProbe) }
    }

    /// Which routes may be there that nobody could list.
    fn unlisted(&self) -> Option<String> {
        let has_routes = self.options.has_provider(ROUTES);
        self.world.known(INGRESS_ROUTE, None).missing("ingressroutes").filter(|_| has_routes)
    }

    /// No router is left for it.
    fn nobody(&self, lost: Vec<Made>, elsewhere: &[&Router], mut decision: Decision) -> Decision {
        let not_reached = || Hop { standing: Standing::NotReached, ..Hop::new(HopKind::Service, "") };
        if let Some(missing) = self.unlisted() {
            decision.hops.push(Hop::unknown(HopKind::Rule, missing.clone()));
            decision.action = end(Outcome::Unknown(missing));
            return decision;
        }
        let Some(made) = lost.into_iter().next() else {
            decision.hops.extend([self.miss(elsewhere), not_reached()]);
            return decision;
        };
        let mut rule = self.rule_hop(made.router);
        decision.tls = self.issued(made.router, Self::tls(made.router, decision.tls));
        // What is wrong with its Services is told by their own hops.
        let own = made.lost.into_iter().filter(|finding| std::ptr::eq(finding.fault, &raw const rt::RT_ROUTER_DROPPED));
        rule.findings.extend(own);
        let is_own = !rule.findings.is_empty();
        decision.hops.push(rule);
        if is_own || made.arms.is_empty() {
            decision.hops.push(not_reached());
        } else {
            decision.action = Action::Stop(not_found(self.controller), made.arms);
        }
        decision
    }
}

/// The plan for a route that names no certificate, where none of another route is there either: Traefik shows its own.
fn without_certificate(router: &Router, mut plan: TlsPlan) -> TlsPlan {
    let is_own =
        plan.end == TlsEnd::Controller && plan.secrets.is_empty() && matches!(plan.fallback, Fallback::Own(..));
    let is_silent = router.is_route() && router.route_tls().is_none();
    if is_own && is_silent && plan.findings.is_empty() {
        let finding = Finding::of(&tl::TL_NONE).object("route", &router.record.key).word("host", &plan.name);
        let finding = finding.word("hint", ", and its IngressRoute names no certificate");
        let finding = finding.word("consequence", "clients are shown the default certificate of the controller");
        plan.findings.push(finding.proof(router.record, ".spec.tls", "none"));
    }
    plan
}

/// Which router it is about that it cannot be told who takes a request, and why.
fn open_why<'s>(open: &Open<'s, '_>) -> (&'s Router<'s>, String) {
    match open {
        Open::Unread(router) => {
            let why = if router.text.to_ascii_lowercase().contains("clientip") {
                "a rule that goes by the client's address, which was not given (--client-ip)"
            } else {
                "a rule that is not read here"
            };
            (router, format!("{} has {why}: {}", router.title(), router.text))
        }
        Open::Tied(both) => {
            let (one, other) = (both.0.router, both.1.router);
            let why = format!(
                "{} ({}) and {} ({}) both take it with priority {}: which comes first, Traefik leaves to chance",
                one.title(),
                one.text,
                other.title(),
                other.text,
                one.priority
            );
            (one, why)
        }
    }
}

/// A route leads a request on, and none below takes it.
fn nobody_below(router: &Router, host: &str, path: &str) -> Hop {
    let rules = router.below.iter().map(|child| format!("{} of {}", child.text, child.title())).collect::<Vec<_>>();
    let finding = Finding::of(&rt::RT_CHILD_MISS)
        .object("name", &router.record.key)
        .word("object", router.title())
        .word("host", host)
        .word("path", path)
        .word("have", rules.join(", "))
        .proof(router.record, router.place(), &router.text);
    Hop::new(HopKind::Rule, "no route below takes it").at(&router.record.key).with(finding)
}

fn default_backend(request: &Request, router: &Router) -> Option<Finding> {
    if router.source != router::Source::Default {
        return None;
    }
    let to = router.services.first().map_or("nothing", |service| &service.name);
    let finding = Finding::of(&rt::RT_DEFAULT_BACKEND).object("ingress", &router.record.key);
    let finding = finding.word("path", &request.path).word("service", to);
    Some(finding.proof(router.record, ".spec.defaultBackend", to))
}
