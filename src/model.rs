//! Ground state: the last thing the cluster told us, and nothing we made up.
//!
//! Invariants: no IO, no clock, no text made for display; the indexes always agree with the records (`check` proves it).

pub mod change;
pub mod index;
mod news;

pub use self::change::{Change, Scope, Select, Sync};

use self::index::{Index, Slot};
use self::news::News;
use crate::kinds::{KindId, ObjectRef, Record, Target};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What an object would be; none where it would not be there.
pub type Supposed = (ObjectRef, Option<Arc<Record>>);

/// Everything one cluster told us.
#[derive(Debug, Default)]
pub struct Cluster {
    slots: Vec<Option<Arc<Record>>>,
    free: Vec<Slot>,
    /// The slots of each kind, by namespace and name.
    orders: HashMap<KindId, Vec<Slot>>,
    index: Index,
    syncs: BTreeMap<Scope, Sync>,
    news: News,
}

impl Cluster {
    /// Takes in what a watch said; returns the objects that changed.
    pub fn apply(&mut self, change: Change) -> Vec<ObjectRef> {
        match change {
            Change::Apply(record) => self.insert(Arc::new(record)).into_iter().collect(),
            Change::Delete(key) => self.remove(&key).into_iter().collect(),
            Change::Replace(scope, records) => self.replace(&scope, records),
            Change::Sync(scope, sync) => {
                self.mark(scope, sync);
                Vec::new()
            }
        }
    }

    /// Lets somebody look at the cluster as it would be. Afterwards everything is as it was: nothing that is supposed stays.
    pub fn suppose<T>(&mut self, supposed: &[Supposed], look: impl FnOnce(&Self) -> T) -> T {
        let mut before: Vec<Supposed> = Vec::new();
        for (key, record) in supposed {
            before.push((key.clone(), self.get(key).cloned()));
            self.put(key, record.clone());
        }
        let seen = look(self);
        for (key, record) in before.into_iter().rev() {
            self.put(&key, record);
        }
        seen
    }

    fn put(&mut self, key: &ObjectRef, record: Option<Arc<Record>>) {
        match record {
            Some(record) => self.insert(record),
            None => self.remove(key),
        };
    }

    /// The object, if the cluster told us of it.
    pub fn get(&self, key: &ObjectRef) -> Option<&Arc<Record>> {
        self.record(self.slot(key)?)
    }

    /// All objects of a kind, by namespace and name.
    pub fn of(&self, kind: KindId) -> impl Iterator<Item = &Arc<Record>> {
        self.slots_of(kind).filter_map(|slot| self.record(slot))
    }

    /// The objects of a kind in one namespace, by name.
    pub fn in_namespace<'a>(&'a self, kind: KindId, namespace: &'a str) -> impl Iterator<Item = &'a Arc<Record>> {
        self.slots_in_namespace(kind, namespace).filter_map(|slot| self.record(slot))
    }

    /// Where the objects of a kind stand, by namespace and name.
    pub fn slots_of(&self, kind: KindId) -> impl Iterator<Item = Slot> {
        self.order(kind).iter().copied()
    }

    /// Where the objects of a kind in one namespace stand, by name.
    pub fn slots_in_namespace<'a>(&'a self, kind: KindId, namespace: &'a str) -> impl Iterator<Item = Slot> + 'a {
        let (Ok(first) | Err(first)) = self.find(kind, Some(namespace), "");
        let from = self.order(kind)[first..].iter().copied();
        from.take_while(move |slot| self.place(*slot).0 == Some(namespace))
    }

    /// What stands at a slot, if something does.
    pub fn record(&self, slot: Slot) -> Option<&Arc<Record>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    /// Where an object stands. It stays there until it is gone; then another may take the place.
    pub fn slot(&self, key: &ObjectRef) -> Option<Slot> {
        let at = self.find(key.kind, key.namespace.as_deref(), &key.name).ok()?;
        self.order(key.kind).get(at).copied()
    }

    /// How many changes there were so far; `changed_since` counts from here.
    pub fn changes(&self) -> u64 {
        self.news.count()
    }

