//! PersistentVolume: a piece of storage, and the claim that holds it.

use crate::kinds::volume::{BETA_CLASS, access_modes, or_unset, storage};
use crate::kinds::{
    Cell, Column, Digest, Facts, Health, Interner, KindId, KindSpec, Link, Meta, Object, PERSISTENT_VOLUME,
    PERSISTENT_VOLUME_CLAIM, Relation, Target, decoder,
};
use crate::wire::meta::ObjectMeta;
use crate::wire::quantity::Quantity;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: PERSISTENT_VOLUME,
    group: "",
    versions: &["v1"],
    kind: "PersistentVolume",
    plural: "persistentvolumes",
    short_names: &["pv"],
    namespaced: false,
    columns: &[
        Column::NAME,
        Column::number("CAPACITY", 0).narrow(),
        Column::text("ACCESS MODES", 1),
        Column::text("RECLAIM POLICY", 2),
        Column::text("STATUS", 3).narrow(),
        Column::text("CLAIM", 4).narrow(),
        Column::text("STORAGECLASS", 5),
        Column::text("VOLUMEATTRIBUTESCLASS", 6),
        Column::text("REASON", 7),
        Column::AGE,
        Column::text("VOLUMEMODE", 8).wide(),
    ],
    decoder: decoder::<PersistentVolume>(),
};

/// What views read of a volume.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VolumeFacts {
    /// `Pending`, `Available`, `Bound`, `Released` or `Failed`.
    pub phase: Arc<str>,
    /// Namespace, name and uid of the claim that holds it or held it.
    pub claim: Option<(Arc<str>, Arc<str>, Arc<str>)>,
    /// `Retain`, `Delete` or `Recycle`.
    pub reclaim_policy: Arc<str>,
    /// How many bytes it has.
    pub capacity: Option<i64>,
}

/// The slim PersistentVolume (k8s.io/api core/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolume {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Spec.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<VolumeSpec>,
    /// Status.
    #[prost(message, optional, tag = "3")]
    pub status: Option<VolumeStatus>,
}

/// `PersistentVolumeSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeSpec {
    /// By resource; only `storage` has a meaning.
    #[prost(btree_map = "string, message", tag = "1")]
    pub capacity: BTreeMap<String, Quantity>,
    /// How it may be mounted.
    #[prost(string, repeated, tag = "3")]
    pub access_modes: Vec<String>,
    /// The claim that holds it.
    #[prost(message, optional, tag = "4")]
    pub claim_ref: Option<ClaimReference>,
    /// What happens when its claim goes away.
    #[prost(string, tag = "5")]
    pub persistent_volume_reclaim_policy: String,
    /// Its class.
    #[prost(string, tag = "6")]
    pub storage_class_name: String,
    /// `Filesystem` or `Block`.
    #[prost(string, optional, tag = "8")]
    pub volume_mode: Option<String>,
    /// How it is tuned.
    #[prost(string, optional, tag = "10")]
    pub volume_attributes_class_name: Option<String>,
}

/// `ObjectReference`, as far as it names a claim.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimReference {
    /// Its namespace.
    #[prost(string, tag = "2")]
    pub namespace: String,
    /// Its name.
    #[prost(string, tag = "3")]
    pub name: String,
    /// Its uid.
    #[prost(string, tag = "4")]
    pub uid: String,
}

/// `PersistentVolumeStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeStatus {
    /// `Pending`, `Available`, `Bound`, `Released` or `Failed`.
    #[prost(string, tag = "1")]
    pub phase: String,
    /// A sentence for people.
    #[prost(string, tag = "2")]
    pub message: String,
    /// One word.
    #[prost(string, tag = "3")]
    pub reason: String,
}

impl Object for PersistentVolume {
    const KIND: KindId = PERSISTENT_VOLUME;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn keeps_annotation(key: &str) -> bool {
        key == BETA_CLASS
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let (empty_spec, empty_status) = (VolumeSpec::default(), VolumeStatus::default());
        let spec = self.spec.as_ref().unwrap_or(&empty_spec);
        let status = self.status.as_ref().unwrap_or(&empty_status);
        let claim = spec.claim_ref.as_ref();
        let facts = VolumeFacts {
            phase: interner.intern(&status.phase),
            claim: claim.map(|c| (interner.intern(&c.namespace), interner.intern(&c.name), interner.intern(&c.uid))),
            reclaim_policy: interner.intern(&spec.persistent_volume_reclaim_policy),
            capacity: storage(&spec.capacity).and_then(Quantity::value),
        };
        let (health, reason) = judge(&facts, status, meta);
        let link = facts.claim.as_ref().map(|(namespace, name, _)| Link {
            relation: Relation::Binds,
            target: Target::Named {
                kind: PERSISTENT_VOLUME_CLAIM,
                namespace: Some(Arc::clone(namespace)),
                name: Arc::clone(name),
            },
        });
        Digest {
            health: Some(health),
            reason,
            cells: cells(spec, status, meta, interner),
            links: link.into_iter().collect(),
            facts: Facts::Volume(Box::new(facts)),
        }
    }
}

