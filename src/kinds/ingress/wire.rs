//! The slim Ingress (k8s.io/api networking/v1 generated.proto).

use crate::kinds::load_balancer::LoadBalancerStatus;
use crate::wire::meta::ObjectMeta;
use serde::Deserialize;

/// `Ingress`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ingress {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Spec.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<IngressSpec>,
    /// Status.
    #[prost(message, optional, tag = "3")]
    pub status: Option<IngressStatus>,
}

/// `IngressSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressSpec {
    /// Where requests go that no rule matches.
    #[prost(message, optional, tag = "1")]
    pub default_backend: Option<IngressBackend>,
    /// Certificates.
    #[prost(message, repeated, tag = "2")]
    pub tls: Vec<IngressTls>,
    /// Hosts and paths.
    #[prost(message, repeated, tag = "3")]
    pub rules: Vec<IngressRule>,
    /// Which controller serves it.
    #[prost(string, optional, tag = "4")]
    pub ingress_class_name: Option<String>,
}

/// `IngressTLS`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressTls {
    /// The hosts that it is for.
    #[prost(string, repeated, tag = "1")]
    pub hosts: Vec<String>,
    /// The Secret in the same namespace.
    #[prost(string, tag = "2")]
    pub secret_name: String,
}

/// `IngressRule`; JSON has the value's fields in the rule itself.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressRule {
    /// The host; empty for all.
    #[prost(string, tag = "1")]
    pub host: String,
    /// The paths.
    #[prost(message, optional, tag = "2")]
    #[serde(rename = "http", deserialize_with = "value")]
    pub value: Option<IngressRuleValue>,
}

/// Not `flatten`: for that a value of a wrong type is one that is not there.
fn value<'de, D: serde::Deserializer<'de>>(reader: D) -> Result<Option<IngressRuleValue>, D::Error> {
    Ok(Some(IngressRuleValue { http: Option::deserialize(reader)? }))
}

/// `IngressRuleValue`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct IngressRuleValue {
    /// May be absent: then the rule leads nowhere.
    #[prost(message, optional, tag = "1")]
    pub http: Option<HttpIngressRuleValue>,
}

/// `HTTPIngressRuleValue`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct HttpIngressRuleValue {
    /// The paths.
    #[prost(message, repeated, tag = "1")]
    pub paths: Vec<HttpIngressPath>,
}

/// `HTTPIngressPath`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpIngressPath {
    /// The path; empty for all.
    #[prost(string, tag = "1")]
    pub path: String,
    /// Where it leads.
    #[prost(message, optional, tag = "2")]
    pub backend: Option<IngressBackend>,
    /// `Exact`, `Prefix` or `ImplementationSpecific`.
    #[prost(string, optional, tag = "3")]
    pub path_type: Option<String>,
}

/// `IngressBackend`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct IngressBackend {
    /// An object of another kind.
    #[prost(message, optional, tag = "3")]
    pub resource: Option<TypedLocalObjectReference>,
    /// A Service in the same namespace.
    #[prost(message, optional, tag = "4")]
    pub service: Option<IngressServiceBackend>,
}

/// `TypedLocalObjectReference`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TypedLocalObjectReference {
    /// Its group.
    #[prost(string, optional, tag = "1")]
    pub api_group: Option<String>,
    /// Its kind.
    #[prost(string, tag = "2")]
    pub kind: String,
    /// Its name.
    #[prost(string, tag = "3")]
    pub name: String,
}

/// `IngressServiceBackend`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct IngressServiceBackend {
    /// Its name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Which of its ports.
    #[prost(message, optional, tag = "2")]
    pub port: Option<ServiceBackendPort>,
}

/// `ServiceBackendPort`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct ServiceBackendPort {
    /// By name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// By number; 0 for by name.
    #[prost(int32, tag = "2")]
    pub number: i32,
}

/// `IngressStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct IngressStatus {
    /// The addresses that the controller published.
    #[prost(message, optional, tag = "1")]
    pub load_balancer: Option<LoadBalancerStatus>,
}
