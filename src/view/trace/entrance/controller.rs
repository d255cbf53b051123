//! The program behind an entrance that reads Ingresses: its workload, pods, flags and ConfigMap.

use crate::kinds::ingress::CLASS_ANNOTATION;
use crate::kinds::ingress_class::IngressClassFacts;
use crate::kinds::pod::facts::PodFacts;
use crate::kinds::{CONFIG_MAP, INGRESS_CLASS, ObjectRef, POD, Record, Selector};
use crate::model::{Scope, Select, Sync};
use crate::view::trace::body::template;
use crate::view::trace::facts;
use crate::view::trace::flavour::Flavour;
use crate::view::trace::plan::{Controller, Settings};
use crate::view::trace::program::{self, Program};
use crate::view::trace::world::{Known, Source, World};
use std::sync::Arc;

/// Every controller of the cluster that is told by its workload, by namespace and name.
pub fn running(world: &World) -> Vec<Controller> {
    world.controllers(None).into_iter().filter_map(|workload| of_workload(world, workload, None)).collect()
}

/// The controller that a workload runs; none where it runs something else.
pub fn of_workload(world: &World, workload: &Arc<Record>, service: Option<&ObjectRef>) -> Option<Controller> {
    let template = template(workload)?;
    let (program, container) = program::of_template(template)?;
    let namespace = workload.key.namespace.clone();
    let own = namespace.as_deref().unwrap_or("default");
    let flags: Vec<Arc<str>> = container.flags.iter().map(|flag| expanded(flag, own, &workload.key.name)).collect();
    let pods = pods(world, workload);
    let mut controller = Controller {
        flavour: program.flavour,
        name: Arc::from(program.controller),
        workload: Some(workload.clone()),
        namespace,
        host_network: template.host_network,
        pods,
        service: service.cloned(),
        flags: Some(flags),
        settings: Settings::Known(None),
        tls_ended: false,
        port: 0,
        ingress: None,
    };
    if let Some(name) = own_name(program, &controller) {
        controller.name = name;
    }
    controller.settings = settings(world, &controller);
    Some(controller)
}

/// The name that a controller's flags give it; none where they say nothing. Both HAProxys put the flag's value behind a name
/// that stays, haproxytech's by its class.
fn own_name(program: &Program, controller: &Controller) -> Option<Arc<str>> {
    let said = |flag: &str| controller.flag(flag).filter(|value| !value.is_empty() && *value != "true");
    match program.controller {
        "haproxy.org/ingress-controller/haproxy" => {
            let name = "haproxy.org/ingress-controller";
            Some(said("--ingress.class").map_or_else(|| Arc::from(name), |class| Arc::from(format!("{name}/{class}"))))
        }
        name @ "haproxy-ingress.github.io/controller" => {
            said("--controller-class").map(|class| Arc::from(format!("{name}/{}", class.trim_start_matches('/'))))
        }
        _ => controller.flag("--controller-class").map(Arc::from),
    }
}

/// The controller that runs in these pods, where their workload cannot be read.
pub fn of_pods(pods: Vec<Arc<Record>>, service: &ObjectRef) -> Option<Controller> {
    let images = || pods.iter().filter_map(|pod| facts::pod(pod)).flat_map(PodFacts::main).map(|c| &c.image);
    let program = images().find_map(|image| program::of_image(image))?;
    let host_network = pods.iter().filter_map(|pod| facts::pod(pod)).any(|facts| facts.host_network);
    Some(Controller { pods, host_network, ..named(program, Some(service)) })
}

/// The controller that a Service's labels tell, where nothing else does.
pub fn of_labels(service: &Record) -> Option<Controller> {
    program::of_labels(&service.meta.labels).map(|program| named(program, Some(&service.key)))
}

fn named(program: &Program, service: Option<&ObjectRef>) -> Controller {
    Controller {
        name: Arc::from(program.controller),
        service: service.cloned(),
        namespace: service.and_then(|service| service.namespace.clone()),
        ..assumed(program.flavour)
    }
}

/// A controller of which nothing was seen.
pub fn assumed(flavour: Flavour) -> Controller {
    let name = program::of_flavour(flavour).map_or("", |program| program.controller);
    Controller {
        flavour,
        name: Arc::from(name),
        workload: None,
        namespace: None,
        pods: Vec::new(),
        service: None,
        host_network: false,
        flags: None,
        settings: Settings::Unreadable,
        tls_ended: false,
        port: 0,
        ingress: None,
    }
}

