//! PersistentVolumeClaim: the storage that a pod asks for, and the volume it got.

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
    id: PERSISTENT_VOLUME_CLAIM,
    group: "",
    versions: &["v1"],
    kind: "PersistentVolumeClaim",
    plural: "persistentvolumeclaims",
    short_names: &["pvc"],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("STATUS", 0).narrow(),
        Column::text("VOLUME", 1),
        Column::number("CAPACITY", 2).narrow(),
        Column::text("ACCESS MODES", 3),
        Column::text("STORAGECLASS", 4),
        Column::text("VOLUMEATTRIBUTESCLASS", 5),
        Column::AGE,
        Column::text("VOLUMEMODE", 6).wide(),
    ],
    decoder: decoder::<PersistentVolumeClaim>(),
};

/// What views read of a claim.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClaimFacts {
    /// `Pending`, `Bound` or `Lost`.
    pub phase: Arc<str>,
    /// The volume it got.
    pub volume: Option<Arc<str>>,
    /// The class it asks for; none where the cluster's default is meant, or no class at all.
    pub class: Option<Arc<str>>,
    /// How many bytes it asks for.
    pub requested: Option<i64>,
    /// How many bytes it got.
    pub capacity: Option<i64>,
}

/// The slim PersistentVolumeClaim (k8s.io/api core/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PersistentVolumeClaim {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Spec.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<ClaimSpec>,
    /// Status.
    #[prost(message, optional, tag = "3")]
    pub status: Option<ClaimStatus>,
}

/// `PersistentVolumeClaimSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimSpec {
    /// How much it asks for.
    #[prost(message, optional, tag = "2")]
    pub resources: Option<VolumeResourceRequirements>,
    /// The volume it got.
    #[prost(string, tag = "3")]
    pub volume_name: String,
    /// The class it asks for.
    #[prost(string, optional, tag = "5")]
    pub storage_class_name: Option<String>,
    /// `Filesystem` or `Block`.
    #[prost(string, optional, tag = "6")]
    pub volume_mode: Option<String>,
    /// How the volume is to be tuned.
    #[prost(string, optional, tag = "9")]
    pub volume_attributes_class_name: Option<String>,
}

/// `VolumeResourceRequirements`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeResourceRequirements {
    /// By resource; only `storage` has a meaning.
    #[prost(btree_map = "string, message", tag = "2")]
    pub requests: BTreeMap<String, Quantity>,
}

/// `PersistentVolumeClaimStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimStatus {
    /// `Pending`, `Bound` or `Lost`.
    #[prost(string, tag = "1")]
    pub phase: String,
    /// How it may be mounted.
    #[prost(string, repeated, tag = "2")]
    pub access_modes: Vec<String>,
    /// How much it got.
    #[prost(btree_map = "string, message", tag = "3")]
    pub capacity: BTreeMap<String, Quantity>,
    /// What is going on with it.
    #[prost(message, repeated, tag = "4")]
    pub conditions: Vec<ClaimCondition>,
}

/// `PersistentVolumeClaimCondition`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimCondition {
    /// For example `Resizing`.
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    pub status: String,
    /// A sentence for people.
    #[prost(string, tag = "6")]
    pub message: String,
}

impl Object for PersistentVolumeClaim {
    const KIND: KindId = PERSISTENT_VOLUME_CLAIM;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn keeps_annotation(key: &str) -> bool {
        key == BETA_CLASS
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        let (empty_spec, empty_status) = (ClaimSpec::default(), ClaimStatus::default());
        let spec = self.spec.as_ref().unwrap_or(&empty_spec);
        let status = self.status.as_ref().unwrap_or(&empty_status);
        let spoken = spec.storage_class_name.as_deref().unwrap_or("");
        let class = meta.annotation(BETA_CLASS).cloned().or_else(|| interner.non_empty(spoken));
        let facts = ClaimFacts {
            phase: interner.intern(&status.phase),
            volume: interner.non_empty(&spec.volume_name),
            requested: spec.resources.as_ref().and_then(|r| storage(&r.requests)?.value()),
            capacity: storage(&status.capacity).and_then(Quantity::value),
            class,
        };
        let (health, reason) = judge(&facts, &status.conditions, meta);
        let volume = facts.volume.as_ref().map(|name| Link {
            relation: Relation::Binds,
            target: Target::Named { kind: PERSISTENT_VOLUME, namespace: None, name: Arc::clone(name) },
        });
        Digest {
            health: Some(health),
            reason,
            cells: cells(spec, status, &facts, meta, interner),
            links: volume.into_iter().collect(),
            facts: Facts::Claim(Box::new(facts)),
        }
    }
}

