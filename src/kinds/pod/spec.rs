//! The slim `PodSpec`, shared by Pods and by every template of a workload (k8s.io/api core/v1 generated.proto).

use crate::kinds::pod::probe::WireProbe;
use crate::wire::meta::ObjectMeta;
use crate::wire::quantity::Quantity;
use serde::Deserialize;
use std::collections::BTreeMap;

/// `PodTemplateSpec`: what a workload makes its pods of.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodTemplateSpec {
    /// Labels and annotations of the pods.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// Their spec.
    #[prost(message, optional, tag = "2")]
    pub spec: Option<PodSpec>,
}

/// `PodSpec`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    /// Volumes.
    #[prost(message, repeated, tag = "1")]
    pub volumes: Vec<Volume>,
    /// Containers.
    #[prost(message, repeated, tag = "2")]
    pub containers: Vec<Container>,
    /// `Always`, `OnFailure` or `Never`.
    #[prost(string, tag = "3")]
    pub restart_policy: String,
    /// Labels that a node must have.
    #[prost(btree_map = "string, string", tag = "7")]
    pub node_selector: BTreeMap<String, String>,
    /// The node, once there is one.
    #[prost(string, tag = "10")]
    pub node_name: String,
    /// Whether it uses the node's own network.
    #[prost(bool, tag = "11")]
    pub host_network: bool,
    /// Secrets for the image registry.
    #[prost(message, repeated, tag = "15")]
    pub image_pull_secrets: Vec<Reference>,
    /// Containers that run before the others, and sidecars.
    #[prost(message, repeated, tag = "20")]
    pub init_containers: Vec<Container>,
    /// Conditions that must be true before the pod is ready.
    #[prost(message, repeated, tag = "28")]
    pub readiness_gates: Vec<ReadinessGate>,
    /// Containers added for debugging.
    #[prost(message, repeated, tag = "34")]
    pub ephemeral_containers: Vec<EphemeralContainer>,
    /// What must be lifted before the pod is scheduled.
    #[prost(message, repeated, tag = "38")]
    pub scheduling_gates: Vec<Reference>,
}

/// `Container`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    /// Name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Image.
    #[prost(string, tag = "2")]
    pub image: String,
    /// What it runs; empty for what its image says.
    #[prost(string, repeated, tag = "3")]
    pub command: Vec<String>,
    /// With which arguments; empty for what its image says.
    #[prost(string, repeated, tag = "4")]
    pub args: Vec<String>,
    /// Ports that it declares.
    #[prost(message, repeated, tag = "6")]
    pub ports: Vec<ContainerPort>,
    /// Environment.
    #[prost(message, repeated, tag = "7")]
    pub env: Vec<EnvVar>,
    /// Limits and requests.
    #[prost(message, optional, tag = "8")]
    pub resources: Option<ResourceRequirements>,
    /// Whether it must be restarted.
    #[prost(message, optional, tag = "10")]
    pub liveness_probe: Option<WireProbe>,
    /// Whether it may take traffic.
    #[prost(message, optional, tag = "11")]
    pub readiness_probe: Option<WireProbe>,
    /// Environment taken whole from ConfigMaps and Secrets.
    #[prost(message, repeated, tag = "19")]
    pub env_from: Vec<EnvFromSource>,
    /// Whether it has started; until then the other two are not asked.
    #[prost(message, optional, tag = "22")]
    pub startup_probe: Option<WireProbe>,
    /// `Always` makes an init container a sidecar.
    #[prost(string, optional, tag = "24")]
    pub restart_policy: Option<String>,
}

impl Container {
    /// Whether an init container keeps running beside the others.
    pub fn is_sidecar(&self) -> bool {
        self.restart_policy.as_deref() == Some("Always")
    }
}

/// `EphemeralContainer`; in JSON its fields stand where a Container's do.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(from = "Container")]
pub struct EphemeralContainer {
    /// The fields that it shares with a Container.
    #[prost(message, optional, tag = "1")]
    pub container: Option<Container>,
}

impl From<Container> for EphemeralContainer {
    fn from(container: Container) -> Self {
        Self { container: Some(container) }
    }
}

/// `ContainerPort`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerPort {
    /// Name, often empty.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Port of the node that leads to it; 0 for none.
    #[prost(int32, tag = "2")]
    pub host_port: i32,
    /// Port of the pod.
    #[prost(int32, tag = "3")]
    pub container_port: i32,
    /// `TCP`, `UDP` or `SCTP`; empty in manifests means TCP.
    #[prost(string, tag = "4")]
    pub protocol: String,
}

