//! What stands beside the rule that takes a request: rules that it shadows, twins, listeners whose names overlap.

use crate::kinds::condition;
use crate::view::trace::fault::{Finding, Severity, rt_gateway as rt};
use crate::view::trace::gateway::Stage;
use crate::view::trace::gateway::choose::Candidate;
use crate::view::trace::gateway::listeners::{self, Place};
use crate::view::trace::gateway::mixed;
use crate::view::trace::plan::Decision;
use crate::view::trace::request::Scheme;

impl Stage<'_, '_> {
    /// Its controller says that certificates of several listeners cover each other's names.
    pub(super) fn overlapping(&self, place: &Place) -> Option<Finding> {
        let condition = listeners::fresh(&place.listener.conditions, "OverlappingTLSConfig", place.owner)?;
        if condition.status != condition::Status::True || self.request.scheme != Scheme::Https {
            return None;
        }
        let name = &place.listener.name;
        let why = format!("names of listener {name} and of another one overlap ({})", condition.reasoned());
        let finding = Finding::of(&rt::RT_G_421)
            .word("controller", "the Gateway")
            .object("gateway", &self.gateway.key)
            .word("why", why);
        let path = format!(".status.listeners[{}].conditions[type=OverlappingTLSConfig].status", place.index);
        Some(finding.proof(place.owner, path, "True"))
    }

    /// The handshake chose one listener, and the Host header would choose another.
    pub(super) fn misdirected(&self, at: usize, name: &str) -> Option<Finding> {
        if self.request.scheme != Scheme::Https || self.handshake_name() == name {
            return None;
        }
        let other = *self.listeners.candidates(self.port, Scheme::Https, name).first()?;
        let (own, other) = (&self.listeners.places[at], &self.listeners.places[other]);
        let differs = !std::ptr::eq(own.listener, other.listener);
        differs.then(|| {
            let finding =
                Finding::of(&rt::RT_G_421).word("controller", "the Gateway").object("gateway", &self.gateway.key);
            let (here, there) = (&own.listener.name, &other.listener.name);
            let sni = self.handshake_name();
            let why = format!("the handshake names {sni} (listener {here}), the request {name} (listener {there})");
            let finding = finding.word("why", why);
            let finding = finding.proof(own.owner, own.field("hostname"), own.host());
            finding.proof(other.owner, other.field("hostname"), other.host())
        })
    }

    /// Whether Traefik may take either: their priorities are the same, and they are not of one rule.
    pub(super) fn is_twin(&self, chosen: &Candidate, other: &Candidate) -> bool {
        let is_one = chosen.route().record.key == other.route().record.key && chosen.rule == other.rule;
        self.dialect.is_traefik() && !is_one && chosen.priority() == other.priority()
    }

    /// What stands next to the path: shadowed rules, hosts that are ignored, routes that are refused, Ingresses.
    pub(super) fn sides(&self, chosen: &Candidate, others: &[Candidate], name: &str, decision: &mut Decision) {
        let mut shadowed: Vec<Finding> = Vec::new();
        for other in others {
            if other.route().record.key == chosen.route().record.key && other.rule == chosen.rule {
                continue;
            }
            shadowed.extend(chosen.beats(other).map(|why| shadow(chosen, other, &why)));
        }
        shadowed.dedup_by(|a, b| a.message() == b.message());
        let search = self.search(name);
        let sides = &mut decision.side;
        sides.extend(shadowed);
        sides.extend(search.partial_hosts(chosen.attached));
        sides.extend(search.attached_refusals().into_iter().map(|finding| finding.severe(Severity::Warn)));
        sides.extend(mixed::of(self.world, chosen.route(), name));
    }
}

fn shadow(winner: &Candidate, loser: &Candidate, why: &str) -> Finding {
    let (route, other) = (winner.route(), loser.route());
    let finding = Finding::of(&rt::RT_G_SHADOW).word("why", why);
    let finding = finding.word("winner", route.title()).word("winner_rule", winner.rule().title(winner.rule));
    let finding = finding.word("loser", other.title()).word("loser_rule", loser.rule().title(loser.rule));
    let finding = finding.word("resource", other.resource()).object("name", &other.record.key);
    let path = |rule: usize| format!(".spec.rules[{rule}].matches");
    let finding = finding.proof(route.record, path(winner.rule), route.shown(winner.matched()));
    finding.proof(other.record, path(loser.rule), other.shown(loser.matched()))
}
