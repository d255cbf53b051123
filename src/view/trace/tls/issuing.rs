//! Why cert-manager has no better certificate: from the Certificate of a Secret down to what an ACME server says.
//!
//! Only what cert-manager and its objects say is told; where its objects may not be read, nothing is.

mod challenge;
mod issuer;
mod refusal;
mod request;
pub mod shim;
mod solver;
mod webhook;

use crate::kinds::certificate::CertificateFacts;
use crate::kinds::condition::{self, Condition};
use crate::kinds::issuer::Signs;
use crate::kinds::{CERTIFICATE, CLUSTER_ISSUER, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Fault, Finding, Severity, cm};
use crate::view::trace::plan::TlsPlan;
use crate::view::trace::tls::names::{self, Cover};
use crate::view::trace::tls::place::{Place, said, span};
use crate::view::trace::tls::secret::{self, Told};
use crate::view::trace::world::World;
use crate::wire::Timestamp;
use std::sync::Arc;

/// The first wait after a failure, in seconds; each further one doubles it.
const BACKOFF: i64 = 3_600;
/// How often it doubles: 32 hours at most.
const DOUBLINGS: i64 = 5;
/// How long cert-manager may take for a step, in seconds, before its silence means something.
const PATIENCE: i64 = 60;

/// The Certificates that fill a Secret, and what follows for those who look at it.
#[derive(Debug)]
pub struct Managed<'w> {
    certificates: Vec<&'w Arc<Record>>,
    /// Whether it is signed by an authority of one's own, whose clients know it.
    pub is_private: bool,
}

impl<'w> Managed<'w> {
    /// The Certificates of the Secret at a place.
    pub fn of(place: &Place<'w, '_>) -> Self {
        let here = place.world.in_namespace(CERTIFICATE, place.namespace).into_iter();
        let fills =
            |record: &&Arc<Record>| facts::certificate(record).is_some_and(|facts| facts.secret == *place.secret);
        let mut certificates: Vec<_> = here.filter(fills).collect();
        certificates.sort_by(|one, other| one.key.name.cmp(&other.key.name));
        let signs =
            certificates.first().and_then(|certificate| issuer::of(place, &facts::certificate(certificate)?.issuer));
        let is_private = signs.is_some_and(|signs| matches!(signs, Signs::Ca { .. } | Signs::Vault | Signs::Venafi));
        Self { certificates, is_private }
    }

    /// The first of them.
    pub fn certificate(&self) -> Option<&'w Arc<Record>> {
        self.certificates.first().copied()
    }

    /// The words of how to get another certificate: by cert-manager, or by hand.
    pub fn words(&self, finding: Finding) -> Finding {
        let secret = finding.words.get("secret").cloned().unwrap_or_default();
        match self.certificate() {
            Some(certificate) => finding.word("certificate", &certificate.key.name),
            None => finding.word("by_hand", secret),
        }
    }

    /// The same for a certificate that lacks a name: a Certificate that asks for it already needs no patch.
    pub fn names(&self, finding: Finding, host: &str) -> Finding {
        let asks = |record: &&Arc<Record>| {
            facts::certificate(record).is_some_and(|facts| names::cover(&facts.names, host) == Cover::Yes)
        };
        if self.certificates.iter().any(asks) { finding } else { self.words(finding) }
    }
}

/// The words of an issuer that clients trust, where there is one.
pub fn better_issuer(place: &Place, finding: Finding) -> Finding {
    match trusted(place.world) {
        Some(name) => finding.word("better_issuer", name),
        None => finding,
    }
}

/// A ClusterIssuer that clients trust.
fn trusted<'w>(world: &World<'w>) -> Option<&'w Arc<str>> {
    let trusted = world.of(CLUSTER_ISSUER).filter(|record| {
        let facts = facts::issuer(record);
        facts.is_some_and(|facts| {
            let is_real = matches!(&facts.signs, Signs::Acme { server, .. } if !server.contains("staging"));
            facts.is_ready && is_real
        })
    });
    trusted.map(|record| &record.key.name).min()
}

