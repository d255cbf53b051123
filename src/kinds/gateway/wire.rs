//! The slim Gateway.

use crate::kinds::gateway_api::WireRef;
use crate::wire::meta::{Condition, LabelSelector, ObjectMeta};
use serde::Deserialize;
use std::collections::BTreeMap;

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
    pub(super) addresses: Vec<WireAddress>,
    pub(super) infrastructure: Infrastructure,
    pub(super) tls: GatewayTls,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Infrastructure {
    pub(super) labels: BTreeMap<String, String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) parameters_ref: Option<WireRef>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct GatewayTls {
    pub(super) backend: BackendTls,
    pub(super) frontend: FrontendTls,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct BackendTls {
    pub(super) client_certificate_ref: Option<WireRef>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FrontendTls {
    pub(super) default: PortTls,
    pub(super) per_port: Vec<PerPort>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PerPort {
    pub(super) port: i32,
    pub(super) tls: PortTls,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PortTls {
    pub(super) validation: Option<WireValidation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireValidation {
    pub(super) ca_certificate_refs: Vec<WireRef>,
    pub(super) mode: Option<String>,
}

/// `Listener`; a ListenerSet's `ListenerEntry` is the same.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireListener {
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
    pub(super) options: BTreeMap<String, String>,
    pub(super) frontend_validation: Option<WireValidation>,
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
#[serde(rename_all = "camelCase", default)]
pub(super) struct Status {
    pub(super) addresses: Vec<WireAddress>,
    pub(super) attached_listener_sets: Option<i32>,
    pub(super) conditions: Vec<Condition>,
    pub(super) listeners: Vec<ListenerStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireAddress {
    pub(super) r#type: Option<String>,
    pub(super) value: String,
}

/// `ListenerStatus`; a ListenerSet's `ListenerEntryStatus` is the same.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ListenerStatus {
    pub(super) name: String,
    pub(super) attached_routes: i32,
    pub(super) supported_kinds: Vec<GroupKind>,
    pub(super) conditions: Vec<Condition>,
}
