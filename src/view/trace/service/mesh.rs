//! Pods that only take connections of their mesh, and callers that are not part of it.

use crate::kinds::peer_authentication::MtlsMode;
use crate::kinds::{PEER_AUTHENTICATION, Record};
use crate::view::trace::body::Body;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, po};
use crate::view::trace::plan::Caller;
use crate::view::trace::request::Vantage;
use crate::view::trace::service::call::{self, Call};
use crate::view::trace::service::takers::Takers;
use std::sync::Arc;

/// The container by which a pod is part of the mesh.
const SIDECAR: &str = "istio-proxy";
/// Where a policy is for the whole mesh.
const ROOT: &str = "istio-system";

/// Whether the mesh keeps the caller out of the first pod.
pub fn judge(call: &Call, takers: &Takers) -> Option<Finding> {
    let (record, port) = takers.bodies().into_iter().next()?;
    let body = Body::of(&record)?;
    if !has_sidecar(&body) || !is_outsider(call) {
        return None;
    }
    let (policy, mode) = rule(call, &body, port)?;
    if mode != MtlsMode::Strict {
        return None;
    }
    let place = policy.key.namespace.as_deref().unwrap_or("");
    let finding = Finding::of(&po::PO_MESH).object("pod", &record.key).word("more", "");
    let finding = finding.word("policy", format!("{place}/{}", policy.key.name)).word("user", call::who(call.caller));
    let finding = finding.word("pns", place).word("pname", &policy.key.name);
    Some(finding.proof(policy, ".spec.mtls.mode", "STRICT").proof(&record, ".spec.containers[*].name", SIDECAR))
}

fn has_sidecar(body: &Body) -> bool {
    body.parts.iter().any(|part| **part.name == *SIDECAR)
}

/// Whether the caller is known not to be part of the mesh.
fn is_outsider(call: &Call) -> bool {
    let none = |pods: &[Arc<Record>]| {
        !pods.is_empty() && pods.iter().filter_map(|pod| Body::of(pod)).all(|body| !has_sidecar(&body))
    };
    match call.caller {
        Caller::Controller(controller) => none(&controller.pods),
        Caller::Gateway { pods, .. } => none(pods),
        Caller::Direct(Vantage::External) => true,
        Caller::Direct(Vantage::Pod { namespace, name }) => {
            let pod = call.world.named(crate::kinds::POD, namespace, name);
            pod.is_some_and(|pod| none(std::slice::from_ref(pod)))
        }
        Caller::Direct(Vantage::Namespace(_)) => false,
    }
}

/// The narrowest policy that says something of the port: of the pod, of its namespace, of the mesh.
fn rule<'a>(call: &Call<'a, '_>, body: &Body, port: u16) -> Option<(&'a Arc<Record>, MtlsMode)> {
    let namespace = body.record.key.namespace.as_deref().unwrap_or("");
    let here = call.world.in_namespace(PEER_AUTHENTICATION, namespace);
    let root = if namespace == ROOT { Vec::new() } else { call.world.in_namespace(PEER_AUTHENTICATION, ROOT) };
    let own = here.iter().filter(|record| {
        let selector = facts::peer_authentication(record).and_then(|facts| facts.selector.as_ref());
        selector.is_some_and(|selector| selector.matches(body.labels))
    });
    let wide = here
        .iter()
        .chain(&root)
        .filter(|record| facts::peer_authentication(record).is_some_and(|facts| facts.selector.is_none()));
    own.chain(wide).find_map(|record| {
        let facts = facts::peer_authentication(record)?;
        let special = facts.ports.iter().find(|(number, _)| *number == i32::from(port)).map(|(_, mode)| *mode);
        let mode = special.filter(|mode| *mode != MtlsMode::Inherited).unwrap_or(facts.mode);
        (mode != MtlsMode::Inherited).then_some((*record, mode))
    })
}
