//! ControllerRevision: one template that a StatefulSet or a DaemonSet has had.

use crate::kinds::pod::spec::PodTemplateSpec;
use crate::kinds::workload;
use crate::kinds::{
    CONTROLLER_REVISION, Cell, Column, Digest, Facts, Interner, KindId, KindSpec, Meta, Object, Owner, decoder,
};
use crate::wire::meta::ObjectMeta;
use serde::{Deserialize, Deserializer};
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: CONTROLLER_REVISION,
    group: "apps",
    versions: &["v1"],
    kind: "ControllerRevision",
    plural: "controllerrevisions",
    short_names: &[],
    namespaced: true,
    columns: &[
        Column::NAME,
        Column::text("CONTROLLER", 0).narrow(),
        Column::number("REVISION", 1).narrow(),
        Column::AGE,
        Column::text("IMAGES", 2).own(),
    ],
    decoder: decoder::<ControllerRevision>(),
};

/// What rollout reads of a ControllerRevision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RevisionFacts {
    /// Its number; the highest is the newest.
    pub revision: i64,
    /// The containers of its template that do the work, each with its image.
    pub images: Box<[(Arc<str>, Arc<str>)]>,
}

/// The slim ControllerRevision (k8s.io/api apps/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct ControllerRevision {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The template, as the patch that brings it back.
    #[prost(message, optional, tag = "2")]
    pub data: Option<Raw>,
    /// Its number.
    #[prost(int64, tag = "3")]
    pub revision: i64,
}

/// `RawExtension`: JSON inside of protobuf.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Raw {
    /// The JSON.
    #[prost(bytes = "vec", tag = "1")]
    pub raw: Vec<u8>,
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        Ok(Self { raw: value.to_string().into_bytes() })
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Data {
    spec: DataSpec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct DataSpec {
    template: PodTemplateSpec,
}

impl Object for ControllerRevision {
    const KIND: KindId = CONTROLLER_REVISION;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn keeps_annotation(key: &str) -> bool {
        key == workload::CHANGE_CAUSE
    }

    fn digest(&self, meta: &Meta, interner: &mut Interner) -> Digest {
        // What another controller keeps here need not be a template: then no images are known.
        let data = self.data.as_ref().and_then(|d| serde_json::from_slice::<Data>(&d.raw).ok()).unwrap_or_default();
        let containers = data.spec.template.spec.map_or_else(Vec::new, |spec| spec.containers);
        let images: Box<[_]> =
            containers.iter().map(|c| (interner.intern(&c.name), interner.intern(&c.image))).collect();
        let words: Vec<&str> = images.iter().map(|(_, image)| image.as_ref()).collect();
        let words = Cell::Text(interner.intern(&words.join(",")));
        let controller = meta.controller().map_or_else(|| "<none>".to_owned(), controller_text);
        Digest {
            cells: Box::new([Cell::Text(interner.intern(&controller)), Cell::Int(self.revision), words]),
            facts: Facts::Revision(Box::new(RevisionFacts { revision: self.revision, images })),
            ..Digest::default()
        }
    }
}

/// `daemonset.apps/web`, as the server prints it.
fn controller_text(owner: &Owner) -> String {
    let kind = owner.kind.to_lowercase();
    match owner.api_version.split_once('/') {
        Some((group, _)) => format!("{kind}.{group}/{}", owner.name),
        None => format!("{kind}/{}", owner.name),
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, read};
    use crate::kinds::{CONTROLLER_REVISION, Facts};
    use serde_json::json;

    #[test]
    fn a_revision_keeps_its_number_and_images() {
        let containers = json!([{"name": "db", "image": "shop/db:2"}, {"name": "log", "image": "shop/log:1"}]);
        let data = json!({"spec": {"template": {"$patch": "replace", "spec": {"containers": containers}}}});
        let owner = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "u", "controller": true});
        let object = json!({"metadata": {"name": "db-1", "ownerReferences": [owner]}, "data": data, "revision": 7});
        let record = read(CONTROLLER_REVISION, &object);
        assert_eq!(cells(&record), ["statefulset.apps/db", "7", "shop/db:2,shop/log:1"]);
        let Facts::Revision(facts) = &record.digest.facts else { panic!("no facts") };
        assert_eq!((facts.revision, facts.images.len()), (7, 2));
    }

    #[test]
    fn data_of_others_is_no_template_and_no_trouble() {
        let record = read(CONTROLLER_REVISION, &json!({"metadata": {"name": "x"}, "data": ["odd"], "revision": 1}));
        assert_eq!(cells(&record), ["<none>", "1", ""]);
    }
}
