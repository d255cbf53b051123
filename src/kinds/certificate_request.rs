//! CertificateRequest (cert-manager): one try to have a certificate signed.

use crate::kinds::condition::{self, Condition, Status, message_cell, status_cell};
use crate::kinds::issuer_ref::{IssuerRef, IssuerReference};
use crate::kinds::{
    CERTIFICATE_REQUEST, Cell, Column, Digest, Facts, Health, Interner, KindId, KindSpec, Meta, Object, json_decoder,
};
use crate::wire::meta::{self, ObjectMeta};
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: CERTIFICATE_REQUEST,
    group: "cert-manager.io",
    versions: &["v1"],
    kind: "CertificateRequest",
    plural: "certificaterequests",
    short_names: &["cr", "crs"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("APPROVED", 0),
        Column::text("DENIED", 1),
        Column::text("READY", 2).narrow(),
        Column::text("ISSUER", 3).narrow(),
        Column::text("REQUESTER", 4),
        Column::text("STATUS", 5).wide(),
        Column::AGE,
    ],
    decoder: json_decoder::<CertificateRequest>(),
};

/// What trace reads of a CertificateRequest; its owner is the Certificate.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CertificateRequestFacts {
    /// Who is to sign it.
    pub issuer: IssuerRef,
    /// All conditions.
    pub conditions: Box<[Condition]>,
}

/// The slim CertificateRequest.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CertificateRequest {
    metadata: Option<ObjectMeta>,
    spec: Spec,
    status: WireStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    issuer_ref: IssuerReference,
    username: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireStatus {
    conditions: Vec<meta::Condition>,
}

impl Object for CertificateRequest {
    const KIND: KindId = CERTIFICATE_REQUEST;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn keeps_annotation(key: &str) -> bool {
        key.starts_with("cert-manager.io/certificate-")
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let conditions = Condition::all(&self.status.conditions, interner);
        let issuer = self.spec.issuer_ref.slim(interner);
        let (health, reason) = judge(&conditions, &issuer, meta);
        let wire = &self.status.conditions;
        let cells = Box::new([
            status_cell(wire, "Approved", interner),
            status_cell(wire, "Denied", interner),
            status_cell(wire, "Ready", interner),
            interner.non_empty(&self.spec.issuer_ref.name).map_or(Cell::Empty, Cell::Text),
            interner.non_empty(&self.spec.username).map_or(Cell::Empty, Cell::Text),
            message_cell(wire, "Ready"),
        ]);
        let links = issuer.link(self.namespace(interner).as_ref()).into_iter().collect();
        let facts = Facts::CertificateRequest(Box::new(CertificateRequestFacts { issuer, conditions }));
        Digest { health: Some(health), reason, cells, links, facts }
    }
}

fn judge(conditions: &[Condition], issuer: &IssuerRef, meta: &Meta) -> (Health, Option<Arc<str>>) {
    if meta.deleted.is_some() {
        return (Health::Progressing, Some(Arc::from("being deleted")));
    }
    for kind in ["Denied", "InvalidRequest"] {
        if let Some(refused) = condition::find(conditions, kind).filter(|c| c.status == Status::True) {
            return (Health::Failed, Some(format!("{kind}: {}", refused.words()).into()));
        }
    }
    let ready = condition::find(conditions, "Ready");
    match ready.map(|c| (c.status, &*c.reason, c)) {
        Some((Status::True, ..)) => (Health::Ready, None),
        Some((_, "Failed" | "Denied", ready)) => (Health::Failed, Some(ready.words())),
        _ if !condition::holds(conditions, "Approved") => {
            (Health::Progressing, Some(Arc::from("waiting to be approved")))
        }
        Some((.., ready)) => (Health::Progressing, Some(ready.words())),
        None => (Health::Progressing, Some(format!("waiting for {} {}", issuer.kind, issuer.name).into())),
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read, reason};
    use crate::kinds::{CERTIFICATE_REQUEST, Health, Record};
    use serde_json::{Value, json};

    fn request(conditions: &Value) -> Record {
        let spec = json!({"issuerRef": {"name": "le"}, "username": "system:serviceaccount:cert-manager:cert-manager"});
        let metadata = json!({"name": "shop-1", "namespace": "dev"});
        read(CERTIFICATE_REQUEST, &json!({"metadata": metadata, "spec": spec, "status": {"conditions": conditions}}))
    }

    #[test]
    fn every_stage_has_its_health_and_reason() {
        let ready = |status: &str, reason: &str| json!({"type": "Ready", "status": status, "reason": reason, "message": "words"});
        let approved = json!({"type": "Approved", "status": "True"});
        let verdict = |conditions: &Value| {
            let record = request(conditions);
            (record.digest.health.unwrap(), reason(&record).to_owned())
        };
        assert_eq!(verdict(&json!([])), (Health::Progressing, "waiting to be approved".to_owned()));
        assert_eq!(verdict(&json!([approved])), (Health::Progressing, "waiting for Issuer le".to_owned()));
        assert_eq!(verdict(&json!([approved, ready("False", "Pending")])).0, Health::Progressing);
        assert_eq!(verdict(&json!([approved, ready("False", "Failed")])), (Health::Failed, "words".to_owned()));
        assert_eq!(verdict(&json!([approved, ready("True", "Issued")])).0, Health::Ready);
        assert_eq!(verdict(&json!([{"type": "Denied", "status": "True", "message": "no"}])), (Health::Failed, "Denied: no".to_owned()));
    }

    #[test]
    fn cells_are_empty_where_a_condition_is_absent() {
        let record = request(&json!([{"type": "Approved", "status": "True"}]));
        assert_eq!(cells(&record), ["True", "", "", "le", "system:serviceaccount:cert-manager:cert-manager", ""]);
        assert_eq!(links(&record), ["IssuedBy Issuer dev/le"]);
    }
}
