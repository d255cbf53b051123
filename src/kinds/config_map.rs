//! ConfigMap: configuration that pods mount; names and sizes of its keys are kept, not the values.

use crate::kinds::decode::{FromBytes, json, protobuf_by};
use crate::kinds::entries::{Entry, Sizes, base64_sizes, entries};
use crate::kinds::{
    CONFIG_MAP, Cell, Column, Decoder, Digest, Facts, Interner, KindId, KindSpec, Meta, Object,
};
use crate::wire::envelope;
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: CONFIG_MAP,
    group: "",
    versions: &["v1"],
    kind: "ConfigMap",
    plural: "configmaps",
    short_names: &["cm"],
    namespaced: true,
    columns: &[Column::NAME, Column::number("DATA", 0).narrow(), Column::AGE],
    decoder: Decoder::Slim { protobuf: Some(PROTOBUF), json: json::<ConfigMap> },
};

const PROTOBUF: FromBytes = |bytes, interner| protobuf_by(bytes, interner, ConfigMap::walk);

/// What views read of a ConfigMap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfigMapFacts {
    /// Its keys, sorted.
    pub keys: Box<[Entry]>,
}

/// The slim ConfigMap (k8s.io/api core/v1 generated.proto).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMap {
    metadata: Option<ObjectMeta>,
    data: Sizes,
    #[serde(deserialize_with = "base64_sizes")]
    binary_data: Sizes,
}

impl ConfigMap {
    /// Reads metadata = 1, data = 2, binaryData = 3.
    fn walk(bytes: &[u8]) -> Result<Self, prost::DecodeError> {
        let mut map = Self::default();
        for field in envelope::fields(bytes) {
            match field.tag {
                1 => map.metadata = Some(prost::Message::decode(field.bytes)?),
                2 => map.data.push(field.bytes),
                3 => map.binary_data.push(field.bytes),
                _ => {}
            }
        }
        Ok(map)
    }
}

impl Object for ConfigMap {
    const KIND: KindId = CONFIG_MAP;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let keys = entries(self.data.0.iter().chain(&self.binary_data.0), interner);
        let cells = Box::new([Cell::Int(keys.len() as i64)]);
        let facts = Facts::ConfigMap(Box::new(ConfigMapFacts { keys }));
        Digest { cells, facts, ..Digest::default() }
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::fixture::{cells, read};
    use crate::kinds::{CONFIG_MAP, Facts};
    use serde_json::json;

    #[test]
    fn keys_of_both_kinds_are_counted_and_their_values_are_not_kept() {
        let object = json!({"metadata": {"name": "c", "namespace": "dev"}, "data": {"b": "hello"}, "binaryData": {"a": "QUI="}});
        let record = read(CONFIG_MAP, &object);
        assert_eq!(cells(&record), ["2"]);
        let Facts::ConfigMap(facts) = &record.digest.facts else { panic!("no facts") };
        let keys: Vec<_> = facts.keys.iter().map(|k| (k.name.as_ref(), k.size)).collect();
        assert_eq!(keys, [("a", 2), ("b", 5)]);
        assert!(!format!("{record:?}").contains("hello"));
    }
}