fn judge(facts: &ClaimFacts, conditions: &[ClaimCondition], meta: &Meta) -> (Health, Option<Arc<str>>) {
    if meta.deleted.is_some() {
        let reason = "being deleted: it stays as long as a pod uses it";
        return (Health::Progressing, Some(Arc::from(reason)));
    }
    let (volume, class) = (facts.volume.as_deref().unwrap_or("?"), facts.class.as_deref());
    match &*facts.phase {
        "Bound" => judge_bound(conditions),
        "Lost" => (Health::Failed, Some(format!("its volume {volume} is gone, and the data with it").into())),
        "Pending" => {
            let of = class.map_or_else(|| "without a class".to_owned(), |c| format!("of class {c}"));
            (Health::Progressing, Some(format!("waiting for a volume {of}").into()))
        }
        _ => (Health::Unknown, Some(Arc::from("no phase in its status"))),
    }
}

fn judge_bound(conditions: &[ClaimCondition]) -> (Health, Option<Arc<str>>) {
    let holds = |kind: &str| conditions.iter().find(|c| c.r#type == kind && c.status == "True");
    let errors = [
        ("ControllerResizeError", "the volume cannot grow"),
        ("NodeResizeError", "the file system cannot grow"),
        ("ModifyVolumeError", "the volume's attributes cannot change"),
    ];
    for (kind, what) in errors {
        if let Some(condition) = holds(kind) {
            let colon = if condition.message.is_empty() { "" } else { ": " };
            return (Health::Warn, Some(format!("{what}{colon}{}", condition.message).into()));
        }
    }
    let running = [
        ("FileSystemResizePending", "the file system grows when a pod next mounts it"),
        ("Resizing", "the volume is growing"),
        ("ModifyingVolume", "the volume's attributes are changing"),
    ];
    let under_way = running.into_iter().find(|(kind, _)| holds(kind).is_some());
    under_way.map_or((Health::Ready, None), |(_, what)| (Health::Progressing, Some(Arc::from(what))))
}

fn cells(
    spec: &ClaimSpec,
    status: &ClaimStatus,
    facts: &ClaimFacts,
    meta: &Meta,
    interner: &mut Interner,
) -> Box<[Cell]> {
    let bound = facts.volume.is_some();
    let zero = Quantity { string: "0".to_owned() };
    let capacity = if bound { Cell::quantity(storage(&status.capacity).unwrap_or(&zero)) } else { Cell::Empty };
    let modes = if bound { access_modes(&status.access_modes) } else { String::new() };
    let phase = if meta.deleted.is_some() { "Terminating" } else { &facts.phase };
    let mut text = |text: &str| interner.non_empty(text).map_or(Cell::Empty, Cell::Text);
    Box::new([
        text(phase),
        text(&spec.volume_name),
        capacity,
        text(&modes),
        text(facts.class.as_deref().unwrap_or("")),
        text(or_unset(spec.volume_attributes_class_name.as_deref())),
        text(or_unset(spec.volume_mode.as_deref())),
    ])
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, links, read, reason};
    use crate::kinds::{Health, PERSISTENT_VOLUME_CLAIM, Record};
    use serde_json::{Value, json};

    fn claim(spec: &Value, status: &Value) -> Record {
        let metadata = json!({"name": "data", "namespace": "dev"});
        read(PERSISTENT_VOLUME_CLAIM, &json!({"metadata": metadata, "spec": spec, "status": status}))
    }

    #[test]
    fn a_bound_claim_prints_what_it_got() {
        let spec = json!({"volumeName": "pv-1", "storageClassName": "fast", "volumeMode": "Filesystem", "resources": {"requests": {"storage": "1Gi"}}});
        let modes = json!(["ReadWriteMany", "ReadWriteOnce", "ReadWriteOnce"]);
        let record = claim(&spec, &json!({"phase": "Bound", "accessModes": modes, "capacity": {"storage": "2Gi"}}));
        assert_eq!(cells(&record), ["Bound", "pv-1", "2Gi", "RWO,RWX", "fast", "<unset>", "Filesystem"]);
        assert_eq!(links(&record), ["Binds PersistentVolume pv-1"]);
        assert_eq!(record.digest.health, Some(Health::Ready));
    }

    #[test]
    fn a_pending_claim_shows_no_capacity_and_says_what_it_waits_for() {
        let record = claim(&json!({"storageClassName": "fast"}), &json!({"phase": "Pending"}));
        assert_eq!(cells(&record), ["Pending", "", "", "", "fast", "<unset>", "<unset>"]);
        assert_eq!((record.digest.health, reason(&record)), (Some(Health::Progressing), "waiting for a volume of class fast"));
    }

    #[test]
    fn a_lost_claim_has_failed_and_a_failed_resize_is_a_warning() {
        let lost = claim(&json!({"volumeName": "pv-1"}), &json!({"phase": "Lost"}));
        assert_eq!((lost.digest.health, cells(&lost)[2].as_str()), (Some(Health::Failed), "0"));
        let conditions = json!([{"type": "ControllerResizeError", "status": "True", "message": "quota"}]);
        let resize = claim(&json!({"volumeName": "pv-1"}), &json!({"phase": "Bound", "conditions": conditions}));
        assert_eq!((resize.digest.health, reason(&resize)), (Some(Health::Warn), "the volume cannot grow: quota"));
    }
}
