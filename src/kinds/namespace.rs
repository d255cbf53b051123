//! Namespace: the room that everything else lives in.

use crate::kinds::pod::status::PodCondition;
use crate::kinds::record::is_not_last_applied;
use crate::kinds::wording::sentence;
use crate::kinds::wording::why;
use crate::kinds::{Cell, Column, Digest, Facts, Health, Interner, KindSpec, Meta, NAMESPACE, Object, decoder};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: NAMESPACE,
    group: "",
    versions: &["v1"],
    kind: "Namespace",
    plural: "namespaces",
    short_names: &["ns", "namespace"],
    namespaced: false,
    columns: &[Column::NAME, Column::text("STATUS", 0).narrow(), Column::AGE],
    decoder: decoder::<Namespace>(),
};
use std::sync::Arc;

/// The slim Namespace (k8s.io/api core/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Namespace {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Status.
    #[prost(message, optional, tag = "3")]
    pub status: Option<NamespaceStatus>,
}

/// `NamespaceStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NamespaceStatus {
    /// `Active` or `Terminating`.
    #[prost(string, tag = "1")]
    pub phase: String,
    /// What keeps it from going away. They number their fields as a Pod's do.
    #[prost(message, repeated, tag = "2")]
    pub conditions: Vec<PodCondition>,
}

impl Object for Namespace {
    const KIND: crate::kinds::KindId = NAMESPACE;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    /// Meshes, quotas and DNS are told by annotations what holds for all that lives here.
    fn keeps_annotation(key: &str) -> bool {
        is_not_last_applied(key)
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let (health, reason) = health(self.status.as_ref());
        let phase = self.status.as_ref().map_or("", |s| s.phase.as_str());
        let cells = Box::new([Cell::Text(interner.intern(phase))]);
        let reason = reason.map(|r| interner.intern(&r));
        Digest { health: Some(health), reason, cells, links: Arc::default(), facts: Facts::None }
    }
}

/// The conditions that tell why a namespace that is being deleted still stands, worst first.
const HINDRANCES: [&str; 5] = [
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceFinalizersRemaining",
    "NamespaceContentRemaining",
];

fn health(status: Option<&NamespaceStatus>) -> (Health, Option<String>) {
    let Some(status) = status else { return (Health::Unknown, Some("no phase in its status".to_owned())) };
    match status.phase.as_str() {
        "Active" => (Health::Ready, None),
        "Terminating" => {
            let holds =
                |hindrance: &&str| status.conditions.iter().find(|c| c.r#type == **hindrance && c.status == "True");
            match HINDRANCES.iter().enumerate().find_map(|(rank, h)| Some((rank, holds(h)?))) {
                Some((rank, c)) if rank < 3 => (Health::Failed, Some(why(&c.reason, &c.message))),
                Some((_, c)) => (Health::Progressing, Some(format!("being deleted: {}", sentence(&c.message)))),
                None => (Health::Progressing, Some("being deleted".to_owned())),
            }
        }
        "" => (Health::Unknown, Some("no phase in its status".to_owned())),
        other => (Health::Unknown, Some(format!("unknown phase {other}"))),
    }
}
