//! What an action has to know of the cluster before it can be said what is written: the whole object, and lists beside it.

use crate::app::acts::{self, Reads, Target};
use crate::app::right::{Right, Verdict};
use serde_json::Value;

/// A wish to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Inquiry {
    /// The action's name.
    pub act: &'static str,
    /// What it is to be done to.
    pub target: Target,
}

/// What is known.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// The object.
    pub object: Value,
    /// The items of each list.
    pub lists: Vec<Vec<Value>>,
    /// Whether we may.
    pub rights: Vec<(Right, Verdict)>,
}

impl Inquiry {
    /// The lists to read beside the object: paths with their queries.
    pub fn paths(&self, object: &Value) -> Vec<String> {
        match acts::find(self.act).map(|act| act.reads) {
            Some(Reads::ObjectAnd(paths)) => paths(&self.target, object),
            _ => Vec::new(),
        }
    }

    /// The rights to ask about.
    pub fn rights(&self) -> Vec<Right> {
        acts::find(self.act).map_or_else(Vec::new, |act| (act.rights)(&self.target.key))
    }
}
