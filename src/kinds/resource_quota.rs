//! ResourceQuota: how much a namespace may use, and how much of that it does.

use crate::kinds::{
    Cell, Column, Digest, Facts, Health, Interner, KindId, KindSpec, Meta, Object, RESOURCE_QUOTA, decoder,
};
use crate::wire::meta::ObjectMeta;
use crate::wire::quantity::Quantity;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: RESOURCE_QUOTA,
    group: "",
    versions: &["v1"],
    kind: "ResourceQuota",
    plural: "resourcequotas",
    short_names: &["quota"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("REQUEST", 0).narrow(),
        Column::text("LIMIT", 1).narrow(),
        Column::AGE,
    ],
    decoder: decoder::<ResourceQuota>(),
};

/// What rollouts read of a quota.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QuotaFacts {
    /// What is limited, by name.
    pub entries: Box<[QuotaEntry]>,
}

/// One thing that is limited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotaEntry {
    /// `pods`, `requests.cpu`, `count/deployments.apps` …
    pub resource: Arc<str>,
    /// How much is used.
    pub used: Arc<str>,
    /// How much may be.
    pub hard: Arc<str>,
    /// Whether nothing is left.
    pub is_full: bool,
}

/// The slim ResourceQuota (k8s.io/api core/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct ResourceQuota {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What its controller has counted.
    #[prost(message, optional, tag = "3")]
    pub status: Option<QuotaStatus>,
}

/// `ResourceQuotaStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct QuotaStatus {
    /// What may be used.
    #[prost(btree_map = "string, message", tag = "1")]
    pub hard: BTreeMap<String, Quantity>,
    /// What is.
    #[prost(btree_map = "string, message", tag = "2")]
    pub used: BTreeMap<String, Quantity>,
}

impl Object for ResourceQuota {
    const KIND: KindId = RESOURCE_QUOTA;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let status = self.status.clone().unwrap_or_default();
        let entries: Box<[QuotaEntry]> =
            status.hard.iter().map(|(resource, hard)| entry(resource, hard, status.used.get(resource), interner)).collect();
        let text = |limits: bool| {
            let of = entries.iter().filter(|e| e.resource.starts_with("limits.") == limits);
            of.map(|e| format!("{}: {}/{}", e.resource, e.used, e.hard)).collect::<Vec<_>>().join(", ")
        };
        let cells = Box::new([text(false), text(true)].map(|t| Cell::Text(interner.intern(&t))));
        let full: Vec<String> =
            entries.iter().filter(|e| e.is_full).map(|e| format!("{} {} of {}", e.resource, e.used, e.hard)).collect();
        let (health, reason) = match full.as_slice() {
            [] => (Health::Ready, None),
            full => (Health::Warn, Some(format!("used up: {}", full.join(", ")))),
        };
        Digest {
            health: Some(health),
            reason: reason.map(|r| interner.intern(&r)),
            cells,
            facts: Facts::Quota(Box::new(QuotaFacts { entries })),
            ..Digest::default()
        }
    }
}

fn entry(resource: &str, hard: &Quantity, used: Option<&Quantity>, interner: &mut Interner) -> QuotaEntry {
    let amount = |quantity: &Quantity| quantity.amount().map(|(nanos, _)| nanos);
    let taken = used.and_then(amount).unwrap_or(0);
    QuotaEntry {
        resource: interner.intern(resource),
        used: interner.intern(used.map_or("0", |q| q.string.as_str())),
        hard: interner.intern(&hard.string),
        // What may not be used at all is forbidden, not used up.
        is_full: amount(hard).is_some_and(|most| 0 < most && most <= taken),
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, read, reason};
    use crate::kinds::{Health, RESOURCE_QUOTA};
    use serde_json::json;

    #[test]
    fn a_quota_with_nothing_left_says_of_what() {
        let hard = json!({"pods": "4", "limits.memory": "8Gi", "requests.cpu": "2", "services": "0"});
        let used = json!({"pods": "4", "limits.memory": "3328Mi", "requests.cpu": "550m"});
        let object = json!({"metadata": {"name": "q", "namespace": "dev"}, "status": {"hard": hard, "used": used}});
        let record = read(RESOURCE_QUOTA, &object);
        assert_eq!(
            cells(&record),
            ["pods: 4/4, requests.cpu: 550m/2, services: 0/0", "limits.memory: 3328Mi/8Gi"]
        );
        assert_eq!((record.digest.health, reason(&record)), (Some(Health::Warn), "used up: pods 4 of 4"));
    }
}
