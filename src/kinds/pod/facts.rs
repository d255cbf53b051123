//! What trace, rollout, logs and Home read of a Pod, as small as it can be.

use crate::kinds::pod::Pod;
use crate::kinds::pod::probe::{Probe, WireProbe};
use crate::kinds::pod::spec::{self, ContainerPort};
use crate::kinds::pod::status::{ContainerStatus, PodStatus, Terminated};
use crate::kinds::{Interner, Meta};
use crate::wire::Timestamp;
use crate::wire::quantity::Quantity;
use crate::wire::time::Time;
use std::net::IpAddr;
use std::sync::Arc;

/// The longest message that is kept, in bytes.
const LONGEST: usize = 200;

/// What views read of a Pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodFacts {
    /// Its phase.
    pub phase: Phase,
    /// Whether the Ready condition is true.
    pub ready: bool,
    /// Since when it has been so.
    pub ready_since: Option<Timestamp>,
    /// Init containers and sidecars, containers, debugging containers: each group in the order of the spec.
    pub containers: Box<[Container]>,
    /// Its addresses.
    pub ips: Box<[IpAddr]>,
    /// The node it was given.
    pub node: Option<Arc<str>>,
    /// Whether it uses the node's own network.
    pub host_network: bool,
    /// Its quality of service.
    pub qos: Qos,
    /// When the kubelet took it on.
    pub started: Option<Timestamp>,
    /// What few pods have.
    pub rare: Option<Box<Rare>>,
}

/// What few pods have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rare {
    /// Why no node was found for it, in the scheduler's words; none once there is one, or before the scheduler has spoken.
    pub unscheduled: Option<Arc<str>>,
    /// `Evicted`, `NodeLost` … as the status says of the whole pod.
    pub status_reason: Option<Arc<str>>,
    /// Readiness gates, and whether each is met.
    pub readiness_gates: Box<[(Arc<str>, bool)]>,
    /// What must be lifted before it is scheduled.
    pub scheduling_gates: Box<[Arc<str>]>,
    /// What holds it back once it is deleted; its deadline is `Meta::deleted`.
    pub finalizers: Box<[Arc<str>]>,
}

/// Where a pod stands in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Accepted, not all containers have run.
    Pending,
    /// At least one container runs.
    Running,
    /// All ended well.
    Succeeded,
    /// All ended, at least one of them badly.
    Failed,
    /// The node does not say, or the word is not known.
    #[default]
    Unknown,
}

/// `QOSClass`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Qos {
    /// Limits equal requests.
    Guaranteed,
    /// Something is requested.
    Burstable,
    /// Nothing is.
    BestEffort,
    /// Not set.
    #[default]
    Unknown,
}

/// One container of a pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Container {
    /// Name.
    pub name: Arc<str>,
    /// Image, as the spec writes it.
    pub image: Arc<str>,
    /// What it is for.
    pub role: Role,
    /// Whether its readiness probe is content.
    pub ready: bool,
    /// Whether its startup probe is content.
    pub started: bool,
    /// How often it was restarted.
    pub restarts: u32,
    /// What it does now.
    pub state: State,
    /// How it ended the time before.
    pub last_exit: Option<Box<Exit>>,
    /// Bytes it may use at most.
    pub memory_limit: Option<i64>,
    /// Ports that it declares.
    pub ports: Arc<[Port]>,
    /// Its probes and why it waits; boxed, because most containers have neither.
    pub(crate) aside: Option<Arc<Aside>>,
}

/// What most containers do not have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Aside {
    waits_for: Option<Arc<str>>,
    readiness: Option<Box<Probe>>,
    liveness: Option<Box<Probe>>,
    startup: Option<Box<Probe>>,
}

/// What a container is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Role {
    /// Runs to its end before the others start.
    Init,
    /// Starts with the init containers and stays.
    Sidecar,
    /// Does the work.
    #[default]
    Main,
    /// Was added for debugging.
    Ephemeral,
}

/// What a container does.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum State {
    /// No word from the kubelet yet.
    #[default]
    Unreported,
    /// Not yet, or not again: `ContainerCreating`, `CrashLoopBackOff` …
    Waiting(Option<Arc<str>>),
    /// Runs, since when.
    Running(Option<Timestamp>),
    /// Ended.
    Exited(Box<Exit>),
}

/// How a container ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Exit {
    /// Exit code.
    pub code: i32,
    /// The signal that ended it, or 0.
    pub signal: i32,
    /// `Completed`, `Error`, `OOMKilled` …
    pub reason: Option<Arc<str>>,
    /// When it began.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
}

