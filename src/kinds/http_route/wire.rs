//! The slim HTTPRoute.

use crate::kinds::gateway_api::WireRef;
use crate::wire::meta::{Condition, ObjectMeta};
use serde::Deserialize;
use serde::de::IgnoredAny;

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

/// `HTTPHeaderMatch`, `HTTPQueryParamMatch`, `HTTPHeader`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WireValue {
    pub(super) r#type: Option<String>,
    pub(super) name: String,
    pub(super) value: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireFilter {
    pub(super) r#type: String,
    pub(super) request_header_modifier: Option<WireHeaders>,
    pub(super) response_header_modifier: Option<WireHeaders>,
    pub(super) request_mirror: Option<WireMirror>,
    pub(super) request_redirect: Option<WireRedirect>,
    pub(super) url_rewrite: Option<WireRewrite>,
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
pub(super) struct WireBackend {
    #[serde(flatten)]
    pub(super) object: WireRef,
    pub(super) weight: Option<i32>,
    pub(super) filters: Vec<IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireTimeouts {
    pub(super) request: Option<String>,
    pub(super) backend_request: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    pub(super) parents: Vec<WireParent>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireParent {
    pub(super) parent_ref: WireRef,
    pub(super) controller_name: String,
    pub(super) conditions: Vec<Condition>,
}
