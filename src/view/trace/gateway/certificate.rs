//! Which certificates a listener shows, and whether it may use them.

use crate::kinds::SECRET;
use crate::kinds::condition::Status;
use crate::kinds::gateway_api::ObjectName;
use crate::view::trace::fault::{Finding, Severity, gw};
use crate::view::trace::gateway::dialect;
use crate::view::trace::gateway::grants::{self, May};
use crate::view::trace::gateway::listeners::{Place, fresh, namespace};
use crate::view::trace::gateway::routes;
use crate::view::trace::plan::{Fallback, TlsEnd, TlsPlan};
use crate::view::trace::tls;
use crate::view::trace::world::{Known, World};
use std::sync::Arc;

/// The plan for a handshake at a listener of this controller, and whether it fails for want of a certificate.
pub fn plan(world: &World, place: &Place, name: &str, controller: &str) -> (TlsPlan, bool) {
    let listener = place.listener;
    if *listener.protocol == *"TCP" || listener.passthrough == Some(true) {
        return (TlsPlan { owner: Some(place.owner.key.clone()), ..tls::in_pods(name) }, false);
    }
    let troubles: Vec<Option<Finding>> =
        (0..listener.certificates.len()).map(|at| trouble(world, place, at, controller)).collect();
    let good = troubles.iter().filter(|trouble| trouble.is_none()).count();
    let secrets = listener.certificates.iter().zip(&troubles).filter(|(_, trouble)| trouble.is_none() || good == 0);
    let secrets = secrets.filter_map(|(object, _)| {
        let key = routes::key(object).filter(|key| key.kind == SECRET)?;
        Some((key.namespace?, key.name))
    });
    let mut secrets: Vec<(Arc<str>, Arc<str>)> = secrets.collect();
    let mut findings: Vec<Finding> = troubles.iter().flatten().cloned().collect();
    // Some controllers take certificates by options of their own.
    let is_option = listener.certificates.is_empty() && !listener.options.is_empty();
    let is_foreign = |object: &ObjectName| routes::key(object).is_none_or(|key| key.kind != SECRET);
    let is_own = is_option
        || listener.certificates.iter().zip(&troubles).any(|(object, bad)| bad.is_none() && is_foreign(object));
    if listener.certificates.is_empty() && !is_own {
        findings.push(none_named(place));
    }
    let told = if findings.is_empty() { said(place) } else { None };
    // Of several certificates one may be good: then its listener is served all the same.
    let is_lost = told.is_some() && (listener.certificates.len() == 1 || place.is_unprogrammed());
    findings.extend(told);
    if 0 < good && !is_lost {
        findings = findings.into_iter().map(|finding| finding.severe(Severity::Warn)).collect();
    }
    if is_lost {
        // What its controller does not find is not taken to be there.
        secrets.retain(|(namespace, name)| world.named(SECRET, namespace, name).is_some());
    }
    let fails = findings.iter().any(|finding| finding.severity == Severity::Broken);
    let plan = TlsPlan {
        name: name.to_owned(),
        rule_host: None,
        owner: Some(place.owner.key.clone()),
        field: place.field("tls.certificateRefs[0].name"),
        secrets,
        tried: Vec::new(),
        end: TlsEnd::Controller,
        fallback: if is_own { Fallback::Unknown } else { Fallback::Reject },
        findings,
    };
    (plan, fails)
}

fn begin(place: &Place) -> Finding {
    place.name_in(Finding::of(&gw::GW_CERTREF)).word("owner_kind", place.owner_kind())
}

fn none_named(place: &Place) -> Finding {
    let finding = begin(place).word("secret", "(none)").word("why", "it names none in tls.certificateRefs");
    let finding = finding.word("secret_namespace", namespace(place.owner));
    finding.proof(place.owner, place.field("tls.certificateRefs"), "")
}

