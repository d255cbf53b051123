//! Where the story and the controllers act: the store at one moment, and what is to happen later.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::demo::store::{Key, Object, Store, seconds, uid};

/// Events older than this are forgotten, as the API server does by their time to live.
const EVENTS_LIVE: SignedDuration = SignedDuration::from_hours(1);

/// Something that is due at a moment of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beat {
    /// A step of a script, in its nth round.
    Step { script: usize, step: usize, round: u32 },
    /// A pod looks for a node.
    Schedule(Key),
    /// A pod's kubelet pulls its image; the number counts the tries.
    Pull(Key, u32),
    /// A pod's containers have started.
    Start(Key),
    /// A pod's readiness probe succeeds.
    Ready(Key),
    /// A deleted pod is gone.
    Gone(Key),
    /// A crashed container starts again.
    Restart(Key),
    /// It dies as it did before.
    Crash(Key),
    /// The kubelet waits before it starts it once more.
    BackOff(Key),
    /// A pod's work is done.
    Finish(Key),
    /// The controller of a resource looks at an object again.
    Reconcile(&'static str, Key),
    /// Deployments that made no progress for too long are called stuck.
    Deadlines,
}

/// Makes a certificate for these names, valid from one moment to another: the chain and its key, in PEM.
pub type Signer = fn(&[String], Timestamp, Timestamp) -> Option<(String, String)>;

/// The cluster at one moment.
#[derive(Debug)]
pub struct Stage<'a> {
    pub store: &'a mut Store,
    pub now: Timestamp,
    /// What follows, and how many milliseconds from now.
    pub later: Vec<(i64, Beat)>,
    /// Images that the registry does not have.
    pub missing: &'a mut BTreeSet<String>,
    /// Who makes certificates; none where renewed ones are only told of.
    pub signer: Option<Signer>,
    /// Whether a script moves this object: resource, namespace, name.
    pub told: fn(&str, &str, &str) -> bool,
    /// Whether a request is being answered; the story itself asks nobody.
    pub is_asked: bool,
}

impl Stage<'_> {
    /// The moment as Kubernetes writes it.
    pub fn clock(&self) -> String {
        seconds(self.now)
    }

    /// Plans something for later.
    pub fn after(&mut self, millis: i64, beat: Beat) {
        self.later.push((millis, beat));
    }

    /// An object as it is now.
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.store.get(resource, namespace, name).cloned()
    }

    /// The objects of a namespace that satisfy a test.
    pub fn find(&self, resource: &str, namespace: &str, test: impl Fn(&Value) -> bool) -> Vec<Arc<Object>> {
        self.store.list(resource, Some(namespace)).filter(|object| test(&object.value)).cloned().collect()
    }

    /// Changes an object in place; `false` if it is not there.
    pub fn modify(&mut self, resource: &str, namespace: &str, name: &str, change: impl FnOnce(&mut Value)) -> bool {
        let Some(object) = self.get(resource, namespace, name) else { return false };
        let mut value = object.value.clone();
        change(&mut value);
        self.store.update(resource, value).is_ok()
    }

    /// Adds an object; what is already there stays.
    pub fn create(&mut self, resource: &str, value: Value) -> Option<Arc<Object>> {
        self.store.create(resource, value, self.now).ok()
    }

    /// Emits an Event about an object; the same one again only raises its count.
    pub fn event(&mut self, about: &Value, reason: &str, message: &str, source: Source) {
        let meta = &about["metadata"];
        let namespace = meta["namespace"].as_str().unwrap_or("default").to_owned();
        let seed = format!("{}/{reason}/{message}", meta["uid"].as_str().unwrap_or_default());
        let suffix = uid(&seed).replace('-', "");
        let name = format!("{}.{}", meta["name"].as_str().unwrap_or_default(), &suffix[..16]);
        let now = self.clock();
        let same = |event: &Value| {
            event["involvedObject"]["uid"] == meta["uid"] && event["reason"] == reason && event["message"] == message
        };
        let known = self.get("events", &namespace, &name).or_else(|| self.find("events", &namespace, same).pop());
        if let Some(event) = known {
            self.modify("events", &namespace, &event.key.1, |event| {
                event["count"] = json!(event["count"].as_i64().unwrap_or(1) + 1);
                event["lastTimestamp"] = json!(now);
            });
            return;
        }
        self.forget_events(&namespace);
        let mut involved = json!({
            "apiVersion": about["apiVersion"], "kind": about["kind"], "name": meta["name"],
            "namespace": meta["namespace"], "uid": meta["uid"], "resourceVersion": meta["resourceVersion"],
        });
        drop_nulls(&mut involved);
        if !source.container.is_empty() {
            involved["fieldPath"] = json!(format!("spec.containers{{{}}}", source.container));
        }
        let mut from = json!({"component": source.component});
        if !source.host.is_empty() {
            from["host"] = json!(source.host);
        }
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"namespace": namespace, "name": name},
            "involvedObject": involved, "reason": reason, "message": message, "source": from,
            "reportingComponent": source.component, "reportingInstance": source.host, "eventTime": null,
            "type": source.kind(), "count": 1, "firstTimestamp": now, "lastTimestamp": now,
        });
        self.create("events", event);
    }

    fn forget_events(&mut self, namespace: &str) {
        let Ok(oldest) = self.now.checked_sub(EVENTS_LIVE) else { return };
        let last = |event: &Value| event["lastTimestamp"].as_str()?.parse::<Timestamp>().ok();
        let old = self.find("events", namespace, |event| last(event).is_some_and(|at| at < oldest));
        for event in old {
            // It was there a moment ago; nobody else deletes.
            let _ = self.store.delete("events", namespace, &event.key.1);
        }
    }
}

