//! Which Ingresses a controller serves: by class, by annotation, by the namespaces that it watches.
//!
//! Facts: `GetIngressClass` of ingress-nginx's store.go; the admission of default classes is a matter of creation, so a
//! class that is not written in the object was not given to it.

use crate::kinds::ingress::CLASS_ANNOTATION;
use crate::kinds::{INGRESS, INGRESS_CLASS, NAMESPACE, ObjectRef, Record};
use crate::view::trace::entrance::gate::{self, Behind, Gate};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, ctl};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::plan::Controller;
use crate::view::trace::program;
use crate::view::trace::rule::cloud::params;
use crate::view::trace::rule::invalid;
use crate::view::trace::rule::settings::truth;
use crate::view::trace::rule::{run_by, some};
use crate::view::trace::served::{Sorted, Taken};
use crate::view::trace::world::{Known, World};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every Ingress, told apart. It is not noted which there are: who asks for a request notes those for its hosts.
pub fn all<'a>(world: &World<'a>, controller: &Controller) -> Sorted<'a> {
    let (mut served, mut left) = (Vec::new(), Vec::new());
    let mut classes = BTreeMap::new();
    let everywhere =
        ["--watch-namespace-selector", "--disable-catch-all"].iter().all(|flag| controller.flag(flag).is_none())
            && watched(controller).is_none();
    for ingress in world.cluster.of(INGRESS) {
        let found = match facts::ingress(ingress).and_then(|read| read.class.as_deref()) {
            // GKE and AWS go by the annotation, whatever the class says.
            Some(class) if everywhere && !controller.flavour.is_hosted() => {
                of_class(world, controller, (ingress, class), &mut classes)
            }
            _ => taken(world, controller, ingress),
        };
        match unless_dropped(world, controller, ingress, found) {
            Taken::Yes => served.push(ingress),
            other => left.push((ingress, other)),
        }
    }
    Sorted::new(served, left)
}

/// One Ingress, told by the same rules.
pub fn one(world: &World, controller: &Controller, ingress: &Arc<Record>) -> Taken {
    unless_dropped(world, controller, ingress, taken(world, controller, ingress))
}

/// What a controller takes by its class it may still drop for what it says.
fn unless_dropped(world: &World, controller: &Controller, ingress: &Arc<Record>, found: Taken) -> Taken {
    if found != Taken::Yes {
        return found;
    }
    let dropped = match controller.flavour {
        Flavour::Alb => params::refused(world, ingress),
        _ => invalid::dropped(controller, ingress),
    };
    dropped.map_or(found, |finding| Taken::No(Box::new(finding)))
}

/// What is found of a class holds for every Ingress of it, but for the finding that names the Ingress.
fn of_class<'a>(
    world: &World,
    controller: &Controller,
    (ingress, class): (&Record, &'a str),
    known: &mut BTreeMap<&'a str, Taken>,
) -> Taken {
    if let Some(known) = known.get(class) {
        return known.clone();
    }
    let found = taken(world, controller, ingress);
    if !matches!(found, Taken::No(_)) {
        known.insert(class, found.clone());
    }
    found
}

/// Whether the controller serves this Ingress.
pub fn taken(world: &World, controller: &Controller, ingress: &Record) -> Taken {
    if let Some(finding) = unwatched(controller, ingress) {
        return Taken::No(Box::new(finding));
    }
    if let Some(found) = unselected(world, controller, ingress) {
        return found;
    }
    let Some(read) = facts::ingress(ingress) else { return Taken::Elsewhere };
    if controller.flavour == Flavour::Nginx
        && is_on(controller, "--disable-catch-all")
        && read.default_backend.is_some()
    {
        return Taken::Dropped;
    }
    match (&read.class, ingress.meta.annotation(CLASS_ANNOTATION)) {
        (class, annotation) if controller.flavour == Flavour::Gce => {
            let annotation = annotation.map_or("", |annotation| &**annotation);
            by_gce(world, controller, ingress, (class.as_deref(), annotation))
        }
        // For AWS, too, the annotation counts first.
        (_, Some(annotation)) if controller.flavour == Flavour::Alb => {
            by_annotation(world, controller, ingress, annotation)
        }
        (Some(class), _) => by_class(world, controller, ingress, class),
        (None, Some(annotation)) => by_annotation(world, controller, ingress, annotation),
        (None, None) => without(world, controller, ingress),
    }
}

/// Whether a switch of the controller is on.
fn is_on(controller: &Controller, name: &str) -> bool {
    controller.flag(name).is_some_and(|value| truth(value) == Some(true))
}

