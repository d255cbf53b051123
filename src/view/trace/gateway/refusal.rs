//! The faults of routes that are not attached where they want to be.

use crate::kinds::ObjectRef;
use crate::kinds::http_route::facts::Parent;
use crate::view::trace::fault::{Finding, gw, rt_gateway as rt};
use crate::view::trace::gateway::attach::{self, Attached, Refusal, Why};
use crate::view::trace::gateway::listeners::{Listeners, Place, namespace};
use crate::view::trace::gateway::names;
use crate::view::trace::gateway::rival;
use crate::view::trace::gateway::routes::Route;
use crate::view::trace::near::nearest;

/// The fault of one refusal; none where it cannot be told whether it is one.
pub fn finding(attached: &Attached, refusal: &Refusal, listeners: &Listeners, class: &str) -> Option<Finding> {
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
            let why = format!("it admits {admits}, and the route is in {}", route.namespace());
            let finding = at_place(&rt::RT_G_NOTALLOWED)?.word("why", why).word("field", "namespaces");
            let finding = finding.word("value", "{\"from\":\"All\"}");
            finding.proof(place.owner, place.field("allowedRoutes.namespaces.from"), admits)
        }
        Why::Rival(rival, words) => rival::refused(&listeners.places[rival.place], route, rival, words),
        Why::Kind => kind(at_place(&rt::RT_G_NOTALLOWED)?, route, place?),
        Why::Hosts => match place {
            Some(place) => hosts(route, place),
            None => by_controller(route, parent, "NoMatchingListenerHostname", class),
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
        Why::Controller(Some(words)) => by_controller(route, parent, words, class),
    };
    Some(finding)
}

/// A route whose parent does not exist at all.
pub fn no_parent(route: &Route, parent: usize, candidate: Option<&str>) -> Finding {
    let reference = &route.parents[parent];
    let place = reference.object.namespace.as_deref().unwrap_or("");
    let why = format!("there is no {} {place}/{}", reference.object.kind, reference.object.name);
    let why = candidate.map_or_else(|| why.clone(), |candidate| format!("{why} (similar: {candidate})"));
    let finding = route.name_in(Finding::of(&rt::RT_G_PARENT)).word("why", why).word("index", parent);
    let finding = finding.proof(route.record, format!(".spec.parentRefs[{parent}].name"), &reference.object.name);
    match candidate {
        Some(candidate) => finding.word("field", "name").word("candidate", format!("\"{candidate}\"")),
        None => finding,
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
    let section = reference.section.as_deref().unwrap_or("");
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
    let fits = attach::protocol_kinds(listener);
    let shown = if listener.kinds.is_empty() || !fits.contains(&route.kind) {
        fits.join(", ")
    } else {
        listener.kinds.iter().map(|(_, kind)| &**kind).collect::<Vec<_>>().join(", ")
    };
    let why = format!("it takes {shown} (protocol {})", listener.protocol);
    let finding = finding.word("why", why).proof(place.owner, place.field("protocol"), &listener.protocol);
    let finding = finding.proof(place.owner, place.field("allowedRoutes.kinds"), &shown);
    if fits.contains(&route.kind) {
        return finding.word("field", "kinds").word("value", format!("[{{\"kind\":\"{}\"}}]", route.kind));
    }
    finding
}

/// The hosts of a route and a listener do not meet.
pub fn hosts(route: &Route, place: &Place) -> Finding {
    let finding = place.place_in(route.name_in(Finding::of(&rt::RT_G_HOST)));
    let hosts: Vec<&str> = route.hostnames.iter().map(|host| &**host).collect();
    let shown = hosts.join(", ");
    let finding = finding.word("hosts", &shown).word("listener_host", names::shown(place.host()));
    let finding = finding.proof(route.record, ".spec.hostnames", &shown);
    let finding = finding.proof(place.owner, place.field("hostname"), place.host());
    match hosts.first() {
        Some(host) => finding.word("host", host),
        None => finding,
    }
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
