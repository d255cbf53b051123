//! Derived state: tables, Home, details, search. Pure: the same cluster, question and `now` give the same value.
//!
//! Invariants: no IO and no clock; nothing is remembered between calls; a half-synced cluster never makes a view panic.
//! What comes out is ready to paint: text with a role, never a style.

pub mod consequence;
pub mod describe;
pub mod expiry;
pub mod filter;
pub mod fit;
pub mod health;
pub mod host;
pub mod line;
pub mod logs;
pub mod picture;
pub mod reverse;
pub mod rollout;
pub mod routes;
pub mod search;
pub mod table;
pub mod trace;

use crate::kinds::{Catalog, ObjectRef};

/// How an object is called in one word, without its namespace: `pod/web-1`.
pub fn name(catalog: &Catalog, key: &ObjectRef) -> String {
    let kind = catalog.get(key.kind).map_or_else(|| "object".to_owned(), |kind| kind.kind.to_lowercase());
    format!("{kind}/{}", key.name)
}

/// How an object is called in full: `Service shop/web`.
pub fn title(catalog: &Catalog, key: &ObjectRef) -> String {
    let kind = catalog.get(key.kind).map_or("object", |kind| &*kind.kind);
    match &key.namespace {
        Some(namespace) => format!("{kind} {namespace}/{}", key.name),
        None => format!("{kind} {}", key.name),
    }
}

/// The same as `name` with the kind's short name: `deploy/web`.
pub fn short_name(catalog: &Catalog, key: &ObjectRef) -> String {
    let kind = catalog.get(key.kind);
    // `po` and `no` save nothing: a short name has three letters at least.
    let short = kind.and_then(|kind| {
        let names = kind.short_names.iter().filter(|name| 2 < name.len() && name.len() < kind.kind.len());
        names.min_by_key(|name| name.len())
    });
    short.map_or_else(|| name(catalog, key), |short| format!("{short}/{}", key.name))
}