/// Why one of its certificates cannot be used, as far as the objects show.
fn trouble(world: &World, place: &Place, at: usize, controller: &str) -> Option<Finding> {
    let object = &place.listener.certificates[at];
    let resolved = fresh(&place.listener.conditions, "ResolvedRefs", place.owner);
    if resolved.is_some_and(|c| c.status == Status::True) {
        return None;
    }
    let there = object.namespace.as_deref().unwrap_or("");
    let field = place.field(&format!("tls.certificateRefs[{at}].name"));
    let finding = names(begin(place), object).proof(place.owner, field, &object.name);
    let finding = match resolved {
        Some(said) => finding.proof(place.owner, condition_path(place), &said.reason),
        None => finding,
    };
    if grants::grant(world, (place.owner_kind(), namespace(place.owner)), object) == May::No {
        let near = grants::near(world, object);
        let why = format!("namespace {there} has no ReferenceGrant for it{near}");
        return Some(finding.word("why", why).word("grant_namespace", there));
    }
    let Some(key) = routes::key(object).filter(|key| key.kind == SECRET) else {
        return odd_kind(world, place, at, controller);
    };
    // A Secret that was not given may be there all the same.
    let is_missing = !world.is_files() && world.get(&key).is_none() && world.known(SECRET, Some(there)) == Known::Whole;
    is_missing.then(|| finding.word("why", "the Secret does not exist").word("missing_namespace", there))
}

/// A certificate that is to come from something else than a Secret. Groups beside Kubernetes' own may be the controller's.
fn odd_kind(world: &World, place: &Place, at: usize, controller: &str) -> Option<Finding> {
    let object = &place.listener.certificates[at];
    let is_strict = dialect::takes_secrets_only(controller) && *object.group != *"core";
    if !object.group.is_empty() && !is_strict {
        return None;
    }
    let there = object.namespace.as_deref().unwrap_or("");
    let group = if object.group.is_empty() { String::new() } else { format!(" of group {}", object.group) };
    let why = format!("certificates come from Secrets, and this is a {}{group} (InvalidCertificateRef)", object.kind);
    let finding = begin(place).word("secret", format!("{} {there}/{}", object.kind, object.name)).word("why", why);
    let path = format!("tls.certificateRefs[{at}].");
    let finding = if object.group.is_empty() {
        finding.proof(place.owner, place.field(&format!("{path}kind")), &object.kind)
    } else {
        finding.proof(place.owner, place.field(&format!("{path}group")), &object.group)
    };
    let finding = finding.word("at", at).word("secret_namespace", there);
    let is_there = world.named(SECRET, there, &object.name).is_some();
    Some(if is_there { finding.word("candidate", &object.name) } else { finding })
}

/// What the controller says where the objects show no reason.
fn said(place: &Place) -> Option<Finding> {
    let resolved = fresh(&place.listener.conditions, "ResolvedRefs", place.owner)?;
    if resolved.status != Status::False || !place.is_of_certificate(&resolved.reason) {
        return None;
    }
    let object = place.listener.certificates.first()?;
    let finding = names(begin(place), object).word("why", resolved.reasoned().trim_end_matches('.'));
    let field = place.field("tls.certificateRefs[0].name");
    let finding = finding.proof(place.owner, field, &object.name);
    let finding = finding.proof(place.owner, condition_path(place), &resolved.reason);
    let there = object.namespace.as_deref().unwrap_or("").to_owned();
    Some(match &*resolved.reason {
        "RefNotPermitted" => finding.word("grant_namespace", there),
        _ => finding,
    })
}

fn names(finding: Finding, object: &ObjectName) -> Finding {
    let there = object.namespace.as_deref().unwrap_or("");
    let finding = finding.word("secret", format!("{} {there}/{}", object.kind, object.name));
    finding.word("secret_namespace", there).word("secret_name", &object.name)
}

/// The objects of other kinds that its certificates come from, where their controller may know them; empty where there are
/// none.
pub fn foreign(place: &Place, controller: &str) -> String {
    let is_foreign = |object: &&ObjectName| !object.group.is_empty() && !dialect::takes_secrets_only(controller);
    let shown = |object: &ObjectName| format!("{}.{} {}", object.kind, object.group, object.name);
    place.listener.certificates.iter().filter(is_foreign).map(shown).collect::<Vec<_>>().join(", ")
}

fn condition_path(place: &Place) -> String {
    format!(".status.listeners[{}].conditions[type=ResolvedRefs].reason", place.index)
}
