//! What a controller does with a request, by the rules of its flavour.

pub mod access;
pub mod backend;
pub mod blocked;
pub mod canary;
pub mod checked;
pub mod claim;
pub mod cloud;
pub mod concern;
pub mod cors;
pub mod denied;
pub mod errors;
pub mod host;
pub mod inspected;
pub mod invalid;
pub mod location;
pub mod login;
pub mod miss;
pub mod nginx;
pub mod notes;
pub mod own;
pub mod passthrough;
pub mod path;
pub mod pattern;
pub mod ranges;
pub mod redirect;
pub mod refusal;
pub mod rewrite;
pub mod server;
pub mod serving;
pub mod settings;
pub mod snippet;
pub mod spec;
pub mod taken;
#[cfg(test)]
mod tests;
pub mod tls;
pub mod traefik;
pub mod upstream;
pub mod url;

use crate::kinds::{DAEMON_SET, INGRESS, STATEFUL_SET};
use crate::view::trace::fault::{Finding, rt};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Hop, HopKind, Standing};
use crate::view::trace::outcome::Outcome;
use crate::view::trace::plan::{Action, Controller, Decision};
use crate::view::trace::request::Request;
use crate::view::trace::rule::serving::Served;
use crate::view::trace::world::{Known, World};

/// Decides about a request that reached a controller.
pub fn decide(world: &World, controller: &Controller, request: &Request) -> Decision {
    let known = world.known(INGRESS, None);
    let unread = known.missing("ingresses");
    if let Some(missing) = unread.as_ref().filter(|_| known != Known::Damaged) {
        return unknown(missing);
    }
    let near = world.for_hosts(INGRESS, &[request.name(), request.server_name()]);
    let served = Served::new(world, controller, near);
    let decision = match controller.flavour {
        Flavour::Nginx => nginx::decide(world, controller, request, &served),
        Flavour::Traefik => traefik::decide(world, controller, request, &served),
        _ => spec::decide(world, controller, request, &served),
    };
    if let Some(missing) = unread.filter(|_| is_miss(&decision)) {
        // The one that cannot be read may have the rule.
        return unknown(&missing);
    }
    if is_remarkable(&decision) {
        // What is said of it may name any Ingress, and so depends on all of them.
        world.depends_on(INGRESS);
    }
    decision
}

/// No rule can be asked, because of this.
fn unknown(missing: &str) -> Decision {
    let hops = vec![Hop::unknown(HopKind::Rule, missing)];
    Decision { tls: None, hops, action: end(Outcome::Unknown(missing.to_owned())), gate: None, side: Vec::new() }
}

/// Whether no rule was found.
fn is_miss(decision: &Decision) -> bool {
    let codes = [&rt::RT_HOST_MISS, &rt::RT_PATH_MISS];
    let is_one = |finding: &Finding| codes.iter().any(|code| std::ptr::eq(finding.fault, *code));
    decision.hops.iter().flat_map(|hop| &hop.findings).any(is_one)
}

/// Whether more happens than that backends get the request.
fn is_remarkable(decision: &Decision) -> bool {
    let is_said = decision.hops.iter().any(|hop| !hop.findings.is_empty() || hop.standing != Standing::Decides);
    let of_tls = decision.tls.as_ref().is_some_and(|plan| !plan.findings.is_empty());
    is_said || of_tls || !matches!(decision.action, Action::Forward(_))
}

/// The request ends here.
fn end(outcome: Outcome) -> Action {
    Action::End(outcome)
}

/// Nobody has a rule for it: the controller answers 404 itself.
fn not_found(controller: &Controller) -> Outcome {
    let own = controller.flag("--default-backend-service").filter(|name| !name.is_empty());
    let by = match (controller.flavour, own) {
        // What stands there must answer 404: https://kubernetes.github.io/ingress-nginx/user-guide/default-backend/
        (Flavour::Nginx, Some(service)) => format!("ingress-nginx's default backend, Service {service}"),
        (Flavour::Nginx, None) => "ingress-nginx's default backend".to_owned(),
        (flavour, _) => flavour.who().to_owned(),
    };
    Outcome::Respond { status: 404, by }
}

/// Names in a sentence, the first of them.
fn some<T: ToString>(names: impl IntoIterator<Item = T>) -> String {
    let names: Vec<String> = names.into_iter().map(|name| name.to_string()).collect();
    match names.as_slice() {
        [] => "none".to_owned(),
        names if names.len() <= 5 => names.join(", "),
        names => format!("{} and {} more", names[..5].join(", "), names.len() - 5),
    }
}

/// The finding with the words that lead to the controller's workload: its namespace, and kind and name for kubectl.
fn run_by(finding: Finding, controller: &Controller) -> Finding {
    let finding = match &controller.namespace {
        Some(namespace) => finding.word("controller_namespace", namespace),
        None => finding,
    };
    let Some(workload) = &controller.workload else { return finding };
    let kind = match workload.key.kind {
        DAEMON_SET => "daemonset",
        STATEFUL_SET => "statefulset",
        _ => "deployment",
    };
    finding.word("workload", format!("{kind}/{}", workload.key.name))
}