    /// The slots at which something came, went or changed after so many changes, each as often as it did; none if that is
    /// too long ago to be remembered.
    pub fn changed_since(&self, changes: u64) -> Option<impl Iterator<Item = Slot>> {
        self.news.since(changes)
    }

    /// How many objects of a kind there are.
    pub fn count(&self, kind: KindId) -> usize {
        self.order(kind).len()
    }

    /// How many objects of all kinds there are.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The object with this uid.
    pub fn by_uid(&self, uid: &str) -> Option<&Arc<Record>> {
        self.index.by_uid(uid).and_then(|slot| self.record(slot))
    }

    /// The objects that name `uid` among their owners.
    pub fn children(&self, uid: &str) -> impl Iterator<Item = &Arc<Record>> {
        self.index.children(uid).iter().filter_map(|slot| self.record(*slot))
    }

    /// The objects that a link points at, as far as they are known.
    pub fn targets<'a>(&'a self, target: &'a Target) -> Vec<&'a Arc<Record>> {
        match target {
            Target::Named { kind, namespace, name } => {
                let key = ObjectRef { kind: *kind, namespace: namespace.clone(), name: Arc::clone(name) };
                self.get(&key).into_iter().collect()
            }
            Target::Selector { kind, namespace, selector } => {
                let narrow = namespace.as_ref().zip(selector.equals.first());
                let hit = |r: &&Arc<Record>| selector.matches(&r.meta.labels);
                match (narrow, namespace) {
                    (Some((namespace, (key, value))), _) => {
                        let slots = self.index.labelled(*kind, namespace, key, value);
                        let mut found: Vec<_> = slots.iter().filter_map(|s| self.record(*s)).filter(hit).collect();
                        found.sort_by(|a, b| a.key.name.cmp(&b.key.name));
                        found
                    }
                    (None, Some(namespace)) => self.in_namespace(*kind, namespace).filter(hit).collect(),
                    (None, None) => self.of(*kind).filter(hit).collect(),
                }
            }
        }
    }

    /// The objects that hold a link to `record`, by name or by a selector that matches its labels.
    pub fn sources(&self, record: &Record) -> Vec<&Arc<Record>> {
        let mut slots = self.index.naming(&record.key).to_vec();
        slots.extend(self.index.selecting(record));
        slots.sort_unstable();
        slots.dedup();
        slots.into_iter().filter_map(|slot| self.record(slot)).collect()
    }

    /// How far the watch of a scope is.
    pub fn sync(&self, scope: &Scope) -> &Sync {
        self.syncs.get(scope).unwrap_or(&Sync::Closed)
    }

    /// Every scope that a watch has spoken for, in order.
    pub fn syncs(&self) -> impl Iterator<Item = (&Scope, &Sync)> {
        self.syncs.iter()
    }

    /// Forgets a scope and its objects, except those that another open scope of the kind still covers.
    pub fn close(&mut self, scope: &Scope) -> Vec<ObjectRef> {
        self.syncs.remove(scope);
        let kept: Vec<Scope> = self.syncs.keys().filter(|s| s.kind == scope.kind).cloned().collect();
        let gone = self.of(scope.kind).filter(|r| scope.covers(r) && !kept.iter().any(|s| s.covers(r)));
        let gone: Vec<ObjectRef> = gone.map(|r| r.key.clone()).collect();
        // From the end nothing has to move up.
        gone.iter().rev().filter_map(|key| self.remove(key)).collect()
    }

    /// What differs between two clusters: objects on one side only, and those whose version or digest differ.
    pub fn diff(&self, other: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        for record in self.records() {
            match other.get(&record.key) {
                None => lines.push(format!("only here: {:?}", record.key)),
                Some(twin) if twin.meta.resource_version != record.meta.resource_version => lines.push(format!(
                    "{:?}: version {} here, {} there",
                    record.key, record.meta.resource_version, twin.meta.resource_version
                )),
                Some(twin) if twin.digest != record.digest => lines.push(format!("{:?}: digests differ", record.key)),
                Some(_) => {}
            }
        }
        lines
            .extend(other.records().filter(|r| self.get(&r.key).is_none()).map(|r| format!("only there: {:?}", r.key)));
        lines
    }

