//! Ingresses that the AWS controller refuses, though their class is its own.
//!
//! Facts: `Load` and `validateIngressClassParamsNamespaceRestriction` of pkg/ingress/class_loader.go, `validateGroupName` of
//! group_loader.go of kubernetes-sigs/aws-load-balancer-controller.

use crate::kinds::{NAMESPACE, ObjectRef, Record};
use crate::view::trace::aws;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, ctl};
use crate::view::trace::world::World;
use std::sync::Arc;

/// The longest name of a group.
const LONGEST: usize = 63;

/// Why the controller refuses an Ingress that is its own by class.
pub fn refused(world: &World, ingress: &Arc<Record>) -> Option<Finding> {
    by_class(world, ingress).or_else(|| by_group(world, ingress))
}

fn by_class(world: &World, ingress: &Arc<Record>) -> Option<Finding> {
    let (class, parameters) = aws::named(world, ingress)?;
    let said = format!("{}/{}", parameters.kind, parameters.name);
    let finding = |why: String| {
        let effect = "it gets no load balancer, and one that it had stays as it was";
        let finding = begin(ingress, why).word("effect", effect).word("class", &class.key.name);
        let finding = finding.word("params", &parameters.name);
        finding.proof(class, ".spec.parameters", &said)
    };
    let Some(key) = aws::key(parameters) else {
        let why =
            format!("its IngressClass {} has parameters of a kind that the controller does not know", class.key.name);
        return Some(finding(why));
    };
    let Some(record) = world.get(&key) else {
        let why =
            format!("its IngressClass {} names IngressClassParams {}, which does not exist", class.key.name, key.name);
        return world.is_gone(&key).then(|| finding(why));
    };
    let selector = facts::ingress_class_params(record)?.namespaces.as_ref()?;
    let name = ingress.key.namespace.clone().unwrap_or_default();
    let found = world.get(&ObjectRef { kind: NAMESPACE, namespace: None, name: name.clone() })?;
    if selector.matches(&found.meta.labels) {
        return None;
    }
    let labels: Vec<String> = found.meta.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let why = format!("the namespaceSelector of IngressClassParams {} leaves out namespace {name}", key.name);
    Some(finding(why).proof(record, ".spec.namespaceSelector", "set").proof(
        found,
        ".metadata.labels",
        labels.join(","),
    ))
}

/// A name that no group can have: whoever writes it leaves the group that it had.
fn by_group(world: &World, ingress: &Arc<Record>) -> Option<Finding> {
    let name = aws::group(aws::params(world, ingress), ingress)?;
    let is_end = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let is_fit = name.starts_with(is_end)
        && name.ends_with(is_end)
        && name.chars().all(|letter| is_end(letter) || matches!(letter, '-' | '.'));
    if is_fit && name.len() <= LONGEST {
        return None;
    }
    let path = ".metadata.annotations[alb.ingress.kubernetes.io/group.name]";
    let finding = begin(ingress, format!("{name} is no name of a group"));
    Some(finding.word("effect", "no load balancer has its rules").proof(ingress, path, name))
}

fn begin(ingress: &Record, why: String) -> Finding {
    Finding::of(&ctl::CTL_REFUSED).object("ingress", &ingress.key).word("why", why)
}
