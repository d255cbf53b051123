//! Probes that cannot be content, whatever the process does: they ask at a port that nobody has.

use crate::kinds::Record;
use crate::kinds::pod::facts::{Protocol, Role};
use crate::kinds::pod::probe::{Handler, Probe};
use crate::kinds::service::PortRef;
use crate::view::trace::body::{Body, Part, ports_text};
use crate::view::trace::fault::{Finding, po};
use std::sync::Arc;

/// What is wrong with the ports of a pod's probes; `port` is the one that the Service sends to.
pub fn wrong(record: &Record, port: u16) -> Option<Finding> {
    let body = Body::of(record)?;
    let parts = || body.parts.iter().filter(|part| matches!(part.role, Role::Main | Role::Sidecar));
    parts().find_map(|part| name(&body, part)).or_else(|| parts().find_map(|part| number(&body, part, port)))
}

fn probes<'a>(part: &Part<'a>) -> impl Iterator<Item = (&'static str, &'a Probe)> + use<'a> {
    // Liveness does not gate traffic, but a probe that fails for ever restarts the container for ever.
    let all = [("startup", part.startup), ("readiness", part.readiness), ("liveness", part.liveness)];
    all.into_iter().filter_map(|(name, probe)| Some((name, probe?)))
}

fn name(body: &Body, part: &Part) -> Option<Finding> {
    let (kind, wanted) = probes(part).find_map(|(kind, probe)| match probe.handler.port()? {
        PortRef::Name(name) => {
            let has = part.ports.iter().any(|port| port.name.as_deref() == Some(&*name));
            (!has).then_some((kind, name))
        }
        PortRef::Number(_) => None,
    })?;
    let have = ports_text(part.ports.iter());
    let finding = about(&po::PO_PROBE_NAME, body, part, kind).word("port", &wanted).word("have", have);
    Some(finding.proof(body.record, path(body, part, kind), wanted))
}

fn number(body: &Body, part: &Part, target: u16) -> Option<Finding> {
    // A probe of another host is none of the pod's ports.
    let is_own = |handler: &Handler| !matches!(handler, Handler::Http { host: Some(_), .. });
    let mut own = probes(part).filter(|(_, probe)| is_own(&probe.handler));
    let (kind, port) = own.find_map(|(kind, probe)| match probe.handler.port()? {
        PortRef::Number(port) => {
            let port = u16::try_from(port).ok()?;
            let declared = body.ports().next().is_some();
            let is_odd = if declared { !body.declares(port) } else { target != 0 && port != target };
            is_odd.then_some((kind, port))
        }
        PortRef::Name(_) => None,
    })?;
    let have = match body.ports_text() {
        none if none == "none" => format!("none, and its Service sends to {target}"),
        some => some,
    };
    let finding = about(&po::PO_PROBE_PORT, body, part, kind).word("port", port).word("have", have);
    Some(finding.proof(body.record, path(body, part, kind), port))
}

fn about(fault: &'static crate::view::trace::fault::Fault, body: &Body, part: &Part, kind: &'static str) -> Finding {
    let finding = Finding::of(fault).object("pod", &body.record.key).word("more", "").word("probe", kind);
    let item = if body.is_pod() { "pod" } else { item(body.record) };
    finding.word("item", item).word("container", part.name)
}

/// The kind of a workload, as kubectl names it.
pub fn item(record: &Record) -> &'static str {
    match record.key.kind {
        crate::kinds::STATEFUL_SET => "statefulset",
        crate::kinds::DAEMON_SET => "daemonset",
        crate::kinds::REPLICA_SET => "replicaset",
        crate::kinds::POD => "pod",
        _ => "deployment",
    }
}

/// Where a probe stands.
pub fn path(body: &Body, part: &Part, kind: &str) -> String {
    let root = if body.is_pod() { ".spec" } else { ".spec.template.spec" };
    format!("{root}.containers[?(@.name==\"{}\")].{kind}Probe", part.name)
}

/// What a probe asks, for people: `GET :8080/ready`.
pub fn text(probe: &Probe) -> String {
    let number = |port: &PortRef| match port {
        PortRef::Number(number) => number.to_string(),
        PortRef::Name(name) => name.to_string(),
    };
    match &probe.handler {
        Handler::Http { path, port, is_https, .. } => {
            format!("readiness probe GET {}:{}{path}", if *is_https { "https " } else { "" }, number(port))
        }
        Handler::Tcp { port } => format!("readiness probe of TCP port {}", number(port)),
        Handler::Grpc { port, .. } => format!("readiness probe of gRPC port {port}"),
        Handler::Exec => "readiness probe by a command".to_owned(),
        Handler::Unknown => "readiness probe".to_owned(),
    }
}

/// Whether a probe that the pod passes proves that somebody listens at a port.
pub fn proves(body: &Body, port: u16) -> bool {
    let asks = |part: &Part| {
        probes(part).any(|(_, probe)| match probe.handler.port() {
            Some(PortRef::Number(number)) => u16::try_from(number) == Ok(port),
            Some(PortRef::Name(name)) => named(part, &name) == Some(port),
            None => false,
        })
    };
    body.serving().any(asks)
}

fn named(part: &Part, name: &Arc<str>) -> Option<u16> {
    let mut ports = part.ports.iter().filter(|port| port.protocol == Protocol::Tcp);
    ports.find(|port| port.name.as_ref() == Some(name)).map(|port| port.number)
}
