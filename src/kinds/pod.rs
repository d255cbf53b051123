//! Pod: the thing that runs, and the kind with the most states.

pub mod ending;
pub mod facts;
pub mod health;
pub mod image;
pub mod mounts;
pub mod probe;
pub mod row;
pub mod spec;
pub mod status;

use crate::kinds::pod::spec::PodSpec;
use crate::kinds::pod::status::PodStatus;
use crate::kinds::{
    Column, Digest, Facts, Interner, KindSpec, Link, Meta, NODE, Object, POD, Relation, Target, decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::LazyLock;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: POD,
    group: "",
    versions: &["v1"],
    kind: "Pod",
    plural: "pods",
    short_names: &["po", "pod"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("READY", 0).narrow(),
        Column::text("STATUS", 1).narrow(),
        Column::number("RESTARTS", 2),
        Column::AGE,
        Column::text("IP", 3).wide(),
        Column::text("NODE", 4).wide(),
        Column::text("NOMINATED NODE", 5).wide(),
        Column::text("READINESS GATES", 6).wide(),
    ],
    decoder: decoder::<Pod>(),
};

static NO_SPEC: LazyLock<PodSpec> = LazyLock::new(PodSpec::default);
static NO_STATUS: LazyLock<PodStatus> = LazyLock::new(PodStatus::default);

/// The slim Pod (k8s.io/api core/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Pod {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// What is wanted.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<PodSpec>,
    /// What is.
    #[prost(message, optional, tag = "3")]
    pub status: Option<PodStatus>,
}

impl Pod {
    /// The spec; empty where the server sent none.
    pub fn spec(&self) -> &PodSpec {
        self.spec.as_ref().unwrap_or(&NO_SPEC)
    }

    /// The status; empty where the server sent none.
    pub fn status(&self) -> &PodStatus {
        self.status.as_ref().unwrap_or(&NO_STATUS)
    }
}

impl Object for Pod {
    const KIND: crate::kinds::KindId = POD;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let (health, reason) = health::health(self);
        let metadata = self.metadata.as_ref();
        let namespace = metadata.and_then(|m| interner.non_empty(&m.namespace));
        let mut links = Vec::new();
        if let Some(name) = interner.non_empty(&self.spec().node_name) {
            links
                .push(Link { relation: Relation::RunsOn, target: Target::Named { kind: NODE, namespace: None, name } });
        }
        let name = metadata.map(|m| m.name.as_str());
        links.extend(mounts::links(self.spec(), name, namespace.as_ref(), interner));
        Digest {
            health: Some(health),
            reason: reason.map(|r| interner.intern(&r)),
            cells: row::cells(self, interner),
            links: interner.links.share(links),
            facts: Facts::Pod(Box::new(facts::facts(self, meta, interner))),
        }
    }
}
