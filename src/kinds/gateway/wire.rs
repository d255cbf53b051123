//! The slim Gateway.

use crate::kinds::gateway_api::WireRef;
use crate::wire::meta::{Condition, LabelSelector, ObjectMeta};
use serde::Deserialize;

/// `Gateway`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Gateway {
    pub(super) metadata: Option<ObjectMeta>,
    pub(super) spec: Spec,
    pub(super) status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Spec {
    pub(super) gateway_class_name: String,
    pub(super) listeners: Vec<WireListener>,
    pub(super) allowed_listeners: Option<Allowed>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireListener {
    pub(super) name: String,
    pub(super) hostname: Option<String>,
    pub(super) port: i32,
    pub(super) protocol: String,
    pub(super) tls: Option<Tls>,
    pub(super) allowed_routes: Allowed,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Tls {
    pub(super) mode: Option<String>,
    pub(super) certificate_refs: Vec<WireRef>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Allowed {
    pub(super) namespaces: Namespaces,
    pub(super) kinds: Vec<GroupKind>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Namespaces {
    pub(super) from: Option<String>,
    pub(super) selector: Option<LabelSelector>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GroupKind {
    pub(super) group: Option<String>,
    pub(super) kind: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    pub(super) addresses: Vec<WireAddress>,
    pub(super) conditions: Vec<Condition>,
    pub(super) listeners: Vec<ListenerStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireAddress {
    pub(super) r#type: Option<String>,
    pub(super) value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ListenerStatus {
    pub(super) name: String,
    pub(super) attached_routes: i32,
    pub(super) conditions: Vec<Condition>,
}
