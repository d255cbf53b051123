//! The faults of routes that are not attached where they want to be.

use crate::kinds::ObjectRef;
use crate::kinds::gateway::facts::FromNamespaces;
use crate::kinds::http_route::facts::Parent;
use crate::view::trace::fault::{Finding, gw, rt_gateway as rt};
use crate::view::trace::gateway::attach::{self, Attached, Refusal, Why};
use crate::view::trace::gateway::grants;
use crate::view::trace::gateway::listeners::{Listeners, Place, namespace};
use crate::view::trace::gateway::names;
use crate::view::trace::gateway::protocols;
use crate::view::trace::gateway::rival;
use crate::view::trace::gateway::routes::Route;
use crate::view::trace::near::nearest;
use crate::view::trace::world::World;

/// The fault of one refusal; none where it cannot be told whether it is one.
pub fn finding(world: &World, attached: &Attached, refusal: &Refusal, of: (&Listeners, &str)) -> Option<Finding> {
    let (listeners, class) = of;
    let route = &attached.route;
    let parent = &route.parents[refusal.parent];
    let place = refusal.place.map(|at| &listeners.places[at]);
    let at_place = |fault| Some(place?.place_in(route.name_in(Finding::of(fault))));
    let finding = match &refusal.why {
        Why::Unknown(_) => return None,
        Why::NoSection => no_section(route, refusal.parent, listeners),
        Why::NoPort => no_port(route, refusal.parent, listeners),
        Why::SectionOfSet(set) => section_of_set(route, refusal.parent, set),
        Why::Namespace => {
            let place = place?;
            let admits = attach::admitted(&place.listener.from, namespace(place.owner));
            let labels = match place.listener.from {
                FromNamespaces::Selector(_) => grants::labels(world, route.namespace()),
                _ => String::new(),
            };
            let why = format!("it admits {admits}, and the route is in {}{labels}", route.namespace());
            let finding = at_place(&rt::RT_G_NOTALLOWED)?.word("why", why);
            let finding = match grants::lacking(&place.listener.from) {
                Some(labels) => finding.word("labels", labels),
                None => finding.word("field", "namespaces").word("value", "{\"from\":\"All\"}"),
            };
            finding.proof(place.owner, place.field("allowedRoutes.namespaces.from"), admits)
        }
        Why::Rival(rival, words) => rival::refused(&listeners.places[rival.place], route, rival, words),
        Why::Kind => kind(at_place(&rt::RT_G_NOTALLOWED)?, route, place?),
        Why::Hosts => match place {
            Some(place) => hosts(route, parent, place),
            None => no_host(route, refusal.parent, listeners),
        },
        Why::NotAllowed(words) => not_allowed(route, refusal.parent, listeners, words),
        Why::Filters(at, why) => {
            let finding = route.name_in(Finding::of(&rt::RT_G_FILTERS)).word("why", why);
            match at {
                Some((rule, filter)) => {
                    let finding = finding.word("rule", rule).word("filter", filter);
                    finding.proof(route.record, format!(".spec.rules[{rule}].filters[{filter}]"), why)
                }
                None => finding.proof(route.record, ".status.parents[*].conditions[type=Accepted].reason", why),
            }
        }
        Why::Controller(None) => {
            let why = "its controller has not said anything about it";
            by_controller(route, parent, why, class)
        }
        Why::Controller(Some(words)) => {
            by_controller(route, parent, words, class).word("edited", &route.record.key.name)
        }
    };
    Some(finding)
}

/// A route whose parent does not exist at all: one with another name, or of the same name in another namespace, may be meant.
pub fn no_parent(route: &Route, parent: usize, candidate: Option<&str>, elsewhere: Option<&str>) -> Finding {
    let reference = &route.parents[parent];
    let place = reference.object.namespace.as_deref().unwrap_or("");
    let why = format!("there is no {} {place}/{}", reference.object.kind, reference.object.name);
    let why = match (candidate, elsewhere) {
        (Some(candidate), _) => format!("{why} (similar: {candidate})"),
        (None, Some(elsewhere)) => format!("{why} (one of this name is in namespace {elsewhere})"),
        (None, None) => why,
    };
    let finding = route.name_in(Finding::of(&rt::RT_G_PARENT)).word("why", why).word("index", parent);
    let finding = finding.proof(route.record, format!(".spec.parentRefs[{parent}].name"), &reference.object.name);
    match (candidate, elsewhere) {
        (Some(candidate), _) => finding.word("field", "name").word("candidate", format!("\"{candidate}\"")),
        (None, Some(elsewhere)) => finding.word("field", "namespace").word("candidate", format!("\"{elsewhere}\"")),
        (None, None) => finding,
    }
}