/// What cert-manager's objects among files say of a Secret that is not among them.
pub fn told(place: &Place) -> Told {
    if !place.world.is_files() {
        return Told::Nothing;
    }
    let managed = Managed::of(place);
    let Some((record, facts)) = managed.certificate().and_then(|record| Some((record, facts::certificate(record)?)))
    else {
        return match (shim::is_asked(place), shim::is_idle(place)) {
            (false, _) => Told::Nothing,
            (true, true) => Told::Missing,
            (true, false) => Told::Made,
        };
    };
    match ready(facts) {
        Some(ready) if matches!(&*ready.reason, "DoesNotExist" | "MissingData") => Told::Missing,
        None if facts.is_ready => Told::Made,
        // Nobody can have signed it.
        None if facts.conditions.is_empty() => match issuer::trouble(place, &facts.issuer, "", record) {
            Some(finding) if matches!(finding.code(), "CM-ISSUER-MISSING" | "CM-ISSUER-NS") => Told::Missing,
            _ => Told::Made,
        },
        _ => Told::Nothing,
    }
}

/// What is known of a Secret that is not there: who is to fill it, or what is called nearly so.
pub fn hint(place: &Place, finding: Finding) -> Finding {
    let managed = Managed::of(place);
    if let Some(certificate) = managed.certificate() {
        let is_issuing = facts::certificate(certificate).is_some_and(|facts| facts.is_issuing);
        let name = &certificate.key.name;
        let hint = if let Some((what, why)) = request::failed(place, certificate) {
            format!(" (the last try for Certificate {name} failed: {what}, {why})")
        } else if is_issuing {
            format!(" yet (cert-manager is still at it, for Certificate {name})")
        } else {
            format!(" (Certificate {name} is to fill it)")
        };
        return finding.word("hint", hint).word("certificate", name);
    }
    let here = place.world.in_namespace(CERTIFICATE, place.namespace);
    let other = here.into_iter().find_map(|record| {
        let facts = facts::certificate(record)?;
        (names::cover(&facts.names, &place.plan.name) == Cover::Yes).then_some((record, facts))
    });
    if let Some((record, facts)) = other {
        let hint = format!(" (Certificate {} for this name fills Secret {})", record.key.name, facts.secret);
        return finding.word("hint", hint).word("near", &facts.secret);
    }
    match secret::near(place) {
        Some(near) => finding.word("hint", format!(" (there is {near})")).word("near", near),
        None => finding.word("hint", "").word("by_hand", place.secret),
    }
}

/// Everything that keeps a Secret from a better certificate. Where the one that is served is good, it is only a risk.
pub fn explain(place: &Place, is_bad: bool) -> Vec<Finding> {
    let managed = Managed::of(place);
    let mut findings = match managed.certificate() {
        Some(certificate) => certified(place, &managed, certificate, is_bad),
        None if is_bad || place.world.is_files() => shim::none(place).into_iter().collect(),
        None => Vec::new(),
    };
    if managed.certificate().is_some() || !findings.is_empty() || shim::is_asked(place) {
        findings.extend(webhook::down(place, is_bad));
    }
    if !is_bad {
        for finding in &mut findings {
            finding.severity = finding.severity.max(Severity::Warn);
        }
    }
    findings
}

/// The same where the owner names no Secret at all for the name.
pub fn unnamed(world: &World, plan: &TlsPlan) -> Vec<Finding> {
    shim::unnamed(world, plan).into_iter().collect()
}

fn certified(place: &Place, managed: &Managed, record: &Arc<Record>, is_bad: bool) -> Vec<Finding> {
    let Some(facts) = facts::certificate(record) else { return Vec::new() };
    let mut findings: Vec<Finding> = Vec::new();
    findings.extend(shared(place, managed, facts));
    let asker = format!("Certificate {}/{}", place.namespace, record.key.name);
    let is_idle = facts.is_ready && !facts.is_issuing && facts.failures == 0 && !is_bad;
    if is_idle || place.world.is_files() && facts.conditions.is_empty() {
        // Nothing is wrong yet: what is wrong with the issuer will be, when it is asked for the next one.
        findings.extend(issuer::trouble(place, &facts.issuer, &asker, record));
        findings.extend(overdue(place, record, facts));
        return findings;
    }
    findings.extend(changed(place, record, facts));
    match issuer::trouble(place, &facts.issuer, &asker, record) {
        Some(finding) => findings.push(finding),
        None => findings.extend(request::trouble(place, record)),
    }
    findings.extend(backoff(place, record, facts));
    findings.extend(overdue(place, record, facts));
    findings
}

/// A finding about a Certificate.
fn about(place: &Place, fault: &'static Fault, certificate: &Record) -> Finding {
    place.begin(fault).word("certificate", &certificate.key.name)
}

fn ready(facts: &CertificateFacts) -> Option<&Condition> {
    condition::denied(&facts.conditions, "Ready")
}