/// A port that a container declares.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Port {
    /// Its name, by which Services find it.
    pub name: Option<Arc<str>>,
    /// Its number.
    pub number: u16,
    /// The port of the node that leads to it; 0 for none.
    pub host: u16,
    /// Its protocol.
    pub protocol: Protocol,
}

/// Transport protocol of a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP, also when nothing is said.
    #[default]
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Protocol {
    /// From `TCP`, `UDP`, `SCTP`; everything else counts as TCP.
    pub fn of(text: &str) -> Self {
        match text {
            "UDP" => Self::Udp,
            "SCTP" => Self::Sctp,
            _ => Self::Tcp,
        }
    }

    /// As the API writes it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Tcp => "TCP",
            Self::Udp => "UDP",
            Self::Sctp => "SCTP",
        }
    }
}

impl Container {
    /// What the kubelet says of why it waits, the first line of it.
    pub fn waits_for(&self) -> Option<&str> {
        self.aside.as_ref()?.waits_for.as_deref()
    }

    /// What tells whether it may take traffic.
    pub fn readiness(&self) -> Option<&Probe> {
        self.aside.as_ref()?.readiness.as_deref()
    }

    /// What tells whether it must be restarted.
    pub fn liveness(&self) -> Option<&Probe> {
        self.aside.as_ref()?.liveness.as_deref()
    }

    /// What tells whether it has started.
    pub fn startup(&self) -> Option<&Probe> {
        self.aside.as_ref()?.startup.as_deref()
    }
}

impl PodFacts {
    /// The containers that do the work.
    pub fn main(&self) -> impl Iterator<Item = &Container> {
        self.containers.iter().filter(|c| c.role == Role::Main)
    }

    /// Readiness gates, and whether each is met.
    pub fn readiness_gates(&self) -> &[(Arc<str>, bool)] {
        self.rare.as_ref().map_or(&[], |rare| &rare.readiness_gates)
    }

    /// Whether the pod has ended, well or badly.
    pub fn ended(&self) -> bool {
        matches!(self.phase, Phase::Succeeded | Phase::Failed)
    }

    /// The number of the port that a container declares under this name.
    pub fn port(&self, name: &str, protocol: Protocol) -> Option<u16> {
        let mut ports = self.containers.iter().flat_map(|c| c.ports.iter());
        ports.find(|p| p.protocol == protocol && p.name.as_deref() == Some(name)).map(|p| p.number)
    }
}

/// Reads the facts of a pod.
pub fn facts(pod: &Pod, _meta: &Meta, interner: &mut Interner) -> PodFacts {
    let (spec, status) = (pod.spec(), pod.status());
    let ready = status.condition("Ready");
    PodFacts {
        phase: phase(&status.phase),
        ready: status.is("Ready"),
        ready_since: ready.and_then(|c| instant(c.last_transition_time)),
        containers: containers(pod, interner),
        ips: status.addresses().filter_map(|ip| ip.parse().ok()).collect(),
        node: interner.non_empty(&spec.node_name),
        host_network: spec.host_network,
        qos: qos(&status.qos_class),
        started: instant(status.start_time),
        rare: rare(pod, interner),
    }
}

fn rare(pod: &Pod, interner: &mut Interner) -> Option<Box<Rare>> {
    let (spec, status) = (pod.spec(), pod.status());
    let gates = spec.readiness_gates.iter();
    let rare = Rare {
        unscheduled: unscheduled(spec, status, interner),
        status_reason: interner.non_empty(&status.reason),
        readiness_gates: gates.map(|g| (interner.intern(&g.condition_type), status.is(&g.condition_type))).collect(),
        scheduling_gates: spec.scheduling_gates.iter().map(|g| interner.intern(&g.name)).collect(),
        finalizers: pod.metadata.iter().flat_map(|m| &m.finalizers).map(|f| interner.intern(f)).collect(),
    };
    (rare != Rare::default()).then(|| Box::new(rare))
}

fn containers(pod: &Pod, interner: &mut Interner) -> Box<[Container]> {
    let (spec, status) = (pod.spec(), pod.status());
    let of = |role| move |c: &spec::Container| if c.is_sidecar() { Role::Sidecar } else { role };
    let init = spec.init_containers.iter().map(|c| (c, of(Role::Init)(c), &status.init_container_statuses));
    let main = spec.containers.iter().map(|c| (c, Role::Main, &status.container_statuses));
    let ephemeral = spec.ephemeral_containers.iter().filter_map(|c| c.container.as_ref());
    let ephemeral = ephemeral.map(|c| (c, Role::Ephemeral, &status.ephemeral_container_statuses));
    let all = init.chain(main).chain(ephemeral);
    all.map(|(spec, role, statuses)| container(spec, role, statuses.iter().find(|s| s.name == spec.name), interner))
        .collect()
}

