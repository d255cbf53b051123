//! What a trace looked at, so that a change of the cluster tells which traces it can have touched.

use crate::kinds::{KindId, ObjectRef};
use std::sync::Arc;

/// One look at the model. A trace is true as long as nothing that it looked at changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Read {
    /// One object, also one that was not there.
    Object(ObjectRef),
    /// All objects of a kind in a namespace.
    Namespace(KindId, Arc<str>),
    /// All objects of a kind in a namespace with this label.
    Label(KindId, Arc<str>, Arc<str>, Arc<str>),
    /// All objects of a kind.
    Kind(KindId),
}
