//! New objects: named, filled in, checked, counted against quotas, stored.

use serde_json::{Value, json};

use crate::demo::State;
use crate::demo::admit::{defaults, limits, quota, text, validate};
use crate::demo::controllers;
use crate::demo::resources::Resource;
use crate::demo::status::Failure;
use crate::demo::store::{self, Store, seconds};
use crate::demo::write::managed::{self, Writer};
use crate::demo::write::{Ask, Done, Strictness, body};
use crate::wire::meta::BY_THE_SERVER;

/// Creates what the body says.
pub fn create(ask: &Ask, state: &mut State) -> Result<Done, Failure> {
    if !ask.route.name.is_empty() {
        return Err(Failure::method_not_allowed());
    }
    let object = body::object(ask.schema, ask.media, ask.body)?;
    let writer = ask.writer(state, false);
    store(ask, state, object, Some(&writer))
}

/// Stores a new object; an applied one comes with its own list of managers.
pub fn store(ask: &Ask, state: &mut State, mut object: Value, writer: Option<&Writer>) -> Result<Done, Failure> {
    let resource = ask.resource;
    let warnings = read(ask, &mut object)?;
    identify(ask, state, &mut object)?;
    let id = resource.id();
    let name = text(&object["metadata"], "name").to_owned();
    let managers = object["metadata"].get("managedFields").cloned();
    reset(resource, &mut object);
    defaults::fill(&id, &mut object);
    check_namespace(&state.store, resource, &ask.route.namespace, &name)?;
    let causes = if resource.custom.is_some() { Vec::new() } else { validate::new(&id, &object) };
    if !causes.is_empty() {
        return Err(Failure::invalid(resource, &name, &causes));
    }
    if state.store.get(&id, &ask.route.namespace, &name).is_some() {
        return Err(Failure::already_exists(resource, &name));
    }
    admit(&state.store, &id, &ask.route.namespace, &mut object)
        .map_err(|why| Failure::refused(resource, &name, &why))?;
    match writer {
        Some(writer) => {
            let fields = managed::all(ask.place(), &object);
            object["metadata"]["managedFields"] = json!([]);
            managed::note(&mut object, writer, &fields, &json!({}));
        }
        None => object["metadata"]["managedFields"] = managers.unwrap_or_else(|| json!([])),
    }
    if ask.is_dry() {
        object["metadata"]["uid"] = json!(store::uid(&format!("{id}/{name}/{}", state.store.version() + 1)));
        object["metadata"]["creationTimestamp"] = json!(seconds(state.now));
        if object["spec"].is_object() {
            object["metadata"]["generation"] = json!(1);
        }
        return Ok(Done { code: 201, value: object, is_object: true, warnings });
    }
    let created = state.store.create(&id, object, state.now).map_err(|_| Failure::already_exists(resource, &name))?;
    let key = created.key.clone();
    state.story.act(&mut state.store, state.now, |stage| controllers::created(stage, &id, &key));
    let value = state.store.get(&id, &key.0, &key.1).map_or_else(|| created.value.clone(), |now| now.value.clone());
    Ok(Done { code: 201, value, is_object: true, warnings })
}

/// Judges the fields and the identity that the body claims.
fn read(ask: &Ask, object: &mut Value) -> Result<Vec<String>, Failure> {
    let (resource, version) = (ask.resource, &ask.route.version);
    let (api_version, kind) = (text(object, "apiVersion"), text(object, "kind"));
    let wanted = resource.api_version(version);
    if !api_version.is_empty() && (api_version, kind) != (wanted.as_str(), resource.kind.as_str()) {
        let text =
            format!("the API version in the data ({api_version}) does not match the expected API version ({wanted})");
        return Err(Failure::bad_request(if kind == resource.kind {
            text
        } else {
            format!(
                "{kind} in version {:?} cannot be handled as a {}: no kind {kind:?} is registered",
                last(api_version),
                resource.kind
            )
        }));
    }
    object["apiVersion"] = json!(wanted);
    object["kind"] = json!(resource.kind);
    let judged = body::judge(ask.place(), object);
    let cannot = |why: &str| {
        let kind = &resource.kind;
        Failure::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {why}"))
    };
    if let Some(wrong) = judged.wrong {
        return Err(cannot(&wrong));
    }
    match ask.strictness()? {
        Strictness::Strict if !judged.unknown.is_empty() => {
            Err(cannot(&format!("strict decoding error: {}", judged.unknown.join(", "))))
        }
        Strictness::Ignore => Ok(Vec::new()),
        _ => Ok(judged.unknown),
    }
}

fn last(api_version: &str) -> &str {
    api_version.rsplit('/').next().unwrap_or_default()
}

/// Namespace and name, generated where only a beginning is given.
fn identify(ask: &Ask, state: &State, object: &mut Value) -> Result<(), Failure> {
    let namespace = text(&object["metadata"], "namespace").to_owned();
    if !object["metadata"].is_object() {
        object["metadata"] = json!({});
    }
    if ask.resource.namespaced {
        if !namespace.is_empty() && namespace != ask.route.namespace {
            return Err(Failure::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        object["metadata"]["namespace"] = json!(ask.route.namespace);
    }
    let beginning = text(&object["metadata"], "generateName").to_owned();
    if text(&object["metadata"], "name").is_empty() && !beginning.is_empty() {
        let suffix = store::suffix(&format!("{beginning}{}", state.store.version()), 5);
        object["metadata"]["name"] = json!(format!("{beginning}{suffix}"));
    }
    Ok(())
}

/// Takes out what only the server writes.
fn reset(resource: &Resource, object: &mut Value) {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        for own in BY_THE_SERVER {
            metadata.remove(own);
        }
    }
    if resource.subresources.contains(&"status")
        && let Some(map) = object.as_object_mut()
    {
        map.remove("status");
    }
}

fn check_namespace(store: &Store, resource: &Resource, namespace: &str, name: &str) -> Result<(), Failure> {
    if !resource.namespaced {
        return Ok(());
    }
    let Some(found) = store.get("namespaces", "", namespace) else {
        return Err(Failure::namespace_not_found(namespace));
    };
    if found.value["metadata"]["deletionTimestamp"].is_null() {
        return Ok(());
    }
    let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
    let mut failure = Failure::refused(resource, name, &why);
    let message = format!("namespace {namespace} is being terminated");
    failure.details["causes"] =
        json!([{"reason": "NamespaceTerminating", "message": message, "field": "metadata.namespace"}]);
    Err(failure)
}

/// Limits and quotas, and what a kind has from the moment of its creation.
pub fn admit(store: &Store, id: &str, namespace: &str, object: &mut Value) -> Result<(), String> {
    match id {
        "pods" => {
            limits::admit(store, namespace, object)?;
            object["status"]["phase"] = json!("Pending");
            object["status"]["qosClass"] = limits::quality(object);
        }
        "services" => controllers::allocate(store, object),
        _ => {}
    }
    quota::exceeded(store, id, namespace, object).map_or(Ok(()), Err)
}
