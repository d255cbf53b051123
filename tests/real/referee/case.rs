//! One object in one state, and how it is brought there.

use crate::control_plane::ControlPlane;
use kplumb::kinds::{Catalog, KindSpec};
use kplumb::wire::Timestamp;
use serde_json::{Value, json};

/// The label that all cases of a kind carry, so that a list shows them and nothing else.
pub const LABEL: &str = "referee";

/// One object in one state.
pub struct Case {
    pub name: String,
    object: Value,
    status: Option<Value>,
    is_deleted: bool,
}

impl Case {
    /// An object to be created; its metadata needs no name.
    pub fn new(name: &str, object: Value) -> Case {
        Case { name: name.to_owned(), object, status: None, is_deleted: false }
    }

    /// Its status, merged into what the server made of it.
    pub fn status(mut self, status: Value) -> Case {
        self.status = Some(status);
        self
    }

    /// A finalizer keeps it after its deletion.
    pub fn held(mut self) -> Case {
        self.object["metadata"]["finalizers"] = json!(["kplumb.dev/hold"]);
        self
    }

    /// Deleted in the end; give it a finalizer, or it is gone.
    pub fn deleted(mut self) -> Case {
        self.is_deleted = true;
        self
    }

    /// Brings the object into its state on the server.
    pub fn put(&self, server: &ControlPlane, spec: &KindSpec, namespace: &str) {
        let path = collection(spec, namespace);
        let catalog = Catalog::builtin();
        let kind = catalog.get(spec.id).expect("a built-in kind");
        let mut object = self.object.clone();
        object["apiVersion"] = kind.api_version().into();
        object["kind"] = spec.kind.into();
        object["metadata"]["name"] = self.name.as_str().into();
        object["metadata"]["labels"][LABEL] = spec.plural.into();
        server.create(&path, &object);
        let path = format!("{path}/{}", self.name);
        if let Some(status) = &self.status {
            server.patch_status(&path, &json!({"status": status}));
        }
        if self.is_deleted {
            server.delete(&path);
        }
    }
}

/// The path of the collection that holds the cases of a kind.
pub fn collection(spec: &KindSpec, namespace: &str) -> String {
    let catalog = Catalog::builtin();
    catalog.get(spec.id).expect("a built-in kind").path(Some(namespace))
}

/// The instant so many seconds ago, as the API writes it.
pub fn ago(seconds: i64) -> String {
    now().plus_seconds(-seconds).rfc3339()
}

/// The same with a fraction, as `MicroTime` has it.
pub fn ago_exactly(seconds: i64) -> String {
    let whole = ago(seconds);
    format!("{}.250000Z", whole.trim_end_matches('Z'))
}

/// This second.
pub fn now() -> Timestamp {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    Timestamp::from_seconds(i64::try_from(elapsed.as_secs()).expect("before the end of time"))
}
