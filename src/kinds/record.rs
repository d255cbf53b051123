//! An object as the model keeps it: key, the metadata that views read, and its digest.

use crate::kinds::{Digest, Facts, Health, Interner, KindId};
use crate::wire::{Timestamp, meta::ObjectMeta};
use std::sync::Arc;

/// The identity of an object by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectRef {
    /// Its kind.
    pub kind: KindId,
    /// Its namespace; none for cluster-scoped kinds.
    pub namespace: Option<Arc<str>>,
    /// Its name.
    pub name: Arc<str>,
}

impl ObjectRef {
    /// A reference from plain text; an empty namespace is none.
    pub fn new(kind: KindId, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: (!namespace.is_empty()).then(|| Arc::from(namespace)), name: Arc::from(name) }
    }
}

/// The metadata we keep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Meta {
    /// Unique in time and space.
    pub uid: Arc<str>,
    /// Opaque version.
    pub resource_version: Arc<str>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// When it will be gone at the latest; set once deletion has begun.
    pub deleted: Option<Timestamp>,
    /// Rises with each change of the spec; 0 where the kind has none.
    pub generation: i64,
    /// Labels, sorted by key.
    pub labels: Arc<[(Arc<str>, Arc<str>)]>,
    /// The annotations that the kind's digest reads, sorted by key.
    pub annotations: Box<[(Arc<str>, Arc<str>)]>,
    /// Objects that own this one.
    pub owners: Arc<[Owner]>,
}

/// An owner reference.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// `apps/v1`.
    pub api_version: Arc<str>,
    /// `ReplicaSet`.
    pub kind: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Its uid, by which the model finds it.
    pub uid: Arc<str>,
    /// Whether it is the managing controller.
    pub controller: bool,
}

/// An object as the model keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Which object.
    pub key: ObjectRef,
    /// Its metadata.
    pub meta: Meta,
    /// Everything else.
    pub digest: Digest,
}

/// Whether an annotation is worth keeping where all are: the copy of the whole object that `kubectl apply` leaves is not.
pub fn is_not_last_applied(key: &str) -> bool {
    key != "kubectl.kubernetes.io/last-applied-configuration"
}

impl Meta {
    /// Keeps what we read of `meta`; of the annotations those whose keys `keep` accepts.
    pub fn of(meta: &ObjectMeta, keep: fn(&str) -> bool, interner: &mut Interner) -> Self {
        let labels: Vec<_> = meta.labels.iter().map(|(k, v)| (interner.intern(k), interner.intern(v))).collect();
        let annotations = meta.annotations.iter().filter(|(k, _)| keep(k));
        let annotations = annotations.map(|(k, v)| (interner.intern(k), interner.intern(v))).collect();
        let owners = meta.owner_references.iter().map(|o| Owner {
            api_version: interner.intern(&o.api_version),
            kind: interner.intern(&o.kind),
            name: interner.intern(&o.name),
            uid: interner.intern(&o.uid),
            controller: o.controller == Some(true),
        });
        let owners: Vec<_> = owners.collect();
        Self {
            uid: Arc::from(meta.uid.as_str()),
            resource_version: Arc::from(meta.resource_version.as_str()),
            created: meta.creation_timestamp.and_then(crate::wire::time::Time::instant),
            deleted: meta.deletion_timestamp.and_then(crate::wire::time::Time::instant),
            generation: meta.generation,
            owners: interner.owners.share(owners),
            labels: interner.labels.share(labels),
            annotations,
        }
    }

    /// The value of a label.
    pub fn label(&self, key: &str) -> Option<&Arc<str>> {
        self.labels.binary_search_by(|(k, _)| k.as_ref().cmp(key)).ok().map(|i| &self.labels[i].1)
    }

    /// The value of an annotation, if its kind keeps it.
    pub fn annotation(&self, key: &str) -> Option<&Arc<str>> {
        self.annotations.binary_search_by(|(k, _)| k.as_ref().cmp(key)).ok().map(|i| &self.annotations[i].1)
    }

    /// Whether a server has stored the object: then what is missing in it is missing in the cluster too. A manifest only
    /// says what is wanted.
    pub fn is_stored(&self) -> bool {
        !self.uid.is_empty() || !self.resource_version.is_empty()
    }

    /// The managing owner, if there is one.
    pub fn controller(&self) -> Option<&Owner> {
        self.owners.iter().find(|o| o.controller)
    }
}

impl Record {
    /// The type of a Secret, which watches select by; none for other kinds.
    pub fn secret_type(&self) -> Option<&str> {
        match &self.digest.facts {
            Facts::Secret(facts) => Some(&facts.kind),
            _ => None,
        }
    }

    /// Whether this is an Event that regards an object of this name.
    pub fn regards(&self, name: &str) -> bool {
        matches!(&self.digest.facts, Facts::Event(event) if *event.regarding.name == *name)
    }

    /// Stands for an object that could not be read, so that it is seen and costs the others nothing.
    pub fn unreadable(key: ObjectRef, note: &str) -> Self {
        let digest = Digest { health: Some(Health::Unknown), reason: Some(Arc::from(note)), ..Digest::default() };
        Self { key, meta: Meta::default(), digest }
    }
}
