//! Middlewares of Traefik that rules of the Gateway API name among their filters.

use crate::kinds::http_route::facts::Filter;
use crate::kinds::{MIDDLEWARE, ObjectRef};
use crate::view::trace::fault::{Finding, rt};
use crate::view::trace::gateway::change::Change;
use crate::view::trace::gateway::choose::Candidate;
use crate::view::trace::gateway::matching;
use crate::view::trace::hop::{Hop, HopKind};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::request::Request;
use crate::view::trace::rule::traefik::middleware::Passage;
use crate::view::trace::rule::traefik::router::Step;
use crate::view::trace::world::World;

/// What filters leave to be done.
#[derive(Debug, Default)]
pub struct Passed {
    /// What the middlewares did.
    pub hops: Vec<Hop>,
    /// An answer of theirs, or Traefik's where it leaves the rule out.
    pub answer: Option<Outcome>,
}

/// Lets the filters of a rule work on a request in their order, Traefik's middlewares among them.
pub fn apply(world: &World, chosen: &Candidate, (request, port): (&Request, u16), change: &mut Change) -> Passed {
    let mut passed = Passed::default();
    let filters = chosen.rule().filters;
    if !chosen.dialect.is_traefik() {
        change.apply(filters, request, chosen.matched(), port);
        return passed;
    }
    for filter in filters {
        let key = match filter {
            Filter::Extension(object) if *object.kind == *"Middleware" => {
                let namespace = chosen.route().record.key.namespace.clone();
                ObjectRef { kind: MIDDLEWARE, namespace, name: object.name.clone() }
            }
            filter => {
                change.apply(std::slice::from_ref(filter), request, chosen.matched(), port);
                continue;
            }
        };
        let mut passage = Passage::begin(request, request.scheme, &change.path);
        passage.pass(world, &[Step::Object(key)]);
        passage.path().clone_into(&mut change.path);
        passed.hops.append(&mut passage.hops);
        let by = || "Traefik".to_owned();
        if let Some(why) = &passage.refused {
            passed.hops.push(Hop::new(HopKind::Filter, why).with(left_out(chosen, why)));
            passed.answer.get_or_insert(Outcome::Respond { status: 404, by: by() });
        }
        let gate = passage.gate.map(|status| Outcome::Respond { status, by: by() });
        if passed.answer.is_none() && change.redirect.is_none() {
            passed.answer = passage.answer.or(gate);
        }
    }
    passed
}

fn left_out(chosen: &Candidate, why: &str) -> Finding {
    let route = chosen.route();
    Finding::of(&rt::RT_ROUTER_DROPPED)
        .object("name", &route.record.key)
        .word("object", route.title())
        .word("resource", route.resource())
        .word("rule", matching::shown(chosen.matched()))
        .word("why", why)
        .proof(route.record, format!(".spec.rules[{}].filters", chosen.rule), why)
}
