//! Objects of every kind in states worth knowing, from the YAML beside this file. The name of
//! an object names its case; what stands under `status` is written as a controller would.

use std::collections::BTreeMap;

use kplumb::kinds::{self, BUILTIN};
use serde_json::{Value, json};

use crate::control_plane::{ControlPlane, Crds, Settings};

/// The namespace of all cases.
pub const NAMESPACE: &str = "cases";

const FILES: &[&str] = &[
    include_str!("cases/cluster.yaml"),
    include_str!("cases/custom.yaml"),
    include_str!("cases/network.yaml"),
    include_str!("cases/path.yaml"),
    include_str!("cases/pod.yaml"),
    include_str!("cases/workload.yaml"),
];

/// One object on the server.
pub struct Case {
    /// The kind as its module is called: `endpoint_slice`.
    pub kind: String,
    pub name: String,
    /// The object's path on the API server.
    pub path: String,
    /// Whether the server can answer in protobuf.
    pub has_protobuf: bool,
}

struct Resource {
    /// The path of the collection.
    path: String,
    has_status: bool,
}

/// A control plane whose controllers do not run, so that every status stays as it is written.
pub fn still_plane() -> ControlPlane {
    let plane = ControlPlane::start(&Settings { controllers: false, ..Settings::default() });
    plane.install(Crds::CertManager);
    plane.install(Crds::GatewayApi);
    plane.install(Crds::Path);
    plane.create("/api/v1/namespaces", &json!({"metadata": {"name": NAMESPACE}}));
    let accounts = format!("/api/v1/namespaces/{NAMESPACE}/serviceaccounts");
    plane.create(&accounts, &json!({"metadata": {"name": "default"}}));
    plane
}

/// Posts every case to a [`still_plane`].
pub fn post_all(plane: &ControlPlane) -> Vec<Case> {
    let mut known = BTreeMap::new();
    documents(plane).iter().map(|object| post(plane, &mut known, object)).collect()
}

fn documents(plane: &ControlPlane) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    for text in FILES {
        all.extend(serde_saphyr::from_multiple::<Value>(text).unwrap_or_else(|error| panic!("a case: {error}")));
    }
    let [ours, other] = ["shop.example.test", "other.example.test"].map(|name| plane.certificate(name));
    for (name, certificate, key) in
        [("tls", &ours.certificate, &ours.key), ("mismatched", &ours.certificate, &other.key)]
    {
        all.push(json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": name},
            "stringData": {"tls.crt": certificate, "tls.key": key},
        }));
    }
    all
}

fn post(plane: &ControlPlane, known: &mut BTreeMap<(String, String), Resource>, object: &Value) -> Case {
    let text = |field: &str| object[field].as_str().unwrap_or_else(|| panic!("{field} in {object}")).to_owned();
    let (version, kind) = (text("apiVersion"), text("kind"));
    let resource = known.entry((version.clone(), kind.clone())).or_insert_with(|| find(plane, &version, &kind));
    let name = object["metadata"]["name"].as_str().expect("a name").to_owned();
    let path = format!("{}/{name}", resource.path);
    plane.create(&resource.path, object);
    if let (Some(status), true) = (object.get("status"), resource.has_status) {
        plane.patch_status(&path, &json!({"status": status}));
    }
    if object["metadata"]["finalizers"].is_array() {
        plane.delete(&path);
    }
    let spec = kinds::named(&version, &kind).map(|id| BUILTIN[usize::from(id.0)]);
    let has_protobuf = spec.expect("a kind of ours").decoder.has_protobuf();
    Case { kind: module_name(&kind), name, path, has_protobuf }
}

/// Looks a kind up in the server's discovery.
fn find(plane: &ControlPlane, version: &str, kind: &str) -> Resource {
    let root = if version == "v1" { "/api/v1".to_owned() } else { format!("/apis/{version}") };
    let list = plane.json(&root);
    let resources = list["resources"].as_array().expect("resources");
    let is_main =
        |resource: &&Value| resource["kind"] == kind && !resource["name"].as_str().unwrap_or("/").contains('/');
    let found = resources.iter().find(is_main).unwrap_or_else(|| panic!("{version} has no {kind}"));
    let plural = found["name"].as_str().expect("a name");
    let status = format!("{plural}/status");
    let path = if found["namespaced"] == true {
        format!("{root}/namespaces/{NAMESPACE}/{plural}")
    } else {
        format!("{root}/{plural}")
    };
    Resource { path, has_status: resources.iter().any(|resource| resource["name"] == status.as_str()) }
}

/// `EndpointSlice` is `endpoint_slice`; `HTTPRoute` is `http_route`.
fn module_name(kind: &str) -> String {
    let letters: Vec<char> = kind.chars().collect();
    let mut name = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before_is_small = 0 < at && letters[at - 1].is_lowercase();
        let after_is_small = 0 < at && letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && (before_is_small || after_is_small) {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

#[test]
fn kinds_are_named_like_their_modules() {
    let names = ["Pod", "EndpointSlice", "HTTPRoute", "IngressRouteTCP", "XListenerSet"].map(module_name);
    assert_eq!(names, ["pod", "endpoint_slice", "http_route", "ingress_route_tcp", "x_listener_set"]);
}
