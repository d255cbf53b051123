//! Changes of objects that are there: replaced as a whole, patched in one of the three ways, or applied.

use serde_json::{Value, json};

use crate::demo::State;
use crate::demo::admit::{defaults, text, validate};
use crate::demo::controllers;
use crate::demo::resources::Resource;
use crate::demo::status::{Cause, Failure};
use crate::demo::write::json_patch::{self, Fault};
use crate::demo::write::managed::{self, Writer};
use crate::demo::write::{Ask, Done, Strictness, apply, body, create, strategic};

/// Metadata that no client changes.
const FIXED: [&str; 8] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "name",
    "namespace",
    "selfLink",
    "uid",
];

/// Replaces an object by the body.
pub fn replace(ask: &Ask, state: &mut State) -> Result<Done, Failure> {
    let mut object = body::object(ask.schema, ask.media, ask.body)?;
    let before = ask.stored(state)?;
    let name = text(&object["metadata"], "name").to_owned();
    if !name.is_empty() && name != ask.route.name {
        return Err(Failure::bad_request(format!(
            "the name of the object ({name}) does not match the name on the URL ({})",
            ask.route.name
        )));
    }
    let judged = body::judge(ask.place(), &mut object);
    let cannot = |why: &str| {
        let (kind, version) = (&ask.resource.kind, &ask.route.version);
        Failure::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {why}"))
    };
    if let Some(wrong) = judged.wrong {
        return Err(cannot(&wrong));
    }
    let strictness = ask.strictness()?;
    if strictness == Strictness::Strict && !judged.unknown.is_empty() {
        return Err(cannot(&format!("strict decoding error: {}", judged.unknown.join(", "))));
    }
    let warnings = if strictness == Strictness::Ignore { Vec::new() } else { judged.unknown };
    let writer = ask.writer(state, false);
    keep(ask, state, &before, object, Some(&writer), warnings)
}

/// Patches an object.
pub fn patch(ask: &Ask, state: &mut State) -> Result<Done, Failure> {
    if ask.media == body::APPLY_PATCH {
        return applied(ask, state);
    }
    let before = ask.stored(state)?;
    let after = patched(ask, &before)?;
    let (after, warnings) = judged(ask, after)?;
    let writer = ask.writer(state, false);
    keep(ask, state, &before, after, Some(&writer), warnings)
}

/// The object with the patch applied to it.
pub fn patched(ask: &Ask, before: &Value) -> Result<Value, Failure> {
    let mut accepted = vec![body::JSON_PATCH, body::MERGE_PATCH, body::STRATEGIC_PATCH, body::APPLY_PATCH];
    if ask.resource.custom.is_some() {
        accepted.remove(2);
    }
    if !accepted.contains(&ask.media) {
        return Err(Failure::unsupported(&accepted));
    }
    let patch: Value = serde_json::from_slice(ask.body)
        .map_err(|error| Failure::bad_request(format!("error decoding patch: {error}")))?;
    let mut after = before.clone();
    match ask.media {
        body::JSON_PATCH => json_patch::apply(&mut after, &patch).map_err(|fault| match fault {
            Fault::Malformed(why) => Failure::bad_request(format!("error decoding patch: {why}")),
            Fault::Unfit(_) => Failure::unfit_patch(),
        })?,
        body::MERGE_PATCH => json_patch::merge(&mut after, &patch),
        _ => strategic::merge(ask.place(), &mut after, &patch).map_err(Failure::bad_request)?,
    }
    Ok(after)
}

