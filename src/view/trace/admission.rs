//! Webhooks of the API server: whether somebody answers for one. While nobody does, what it is asked about is refused.

use crate::kinds::admission::Webhook;
use crate::kinds::service::ServiceType;
use crate::kinds::{Record, SERVICE};
use crate::view::trace::body::WORKLOADS;
use crate::view::trace::crew;
use crate::view::trace::facts;
use crate::view::trace::world::{Known, World};
use std::sync::Arc;

/// How the API server begins to say that a webhook did not answer.
const COMPLAINT: &str = "failed calling webhook";

/// Why nobody answers for a webhook, and the field that says so.
#[derive(Debug)]
pub struct Silence<'a> {
    /// The reason, in words.
    pub why: String,
    /// The object that has the field.
    pub record: &'a Arc<Record>,
    /// The field.
    pub path: String,
    /// What it says.
    pub value: String,
    /// Whether the pods behind its Service are what is missing, or else its authority; none for anything else.
    pub lacks: Option<Lack<'a>>,
}

/// What a webhook lacks.
#[derive(Clone, Copy, Debug)]
pub enum Lack<'a> {
    /// Pods that are ready.
    Pods,
    /// Pods at all: this workload is scaled to zero.
    Replicas(&'a Arc<Record>),
    /// A caBundle.
    Authority,
}

/// Why the webhook of a configuration cannot answer; none where it can, or where that is not known.
pub fn silence<'a>(world: &World<'a>, record: &'a Arc<Record>, hook: &Webhook) -> Option<Silence<'a>> {
    let asked = hook.service.as_ref()?;
    let title = format!("Service {}/{}", asked.namespace, asked.name);
    let client = format!(".webhooks[?(@.name==\"{}\")].clientConfig", hook.name);
    let of_hook = |why: String, field: &str, value: &str, lacks| {
        let path = format!("{client}.{field}");
        Silence { why, record, path, value: value.to_owned(), lacks }
    };
    let Some(service) = world.named(SERVICE, &asked.namespace, &asked.name) else {
        let is_gone = is_told(world, &asked.namespace);
        return is_gone.then(|| of_hook(format!("{title} does not exist"), "service", &title, None));
    };
    let read = facts::service(service)?;
    let is_open = read.ports.is_empty() || read.ports.iter().any(|own| own.port == asked.port);
    if read.kind != ServiceType::ExternalName && !is_open {
        let have: Vec<String> = read.ports.iter().map(|own| own.port.to_string()).collect();
        let why = format!("{title} has no port {}", asked.port);
        let path = ".spec.ports[*].port".to_owned();
        return Some(Silence { why, record: service, path, value: have.join(","), lacks: None });
    }
    let ready = crew::ready(world, service);
    if ready.map_or_else(|| crew::is_nobodys(world, service), |ready| ready == 0) {
        let Some(workload) = crew::idle(world, service) else {
            return Some(of_hook(format!("{title} has no ready endpoint"), "service", &title, Some(Lack::Pods)));
        };
        let (why, path) = (format!("{} is scaled to zero", world.title(&workload.key)), ".spec.replicas".to_owned());
        let lacks = Some(Lack::Replicas(workload));
        return Some(Silence { why, record: workload, path, value: "0".to_owned(), lacks });
    }
    // Files are often written without it: somebody fills it in on the cluster.
    let is_live = !world.is_files() || record.meta.is_stored();
    (is_live && !hook.has_authority).then(|| {
        let why = "its configuration has no caBundle, so the API server does not trust its certificate".to_owned();
        of_hook(why, "caBundle", "", Some(Lack::Authority))
    })
}

/// Whether enough is known of a namespace to say that a Service of it is not there.
fn is_told(world: &World, namespace: &str) -> bool {
    if world.is_files() {
        return WORKLOADS.into_iter().any(|kind| !world.in_namespace(kind, namespace).is_empty());
    }
    world.known(SERVICE, Some(namespace)) == Known::Whole
}

/// The last of some events that tells that one of these webhooks did not answer, and what it says.
pub fn complaint<'a>(
    events: impl Iterator<Item = &'a Arc<Record>>,
    names: &[&str],
) -> Option<(&'a Arc<Record>, &'a Arc<str>)> {
    let is_about = |said: &str| names.iter().any(|name| said.contains(&format!("\"{name}\"")));
    let told = events.filter_map(|event| Some((event, facts::event(event)?)));
    let told = told.filter(|(_, read)| read.message.contains(COMPLAINT) && is_about(&read.message));
    told.max_by_key(|(_, read)| read.last).map(|(event, read)| (event, &read.message))
}
