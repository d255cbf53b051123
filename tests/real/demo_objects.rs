//! A real API server takes every object of the demo clusters, and keeps its status: what the
//! demo shows could stand in any cluster.

use std::collections::BTreeMap;

use kplumb::manifests::document::Document;
use kplumb::manifests::{embedded, shift};
use serde_json::Value;

use crate::control_plane::{ControlPlane, Crds, Request, Settings};

#[test]
fn the_shop_is_accepted() {
    check("shop");
}

#[test]
fn free4chat_is_accepted() {
    check("free4chat");
}

#[test]
fn mydemo_is_accepted() {
    check("mydemo");
}

/// Posts all objects of a demo cluster, and what controllers would write after it.
fn check(context: &str) {
    let plane = ControlPlane::start(&Settings { controllers: false, ..Settings::default() });
    // Their own schemas are stricter than the short ones of the demo.
    plane.install(Crds::CertManager);
    plane.install(Crds::GatewayApi);
    let mut documents = embedded::documents(context);
    let mistakes = shift::shift(&mut documents, jiff::Timestamp::now());
    assert!(mistakes.is_empty(), "{mistakes:?}");
    documents.sort_by_key(|document| rank(document.kind()));
    let mut server = Server { plane: &plane, resources: BTreeMap::new(), complaints: Vec::new() };
    for document in &documents {
        server.take(document);
    }
    let complaints = server.complaints;
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

/// Definitions and what others need come first; what refuses others (quotas, hooks) comes last.
fn rank(kind: &str) -> u8 {
    match kind {
        "CustomResourceDefinition" => 0,
        "Namespace" | "PriorityClass" => 1,
        "ServiceAccount" | "ConfigMap" | "Secret" => 2,
        "Pod" => 4,
        "LimitRange" | "ResourceQuota" => 5,
        "ValidatingWebhookConfiguration" => 6,
        _ => 3,
    }
}

/// A resource as discovery lists it.
#[derive(Clone)]
struct Resource {
    plural: String,
    namespaced: bool,
    has_status: bool,
}

struct Server<'a> {
    plane: &'a ControlPlane,
    resources: BTreeMap<(String, String), Resource>,
    complaints: Vec<String>,
}

impl Server<'_> {
    fn take(&mut self, document: &Document) {
        let resource = self.resource(document);
        let collection = collection(document, &resource);
        let object = creatable(document);
        let path = format!("{collection}?fieldValidation=Strict");
        let answer = self.plane.send(&Request::post(&path, object.to_string().as_bytes()));
        if answer.status == 409 && made_by_the_server(document) {
            return;
        }
        if answer.status != 201 {
            return self.complain(document, &answer.text());
        }
        let mut created = answer.json();
        self.compare(document, "/spec", &object["spec"], &created["spec"]);
        // The server runs the controllers of these two itself, and they write the status.
        let own = matches!(document.kind(), "CustomResourceDefinition" | "Namespace");
        let (true, false, Some(status)) = (resource.has_status, own, object.get("status")) else { return };
        created["status"] = status.clone();
        let path = format!("{collection}/{}/status?fieldValidation=Strict", document.name());
        let request = Request::new("PUT", &path).body("application/json", created.to_string().as_bytes());
        let answer = self.plane.send(&request);
        if answer.status != 200 {
            return self.complain(document, &answer.text());
        }
        self.compare(document, "/status", status, &answer.json()["status"]);
    }

    /// Everything that was given must still be there; defaults may be added to it.
    fn compare(&mut self, document: &Document, path: &str, given: &Value, kept: &Value) {
        let mut lost = Vec::new();
        missing(path, given, kept, &mut lost);
        for difference in lost {
            self.complain(document, &difference);
        }
    }

    fn complain(&mut self, document: &Document, text: &str) {
        let (kind, name) = (document.kind(), document.name());
        self.complaints.push(format!("{} {kind} {name}: {text}", document.origin));
    }

    fn resource(&mut self, document: &Document) -> Resource {
        let key = (document.api_version().to_owned(), document.kind().to_owned());
        if let Some(known) = self.resources.get(&key) {
            return known.clone();
        }
        let root = root(document);
        let mut found = None;
        self.plane.wait_for(&format!("{root} to serve {}", document.kind()), || {
            let list = self.plane.send(&Request::get(&root).accept("application/json"));
            found = (list.status == 200).then(|| discovered(&list.json(), document.kind())).flatten();
            found.is_some()
        });
        let found = found.expect("waited for it");
        self.resources.insert(key, found.clone());
        found
    }
}

fn discovered(list: &Value, kind: &str) -> Option<Resource> {
    let all = list["resources"].as_array()?;
    let resource = all.iter().find(|r| r["kind"] == kind && !r["name"].as_str().is_some_and(|n| n.contains('/')))?;
    let plural = resource["name"].as_str()?.to_owned();
    let status = format!("{plural}/status");
    let has_status = all.iter().any(|r| r["name"] == status.as_str());
    Some(Resource { plural, namespaced: resource["namespaced"] == true, has_status })
}

fn root(document: &Document) -> String {
    let version = document.api_version();
    if version.contains('/') { format!("/apis/{version}") } else { format!("/api/{version}") }
}

fn collection(document: &Document, resource: &Resource) -> String {
    let (root, plural) = (root(document), &resource.plural);
    if resource.namespaced {
        return format!("{root}/namespaces/{}/{plural}", document.namespace());
    }
    format!("{root}/{plural}")
}

fn made_by_the_server(document: &Document) -> bool {
    let installed = matches!(document.kind(), "CustomResourceDefinition" | "Namespace" | "PriorityClass");
    installed || document.name() == "kubernetes"
}

/// Without what a server gives out itself: addresses of Services, from its own range, and the
/// uids by which Jobs select.
fn creatable(document: &Document) -> Value {
    let mut object = document.value.clone();
    let mut remove = |pointer: &str, key: &str| {
        if let Some(fields) = object.pointer_mut(pointer).and_then(Value::as_object_mut) {
            fields.remove(key);
        }
    };
    match document.kind() {
        "Service" if document.value["spec"]["clusterIP"] != "None" => {
            remove("/spec", "clusterIP");
            remove("/spec", "clusterIPs");
        }
        "Job" => {
            remove("/spec", "selector");
            remove("/spec/template/metadata/labels", "controller-uid");
            remove("/spec/template/metadata/labels", "batch.kubernetes.io/controller-uid");
        }
        _ => {}
    }
    object
}

/// Lists what `given` has and `kept` has not; nothing, empty, false and zero are the same.
fn missing(path: &str, given: &Value, kept: &Value, lost: &mut Vec<String>) {
    match (given, kept) {
        (Value::Object(fields), Value::Object(_)) => {
            for (key, value) in fields {
                missing(&format!("{path}/{key}"), value, &kept[key], lost);
            }
        }
        (Value::Array(items), Value::Array(others)) if items.len() <= others.len() => {
            for (index, (item, other)) in items.iter().zip(others).enumerate() {
                missing(&format!("{path}/{index}"), item, other, lost);
            }
        }
        _ if is_nothing(given) && is_nothing(kept) => {}
        _ if given == kept => {}
        _ => lost.push(format!("{path}: gave {given}, found {kept}")),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.values().all(is_nothing),
    }
}