/// The controller that would serve Ingresses like these: the one that was named for files, else the one of their class,
/// else one that keeps to the specification.
pub fn by_class(world: &World, ingresses: &[Arc<Record>]) -> Controller {
    if let Source::Files { controller: Some(flavour) } = world.source {
        return seen(world, assumed(flavour));
    }
    let Some(class) = ingresses.iter().find_map(|ingress| class(ingress)) else {
        let found = ingresses.iter().find_map(|ingress| by_annotations(ingress));
        return seen(world, found.unwrap_or_else(|| assumed(Flavour::Spec)));
    };
    let found = match (class_named(world, &class), program::of_class(&class)) {
        (Some(facts), _) => {
            let flavour = Flavour::of_controller(&facts.controller);
            Controller { name: facts.controller.clone(), ..assumed(flavour) }
        }
        (None, Some(program)) => named(program, None),
        (None, None) => assumed(Flavour::Spec),
    };
    seen(world, found)
}

/// What the IngressClass of this name says.
fn class_named<'a>(world: &World<'a>, name: &Arc<str>) -> Option<&'a IngressClassFacts> {
    let key = ObjectRef { kind: INGRESS_CLASS, namespace: None, name: Arc::clone(name) };
    facts::ingress_class(world.get(&key)?)
}

/// A cloud's controller as it runs in the cluster, where its workload can be read: no Service leads to it.
fn seen(world: &World, assumed: Controller) -> Controller {
    let running = || running(world).into_iter().find(|running| running.name == assumed.name);
    assumed.flavour.is_hosted().then(running).flatten().unwrap_or(assumed)
}

/// The controller of these Ingresses, the one that fits a request best first. The one that was named for files goes by the
/// name that their class gives: nobody else is there to serve it.
pub fn for_ingresses(world: &World, ingresses: &[Arc<Record>]) -> Controller {
    let assumed = by_class(world, ingresses);
    let class = ingresses.first().and_then(|ingress| class(ingress));
    let Some(read) = class.and_then(|class| class_named(world, &class)) else { return assumed };
    Controller { name: read.controller.clone(), ..assumed }
}

/// An Ingress without a class tells by the prefix of its annotations for whom it was written.
fn by_annotations(ingress: &Record) -> Option<Controller> {
    let prefixes = [
        ("nginx.ingress.kubernetes.io/", Flavour::Nginx),
        ("traefik.ingress.kubernetes.io/", Flavour::Traefik),
        ("alb.ingress.kubernetes.io/", Flavour::Alb),
        ("haproxy", Flavour::Haproxy),
    ];
    let mut keys = ingress.meta.annotations.iter().map(|(key, _)| key);
    let found = keys.find_map(|key| prefixes.iter().find(|(prefix, _)| key.starts_with(prefix)));
    found.map(|(_, flavour)| assumed(*flavour))
}

/// The class that an Ingress names, by field or annotation.
pub fn class(ingress: &Record) -> Option<Arc<str>> {
    let field = facts::ingress(ingress).and_then(|facts| facts.class.clone());
    field.or_else(|| ingress.meta.annotation(CLASS_ANNOTATION).cloned())
}

/// Whether the controller would take an Ingress, as far as its class tells.
pub fn takes(world: &World, controller: &Controller, ingress: &Record) -> bool {
    let Some(facts) = facts::ingress(ingress) else { return false };
    if let (Flavour::Gce, Some(said)) = (controller.flavour, ingress.meta.annotation(CLASS_ANNOTATION)) {
        return program::GCE_CLASSES.contains(&&**said) || controller.flag("--ingress-class") == Some(&**said);
    }
    // AWS, too, goes by the annotation first.
    let is_annotated = controller.flavour == Flavour::Alb && ingress.meta.annotation(CLASS_ANNOTATION).is_some();
    if let Some(class) = facts.class.as_ref().filter(|_| !is_annotated) {
        return match class_named(world, class) {
            Some(facts) => facts.controller == controller.name,
            None => program::of_class(class).is_some_and(|program| *program.controller == *controller.name),
        };
    }
    let own = controller.flag("--ingress-class").or_else(|| {
        program::of_controller(&controller.name)
            .or_else(|| program::of_flavour(controller.flavour))
            .map(|program| program.class)
    });
    match ingress.meta.annotation(CLASS_ANNOTATION) {
        Some(class) => own == Some(&**class),
        None => {
            controller.flavour != Flavour::Nginx || controller.flag("--watch-ingress-without-class") == Some("true")
        }
    }
}

