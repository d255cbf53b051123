//! Objects, resourceVersions and the history that watches read. Pure and synchronous: whoever changes
//! an object passes the moment at which it happens, and the same calls always give the same versions and uids.
//!
//! Invariant: undoing the events of a resource newer than V, from the newest back, gives the objects as
//! they were at V; so pages and exact lists see one snapshot while the cluster moves on.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use serde_json::{Value, json};

/// Events kept per resource before the oldest are compacted.
const HISTORY: usize = 20_000;

/// The first resourceVersion handed out; a cluster that lives for a while never starts at one.
const FIRST_VERSION: u64 = 10_000;

/// The letters of generated names: no vowels, nothing that looks like something else.
const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";

/// Namespace (empty for cluster-scoped objects) and name.
pub type Key = (String, String);

/// One stored object at one version.
#[derive(Debug)]
pub struct Object {
    pub key: Key,
    pub version: u64,
    pub value: Value,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    Added,
    Modified,
    Deleted,
}

/// One entry of a resource's history.
#[derive(Clone, Debug)]
pub struct Event {
    pub version: u64,
    pub happened: Happened,
    /// The object after the change; for a deletion its last state, at the deletion's version.
    pub object: Arc<Object>,
    /// The object before the change.
    pub before: Option<Arc<Object>>,
}

/// Why the store refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    NotFound,
    AlreadyExists,
    /// The resourceVersion that the caller saw is no longer current.
    Conflict,
}

/// The asked version is not in the history any more, or not there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhen {
    Expired { oldest: u64 },
    Future { current: u64 },
}

#[derive(Debug, Default)]
struct Kept {
    objects: BTreeMap<Key, Arc<Object>>,
    events: VecDeque<Event>,
    /// Changes up to this version are no longer in `events`.
    compacted: u64,
}

/// Every object of one cluster, by resource (`deployments.apps`), namespace and name.
#[derive(Debug)]
pub struct Store {
    version: u64,
    resources: BTreeMap<Arc<str>, Kept>,
}

impl Store {
    pub fn new() -> Self {
        Self { version: FIRST_VERSION, resources: BTreeMap::new() }
    }

    /// The version of the last change of any object.
    pub fn version(&self) -> u64 {
        self.version
    }

    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<&Arc<Object>> {
        let key = (namespace.to_owned(), name.to_owned());
        self.resources.get(resource)?.objects.get(&key)
    }

