//! Who is to sign: an issuer that is not there, that is in another namespace, or that is not ready.

use crate::kinds::condition;
use crate::kinds::issuer::Signs;
use crate::kinds::issuer_ref::IssuerRef;
use crate::kinds::{CLUSTER_ISSUER, ISSUER, KindId, ObjectRef, Record};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, cm};
use crate::view::trace::tls::issuing::is_old;
use crate::view::trace::tls::place::{Place, said};
use crate::view::trace::tls::secret::is_near;
use crate::view::trace::world::Known;
use std::sync::Arc;

/// How the issuer of a reference signs; none where it is not there.
pub fn of<'w>(place: &Place<'w, '_>, issuer: &IssuerRef) -> Option<&'w Signs> {
    let record = place.world.get(&key(place, issuer)?)?;
    Some(&facts::issuer(record)?.signs)
}

/// What is wrong with the issuer that `asker` (at `record`) asks; nothing for those of other controllers.
pub fn trouble(place: &Place, issuer: &IssuerRef, asker: &str, record: &Record) -> Option<Finding> {
    let key = key(place, issuer)?;
    match place.world.get(&key) {
        Some(found) => not_ready(place, issuer, found),
        None => missing(place, issuer, &key, asker, record),
    }
}

fn key(place: &Place, issuer: &IssuerRef) -> Option<ObjectRef> {
    match (&issuer.group, &*issuer.kind) {
        (None, "Issuer") => Some(ObjectRef::new(ISSUER, place.namespace, &issuer.name)),
        (None, "ClusterIssuer") => Some(ObjectRef::new(CLUSTER_ISSUER, "", &issuer.name)),
        _ => None,
    }
}

/// The words for the commands, which differ by the issuer's kind.
pub fn words(finding: Finding, issuer: &IssuerRef) -> Finding {
    match &*issuer.kind {
        "ClusterIssuer" => finding.word("cluster_issuer", &issuer.name),
        _ => finding.word("namespaced_issuer", &issuer.name),
    }
}

fn not_ready(place: &Place, issuer: &IssuerRef, record: &Arc<Record>) -> Option<Finding> {
    let facts = facts::issuer(record)?;
    let (why, reason) = match condition::denied(&facts.conditions, "Ready") {
        Some(ready) => (said(&ready.reasoned()), ready.reason.to_string()),
        None if facts.conditions.is_empty() && !place.world.is_files() && is_old(place.world, record) => {
            ("cert-manager has not looked at it; does it run?".to_owned(), "absent".to_owned())
        }
        None => return None,
    };
    let finding = words(place.begin(&cm::CM_ISSUER_NOTREADY), issuer).word("issuer", place.world.title(&record.key));
    Some(finding.word("why", why).proof(record, ".status.conditions[type=Ready].reason", reason))
}

fn missing(place: &Place, issuer: &IssuerRef, key: &ObjectRef, asker: &str, record: &Record) -> Option<Finding> {
    let world = place.world;
    let namespace = key.namespace.as_deref();
    if world.known(key.kind, namespace) != Known::Whole || !world.is_given(key.kind) {
        return None;
    }
    let path =
        if record.key.kind == crate::kinds::CERTIFICATE { ".spec.issuerRef.name" } else { ".metadata.annotations" };
    let elsewhere = world.of(ISSUER).find(|other| key.kind == ISSUER && other.key.name == issuer.name);
    if let Some(there) = elsewhere {
        let namespace = there.key.namespace.as_deref().unwrap_or("");
        let finding = place.begin(&cm::CM_ISSUER_NS).word("name", &issuer.name).word("there", namespace);
        let finding = finding.word("asker", asker).proof(record, path, &issuer.name);
        return Some(finding.proof(there, ".metadata.namespace", namespace));
    }
    let finding = place.begin(&cm::CM_ISSUER_MISSING).word("issuer", world.title(key)).word("asker", asker);
    let finding = match record.key.kind {
        crate::kinds::CERTIFICATE => finding.word("certificate", &record.key.name),
        _ => finding,
    };
    let finding = match near(place, key) {
        Some((kind, name)) => {
            let title = if kind == CLUSTER_ISSUER { "ClusterIssuer" } else { "Issuer" };
            let finding = finding.word("hint", format!(" (there is {title} {name})"));
            finding.word("near_kind", title).word("near", name)
        }
        None => finding.word("hint", ""),
    };
    Some(finding.proof(record, path, &issuer.name).fact(Some(key.clone()), ".metadata.name", "not found"))
}

/// One of the other kind with the same name, or one that is called nearly so.
fn near(place: &Place, key: &ObjectRef) -> Option<(KindId, Arc<str>)> {
    let cluster = place.world.of(CLUSTER_ISSUER);
    let all: Vec<&Arc<Record>> = cluster.chain(place.world.in_namespace(ISSUER, place.namespace)).collect();
    let same = all.iter().find(|record| record.key.name == key.name);
    let found = same.or_else(|| all.iter().find(|record| is_near(&record.key.name, &key.name)))?;
    Some((found.key.kind, Arc::clone(&found.key.name)))
}
