//! get and list: resourceVersion semantics, pages and selectors.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::demo::convert;
use crate::demo::output::ListMeta;
use crate::demo::resources::Resource;
use crate::demo::route::{Query, Route};
use crate::demo::selector::{self, Selector};
use crate::demo::status::Failure;
use crate::demo::store::{Elsewhen, Key, Object, Store};

/// The selection of a list or watch request.
pub fn select(resource: &Resource, route: &Route, query: &Query) -> Result<Selector, Failure> {
    let selector =
        Selector::parse(query.text("labelSelector"), query.text("fieldSelector")).map_err(Failure::bad_request)?;
    let selector = convert::selector(&resource.group, selector);
    let declared = resource.selectable_fields(&route.version);
    for path in selector.field_paths() {
        selector::check_field(&resource.id(), resource.namespaced, path, &declared).map_err(Failure::bad_request)?;
    }
    Ok(selector)
}

/// The namespace that a list or watch is confined to.
pub fn namespace(route: &Route) -> Option<&str> {
    (!route.namespace.is_empty()).then_some(route.namespace.as_str())
}

/// One page of a list, or the whole of it.
pub struct Page {
    pub items: Vec<Arc<Object>>,
    pub meta: ListMeta,
}

/// Answers a list request.
pub fn list(store: &Store, resource: &Resource, route: &Route, query: &Query) -> Result<Page, Failure> {
    let selector = select(resource, route, query)?;
    let limit = query.number::<usize>("limit").map_err(Failure::bad_request)?.filter(|limit| *limit != 0);
    let from = start(store, query, limit.is_some())?;
    // The API server answers resourceVersion=0 from its cache, which knows no pages.
    let limit = limit.filter(|_| query.text("resourceVersion") != "0");
    let id = resource.id();
    let within = namespace(route);
    let matching = |object: &Arc<Object>| {
        within.is_none_or(|namespace| object.key.0 == namespace)
            && from.after.as_ref().is_none_or(|after| *after < object.key)
            && selector.matches(&object.value)
    };
    let mut items: Vec<Arc<Object>> = if from.version == store.version() {
        store.list(&id, within).filter(|object| matching(object)).cloned().collect()
    } else {
        let snapshot = store.snapshot(&id, from.version).map_err(|when| elsewhen(when, from.version, query))?;
        snapshot.into_values().filter(|object| matching(object)).collect()
    };
    let mut meta = ListMeta { version: from.version, ..ListMeta::default() };
    if let Some(limit) = limit.filter(|limit| *limit < items.len()) {
        let rest = items.split_off(limit);
        meta.remaining = selector.is_everything().then_some(rest.len());
        meta.next = items.last().map(|last| token(from.version, &last.key)).unwrap_or_default();
    }
    Ok(Page { items, meta })
}

/// Where a list begins: at which version, after which key.
struct Start {
    version: u64,
    after: Option<Key>,
}

fn start(store: &Store, query: &Query, paged: bool) -> Result<Start, Failure> {
    let (text, matching, next) =
        (query.text("resourceVersion"), query.text("resourceVersionMatch"), query.text("continue"));
    check_match(text, matching, next)?;
    if !next.is_empty() {
        return resume(store, next);
    }
    let asked = query.number::<u64>("resourceVersion").map_err(Failure::bad_request)?.unwrap_or(0);
    if store.version() < asked {
        return Err(Failure::too_large(asked, store.version()));
    }
    let exact = matching == "Exact" || (matching.is_empty() && paged && asked != 0);
    Ok(Start { version: if exact { asked } else { store.version() }, after: None })
}

fn check_match(version: &str, matching: &str, next: &str) -> Result<(), Failure> {
    let refuse = |message: &str| Err(Failure::invalid_options("resourceVersionMatch", message));
    match (version, matching, next) {
        (_, "", "") | ("" | "0", "", _) => Ok(()),
        (_, "", _) => Err(Failure::bad_request("specifying resource version is not allowed when using continue")),
        (_, _, next) if !next.is_empty() => refuse("resourceVersionMatch is forbidden when continue is provided"),
        ("", _, _) => refuse("resourceVersionMatch is forbidden unless resourceVersion is provided"),
        ("0", "Exact", _) => refuse("resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\""),
        (_, "Exact" | "NotOlderThan", _) => Ok(()),
        _ => refuse("supported values: \"Exact\", \"NotOlderThan\""),
    }
}

fn resume(store: &Store, next: &str) -> Result<Start, Failure> {
    let invalid = || Failure::bad_request("continue key is not valid");
    let bytes = URL_SAFE_NO_PAD.decode(next.trim_end_matches('=')).map_err(|_| invalid())?;
    let token: Value = serde_json::from_slice(&bytes).map_err(|_| invalid())?;
    let (namespace, name) = token["start"].as_str().and_then(|start| start.split_once('/')).ok_or_else(invalid)?;
    let version = token["rv"].as_i64().ok_or_else(invalid)?;
    let after = Some((namespace.to_owned(), name.trim_end_matches('\0').to_owned()));
    // A negative version is the token that a 410 offers: go on with what is there now.
    Ok(Start { version: u64::try_from(version).unwrap_or(store.version()), after })
}

fn token(version: u64, last: &Key) -> String {
    let version = i64::try_from(version).unwrap_or(-1);
    encode_token(version, &format!("{}/{}\0", last.0, last.1))
}

fn encode_token(version: i64, start: &str) -> String {
    URL_SAFE_NO_PAD.encode(json!({"v": "meta.k8s.io/v1", "rv": version, "start": start}).to_string())
}

fn elsewhen(when: Elsewhen, asked: u64, query: &Query) -> Failure {
    match (when, query.text("continue")) {
        (Elsewhen::Future { current }, _) => Failure::too_large(asked, current),
        (Elsewhen::Expired { .. }, "") => Failure::expired("The resourceVersion for the provided list is too old."),
        (Elsewhen::Expired { .. }, next) => {
            let mut failure = Failure::expired(
                "The provided continue parameter is too old to display a consistent list result. You can start a \
                 new list without the continue parameter, or use the continue token in this response to retrieve \
                 the remainder of the results. Continuing with the provided token results in an inconsistent list \
                 - objects that were created, modified, or deleted between the time the first chunk was returned \
                 and now may show up in the list.",
            );
            let bytes = URL_SAFE_NO_PAD.decode(next).unwrap_or_default();
            let token: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            failure.next = encode_token(-1, token["start"].as_str().unwrap_or_default());
            failure
        }
    }
}
