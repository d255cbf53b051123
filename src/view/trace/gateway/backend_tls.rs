//! How a Gateway speaks TLS to a backend: the BackendTLSPolicy that counts for a Service's port.

use crate::kinds::backend_tls_policy::{AltName, BackendTlsPolicyFacts};
use crate::kinds::condition::{Condition, Status};
use crate::kinds::gateway_api::ObjectName;
use crate::kinds::{BACKEND_TLS_POLICY, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, gw};
use crate::view::trace::gateway::authorities::{self, Authority};
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
    /// What is missing to tell whether they do.
    pub unknown: Option<String>,
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
        note: Some(format!(
            "TLS to the backend as {}{} (BackendTLSPolicy {})",
            own.hostname,
            names(own),
            policy.key.name
        )),
        ..Policies::default()
    };
    if let Some(finding) = trouble(world, policy, own, service) {
        policies.fails = true;
        policies.findings.push(finding);
    } else {
        let of_policy = |missing| {
            format!("BackendTLSPolicy {}: {missing}; if not, requests get 5xx (InvalidKind)", policy.key.name)
        };
        policies.unknown = untold(world, policy, own).map(of_policy);
    }
    let is_port = found[0].2;
    for (loser, _, _) in losers.iter().filter(|(_, _, of_port)| *of_port == is_port) {
        let reason = format!("Conflicted: {} is for the same target and counts", policy.key.name);
        let finding = begin(loser, service, &reason).severe(Severity::Warn).word("effect", "it counts for nothing");
        policies.findings.push(finding.proof(loser, ".spec.targetRefs", &service.key.name));
    }
    policies
}

/// The names of which the backend's certificate must carry one, where they are others than the one that is asked for.
fn names(own: &BackendTlsPolicyFacts) -> String {
    let names = own.alt_names.iter().map(|name| match name {
        AltName::Hostname(name) | AltName::Uri(name) => &**name,
    });
    let all: Vec<&str> = names.collect();
    if all.is_empty() { String::new() } else { format!(", for a certificate of {}", all.join(" or ")) }
}

fn begin(policy: &Record, service: &Record, reason: &str) -> Finding {
    let finding = Finding::of(&gw::GW_BTP).object("policy", &policy.key).word("reason", reason);
    let finding = finding.word("effect", "the Gateway answers 5xx");
    finding.word("service", format!("{}/{}", namespace(service), service.key.name))
}

fn trouble(world: &World, policy: &Record, own: &BackendTlsPolicyFacts, service: &Record) -> Option<Finding> {
    if let Some(denied) = own.status.iter().find_map(|said| denied(&said.conditions, policy)) {
        let finding = begin(policy, service, &denied.reasoned());
        let path = format!(".status.ancestors[*].conditions[type={}].reason", denied.kind);
        return Some(finding.proof(policy, path, &denied.reason));
    }
    if own.status.iter().any(|said| fresh(&said.conditions, "Accepted", policy).is_some()) {
        return None;
    }
    if own.authorities.is_empty() && own.well_known.is_none() {
        let finding = begin(policy, service, "NoValidCACertificate: it names no authority");
        return Some(finding.proof(policy, ".spec.validation.caCertificateRefs", ""));
    }
    let looks: Vec<Authority> = own.authorities.iter().map(|object| look(world, policy, object)).collect();
    // One authority that can be read is enough, and one of which nobody knows may be.
    if !looks.iter().all(|look| matches!(look, Authority::Bad(..))) {
        return None;
    }
    let Authority::Bad(reason, why) = looks.first()? else { return None };
    let reason = if *reason == authorities::ODD_KIND { "InvalidKind" } else { *reason };
    let finding = begin(policy, service, &format!("{reason}: {why}"));
    Some(finding.proof(policy, ".spec.validation.caCertificateRefs[0].name", &own.authorities.first()?.name))
}

/// What only the controller knows of the authorities, where none of them can be read by everybody.
fn untold(world: &World, policy: &Record, own: &BackendTlsPolicyFacts) -> Option<String> {
    let is_judged = own.status.iter().any(|said| fresh(&said.conditions, "Accepted", policy).is_some());
    if is_judged {
        return None;
    }
    let looks: Vec<Authority> = own.authorities.iter().map(|object| look(world, policy, object)).collect();
    if looks.contains(&Authority::Good) {
        return None;
    }
    looks.into_iter().find_map(|look| match look {
        Authority::Unknown(missing) => Some(missing),
        _ => None,
    })
}

fn look(world: &World, policy: &Record, object: &ObjectName) -> Authority {
    authorities::look(world, ("BackendTLSPolicy", namespace(policy)), object)
}

/// What its controller refuses. Which reference is bad is more exact than that none is good.
fn denied<'c>(conditions: &'c [Condition], policy: &Record) -> Option<&'c Condition> {
    let kinds = ["ResolvedRefs", "Accepted"].into_iter();
    let mut said = kinds.filter_map(|kind| fresh(conditions, kind, policy));
    said.find(|condition| condition.status == Status::False)
}
