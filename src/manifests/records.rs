//! From documents to what a watch would have said, so that the model built from files is the
//! model of a cluster that holds them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kinds::catalog::{Catalog, Kind};
use crate::kinds::{self, DAEMON_SET, DEPLOYMENT, Interner, KindId, ObjectRef, POD, REPLICA_SET, Record, STATEFUL_SET};
use crate::manifests::document::{Document, Origin, Unreadable, placeless};
use crate::manifests::{mirror, strict};
use crate::model::{Change, Scope, Select, Sync};
use crate::wire::Timestamp;

/// The kinds whose pod templates stand for pods.
const WORKLOADS: [KindId; 4] = [DEPLOYMENT, REPLICA_SET, STATEFUL_SET, DAEMON_SET];

/// The objects of a set of files as records.
#[derive(Debug, Default)]
pub struct Records {
    /// One for each object, in the order in which they were read; of two with one key the last counts.
    pub records: Vec<Record>,
    /// Where each object stands: findings name file, document and line.
    pub origins: BTreeMap<ObjectRef, Origin>,
    /// Objects of kinds that the catalog does not know.
    pub unknown: Vec<Origin>,
    /// Objects that could not be read: one without a name, or with a field of a wrong type.
    pub unreadable: Vec<Unreadable>,
    /// Those among them that have a name. A record stands for each, and not to find something there proves nothing.
    pub damaged: Vec<ObjectRef>,
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
        let read = match strict::refusal(document, kind.id) {
            Some(why) => Err(strict::unreadable(document, namespace, why)),
            None => kind.decoder.decode_json(kind.id, bytes.as_bytes(), &mut interner),
        };
        match read {
            Ok(record) => found.add(record, &document.origin),
            Err(error) => found.refuse(document, kind, error),
        }
    }
    found
}

impl Records {
    fn add(&mut self, record: Record, origin: &Origin) {
        self.origins.insert(record.key.clone(), origin.clone());
        self.records.push(record);
    }

    fn refuse(&mut self, document: &Document, kind: &Kind, error: kinds::Unreadable) {
        let why = placeless(&error.why);
        let stand_in = error.into_record(kind.id).ok();
        let name = stand_in.as_ref().map_or_else(String::new, |record| match &record.key.namespace {
            Some(namespace) => format!(" {namespace}/{}", record.key.name),
            None => format!(" {}", record.key.name),
        });
        let reason = format!("{}{name}: {why}", document.kind());
        self.unreadable.push(Unreadable { origin: document.origin.clone(), reason });
        if let Some(record) = stand_in {
            self.damaged.push(record.key.clone());
            self.add(record, &document.origin);
        }
    }

    /// Returns the changes that a watch of every kind would have brought: the objects, and that nothing is left to come,
    /// except where an object of the kind could not be read.
    pub fn changes(self, catalog: &Catalog) -> Vec<Change> {
        let synced = |kind: &Kind| Change::Sync(Scope::all(kind.id), Sync::Live);
        let objects = self.records.into_iter().map(Change::Apply);
        let damaged = self.damaged.into_iter().flat_map(|key| {
            // A workload stands for its pods.
            let pods = WORKLOADS.contains(&key.kind).then_some(POD);
            [Some(key.kind), pods].into_iter().flatten().map(move |kind| {
                let scope = Scope { kind, namespace: key.namespace.clone(), select: Select::All };
                Change::Sync(scope, Sync::Stale { reason: Arc::from("cannot be read"), since: Timestamp::default() })
            })
        });
        objects.chain(catalog.iter().map(synced)).chain(damaged).collect()
    }
}

/// The version does not matter: slim structs read what the versions of a kind have in common.
fn kind_of<'a>(document: &Document, catalog: &'a Catalog) -> Option<&'a Kind> {
    let group = match document.api_version().split_once('/').map_or("", |(group, _)| group) {
        // Calico serves its policies under a second group, too; they are the same objects.
        "projectcalico.org" => "crd.projectcalico.org",
        // Where Ingresses were before Kubernetes 1.14.
        "extensions" if document.kind() == "Ingress" => "networking.k8s.io",
        group => group,
    };
    catalog.iter().find(|kind| *kind.group == *group && *kind.kind == *document.kind())
}

