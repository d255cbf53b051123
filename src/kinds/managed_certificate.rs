//! ManagedCertificate: a certificate that Google issues and keeps for the load balancer of an Ingress.

use crate::kinds::{
    Cell, Column, Digest, Facts, Health, Interner, KindId, KindSpec, MANAGED_CERTIFICATE, Meta, Object, json_decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: MANAGED_CERTIFICATE,
    group: "networking.gke.io",
    versions: &["v1", "v1beta2", "v1beta1"],
    kind: "ManagedCertificate",
    plural: "managedcertificates",
    short_names: &["mcrt"],
    namespaced: true,
    columns: &[Column::NAME, Column::AGE, Column::text("STATUS", 0).narrow()],
    decoder: json_decoder::<ManagedCertificate>(),
};

/// What trace reads of a ManagedCertificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ManagedCertificateFacts {
    /// The names that it is for, none of them with a wildcard.
    pub domains: Box<[Arc<str>]>,
    /// How far it is: `Active`, `Provisioning` and others; none where nobody has said.
    pub status: Option<Arc<str>>,
    /// How far each name is.
    pub states: Box<[(Arc<str>, Arc<str>)]>,
}

/// The slim ManagedCertificate.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ManagedCertificate {
    metadata: Option<ObjectMeta>,
    spec: Spec,
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    domains: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    certificate_status: String,
    domain_status: Vec<DomainStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DomainStatus {
    domain: String,
    status: String,
}

impl ManagedCertificateFacts {
    /// Whether it is shown to clients: one that could not be renewed still is.
    pub fn is_served(&self) -> bool {
        matches!(self.status.as_deref(), Some("Active" | "RenewalFailed"))
    }
}

impl Object for ManagedCertificate {
    const KIND: KindId = MANAGED_CERTIFICATE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let states = self.status.domain_status.iter();
        let facts = ManagedCertificateFacts {
            domains: interner.list(&self.spec.domains),
            status: interner.non_empty(&self.status.certificate_status),
            states: states.map(|own| (interner.intern(&own.domain), interner.intern(&own.status))).collect(),
        };
        let (health, reason) = judge(&facts, meta);
        let cells = Box::new([facts.status.clone().map_or(Cell::Empty, Cell::Text)]);
        let facts = Facts::ManagedCertificate(Box::new(facts));
        Digest { health: Some(health), reason, cells, facts, ..Digest::default() }
    }
}

fn judge(facts: &ManagedCertificateFacts, meta: &Meta) -> (Health, Option<Arc<str>>) {
    if meta.deleted.is_some() {
        return (Health::Progressing, Some(Arc::from("being deleted")));
    }
    let behind = facts.states.iter().filter(|(_, state)| **state != *"Active");
    let behind: Vec<String> = behind.map(|(domain, state)| format!("{domain} is {state}")).collect();
    let reason = || {
        let status = facts.status.as_deref().unwrap_or("nobody has begun with it yet");
        if behind.is_empty() { status.to_owned() } else { format!("{status}: {}", behind.join(", ")) }.into()
    };
    match facts.status.as_deref() {
        Some("Active") => (Health::Ready, None),
        Some("RenewalFailed") => (Health::Warn, Some(reason())),
        Some(failed) if failed.starts_with("ProvisioningFailed") => (Health::Failed, Some(reason())),
        _ => (Health::Progressing, Some(reason())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::fixture::{cells, read};
    use serde_json::json;

    #[test]
    fn its_health_says_which_name_it_waits_for() {
        let domain = json!([{"domain": "a.example", "status": "FailedNotVisible"}]);
        let status = json!({"certificateStatus": "Provisioning", "domainStatus": domain});
        let of = |status: &serde_json::Value| {
            let metadata = json!({"name": "web", "namespace": "shop"});
            let spec = json!({"domains": ["a.example"]});
            read(MANAGED_CERTIFICATE, &json!({"metadata": metadata, "spec": spec, "status": status}))
        };
        let waiting = of(&status);
        assert_eq!(cells(&waiting), ["Provisioning"]);
        assert_eq!(waiting.digest.health, Some(Health::Progressing));
        assert_eq!(waiting.digest.reason.as_deref(), Some("Provisioning: a.example is FailedNotVisible"));
        assert_eq!(of(&json!({"certificateStatus": "Active"})).digest.health, Some(Health::Ready));
        assert_eq!(of(&json!({})).digest.health, Some(Health::Progressing));
    }
}
