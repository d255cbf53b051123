//! Challenge (cert-manager): the proof for one name that an ACME server asks for.

use crate::kinds::issuer::{Solver, WireSolver};
use crate::kinds::issuer_ref::{IssuerRef, IssuerReference};
use crate::kinds::{
    CHALLENGE, Cell, Column, Digest, Facts, Health, Interner, KindId, KindSpec, Meta, Object, json_decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: CHALLENGE,
    group: "acme.cert-manager.io",
    versions: &["v1"],
    kind: "Challenge",
    plural: "challenges",
    short_names: &[],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("STATE", 0).narrow(),
        Column::text("DOMAIN", 1).narrow(),
        Column::text("REASON", 2).wide(),
        Column::AGE,
    ],
    decoder: json_decoder::<Challenge>(),
};

/// What trace reads of a Challenge; its owner is the Order. The key of the proof is not kept.
#[derive(Clone, Debug, PartialEq)]
pub struct ChallengeFacts {
    /// The name to be proven.
    pub name: Arc<str>,
    /// Whether it is for a wildcard below that name.
    pub is_wildcard: bool,
    /// `HTTP-01` or `DNS-01`.
    pub method: Arc<str>,
    /// The last part of the path that the ACME server asks for.
    pub token: Arc<str>,
    /// `pending`, `ready`, `processing`, `valid`, `invalid`, `expired` or `errored`; empty at first.
    pub state: Arc<str>,
    /// What cert-manager says of it.
    pub reason: Option<Arc<str>>,
    /// Whether the answer is in place.
    pub is_presented: bool,
    /// How the name is proven.
    pub solver: Solver,
    /// Through which issuer.
    pub issuer: IssuerRef,
}

/// The slim Challenge.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Challenge {
    metadata: Option<ObjectMeta>,
    spec: Spec,
    status: WireStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    dns_name: String,
    wildcard: bool,
    r#type: String,
    token: String,
    solver: WireSolver,
    issuer_ref: IssuerReference,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireStatus {
    presented: bool,
    reason: String,
    state: String,
}

impl Object for Challenge {
    const KIND: KindId = CHALLENGE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let (spec, status) = (&self.spec, &self.status);
        let issuer = spec.issuer_ref.slim(interner);
        let links = issuer.link(self.namespace(interner).as_ref()).into_iter().collect();
        let mut text = |text: &str| interner.non_empty(text).map_or(Cell::Empty, Cell::Text);
        let cells = Box::new([text(&status.state), text(&spec.dns_name), text(&status.reason)]);
        let facts = ChallengeFacts {
            name: interner.intern(&spec.dns_name),
            is_wildcard: spec.wildcard,
            method: interner.intern(&spec.r#type),
            token: interner.intern(&spec.token),
            state: interner.intern(&status.state),
            reason: interner.non_empty(&status.reason),
            is_presented: status.presented,
            solver: spec.solver.slim(interner),
            issuer,
        };
        let (health, reason) = judge(status, meta);
        Digest { health: Some(health), reason, cells, links, facts: Facts::Challenge(Box::new(facts)) }
    }
}

fn judge(status: &WireStatus, meta: &Meta) -> (Health, Option<Arc<str>>) {
    let said = |otherwise: &str| Some(Arc::from(if status.reason.is_empty() { otherwise } else { &status.reason }));
    match status.state.as_str() {
        _ if meta.deleted.is_some() => (Health::Progressing, Some(Arc::from("being deleted"))),
        "valid" => (Health::Ready, None),
        "invalid" | "expired" | "errored" => (Health::Failed, said(&status.state)),
        _ if is_trouble(&status.reason) => (Health::Warn, said("")),
        "pending" | "" if !status.presented => (Health::Progressing, said("the answer is not in place yet")),
        "pending" | "" => (Health::Progressing, said("waiting until the answer can be seen")),
        "ready" | "processing" => (Health::Progressing, said("the ACME server is checking")),
        other => (Health::Unknown, said(other)),
    }
}

/// A self check that gets a wrong answer keeps the state `pending` for ever; a DNS record that spreads is no trouble.
fn is_trouble(reason: &str) -> bool {
    let reason = reason.to_lowercase();
    let wrong = ["propagation: ", "error", "failed", "did not get expected", "refused", "denied"];
    !reason.contains("not yet propagated") && wrong.iter().any(|word| reason.contains(word))
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, read, reason};
    use crate::kinds::{CHALLENGE, Health, Record};
    use serde_json::{Value, json};

    fn challenge(status: &Value) -> Record {
        let spec = json!({"dnsName": "a.example.com", "type": "HTTP-01", "token": "t", "key": "t.thumbprint", "solver": {"http01": {"ingress": {"class": "nginx"}}}});
        read(CHALLENGE, &json!({"metadata": {"name": "c", "namespace": "dev"}, "spec": spec, "status": status}))
    }

    #[test]
    fn a_self_check_that_gets_the_wrong_answer_is_a_warning_with_that_answer() {
        let why = "Waiting for HTTP-01 challenge propagation: wrong status code '404', expected '200'";
        let record = challenge(&json!({"state": "pending", "presented": true, "processing": true, "reason": why}));
        assert_eq!((record.digest.health, reason(&record)), (Some(Health::Warn), why));
        assert_eq!(cells(&record), ["pending", "a.example.com", why]);
        assert!(!format!("{record:?}").contains("thumbprint"));
    }

    #[test]
    fn waiting_is_progress_and_invalid_is_failure() {
        let health = |status: &Value| challenge(status).digest.health.unwrap();
        assert_eq!(health(&json!({})), Health::Progressing);
        let spreading = "Waiting for DNS-01 challenge propagation: DNS record for \"a.example.com\" not yet propagated";
        assert_eq!(health(&json!({"state": "pending", "presented": true, "reason": spreading})), Health::Progressing);
        assert_eq!(health(&json!({"state": "invalid", "reason": "caa"})), Health::Failed);
        assert_eq!(health(&json!({"state": "valid"})), Health::Ready);
    }
}
