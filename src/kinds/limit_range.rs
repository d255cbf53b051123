//! LimitRange: what containers of a namespace ask for when they say nothing, and how much they may ask for.

use crate::kinds::{Cell, Column, Digest, Interner, KindId, KindSpec, LIMIT_RANGE, Meta, Object, decoder};
use crate::wire::meta::ObjectMeta;
use crate::wire::quantity::Quantity;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: LIMIT_RANGE,
    group: "",
    versions: &["v1"],
    kind: "LimitRange",
    plural: "limitranges",
    short_names: &["limits"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("CREATED AT", 0),
        Column::text("LIMITS", 1).narrow().own(),
        Column::AGE.own(),
    ],
    decoder: decoder::<LimitRange>(),
};

/// The slim LimitRange (k8s.io/api core/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct LimitRange {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Spec.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<LimitRangeSpec>,
}

/// `LimitRangeSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct LimitRangeSpec {
    /// One for each kind of thing that is limited.
    #[prost(message, repeated, tag = "1")]
    pub limits: Vec<Limit>,
}

type Amounts = BTreeMap<String, Quantity>;

/// `LimitRangeItem`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Limit {
    /// `Container`, `Pod`, `PersistentVolumeClaim`.
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// No more than this.
    #[prost(btree_map = "string, message", tag = "2")]
    pub max: Amounts,
    /// No less than this.
    #[prost(btree_map = "string, message", tag = "3")]
    pub min: Amounts,
    /// The limit of what says none.
    #[prost(btree_map = "string, message", tag = "4")]
    pub default: Amounts,
    /// The request of what says none.
    #[prost(btree_map = "string, message", tag = "5")]
    pub default_request: Amounts,
}

impl Object for LimitRange {
    const KIND: KindId = LIMIT_RANGE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let limits: Vec<String> = self.spec.iter().flat_map(|s| &s.limits).map(Limit::words).collect();
        let created = meta.created.map_or(Cell::Empty, |at| Cell::text(at.rfc3339()));
        Digest { cells: Box::new([created, Cell::Text(interner.intern(&limits.join("; ")))]), ..Digest::default() }
    }
}

impl Limit {
    /// `Container default cpu 1, memory 512Mi, request cpu 100m`.
    fn words(&self) -> String {
        let parts = [
            ("default", &self.default),
            ("request", &self.default_request),
            ("min", &self.min),
            ("max", &self.max),
        ];
        let said = parts.iter().filter(|(_, amounts)| !amounts.is_empty()).map(|(word, amounts)| {
            let amounts = amounts.iter().map(|(name, amount)| format!("{name} {}", amount.string));
            format!("{word} {}", amounts.collect::<Vec<_>>().join(" "))
        });
        format!("{} {}", self.r#type, said.collect::<Vec<_>>().join(", ")).trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::LIMIT_RANGE;
    use crate::kinds::fixture::{cells, read};
    use serde_json::json;

    #[test]
    fn limits_are_told_in_one_line() {
        let container = json!({"type": "Container", "default": {"cpu": "1", "memory": "512Mi"},
            "defaultRequest": {"cpu": "100m"}});
        let pod = json!({"type": "Pod", "max": {"memory": "2Gi"}});
        let metadata = json!({"name": "l", "creationTimestamp": "2026-11-20T10:00:00Z"});
        let record = read(LIMIT_RANGE, &json!({"metadata": metadata, "spec": {"limits": [container, pod]}}));
        let words = "Container default cpu 1 memory 512Mi, request cpu 100m; Pod max memory 2Gi";
        assert_eq!(cells(&record), ["2026-11-20T10:00:00Z", words]);
    }
}
