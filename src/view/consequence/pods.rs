//! The pods that come, go or change with a workload, a node or themselves.
//!
//! Which pods a ReplicaSet ends first: those that are not ready, then the youngest
//! (<https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset>); a StatefulSet those with
//! the highest numbers.

use super::{Step, When};
use crate::kinds::pod::facts::{Container, Phase, PodFacts, Port, State};
use crate::kinds::template::Template;
use crate::kinds::{
    CRON_JOB, DAEMON_SET, DEPLOYMENT, Digest, Facts, Health, JOB, KindId, Meta, ObjectRef, POD, REPLICA_SET, ROLLOUT,
    Record, STATEFUL_SET,
};
use crate::view::reverse::reach;
use crate::view::rollout::history::{is_over, is_ready};
use crate::view::rollout::pace;
use crate::view::trace::body;
use crate::view::trace::facts;
use crate::view::trace::world::World;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

/// Pods that are made up for a workload at most: a Service is no readier with more.
const MOST_MADE: u32 = 50;

/// Pods that would be otherwise.
#[derive(Debug, Default)]
pub struct Pods {
    /// As they would be; none where they would be gone.
    pub changed: BTreeMap<ObjectRef, Option<Arc<Record>>>,
    /// As those that go or change are now.
    before: Vec<Arc<Record>>,
    /// Pods that are replaced a few at a time, and how many of them are missing on the way at most.
    pub rolling: Vec<(Vec<Arc<Record>>, usize)>,
    /// Until when.
    pub when: When,
}

/// Whether objects of a kind make pods.
pub fn is_workload(kind: KindId) -> bool {
    [DEPLOYMENT, REPLICA_SET, STATEFUL_SET, DAEMON_SET, JOB, CRON_JOB, ROLLOUT].contains(&kind)
}

impl Pods {
    /// Every pod that would be otherwise, as it is and as it would be.
    pub fn all(&self) -> impl Iterator<Item = &Arc<Record>> {
        let rolling = self.rolling.iter().flat_map(|(pods, _)| pods);
        self.before.iter().chain(self.changed.values().flatten()).chain(rolling)
    }

    /// Takes in a step of a pod or of a workload.
    pub fn take(&mut self, world: &World, step: &Step) {
        let Some(now) = world.get(&step.key).cloned() else { return };
        if step.key.kind == POD {
            return self.replace(&now, step.then.clone());
        }
        let live: Vec<Arc<Record>> = reach::pods(world, &now).into_iter().filter(is_live).collect();
        match &step.then {
            None => {
                for pod in &live {
                    self.go(pod);
                }
                if now.meta.controller().is_some() {
                    self.when = When::Meanwhile;
                }
            }
            Some(then) => self.change(&now, then, live, step.rolls),
        }
    }

    /// Takes in a node that goes, with its pods.
    pub fn take_node(&mut self, world: &World, step: &Step) {
        if step.then.is_some() {
            return;
        }
        let is_there = |pod: &&Arc<Record>| {
            facts::pod(pod).is_some_and(|pod| pod.node.as_deref() == Some(&*step.key.name)) && is_live(pod)
        };
        let pods: Vec<Arc<Record>> = world.of(POD).filter(is_there).cloned().collect();
        for pod in pods {
            self.replace(&pod, None);
        }
    }

    /// One pod by itself: its controller makes another.
    fn replace(&mut self, pod: &Arc<Record>, then: Option<Arc<Record>>) {
        if then.is_none() && pod.meta.controller().is_some() {
            self.when = When::Meanwhile;
        }
        self.put(pod, then);
    }

    fn go(&mut self, pod: &Arc<Record>) {
        self.put(pod, None);
    }

    fn put(&mut self, pod: &Arc<Record>, then: Option<Arc<Record>>) {
        self.before.push(Arc::clone(pod));
        self.changed.insert(pod.key.clone(), then);
    }

    fn change(&mut self, now: &Record, then: &Record, live: Vec<Arc<Record>>, rolls: bool) {
        let (before, after) = (desired(now), desired(then));
        if let (Some(before), Some(after)) = (before, after) {
            if after < before {
                let first_to_go = order(now.key.kind, &live);
                let keep = usize::try_from(after).unwrap_or(usize::MAX);
                first_to_go.into_iter().take(live.len().saturating_sub(keep)).for_each(|pod| self.go(&pod));
                return;
            }
            if before < after {
                return self.come(then, &live, (after - before).min(MOST_MADE));
            }
        }
        if rolls && !is_held(then) {
            self.roll(now, then, live);
        }
    }

    /// More pods of the workload.
    fn come(&mut self, then: &Record, live: &[Arc<Record>], count: u32) {
        let Some(template) = body::template(then) else { return };
        for number in 0..count {
            let pod = made(then, template, number, live.first().map(AsRef::as_ref));
            self.changed.insert(pod.key.clone(), Some(Arc::new(pod)));
        }
        self.when = When::OnceReady;
    }

