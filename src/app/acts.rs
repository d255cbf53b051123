//! What can be done to objects, as data: one row an action. Each becomes a [`Mutation`], is rehearsed by the server, shown
//! in a dialog, and done once the user has said yes.

mod restart;

use crate::app::mutation::{Mutation, Write};
use crate::app::policy::Friction;
use crate::kinds::{Kind, KindId, ObjectRef};
use crate::wire::Timestamp;
use serde_json::Value;
use std::sync::Arc;

/// An action on one object.
#[derive(Debug)]
pub struct Act {
    /// Its name, in the policy too.
    pub name: &'static str,
    /// The kinds that have it.
    pub kinds: &'static [KindId],
    /// What the user has to do at least.
    pub friction: Friction,
    /// What is written.
    pub write: fn(&Target) -> Write,
    /// Why the object as it is cannot have it, in kubectl's words.
    pub refuse: fn(&Value, &Target) -> Option<String>,
    /// What to know about the object before.
    pub caution: fn(&Value) -> Vec<String>,
    /// The same as kubectl's arguments, without context and namespace.
    pub kubectl: fn(&Target) -> String,
    /// How to take it back, from the object as it was.
    pub undo: fn(&Value) -> String,
}

/// Every action.
pub const ACTS: &[Act] = &[restart::RESTART];

/// What an action is to be done to, pinned when it was chosen: rows move under a live table.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// The context.
    pub context: Arc<str>,
    /// The object.
    pub key: ObjectRef,
    /// Its kind in lower case: `deployment`.
    pub kind: String,
    /// The object of that name that was seen.
    pub uid: Arc<str>,
    /// Its version.
    pub resource_version: Arc<str>,
    /// When it was chosen.
    pub now: Timestamp,
}

impl Target {
    /// `deployment/web`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.kind, self.key.name)
    }

    /// `deployment/web in shop`.
    pub fn place(&self) -> String {
        match &self.key.namespace {
            Some(namespace) => format!("{} in {namespace}", self.name()),
            None => self.name(),
        }
    }
}

/// The action of that name.
pub fn find(name: &str) -> Option<&'static Act> {
    ACTS.iter().find(|act| act.name == name)
}

/// The word by which kubectl knows a kind.
pub fn singular(kind: &Kind) -> String {
    kind.kind.to_lowercase()
}

impl Act {
    /// The write, pinned.
    pub fn mutation(&self, target: &Target) -> Mutation {
        Mutation {
            key: target.key.clone(),
            uid: Some(Arc::clone(&target.uid)),
            resource_version: Some(Arc::clone(&target.resource_version)),
            write: (self.write)(target),
        }
    }

    /// The whole kubectl line.
    pub fn line(&self, target: &Target) -> String {
        let context = quoted(&target.context);
        let namespace = target.key.namespace.as_deref();
        let namespace = namespace.map_or_else(String::new, |name| format!(" -n {name}"));
        format!("kubectl --context {context}{namespace} {}", (self.kubectl)(target))
    }
}

/// A word as a shell reads it.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}
