//! By uid, by owner, by label, by link: kept beside the records, so that no view scans the cluster.

use crate::kinds::{KindId, Selector};
use crate::kinds::{Link, ObjectRef, Record, Target};
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

/// Where a record stands in the cluster's list of records.
pub type Slot = u32;

/// A kind, and one namespace or all.
type Place = (KindId, Option<Arc<str>>);

type LabelKey = (KindId, Arc<str>, Arc<str>, Arc<str>);

/// The indexes of one cluster.
#[derive(Debug, Default, PartialEq)]
pub struct Index {
    uids: HashMap<Arc<str>, Slot>,
    owned: HashMap<Arc<str>, Vec<Slot>>,
    labels: HashMap<LabelKey, Vec<Slot>>,
    named: HashMap<ObjectRef, Vec<Slot>>,
    /// Selector links by the kind and namespace that they speak of.
    selectors: HashMap<Place, Vec<(Slot, Selector)>>,
}

impl Index {
    /// Takes in a record.
    pub fn insert(&mut self, slot: Slot, record: &Record) {
        self.uids.insert(Arc::clone(&record.meta.uid), slot);
        for owner in record.meta.owners.iter() {
            add(&mut self.owned, Arc::clone(&owner.uid), slot);
        }
        for key in label_keys(record) {
            add(&mut self.labels, key, slot);
        }
        for link in record.digest.links.iter() {
            self.link(slot, link);
        }
    }

    /// Takes out a record.
    pub fn remove(&mut self, slot: Slot, record: &Record) {
        if self.uids.get(&record.meta.uid) == Some(&slot) {
            self.uids.remove(&record.meta.uid);
        }
        for owner in record.meta.owners.iter() {
            drop_from(&mut self.owned, &owner.uid, slot);
        }
        for key in label_keys(record) {
            drop_from(&mut self.labels, &key, slot);
        }
        for link in record.digest.links.iter() {
            self.unlink(slot, link);
        }
    }

    /// Puts a new version in the place of an old one; touches only what differs.
    pub fn replace(&mut self, slot: Slot, old: Option<&Record>, new: &Record) {
        let same = old.is_some_and(|old| {
            old.meta.uid == new.meta.uid
                && old.meta.owners == new.meta.owners
                && old.meta.labels == new.meta.labels
                && old.digest.links == new.digest.links
        });
        if same {
            return;
        }
        if let Some(old) = old {
            self.remove(slot, old);
        }
        self.insert(slot, new);
    }

    /// The record with this uid.
    pub fn by_uid(&self, uid: &str) -> Option<Slot> {
        self.uids.get(uid).copied()
    }

    /// The records that name this uid among their owners.
    pub fn children(&self, uid: &str) -> &[Slot] {
        self.owned.get(uid).map_or(&[], Vec::as_slice)
    }

    /// The namespaced records that carry a label.
    pub fn labelled(&self, kind: KindId, namespace: &Arc<str>, key: &Arc<str>, value: &Arc<str>) -> &[Slot] {
        let key = (kind, Arc::clone(namespace), Arc::clone(key), Arc::clone(value));
        self.labels.get(&key).map_or(&[], Vec::as_slice)
    }

    /// The records that hold a link to this name.
    pub fn naming(&self, key: &ObjectRef) -> &[Slot] {
        self.named.get(key).map_or(&[], Vec::as_slice)
    }

    /// The records that hold a selector which matches this record.
    pub fn selecting(&self, record: &Record) -> Vec<Slot> {
        let own = (record.key.kind, record.key.namespace.clone());
        let all = (record.key.kind, None);
        let everywhere = if own == all { None } else { self.selectors.get(&all) };
        let candidates = self.selectors.get(&own).into_iter().chain(everywhere).flatten();
        candidates.filter(|(_, selector)| selector.matches(&record.meta.labels)).map(|(slot, _)| *slot).collect()
    }

    /// What this index says otherwise than `fresh`, in words.
    pub fn differences(&self, fresh: &Self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut note = |what: &str, same: bool| {
            if !same {
                wrong.push(format!("the index by {what} does not agree with the records"));
            }
        };
        note("uid", self.uids == fresh.uids);
        note("owner", sorted(&self.owned) == sorted(&fresh.owned));
        note("label", sorted(&self.labels) == sorted(&fresh.labels));
        note("name", sorted(&self.named) == sorted(&fresh.named));
        let slots = |index: &Self| {
            let flat = |v: &Vec<(Slot, Selector)>| {
                let mut slots: Vec<_> = v.iter().map(|(slot, s)| (*slot, format!("{s:?}"))).collect();
                slots.sort();
                slots
            };
            index.selectors.iter().map(|(k, v)| (k.clone(), flat(v))).collect::<HashMap<_, _>>()
        };
        note("selector", slots(self) == slots(fresh));
        wrong
    }

    fn link(&mut self, slot: Slot, link: &Link) {
        match &link.target {
            Target::Named { kind, namespace, name } => {
                let key = ObjectRef { kind: *kind, namespace: namespace.clone(), name: Arc::clone(name) };
                add(&mut self.named, key, slot);
            }
            Target::Selector { kind, namespace, selector } => {
                let list = self.selectors.entry((*kind, namespace.clone())).or_default();
                list.push((slot, (**selector).clone()));
            }
        }
    }

    fn unlink(&mut self, slot: Slot, link: &Link) {
        match &link.target {
            Target::Named { kind, namespace, name } => {
                let key = ObjectRef { kind: *kind, namespace: namespace.clone(), name: Arc::clone(name) };
                drop_from(&mut self.named, &key, slot);
            }
            Target::Selector { kind, namespace, selector } => {
                let place = (*kind, namespace.clone());
                let Some(list) = self.selectors.get_mut(&place) else { return };
                if let Some(at) = list.iter().position(|(s, have)| *s == slot && *have == **selector) {
                    list.swap_remove(at);
                }
                if list.is_empty() {
                    self.selectors.remove(&place);
                }
            }
        }
    }
}

fn label_keys(record: &Record) -> impl Iterator<Item = LabelKey> {
    let namespace = record.key.namespace.as_ref();
    let labels = record.meta.labels.iter();
    labels.filter_map(move |(k, v)| Some((record.key.kind, Arc::clone(namespace?), Arc::clone(k), Arc::clone(v))))
}

fn add<K: Hash + Eq>(map: &mut HashMap<K, Vec<Slot>>, key: K, slot: Slot) {
    map.entry(key).or_default().push(slot);
}

fn drop_from<K: Hash + Eq>(map: &mut HashMap<K, Vec<Slot>>, key: &K, slot: Slot) {
    let Some(slots) = map.get_mut(key) else { return };
    if let Some(at) = slots.iter().position(|s| *s == slot) {
        slots.swap_remove(at);
    }
    if slots.is_empty() {
        map.remove(key);
    }
}

fn sorted<K: Hash + Eq + Clone>(map: &HashMap<K, Vec<Slot>>) -> HashMap<K, Vec<Slot>> {
    let sort = |slots: &Vec<Slot>| {
        let mut slots = slots.clone();
        slots.sort_unstable();
        slots
    };
    map.iter().map(|(k, v)| (k.clone(), sort(v))).collect()
}
