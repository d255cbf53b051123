//! The slim `PodStatus` (k8s.io/api core/v1 generated.proto).

use crate::wire::time::Time;
use serde::Deserialize;

/// `PodStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    #[prost(string, tag = "1")]
    pub phase: String,
    /// Conditions.
    #[prost(message, repeated, tag = "2")]
    pub conditions: Vec<PodCondition>,
    /// A sentence for people.
    #[prost(string, tag = "3")]
    pub message: String,
    /// One word: `Evicted`, `NodeLost` …
    #[prost(string, tag = "4")]
    pub reason: String,
    /// The address of its node.
    #[serde(rename = "hostIP")]
    #[prost(string, tag = "5")]
    pub host_ip: String,
    /// The first of its addresses.
    #[serde(rename = "podIP")]
    #[prost(string, tag = "6")]
    pub pod_ip: String,
    /// When the kubelet took it on.
    #[prost(message, optional, tag = "7")]
    pub start_time: Option<Time>,
    /// Containers.
    #[prost(message, repeated, tag = "8")]
    pub container_statuses: Vec<ContainerStatus>,
    /// `Guaranteed`, `Burstable` or `BestEffort`.
    #[prost(string, tag = "9")]
    pub qos_class: String,
    /// Init containers and sidecars.
    #[prost(message, repeated, tag = "10")]
    pub init_container_statuses: Vec<ContainerStatus>,
    /// The node that others are moved from to make room for it.
    #[prost(string, tag = "11")]
    pub nominated_node_name: String,
    /// All addresses.
    #[serde(rename = "podIPs")]
    #[prost(message, repeated, tag = "12")]
    pub pod_ips: Vec<PodIp>,
    /// Debugging containers.
    #[prost(message, repeated, tag = "13")]
    pub ephemeral_container_statuses: Vec<ContainerStatus>,
}

impl PodStatus {
    /// The condition of a type.
    pub fn condition(&self, r#type: &str) -> Option<&PodCondition> {
        self.conditions.iter().find(|c| c.r#type == r#type)
    }

    /// Whether a condition is there and true.
    pub fn is(&self, r#type: &str) -> bool {
        self.condition(r#type).is_some_and(|c| c.status == "True")
    }

    /// All addresses; where the two fields disagree the API server believes the older one.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        let listed = self.pod_ips.iter().map(|p| p.ip.as_str());
        let older = !self.pod_ip.is_empty() && self.pod_ips.first().is_none_or(|first| first.ip != self.pod_ip);
        let listed = if older { None } else { Some(listed) };
        older.then_some(self.pod_ip.as_str()).into_iter().chain(listed.into_iter().flatten())
    }
}

/// `PodIP`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct PodIp {
    /// The address.
    #[prost(string, tag = "1")]
    pub ip: String,
}

/// `PodCondition`; Deployments and Nodes number theirs differently.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodCondition {
    /// `Ready`, `PodScheduled` …
    #[prost(string, tag = "1")]
    pub r#type: String,
    /// `True`, `False` or `Unknown`.
    #[prost(string, tag = "2")]
    pub status: String,
    /// When `status` last changed.
    #[prost(message, optional, tag = "4")]
    pub last_transition_time: Option<Time>,
    /// One CamelCase word.
    #[prost(string, tag = "5")]
    pub reason: String,
    /// A sentence for people.
    #[prost(string, tag = "6")]
    pub message: String,
}

/// `ContainerStatus`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    /// Name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// What it does now.
    #[prost(message, optional, tag = "2")]
    pub state: Option<ContainerState>,
    /// How it last ended.
    #[prost(message, optional, tag = "3")]
    pub last_state: Option<ContainerState>,
    /// Whether its readiness probe is content.
    #[prost(bool, tag = "4")]
    pub ready: bool,
    /// How often it was restarted.
    #[prost(int32, tag = "5")]
    pub restart_count: i32,
    /// Whether its startup probe is content.
    #[prost(bool, optional, tag = "9")]
    pub started: Option<bool>,
}

impl ContainerStatus {
    /// Why it waits, if it does.
    pub fn waiting(&self) -> Option<&Waiting> {
        self.state.as_ref()?.waiting.as_ref()
    }

    /// Since when it runs, if it does.
    pub fn running(&self) -> Option<&Running> {
        self.state.as_ref()?.running.as_ref()
    }

    /// How it ended, if it did.
    pub fn terminated(&self) -> Option<&Terminated> {
        self.state.as_ref()?.terminated.as_ref()
    }

    /// How it ended the time before.
    pub fn last_terminated(&self) -> Option<&Terminated> {
        self.last_state.as_ref()?.terminated.as_ref()
    }
}

/// `ContainerState`: one of the three, or none.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct ContainerState {
    /// Not yet, or not again.
    #[prost(message, optional, tag = "1")]
    pub waiting: Option<Waiting>,
    /// Now.
    #[prost(message, optional, tag = "2")]
    pub running: Option<Running>,
    /// No more.
    #[prost(message, optional, tag = "3")]
    pub terminated: Option<Terminated>,
}

/// `ContainerStateWaiting`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct Waiting {
    /// `CrashLoopBackOff`, `ImagePullBackOff` …
    #[prost(string, tag = "1")]
    pub reason: String,
    /// A sentence for people.
    #[prost(string, tag = "2")]
    pub message: String,
}

/// `ContainerStateRunning`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Running {
    /// Since when.
    #[prost(message, optional, tag = "1")]
    pub started_at: Option<Time>,
}

/// `ContainerStateTerminated`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Terminated {
    /// Exit code.
    #[prost(int32, tag = "1")]
    pub exit_code: i32,
    /// The signal that ended it, where the runtime said so.
    #[prost(int32, tag = "2")]
    pub signal: i32,
    /// `Completed`, `Error`, `OOMKilled` …
    #[prost(string, tag = "3")]
    pub reason: String,
    /// The end of its log or its termination message.
    #[prost(string, tag = "4")]
    pub message: String,
    /// When it began.
    #[prost(message, optional, tag = "5")]
    pub started_at: Option<Time>,
    /// When it ended.
    #[prost(message, optional, tag = "6")]
    pub finished_at: Option<Time>,
}
