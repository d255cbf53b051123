//! How a Gateway speaks TLS to a backend: the BackendTLSPolicy that counts for a Service's port.

use crate::kinds::backend_tls_policy::BackendTlsPolicyFacts;
use crate::kinds::condition::{Condition, Status};
use crate::kinds::{BACKEND_TLS_POLICY, CONFIG_MAP, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, gw};
use crate::view::trace::gateway::listeners::{fresh, namespace};
use crate::view::trace::gateway::routes;
use crate::view::trace::world::World;
use std::sync::Arc;

/// The policies of a Service's port.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    /// How the connection is made, in words; none in the clear.
    pub note: Option<String>,
    /// What is wrong with them.
    pub findings: Vec<Finding>,
    /// Whether requests fail for it.
    pub fails: bool,
}

/// Looks at the policies of a Service's port.
pub fn of(world: &World, service: &Record, port: &str) -> Policies {
    let mut found: Vec<(&Arc<Record>, &BackendTlsPolicyFacts, bool)> = Vec::new();
    for policy in world.sources(service, BACKEND_TLS_POLICY) {
        let Some(own) = facts::backend_tls_policy(policy) else { continue };
        let mut targets =
            own.targets.iter().filter(|target| routes::key(&target.object).is_some_and(|key| key == service.key));
        let fits = targets.find(|target| target.section.as_ref().is_none_or(|section| **section == *port));
        if let Some(target) = fits {
            found.push((policy, own, target.section.is_some()));
        }
    }
    // One for the port counts before one for the Service, then the older, then the name.
    found.sort_by(|a, b| (!a.2, a.0.meta.created, &a.0.key).cmp(&(!b.2, b.0.meta.created, &b.0.key)));
    let Some(((policy, own, _), losers)) = found.split_first() else { return Policies::default() };
    let mut policies = Policies {
        note: Some(format!("TLS to the backend as {} (BackendTLSPolicy {})", own.hostname, policy.key.name)),
        ..Policies::default()
    };
    if let Some(finding) = trouble(world, policy, own, service) {
        policies.fails = true;
        policies.findings.push(finding);
    }
    let is_port = found[0].2;
    for (loser, _, _) in losers.iter().filter(|(_, _, of_port)| *of_port == is_port) {
        let reason = format!("Conflicted: {} is for the same target and counts", policy.key.name);
        let finding = begin(loser, service, &reason).severe(Severity::Warn).word("effect", "it counts for nothing");
        policies.findings.push(finding.proof(loser, ".spec.targetRefs", &service.key.name));
    }
    policies
}

fn begin(policy: &Record, service: &Record, reason: &str) -> Finding {
    let finding = Finding::of(&gw::GW_BTP).object("policy", &policy.key).word("reason", reason);
    let finding = finding.word("effect", "the Gateway answers 5xx");
    finding.word("service", format!("{}/{}", namespace(service), service.key.name))
}

fn trouble(world: &World, policy: &Record, own: &BackendTlsPolicyFacts, service: &Record) -> Option<Finding> {
    if let Some(denied) = own.status.iter().find_map(|said| denied(&said.conditions, policy)) {
        let finding = begin(policy, service, &denied.reasoned());
        return Some(finding.proof(policy, ".status.ancestors[*].conditions[type=Accepted].reason", &denied.reason));
    }
    if own.status.iter().any(|said| fresh(&said.conditions, "Accepted", policy).is_some()) {
        return None;
    }
    if own.authorities.is_empty() && own.well_known.is_none() {
        let finding = begin(policy, service, "NoValidCACertificate: it names no authority");
        return Some(finding.proof(policy, ".spec.validation.caCertificateRefs", ""));
    }
    let troubles: Vec<Finding> = (0..own.authorities.len())
        .filter_map(|at| authority(world, own, at).map(|why| (at, why)))
        .map(|(at, why)| {
            let path = format!(".spec.validation.caCertificateRefs[{at}].name");
            begin(policy, service, &why).proof(policy, path, &own.authorities[at].name)
        })
        .collect();
    // One authority that can be read is enough.
    if troubles.len() < own.authorities.len() { None } else { troubles.into_iter().next() }
}

fn denied<'c>(conditions: &'c [Condition], policy: &Record) -> Option<&'c Condition> {
    let kinds = ["Accepted", "ResolvedRefs"].into_iter();
    let mut said = kinds.filter_map(|kind| fresh(conditions, kind, policy));
    said.find(|condition| condition.status == Status::False)
}

/// Why an authority cannot be read.
fn authority(world: &World, own: &BackendTlsPolicyFacts, at: usize) -> Option<String> {
    let object = &own.authorities[at];
    let key = routes::key(object).filter(|key| key.kind == CONFIG_MAP)?;
    let there = object.namespace.as_deref().unwrap_or("");
    let Some(map) = world.get(&key) else {
        let is_known = world.known(CONFIG_MAP, Some(there)).missing("configmaps").is_none();
        return is_known.then(|| format!("InvalidCACertificateRef: ConfigMap {there}/{} does not exist", key.name));
    };
    let bundle = facts::config_map(map)?;
    match &bundle.ca {
        None => Some(format!("InvalidCACertificateRef: ConfigMap {there}/{} has no ca.crt", key.name)),
        Some(ca) if ca.is_empty() => {
            Some(format!("NoValidCACertificate: nothing in ca.crt of ConfigMap {there}/{} is a certificate", key.name))
        }
        Some(_) => None,
    }
}
