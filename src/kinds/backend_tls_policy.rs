//! BackendTLSPolicy: how a Gateway speaks TLS to a Service, and whom it trusts there.

use crate::kinds::gateway_api::{AUTHORITY, BACKEND, ObjectName, WireRef};
use crate::kinds::http_route::facts::ParentStatus;
use crate::kinds::http_route::judge;
use crate::kinds::http_route::wire::WireParent;
use crate::kinds::{
    BACKEND_TLS_POLICY, Cell, Column, Digest, Facts, Interner, KindId, KindSpec, Meta, Object, Relation, json_decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: BACKEND_TLS_POLICY,
    group: "gateway.networking.k8s.io",
    versions: &["v1", "v1alpha3"],
    kind: "BackendTLSPolicy",
    plural: "backendtlspolicies",
    short_names: &["btlspolicy"],
    namespaced: true,
    columns: &[Column::NAME, Column::AGE, Column::text("HOSTNAME", 0).own()],
    decoder: json_decoder::<BackendTlsPolicy>(),
};

/// What trace reads of a BackendTLSPolicy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BackendTlsPolicyFacts {
    /// What it is for, all in its own namespace.
    pub targets: Box<[PolicyTarget]>,
    /// The objects that hold the authorities, in their `ca.crt`.
    pub authorities: Box<[ObjectName]>,
    /// A well-known set of authorities instead: `System`.
    pub well_known: Option<Arc<str>>,
    /// The server name that is asked for; the backend's certificate must carry it unless `alt_names` says otherwise.
    pub hostname: Arc<str>,
    /// Names of which the backend's certificate must carry one; empty for `hostname`.
    pub alt_names: Box<[AltName]>,
    /// Options of the controller's own, sorted by key.
    pub options: Box<[(Arc<str>, Arc<str>)]>,
    /// What controllers say of it, ancestor by ancestor.
    pub status: Box<[ParentStatus]>,
}

/// What a policy is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyTarget {
    /// The object, most often a Service.
    pub object: ObjectName,
    /// The name of one of its ports; none for all.
    pub section: Option<Arc<str>>,
}

/// A name that a certificate may carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AltName {
    /// A host.
    Hostname(Arc<str>),
    /// A URI, for example one of SPIFFE.
    Uri(Arc<str>),
}

/// The slim BackendTLSPolicy.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct BackendTlsPolicy {
    metadata: Option<ObjectMeta>,
    spec: Spec,
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    target_refs: Vec<WireRef>,
    validation: Validation,
    options: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Validation {
    ca_certificate_refs: Vec<WireRef>,
    #[serde(rename = "wellKnownCACertificates")]
    well_known: Option<String>,
    hostname: String,
    subject_alt_names: Vec<WireAltName>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct WireAltName {
    hostname: String,
    uri: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    ancestors: Vec<WireParent>,
}

impl Object for BackendTlsPolicy {
    const KIND: KindId = BACKEND_TLS_POLICY;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let facts = self.facts(interner);
        let (health, reason) = judge::told(&facts.status, meta);
        let cells = Box::new([interner.non_empty(&facts.hostname).map_or(Cell::Empty, Cell::Text)]);
        let targets = facts.targets.iter().map(|target| (Relation::AttachedTo, &target.object));
        let links = judge::named(targets.chain(facts.authorities.iter().map(|a| (Relation::Uses, a))));
        Digest { health: Some(health), reason, cells, links, facts: Facts::BackendTlsPolicy(Box::new(facts)) }
    }
}

impl BackendTlsPolicy {
    fn facts(&self, interner: &mut Interner) -> BackendTlsPolicyFacts {
        let namespace = self.namespace(interner);
        let namespace = namespace.as_ref();
        let (spec, validation) = (&self.spec, &self.spec.validation);
        let target = |target: &WireRef| PolicyTarget {
            object: target.named(BACKEND, namespace, interner),
            section: target.section_name.as_deref().and_then(|s| interner.non_empty(s)),
        };
        let targets = spec.target_refs.iter().map(target).collect();
        let authorities = validation.ca_certificate_refs.iter().map(|a| a.named(AUTHORITY, namespace, interner));
        let authorities = authorities.collect();
        let options = spec.options.iter().map(|(key, value)| (interner.intern(key), interner.intern(value)));
        let options = options.collect();
        BackendTlsPolicyFacts {
            targets,
            authorities,
            well_known: validation.well_known.as_deref().and_then(|w| interner.non_empty(w)),
            hostname: interner.intern(&validation.hostname),
            alt_names: validation.subject_alt_names.iter().map(|n| AltName::of(n, interner)).collect(),
            options,
            status: self.status.ancestors.iter().map(|a| ParentStatus::of(a, namespace, interner)).collect(),
        }
    }
}

impl AltName {
    fn of(wire: &WireAltName, interner: &mut Interner) -> Self {
        if wire.uri.is_empty() {
            return Self::Hostname(interner.intern(&wire.hostname));
        }
        Self::Uri(interner.intern(&wire.uri))
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read, reason};
    use crate::kinds::{BACKEND_TLS_POLICY, Facts, Health};
    use serde_json::json;

    #[test]
    fn the_loser_of_a_conflict_fails_and_keeps_what_it_asked_for() {
        let conflicted = json!([{"type": "Accepted", "status": "False", "reason": "Conflicted", "message": "an older policy wins"}]);
        let ancestor = json!({"ancestorRef": {"name": "edge"}, "controllerName": "example.com/c", "conditions": conflicted});
        let validation = json!({"hostname": "web.internal", "caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "ca"}],
            "subjectAltNames": [{"type": "URI", "uri": "spiffe://a/b"}, {"type": "Hostname", "hostname": "b"}]});
        let spec = json!({"targetRefs": [{"group": "", "kind": "Service", "name": "web", "sectionName": "https"}], "validation": validation});
        let status = json!({"ancestors": [ancestor]});
        let record = read(BACKEND_TLS_POLICY, &json!({"metadata": {"name": "p", "namespace": "dev"}, "spec": spec, "status": status}));
        assert_eq!(cells(&record), ["web.internal"]);
        assert_eq!(links(&record), ["AttachedTo Service dev/web", "Uses ConfigMap dev/ca"]);
        assert_eq!(record.digest.health, Some(Health::Failed));
        assert_eq!(reason(&record), "Gateway edge does not accept it: Conflicted: an older policy wins");
        let Facts::BackendTlsPolicy(facts) = &record.digest.facts else { panic!("no facts") };
        assert_eq!((facts.targets[0].section.as_deref(), facts.alt_names.len()), (Some("https"), 2));
    }

    #[test]
    fn the_systems_authorities_are_kept_by_their_name() {
        let spec = json!({"validation": {"hostname": "a", "wellKnownCACertificates": "System"}});
        let record = read(BACKEND_TLS_POLICY, &json!({"metadata": {"name": "p", "namespace": "dev"}, "spec": spec}));
        let Facts::BackendTlsPolicy(facts) = &record.digest.facts else { panic!("no facts") };
        assert_eq!((facts.well_known.as_deref(), record.digest.health), (Some("System"), Some(Health::Progressing)));
    }
}