    /// The objects of a resource in the order of their keys, of one namespace or of all.
    pub fn list<'a>(
        &'a self,
        resource: &str,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<Object>> + use<'a> {
        let from = match namespace {
            Some(namespace) => Bound::Included((namespace.to_owned(), String::new())),
            None => Bound::Unbounded,
        };
        self.resources
            .get(resource)
            .into_iter()
            .flat_map(move |kept| kept.objects.range((from.clone(), Bound::Unbounded)))
            .map(|(_, object)| object)
            .take_while(move |object| namespace.is_none_or(|namespace| object.key.0 == namespace))
    }

    /// Every object with its resource.
    pub fn all(&self) -> impl Iterator<Item = (&str, &Arc<Object>)> {
        let resources = self.resources.iter();
        resources.flat_map(|(resource, kept)| kept.objects.values().map(move |object| (&**resource, object)))
    }

    /// The objects of a resource as they were at `version`.
    pub fn snapshot(&self, resource: &str, version: u64) -> Result<BTreeMap<Key, Arc<Object>>, Elsewhen> {
        if self.version < version {
            return Err(Elsewhen::Future { current: self.version });
        }
        let Some(kept) = self.resources.get(resource) else {
            return Ok(BTreeMap::new());
        };
        if version < kept.compacted {
            return Err(Elsewhen::Expired { oldest: kept.compacted });
        }
        let mut objects = kept.objects.clone();
        for event in kept.events.iter().rev().take_while(|event| version < event.version) {
            match &event.before {
                Some(before) => objects.insert(event.object.key.clone(), Arc::clone(before)),
                None => objects.remove(&event.object.key),
            };
        }
        Ok(objects)
    }

    /// What happened to a resource after `version`, oldest first.
    pub fn since(&self, resource: &str, version: u64) -> Result<impl Iterator<Item = &Event>, Elsewhen> {
        if self.version < version {
            return Err(Elsewhen::Future { current: self.version });
        }
        let kept = self.resources.get(resource);
        let oldest = kept.map_or(0, |kept| kept.compacted);
        if version < oldest {
            return Err(Elsewhen::Expired { oldest });
        }
        let events = kept.map(|kept| {
            let start = kept.events.partition_point(|event| event.version <= version);
            kept.events.range(start..)
        });
        Ok(events.into_iter().flatten())
    }

    /// Adds an object; uid, generation and creationTimestamp are filled in where absent.
    pub fn create(&mut self, resource: &str, mut value: Value, now: jiff::Timestamp) -> Result<Arc<Object>, Refused> {
        let key = key_of(&value);
        if self.get(resource, &key.0, &key.1).is_some() {
            return Err(Refused::AlreadyExists);
        }
        let version = self.version + 1;
        default_metadata(resource, &key, &mut value, version, now);
        Ok(self.commit(resource, key, value, Happened::Added))
    }

    /// Replaces an object. A change of the spec raises the generation; a change of nothing is no change.
    pub fn update(&mut self, resource: &str, mut value: Value) -> Result<Arc<Object>, Refused> {
        let key = key_of(&value);
        let current = self.get(resource, &key.0, &key.1).ok_or(Refused::NotFound)?;
        let seen = value["metadata"]["resourceVersion"].as_str().map(str::to_owned);
        if seen.is_some_and(|seen| seen != current.version.to_string()) {
            return Err(Refused::Conflict);
        }
        value["metadata"]["resourceVersion"] = json!(current.version.to_string());
        value["metadata"]["uid"] = current.value["metadata"]["uid"].clone();
        if value["spec"] != current.value["spec"] {
            let generation = current.value["metadata"]["generation"].as_i64().unwrap_or(1);
            value["metadata"]["generation"] = json!(generation + 1);
        }
        if value == current.value {
            return Ok(Arc::clone(current));
        }
        Ok(self.commit(resource, key, value, Happened::Modified))
    }

    /// Removes an object; watchers see its last state at the deletion's version.
    pub fn delete(&mut self, resource: &str, namespace: &str, name: &str) -> Result<Arc<Object>, Refused> {
        let object = self.get(resource, namespace, name).ok_or(Refused::NotFound)?;
        let (key, value) = (object.key.clone(), object.value.clone());
        Ok(self.commit(resource, key, value, Happened::Deleted))
    }

    /// Forgets the history, as etcd's compaction and a restarted watch cache do together.
    pub fn compact(&mut self) {
        for kept in self.resources.values_mut() {
            kept.events.clear();
            kept.compacted = self.version;
        }
    }

    fn commit(&mut self, resource: &str, key: Key, mut value: Value, happened: Happened) -> Arc<Object> {
        self.version += 1;
        value["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let object = Arc::new(Object { key: key.clone(), version: self.version, value });
        let kept = match self.resources.get_mut(resource) {
            Some(kept) => kept,
            None => self.resources.entry(Arc::from(resource)).or_default(),
        };
        let before = match happened {
            Happened::Deleted => kept.objects.remove(&key),
            Happened::Added | Happened::Modified => kept.objects.insert(key, Arc::clone(&object)),
        };
        kept.events.push_back(Event { version: self.version, happened, object: Arc::clone(&object), before });
        if HISTORY < kept.events.len()
            && let Some(oldest) = kept.events.pop_front()
        {
            kept.compacted = oldest.version;
        }
        object
    }
}

fn key_of(value: &Value) -> Key {
    let text = |name: &str| value["metadata"][name].as_str().unwrap_or_default().to_owned();
    (text("namespace"), text("name"))
}

fn default_metadata(resource: &str, key: &Key, value: &mut Value, version: u64, now: jiff::Timestamp) {
    let Some(metadata) = value["metadata"].as_object_mut() else { return };
    metadata.entry("creationTimestamp").or_insert_with(|| json!(seconds(now)));
    metadata.entry("uid").or_insert_with(|| json!(uid(&format!("{resource}/{}/{}/{version}", key.0, key.1))));
    if value.get("spec").is_some() && resource != "namespaces" {
        let generation = &mut value["metadata"]["generation"];
        if generation.is_null() {
            *generation = json!(1);
        }
    }
}

/// A timestamp as Kubernetes writes it: whole seconds, UTC.
pub fn seconds(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A uid that looks random and is the same for the same seed on every run (FNV-1a, 128 bits).
pub fn uid(seed: &str) -> String {
    let hash = seed.bytes().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128, |hash, byte| {
        (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b)
    });
    let hex = format!("{hash:032x}");
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}

/// Letters and digits that depend on the seed alone, as generated names have them.
pub fn suffix(seed: &str, length: usize) -> String {
    let hex = uid(seed).replace('-', "");
    let bytes = hex.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    let numbers = bytes.filter_map(|pair| usize::from_str_radix(pair, 16).ok());
    numbers.take(length).map(|number| char::from(LETTERS[number % LETTERS.len()])).collect()
}

#[cfg(test)]
mod tests;
