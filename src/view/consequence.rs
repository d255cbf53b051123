//! What a change would do to Services and to the paths through them, before it is made: the model is supposed to be as it
//! would be, and the same trace is followed in both. What stays as it is, is not told.

pub mod paths;
pub mod pods;
mod slices;

use self::pods::Pods;
use crate::kinds::{self, KindId, ObjectRef, Record, SERVICE};
use crate::model::Supposed;
use crate::view::line::{Line, Role, Span, counted};
use crate::view::trace::world::World;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What goes with a namespace is supposed to be gone up to so many objects.
const MOST: usize = 500;

/// One object that would be otherwise.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Which.
    pub key: ObjectRef,
    /// As it would be; none where it would be gone.
    pub then: Option<Arc<Record>>,
    /// Whether its pods would be replaced by those of another template.
    pub rolls: bool,
}

/// Until when something would be so.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum When {
    /// From then on.
    #[default]
    Lasting,
    /// Until other pods stand in for those that go.
    Meanwhile,
    /// Only once pods are ready, which nobody can promise.
    OnceReady,
}

/// How many endpoints of a Service are ready, and how many would be.
#[derive(Clone, Debug, PartialEq)]
pub struct Behind {
    /// The Service.
    pub service: ObjectRef,
    /// Now.
    pub now: usize,
    /// Then.
    pub then: usize,
    /// The fewest there may be on the way, where that is less than both.
    pub least: usize,
    /// Whether it would be gone itself.
    pub is_gone: bool,
}

/// The model as it would be, and what that means for Services.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft {
    /// What would be otherwise.
    pub supposed: Vec<Supposed>,
    /// Services of which something would be otherwise.
    pub services: Vec<Behind>,
    /// Until when.
    pub when: When,
    /// Objects beside pods that would be otherwise: what a trace looks at by itself.
    changed: Vec<ObjectRef>,
    /// Why it cannot be told whole.
    pub unknown: Option<String>,
}

/// The model as these steps would leave it.
pub fn draft(world: &World, steps: &[Step]) -> Draft {
    let mut draft = Draft::default();
    let mut pods = Pods::default();
    let all = with_namespaces(world, steps);
    if MOST < all.len() {
        draft.unknown = Some(format!("{} objects go with it: which paths they take along is unknown", all.len()));
        return draft;
    }
    for step in &all {
        if step.key.kind == kinds::POD || pods::is_workload(step.key.kind) {
            pods.take(world, step);
        } else if step.key.kind == kinds::NODE {
            pods.take_node(world, step);
        } else {
            draft.supposed.push((step.key.clone(), step.then.clone()));
            draft.changed.push(step.key.clone());
        }
    }
    draft.when = pods.when;
    for service in touched_services(world, &all, &pods) {
        let then = all.iter().find(|step| step.key == service.key).map(|step| step.then.as_deref());
        let told = slices::rebuilt(world, &service, then.unwrap_or(Some(&service)), &pods);
        draft.supposed.extend(told.supposed);
        if told.behind.now != told.behind.then || told.behind.least < told.behind.now || told.has_other_ports {
            draft.services.push(told.behind);
        }
    }
    draft.supposed.extend(pods.changed);
    draft
}

/// The steps, and for a namespace that goes everything in it that a request can meet.
fn with_namespaces(world: &World, steps: &[Step]) -> Vec<Step> {
    let mut all = steps.to_vec();
    let goes = |step: &&Step| step.key.kind == kinds::NAMESPACE && step.then.is_none();
    let met: Vec<KindId> = crate::view::routes::KINDS.into_iter().chain([SERVICE, kinds::POD, kinds::SECRET]).collect();
    for namespace in steps.iter().filter(goes) {
        for kind in &met {
            let records = world.in_namespace(*kind, &namespace.key.name).into_iter();
            all.extend(records.map(|record| Step { key: record.key.clone(), then: None, rolls: false }));
        }
    }
    all
}

/// The Services whose endpoints may change.
fn touched_services(world: &World, steps: &[Step], pods: &Pods) -> Vec<Arc<Record>> {
    let namespaces: BTreeSet<&Arc<str>> = pods.all().filter_map(|pod| pod.key.namespace.as_ref()).collect();
    let mut found: Vec<Arc<Record>> = Vec::new();
    for namespace in namespaces {
        let selects = |service: &&Arc<Record>| {
            pods.all().any(|pod| {
                pod.key.namespace == service.key.namespace
                    && crate::view::reverse::reach::selects(service, &pod.meta.labels)
            })
        };
        found.extend(world.in_namespace(SERVICE, namespace).into_iter().filter(selects).cloned());
    }
    let own = steps.iter().filter(|step| step.key.kind == SERVICE).filter_map(|step| world.get(&step.key));
    found.extend(own.cloned());
    found.sort_by(|one, other| one.key.cmp(&other.key));
    found.dedup_by(|one, other| one.key == other.key);
    found
}

impl Draft {
    /// Whether nothing of it can be met by a request.
    pub fn is_empty(&self) -> bool {
        self.supposed.is_empty() && self.services.is_empty() && self.unknown.is_none()
    }
}

impl Behind {
    /// What is to be said of it.
    pub fn line(&self, when: When) -> Line {
        let name = format!("service/{}", self.service.name);
        if self.is_gone {
            return told(&name, format!("is gone, with {}", endpoints(self.now)), Some(kinds::Health::Failed));
        }
        if self.now == self.then {
            let text = format!("at least {} of {} stay meanwhile", self.least, endpoints(self.now));
            let health = if self.least == 0 { kinds::Health::Failed } else { kinds::Health::Warn };
            return told(&name, text, Some(health));
        }
        let until = match when {
            When::Lasting => "",
            When::Meanwhile => " until others are ready",
            When::OnceReady => " once its pods are ready",
        };
        let health = match self.then {
            0 => Some(kinds::Health::Failed),
            then if then < self.now => Some(kinds::Health::Warn),
            _ => None,
        };
        told(&name, format!("{} → {}{until}", self.now, endpoints(self.then)), health)
    }
}

fn told(name: &str, text: String, health: Option<kinds::Health>) -> Line {
    // The gap is a part of its own: a text that is broken into lines loses the spaces before it.
    let (name, gap, text) = (Span::new(name, Role::Link), Span::text("  "), Span::text(text));
    Line::of(vec![name, gap, text]).state(health)
}

fn endpoints(count: usize) -> String {
    counted(count, "endpoint")
}

#[cfg(test)]
mod tests;
