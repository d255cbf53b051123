//! Deletions: preconditions, grace, and what becomes of the objects that the deleted one owns.

use serde_json::{Value, json};

use crate::demo::State;
use crate::demo::admit::text;
use crate::demo::controllers::{self, Propagation};
use crate::demo::read;
use crate::demo::status::Failure;
use crate::demo::write::{Ask, Done, body};

/// What a client says about a deletion, in the body or in the query.
struct Options {
    propagation: Propagation,
    grace: Option<i64>,
    uid: String,
    version: String,
    dry: bool,
}

impl Options {
    fn read(ask: &Ask) -> Result<Self, Failure> {
        let body = if ask.body.is_empty() { Value::Null } else { body::object(ask.schema, ask.media, ask.body)? };
        Self::of(&body, ask)
    }

    fn of(body: &Value, ask: &Ask) -> Result<Self, Failure> {
        let either = |name: &str| match text(body, name) {
            "" => ask.query.text(name).to_owned(),
            text => text.to_owned(),
        };
        let grace = ask.query.number::<i64>("gracePeriodSeconds").map_err(Failure::bad_request)?;
        let propagation = match either("propagationPolicy").as_str() {
            "" if body["orphanDependents"] == true => Propagation::Orphan,
            "" | "Background" => Propagation::Background,
            "Foreground" => Propagation::Foreground,
            "Orphan" => Propagation::Orphan,
            other => {
                return Err(Failure::bad_request(format!(
                    "invalid propagationPolicy {other:?}: supported values: \"Background\", \"Foreground\", \"Orphan\""
                )));
            }
        };
        let dry = body["dryRun"].as_array().is_some_and(|list| list.iter().any(|entry| entry == "All"));
        Ok(Self {
            propagation,
            grace: body["gracePeriodSeconds"].as_i64().or(grace),
            uid: text(&body["preconditions"], "uid").to_owned(),
            version: text(&body["preconditions"], "resourceVersion").to_owned(),
            dry: dry || ask.is_dry(),
        })
    }
}

/// Deletes the object of the path.
pub fn one(ask: &Ask, state: &mut State) -> Result<Done, Failure> {
    let options = Options::read(ask)?;
    delete(ask, state, &options)
}

/// Evicts: a deletion whose options came within the eviction.
pub fn by(ask: &Ask, state: &mut State, options: &Value) -> Result<Done, Failure> {
    let options = Options::of(options, ask)?;
    delete(ask, state, &options)
}

fn delete(ask: &Ask, state: &mut State, options: &Options) -> Result<Done, Failure> {
    let resource = ask.resource;
    let object = ask.stored(state)?;
    let meta = &object["metadata"];
    let differs = |wanted: &str, is: &str| !wanted.is_empty() && wanted != is;
    if differs(&options.uid, text(meta, "uid")) {
        let why = format!(
            "the UID in the precondition ({}) does not match the UID in record ({}). The object might have been \
             deleted and then recreated",
            options.uid,
            text(meta, "uid")
        );
        return Err(Failure::precondition(resource, &ask.route.name, &why));
    }
    if differs(&options.version, text(meta, "resourceVersion")) {
        let why = format!(
            "the ResourceVersion in the precondition ({}) does not match the ResourceVersion in record ({}). The \
             object might have been modified",
            options.version,
            text(meta, "resourceVersion")
        );
        return Err(Failure::precondition(resource, &ask.route.name, &why));
    }
    let id = resource.id();
    if id == "namespaces" && ["default", "kube-system", "kube-public"].contains(&ask.route.name.as_str()) {
        return Err(Failure::refused(resource, &ask.route.name, "this namespace may not be deleted"));
    }
    let (key, propagation, grace) = (ask.key(), options.propagation, options.grace);
    if !options.dry {
        state.story.act(&mut state.store, state.now, |stage| {
            controllers::delete(stage, &id, &key, propagation, grace);
        });
    }
    let left = state.store.get(&id, &key.0, &key.1).filter(|_| !options.dry).map(|object| object.value.clone());
    Ok(match left {
        Some(value) => Done { code: 200, value, is_object: true, warnings: Vec::new() },
        None => {
            let mut details = json!({"name": ask.route.name, "kind": resource.plural, "uid": meta["uid"]});
            if !resource.group.is_empty() {
                details["group"] = json!(resource.group);
            }
            let value = json!({
                "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details,
            });
            Done { code: 200, value, is_object: false, warnings: Vec::new() }
        }
    })
}

/// Deletes everything that the query selects, and answers with a list of it.
pub fn all(ask: &Ask, state: &mut State) -> Result<Done, Failure> {
    let options = Options::read(ask)?;
    let selector = read::select(ask.resource, ask.route, ask.query)?;
    let id = ask.resource.id();
    let chosen: Vec<_> = state
        .store
        .list(&id, read::namespace(ask.route))
        .filter(|object| selector.matches(&object.value))
        .cloned()
        .collect();
    if !options.dry {
        state.story.act(&mut state.store, state.now, |stage| {
            for object in &chosen {
                controllers::delete(stage, &id, &object.key, options.propagation, options.grace);
            }
        });
    }
    let items: Vec<&Value> = chosen.iter().map(|object| &object.value).collect();
    let value = json!({
        "kind": ask.resource.list_kind, "apiVersion": ask.resource.api_version(&ask.route.version),
        "metadata": {"resourceVersion": state.store.version().to_string()}, "items": items,
    });
    Ok(Done { code: 200, value, is_object: false, warnings: Vec::new() })
}

impl Ask<'_> {
    fn key(&self) -> (String, String) {
        (self.route.namespace.clone(), self.route.name.clone())
    }
}
