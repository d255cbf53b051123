//! Any custom resource: columns from its printer columns, health from `status.conditions`.

use crate::kinds::{Digest, Interner, KindId, Meta, ObjectRef, Record, Unreadable};
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;
use std::sync::Arc;

/// How objects of a custom kind are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomKind {
    /// JSONPath of each cell, in the order of the kind's columns.
    pub paths: Vec<String>,
}

#[derive(Deserialize)]
struct Shell {
    #[serde(default)]
    metadata: ObjectMeta,
}

impl CustomKind {
    /// Reads one object.
    pub fn read(&self, kind: KindId, bytes: &[u8], interner: &mut Interner) -> Result<Record, Unreadable> {
        let shell: Shell = serde_json::from_slice(bytes).map_err(|e| Unreadable { key: None, why: e.to_string() })?;
        let metadata = &shell.metadata;
        if metadata.name.is_empty() {
            return Err(Unreadable { key: None, why: "it has no name".to_owned() });
        }
        let key = ObjectRef {
            kind,
            namespace: interner.non_empty(&metadata.namespace),
            name: Arc::from(metadata.name.as_str()),
        };
        Ok(Record { key, meta: Meta::of(metadata, |_| false, interner), digest: Digest::default() })
    }
}