/// The object in its namespace: the given one where it names none, and none where its kind has none.
fn placed(document: &Document, kind: &Kind, namespace: &str) -> serde_json::Value {
    let mut object = document.value.clone();
    if let Some(metadata) = object.get_mut("metadata").and_then(|m| m.as_object_mut()) {
        if !kind.namespaced {
            metadata.remove("namespace");
        } else if metadata.get("namespace").is_none_or(|own| own.is_null() || own == "") {
            // What is neither missing nor a text is left for the decoder to refuse: bare `n` and `no` are booleans.
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
    use crate::kinds::{BUILTIN, CONFIG_MAP, NODE, SERVICE};
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
        let found = given("apiVersion: discovery.k8s.io/v1beta1\nkind: EndpointSlice\nmetadata: {name: old}\n");
        assert_eq!(found.records[0].key.kind, kinds::ENDPOINT_SLICE);
    }

    #[test]
    fn a_field_of_a_wrong_type_is_told_whatever_the_kind() {
        for kind in Catalog::builtin().iter() {
            let version = kind.api_version();
            let text =
                format!("apiVersion: {version}\nkind: {}\nmetadata: {{name: x, labels: {{a: {{b: c}}}}}}\n", kind.kind);
            let found = given(&text);
            let told: Vec<String> = found.unreadable.iter().map(ToString::to_string).collect();
            let name = if kind.namespaced { "dev/x" } else { "x" };
            assert!(told.len() == 1 && told[0].starts_with("x.yaml:1 (document 1): "), "{text}{told:?}");
            assert!(
                told[0].contains(&format!("{} {name}: ", kind.kind)) && told[0].contains(".metadata.labels.a"),
                "{told:?}"
            );
            assert_eq!(found.damaged.len(), 1, "{told:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_says_the_field_and_proves_no_absence() {
        let found = given(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: '2'}\n---\n\
             apiVersion: v1\nkind: Secret\nmetadata: {name: t}\ndata: {tls.crt: 'no base64!!'}\n",
        );
        let told: Vec<String> = found.unreadable.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "x.yaml:1 (document 1): Deployment dev/web: .spec.replicas: expected a whole number, not the string \"2\"",
                "x.yaml:6 (document 2): Secret dev/t: .data['tls.crt'] is no base64",
            ]
        );
        let catalog = Catalog::builtin();
        let mut cluster = Cluster::default();
        for change in found.changes(&catalog) {
            cluster.apply(change);
        }
        let is_live = |kind, namespace| *cluster.sync(&Scope::namespace(kind, namespace)) == Sync::Live;
        let is_stale = |kind| matches!(cluster.sync(&Scope::namespace(kind, "dev")), Sync::Stale { .. });
        assert!(is_stale(DEPLOYMENT) && is_stale(POD) && is_stale(kinds::SECRET) && !is_stale(SERVICE));
        assert!(!is_live(POD, "shop"));
        assert_eq!(*cluster.sync(&Scope::all(POD)), Sync::Live);
    }

    #[test]
    fn a_namespace_that_is_no_text_is_told_and_not_taken_for_none() {
        let found = given("apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: n}\n");
        let told: Vec<String> = found.unreadable.iter().map(ToString::to_string).collect();
        assert!(
            matches!(&told[..], [one] if one.ends_with(".metadata.namespace: expected a string, not the boolean false")),
            "{told:?}"
        );
        let empty = given("apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: ''}\n");
        assert_eq!(empty.records[0].key, ObjectRef::new(SERVICE, "dev", "s"));
    }

    #[test]
    fn an_item_of_a_list_is_counted() {
        let (documents, unreadable) = read::text(
            Path::new("x.yaml"),
            "apiVersion: v1\nkind: List\nitems:\n- x\n- {apiVersion: v1, kind: Service, metadata: {name: s}, spec: {ports: [{port: a}]}}\n",
        );
        assert!(
            unreadable[0].to_string().starts_with("x.yaml:1 (document 1, item 1): not an object"),
            "{unreadable:?}"
        );
        let found = records(&documents, &Catalog::builtin(), "dev");
        assert_eq!(
            found.unreadable[0].to_string(),
            "x.yaml:1 (document 1, item 2): Service dev/s: .spec.ports[0].port: expected a whole number, not the string \"a\""
        );
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
