//! From where a request is sent: whether such a place is there at all, so that nothing is told of a pod that nobody has.

use crate::kinds::{NAMESPACE, ObjectRef, POD};
use crate::view::trace::near;
use crate::view::trace::request::{Request, Vantage};
use crate::view::trace::world::{Known, World};

/// Names that are told of, at most.
const FEW: usize = 3;

/// What is wrong with the place that a request is said to come from; none where it is there, or may be. Files need not hold
/// who sends.
pub fn missing(world: &World, request: &Request) -> Option<String> {
    if world.is_files() {
        return None;
    }
    match &request.vantage {
        Vantage::External => None,
        Vantage::Namespace(namespace) => no_namespace(world, namespace),
        Vantage::Pod { namespace, name } => no_namespace(world, namespace).or_else(|| no_pod(world, namespace, name)),
    }
}

fn no_namespace(world: &World, namespace: &str) -> Option<String> {
    let key = ObjectRef { kind: NAMESPACE, namespace: None, name: namespace.into() };
    if world.get(&key).is_some() || world.known(NAMESPACE, None) != Known::Whole {
        return None;
    }
    let near = near::nearest(namespace, world.of(NAMESPACE).map(|record| &*record.key.name));
    let near = near.map_or(String::new(), |name| format!(" (closest: {name})"));
    Some(format!("there is no namespace {namespace} to send from{near}"))
}

fn no_pod(world: &World, namespace: &str, name: &str) -> Option<String> {
    if world.get(&ObjectRef::new(POD, namespace, name)).is_some() || world.known(POD, Some(namespace)) != Known::Whole {
        return None;
    }
    let pods = world.in_namespace(POD, namespace);
    let names = || pods.iter().map(|pod| &*pod.key.name);
    // Most people remember a pod by the name of its workload.
    let mut close: Vec<&str> = names().filter(|pod| pod.starts_with(name)).take(FEW).collect();
    if close.is_empty() {
        close.extend(near::nearest(name, names()));
    }
    let close = if close.is_empty() { String::new() } else { format!(" (closest: {})", close.join(", ")) };
    Some(format!("there is no pod {namespace}/{name} to send from{close}"))
}
