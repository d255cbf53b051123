//! What a pod is made of: read from a pod, or from the template of a workload that stands for its pods.

use crate::kinds::pod::facts::{Port, Protocol, Role};
use crate::kinds::pod::probe::Probe;
use crate::kinds::template::Template;
use crate::kinds::{DAEMON_SET, DEPLOYMENT, KindId, POD, REPLICA_SET, Record, STATEFUL_SET};
use crate::view::trace::facts;
use std::sync::Arc;

/// The kinds whose pods serve requests.
pub const WORKLOADS: [KindId; 4] = [DEPLOYMENT, STATEFUL_SET, DAEMON_SET, REPLICA_SET];

/// A pod, or what would be one.
#[derive(Clone, Debug)]
pub struct Body<'a> {
    /// The pod, or the workload that makes it.
    pub record: &'a Record,
    /// Its labels, sorted by key.
    pub labels: &'a [(Arc<str>, Arc<str>)],
    /// Its containers, init containers first.
    pub parts: Vec<Part<'a>>,
    /// Whether it uses its node's own network.
    pub host_network: bool,
}

/// One container.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// Its name.
    pub name: &'a Arc<str>,
    /// What it is for.
    pub role: Role,
    /// The ports that it declares.
    pub ports: &'a [Port],
    /// What tells whether it may take traffic.
    pub readiness: Option<&'a Probe>,
    /// What tells whether it must be restarted.
    pub liveness: Option<&'a Probe>,
    /// What tells whether it has started.
    pub startup: Option<&'a Probe>,
}

/// What a workload makes its pods of.
pub fn template(record: &Record) -> Option<&Template> {
    facts::deployment(record)
        .map(|f| &f.template)
        .or_else(|| facts::stateful_set(record).map(|f| &f.template))
        .or_else(|| facts::daemon_set(record).map(|f| &f.template))
        .or_else(|| facts::replica_set(record).map(|f| &f.template))
}

/// How many pods a workload wants; of a DaemonSet it is only known from its status.
pub fn desired(record: &Record) -> Option<u32> {
    facts::deployment(record)
        .map(|f| f.replicas.desired)
        .or_else(|| facts::stateful_set(record).map(|f| f.replicas.desired))
        .or_else(|| facts::replica_set(record).map(|f| f.replicas.desired))
}

impl<'a> Body<'a> {
    /// Of a pod or of a workload; none of anything else.
    pub fn of(record: &'a Record) -> Option<Self> {
        if let Some(pod) = facts::pod(record) {
            let parts = pod.containers.iter().map(|c| Part {
                name: &c.name,
                role: c.role,
                ports: &c.ports,
                readiness: c.readiness(),
                liveness: c.liveness(),
                startup: c.startup(),
            });
            let (parts, host_network) = (parts.collect(), pod.host_network);
            return Some(Self { record, labels: &record.meta.labels, parts, host_network });
        }
        let template = template(record)?;
        let parts = template.containers.iter().map(|c| Part {
            name: &c.name,
            role: c.role,
            ports: &c.ports,
            readiness: c.readiness.as_deref(),
            liveness: c.liveness.as_deref(),
            startup: c.startup.as_deref(),
        });
        let (parts, host_network) = (parts.collect(), template.host_network);
        Some(Self { record, labels: &template.labels, parts, host_network })
    }

    /// Whether it is a pod, not the template of one.
    pub fn is_pod(&self) -> bool {
        self.record.key.kind == POD
    }

    /// The containers that can serve: those that stay.
    pub fn serving(&self) -> impl Iterator<Item = &Part<'a>> {
        self.parts.iter().filter(|part| matches!(part.role, Role::Main | Role::Sidecar))
    }

    /// The ports that they declare.
    pub fn ports(&self) -> impl Iterator<Item = &'a Port> {
        self.serving().flat_map(|part| part.ports)
    }

    /// The number behind a port's name.
    pub fn named(&self, name: &str, protocol: Protocol) -> Option<u16> {
        let mut ports = self.ports();
        ports.find(|port| port.protocol == protocol && port.name.as_deref() == Some(name)).map(|port| port.number)
    }

    /// Whether a container declares this port.
    pub fn declares(&self, number: u16) -> bool {
        self.ports().any(|port| port.number == number)
    }

    /// The ports that it declares, for people: `8080 (http), 9090`, or `none`.
    pub fn ports_text(&self) -> String {
        ports_text(self.ports())
    }

    /// The container that declares a port, else the only or first one that does the work.
    pub fn at(&self, number: u16) -> Option<&Part<'a>> {
        let declares = |part: &&Part<'a>| part.ports.iter().any(|port| port.number == number);
        self.serving().find(declares).or_else(|| self.parts.iter().find(|part| part.role == Role::Main))
    }
}

/// Ports for people: `8080 (http), 9090`, or `none`.
pub fn ports_text<'a>(ports: impl Iterator<Item = &'a Port>) -> String {
    let texts = ports.map(|port| match &port.name {
        Some(name) => format!("{} ({name})", port.number),
        None => port.number.to_string(),
    });
    let text = texts.collect::<Vec<_>>().join(", ");
    if text.is_empty() { "none".to_owned() } else { text }
}
