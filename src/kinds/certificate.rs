//! Certificate (cert-manager): the names that a Secret's certificate must carry, and how its issuing goes.

use crate::kinds::condition::{self, Condition, Status, message_cell, status_cell};
use crate::kinds::issuer_ref::{IssuerRef, IssuerReference};
use crate::kinds::{
    CERTIFICATE, Cell, Column, Digest, Facts, Health, Interner, KindId, KindSpec, Link, Meta, Object, Relation,
    SECRET, Target, json_decoder,
};
use crate::wire::meta::{self, ObjectMeta};
use crate::wire::time::Time;
use crate::wire::Timestamp;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: CERTIFICATE,
    group: "cert-manager.io",
    versions: &["v1"],
    kind: "Certificate",
    plural: "certificates",
    short_names: &["cert", "certs"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("READY", 0).narrow(),
        Column::text("SECRET", 1).narrow(),
        Column::text("ISSUER", 2).wide(),
        Column::text("STATUS", 3).wide(),
        Column::AGE,
    ],
    decoder: json_decoder::<Certificate>(),
};

/// What trace and Home read of a Certificate; expiry is theirs to judge, for a digest has no clock.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CertificateFacts {
    /// The Secret that it fills.
    pub secret: Arc<str>,
    /// Who is to sign it.
    pub issuer: IssuerRef,
    /// The names and addresses that it asks for, the common name first.
    pub names: Box<[Arc<str>]>,
    /// Whether the Secret holds what is asked for.
    pub is_ready: bool,
    /// Whether a new certificate is on its way.
    pub is_issuing: bool,
    /// Valid from.
    pub not_before: Option<Timestamp>,
    /// Valid until.
    pub not_after: Option<Timestamp>,
    /// When it is to be renewed.
    pub renewal: Option<Timestamp>,
    /// How many certificates there have been.
    pub revision: i64,
    /// How often issuing has failed since it last went well.
    pub failures: i64,
    /// When it last failed.
    pub last_failure: Option<Timestamp>,
    /// All conditions.
    pub conditions: Box<[Condition]>,
}

/// The slim Certificate.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Certificate {
    metadata: Option<ObjectMeta>,
    spec: Spec,
    status: WireStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    secret_name: Option<String>,
    issuer_ref: IssuerReference,
    common_name: String,
    dns_names: Vec<String>,
    ip_addresses: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireStatus {
    conditions: Vec<meta::Condition>,
    not_before: Option<Time>,
    not_after: Option<Time>,
    renewal_time: Option<Time>,
    revision: Option<i64>,
    failed_issuance_attempts: Option<i64>,
    last_failure_time: Option<Time>,
}

impl Object for Certificate {
    const KIND: KindId = CERTIFICATE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let facts = self.facts(interner);
        let (health, reason) = judge(&facts, meta);
        let namespace = self.namespace(interner);
        let secret = (!facts.secret.is_empty()).then(|| Link {
            relation: Relation::Uses,
            target: Target::Named { kind: SECRET, namespace: namespace.clone(), name: Arc::clone(&facts.secret) },
        });
        Digest {
            health: Some(health),
            reason,
            cells: self.cells(interner),
            links: secret.into_iter().chain(facts.issuer.link(namespace.as_ref())).collect(),
            facts: Facts::Certificate(Box::new(facts)),
        }
    }
}

impl Certificate {
    fn cells(&self, interner: &mut Interner) -> Box<[Cell]> {
        let conditions = &self.status.conditions;
        Box::new([
            status_cell(conditions, "Ready", interner),
            interner.non_empty(self.spec.secret_name.as_deref().unwrap_or("")).map_or(Cell::Empty, Cell::Text),
            interner.non_empty(&self.spec.issuer_ref.name).map_or(Cell::Empty, Cell::Text),
            message_cell(conditions, "Ready"),
        ])
    }

    fn facts(&self, interner: &mut Interner) -> CertificateFacts {
        let (spec, status) = (&self.spec, &self.status);
        let conditions = Condition::all(&status.conditions, interner);
        let at = |time: Option<Time>| time.and_then(Time::instant);
        CertificateFacts {
            secret: interner.intern(spec.secret_name.as_deref().unwrap_or("")),
            issuer: spec.issuer_ref.slim(interner),
            names: names(&spec.common_name, &[&spec.dns_names, &spec.ip_addresses], interner),
            is_ready: condition::holds(&conditions, "Ready"),
            is_issuing: condition::holds(&conditions, "Issuing"),
            not_before: at(status.not_before),
            not_after: at(status.not_after),
            renewal: at(status.renewal_time),
            revision: status.revision.unwrap_or(0),
            failures: status.failed_issuance_attempts.unwrap_or(0),
            last_failure: at(status.last_failure_time),
            conditions,
        }
    }
}

