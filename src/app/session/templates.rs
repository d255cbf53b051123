//! The objects that hold the templates of two revisions that are compared: each is fetched once, for a template never changes.

use crate::app::event::Failure;
use crate::kinds::ObjectRef;
use serde_json::Value;
use std::sync::Arc;

/// Objects that are kept; the oldest goes first.
const MOST: usize = 6;

/// What was fetched, and what was asked for.
#[derive(Debug, Default)]
pub struct Templates {
    held: Vec<Held>,
}

#[derive(Debug)]
struct Held {
    key: ObjectRef,
    uid: Arc<str>,
    value: Option<Result<Arc<Value>, Failure>>,
}

impl Templates {
    /// Notes that an object is wanted; returns whether it has to be asked for.
    pub fn want(&mut self, key: &ObjectRef, uid: &Arc<str>) -> bool {
        if self.held.iter().any(|held| held.key == *key && held.uid == *uid) {
            return false;
        }
        self.held.retain(|held| held.key != *key);
        self.held.push(Held { key: key.clone(), uid: Arc::clone(uid), value: None });
        let surplus = self.held.len().saturating_sub(MOST);
        self.held.drain(..surplus);
        true
    }

    /// An object came, or could not be read.
    pub fn take(&mut self, key: &ObjectRef, value: &Result<Arc<Value>, Failure>) {
        if let Some(held) = self.held.iter_mut().find(|held| held.key == *key) {
            held.value = Some(value.clone());
        }
    }

    /// What is known of an object; none while it has not come.
    pub fn get(&self, key: &ObjectRef) -> Option<&Result<Arc<Value>, Failure>> {
        self.held.iter().find(|held| held.key == *key)?.value.as_ref()
    }

    /// Lets go what could not be read, so that it is asked for once more.
    pub fn forget_failures(&mut self) {
        self.held.retain(|held| !matches!(held.value, Some(Err(_))));
    }
}