/// Two Certificates that fill one Secret.
fn shared(place: &Place, managed: &Managed, facts: &CertificateFacts) -> Option<Finding> {
    let is_told = |record: &&Arc<Record>| {
        let ready = facts::certificate(record).and_then(ready);
        ready.is_some_and(|ready| *ready.reason == *"IncorrectCertificate")
    };
    let told = managed.certificates.iter().find(|record| is_told(record));
    if managed.certificates.len() < 2 && told.is_none() {
        return None;
    }
    let first = managed.certificate()?;
    // The Secret stays with the Certificate for the traced name, or the one that is called like it.
    let stays = |record: &&Arc<Record>| {
        let covers = |facts: &CertificateFacts| names::cover(&facts.names, &place.plan.name) == Cover::Yes;
        (!facts::certificate(record).is_some_and(covers), record.key.name != *place.secret)
    };
    let owner = managed.certificates.iter().copied().min_by_key(stays)?;
    let other = managed.certificates.iter().copied().find(|record| record.key != owner.key);
    let titles: Vec<&str> = managed.certificates.iter().map(|record| &*record.key.name).collect();
    let certificates = match titles.as_slice() {
        [one] => format!("Certificate {one} and another one"),
        titles => format!("Certificates {}", titles.join(" and ")),
    };
    let finding = about(place, &cm::CM_SECRET_SHARED, first).word("certificates", certificates);
    let finding = other.into_iter().fold(finding, |finding, other| {
        let name = &other.key.name;
        let own = if *name == *place.secret { format!("{name}-2") } else { name.to_string() };
        finding.word("other", name).word("new_secret", own)
    });
    let finding = managed
        .certificates
        .iter()
        .fold(finding, |finding, record| finding.proof(record, ".spec.secretName", &facts.secret));
    Some(match told {
        Some(record) => finding.proof(record, ".status.conditions[type=Ready].reason", "IncorrectCertificate"),
        None => finding,
    })
}

/// A Secret or a Certificate that was changed under cert-manager's hands.
fn changed(place: &Place, record: &Record, facts: &CertificateFacts) -> Option<Finding> {
    let ready = ready(facts)?;
    let fault = match &*ready.reason {
        "SecretMismatch" | "InvalidKeyPair" | "InvalidCertificate" => &cm::CM_SECRET_EDITED,
        "RequestChanged" => &cm::CM_SPEC_CHANGED,
        _ => return None,
    };
    let finding = about(place, fault, record).word("reason", &ready.reason).word("why", said(&ready.words()));
    Some(finding.proof(record, ".status.conditions[type=Ready].reason", &ready.reason))
}

/// cert-manager waits after a failure, each time longer.
fn backoff(place: &Place, record: &Record, facts: &CertificateFacts) -> Option<Finding> {
    let last = facts.last_failure.filter(|_| 0 < facts.failures && !facts.is_issuing)?;
    let wait = BACKOFF << (facts.failures - 1).clamp(0, DOUBLINGS);
    let next = last.plus_seconds(wait);
    if next <= place.world.now {
        return None;
    }
    let finding = about(place, &cm::CM_BACKOFF, record).word("failures", facts.failures);
    let finding = finding.word("last", last.rfc3339()).word("next", next.rfc3339());
    Some(finding.proof(record, ".status.failedIssuanceAttempts", facts.failures).proof(
        record,
        ".status.lastFailureTime",
        last.rfc3339(),
    ))
}

/// A renewal whose time is past and that nobody does.
fn overdue(place: &Place, record: &Record, facts: &CertificateFacts) -> Option<Finding> {
    let at = facts.renewal.filter(|at| *at < place.world.now && !facts.is_issuing)?;
    let told = condition::denied(&facts.conditions, "Issuing").map(|condition| said(&condition.words()));
    let why = told.unwrap_or_else(|| "cert-manager has not begun; does it run?".to_owned());
    let finding = about(place, &cm::CM_RENEW_STUCK, record).word("renewal", at.rfc3339()).word("why", why);
    let finding = finding.word("since", span(place.world.now.seconds() - at.seconds()));
    Some(finding.proof(record, ".status.renewalTime", at.rfc3339()))
}

/// How long a record has been there, in seconds; none where it does not say.
fn age(world: &World, record: &Record) -> Option<i64> {
    record.meta.created.map(Timestamp::seconds).map(|created| world.now.seconds() - created)
}

/// Whether a record has been there long enough for a silence to mean something.
fn is_old(world: &World, record: &Record) -> bool {
    age(world, record).is_none_or(|age| PATIENCE < age)
}