/// An Ingress in a namespace whose labels the controller does not select; nothing where it does, or has no say.
fn unselected(world: &World, controller: &Controller, ingress: &Record) -> Option<Taken> {
    let name = "--watch-namespace-selector";
    let said = controller.flag(name).filter(|said| controller.flavour == Flavour::Nginx && !said.is_empty())?;
    let namespace = ingress.key.namespace.as_deref().unwrap_or("");
    let key = ObjectRef { kind: NAMESPACE, namespace: None, name: Arc::from(namespace) };
    let Some(found) = world.get(&key) else {
        let what = format!("whether {name}={said} selects namespace {namespace}, which cannot be read");
        return Some(Taken::Unknown(what));
    };
    let Some(is_selected) = selects(said, &found.meta.labels) else {
        return Some(Taken::Unknown(format!("whether {name}={said} selects namespace {namespace}")));
    };
    if is_selected {
        return None;
    }
    let labels: Vec<String> = found.meta.labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let finding = Finding::of(&ctl::CTL_NS_UNWATCHED)
        .object("ingress", &ingress.key)
        .word("flag", format!("{name}={said}"))
        .proof(found, ".metadata.labels", labels.join(","));
    let finding = wanted_labels(said).into_iter().fold(finding, |finding, label| finding.word("label", label));
    Some(Taken::No(Box::new(run_by(finding, controller))))
}

/// The labels that make a namespace fit a selector, for `kubectl label`; none where it says something else than what must be.
fn wanted_labels(selector: &str) -> Option<String> {
    let label = |term: &str| {
        let (key, value) = term.split_once("==").or_else(|| term.split_once('='))?;
        let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
        let (key, value) = (key.trim(), value.trim());
        (is_plain(key) && is_plain(value)).then(|| format!("{key}={value}"))
    };
    let labels: Option<Vec<String>> = terms(selector).into_iter().map(label).collect();
    labels.filter(|labels| !labels.is_empty()).map(|labels| labels.join(" "))
}

/// Whether a selector as it is written on command lines takes labels: `a=b,c!=d,e,!f,g in (h,i)`; none where it is none.
fn selects(text: &str, labels: &[(Arc<str>, Arc<str>)]) -> Option<bool> {
    let value = |key: &str| labels.iter().find(|(have, _)| **have == *key).map(|(_, value)| &**value);
    let mut all = true;
    for term in terms(text) {
        let listed = |list: &str| {
            let list = list.trim().strip_prefix('(')?.strip_suffix(')')?;
            Some(list.split(',').map(|value| value.trim().to_owned()).collect::<Vec<_>>())
        };
        let has = |key: &str, list: &[String]| value(key).is_some_and(|have| list.iter().any(|value| value == have));
        all &= if let Some((key, list)) = term.split_once(" notin ") {
            !has(key.trim(), &listed(list)?)
        } else if let Some((key, list)) = term.split_once(" in ") {
            has(key.trim(), &listed(list)?)
        } else if let Some((key, wanted)) = term.split_once("!=") {
            value(key.trim()) != Some(wanted.trim())
        } else if let Some((key, wanted)) = term.split_once("==").or_else(|| term.split_once('=')) {
            value(key.trim()) == Some(wanted.trim())
        } else if let Some(key) = term.strip_prefix('!') {
            value(key.trim()).is_none()
        } else if term.is_empty() || term.contains([' ', '(', ')']) {
            return None;
        } else {
            value(term).is_some()
        };
    }
    Some(all)
}