fn selector(workload: &Record) -> Option<&Selector> {
    let deployment = facts::deployment(workload).and_then(|facts| facts.selector.as_ref());
    let daemon_set = || facts::daemon_set(workload).and_then(|facts| facts.selector.as_ref());
    deployment.or_else(daemon_set).or_else(|| facts::stateful_set(workload).and_then(|facts| facts.selector.as_ref()))
}

/// The pods of a workload that have not ended.
fn pods(world: &World, workload: &Record) -> Vec<Arc<Record>> {
    let namespace = workload.key.namespace.as_deref().unwrap_or("");
    let Some(selector) = selector(workload).filter(|selector| !selector.is_empty()) else { return Vec::new() };
    let found = world.labelled(POD, namespace, &selector.equals);
    let alive = |pod: &&Arc<Record>| facts::pod(pod).is_some_and(|facts| !facts.ended());
    found.into_iter().filter(alive).filter(|pod| selector.matches(&pod.meta.labels)).cloned().collect()
}

/// The environment that charts hand to controllers, filled in.
fn expanded(flag: &Arc<str>, namespace: &str, name: &str) -> Arc<str> {
    if !flag.contains("$(") {
        return flag.clone();
    }
    Arc::from(flag.replace("$(POD_NAMESPACE)", namespace).replace("$(POD_NAME)", name))
}

/// The ConfigMap that a controller reads its options from.
fn settings(world: &World, controller: &Controller) -> Settings {
    if controller.flags.is_none() {
        return Settings::Unreadable;
    }
    match named_map(world, controller, "--configmap") {
        Some(Ok(record)) => Settings::Known(Some(record)),
        None | Some(Err(false)) => Settings::Known(None),
        Some(Err(true)) => Settings::Unreadable,
    }
}

/// The ConfigMap that a flag names: none where it names none, else the map, else whether one may be there unseen.
pub fn named_map(world: &World, controller: &Controller, flag: &str) -> Option<Result<Arc<Record>, bool>> {
    let value = controller.flag(flag)?;
    let (namespace, name) = value.split_once('/').unwrap_or((controller.namespace.as_deref().unwrap_or(""), value));
    let key = ObjectRef::new(CONFIG_MAP, namespace, name);
    match world.get(&key) {
        Some(record) => Some(Ok(record.clone())),
        None => Some(Err(!is_known_absent(world, &key))),
    }
}

/// Whether an object that is not there is known not to exist: single ConfigMaps are watched by name.
fn is_known_absent(world: &World, key: &ObjectRef) -> bool {
    if world.is_files() {
        return false;
    }
    let single = Scope { kind: key.kind, namespace: key.namespace.clone(), select: Select::Name(key.name.clone()) };
    let is_live = matches!(world.cluster.sync(&single), Sync::Live | Sync::Stale { .. });
    is_live || matches!(world.known(key.kind, key.namespace.as_deref()), Known::Whole | Known::Absent)
}

/// Whether an option of the controller's ConfigMap is on, in the words of Go.
pub fn is_on(controller: &Controller, key: &str) -> bool {
    matches!(option(controller, key).map(str::trim), Some("1" | "t" | "T" | "TRUE" | "true" | "True"))
}

/// An option of the controller's ConfigMap; none where it is not set or cannot be read.
pub fn option<'a>(controller: &'a Controller, key: &str) -> Option<&'a str> {
    let Settings::Known(Some(record)) = &controller.settings else { return None };
    facts::config_map(record)?.value(key).map(AsRef::as_ref)
}

/// How the controller is called: `ingress-nginx v1.13.3`.
pub fn title(controller: &Controller) -> String {
    let template = controller.workload.as_ref().and_then(|workload| template(workload));
    let named = program::of_controller(&controller.name).filter(|program| program.flavour == controller.flavour);
    let known = named.or_else(|| program::of_flavour(controller.flavour));
    let program = known.or_else(|| template.and_then(program::of_template).map(|(program, _)| program));
    let title = match program {
        Some(program) => program.title,
        None if controller.name.is_empty() => "a controller that keeps to the specification",
        None => &controller.name,
    };
    let image = template.and_then(program::of_template).map(|(_, container)| program::tag(&container.image));
    match image.filter(|tag| !tag.is_empty()) {
        Some(tag) => format!("{title} {tag}"),
        None => title.to_owned(),
    }
}
