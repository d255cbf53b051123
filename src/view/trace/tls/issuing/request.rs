//! One try to have a certificate signed: the newest CertificateRequest, its Order, and what refused them.

use crate::kinds::condition;
use crate::kinds::{CERTIFICATE_REQUEST, ORDER, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, cm};
use crate::view::trace::tls::issuing::refusal::refusal;
use crate::view::trace::tls::issuing::{PATIENCE, age, challenge, issuer};
use crate::view::trace::tls::place::{Place, said, span};
use std::sync::Arc;

/// Why the newest try of a Certificate does not come to an end; nothing where it goes on, or went well.
pub fn trouble(place: &Place, certificate: &Record) -> Vec<Finding> {
    let Some(request) = newest(place, certificate) else { return Vec::new() };
    let Some(facts) = facts::certificate_request(request) else { return Vec::new() };
    let begin = |fault| place.begin(fault).word("request", &request.key.name);
    for kind in ["Denied", "InvalidRequest"] {
        let refused = condition::find(&facts.conditions, kind).filter(|_| condition::holds(&facts.conditions, kind));
        if let Some(refused) = refused {
            let finding = begin(&cm::CM_CR_DENIED).word("why", said(&refused.reasoned()));
            return vec![finding.proof(request, format!(".status.conditions[type={kind}].reason"), &refused.reason)];
        }
    }
    if condition::holds(&facts.conditions, "Ready") {
        return Vec::new();
    }
    if !condition::holds(&facts.conditions, "Approved") {
        let waited = age(place.world, request).filter(|age| PATIENCE < *age);
        let finding = waited.map(|age| begin(&cm::CM_CR_UNAPPROVED).word("age", span(age)));
        return finding
            .into_iter()
            .map(|finding| finding.proof(request, ".status.conditions[type=Approved]", "absent"))
            .collect();
    }
    if let Some(order) = last(place.world.children(request, ORDER)) {
        return ordered(place, request, order);
    }
    let failed = condition::denied(&facts.conditions, "Ready").filter(|ready| *ready.reason == *"Failed");
    let Some(failed) = failed else { return Vec::new() };
    let proof =
        |finding: Finding| finding.proof(request, ".status.conditions[type=Ready].message", said(&failed.words()));
    let object = format!("certificaterequest {}", request.key.name);
    if let Some(finding) = refusal(place, &object, &failed.message) {
        return vec![proof(issuer::words(finding, &facts.issuer))];
    }
    let finding =
        begin(&cm::CM_ORDER_INVALID).word("what", place.world.title(&request.key)).word("why", said(&failed.words()));
    vec![proof(finding)]
}

/// What of the newest try of a Certificate failed for good, and why; none where it goes on, or went well.
pub fn failed(place: &Place, certificate: &Record) -> Option<(String, String)> {
    let request = newest(place, certificate)?;
    let read = facts::certificate_request(request)?;
    let title = |record: &Record| place.world.title(&record.key);
    for kind in ["Denied", "InvalidRequest"] {
        if condition::holds(&read.conditions, kind) {
            return Some((title(request), said(&condition::find(&read.conditions, kind)?.reasoned())));
        }
    }
    let order = last(place.world.children(request, ORDER)).and_then(|order| Some((order, facts::order(order)?)));
    if let Some((order, read)) = order.filter(|(_, read)| is_over(&read.state)) {
        let why = read.reason.as_deref().filter(|reason| !reason.is_empty());
        return Some((title(order), why.map_or_else(|| format!("its state is {}", read.state), said)));
    }
    let failed = condition::denied(&read.conditions, "Ready").filter(|ready| *ready.reason == *"Failed")?;
    Some((title(request), said(&failed.words())))
}

/// Whether the state of an Order is one that it never leaves.
fn is_over(state: &str) -> bool {
    matches!(state, "invalid" | "expired" | "errored")
}

/// The newest CertificateRequest of a Certificate.
fn newest<'w>(place: &Place<'w, '_>, certificate: &Record) -> Option<&'w Arc<Record>> {
    let owned = place.world.children(certificate, CERTIFICATE_REQUEST);
    last(owned).or_else(|| {
        let here = place.world.in_namespace(CERTIFICATE_REQUEST, place.namespace).into_iter();
        let named = |record: &&Arc<Record>| {
            record.meta.annotation("cert-manager.io/certificate-name") == Some(&certificate.key.name)
        };
        last(here.filter(named).collect())
    })
}

fn last(mut records: Vec<&Arc<Record>>) -> Option<&Arc<Record>> {
    records.sort_by(|one, other| (one.meta.created, &one.key.name).cmp(&(other.meta.created, &other.key.name)));
    records.pop()
}

/// Why an Order does not come to an end.
fn ordered(place: &Place, request: &Record, order: &Arc<Record>) -> Vec<Finding> {
    let Some(facts) = facts::order(order) else { return Vec::new() };
    if *facts.state == *"valid" {
        return Vec::new();
    }
    let reason = facts.reason.as_deref().unwrap_or("");
    let has_failed = is_over(&facts.state);
    let object = format!("order {}", order.key.name);
    if let Some(finding) = refusal(place, &object, reason) {
        return vec![issuer::words(finding, &facts.issuer).proof(order, ".status.reason", said(reason))];
    }
    let findings = challenge::trouble(place, order);
    if !findings.is_empty() || !has_failed {
        return findings;
    }
    let why = if reason.is_empty() { format!("its state is {}", facts.state) } else { said(reason) };
    let finding = place.begin(&cm::CM_ORDER_INVALID).word("what", format!("ACME {}", place.world.title(&order.key)));
    let finding =
        finding.word("why", why).word("request", &request.key.name).proof(order, ".status.state", &facts.state);
    vec![if reason.is_empty() { finding } else { finding.proof(order, ".status.reason", said(reason)) }]
}