/// The common name, then all others, each once.
pub fn names(common: &str, others: &[&[String]], interner: &mut Interner) -> Box<[Arc<str>]> {
    let mut names: Vec<Arc<str>> = interner.non_empty(common).into_iter().collect();
    for name in others.iter().copied().flatten() {
        if !names.iter().any(|known| **known == **name) {
            names.push(interner.intern(name));
        }
    }
    names.into()
}

fn judge(facts: &CertificateFacts, meta: &Meta) -> (Health, Option<Arc<str>>) {
    let because = |health, reason: &str| (health, Some(Arc::from(reason)));
    if meta.deleted.is_some() {
        return because(Health::Progressing, "being deleted");
    }
    let Some(ready) = condition::find(&facts.conditions, "Ready") else {
        return because(Health::Progressing, "cert-manager has not looked at it yet");
    };
    let failed = condition::denied(&facts.conditions, "Issuing").filter(|c| !c.message.is_empty());
    match (ready.status, failed, facts.is_issuing) {
        (Status::True, Some(failed), false) if 0 < facts.failures => {
            because(Health::Warn, &format!("valid, but its renewal fails: {}", failed.message))
        }
        (Status::True, _, true) => because(Health::Progressing, "valid, a new one is being issued"),
        (Status::True, ..) => (Health::Ready, None),
        (_, Some(failed), false) => (Health::Failed, Some(failed.words())),
        (_, _, true) if 0 < facts.failures => {
            because(Health::Warn, &format!("being issued again after a failure: {}", ready.words()))
        }
        (_, _, true) => because(Health::Progressing, &format!("being issued: {}", ready.words())),
        (_, None, false) if ready.is_stale(meta.generation) => because(Health::Progressing, "changed a moment ago"),
        (Status::Unknown, None, false) => (Health::Unknown, Some(ready.words())),
        (Status::False, None, false) => (Health::Failed, Some(ready.words())),
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read, reason};
    use crate::kinds::{CERTIFICATE, Facts, Health, Record};
    use crate::wire::Timestamp;
    use serde_json::{Value, json};

    fn certificate(status: &Value) -> Record {
        let issuer = json!({"name": "le", "kind": "ClusterIssuer", "group": "cert-manager.io"});
        let spec = json!({"secretName": "shop-tls", "issuerRef": issuer, "commonName": "a.example.com", "dnsNames": ["a.example.com", "b.example.com"]});
        read(CERTIFICATE, &json!({"metadata": {"name": "shop", "namespace": "dev"}, "spec": spec, "status": status}))
    }

    #[test]
    fn a_valid_certificate_keeps_its_dates_and_links() {
        let conditions = json!([{"type": "Ready", "status": "True", "reason": "Ready", "message": "Certificate is up to date and has not expired"}]);
        let record = certificate(&json!({"conditions": conditions, "notAfter": "2027-01-01T00:00:00Z"}));
        assert_eq!(cells(&record), ["True", "shop-tls", "le", "Certificate is up to date and has not expired"]);
        assert_eq!(links(&record), ["Uses Secret dev/shop-tls", "IssuedBy ClusterIssuer le"]);
        let Facts::Certificate(facts) = &record.digest.facts else { panic!("no facts") };
        assert_eq!((facts.not_after, facts.names.len()), (Timestamp::parse("2027-01-01T00:00:00Z"), 2));
        assert_eq!(record.digest.health, Some(Health::Ready));
    }

    #[test]
    fn the_issuers_message_is_the_reason() {
        let message = "The certificate request has failed to complete and will be retried: rateLimited";
        let conditions = json!([{"type": "Ready", "status": "False", "reason": "DoesNotExist", "message": "Secret does not exist"}, {"type": "Issuing", "status": "False", "reason": "Failed", "message": message}]);
        let record = certificate(&json!({"conditions": conditions, "failedIssuanceAttempts": 2}));
        assert_eq!((record.digest.health, reason(&record)), (Some(Health::Failed), message));
    }

    #[test]
    fn issuing_is_progress_and_a_failing_renewal_is_a_warning() {
        let ready = |status: &str| json!({"type": "Ready", "status": status, "message": "Secret does not exist"});
        let issuing = |status: &str| json!({"type": "Issuing", "status": status, "message": "no"});
        let health = |status: &Value| certificate(status).digest.health;
        assert_eq!(health(&json!({"conditions": [ready("False"), issuing("True")]})), Some(Health::Progressing));
        assert_eq!(health(&json!({"conditions": [ready("True"), issuing("False")], "failedIssuanceAttempts": 1})), Some(Health::Warn));
        assert_eq!(health(&json!({})), Some(Health::Progressing));
        assert_eq!(health(&json!({"conditions": [ready("False")]})), Some(Health::Failed));
    }
}