    /// The pods of the workload become those of another template.
    fn roll(&mut self, now: &Record, then: &Record, live: Vec<Arc<Record>>) {
        let (Some(old), Some(new)) = (body::template(now), body::template(then)) else { return };
        if old.labels != new.labels || !ports(old).eq(ports(new)) {
            for (number, pod) in (0..).zip(&live) {
                let next = made(then, new, number, Some(pod));
                self.put(pod, Some(Arc::new(Record { key: pod.key.clone(), ..next })));
            }
            self.when = When::OnceReady;
            return;
        }
        let Some(pace) = pace::pace(then) else { return };
        match (pace.strategy, pace.unavailable) {
            ("Recreate", _) => {
                for pod in &live {
                    self.go(pod);
                }
                self.when = When::Meanwhile;
            }
            (_, Some((_, missing))) => {
                // As many as it may lack of those that it wants: who lacks some already gives up no more.
                let wanted = desired(then).map_or(live.len(), |wanted| usize::try_from(wanted).unwrap_or(usize::MAX));
                let kept = wanted.saturating_sub(usize::try_from(missing).unwrap_or(usize::MAX));
                let ready = live.iter().filter(|pod| is_ready(pod)).count();
                if kept < ready {
                    self.rolling.push((live, ready - kept));
                }
            }
            _ => {}
        }
    }
}

fn is_live(pod: &Arc<Record>) -> bool {
    facts::pod(pod).is_some() && !is_over(pod)
}

/// How many pods a workload wants by its own words; a DaemonSet's number is that of its nodes.
fn desired(workload: &Record) -> Option<u32> {
    match &workload.digest.facts {
        Facts::Rollout(facts) => Some(facts.replicas.desired),
        _ => body::desired(workload),
    }
}

/// Whether another template changes no pod by itself.
fn is_held(workload: &Record) -> bool {
    match &workload.digest.facts {
        Facts::Deployment(facts) => facts.paused,
        Facts::StatefulSet(facts) => facts.on_delete || facts.replicas.desired <= facts.partition,
        Facts::DaemonSet(facts) => facts.on_delete,
        // A ReplicaSet never replaces pods; a Rollout goes by steps of its own.
        _ => true,
    }
}

/// The pods, those that go first first.
fn order(kind: KindId, live: &[Arc<Record>]) -> Vec<Arc<Record>> {
    let mut pods = live.to_vec();
    if kind == STATEFUL_SET {
        pods.sort_by_key(|pod| std::cmp::Reverse(ordinal(&pod.key.name)));
    } else {
        pods.sort_by_key(|pod| (is_ready(pod), std::cmp::Reverse(pod.meta.created)));
    }
    pods
}

fn ordinal(name: &str) -> u32 {
    name.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// What of a template, beside its labels, decides whether requests arrive: ports by their names and numbers.
fn ports(template: &Template) -> impl Iterator<Item = &Port> {
    template.containers.iter().flat_map(|container| &container.ports)
}

/// A pod of a template, ready, as nobody has made it yet; what only a kubelet knows is as with `like`.
fn made(workload: &Record, template: &Template, number: u32, like: Option<&Record>) -> Record {
    let own = like.and_then(facts::pod).cloned().unwrap_or_default();
    let containers = template.containers.iter().map(|wanted| {
        let known = own.containers.iter().find(|container| container.name == wanted.name).cloned();
        Container {
            name: Arc::clone(&wanted.name),
            image: Arc::clone(&wanted.image),
            role: wanted.role,
            ports: wanted.ports.clone().into(),
            ready: true,
            started: true,
            state: State::Running(None),
            ..known.unwrap_or_default()
        }
    });
    // An address that is nobody's: RFC 5737.
    let ip = IpAddr::V4(Ipv4Addr::new(192, 0, 2, u8::try_from(number + 1).unwrap_or(u8::MAX)));
    let facts = PodFacts {
        phase: Phase::Running,
        ready: true,
        containers: containers.collect(),
        ips: Box::new([ip]),
        host_network: template.host_network,
        rare: None,
        ..own
    };
    let namespace = workload.key.namespace.as_deref().unwrap_or_default();
    let name = format!("{}-new-{number}", workload.key.name);
    let meta = Meta {
        uid: Arc::from(name.as_str()),
        labels: template.labels.clone().into(),
        created: None,
        ..like.map(|pod| pod.meta.clone()).unwrap_or_default()
    };
    let digest = Digest { health: Some(Health::Ready), facts: Facts::Pod(Box::new(facts)), ..Digest::default() };
    Record { key: ObjectRef::new(POD, namespace, &name), meta, digest }
}
