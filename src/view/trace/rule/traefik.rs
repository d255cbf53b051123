//! Traefik: routers of Ingresses and of its own routes, by priority; those that it leaves out; middlewares; weights.
//!
//! Facts: pkg/provider/kubernetes/{ingress,crd}, pkg/muxer/http and pkg/middlewares of Traefik v3.6; `tests/real/traefik.rs`
//! compares all of this with what Traefik answers.

mod expression;
pub mod middleware;
mod options;
pub mod router;
mod syntax;
#[cfg(test)]
mod tests;

use self::expression::Asked;
use self::middleware::Passage;
use self::options::{Entry, Options};
use self::router::{INGRESSES, ROUTES, Reading, Router, Service};
use crate::kinds::endpoint_slice::SERVICE_LABEL;
use crate::kinds::{ENDPOINT_SLICE, INGRESS_ROUTE};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, rt};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Confidence, Hop, HopKind, Standing};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{
    Action, Arm, ArmTarget, Caller, Controller, Decision, Fallback, LegEnd, Reach, TlsPlan,
};
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::rule::{Served, backend, concern, end, miss, not_found, notes, server, tls};
use crate::view::trace::service;
use crate::view::trace::uri;
use crate::view::trace::world::World;
use std::sync::Arc;

/// Decides about a request that reached Traefik.
pub fn decide<'a>(world: &World<'a>, controller: &Controller, request: &Request, served: &Served<'_, 'a>) -> Decision {
    let options = Options::of(controller);
    let scheme = if controller.tls_ended { Scheme::Http } else { request.scheme };
    let entry = options.entry(world, controller, scheme);
    let routers = router::all(world, &options, &served.near, request.name());
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
    stage.choose(decision)
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

/// What Traefik makes of one router.
struct Made<'s, 'a> {
    router: &'s Router<'a>,
    passage: Passage<'s>,
    arms: Vec<Arm>,
    /// Why it is left out.
    lost: Vec<Finding>,
    /// Whether a backend cannot be told.
    unknown: Option<String>,
}

impl<'s, 'a> Stage<'s, 'a> {
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

    /// The first router that takes the request and that Traefik does not leave out.
    fn choose(&self, decision: Decision) -> Decision {
        let routed = uri::routed(self.path);
        let asked = Asked { request: self.request, path: &routed };
        let mut lost: Vec<Made> = Vec::new();
        let mut elsewhere: Vec<&Router> = Vec::new();
        let mut found: Option<(Made, bool)> = None;
        for router in self.routers {
            if found.as_ref().is_some_and(|(first, _)| router.priority < first.router.priority) {
                break;
            }
            let takes = match &router.rule {
                Reading::Rule(rule) => rule.takes(asked),
                Reading::Refused(_) => Some(false),
            };
            match (takes, router.listens(self.options, self.entry)) {
                (Some(true), Some(false)) => elsewhere.push(router),
                (None, None | Some(true)) if self.may_name(router) => return Self::untold(router, decision),
                (None | Some(false), _) => {}
                (Some(true), listens) => {
                    let made = self.make(router);
                    match &found {
                        _ if !made.lost.is_empty() => lost.push(made),
                        Some((first, _)) if !first.is_like(&made) => return Self::tied(first, &made, decision),
                        Some(_) => {}
                        None => found = Some((made, listens.is_some())),
                    }
                }
            }
        }
        let lost: Vec<Made> = lost.into_iter().filter(|made| Self::stands_before(made, found.as_ref())).collect();
        match found {
            Some((made, is_sure)) => self.follow(made, &lost, is_sure, decision),
            None => self.nobody(lost, &elsewhere, decision),
        }
    }

    fn stands_before(made: &Made, found: Option<&(Made, bool)>) -> bool {
        found.is_none_or(|(first, _)| first.router.priority <= made.router.priority)
    }

    /// Whether a router that cannot be read may be for the host at all.
    fn may_name(&self, router: &Router) -> bool {
        !router.text.contains("Host") || router.text.contains(self.request.name()) || router.text.contains("HostRegexp")
    }

    fn make(&self, router: &'s Router<'a>) -> Made<'s, 'a> {
        let mut passage = Passage::begin(self.request, self.entry.scheme, self.path);
        passage.pass(self.world, &router.steps);
        let mut made = Made { router, passage, arms: Vec::new(), lost: Vec::new(), unknown: None };
        if let Some(why) = router.refused.as_ref().or(made.passage.refused.as_ref()) {
            made.lost.push(left_out(router, why));
            return made;
        }
        let total: i64 = router.services.iter().map(|service| service.weight.max(0)).sum();
        for (at, service) in router.services.iter().enumerate() {
            if let Some(kind) = &service.other {
                made.unknown = Some(format!("{kind} {}/{} is not followed", service.namespace, service.name));
                continue;
            }
            let share = if router.services.len() == 1 { 1.0 } else { share(service.weight, total) };
            self.arm(&mut made, (at, service), share, total);
        }
        made
    }

    /// One backend: its arm, and whether its router stands or falls with it.
    fn arm(&self, made: &mut Made, (at, service): (usize, &Service), share: f64, total: i64) {
        let router = made.router;
        let noted = (!router.is_route()).then(|| router::noted(self.world, self.options, service));
        let service = noted.as_ref().unwrap_or(service);
        let several = 1 < router.services.len();
        let mut arm = Arm {
            target: ArmTarget::Service {
                namespace: service.namespace.clone(),
                name: service.name.clone(),
                port: service.port.clone(),
            },
            share,
            path: made.passage.target(),
            host: backend::host(self.request),
            why: if several { format!("weight {} of {total}", service.weight) } else { String::new() },
            reach: if service.native { Reach::ServiceAddress } else { Reach::Pods },
            named_by: Some((router.record.key.clone(), router.field(at))),
            answered: None,
            hops: Vec::new(),
        };
        let leg = service::walk(self.world, &arm, self.caller);
        if !service.passes_host
            && let Some(endpoint) = leg.backend.endpoints.iter().find(|endpoint| endpoint.ready)
            && let Some(address) = &endpoint.address
        {
            arm.host = if endpoint.port == 80 { address.to_string() } else { format!("{address}:{}", endpoint.port) };
        }
        match leg.end {
            Some(LegEnd::NoEndpoints) if self.allows_empty(router) || self.has_leaving(service) => {
                arm.answered = Some(503);
            }
            Some(LegEnd::NoService | LegEnd::NoEndpoints) => {
                let broken = leg.hops.iter().flat_map(|hop| &hop.findings);
                let broken: Vec<Finding> = broken.filter(|f| f.severity == Severity::Broken).cloned().collect();
                if broken.is_empty() {
                    made.lost.push(left_out(router, "its Service has nobody who takes requests"));
                }
                made.lost.extend(broken);
            }
            _ => {}
        }
        made.arms.push(arm);
    }

    fn allows_empty(&self, router: &Router) -> bool {
        self.options.provider_is(if router.is_route() { ROUTES } else { INGRESSES }, "allowemptyservices")
    }

    /// Whether endpoints are left that only shut down: Traefik keeps the router for them, and sends nobody there.
    fn has_leaving(&self, service: &Service) -> bool {
        let label = (Arc::from(SERVICE_LABEL), service.name.clone());
        let slices = self.world.labelled(ENDPOINT_SLICE, &service.namespace, &[label]);
        let endpoints =
            slices.iter().filter_map(|slice| facts::endpoint_slice(slice)).flat_map(|facts| &facts.endpoints);
        endpoints.into_iter().any(|endpoint| endpoint.is_told && endpoint.serving && endpoint.terminating)
    }

    /// The plan for the handshake: what the route names, else what Ingresses do.
    fn tls(router: &Router, plan: Option<TlsPlan>) -> Option<TlsPlan> {
        let mut plan = plan?;
        let Some(tls) = router.route_tls() else { return Some(plan) };
        let record = router.record;
        plan.owner = Some(record.key.clone());
        plan.findings.clear();
        ".spec.tls.secretName".clone_into(&mut plan.field);
        let namespace = record.key.namespace.clone().unwrap_or_default();
        plan.secrets = tls.secret.iter().map(|secret| (namespace.clone(), secret.clone())).collect();
        if tls.resolver.is_some() {
            plan.fallback = Fallback::Unknown;
        }
        Some(plan)
    }

    fn untold(router: &Router, mut decision: Decision) -> Decision {
        let missing = format!("{} has a rule that is not read here: {}", router.title(), router.text);
        decision.hops.push(Hop::unknown(HopKind::Rule, missing.clone()).at(&router.record.key));
        decision.tls = Self::tls(router, decision.tls);
        decision.action = end(Outcome::Unknown(missing));
        decision
    }

    /// Of two with the same priority either may come first.
    fn tied(first: &Made, second: &Made, mut decision: Decision) -> Decision {
        let (one, other) = (first.router, second.router);
        let why = format!(
            "{} ({}) and {} ({}) both take it with priority {}: which comes first, Traefik leaves to chance",
            one.title(),
            one.text,
            other.title(),
            other.text,
            one.priority
        );
        decision.hops.push(Hop::unknown(HopKind::Rule, why.clone()).at(&one.record.key));
        decision.action = end(Outcome::Unknown(why));
        decision
    }

    fn follow(&self, made: Made, lost: &[Made], is_sure: bool, mut decision: Decision) -> Decision {
        let router = made.router;
        let mut rule = Self::rule_hop(router);
        for other in lost {
            // Another one takes over for it.
            rule.findings.extend(other.lost.iter().map(|finding| finding.clone().severe(Severity::Warn)));
        }
        rule.findings.extend(default_backend(self.request, router));
        if !is_sure || self.unlisted().is_some() {
            rule = rule.sure(Confidence::Inferred);
        }
        decision.tls = Self::tls(router, decision.tls);
        decision.hops.push(rule);
        decision.hops.extend(made.passage.hops);
        let by = || Flavour::Traefik.name().to_owned();
        let gate = made.passage.gate.map(|status| Outcome::Respond { status, by: by() });
        let arms: Vec<Arm> = made.arms.into_iter().filter(|arm| 0.0 < arm.share).collect();
        // Middlewares stand before the Services, whatever these would say.
        decision.action = match (made.passage.answer.or(gate), made.unknown) {
            (Some(answer @ Outcome::Respond { .. }), None) => Action::Stop(answer, arms),
            (Some(answer), _) => end(answer),
            (None, Some(unknown)) => {
                decision.hops.push(Hop::unknown(HopKind::Service, unknown.clone()));
                end(Outcome::Unknown(unknown))
            }
            (None, None) if arms.is_empty() => {
                decision.hops.push(Hop::new(HopKind::Filter, "the weights of all its Services are 0"));
                end(Outcome::Respond { status: 503, by: by() })
            }
            (None, None) => Action::Forward(arms),
        };
        decision
    }

    fn rule_hop(router: &Router) -> Hop {
        let summary = format!("{}: {} (priority {})", router.title(), router.text, router.priority);
        let options = router.route_tls().and_then(|tls| tls.options.as_ref());
        let Some(options) = options else { return Hop::new(HopKind::Rule, summary).at(&router.record.key) };
        // It may refuse clients without a certificate, or those with an old version of TLS.
        let summary = format!("{summary}; what TLSOption {} demands of clients is not read here", options.name);
        Hop::new(HopKind::Rule, summary).at(&router.record.key).sure(Confidence::NeedsProbe)
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
        let mut rule = Self::rule_hop(made.router);
        decision.tls = Self::tls(made.router, decision.tls);
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

    fn miss(&self, elsewhere: &[&Router]) -> Hop {
        let refused = self.routers.iter().find_map(|router| match &router.rule {
            Reading::Refused(why) if router.text.contains(self.request.name()) => Some(left_out(router, why)),
            _ => None,
        });
        let deaf = elsewhere.first().map(|router| left_out(router, &self.deafness(router)));
        let servers = server::build(self.controller, &self.served.taken(), self.served);
        let hop = match server::find(&servers, self.request.name()) {
            _ if deaf.is_some() => Hop::new(HopKind::Rule, "no router listens where the request enters"),
            Some(server) => {
                let (world, controller, request) = (self.world, self.controller, self.request);
                miss::no_path(world, controller, request, self.served, server, &servers, self.path)
            }
            None => miss::no_host(self.world, self.controller, self.request, self.served, &servers),
        };
        let mut hop = hop;
        hop.findings.splice(0..0, deaf.or(refused));
        hop
    }

    /// Why a router does not hear the request.
    fn deafness(&self, router: &Router) -> String {
        let point = self.entry.name.as_deref().unwrap_or("this one");
        let is_named = router.entry_points.iter().any(|own| own == point);
        if !router.entry_points.is_empty() && !is_named {
            return format!("it listens on {}, and the request enters by {point}", router.entry_points.join(", "));
        }
        match self.entry.scheme {
            Scheme::Http => "it is for TLS connections only, and the request comes in the clear".to_owned(),
            Scheme::Https => format!("it is for plain connections only: neither it nor entry point {point} has TLS on"),
        }
    }
}

impl Made<'_, '_> {
    /// Whether it makes no difference which of two is taken.
    fn is_like(&self, other: &Self) -> bool {
        let arms = |made: &Self| made.arms.iter().map(|arm| (arm.target.clone(), arm.path.clone())).collect::<Vec<_>>();
        self.passage.answer == other.passage.answer
            && self.passage.gate == other.passage.gate
            && self.unknown == other.unknown
            && arms(self) == arms(other)
    }
}

fn share(weight: i64, total: i64) -> f64 {
    // Weights are small numbers: no digit is lost.
    #[allow(clippy::cast_precision_loss)]
    let share = weight.max(0) as f64 / total.max(1) as f64;
    share
}

fn left_out(router: &Router, why: &str) -> Finding {
    let resource = if router.is_route() { "ingressroute" } else { "ingress" };
    Finding::of(&rt::RT_ROUTER_DROPPED)
        .object("name", &router.record.key)
        .word("object", router.title())
        .word("resource", resource)
        .word("rule", &router.text)
        .word("why", why)
        .proof(router.record, router.place(), &router.text)
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
