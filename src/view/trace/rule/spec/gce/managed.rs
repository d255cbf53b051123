//! Certificates that Google issues for a load balancer of GKE: whether one is there for the name that a client asks for.
//!
//! Facts: pkg/apis and pkg/controller of GoogleCloudPlatform/gke-managed-certs; "Using Google-managed SSL certificates" of
//! GKE's manual. A load balancer that has no certificate at all listens on no port for HTTPS, or fails each handshake.

use crate::kinds::managed_certificate::ManagedCertificateFacts;
use crate::kinds::{MANAGED_CERTIFICATE, ObjectRef, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, tl};
use crate::view::trace::plan::{Fallback, TlsEnd, TlsPlan};
use crate::view::trace::rule::cloud::GCE_CERTIFICATES;
use crate::view::trace::world::World;
use std::sync::Arc;

/// What begins the names that the controller of these certificates writes among the others.
const MADE: &str = "mcrt-";

/// What an Ingress names, as far as it is known.
struct Named<'a> {
    record: &'a Arc<Record>,
    facts: &'a ManagedCertificateFacts,
}

impl Named<'_> {
    fn is_for(&self, host: &str) -> bool {
        self.facts.domains.iter().any(|domain| domain.eq_ignore_ascii_case(host))
    }
}

/// Puts into the plan what is wrong with the certificates of an Ingress for the name of the handshake.
pub fn judge(world: &World, ingress: &Arc<Record>, plan: &mut TlsPlan) {
    let Some(said) = ingress.meta.annotation(GCE_CERTIFICATES[1]) else { return };
    let namespace = ingress.key.namespace.as_deref().unwrap_or("");
    let keys = said.split(',').map(str::trim).filter(|name| !name.is_empty());
    let keys: Vec<ObjectRef> = keys.map(|name| ObjectRef::new(MANAGED_CERTIFICATE, namespace, name)).collect();
    let known: Vec<Named> = keys.iter().filter_map(|key| named(world, key)).collect();
    let gone: Vec<&ObjectRef> = keys.iter().filter(|key| world.is_gone(key)).collect();
    if known.len() + gone.len() < keys.len() || known.iter().any(|own| world.is_files() && own.facts.status.is_none()) {
        return;
    }
    let own = known.iter().filter(|own| own.is_for(&plan.name)).max_by_key(|own| own.facts.is_served());
    let served = own.is_some_and(|own| own.facts.is_served());
    let (key, why) = match (own, gone.first(), known.first()) {
        (Some(own), _, _) if own.facts.status.as_deref() == Some("Active") => return,
        (Some(own), _, _) => (&own.record.key, state(own.facts, &plan.name)),
        (None, Some(gone), _) => (*gone, "does not exist".to_owned()),
        (None, None, Some(other)) => {
            (&other.record.key, format!("is for {}, not for {}", other.facts.domains.join(", "), plan.name))
        }
        (None, None, None) => return,
    };
    let (effect, severity) = if served {
        ("the last one is shown for as long as it is valid".to_owned(), Severity::Warn)
    } else if has_others(ingress) {
        let effect = "whether another one of its certificates is good for the name, the cluster does not tell";
        (effect.to_owned(), Severity::Warn)
    } else if known.iter().any(|own| own.facts.is_served()) {
        (format!("clients of {} are shown a certificate for other names", plan.name), Severity::Broken)
    } else {
        (format!("there is no certificate to show, so HTTPS to {} fails", plan.name), Severity::Broken)
    };
    let is_refused = severity == Severity::Broken && !known.iter().any(|own| own.facts.is_served());
    let finding = Finding::of(&tl::TL_MANAGED).severe(severity).object("ingress", &ingress.key);
    let finding = finding.word("certificate", &key.name).word("why", why).word("effect", effect);
    let finding = finding.proof(ingress, format!(".metadata.annotations[{}]", GCE_CERTIFICATES[1]), said);
    let finding = match known.iter().find(|own| own.record.key == *key) {
        Some(own) if own.is_for(&plan.name) => {
            finding.proof(own.record, ".status.certificateStatus", own.facts.status.as_deref().unwrap_or(""))
        }
        Some(own) => finding.proof(own.record, ".spec.domains", own.facts.domains.join(", ")),
        None => finding,
    };
    if is_refused {
        let name = std::mem::take(&mut plan.name);
        *plan = TlsPlan {
            name,
            rule_host: None,
            owner: None,
            field: String::new(),
            secrets: Vec::new(),
            tried: Vec::new(),
            end: TlsEnd::Controller,
            fallback: Fallback::Refuse(Box::new(finding)),
            findings: Vec::new(),
        };
    } else {
        plan.findings.push(finding);
    }
}

fn named<'a>(world: &World<'a>, key: &ObjectRef) -> Option<Named<'a>> {
    let record = world.get(key)?;
    Some(Named { record, facts: facts::managed_certificate(record)? })
}

/// How far a certificate is, and its name for this host.
fn state(facts: &ManagedCertificateFacts, host: &str) -> String {
    let own = facts.states.iter().find(|(domain, state)| domain.eq_ignore_ascii_case(host) && **state != *"Active");
    let status =
        facts.status.as_deref().map_or_else(|| "has no status yet".to_owned(), |status| format!("is {status}"));
    own.map_or_else(|| status.clone(), |(domain, state)| format!("{status} ({domain}: {state})"))
}

/// Whether the load balancer has certificates from elsewhere as well.
fn has_others(ingress: &Record) -> bool {
    let shared = ingress.meta.annotation(GCE_CERTIFICATES[0]).map_or("", |names| names);
    let mut shared = shared.split(',').map(str::trim);
    shared.any(|name| !name.is_empty() && !name.starts_with(MADE))
        || facts::ingress(ingress).is_some_and(|facts| !facts.tls.is_empty())
}