fn judge(facts: &VolumeFacts, status: &VolumeStatus, meta: &Meta) -> (Health, Option<Arc<str>>) {
    if meta.deleted.is_some() {
        return (Health::Progressing, Some(Arc::from("being deleted: it stays as long as a claim holds it")));
    }
    let claim = facts.claim.as_ref().map_or_else(|| "its claim".to_owned(), |(ns, name, _)| format!("claim {ns}/{name}"));
    match &*facts.phase {
        "Available" | "Bound" => (Health::Ready, None),
        "Pending" => (Health::Progressing, Some(Arc::from("not available yet"))),
        "Released" if *facts.reclaim_policy == *"Delete" => {
            (Health::Progressing, Some(format!("{claim} is gone; the volume is to be deleted").into()))
        }
        "Released" => {
            let reason = format!("{claim} is gone; the data is kept, and no other claim can have the volume");
            (Health::Warn, Some(reason.into()))
        }
        "Failed" => {
            let said = [&status.message, &status.reason].into_iter().find(|t| !t.is_empty());
            let said = said.map_or("it could not be deleted or recycled", String::as_str);
            (Health::Failed, Some(Arc::from(said)))
        }
        _ => (Health::Unknown, Some(Arc::from("no phase in its status"))),
    }
}

fn cells(spec: &VolumeSpec, status: &VolumeStatus, meta: &Meta, interner: &mut Interner) -> Box<[Cell]> {
    let zero = Quantity { string: "0".to_owned() };
    let capacity = Cell::quantity(storage(&spec.capacity).unwrap_or(&zero));
    let claim = spec.claim_ref.as_ref().map_or_else(String::new, |c| format!("{}/{}", c.namespace, c.name));
    let class = meta.annotation(BETA_CLASS).map_or(spec.storage_class_name.as_str(), AsRef::as_ref);
    let phase = if meta.deleted.is_some() { "Terminating" } else { &status.phase };
    let mut text = |text: &str| interner.non_empty(text).map_or(Cell::Empty, Cell::Text);
    Box::new([
        capacity,
        text(&access_modes(&spec.access_modes)),
        text(&spec.persistent_volume_reclaim_policy),
        text(phase),
        text(&claim),
        text(class),
        text(or_unset(spec.volume_attributes_class_name.as_deref())),
        text(&status.reason),
        text(or_unset(spec.volume_mode.as_deref())),
    ])
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read, reason};
    use crate::kinds::{Health, PERSISTENT_VOLUME, Record};
    use serde_json::{Value, json};

    fn volume(status: &Value, policy: &str) -> Record {
        let claim = json!({"namespace": "dev", "name": "data", "uid": "u1"});
        let spec = json!({"capacity": {"storage": "5Gi"}, "accessModes": ["ReadOnlyMany"], "claimRef": claim, "persistentVolumeReclaimPolicy": policy, "storageClassName": "fast", "volumeMode": "Block"});
        read(PERSISTENT_VOLUME, &json!({"metadata": {"name": "pv-1"}, "spec": spec, "status": status}))
    }

    #[test]
    fn a_bound_volume_prints_its_claim_and_links_to_it() {
        let record = volume(&json!({"phase": "Bound"}), "Delete");
        assert_eq!(cells(&record), ["5Gi", "ROX", "Delete", "Bound", "dev/data", "fast", "<unset>", "", "Block"]);
        assert_eq!(links(&record), ["Binds PersistentVolumeClaim dev/data"]);
    }

    #[test]
    fn a_released_volume_that_is_kept_is_a_warning_and_a_failed_one_says_why() {
        let released = volume(&json!({"phase": "Released"}), "Retain");
        assert_eq!(released.digest.health, Some(Health::Warn));
        assert!(reason(&released).starts_with("claim dev/data is gone; the data is kept"));
        let failed = volume(&json!({"phase": "Failed", "message": "volume is in use", "reason": "Busy"}), "Delete");
        assert_eq!((failed.digest.health, reason(&failed), cells(&failed)[7].as_str()), (Some(Health::Failed), "volume is in use", "Busy"));
    }

    #[test]
    fn a_volume_with_nothing_in_it_is_still_read() {
        let record = read(PERSISTENT_VOLUME, &json!({"metadata": {"name": "pv-1"}}));
        assert_eq!(cells(&record), ["0", "", "", "", "", "", "<unset>", "", "<unset>"]);
        assert_eq!(record.digest.health, Some(Health::Unknown));
    }
}