/// Judges the fields of a patched object.
fn judged(ask: &Ask, mut after: Value) -> Result<(Value, Vec<String>), Failure> {
    let shown = match ask.media {
        body::STRATEGIC_PATCH => {
            let patch: Value = serde_json::from_slice(ask.body).unwrap_or_default();
            format!("{:?}", strategic::go(&patch))
        }
        _ => format!("{:?}", after.to_string()),
    };
    let judged = body::judge(ask.place(), &mut after);
    if let Some(wrong) = judged.wrong {
        return Err(Failure::invalid_patch(&Cause::invalid("patch", &shown, &wrong)));
    }
    match ask.strictness()? {
        Strictness::Strict if !judged.unknown.is_empty() => {
            let text = format!("strict decoding error: {}", judged.unknown.join(", "));
            Err(Failure::invalid_patch(&Cause::invalid("patch", &shown, &text)))
        }
        Strictness::Ignore => Ok((after, Vec::new())),
        _ => Ok((after, judged.unknown)),
    }
}

/// Server-side apply; what is not there is created.
fn applied(ask: &Ask, state: &mut State) -> Result<Done, Failure> {
    if ask.query.text("fieldManager").is_empty() {
        return Err(Failure::bad_request(
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
        ));
    }
    let mut config = body::yaml(ask.body).map_err(|why| Failure::bad_request(format!("error decoding YAML: {why}")))?;
    let judged = body::judge(ask.place(), &mut config);
    let strictness = ask.strictness()?;
    let problem = judged.wrong.or_else(|| {
        (strictness == Strictness::Strict && !judged.unknown.is_empty())
            .then(|| format!("strict decoding error: {}", judged.unknown.join(", ")))
    });
    if let Some(problem) = problem {
        return Err(Failure::bad_request(problem));
    }
    let warnings = if strictness == Strictness::Ignore { Vec::new() } else { judged.unknown };
    let writer = ask.writer(state, true);
    let seen = text(&config["metadata"], "resourceVersion").to_owned();
    forget_status(ask, &mut config);
    if state.store.get(&ask.resource.id(), &ask.route.namespace, &ask.route.name).is_none() {
        config["metadata"]["name"] = json!(ask.route.name);
        let created = apply::create(ask.place(), &config, &writer);
        let mut done = create::store(ask, state, created, None)?;
        done.warnings.extend(warnings);
        return Ok(done);
    }
    let before = ask.stored(state)?;
    let after = apply::apply(ask.place(), &before, &config, &writer, ask.query.flag("force"))?;
    let mut done = keep_seen(ask, state, &before, after, &seen)?;
    done.warnings.extend(warnings);
    Ok(done)
}

/// A status that is applied together with the rest says nothing.
fn forget_status(ask: &Ask, config: &mut Value) {
    if ask.resource.subresources.contains(&"status")
        && ask.route.subresource.is_empty()
        && let Some(map) = config.as_object_mut()
    {
        map.remove("status");
    }
}

fn keep_seen(ask: &Ask, state: &mut State, before: &Value, mut after: Value, seen: &str) -> Result<Done, Failure> {
    if !seen.is_empty() {
        after["metadata"]["resourceVersion"] = json!(seen);
    }
    keep(ask, state, before, after, None, Vec::new())
}

