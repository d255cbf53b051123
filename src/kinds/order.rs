//! Order (cert-manager): one certificate asked of an ACME server.

use crate::kinds::certificate::names;
use crate::kinds::issuer_ref::{IssuerRef, IssuerReference};
use crate::kinds::{
    Cell, Column, Digest, Facts, Health, Interner, KindId, KindSpec, Meta, ORDER, Object, json_decoder,
};
use crate::wire::meta::ObjectMeta;
use crate::wire::time::Time;
use crate::wire::Timestamp;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: ORDER,
    group: "acme.cert-manager.io",
    versions: &["v1"],
    kind: "Order",
    plural: "orders",
    short_names: &[],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("STATE", 0).narrow(),
        Column::text("ISSUER", 1).wide(),
        Column::text("REASON", 2).wide(),
        Column::AGE,
    ],
    decoder: json_decoder::<Order>(),
};

/// What trace reads of an Order; its owner is the CertificateRequest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrderFacts {
    /// `pending`, `ready`, `processing`, `valid`, `invalid`, `expired` or `errored`; empty at first.
    pub state: Arc<str>,
    /// Why it failed.
    pub reason: Option<Arc<str>>,
    /// Through which issuer.
    pub issuer: IssuerRef,
    /// The names that it asks for.
    pub names: Box<[Arc<str>]>,
    /// When it failed.
    pub failed: Option<Timestamp>,
}

/// The slim Order.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Order {
    metadata: Option<ObjectMeta>,
    spec: Spec,
    status: WireStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    issuer_ref: IssuerReference,
    common_name: String,
    dns_names: Vec<String>,
    ip_addresses: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireStatus {
    state: String,
    reason: String,
    failure_time: Option<Time>,
}

impl Object for Order {
    const KIND: KindId = ORDER;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let (spec, status) = (&self.spec, &self.status);
        let issuer = spec.issuer_ref.slim(interner);
        let links = issuer.link(self.namespace(interner).as_ref()).into_iter().collect();
        let mut text = |text: &str| interner.non_empty(text).map_or(Cell::Empty, Cell::Text);
        let cells = Box::new([text(&status.state), text(&spec.issuer_ref.name), text(&status.reason)]);
        let facts = OrderFacts {
            state: interner.intern(&status.state),
            reason: interner.non_empty(&status.reason),
            names: names(&spec.common_name, &[&spec.dns_names, &spec.ip_addresses], interner),
            failed: status.failure_time.and_then(Time::instant),
            issuer,
        };
        let (health, reason) = judge(&status.state, &status.reason, meta);
        Digest { health: Some(health), reason, cells, links, facts: Facts::Order(Box::new(facts)) }
    }
}

fn judge(state: &str, reason: &str, meta: &Meta) -> (Health, Option<Arc<str>>) {
    let told = |words: &str| {
        let colon = if reason.is_empty() { "" } else { ": " };
        Some(Arc::from(format!("{words}{colon}{reason}")))
    };
    match state {
        _ if meta.deleted.is_some() => (Health::Progressing, Some(Arc::from("being deleted"))),
        "valid" => (Health::Ready, None),
        "invalid" | "expired" | "errored" => (Health::Failed, told(state)),
        "pending" => (Health::Progressing, told("its names are being proven")),
        "ready" | "processing" => (Health::Progressing, told("the ACME server is signing")),
        "" => (Health::Progressing, told("not sent to the ACME server yet")),
        _ => (Health::Unknown, told(state)),
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read, reason};
    use crate::kinds::{Health, ORDER};
    use serde_json::json;

    #[test]
    fn a_failed_order_tells_its_reason_and_a_new_one_waits() {
        let object = |status| json!({"metadata": {"name": "o", "namespace": "dev"}, "spec": {"issuerRef": {"name": "le", "kind": "ClusterIssuer"}}, "status": status});
        let failed = read(ORDER, &object(json!({"state": "errored", "reason": "429 rateLimited"})));
        assert_eq!(cells(&failed), ["errored", "le", "429 rateLimited"]);
        assert_eq!((failed.digest.health, reason(&failed)), (Some(Health::Failed), "errored: 429 rateLimited"));
        assert_eq!(links(&failed), ["IssuedBy ClusterIssuer le"]);
        assert_eq!(read(ORDER, &object(json!({}))).digest.health, Some(Health::Progressing));
        assert_eq!(read(ORDER, &object(json!({"state": "valid"}))).digest.health, Some(Health::Ready));
    }
}
