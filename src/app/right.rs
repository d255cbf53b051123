//! A right that an action needs, and what the server says of it.

use crate::kinds::{KindId, ObjectRef};
use crate::wire::Timestamp;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A right, as RBAC has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// `patch`
    pub verb: &'static str,
    /// On which kind.
    pub kind: KindId,
    /// On a part of it that has a path of its own; empty for the object.
    pub part: &'static str,
    /// In which namespace.
    pub namespace: Option<Arc<str>>,
    /// On which object; none for those that are to be made.
    pub name: Option<Arc<str>>,
}

/// What the server says of a right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is given.
    Allowed,
    /// It is not, for this reason.
    Denied(String),
    /// The server cannot tell.
    Unknown(String),
}

/// Verdicts, with the moment of each.
pub type Rights = BTreeMap<Right, (Verdict, Timestamp)>;

impl Right {
    /// A right on an object.
    pub fn on(verb: &'static str, part: &'static str, key: &ObjectRef) -> Self {
        Self { verb, kind: key.kind, part, namespace: key.namespace.clone(), name: Some(key.name.clone()) }
    }

    /// The right to make objects of a kind in the namespace of an object.
    pub fn make(kind: KindId, key: &ObjectRef) -> Self {
        Self { verb: "create", kind, part: "", namespace: key.namespace.clone(), name: None }
    }
}
