//! The objects that answer an HTTP-01 challenge: an Ingress that somebody must serve, and a pod that must be reached.

use crate::kinds::challenge::ChallengeFacts;
use crate::kinds::ingress::CLASS_ANNOTATION;
use crate::kinds::issuer::Method;
use crate::kinds::network_policy::facts::{NetworkPolicyFacts, PolicyPort};
use crate::kinds::service::PortRef;
use crate::kinds::{Health, INGRESS, INGRESS_CLASS, NETWORK_POLICY, POD, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, cm};
use crate::view::trace::tls::issuing::is_old;
use crate::view::trace::tls::place::{Place, said};
use crate::view::trace::world::Known;
use std::sync::Arc;

/// The port on which the pod answers.
const PORT: i32 = 8089;

/// A class by which nobody serves the Ingress of the answer.
pub fn class(place: &Place, challenge: &Record, facts: &ChallengeFacts) -> Option<Finding> {
    let world = place.world;
    if facts.solver.method != Method::HttpIngress || world.known(INGRESS_CLASS, None) != Known::Whole {
        return None;
    }
    // Where files hold no class at all, a cluster would.
    let is_known = world.is_given(INGRESS_CLASS);
    let made = world.children(challenge, INGRESS).into_iter().next();
    let field = made.and_then(|record| facts::ingress(record)?.class.as_ref());
    let annotation = made.and_then(|record| record.meta.annotation(CLASS_ANNOTATION));
    let wanted = match (made, field.or(annotation)) {
        (_, Some(class)) => Some(class),
        (Some(_), None) => None,
        // It is not made yet: the solver says what it will be.
        (None, None) => Some(facts.solver.class.as_ref()?),
    };
    let classes: Vec<&Arc<Record>> = world.of(INGRESS_CLASS).collect();
    let owner = place.owner().and_then(|owner| facts::ingress(owner)?.class.as_ref());
    let what = match wanted {
        None => {
            let has_default =
                classes.iter().any(|class| facts::ingress_class(class).is_some_and(|class| class.is_default));
            (is_known && !has_default).then(|| "has no class, and there is no default one".to_owned())
        }
        Some(class) if is_known && annotation.is_none() && !classes.iter().any(|known| known.key.name == *class) => {
            let names: Vec<&str> = classes.iter().map(|known| &*known.key.name).collect();
            Some(format!("has class {class}, which does not exist (there are: {})", names.join(", ")))
        }
        // It might be right; what the self check got says that it is not.
        Some(class) if owner.is_some_and(|own| own != class) && is_404(facts) => {
            let own = owner.map_or("", |own| own);
            Some(format!(
                "has class {class}, but {} is served by class {own}",
                place.plan.owner.as_ref().map_or_else(String::new, |owner| world.title(owner))
            ))
        }
        Some(_) => None,
    }?;
    let better = owner.or_else(|| classes.first().map(|class| &class.key.name)).filter(|class| Some(*class) != wanted);
    let finding = place.begin(&cm::CM_CH_CLASS).word("what", what);
    let finding = better.into_iter().fold(finding, |finding, class| finding.word("class", class));
    let value = wanted.map_or("", |class| class);
    Some(match made {
        Some(record) => finding.proof(record, ".spec.ingressClassName", value),
        None => finding.proof(challenge, ".spec.solver.http01.ingress.ingressClassName", value),
    })
}

fn is_404(facts: &ChallengeFacts) -> bool {
    let reason = facts.reason.as_deref().unwrap_or("");
    reason.contains("'404'") || reason.contains("did not get expected response")
}

/// A pod that is not there, not ready, or closed.
pub fn pod(place: &Place, challenge: &Arc<Record>, facts: &ChallengeFacts) -> Option<Finding> {
    let world = place.world;
    if !facts.is_presented || !is_old(world, challenge) {
        return None;
    }
    let begin = |what: &str| place.begin(&cm::CM_CH_SOLVER).word("what", what);
    let Some(pod) = world.children(challenge, POD).into_iter().next() else {
        let is_gone = world.known(POD, Some(place.namespace)) == Known::Whole && !world.is_files();
        return is_gone
            .then(|| begin("does not exist").fact(None, ".metadata.ownerReferences", "no pod of the challenge"));
    };
    if pod.digest.health != Some(Health::Ready) {
        let why = said(pod.digest.reason.as_deref().unwrap_or("no reason is said"));
        let finding = begin(&format!("is not ready ({why})")).word("pod", &pod.key.name);
        return Some(finding.proof(pod, ".status", why));
    }
    let policies = world.in_namespace(NETWORK_POLICY, place.namespace);
    let closed = policies.into_iter().find(|policy| {
        let facts = facts::network_policy(policy);
        facts.is_some_and(|facts| facts.isolates_ingress && facts.selector.matches(&pod.meta.labels) && !opens(facts))
    })?;
    // Another policy may open what this one leaves closed: rules add up.
    let policies = world.in_namespace(NETWORK_POLICY, place.namespace);
    let is_open = policies
        .into_iter()
        .filter_map(|policy| facts::network_policy(policy))
        .any(|facts| facts.isolates_ingress && facts.selector.matches(&pod.meta.labels) && opens(facts));
    let what = format!("is closed by NetworkPolicy {}, which opens no way to port {PORT}", closed.key.name);
    (!is_open).then(|| {
        let finding = begin(&what).word("pod", &pod.key.name).word("policy", &closed.key.name);
        finding.proof(closed, ".spec.ingress", format!("nothing for port {PORT}"))
    })
}

/// Whether any rule lets anybody in on the port.
fn opens(policy: &NetworkPolicyFacts) -> bool {
    policy.ingress.iter().any(|rule| rule.ports.is_empty() || rule.ports.iter().any(is_for))
}

fn is_for(port: &PolicyPort) -> bool {
    match &port.port {
        Some(PortRef::Number(first)) => *first <= PORT && PORT <= port.end.unwrap_or(*first),
        // A name may be that of the port.
        None | Some(PortRef::Name(_)) => true,
    }
}
