//! Strings that repeat (namespaces, nodes, label keys and values, images) are kept once per watch.

use std::collections::HashSet;
use std::sync::Arc;

/// Strings seen so far. One per watch, so that no lock is needed; forgotten strings are swept as it grows.
#[derive(Debug, Default)]
pub struct Interner {
    strings: HashSet<Arc<str>>,
    sweep_at: usize,
}

impl Interner {
    /// The one copy of `text`.
    pub fn intern(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.strings.get(text) {
            return Arc::clone(known);
        }
        if self.strings.len() >= self.sweep_at {
            self.strings.retain(|s| Arc::strong_count(s) > 1);
            self.sweep_at = (self.strings.len() * 2).max(1024);
        }
        let fresh: Arc<str> = Arc::from(text);
        self.strings.insert(Arc::clone(&fresh));
        fresh
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
        self.strings.len()
    }

    /// Whether nothing is kept.
    pub fn is_empty(&self) -> bool {
        self.strings.is_empty()
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
}