/// `ResourceRequirements`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceRequirements {
    /// What a container may use at most.
    #[prost(btree_map = "string, message", tag = "1")]
    pub limits: BTreeMap<String, Quantity>,
}

/// `EnvVar`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvVar {
    /// Where the value comes from.
    #[prost(message, optional, tag = "3")]
    pub value_from: Option<EnvVarSource>,
}

/// `EnvVarSource`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvVarSource {
    /// A key of a ConfigMap.
    #[prost(message, optional, tag = "3")]
    pub config_map_key_ref: Option<Embedded>,
    /// A key of a Secret.
    #[prost(message, optional, tag = "4")]
    pub secret_key_ref: Option<Embedded>,
}

/// `EnvFromSource`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvFromSource {
    /// A ConfigMap.
    #[prost(message, optional, tag = "2")]
    pub config_map_ref: Option<Embedded>,
    /// A Secret.
    #[prost(message, optional, tag = "3")]
    pub secret_ref: Option<Embedded>,
}

/// Something that only has a name: `LocalObjectReference`, `PodSchedulingGate`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct Reference {
    /// The name.
    #[prost(string, tag = "1")]
    pub name: String,
}

/// A message whose first field embeds a `LocalObjectReference`; in JSON the name stands in the message itself.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(from = "Reference")]
pub struct Embedded {
    /// What it refers to.
    #[prost(message, optional, tag = "1")]
    pub reference: Option<Reference>,
}

impl From<Reference> for Embedded {
    fn from(reference: Reference) -> Self {
        Self { reference: Some(reference) }
    }
}

impl Embedded {
    /// The name it refers to.
    pub fn name(&self) -> &str {
        self.reference.as_ref().map_or("", |r| &r.name)
    }
}

/// `PodReadinessGate`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReadinessGate {
    /// The condition that must be true.
    #[prost(string, tag = "1")]
    pub condition_type: String,
}

/// `Volume`; in JSON the fields of its source stand beside its name.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(from = "VolumeJson")]
pub struct Volume {
    /// Name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What is mounted.
    #[prost(message, optional, tag = "2")]
    pub source: Option<VolumeSource>,
}

/// `VolumeSource`, those that name other objects.
#[derive(Clone, PartialEq, prost::Message)]
pub struct VolumeSource {
    /// A Secret.
    #[prost(message, optional, tag = "6")]
    pub secret: Option<SecretVolumeSource>,
    /// A claim.
    #[prost(message, optional, tag = "10")]
    pub persistent_volume_claim: Option<ClaimVolumeSource>,
    /// A ConfigMap.
    #[prost(message, optional, tag = "19")]
    pub config_map: Option<Embedded>,
    /// Several sources in one place.
    #[prost(message, optional, tag = "26")]
    pub projected: Option<ProjectedVolumeSource>,
    /// A claim that lives as long as the pod.
    #[prost(message, optional, tag = "29")]
    pub ephemeral: Option<EphemeralVolumeSource>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct VolumeJson {
    name: String,
    secret: Option<SecretVolumeSource>,
    persistent_volume_claim: Option<ClaimVolumeSource>,
    config_map: Option<Embedded>,
    projected: Option<ProjectedVolumeSource>,
    ephemeral: Option<EphemeralVolumeSource>,
}

impl From<VolumeJson> for Volume {
    fn from(json: VolumeJson) -> Self {
        let VolumeJson { name, secret, persistent_volume_claim, config_map, projected, ephemeral } = json;
        let source = VolumeSource { secret, persistent_volume_claim, config_map, projected, ephemeral };
        Self { name, source: Some(source) }
    }
}

/// `SecretVolumeSource`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretVolumeSource {
    /// The Secret's name.
    #[prost(string, tag = "1")]
    pub secret_name: String,
}

/// `PersistentVolumeClaimVolumeSource`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimVolumeSource {
    /// The claim's name.
    #[prost(string, tag = "1")]
    pub claim_name: String,
}

/// `ProjectedVolumeSource`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectedVolumeSource {
    /// What is put together.
    #[prost(message, repeated, tag = "1")]
    pub sources: Vec<VolumeProjection>,
}

/// `VolumeProjection`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeProjection {
    /// Keys of a Secret.
    #[prost(message, optional, tag = "1")]
    pub secret: Option<Embedded>,
    /// Keys of a ConfigMap.
    #[prost(message, optional, tag = "3")]
    pub config_map: Option<Embedded>,
}

/// `EphemeralVolumeSource`: the claim is named after pod and volume.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct EphemeralVolumeSource {}
