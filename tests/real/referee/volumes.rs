//! Claims and the volumes that they get.

use super::case::Case;
use serde_json::{Value, json};

fn merged(mut spec: Value, fields: &Value) -> Value {
    for (field, value) in fields.as_object().expect("fields") {
        spec[field] = value.clone();
    }
    spec
}

fn claim(name: &str, fields: Value) -> Case {
    let spec = json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "8Gi"}}, "storageClassName": "fast"});
    Case::new(name, json!({"spec": merged(spec, &fields)}))
}

/// A claim that holds a volume of this size in these modes.
fn bound(name: &str, fields: Value, size: &str, modes: &[&str], conditions: Value) -> Case {
    let fields = merged(json!({"volumeName": format!("pvc-{name}")}), &fields);
    claim(name, fields).status(json!({"phase": "Bound", "capacity": {"storage": size}, "accessModes": modes,
        "conditions": conditions}))
}

fn beta(name: &str) -> Value {
    json!({"metadata": {"annotations": {"volume.beta.kubernetes.io/storage-class": name}}})
}

/// Every state of a PersistentVolumeClaim.
pub fn claims() -> Vec<Case> {
    let once = &["ReadWriteOnce"];
    let none = || json!([]);
    let is = |kind: &str| json!([{"type": kind, "status": "True", "message": "waiting"}]);
    let mut old = beta("slow");
    old["spec"] = json!({"accessModes": once, "resources": {"requests": {"storage": "1Gi"}}});
    let all = ["ReadWriteMany", "ReadOnlyMany", "ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"];
    vec![
        claim("pending", json!({})),
        claim("no-class", json!({"storageClassName": ""})),
        claim("default-class", json!({"storageClassName": null})),
        Case::new("old-class", old),
        claim("attributes", json!({"volumeAttributesClassName": "gold"})),
        claim("block", json!({"volumeMode": "Block"})),
        claim("chosen", json!({"volumeName": "disk-7"})),
        claim("unspoken", json!({})).status(json!({"phase": null})),
        claim("lost", json!({"volumeName": "disk-8"})).status(json!({"phase": "Lost"})),
        bound("bound", json!({}), "8Gi", once, none()),
        bound("bound-larger", json!({}), "10737418240", once, none()),
        bound("bound-odd", json!({}), "1500M", once, none()),
        bound("bound-small", json!({}), "0.5Gi", once, none()),
        bound("bound-exponent", json!({}), "12e6", once, none()),
        bound("bound-many", json!({}), "1Ti", &["ReadOnlyMany", "ReadWriteMany"], none()),
        bound("bound-pod", json!({"accessModes": ["ReadWriteOncePod"]}), "1Gi", &["ReadWriteOncePod"], none()),
        bound("bound-all-modes", json!({}), "1Gi", &all, none()),
        bound("bound-no-modes", json!({}), "1Gi", &[], none()),
        bound("bound-attributes", json!({"volumeAttributesClassName": "gold"}), "1Gi", once, none()),
        bound("resizing", json!({}), "1Gi", once, is("Resizing")),
        bound("resize-failed", json!({}), "1Gi", once, is("ControllerResizeError")),
        bound("ending", json!({}), "1Gi", once, none()).held().deleted(),
        claim("ending-unbound", json!({})).held().deleted(),
    ]
}

fn volume(name: &str, fields: Value) -> Case {
    Case::new(name, json!({"spec": disk(&fields)}))
}

fn disk(fields: &Value) -> Value {
    let spec = json!({"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "8Gi"}, "storageClassName": "fast",
        "hostPath": {"path": "/srv/disk"}});
    merged(spec, fields)
}

fn held(name: &str, fields: Value, status: Value) -> Case {
    let claim = json!({"kind": "PersistentVolumeClaim", "namespace": "shop", "name": "data-db-0", "uid": "u-1"});
    volume(name, merged(json!({"claimRef": claim}), &fields)).status(status)
}

/// Every state of a PersistentVolume.
pub fn volumes() -> Vec<Case> {
    let sized = |name: &str, size: &str| volume(name, json!({"capacity": {"storage": size}}));
    let mut old = beta("slow");
    old["spec"] = disk(&json!({"storageClassName": ""}));
    let driver = json!({"hostPath": null, "csi": {"driver": "csi.example.com", "volumeHandle": "v-1"},
        "volumeAttributesClassName": "gold"});
    let phase = |phase: &str| json!({"phase": phase});
    vec![
        volume("fresh", json!({})),
        volume("available", json!({})).status(phase("Available")),
        volume("no-class", json!({"storageClassName": ""})),
        Case::new("old-class", old),
        volume("attributes", driver),
        volume("block", json!({"volumeMode": "Block"})),
        volume("many-modes", json!({"accessModes": ["ReadWriteMany", "ReadOnlyMany", "ReadWriteOnce"]})),
        volume("pod-mode", json!({"accessModes": ["ReadWriteOncePod"]})),
        volume("kept", json!({"persistentVolumeReclaimPolicy": "Retain"})),
        volume("recycled", json!({"persistentVolumeReclaimPolicy": "Recycle"})),
        volume("dropped", json!({"persistentVolumeReclaimPolicy": "Delete"})),
        sized("in-bytes", "10737418240"),
        sized("in-millions", "1500M"),
        sized("in-halves", "0.5Gi"),
        sized("in-exponents", "12E"),
        held("bound", json!({}), phase("Bound")),
        held("released", json!({}), phase("Released")),
        held(
            "failed",
            json!({}),
            json!({"phase": "Failed", "reason": "VolumeFailedDelete", "message": "disk is attached"}),
        ),
        volume("reserved", json!({"claimRef": {"namespace": "shop", "name": "later"}})).status(phase("Available")),
        held("ending", json!({}), phase("Bound")).held().deleted(),
    ]
}
