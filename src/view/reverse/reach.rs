//! What stands for an object on a request's way: its pods, the Services that select or list them, and the ExternalNames
//! that lead to these.

use crate::kinds::pod::facts::Protocol;
use crate::kinds::service::{PortRef, facts::ServicePort, facts::ServiceType};
use crate::kinds::{ENDPOINT_SLICE, JOB, ObjectRef, POD, REPLICA_SET, Record, SERVICE};
use crate::view::trace::body;
use crate::view::trace::facts;
use crate::view::trace::world::World;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Owners above pods are looked through so deep: CronJob, Job, Pod.
const DEEPEST: usize = 4;

/// What stands for an object.
#[derive(Debug)]
pub struct Reach {
    /// Its pods; empty for a Service or a workload that has none.
    pub pods: Vec<Arc<Record>>,
    /// Whether every endpoint of its Services is its own.
    pub takes_all: bool,
    /// The Services that end at it, and the ExternalNames that lead to them: each with the Services from there to the end,
    /// itself first.
    chains: BTreeMap<ObjectRef, Vec<ObjectRef>>,
}

impl Reach {
    /// What stands for a pod, a Service, or a workload.
    pub fn of(world: &World, object: &Record) -> Self {
        let mut reach = Self { pods: Vec::new(), takes_all: false, chains: BTreeMap::new() };
        if object.key.kind == SERVICE {
            reach.takes_all = true;
            reach.chains.insert(object.key.clone(), vec![object.key.clone()]);
        } else {
            reach.pods = pods(world, object);
            let template = body::template(object).map(|template| &*template.labels);
            let namespace = object.key.namespace.as_deref().unwrap_or("");
            reach.takes_all = reach.pods.is_empty();
            for service in world.in_namespace(SERVICE, namespace) {
                let selects = template.is_some_and(|labels| selects(service, labels))
                    || reach.pods.iter().any(|pod| selects(service, &pod.meta.labels));
                if selects || reach.is_listed(world, service) {
                    reach.chains.insert(service.key.clone(), vec![service.key.clone()]);
                }
            }
        }
        reach.add_aliases(world);
        reach
    }

    /// The Services from this one to the object; none where it does not lead there.
    pub fn chain(&self, service: &ObjectRef) -> Option<&[ObjectRef]> {
        self.chains.get(service).map(Vec::as_slice)
    }

    /// Every Service that leads to the object, with the way from there.
    pub fn chains(&self) -> impl Iterator<Item = (&ObjectRef, &[ObjectRef])> {
        self.chains.iter().map(|(service, chain)| (service, chain.as_slice()))
    }

    /// Whether requests that end at this Service have arrived.
    pub fn is_end(&self, service: &ObjectRef) -> bool {
        self.chains.get(service).is_some_and(|chain| chain.len() == 1)
    }

    /// Whether one of the pods has what a port of a Service leads to.
    pub fn has_port(&self, port: &ServicePort) -> bool {
        let PortRef::Name(name) = &port.target else { return true };
        let protocol = Protocol::of(&port.protocol);
        let has = |pod: &Arc<Record>| facts::pod(pod).is_some_and(|pod| pod.port(name, protocol).is_some());
        self.pods.is_empty() || self.pods.iter().any(has)
    }

    /// Whether a slice that somebody wrote by hand lists one of the pods for the Service.
    fn is_listed(&self, world: &World, service: &Record) -> bool {
        let Some(service_facts) = facts::service(service) else { return false };
        if !service_facts.selector.is_empty() || self.pods.is_empty() {
            return false;
        }
        let label = (Arc::from("kubernetes.io/service-name"), Arc::clone(&service.key.name));
        let namespace = service.key.namespace.as_deref().unwrap_or("");
        let slices = world.labelled(ENDPOINT_SLICE, namespace, &[label]);
        let endpoints = slices.into_iter().filter_map(|slice| facts::endpoint_slice(slice)).flat_map(|s| &s.endpoints);
        endpoints.into_iter().any(|endpoint| {
            self.pods.iter().any(|pod| {
                let by_uid =
                    endpoint.target.as_ref().is_some_and(|target| !target.uid.is_empty() && target.uid == pod.meta.uid);
                let ips = facts::pod(pod).map_or(&[][..], |pod| &pod.ips);
                by_uid || endpoint.addresses.iter().any(|address| ips.iter().any(|ip| ip.to_string() == **address))
            })
        })
    }

    /// Adds the ExternalNames that lead to a Service of the chains, and those that lead to these. One that leads to itself
    /// leads nowhere, and is never added.
    fn add_aliases(&mut self, world: &World) {
        let aliases: Vec<(ObjectRef, ObjectRef)> = world
            .of(SERVICE)
            .filter_map(|service| alias(facts::service(service)?).map(|to| (service.key.clone(), to)))
            .collect();
        loop {
            let known = |key: &ObjectRef| self.chains.contains_key(key);
            let new: Vec<&(ObjectRef, ObjectRef)> =
                aliases.iter().filter(|(from, to)| !known(from) && known(to)).collect();
            if new.is_empty() {
                return;
            }
            for (from, to) in new {
                let mut chain = vec![from.clone()];
                chain.extend(self.chains.get(to).cloned().unwrap_or_default());
                self.chains.insert(from.clone(), chain);
            }
        }
    }
}

/// The Service that an ExternalName stands for: `NAME.NAMESPACE.svc`, with or without the cluster's domain.
fn alias(service: &crate::kinds::service::facts::ServiceFacts) -> Option<ObjectRef> {
    let name = service.external_name.as_deref().filter(|_| service.kind == ServiceType::ExternalName)?;
    let name = name.trim_end_matches('.').to_lowercase();
    let mut parts = name.split('.');
    let (name, namespace) = (parts.next()?, parts.next()?);
    (parts.next() == Some("svc")).then(|| ObjectRef::new(SERVICE, namespace, name))
}

/// The pods of an object: itself, or those that it owns, however far down.
pub fn pods(world: &World, object: &Record) -> Vec<Arc<Record>> {
    if object.key.kind == POD {
        return world.get(&object.key).into_iter().cloned().collect();
    }
    let mut owners: Vec<Arc<Record>> = world.get(&object.key).into_iter().cloned().collect();
    let mut pods: Vec<Arc<Record>> = Vec::new();
    for _ in 0..DEEPEST {
        let mut next = Vec::new();
        for owner in &owners {
            pods.extend(world.children(owner, POD).into_iter().cloned());
            for kind in [REPLICA_SET, JOB] {
                next.extend(world.children(owner, kind).into_iter().cloned());
            }
        }
        owners = next;
    }
    pods
}

/// Whether a Service selects pods with these labels.
pub fn selects(service: &Record, labels: &[(Arc<str>, Arc<str>)]) -> bool {
    let Some(service) = facts::service(service) else { return false };
    !service.selector.is_empty() && service.selector.iter().all(|label| labels.contains(label))
}
