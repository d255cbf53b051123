//! What a watch can say, and for which part of the cluster it speaks.

use crate::kinds::{KindId, ObjectRef, Record};
use crate::wire::Timestamp;
use std::sync::Arc;

/// One thing that a watch said.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The object is now so.
    Apply(Record),
    /// The object is gone.
    Delete(ObjectRef),
    /// These are all objects of the scope; every other object inside it is gone.
    Replace(Scope, Vec<Record>),
    /// How far the scope's watch is.
    Sync(Scope, Sync),
}

/// What one watch covers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// The kind.
    pub kind: KindId,
    /// One namespace, or none for all.
    pub namespace: Option<Arc<str>>,
    /// Which objects there.
    pub select: Select,
}

/// Which objects of a kind a watch covers.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Select {
    /// All of them.
    #[default]
    All,
    /// Secrets of one type, by field selector.
    Type(&'static str),
    /// The object of this name, by field selector.
    Name(Arc<str>),
    /// Events that regard the object of this name, by field selector.
    Regarding(Arc<str>),
}

/// How far the watch of a scope is; shown, never hidden.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sync {
    /// Nobody watches.
    Closed,
    /// The first list is on its way.
    Listing {
        /// Objects so far.
        seen: usize,
        /// All of them, once the server has said.
        total: Option<u64>,
    },
    /// True to the cluster.
    Live,
    /// Was true at `since`; the rows are kept.
    Stale {
        /// What happened, in words.
        reason: Arc<str>,
        /// The last moment at which the rows were known to be true.
        since: Timestamp,
    },
    /// The server refuses to list or watch it.
    Forbidden,
    /// The server does not have the kind.
    Absent,
}

impl Scope {
    /// All objects of a kind, cluster-wide.
    pub fn all(kind: KindId) -> Self {
        Self { kind, namespace: None, select: Select::All }
    }

    /// All objects of a kind in one namespace.
    pub fn namespace(kind: KindId, namespace: &str) -> Self {
        Self { kind, namespace: Some(Arc::from(namespace)), select: Select::All }
    }

    /// Whether the scope speaks for `record`.
    pub fn covers(&self, record: &Record) -> bool {
        self.kind == record.key.kind
            && (self.namespace.is_none() || self.namespace == record.key.namespace)
            && match &self.select {
                Select::All => true,
                Select::Type(wanted) => record.secret_type() == Some(*wanted),
                Select::Name(name) => record.key.name == *name,
                Select::Regarding(name) => record.regards(name),
            }
    }
}