fn places<'l, 'a>(listeners: &'l Listeners<'a>, parent: &Parent) -> Vec<&'l Place<'a>> {
    let own = |place: &&Place| {
        place.owner.key.name == parent.object.name && place.owner.key.namespace == parent.object.namespace
    };
    listeners.places.iter().filter(own).collect()
}

fn no_section(route: &Route, parent: usize, listeners: &Listeners) -> Finding {
    let reference = &route.parents[parent];
    let Some(section) = reference.section.as_deref() else { return unmatched(route, parent) };
    let have: Vec<&str> = places(listeners, reference).iter().map(|place| &*place.listener.name).collect();
    let title = parent_title(reference);
    let why = if have.is_empty() {
        format!("{title} has no listener")
    } else {
        format!("no listener of {title} is called {section} (have: {})", have.join(", "))
    };
    let finding = route.name_in(Finding::of(&rt::RT_G_PARENT)).word("why", why).word("index", parent);
    let finding = finding.proof(route.record, format!(".spec.parentRefs[{parent}].sectionName"), section);
    let only = (have.len() == 1).then(|| have[0]);
    match nearest(section, have.iter().copied()).or(only) {
        Some(candidate) => finding.word("field", "sectionName").word("candidate", format!("\"{candidate}\"")),
        None => finding,
    }
}

/// Its controller finds no parent for it, and the reference itself names no section that could be missing.
fn unmatched(route: &Route, parent: usize) -> Finding {
    let title = parent_title(&route.parents[parent]);
    let why = format!("the controller of {title} says NoMatchingParent");
    let finding = route.name_in(Finding::of(&rt::RT_G_PARENT)).word("why", why).word("index", parent);
    finding.proof(route.record, ".status.parents[*].conditions[type=Accepted].reason", "NoMatchingParent")
}

fn no_port(route: &Route, parent: usize, listeners: &Listeners) -> Finding {
    let reference = &route.parents[parent];
    let port = reference.port.unwrap_or(0);
    let of_section = |place: &&&Place| reference.section.as_ref().is_none_or(|name| *name == place.listener.name);
    let all = places(listeners, reference);
    let have: Vec<i32> = all.iter().filter(of_section).map(|place| place.listener.port).collect();
    let shown: Vec<String> = have.iter().map(i32::to_string).collect();
    let title = parent_title(reference);
    let why = format!("no such listener of {title} has port {port} (have: {})", shown.join(", "));
    let finding = route.name_in(Finding::of(&rt::RT_G_PARENT)).word("why", why).word("index", parent);
    let finding = finding.proof(route.record, format!(".spec.parentRefs[{parent}].port"), port);
    match have.as_slice() {
        [only] => finding.word("field", "port").word("candidate", only),
        _ => finding,
    }
}

fn section_of_set(route: &Route, parent: usize, set: &ObjectRef) -> Finding {
    let reference = &route.parents[parent];
    let namespace = set.namespace.as_deref().unwrap_or("");
    let section = reference.section.as_deref().unwrap_or("");
    let finding = route.name_in(Finding::of(&gw::GW_LS_PARENTREF)).word("section", section).word("index", parent);
    let gateway = reference.object.namespace.as_deref().unwrap_or("");
    let finding = finding.word("gateway", format!("{gateway}/{}", reference.object.name));
    let finding = finding.word("set", format!("{namespace}/{}", set.name));
    let finding = finding.word("set_namespace", namespace).word("set_name", &set.name);
    finding.proof(route.record, format!(".spec.parentRefs[{parent}].sectionName"), section)
}

