//! DNSEndpoint (external-dns): records of a DNS zone that somebody asks for by an object.

use crate::kinds::{
    Cell, Column, DNS_ENDPOINT, Digest, Facts, Health, Interner, KindId, KindSpec, Meta, Object, json_decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: DNS_ENDPOINT,
    group: "externaldns.k8s.io",
    versions: &["v1alpha1"],
    kind: "DNSEndpoint",
    plural: "dnsendpoints",
    short_names: &[],
    namespaced: true,
    columns: &[Column::NAME, Column::AGE, Column::text("RECORDS", 0).narrow().own()],
    decoder: json_decoder::<DnsEndpoint>(),
};

/// How many names the column shows.
const SHOWN: usize = 3;

/// What trace reads of a DNSEndpoint.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DnsEndpointFacts {
    /// The records, in order.
    pub records: Box<[DnsRecord]>,
}

/// The records of one name and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsRecord {
    /// The name as written; `*.x` is a wildcard.
    pub name: Arc<str>,
    /// `A`, `AAAA`, `CNAME`, `TXT` …
    pub kind: Arc<str>,
    /// Addresses, names or texts.
    pub targets: Box<[Arc<str>]>,
    /// How long answers may be kept, in seconds; 0 where it does not say.
    pub ttl: i64,
    /// What tells several records of one name and type apart.
    pub set: Option<Arc<str>>,
    /// Settings of the provider, for example that it answers with its own proxy.
    pub provider: Box<[(Arc<str>, Arc<str>)]>,
}

/// The slim DNSEndpoint.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DnsEndpoint {
    metadata: Option<ObjectMeta>,
    spec: Spec,
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    endpoints: Vec<WireRecord>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireRecord {
    dns_name: String,
    record_type: String,
    targets: Vec<String>,
    #[serde(rename = "recordTTL")]
    ttl: i64,
    set_identifier: Option<String>,
    provider_specific: Vec<Setting>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Setting {
    name: String,
    value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Status {
    observed_generation: i64,
}

impl Object for DnsEndpoint {
    const KIND: KindId = DNS_ENDPOINT;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    /// external-dns reads annotations of every source.
    fn keeps_annotation(key: &str) -> bool {
        crate::kinds::record::is_not_last_applied(key)
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let records = self.spec.endpoints.iter().map(|record| DnsRecord::of(record, interner)).collect();
        let facts = DnsEndpointFacts { records };
        let (health, reason) = self.judge(meta);
        let cells = Box::new([interner.non_empty(&facts.text()).map_or(Cell::Empty, Cell::Text)]);
        let facts = Facts::DnsEndpoint(Box::new(facts));
        Digest { health: Some(health), reason, cells, links: Arc::default(), facts }
    }
}

impl DnsEndpoint {
    fn judge(&self, meta: &Meta) -> (Health, Option<Arc<str>>) {
        if meta.deleted.is_some() {
            return (Health::Progressing, Some(Arc::from("being deleted")));
        }
        let observed = self.status.observed_generation;
        if observed < meta.generation {
            let reason = if observed == 0 { "external-dns has not looked at it yet" } else { "changed; external-dns has not followed yet" };
            return (Health::Progressing, Some(Arc::from(reason)));
        }
        (Health::Ready, None)
    }
}

impl DnsEndpointFacts {
    /// The first records, and how many there are besides.
    fn text(&self) -> String {
        let first = self.records.iter().take(SHOWN).map(|r| format!("{} {}", r.kind, r.name));
        let text = first.collect::<Vec<_>>().join(", ");
        match self.records.len().saturating_sub(SHOWN) {
            0 => text,
            more => format!("{text} + {more} more"),
        }
    }
}

impl DnsRecord {
    fn of(wire: &WireRecord, interner: &mut Interner) -> Self {
        let provider = wire.provider_specific.iter().map(|s| (interner.intern(&s.name), interner.intern(&s.value)));
        let provider = provider.collect();
        Self {
            name: interner.intern(&wire.dns_name),
            kind: interner.intern(&wire.record_type),
            targets: interner.list(&wire.targets),
            ttl: wire.ttl,
            set: wire.set_identifier.as_deref().and_then(|s| interner.non_empty(s)),
            provider,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, read, reason};
    use crate::kinds::{DNS_ENDPOINT, Facts, Health};
    use serde_json::json;

    #[test]
    fn records_are_kept_in_order_and_the_rest_is_counted() {
        let a = |name: &str| json!({"dnsName": name, "recordType": "A", "recordTTL": 300, "targets": ["203.0.113.7"]});
        let alias = json!({"dnsName": "www.example.com", "recordType": "CNAME", "targets": ["example.com"]});
        let endpoints = json!([a("*.example.com"), alias, a("example.com"), a("b.example.com")]);
        let metadata = json!({"name": "zone", "namespace": "dns", "generation": 2});
        let object = |observed: i64| json!({"metadata": metadata, "spec": {"endpoints": endpoints}, "status": {"observedGeneration": observed}});
        let record = read(DNS_ENDPOINT, &object(2));
        assert_eq!(cells(&record), ["A *.example.com, CNAME www.example.com, A example.com + 1 more"]);
        assert_eq!(record.digest.health, Some(Health::Ready));
        let Facts::DnsEndpoint(facts) = &record.digest.facts else { panic!("no facts") };
        assert_eq!((facts.records.len(), &*facts.records[1].targets[0], facts.records[0].ttl), (4, "example.com", 300));
        let behind = read(DNS_ENDPOINT, &object(1));
        assert_eq!((behind.digest.health, reason(&behind)), (Some(Health::Progressing), "changed; external-dns has not followed yet"));
        assert_eq!(reason(&read(DNS_ENDPOINT, &object(0))), "external-dns has not looked at it yet");
    }
}
