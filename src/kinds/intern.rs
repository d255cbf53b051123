//! What repeats is kept once per watch: strings (namespaces, nodes, label keys and values, images), and what all pods of a
//! template have in common: labels, owners, links, ports, probes. A pod costs a quarter less by the latter.

use crate::kinds::pod::facts::{Aside, Port};
use crate::kinds::{Link, Owner};
use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

/// What was seen so far. One per watch, so that no lock is needed; what is forgotten is swept as it grows.
#[derive(Debug, Default)]
pub struct Interner {
    strings: Pool<str>,
    /// Sets of labels.
    pub labels: Pool<[(Arc<str>, Arc<str>)]>,
    /// Lists of owners.
    pub owners: Pool<[Owner]>,
    /// Lists of links.
    pub links: Pool<[Link]>,
    /// Ports of a container.
    pub(crate) ports: Pool<[Port]>,
    /// Probes of a container.
    pub(crate) asides: Pool<Aside>,
}

/// Values of one type, each kept once.
#[derive(Debug)]
pub struct Pool<T: ?Sized> {
    values: HashSet<Arc<T>>,
    sweep_at: usize,
}

impl<T: ?Sized> Default for Pool<T> {
    fn default() -> Self {
        Self { values: HashSet::new(), sweep_at: 0 }
    }
}

impl<T: Hash + Eq + ?Sized> Pool<T> {
    /// The one copy of a value.
    pub fn share<V: Borrow<T> + Into<Arc<T>>>(&mut self, value: V) -> Arc<T> {
        if let Some(known) = self.values.get(value.borrow()) {
            return Arc::clone(known);
        }
        if self.values.len() >= self.sweep_at {
            self.values.retain(|value| Arc::strong_count(value) > 1);
            self.sweep_at = (self.values.len() * 2).max(1024);
        }
        let fresh: Arc<T> = value.into();
        self.values.insert(Arc::clone(&fresh));
        fresh
    }
}

impl Interner {
    /// The one copy of `text`.
    pub fn intern(&mut self, text: &str) -> Arc<str> {
        self.strings.share(text)
    }

    /// The one copy of `text`, or `None` when it is empty, as the API writes "not set".
    pub fn non_empty(&mut self, text: &str) -> Option<Arc<str>> {
        (!text.is_empty()).then(|| self.intern(text))
    }

    /// The one copy of each text.
    pub fn list(&mut self, texts: &[String]) -> Box<[Arc<str>]> {
        texts.iter().map(|t| self.intern(t)).collect()
    }

    /// How many strings are kept.
    pub fn len(&self) -> usize {
        self.strings.values.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.strings.values.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_strings_share_one_copy_and_dead_ones_are_swept() {
        let mut interner = Interner::default();
        let a = interner.intern("node-1");
        assert!(Arc::ptr_eq(&a, &interner.intern("node-1")));
        for n in 0..5000 {
            interner.intern(&n.to_string());
        }
        assert!(interner.len() < 3000, "{}", interner.len());
        assert!(Arc::ptr_eq(&a, &interner.intern("node-1")));
    }

    #[test]
    fn what_the_pods_of_a_template_have_in_common_is_kept_once() {
        let mut interner = Interner::default();
        let labels = || vec![(Arc::from("app"), Arc::from("web"))];
        let first = interner.labels.share(labels());
        assert!(Arc::ptr_eq(&first, &interner.labels.share(labels())));
        for n in 0..5000 {
            interner.labels.share(vec![(Arc::from("app"), Arc::from(n.to_string()))]);
        }
        assert!(interner.labels.values.len() < 3000, "{}", interner.labels.values.len());
        assert!(Arc::ptr_eq(&first, &interner.labels.share(labels())));
    }
}
