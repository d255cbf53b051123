//! From documents to what a watch would have said, so that the model built from files is the
//! model of a cluster that holds them.

use std::collections::BTreeMap;

use crate::kinds::catalog::{Catalog, Kind};
use crate::kinds::{Interner, ObjectRef, Record};
use crate::manifests::document::{Document, Origin, Unreadable, placeless};
use crate::manifests::mirror;
use crate::model::{Change, Scope, Sync};

/// The objects of a set of files as records.
#[derive(Debug, Default)]
pub struct Records {
    /// One for each object, in the order in which they were read; of two with one key the last counts.
    pub records: Vec<Record>,
    /// Where each object stands: findings name file, document and line.
    pub origins: BTreeMap<ObjectRef, Origin>,
    /// Objects of kinds that the catalog does not know.
    pub unknown: Vec<Origin>,
    /// Objects that could not be read, such as one without a name.
    pub unreadable: Vec<Unreadable>,
}

/// Reads documents with the decoders of the catalog. Namespaced objects that name no namespace get `namespace`.
pub fn records(documents: &[Document], catalog: &Catalog, namespace: &str) -> Records {
    let mut found = Records::default();
    let mut interner = Interner::default();
    let mirrored = documents.iter().filter(|document| mirror::is_endpoints(document));
    let mirrored: Vec<Document> = mirrored.flat_map(|document| mirror::slices(document, documents)).collect();
    for document in documents.iter().chain(&mirrored) {
        let Some(kind) = kind_of(document, catalog) else {
            found.unknown.push(document.origin.clone());
            continue;
        };
        let bytes = placed(document, kind, namespace).to_string();
        match kind.decoder.read_json(kind.id, bytes.as_bytes(), &mut interner) {
            Ok(record) => found.add(record, &document.origin),
            Err(error) => found.unreadable.push(Unreadable {
                origin: document.origin.clone(),
                reason: format!("{}: {}", document.kind(), placeless(&error.why)),
            }),
        }
    }
    found
}

impl Records {
    fn add(&mut self, record: Record, origin: &Origin) {
        self.origins.insert(record.key.clone(), origin.clone());
        self.records.push(record);
    }

    /// Returns the changes that a watch of every kind would have brought: the objects, and that nothing is left to come.
    pub fn changes(self, catalog: &Catalog) -> Vec<Change> {
        let synced = |kind: &Kind| Change::Sync(Scope::all(kind.id), Sync::Live);
        let objects = self.records.into_iter().map(Change::Apply);
        objects.chain(catalog.iter().map(synced)).collect()
    }
}

/// The version does not matter: slim structs read what the versions of a kind have in common.
fn kind_of<'a>(document: &Document, catalog: &'a Catalog) -> Option<&'a Kind> {
    let group = document.api_version().split_once('/').map_or("", |(group, _)| group);
    // Calico serves its policies under a second group, too; they are the same objects.
    let group = if group == "projectcalico.org" { "crd.projectcalico.org" } else { group };
    catalog.iter().find(|kind| *kind.group == *group && *kind.kind == *document.kind())
}

/// The object in its namespace: the given one where it names none, and none where its kind has none.
fn placed(document: &Document, kind: &Kind, namespace: &str) -> serde_json::Value {
    let mut object = document.value.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(|m| m.as_object_mut()) {
        if !kind.namespaced {
            metadata.remove("namespace");
        } else if document.namespace().is_empty() {
            metadata.insert("namespace".to_owned(), namespace.into());
        }
    }
    object
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use std::path::Path;

    use super::*;
    use crate::kinds::{BUILTIN, CONFIG_MAP, INGRESS, NODE, POD, SERVICE};
    use crate::manifests::{embedded, read};
    use crate::model::Cluster;

    fn given(content: &str) -> Records {
        let (documents, _) = read::text(Path::new("x.yaml"), content);
        records(&documents, &Catalog::builtin(), "dev")
    }

    #[test]
    fn the_demo_fills_a_cluster_without_a_loss() {
        let catalog = Catalog::builtin();
        for context in embedded::CONTEXTS {
            let documents = embedded::documents(context);
            let found = records(&documents, &catalog, "default");
            assert!(found.unreadable.is_empty(), "{:?}", found.unreadable);
            assert_eq!(found.records.len() + found.unknown.len(), documents.len());
            assert_eq!(found.origins.len(), found.records.len());
            let count = found.records.len();
            let mut cluster = Cluster::default();
            for change in found.changes(&catalog) {
                cluster.apply(change);
            }
            assert_eq!(cluster.len(), count);
            assert_eq!(cluster.check(), Vec::<String>::new());
        }
    }

    #[test]
    fn every_object_of_the_demo_is_read_as_it_was_meant() {
        for context in embedded::CONTEXTS {
            let found = records(&embedded::documents(context), &Catalog::builtin(), "default");
            for record in &found.records {
                let reason = record.digest.reason.as_deref().unwrap_or_default();
                assert!(!reason.starts_with("cannot be read"), "{:?}: {reason}", record.key);
                let columns = BUILTIN[usize::from(record.key.kind.0)].columns.len();
                assert!(columns >= record.digest.cells.len(), "{:?}", record.key);
            }
        }
    }

    #[test]
    fn a_namespace_is_given_to_those_that_need_one() {
        let found = given(
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Node\nmetadata: {name: one, namespace: odd}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\n",
        );
        let keys: Vec<_> = found.records.iter().map(|record| record.key.clone()).collect();
        assert_eq!(
            keys,
            [ObjectRef::new(POD, "dev", "a"), ObjectRef::new(NODE, "", "one"), ObjectRef::new(SERVICE, "shop", "s")]
        );
        assert_eq!(found.origins[&keys[2]].line, 9);
    }

    #[test]
    fn any_version_of_a_known_kind_is_read() {
        let found = given("apiVersion: networking.k8s.io/v1beta1\nkind: Ingress\nmetadata: {name: old}\n");
        assert_eq!(found.records[0].key.kind, INGRESS);
    }

    #[test]
    fn unknown_kinds_and_nameless_objects_hide_nothing() {
        let found = given(
            "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {}\n---\n\
             apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
        );
        assert_eq!(found.unknown[0].document, 1);
        assert_eq!(found.unreadable[0].to_string(), "x.yaml:5 (document 2): ConfigMap: it has no name");
        assert_eq!(found.records[0].key, ObjectRef::new(CONFIG_MAP, "dev", "c"));
    }
}