fn kind(finding: Finding, route: &Route, place: &Place) -> Finding {
    let listener = place.listener;
    let fits = protocols::kinds(listener);
    let shown = if listener.kinds.is_empty() || !fits.contains(&route.kind) {
        fits.join(", ")
    } else {
        listener.kinds.iter().map(|(_, kind)| &**kind).collect::<Vec<_>>().join(", ")
    };
    let why = format!("it takes {shown} (protocol {})", listener.protocol);
    let finding = finding.word("why", why).proof(place.owner, place.field("protocol"), &listener.protocol);
    let finding = finding.proof(place.owner, place.field("allowedRoutes.kinds"), &shown);
    if fits.contains(&route.kind) {
        // Those that it takes already stay.
        return finding.word("field", "kinds/-").word("value", format!("{{\"kind\":\"{}\"}}", route.kind));
    }
    finding
}

/// The hosts of a route and a listener do not meet.
fn hosts(route: &Route, parent: &Parent, place: &Place) -> Finding {
    let finding = place.place_in(route.name_in(Finding::of(&rt::RT_G_HOST)));
    let hosts: Vec<&str> = route.hostnames.iter().map(|host| &**host).collect();
    let shown = hosts.join(", ");
    let own = format!("listener {} ({})", place.title(), names::shown(place.host()));
    let finding = finding.word("hosts", &shown).word("place", own).word("said", "");
    let finding = finding.proof(route.record, ".spec.hostnames", &shown);
    let finding = finding.proof(place.owner, place.field("hostname"), place.host());
    // Other routes may need the listener as it is; one that the route names by its section has no other beside it.
    match hosts.first().filter(|_| parent.section.is_none()) {
        Some(host) => {
            let from = if route.namespace() == namespace(place.owner) { "Same" } else { "All" };
            place.like_it(finding, host, from)
        }
        None => finding,
    }
}

/// Its controller says that hosts do not meet, where the objects show that they do.
fn no_host(route: &Route, parent: usize, listeners: &Listeners) -> Finding {
    let reference = &route.parents[parent];
    let all = places(listeners, reference);
    let shown: Vec<String> =
        all.iter().map(|place| format!("{}: {}", place.listener.name, names::shown(place.host()))).collect();
    let hosts: Vec<&str> = route.hostnames.iter().map(|host| &**host).collect();
    let hosts = if hosts.is_empty() { names::shown("").to_owned() } else { hosts.join(", ") };
    let finding = route.name_in(Finding::of(&rt::RT_G_HOST)).word("hosts", hosts);
    let finding = finding.word("place", format!("the listeners of {} ({})", parent_title(reference), shown.join(", ")));
    let finding = finding.word("said", ", as its controller says (NoMatchingListenerHostname)");
    let path = ".status.parents[*].conditions[type=Accepted].reason";
    finding.proof(route.record, path, "NoMatchingListenerHostname")
}

fn not_allowed(route: &Route, parent: usize, listeners: &Listeners, words: &str) -> Finding {
    let reference = &route.parents[parent];
    let all = places(listeners, reference);
    let named = all.iter().find(|place| reference.section.as_ref().is_none_or(|name| *name == place.listener.name));
    let finding = route.name_in(Finding::of(&rt::RT_G_NOTALLOWED)).word("why", words);
    let finding = match named {
        Some(place) => place.place_in(finding),
        None => finding.word("listener", "(any)").word("owner", parent_title(reference)),
    };
    finding.proof(route.record, ".status.parents[*].conditions[type=Accepted].reason", words)
}

fn by_controller(route: &Route, parent: &Parent, why: &str, class: &str) -> Finding {
    let finding = route.name_in(Finding::of(&rt::RT_G_NOSTATUS)).word("parent", parent_title(parent));
    let finding = finding.word("why", why).word("class", class);
    finding.proof(route.record, ".status.parents", why)
}

fn parent_title(parent: &Parent) -> String {
    format!("{} {}/{}", parent.object.kind, parent.object.namespace.as_deref().unwrap_or(""), parent.object.name)
}
