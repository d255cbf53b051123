//! The controller as a hop: how many of its pods are ready, and what is known against the program itself.

use crate::kinds::admission::Webhook;
use crate::kinds::{DEPLOYMENT, EVENT, INGRESS_CLASS, Record, VALIDATING_WEBHOOK_CONFIGURATION};
use crate::view::short_name;
use crate::view::trace::admission::{self, Lack};
use crate::view::trace::body::template;
use crate::view::trace::entrance::controller::title;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, ctl};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::plan::Controller;
use crate::view::trace::program;
use crate::view::trace::world::World;
use crate::wire::Timestamp;
use std::sync::Arc;

/// From here on ingress-nginx gets no more releases: 2026-04-01.
const RETIRED: i64 = 1_775_001_600;

/// The hop of a controller.
pub fn hop(world: &World, controller: &Controller) -> Hop {
    let title = title(controller);
    let Some(workload) = &controller.workload else {
        let hop = Hop::new(HopKind::Controller, format!("{title} is assumed")).sure(Confidence::Inferred);
        return match &controller.service {
            Some(service) => hop.at(service),
            // On a cluster a controller that nobody sees may not be there at all.
            None if !world.is_files() && !controller.flavour.is_hosted() => {
                let missing = world.known(DEPLOYMENT, None).missing("deployments");
                let missing = missing.unwrap_or_else(|| "no running controller was found".to_owned());
                Hop::unknown(HopKind::Controller, format!("{missing}; {title} is assumed"))
            }
            None => hop,
        };
    };
    let is_ready = |pod: &&Arc<Record>| facts::pod(pod).is_some_and(|facts| facts.ready);
    let (ready, all) = (controller.pods.iter().filter(is_ready).count(), controller.pods.len());
    let pods = if all == 0 { String::new() } else { format!(", {ready} of {all} pods ready") };
    let mut hop = Hop::new(HopKind::Controller, format!("{title}{pods}")).at(&workload.key);
    if all == 0 {
        hop = hop.sure(Confidence::Inferred);
    }
    hop.findings.extend(retired(world, controller, workload));
    hop.findings.extend(stale(world, controller, workload));
    hop
}

fn retired(world: &World, controller: &Controller, workload: &Arc<Record>) -> Option<Finding> {
    if controller.flavour != Flavour::Nginx || world.now < Timestamp::from_seconds(RETIRED) {
        return None;
    }
    let (_, container) = template(workload).and_then(program::of_template)?;
    let finding = Finding::of(&ctl::CTL_RETIRED)
        .object("name", &workload.key)
        .word("workload", short_name(world.catalog, &workload.key));
    let finding = finding.word("image", &container.image);
    Some(finding.proof(workload, ".spec.template.spec.containers[*].image", &container.image))
}

/// A pod of the controller said that it could not take in its new configuration, and has not said otherwise since.
fn stale(world: &World, controller: &Controller, workload: &Arc<Record>) -> Option<Finding> {
    let namespace = controller.namespace.as_deref()?;
    let is_own = |name: &str| controller.pods.iter().any(|pod| *pod.key.name == *name);
    let events =
        world.in_namespace(EVENT, namespace).into_iter().filter_map(|event| Some((event, facts::event(event)?)));
    let reloads = events.filter(|(_, facts)| *facts.reason == *"RELOAD" && is_own(&facts.regarding.name));
    let (event, last) = reloads.max_by_key(|(_, facts)| facts.last)?;
    if !last.warning {
        return None;
    }
    let finding = Finding::of(&ctl::CTL_RELOAD_STALE).object("name", &workload.key);
    let finding = finding.word("workload", short_name(world.catalog, &workload.key)).word("reason", &last.message);
    Some(finding.proof(event, ".message", &last.message))
}

/// What is known against classes and admission, beside every path.
pub fn side(world: &World) -> Vec<Finding> {
    two_defaults(world).into_iter().chain(webhook(world)).collect()
}

fn two_defaults(world: &World) -> Option<Finding> {
    let is_default = |class: &&Arc<Record>| facts::ingress_class(class).is_some_and(|facts| facts.is_default);
    let classes: Vec<&Arc<Record>> = world.of(INGRESS_CLASS).filter(is_default).collect();
    let last = classes.last().filter(|_| 1 < classes.len())?;
    let names: Vec<&str> = classes.iter().map(|class| &*class.key.name).collect();
    let finding = Finding::of(&ctl::CTL_TWO_DEFAULTS).word("count", classes.len()).word("classes", names.join(", "));
    let path = ".metadata.annotations['ingressclass.kubernetes.io/is-default-class']";
    let finding = finding.word("class", &last.key.name);
    Some(classes.iter().fold(finding, |finding, class| finding.proof(class, path, "true")))
}

/// A webhook that is asked about Ingresses, where nobody answers for it, or where an event among files says that nobody did.
fn webhook(world: &World) -> Option<Finding> {
    let asks = |hook: &&Webhook| hook.rules.iter().any(|rule| rule.resources.iter().any(|name| **name == *"ingresses"));
    for record in world.of(VALIDATING_WEBHOOK_CONFIGURATION) {
        let hooks = facts::admission(record).map_or(&[][..], |facts| &facts.webhooks);
        for hook in hooks.iter().filter(|hook| hook.is_strict).filter(asks) {
            let Some(asked) = &hook.service else { continue };
            let begin = |why: &str| {
                let finding = Finding::of(&ctl::CTL_WEBHOOK_DOWN).word("service", &asked.name).word("why", why);
                let finding = finding.word("hook", &hook.name);
                finding.word("namespace", &asked.namespace).word("webhook", &record.key.name)
            };
            if let Some(silence) = admission::silence(world, record, hook) {
                let finding = match silence.lacks {
                    Some(Lack::Replicas(workload)) => {
                        begin(&silence.why).word("idle", short_name(world.catalog, &workload.key))
                    }
                    _ => begin(&silence.why),
                };
                return Some(finding.proof(silence.record, silence.path, silence.value));
            }
            let told = world.is_files().then(|| admission::complaint(world.of(EVENT), &[&hook.name])).flatten();
            if let Some((event, message)) = told {
                return Some(begin(message).proof(event, ".message", message));
            }
        }
    }
    None
}
