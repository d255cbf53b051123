//! Pod: the thing that runs, and the kind with the most states.

use crate::kinds::{Cell, Column, Digest, Facts, Health, Interner, KindSpec, Meta, Object, POD, decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: POD,
    group: "",
    versions: &["v1"],
    kind: "Pod",
    plural: "pods",
    short_names: &["po", "pod"],
    namespaced: true,
    columns: &[Column::NAME, Column::text("STATUS", 0).narrow(), Column::AGE],
    decoder: decoder::<Pod>(),
};

/// What trace, rollout and Home read of a Pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodFacts {
    /// Whether the Ready condition is true.
    pub ready: bool,
}

/// The slim Pod (k8s.io/api core/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pod {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Status.
    #[prost(message, optional, tag = "3")]
    pub status: Option<PodStatus>,
}

/// `PodStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    #[prost(string, tag = "1")]
    pub phase: String,
}

impl Object for Pod {
    const KIND: crate::kinds::KindId = POD;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let phase = self.status.as_ref().map_or("", |s| s.phase.as_str());
        let health = if phase == "Running" { Health::Ready } else { Health::Unknown };
        let cells = Box::new([Cell::Text(interner.intern(phase))]);
        let facts = Facts::Pod(Box::new(PodFacts { ready: phase == "Running" }));
        Digest { health: Some(health), reason: None, cells, links: Box::default(), facts }
    }
}