/// Stores a change after all checks, unless it is only tried.
pub fn keep(
    ask: &Ask,
    state: &mut State,
    before: &Value,
    mut after: Value,
    writer: Option<&Writer>,
    warnings: Vec<String>,
) -> Result<Done, Failure> {
    let (resource, id, name) = (ask.resource, ask.resource.id(), &ask.route.name);
    preconditions(resource, name, before, &after)?;
    restore(ask, before, &mut after);
    if resource.custom.is_none() && ask.route.subresource.is_empty() {
        defaults::fill_new(&id, &mut after, before);
        let causes = validate::change(&id, before, &after);
        if !causes.is_empty() {
            return Err(Failure::invalid(resource, name, &causes));
        }
    }
    if let Some(writer) = writer {
        let changed = managed::changed(ask.place(), before, &after);
        let vanished = managed::changed(ask.place(), &after, before);
        let untouched = changed.as_object().is_none_or(serde_json::Map::is_empty)
            && vanished.as_object().is_none_or(serde_json::Map::is_empty);
        match before["metadata"].get("managedFields") {
            _ if !untouched => managed::note(&mut after, writer, &changed, &vanished),
            Some(list) => after["metadata"]["managedFields"] = list.clone(),
            None => {
                if let Some(metadata) = after["metadata"].as_object_mut() {
                    metadata.remove("managedFields");
                }
            }
        }
    } else if same_managers(before, &after) && same_but_managers(before, &after) {
        after["metadata"]["managedFields"] = before["metadata"]["managedFields"].clone();
    }
    if ask.is_dry() {
        if after["spec"] != before["spec"] {
            let generation = before["metadata"]["generation"].as_i64();
            after["metadata"]["generation"] = json!(generation.unwrap_or(0) + 1);
        }
        return Ok(Done { code: 200, value: after, is_object: true, warnings });
    }
    let updated = state.store.update(&id, after).map_err(|_| Failure::conflict(resource, name))?;
    let value = settle(state, &id, before, &updated.key);
    Ok(Done { code: 200, value: value.unwrap_or_else(|| updated.value.clone()), is_object: true, warnings })
}

/// Lets the controllers see a change.
fn settle(state: &mut State, id: &str, before: &Value, key: &(String, String)) -> Option<Value> {
    let written = state.store.get(id, &key.0, &key.1).map(|object| object.value.clone());
    state.story.act(&mut state.store, state.now, |stage| controllers::changed(stage, id, key, before));
    written
}

fn same_but_managers(before: &Value, after: &Value) -> bool {
    let plain = |object: &Value| {
        let mut object = object.clone();
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("managedFields");
        }
        object
    };
    plain(before) == plain(after)
}

/// Whether both lists say the same apart from their times.
fn same_managers(before: &Value, after: &Value) -> bool {
    let plain = |object: &Value| {
        let mut list = object["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        for entry in &mut list {
            entry["time"] = Value::Null;
        }
        list.sort_by_key(|entry| entry["manager"].to_string() + &entry["operation"].to_string());
        list
    };
    plain(before) == plain(after)
}

fn preconditions(resource: &Resource, name: &str, before: &Value, after: &Value) -> Result<(), Failure> {
    let (old, new) = (&before["metadata"], &after["metadata"]);
    let seen = text(new, "resourceVersion");
    if !seen.is_empty() && seen != text(old, "resourceVersion") {
        return Err(Failure::conflict(resource, name));
    }
    if !text(new, "uid").is_empty() && new["uid"] != old["uid"] {
        let why = format!(
            "Precondition failed: UID in precondition: {}, UID in object meta: {}",
            text(new, "uid"),
            text(old, "uid")
        );
        return Err(Failure::stale(resource, name, &why));
    }
    Ok(())
}

/// Puts back what this request may not change: identity always, the status or all but the status.
fn restore(ask: &Ask, before: &Value, after: &mut Value) {
    let with_status = ask.resource.subresources.contains(&"status");
    match ask.route.subresource.as_str() {
        "status" => {
            let status = after["status"].take();
            let managers = after["metadata"]["managedFields"].take();
            *after = before.clone();
            after["status"] = status;
            if managers.is_array() {
                after["metadata"]["managedFields"] = managers;
            }
        }
        _ if with_status => match before.get("status") {
            Some(status) => after["status"] = status.clone(),
            None => {
                if let Some(map) = after.as_object_mut() {
                    map.remove("status");
                }
            }
        },
        _ => {}
    }
    after["apiVersion"] = before["apiVersion"].clone();
    after["kind"] = before["kind"].clone();
    let Some(metadata) = after["metadata"].as_object_mut() else { return };
    for field in FIXED {
        match before["metadata"].get(field) {
            Some(value) => _ = metadata.insert(field.to_owned(), value.clone()),
            None => _ = metadata.remove(field),
        }
    }
    metadata.insert("resourceVersion".to_owned(), before["metadata"]["resourceVersion"].clone());
}
