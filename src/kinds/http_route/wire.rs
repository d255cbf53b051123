//! The slim HTTPRoute.

use crate::kinds::gateway_api::WireRef;
use crate::wire::meta::{Condition, ObjectMeta};
use serde::Deserialize;

/// `HTTPRoute`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct HttpRoute {
    pub(super) metadata: Option<ObjectMeta>,
    pub(super) spec: Spec,
    pub(super) status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Spec {
    pub(super) parent_refs: Vec<WireRef>,
    pub(super) hostnames: Option<Vec<String>>,
    pub(super) rules: Vec<WireRule>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireRule {
    pub(super) name: Option<String>,
    pub(super) matches: Vec<WireMatch>,
    pub(super) filters: Vec<WireFilter>,
    pub(super) backend_refs: Vec<WireBackend>,
    pub(super) timeouts: WireTimeouts,
    pub(super) retry: Option<WireRetry>,
    pub(super) session_persistence: Option<WireSession>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireMatch {
    pub(super) path: WirePath,
    pub(super) headers: Vec<WireValue>,
    pub(super) query_params: Vec<WireValue>,
    pub(super) method: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WirePath {
    pub(super) r#type: Option<String>,
    pub(super) value: Option<String>,
}

/// `HTTPHeaderMatch`, `HTTPQueryParamMatch`, `HTTPHeader`, `GRPCHeaderMatch`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WireValue {
    pub(super) r#type: Option<String>,
    pub(super) name: String,
    pub(super) value: String,
}

/// `HTTPRouteFilter`, `GRPCRouteFilter`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireFilter {
    pub(super) r#type: String,
    pub(super) request_header_modifier: Option<WireHeaders>,
    pub(super) response_header_modifier: Option<WireHeaders>,
    pub(super) request_mirror: Option<WireMirror>,
    pub(super) request_redirect: Option<WireRedirect>,
    pub(super) url_rewrite: Option<WireRewrite>,
    pub(super) extension_ref: Option<WireRef>,
    pub(super) cors: Option<WireCors>,
    pub(super) external_auth: Option<WireExternalAuth>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireHeaders {
    pub(super) set: Vec<WireValue>,
    pub(super) add: Vec<WireValue>,
    pub(super) remove: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireMirror {
    pub(super) backend_ref: WireRef,
    pub(super) percent: Option<i32>,
    pub(super) fraction: Option<WireFraction>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireFraction {
    pub(super) numerator: i32,
    pub(super) denominator: Option<i32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireRedirect {
    pub(super) scheme: Option<String>,
    pub(super) hostname: Option<String>,
    pub(super) path: Option<WireModifier>,
    pub(super) port: Option<i32>,
    pub(super) status_code: Option<i32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireRewrite {
    pub(super) hostname: Option<String>,
    pub(super) path: Option<WireModifier>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireModifier {
    pub(super) r#type: String,
    pub(super) replace_full_path: Option<String>,
    pub(super) replace_prefix_match: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireCors {
    #[serde(rename = "allowOrigins")]
    pub(super) origins: Vec<String>,
    #[serde(rename = "allowMethods")]
    pub(super) methods: Vec<String>,
    #[serde(rename = "allowHeaders")]
    pub(super) headers: Vec<String>,
    #[serde(rename = "exposeHeaders")]
    pub(super) exposed: Vec<String>,
    #[serde(rename = "allowCredentials")]
    pub(super) credentials: bool,
    #[serde(rename = "maxAge")]
    pub(super) max_age: Option<i32>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireExternalAuth {
    pub(super) protocol: String,
    pub(super) backend_ref: WireRef,
}

/// `HTTPBackendRef`, `GRPCBackendRef`, `BackendRef`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct WireBackend {
    #[serde(flatten)]
    pub(super) object: WireRef,
    pub(super) weight: Option<i32>,
    pub(super) filters: Vec<WireFilter>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireTimeouts {
    pub(super) request: Option<String>,
    pub(super) backend_request: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireRetry {
    pub(super) codes: Vec<i32>,
    pub(super) attempts: Option<i32>,
    pub(super) backoff: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireSession {
    pub(super) r#type: Option<String>,
}

/// `RouteStatus`, the same for every kind of route.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Status {
    pub(super) parents: Vec<WireParent>,
}

/// `RouteParentStatus`; a policy's `PolicyAncestorStatus` says the same of an ancestor.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WireParent {
    #[serde(alias = "ancestorRef")]
    pub(super) parent_ref: WireRef,
    pub(super) controller_name: String,
    pub(super) conditions: Vec<Condition>,
}