fn container(
    spec: &spec::Container,
    role: Role,
    status: Option<&ContainerStatus>,
    interner: &mut Interner,
) -> Container {
    let limit = spec.resources.as_ref().and_then(|r| r.limits.get("memory"));
    Container {
        name: interner.intern(&spec.name),
        image: interner.intern(&spec.image),
        role,
        ready: status.is_some_and(|s| s.ready),
        started: status.is_some_and(|s| s.started == Some(true)),
        restarts: status.map_or(0, |s| u32::try_from(s.restart_count).unwrap_or(0)),
        state: status.map_or(State::Unreported, |s| state(s, interner)),
        last_exit: status.and_then(|s| s.last_terminated()).map(|t| Box::new(exit(t, interner))),
        memory_limit: limit.and_then(Quantity::value),
        ports: ports(spec, interner),
        aside: aside(spec, status, interner),
    }
}

fn ports(spec: &spec::Container, interner: &mut Interner) -> Arc<[Port]> {
    let ports: Vec<Port> = spec.ports.iter().map(|p| port(p, interner)).collect();
    interner.ports.share(ports)
}

fn aside(spec: &spec::Container, status: Option<&ContainerStatus>, interner: &mut Interner) -> Option<Arc<Aside>> {
    let aside = Aside {
        waits_for: status.and_then(|s| s.waiting()).and_then(|w| interner.non_empty(first_line(&w.message))),
        readiness: probe(spec.readiness_probe.as_ref(), interner),
        liveness: probe(spec.liveness_probe.as_ref(), interner),
        startup: probe(spec.startup_probe.as_ref(), interner),
    };
    (aside != Aside::default()).then(|| interner.asides.share(aside))
}

/// The scheduler's message, while it has found no node.
fn unscheduled(spec: &spec::PodSpec, status: &PodStatus, interner: &mut Interner) -> Option<Arc<str>> {
    let condition = status.condition("PodScheduled").filter(|c| c.status == "False" && spec.node_name.is_empty())?;
    let said = [first_line(&condition.message), &condition.reason];
    said.into_iter().find_map(|text| interner.non_empty(text))
}

/// The first line of a message, cut where it is too long to be evidence.
fn first_line(message: &str) -> &str {
    let line = message.trim().lines().next().unwrap_or("");
    let ends = line.char_indices().map(|(at, c)| at + c.len_utf8());
    &line[..ends.take_while(|end| *end <= LONGEST).last().unwrap_or(0)]
}

/// A slim probe.
pub fn probe(probe: Option<&WireProbe>, interner: &mut Interner) -> Option<Box<Probe>> {
    probe.map(|p| p.slim(interner))
}

fn state(status: &ContainerStatus, interner: &mut Interner) -> State {
    if let Some(waiting) = status.waiting() {
        return State::Waiting(interner.non_empty(&waiting.reason));
    }
    if let Some(running) = status.running() {
        return State::Running(instant(running.started_at));
    }
    status.terminated().map_or(State::Unreported, |end| State::Exited(Box::new(exit(end, interner))))
}

fn exit(end: &Terminated, interner: &mut Interner) -> Exit {
    Exit {
        code: end.exit_code,
        signal: end.signal,
        reason: interner.non_empty(&end.reason),
        started: instant(end.started_at),
        finished: instant(end.finished_at),
    }
}

/// A declared port.
pub fn port(port: &ContainerPort, interner: &mut Interner) -> Port {
    Port {
        name: interner.non_empty(&port.name),
        number: u16::try_from(port.container_port).unwrap_or(0),
        host: u16::try_from(port.host_port).unwrap_or(0),
        protocol: Protocol::of(&port.protocol),
    }
}

fn instant(time: Option<Time>) -> Option<Timestamp> {
    time.and_then(Time::instant)
}

fn phase(text: &str) -> Phase {
    match text {
        "Pending" => Phase::Pending,
        "Running" => Phase::Running,
        "Succeeded" => Phase::Succeeded,
        "Failed" => Phase::Failed,
        _ => Phase::Unknown,
    }
}

fn qos(text: &str) -> Qos {
    match text {
        "Guaranteed" => Qos::Guaranteed,
        "Burstable" => Qos::Burstable,
        "BestEffort" => Qos::BestEffort,
        _ => Qos::Unknown,
    }
}