    /// Proves the indexes against the records; returns what does not agree.
    pub fn check(&self) -> Vec<String> {
        let mut fresh = Index::default();
        for (slot, record) in self.slots.iter().enumerate() {
            if let Some(record) = record {
                fresh.insert(slot as Slot, record);
            }
        }
        let mut wrong = self.index.differences(&fresh);
        for (kind, order) in &self.orders {
            if order.iter().any(|slot| self.record(*slot).is_none_or(|r| r.key.kind != *kind)) {
                wrong.push(format!("{kind:?} has the slot of another kind"));
            }
            if !order.is_sorted_by(|a, b| self.place(*a) < self.place(*b)) {
                wrong.push(format!("{kind:?} is not in order"));
            }
        }
        if self.orders.values().map(Vec::len).sum::<usize>() != self.len() {
            wrong.push("an object is in no order".to_owned());
        }
        wrong
    }

    fn order(&self, kind: KindId) -> &[Slot] {
        self.orders.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Namespace and name of what stands at a slot.
    fn place(&self, slot: Slot) -> (Option<&str>, &str) {
        self.record(slot).map_or((None, ""), |record| (record.key.namespace.as_deref(), &*record.key.name))
    }

    /// Where an object is in the order of its kind, or else would be.
    fn find(&self, kind: KindId, namespace: Option<&str>, name: &str) -> Result<usize, usize> {
        self.order(kind).binary_search_by(|slot| self.place(*slot).cmp(&(namespace, name)))
    }

    fn records(&self) -> impl Iterator<Item = &Arc<Record>> {
        self.slots.iter().flatten()
    }

    fn insert(&mut self, record: Arc<Record>) -> Option<ObjectRef> {
        let key = record.key.clone();
        let found = self.find(key.kind, key.namespace.as_deref(), &key.name);
        if let Ok(at) = found {
            let slot = self.order(key.kind)[at];
            let old = self.slots[slot as usize].replace(Arc::clone(&record));
            if old.as_ref().is_some_and(|old| **old == *record) {
                return None;
            }
            self.index.replace(slot, old.as_deref(), &record);
            self.news.note(slot);
            return Some(key);
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            (self.slots.len() - 1) as Slot
        });
        self.index.insert(slot, &record);
        self.slots[slot as usize] = Some(record);
        let (Ok(at) | Err(at)) = found;
        self.orders.entry(key.kind).or_default().insert(at, slot);
        self.news.note(slot);
        Some(key)
    }

    fn remove(&mut self, key: &ObjectRef) -> Option<ObjectRef> {
        let at = self.find(key.kind, key.namespace.as_deref(), &key.name).ok()?;
        let slot = self.orders.get_mut(&key.kind)?.remove(at);
        let old = self.slots[slot as usize].take()?;
        self.index.remove(slot, &old);
        self.free.push(slot);
        self.news.note(slot);
        Some(key.clone())
    }

    fn replace(&mut self, scope: &Scope, records: Vec<Record>) -> Vec<ObjectRef> {
        let kept: HashSet<&ObjectRef> = records.iter().map(|record| &record.key).collect();
        let vanished = self.of(scope.kind).filter(|r| scope.covers(r) && !kept.contains(&r.key));
        let vanished: Vec<ObjectRef> = vanished.map(|r| r.key.clone()).collect();
        // From the end nothing has to move up.
        let mut touched: Vec<ObjectRef> = vanished.iter().rev().filter_map(|key| self.remove(key)).collect();
        touched.extend(records.into_iter().filter_map(|record| self.insert(Arc::new(record))));
        if let Some(order) = self.orders.get_mut(&scope.kind) {
            order.shrink_to_fit();
        }
        touched
    }

    fn mark(&mut self, scope: Scope, sync: Sync) {
        if sync == Sync::Closed {
            self.close(&scope);
            return;
        }
        if matches!(sync, Sync::Forbidden | Sync::Absent) {
            self.close(&scope);
        }
        self.syncs.insert(scope, sync);
    }
}

#[cfg(test)]
mod tests;
