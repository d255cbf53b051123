//! ConfigMap: configuration that pods mount; names and sizes of its keys are kept, and of the values those that a trace reads.

pub mod corefile;
pub mod values;

use self::values::{CA, COREFILE, Values};
use crate::kinds::decode::{FromBytes, json, protobuf_by};
use crate::kinds::entries::{Entry, Sizes, base64_sizes, entries};
use crate::kinds::secret::x509::{self, Certified};
use crate::kinds::{CONFIG_MAP, Cell, Column, Decoder, Digest, Facts, Interner, KindId, KindSpec, Meta, Object};
use crate::wire::envelope;
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

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
    /// The values that a trace reads, sorted by key: options of controllers, maps of TCP and UDP ports, `Corefile`.
    pub values: Box<[(Arc<str>, Arc<str>)]>,
    /// The domains that its `Corefile` gives to the cluster.
    pub cluster_domains: Box<[Arc<str>]>,
    /// The certificates in `ca.crt`: none where there is no such key, empty where nothing in it can be read.
    pub ca: Option<Box<[Certified]>>,
}

/// The slim ConfigMap (k8s.io/api core/v1 generated.proto).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMap {
    metadata: Option<ObjectMeta>,
    data: Values,
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

    fn facts(&self, interner: &mut Interner) -> ConfigMapFacts {
        let sizes = self.data.0.iter().map(|entry| (entry.name.as_str(), entry.size));
        let binary = self.binary_data.0.iter().map(|(name, size)| (name.as_str(), *size));
        let keys = entries(sizes.chain(binary), interner);
        let values = self.data.kept().map(|(key, text)| (interner.intern(key), interner.intern(text)));
        let mut values: Vec<_> = values.collect();
        values.sort_by(|a, b| a.0.cmp(&b.0));
        let domains = corefile::cluster_domains(self.data.text(COREFILE).unwrap_or(""));
        let bundle = self.data.text(CA).map(|text| x509::chain(text.as_bytes()));
        ConfigMapFacts {
            keys,
            values: values.into(),
            cluster_domains: interner.list(&domains),
            ca: bundle.map(|read| read.map(|chain| chain.certified(interner)).unwrap_or_default()),
        }
    }
}

impl ConfigMapFacts {
    /// A value that a trace reads.
    pub fn value(&self, key: &str) -> Option<&Arc<str>> {
        self.values.binary_search_by(|(k, _)| k.as_ref().cmp(key)).ok().map(|at| &self.values[at].1)
    }

    /// Whether there is such a key, whatever its value.
    pub fn has(&self, key: &str) -> bool {
        self.keys.binary_search_by(|entry| entry.name.as_ref().cmp(key)).is_ok()
    }
}

impl Object for ConfigMap {
    const KIND: KindId = CONFIG_MAP;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let facts = self.facts(interner);
        let cells = Box::new([Cell::Int(facts.keys.len() as i64)]);
        Digest { cells, facts: Facts::ConfigMap(Box::new(facts)), ..Digest::default() }
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::config_map::ConfigMapFacts;
    use crate::kinds::fixture::{cells, read};
    use crate::kinds::{CONFIG_MAP, Facts, Interner, Record};
    use serde_json::{Value, json};

    fn map(data: &Value) -> Record {
        read(CONFIG_MAP, &json!({"metadata": {"name": "c", "namespace": "dev"}, "data": data, "binaryData": {"a": "QUI="}}))
    }

    fn facts(record: &Record) -> &ConfigMapFacts {
        let Facts::ConfigMap(facts) = &record.digest.facts else { panic!("no facts") };
        facts
    }

    #[test]
    fn keys_of_both_kinds_are_counted_and_values_of_applications_are_not_kept() {
        let record = map(&json!({"b": "hello"}));
        assert_eq!(cells(&record), ["2"]);
        let keys: Vec<_> = facts(&record).keys.iter().map(|k| (k.name.as_ref(), k.size)).collect();
        assert_eq!(keys, [("a", 2), ("b", 5)]);
        assert!(!format!("{record:?}").contains("hello") && facts(&record).ca.is_none());
    }

    #[test]
    fn options_of_controllers_are_kept() {
        let record = map(&json!({"use-proxy-protocol": "true", "log-format-upstream": "secret"}));
        assert_eq!(facts(&record).value("use-proxy-protocol").map(AsRef::as_ref), Some("true"));
        assert_eq!((facts(&record).value("ssl-redirect"), facts(&record).has("log-format-upstream")), (None, true));
        assert!(!format!("{record:?}").contains("secret"));
    }

    #[test]
    fn the_domains_of_the_cluster_are_read_from_the_corefile() {
        let record = map(&json!({"Corefile": ".:53 {\n kubernetes corp.local in-addr.arpa\n}\n"}));
        assert_eq!(&*facts(&record).cluster_domains[0], "corp.local");
    }

    #[test]
    fn authorities_are_read_as_certificates() {
        let record = map(&json!({"ca.crt": include_str!("../../tests/kinds/secret/keys/rsa.crt")}));
        assert_eq!(facts(&record).ca.as_ref().map(|ca| ca.len()), Some(1));
        let broken = map(&json!({"ca.crt": "hello"}));
        assert_eq!(facts(&broken).ca.as_ref().map(|ca| ca.len()), Some(0));
    }

    #[test]
    fn protobuf_gives_the_same_facts() {
        let entry = b"\x12\x1a\x0a\x12use-proxy-protocol\x12\x04true";
        let bytes = [b"\x0a\x06\x0a\x01c\x1a\x01d".as_slice(), entry].concat();
        let record = super::SPEC.decoder.read_protobuf(CONFIG_MAP, &bytes, &mut Interner::default()).unwrap();
        assert_eq!(facts(&record).value("use-proxy-protocol").map(AsRef::as_ref), Some("true"));
    }
}
