//! The controller as a hop: how many of its pods are ready, and what is known against the program itself.

use crate::kinds::{EVENT, INGRESS_CLASS, Record, SERVICE};
use crate::view::trace::entrance::controller::{template, title};
use crate::view::trace::entrance::endpoints::{self, resource};
use crate::view::trace::entrance::program;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, ctl};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::plan::Controller;
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
            None if !world.is_files() && !is_hosted(controller.flavour) => {
                Hop::unknown(HopKind::Controller, format!("no running controller was found; {title} is assumed"))
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

/// Controllers that clouds run outside of the cluster.
fn is_hosted(flavour: Flavour) -> bool {
    matches!(flavour, Flavour::Gce | Flavour::Alb)
}

fn retired(world: &World, controller: &Controller, workload: &Arc<Record>) -> Option<Finding> {
    if controller.flavour != Flavour::Nginx || world.now < Timestamp::from_seconds(RETIRED) {
        return None;
    }
    let (_, container) = template(workload).and_then(program::of_template)?;
    let finding =
        Finding::of(&ctl::CTL_RETIRED).object("name", &workload.key).word("workload", resource(world, workload));
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
    let finding =
        finding.word("workload", resource(world, workload).replacen(' ', "/", 1)).word("reason", &last.message);
    Some(finding.proof(event, ".message", &last.message))
}

/// What is known against classes and admission, beside every path.
pub fn side(world: &World) -> Vec<Finding> {
    two_defaults(world).into_iter().collect()
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

/// The admission webhook of the controller, where nobody answers for it.
pub fn webhook(world: &World, controller: &Controller) -> Option<Finding> {
    let namespace = controller.namespace.as_deref()?;
    controller.flag("--validating-webhook")?;
    let is_webhook = |service: &&&Arc<Record>| service.key.name.ends_with("-admission");
    let services = world.in_namespace(SERVICE, namespace);
    let service = services.iter().find(is_webhook)?;
    if endpoints::ready(world, service)? != 0 {
        return None;
    }
    let finding = Finding::of(&ctl::CTL_WEBHOOK_DOWN).object("service", &service.key);
    Some(finding.fact(Some(service.key.clone()), "endpoints", "none ready"))
}