/// Who emits an Event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Source<'a> {
    pub component: &'a str,
    pub host: &'a str,
    pub container: &'a str,
    pub warning: bool,
}

impl<'a> Source<'a> {
    /// A controller that reports what went well.
    pub fn of(component: &'a str) -> Self {
        Self { component, ..Self::default() }
    }

    /// The kubelet of a node, about one container.
    pub fn kubelet(host: &'a str, container: &'a str) -> Self {
        Self { component: "kubelet", host, container, warning: false }
    }

    /// The same source, reporting trouble.
    pub fn warning(mut self) -> Self {
        self.warning = true;
        self
    }

    fn kind(self) -> &'static str {
        if self.warning { "Warning" } else { "Normal" }
    }
}

/// Whether an object has all the labels of a plain selector; an empty one selects nothing here.
pub fn selected(labels: &Value, selector: &Value) -> bool {
    let wanted = selector.as_object().filter(|wanted| !wanted.is_empty());
    wanted.is_some_and(|wanted| wanted.iter().all(|(key, value)| labels.get(key) == Some(value)))
}

/// Whether labels satisfy a label selector with all its expressions; an empty one selects everything.
pub fn matches(labels: &Value, selector: &Value) -> bool {
    let plain = selector["matchLabels"].as_object().into_iter().flatten();
    let mut plain = plain.map(|(key, value)| labels.get(key) == Some(value));
    let mut expressions = selector["matchExpressions"].as_array().into_iter().flatten().map(|wanted| {
        let has = labels.get(wanted["key"].as_str().unwrap_or_default());
        let listed =
            || wanted["values"].as_array().is_some_and(|values| has.is_some_and(|value| values.contains(value)));
        match wanted["operator"].as_str() {
            Some("In") => listed(),
            Some("NotIn") => !listed(),
            Some("Exists") => has.is_some(),
            Some("DoesNotExist") => has.is_none(),
            _ => false,
        }
    });
    selector.is_object() && plain.all(|fits| fits) && expressions.all(|fits| fits)
}

/// The controlling owner of an object.
pub fn controller(object: &Value) -> Option<&Value> {
    object["metadata"]["ownerReferences"].as_array()?.iter().find(|owner| owner["controller"] == true)
}

/// An owner reference to a controller.
pub fn owned_by(owner: &Value) -> Value {
    json!([{
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"], "controller": true, "blockOwnerDeletion": true,
    }])
}

/// Sets a condition; its transition time moves only when the status does.
pub fn set_condition(conditions: &mut Value, now: &str, kind: &str, status: bool, why: Option<(&str, &str)>) {
    if !conditions.is_array() {
        *conditions = json!([]);
    }
    let status = if status { "True" } else { "False" };
    let Some(list) = conditions.as_array_mut() else { return };
    let known = list.iter().position(|condition| condition["type"] == kind);
    let mut condition = known.and_then(|at| list.get(at).cloned()).unwrap_or_else(|| json!({"type": kind}));
    if condition["status"] != status {
        condition["status"] = json!(status);
        condition["lastTransitionTime"] = json!(now);
    }
    if let Some(map) = condition.as_object_mut() {
        map.remove("reason");
        map.remove("message");
        if let Some((reason, message)) = why {
            map.insert("reason".into(), json!(reason));
            map.insert("message".into(), json!(message));
        }
    }
    match known.and_then(|at| list.get_mut(at)) {
        Some(slot) => *slot = condition,
        None => list.push(condition),
    }
}

/// Whether a condition is true.
pub fn is_true(object: &Value, kind: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    conditions.is_some_and(|list| list.iter().any(|one| one["type"] == kind && one["status"] == "True"))
}

fn drop_nulls(value: &mut Value) {
    if let Some(map) = value.as_object_mut() {
        map.retain(|_, value| !value.is_null());
    }
}

/// The labels of an object, or none.
pub fn labels(object: &Value) -> &Value {
    &object["metadata"]["labels"]
}
