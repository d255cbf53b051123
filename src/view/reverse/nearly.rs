//! Services that miss a pod by one label: where nobody leads to it, that is most often why.

use crate::kinds::{ObjectRef, Record, SERVICE};
use crate::view::trace::facts;
use crate::view::trace::world::World;
use std::sync::Arc;

/// Labels that say what an object is: with another value of these it is another one.
const IDENTITY: [&str; 5] = ["app", "app.kubernetes.io/name", "app.kubernetes.io/instance", "k8s-app", "name"];

/// A Service that would choose a pod, but for one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nearly {
    /// The Service.
    pub service: ObjectRef,
    /// The label, as the Service wants it: `version=blue`.
    pub wanted: String,
    /// The value that the pod has for it.
    pub has: Arc<str>,
}

impl Nearly {
    /// In words, behind the name of the pod.
    pub fn says(&self) -> String {
        format!("Service {} wants {}, it has {}", self.service.name, self.wanted, self.has)
    }
}

/// The Services of a pod's namespace that choose it by all labels but one, of which it has another value.
pub fn services(world: &World, pod: &Record) -> Vec<Nearly> {
    let namespace = pod.key.namespace.as_deref().unwrap_or("");
    let services = world.in_namespace(SERVICE, namespace).into_iter();
    services.filter_map(|service| nearly(service, pod)).collect()
}

fn nearly(service: &Record, pod: &Record) -> Option<Nearly> {
    let selector = &facts::service(service)?.selector;
    let value = |key: &str| pod.meta.labels.iter().find(|(have, _)| **have == *key).map(|(_, value)| value);
    let mut differing = selector.iter().filter(|(key, wanted)| value(key).is_none_or(|have| have != wanted));
    let (key, wanted) = differing.next()?;
    if selector.len() < 2 || IDENTITY.contains(&&**key) || differing.next().is_some() {
        return None;
    }
    let has = Arc::clone(value(key)?);
    Some(Nearly { service: service.key.clone(), wanted: format!("{key}={wanted}"), has })
}