/// The terms between commas outside of brackets.
fn terms(text: &str) -> Vec<&str> {
    let (mut found, mut from, mut depth) = (Vec::new(), 0, 0i32);
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                found.push(text[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    found.push(text[from..].trim());
    found
}

fn by_class(world: &World, controller: &Controller, ingress: &Record, class: &str) -> Taken {
    // `--ingress-class-by-name`: the name of the class is as good as its controller.
    if is_on(controller, "--ingress-class-by-name") && class == controller.flag("--ingress-class").unwrap_or("nginx") {
        return Taken::Yes;
    }
    let key = ObjectRef { kind: INGRESS_CLASS, namespace: None, name: Arc::from(class) };
    let Some(found) = world.get(&key) else {
        if !world.is_given(INGRESS_CLASS) {
            return Taken::Yes;
        }
        return match world.known(INGRESS_CLASS, None) {
            Known::Whole | Known::Absent => Taken::No(Box::new(missing(world, ingress, class))),
            known => Taken::Unknown(known.missing("ingressclasses").unwrap_or_default()),
        };
    };
    let Some(read) = facts::ingress_class(found) else { return Taken::Elsewhere };
    // Several Traefiks share the name of their controller: each is told its class.
    if controller.flavour == Flavour::Traefik && traefik_class(controller).is_some_and(|own| own != class) {
        return Taken::Elsewhere;
    }
    if read.controller == controller.name {
        return Taken::Yes;
    }
    // A controller that was only assumed has the name that its family usually has.
    let is_family = controller.flags.is_none() && Flavour::of_controller(&read.controller) == controller.flavour;
    if is_family && controller.flavour != Flavour::Spec { Taken::Yes } else { Taken::Elsewhere }
}

/// GKE goes by the annotation alone; there is no class for it that the field could name, so that it leaves an Ingress with
/// only that to others: `IsGCEIngress` of pkg/utils/utils.go in kubernetes/ingress-gce. Its flags, by which one of the classes
/// may be off, belong to Google.
fn by_gce(
    world: &World,
    controller: &Controller,
    ingress: &Record,
    (class, annotation): (Option<&str>, &str),
) -> Taken {
    let is_own = controller.flag("--ingress-class") == Some(annotation);
    match (annotation, class) {
        ("", None) => Taken::Yes,
        ("", Some(class)) => by_field_alone(world, ingress, class),
        (said, _) if is_own || program::GCE_CLASSES.contains(&said) => Taken::Yes,
        (said, _) => by_annotation(world, controller, ingress, said),
    }
}

/// An Ingress whose class stands in the field only, where the controller reads the annotation.
fn by_field_alone(world: &World, ingress: &Record, class: &str) -> Taken {
    let key = ObjectRef { kind: INGRESS_CLASS, namespace: None, name: Arc::from(class) };
    let owner = world.get(&key).and_then(|found| facts::ingress_class(found)).map(|read| &read.controller);
    if owner.is_some_and(|owner| Flavour::of_controller(owner) != Flavour::Gce) {
        return Taken::Elsewhere;
    }
    Taken::No(Box::new(
        Finding::of(&ctl::CTL_CLASS_FIELD)
            .object("ingress", &ingress.key)
            .word("class", class)
            .word("wanted", program::GCE_CLASSES[0])
            .proof(ingress, ".spec.ingressClassName", class)
            .proof(ingress, format!(".metadata.annotations[{CLASS_ANNOTATION}]"), "not set"),
    ))
}

fn missing(world: &World, ingress: &Record, class: &str) -> Finding {
    let have: Vec<Arc<str>> = world.of(INGRESS_CLASS).map(|class| Arc::clone(&class.key.name)).collect();
    let nearest = have.first().cloned().unwrap_or_else(|| Arc::from(class));
    Finding::of(&ctl::CTL_CLASS_MISSING)
        .object("ingress", &ingress.key)
        .word("class", class)
        .word("have", some(&have))
        .word("nearest", nearest)
        .proof(ingress, ".spec.ingressClassName", class)
}

/// An Ingress of a class whose controller nobody has seen running, or that is served behind another way in.
pub fn foreign(world: &World, controller: &Controller, ingress: &Arc<Record>) -> Option<Finding> {
    let class = facts::ingress(ingress)?.class.clone()?;
    let key = ObjectRef { kind: INGRESS_CLASS, namespace: None, name: Arc::clone(&class) };
    let found = world.get(&key)?;
    let owner = facts::ingress_class(found)?.controller.clone();
    let finding = Finding::of(&ctl::CTL_CLASS_FOREIGN)
        .object("ingress", &ingress.key)
        .word("class", &class)
        .word("owner", &owner)
        .proof(ingress, ".spec.ingressClassName", &class)
        .proof(found, ".spec.controller", &owner);
    let serves = |gate: &Gate| match &gate.behind {
        Behind::Controller(other) => one(world, other, ingress) == Taken::Yes,
        _ => false,
    };
    let gates = gate::all(world, controller.port);
    // Of several ways to it the one with an address is worth a look.
    if let Some(gate) = gates.iter().filter(|gate| serves(gate)).max_by_key(|gate| gate.is_published()) {
        let places = match gate.places_text() {
            places if places.is_empty() => String::new(),
            places => format!(" at {places}"),
        };
        let title = world.title(&gate.object.key);
        let fate = format!("which serves it behind {title}{places}; this request comes in elsewhere");
        let finding = finding.word("fate", fate).word("gate", gate.resource(world));
        let finding = finding.word("gate_namespace", gate.object.key.namespace.as_deref().unwrap_or(""));
        return Some(finding.proof(&gate.object, ".status", gate.places_text()));
    }
    let finding = finding.word("fate", "and no such controller is running: nobody serves it");
    let others = world.of(INGRESS_CLASS).filter(|other| other.key.name != class);
    Some(match others.map(|other| Arc::clone(&other.key.name)).next() {
        Some(nearest) => finding.word("nearest", nearest),
        None => finding,
    })
}

fn by_annotation(world: &World, controller: &Controller, ingress: &Record, annotation: &str) -> Taken {
    let wanted = match controller.flavour {
        Flavour::Nginx => controller.flag("--ingress-class").unwrap_or("nginx"),
        Flavour::Traefik => traefik_class(controller).unwrap_or("traefik"),
        Flavour::Haproxy => haproxy_class(controller).unwrap_or("haproxy"),
        Flavour::Gce => program::GCE_CLASSES[0],
        Flavour::Alb => controller.flag("--ingress-class").filter(|class| !class.is_empty()).unwrap_or("alb"),
        Flavour::Spec => annotation,
    };
    if annotation == wanted {
        return Taken::Yes;
    }
    // The annotation may mean a class of another controller.
    let key = ObjectRef { kind: INGRESS_CLASS, namespace: None, name: Arc::from(annotation) };
    let owner = world.get(&key).and_then(|class| facts::ingress_class(class)).map(|class| &class.controller);
    if owner.is_some_and(|owner| *owner != controller.name) {
        return Taken::Elsewhere;
    }
    Taken::No(Box::new(
        Finding::of(&ctl::CTL_CLASS_ANNOT)
            .object("ingress", &ingress.key)
            .word("class", annotation)
            .word("wanted", wanted)
            .proof(ingress, format!(".metadata.annotations[{CLASS_ANNOTATION}]"), annotation),
    ))
}

/// The class that HAProxy was told to serve.
fn haproxy_class(controller: &Controller) -> Option<&str> {
    let flags = ["--ingress.class", "--ingress-class"];
    flags.into_iter().find_map(|flag| controller.flag(flag)).filter(|class| !class.is_empty())
}

/// Whether HAProxy serves what names no class: haproxytech's does unless it was told a class of its own.
fn is_open(controller: &Controller) -> bool {
    if controller.is_haproxytech() {
        return controller.flags.is_some()
            && (haproxy_class(controller).is_none() || is_on(controller, "--empty-ingress-class"));
    }
    is_on(controller, "--watch-ingress-without-class")
}

/// The class that Traefik was told to serve; its arguments are compared without regard to case.
fn traefik_class(controller: &Controller) -> Option<&str> {
    let flags = controller.flags.iter().flatten();
    let found = flags.filter_map(|flag| flag.split_once('='));
    let mut found = found.filter(|(name, _)| name.eq_ignore_ascii_case("--providers.kubernetesingress.ingressclass"));
    found.next().map(|(_, value)| value).filter(|value| !value.is_empty())
}

fn without(world: &World, controller: &Controller, ingress: &Record) -> Taken {
    let takes_all = match controller.flavour {
        Flavour::Nginx => is_on(controller, "--watch-ingress-without-class"),
        Flavour::Traefik => traefik_class(controller).is_none(),
        Flavour::Gce | Flavour::Spec => true,
        Flavour::Haproxy => is_open(controller),
        Flavour::Alb => controller.flag("--ingress-class") == Some(""),
    };
    if takes_all || !world.is_given(INGRESS_CLASS) {
        return Taken::Yes;
    }
    let classes = || world.of(INGRESS_CLASS);
    let default = classes().find(|class| facts::ingress_class(class).is_some_and(|facts| facts.is_default));
    if let (true, Some(default)) = (world.is_files(), default) {
        // The server gives the default class when the object is created.
        return by_class(world, controller, ingress, &default.key.name.clone());
    }
    let is_own = |class: &&Arc<Record>| facts::ingress_class(class).is_some_and(|f| f.controller == controller.name);
    if let (Flavour::Alb, Some(default)) = (controller.flavour, default.filter(|class| is_own(class))) {
        let name = &default.key.name;
        return Taken::Unknown(format!("whether this version takes what names no class for the default one, {name}"));
    }
    let own = classes().find(is_own);
    let class = own.or(default).map_or_else(|| Arc::from("nginx"), |class| Arc::clone(&class.key.name));
    Taken::No(Box::new(Finding::of(&ctl::CTL_NO_CLASS).object("ingress", &ingress.key).word("class", class).proof(
        ingress,
        ".spec.ingressClassName",
        "not set",
    )))
}

fn unwatched(controller: &Controller, ingress: &Record) -> Option<Finding> {
    let (name, watched) = watched(controller)?;
    let namespace = ingress.key.namespace.as_deref().unwrap_or("");
    if watched.split(',').any(|watched| watched.trim() == namespace) {
        return None;
    }
    let finding = Finding::of(&ctl::CTL_NS_UNWATCHED)
        .object("ingress", &ingress.key)
        .word("flag", format!("{name}={watched}"))
        .fact(
            controller.workload.as_ref().map(|record| record.key.clone()),
            ".spec.template.spec.containers[0].args",
            format!("{name}={watched}"),
        );
    Some(run_by(finding, controller))
}

/// The flag by which a controller is kept to some namespaces, and these.
fn watched(controller: &Controller) -> Option<(&'static str, &str)> {
    ["--watch-namespace", "--namespaces"].into_iter().find_map(|name| {
        controller.flag(name).filter(|value| !value.is_empty() && *value != "true").map(|value| (name, value))
    })
}
