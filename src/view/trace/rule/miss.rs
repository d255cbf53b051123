//! Why no rule takes a request: what differs from the nearest one, and which Ingresses would take it if they were served.

use crate::kinds::ingress::facts::PathType;
use crate::kinds::{INGRESS_CLASS, Record};
use crate::view::trace::entrance;
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, dns, rt};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Hop, HopKind, Standing};
use crate::view::trace::near::{closest, nearest};
use crate::view::trace::plan::Controller;
use crate::view::trace::request::Request;
use crate::view::trace::rule::host::Host;
use crate::view::trace::rule::server::Server;
use crate::view::trace::rule::taken;
use crate::view::trace::rule::{Served, claim, invalid, path, pattern, some};
use crate::view::trace::rule::{location, server};
use crate::view::trace::served::Taken;
use crate::view::trace::world::World;
use std::sync::Arc;

/// Hosts that are shown where none is near the one that is missed.
const SHOWN: usize = 3;

/// What is looked at where nothing is served.
pub const HOSTS: &str = "hosts of all Ingresses";

/// How the controller is called in a sentence.
pub fn name(controller: &Controller) -> &'static str {
    controller.flavour.who()
}

/// No server takes the host.
pub fn no_host(world: &World, controller: &Controller, request: &Request, served: &Served, servers: &[Server]) -> Hop {
    let host = request.name();
    let count = served.taken().len();
    let summary = match count {
        0 => format!("{} serves no Ingress", name(controller)),
        1 => format!("1 Ingress on this entrance, hosts: {}", server::hosts(servers)),
        _ => format!("{count} Ingresses on this entrance, hosts: {}", server::hosts(servers)),
    };
    let mut hop = Hop::new(HopKind::Rule, summary);
    let (left, missing) =
        not_served(world, (controller, served), |rule_host| Host::of(rule_host).takes(host) && rule_host.is_some());
    if let Some(missing) = missing {
        return Hop { standing: Standing::Unknown, summary: missing, ..hop };
    }
    for finding in left {
        hop = hop.with(finding);
    }
    for other in entrance::other_names(world, host) {
        let takes = |server: &&Server| server.host != Host::Any && server.host.takes(&other);
        let Some(server) = servers.iter().find(takes) else { continue };
        let mut there = Request { host: other.clone(), host_header: None, ..request.clone() };
        there.sni = None;
        let finding = Finding::of(&dns::DNS_CNAME_HOST)
            .object("ingress", &server.owner.key)
            .word("host", host)
            .word("target", &other)
            .word("url", there.url())
            .proof(server.owner, host_field(server.owner, &server.host), server.host.text());
        hop = hop.at(&server.owner.key).with(finding);
        break;
    }
    let is_deeper = |server: &&Server| match &server.host {
        Host::Wildcard(rest) => host.ends_with(&format!(".{rest}")),
        _ => false,
    };
    let wildcard = servers.iter().find(is_deeper);
    if let Some(server) = wildcard {
        let finding = Finding::of(&rt::RT_HOST_WILDCARD_DEPTH)
            .object("ingress", &server.owner.key)
            .word("host", host)
            .word("wildcard", server.host.text())
            .word("controller", name(controller))
            .proof(server.owner, host_field(server.owner, &server.host), server.host.text());
        hop = hop.at(&server.owner.key).with(finding);
    }
    hop.with(host_miss(world, controller, host, (served, servers)))
}

/// The Ingress to edit is one that names the host and is not served, else the one with the nearest host; where none is near,
/// one has to be made.
fn host_miss(world: &World, controller: &Controller, host: &str, (served, servers): (&Served, &[Server])) -> Finding {
    let finding = Finding::of(&rt::RT_HOST_MISS).word("host", host).word("controller", name(controller));
    let has_host = |ingress: &&Arc<Record>| hosts_of(ingress).iter().any(|have| have.eq_ignore_ascii_case(host));
    if let Some((ingress, why)) = served.left().iter().find(|(ingress, _)| has_host(ingress)) {
        let title = world.title(&ingress.key);
        let why = match why {
            Taken::Dropped => ": it has a defaultBackend, and the controller runs with --disable-catch-all",
            _ => "",
        };
        let closest = format!(" ({title} does, and is not served{why})");
        let finding = finding.object("ingress", &ingress.key).word("closest", closest);
        return finding.proof(ingress, ".spec.rules[*].host", some(hosts_of(ingress)));
    }
    let is_canary =
        |ingress: &&&Arc<Record>| controller.flavour == Flavour::Nginx && claim::is_canary(ingress, controller);
    if let Some(ingress) = served.near.iter().filter(is_canary).copied().find(|ingress| has_host(ingress)) {
        let title = world.title(&ingress.key);
        let finding = finding.object("ingress", &ingress.key);
        let finding =
            finding.word("closest", format!(" ({title} does, but as a canary, and there is no other to be one of)"));
        return finding.proof(ingress, ".spec.rules[*].host", some(hosts_of(ingress)));
    }
    let names: Vec<String> = servers.iter().filter(|s| s.host != Host::Any).map(|server| server.host.text()).collect();
    let near = nearest_host(host, names.iter().map(String::as_str));
    let owner =
        near.and_then(|near| servers.iter().find(|server| server.host.text() == near)).map(|server| server.owner);
    if let (Some(near), Some(owner)) = (near, owner) {
        let finding = finding.object("ingress", &owner.key).word("closest", format!(" (closest: {near})"));
        return finding.proof(owner, ".spec.rules[*].host", some(hosts_of(owner)));
    }
    let own = |class: &&Arc<Record>| facts::ingress_class(class).is_some_and(|read| read.controller == controller.name);
    let class = world.of(INGRESS_CLASS).find(own).map_or_else(|| Arc::from("CLASS"), |class| class.key.name.clone());
    let first = host.split('.').next().filter(|label| !label.is_empty() && *label != "*").unwrap_or("web");
    let shown = servers.iter().filter(|server| server.host != Host::Any).take(SHOWN);
    let finding = shown.fold(finding, |finding, server| {
        finding.proof(server.owner, host_field(server.owner, &server.host), server.host.text())
    });
    let finding = if names.is_empty() { finding.fact(None, HOSTS, "none") } else { finding };
    let finding = if host.parse::<std::net::IpAddr>().is_ok() { finding } else { finding.word("own", first) };
    finding
        .word("closest", if names.is_empty() { "; it serves no host at all" } else { ", nor one near it" })
        .word("class", class)
}

/// The host that a name was most likely meant to be, or that its Ingress would stand beside: one with few letters changed,
/// else one of the same domain.
pub fn nearest_host<'n>(host: &str, names: impl Iterator<Item = &'n str> + Clone) -> Option<&'n str> {
    if let Some(near) = nearest(host, names.clone()) {
        return Some(near);
    }
    let shared = |name: &str| {
        let labels = host.rsplit('.').zip(name.rsplit('.'));
        labels.take_while(|(one, other)| one.eq_ignore_ascii_case(other)).count()
    };
    // Of a public suffix alone nothing is shared.
    let most = names.clone().map(shared).filter(|count| 2 <= *count).max()?;
    closest(host, names.filter(|name| shared(name) == most), usize::MAX)
}

fn hosts_of(ingress: &Record) -> Vec<Arc<str>> {
    let rules = facts::ingress(ingress).map(|read| &read.rules[..]).unwrap_or_default();
    rules.iter().filter_map(|rule| rule.host.clone()).collect()
}

/// `.spec.rules[1].host` of the rule that has it.
fn host_field(ingress: &Record, host: &Host) -> String {
    let rules = facts::ingress(ingress).map(|read| &read.rules[..]).unwrap_or_default();
    let at = rules.iter().position(|rule| Host::of(rule.host.as_deref()) == *host).unwrap_or(0);
    format!(".spec.rules[{at}].host")
}

/// What keeps Ingresses with such a host from being served; or what is missing to tell.
fn not_served(
    world: &World,
    (controller, served): (&Controller, &Served),
    is_wanted: impl Fn(Option<&str>) -> bool,
) -> (Vec<Finding>, Option<String>) {
    let mut findings = Vec::new();
    for (ingress, why) in served.left().iter() {
        let Some(read) = facts::ingress(ingress) else { continue };
        if !read.rules.iter().any(|rule| is_wanted(rule.host.as_deref())) {
            continue;
        }
        match why {
            Taken::No(finding) => findings.push((**finding).clone()),
            Taken::Elsewhere => findings.extend(taken::foreign(world, controller, ingress)),
            Taken::Unknown(missing) => return (Vec::new(), Some(missing.clone())),
            Taken::Yes | Taken::Dropped => {}
        }
    }
    (findings, None)
}

/// The server has no location for the path.
pub fn no_path(
    world: &World,
    controller: &Controller,
    request: &Request,
    served: &Served,
    server: &Server,
    servers: &[Server],
    normal: &str,
) -> Hop {
    let host = server.host.text();
    let have = some(server.locations.iter().map(|location| location.path));
    let mut hop = Hop::new(HopKind::Rule, format!("{host} has no path for {normal}: {have}")).at(&server.owner.key);
    let (left, missing) = not_served(world, (controller, served), |rule_host| {
        Host::of(rule_host).takes(request.name()) && rule_host.is_some()
    });
    if let Some(missing) = missing {
        return Hop { standing: Standing::Unknown, summary: missing, ..hop };
    }
    for finding in left.into_iter().chain(shadowed(request, server, servers, normal)) {
        hop = hop.with(finding);
    }
    if let Some(finding) = near(controller, request, server, normal) {
        hop = hop.with(finding);
    }
    let empty = facts::ingress(server.owner).is_some_and(|read| {
        read.rules.iter().any(|rule| !rule.has_http && Host::of(rule.host.as_deref()) == server.host)
    });
    if server.locations.is_empty() && empty {
        // No path of it could be named beside the one that is missing.
        return hop.with(
            Finding::of(&rt::RT_RULE_NOHTTP)
                .severe(Severity::Broken)
                .object("ingress", &server.owner.key)
                .word("host", &host)
                .word("controller", name(controller))
                .proof(server.owner, ".spec.rules[*].http", "null"),
        );
    }
    hop.with(
        Finding::of(&rt::RT_PATH_MISS)
            .object("ingress", &server.owner.key)
            .word("host", &host)
            .word("path", &request.path)
            .word("have", &have)
            .word("controller", name(controller))
            .proof(server.owner, ".spec.rules[*].http.paths[*].path", have),
    )
}

/// A wildcard that would have the path is not consulted.
fn shadowed(request: &Request, server: &Server, servers: &[Server], normal: &str) -> Option<Finding> {
    if !matches!(server.host, Host::Exact(_)) {
        return None;
    }
    let wildcard = servers.iter().find(|other| {
        matches!(other.host, Host::Wildcard(_))
            && other.host.takes(request.name())
            && !matches!(other.locate(normal), location::Hit::None)
    })?;
    Some(
        Finding::of(&rt::RT_WILDCARD_SHADOW)
            .object("ingress", &wildcard.owner.key)
            .word("host", server.host.text())
            .word("path", &request.path)
            .word("wildcard", wildcard.host.text())
            .word("own", &server.owner.key.name)
            .word("own_namespace", server.owner.key.namespace.as_deref().unwrap_or(""))
            .proof(server.owner, ".spec.rules[*].host", server.host.text())
            .proof(wildcard.owner, ".spec.rules[*].host", wildcard.host.text()),
    )
}

/// The rule that nearly takes the path, and what differs.
fn near(controller: &Controller, request: &Request, server: &Server, normal: &str) -> Option<Finding> {
    let lower = normal.to_lowercase();
    server.locations.iter().find_map(|location| {
        let rule = location.path;
        let bare = rule.trim_end_matches('/');
        let takes = |path: &str| path::matches(rule, location.kind, path);
        let fault = if path::looks_like_regex(rule) && pattern::of_location(rule).matches(normal) == Ok(true) {
            // It would be one, if what was to make it one counted.
            if let Some(refused) = invalid::unrewritten(controller, location.ingress, rule) {
                return Some(refused);
            }
            &rt::RT_REGEX_NOTENABLED
        } else if !takes(normal) && path::matches(&rule.to_lowercase(), location.kind, &lower) {
            &rt::RT_PATH_CASE
        } else if location.kind == PathType::Exact && normal.trim_end_matches('/') == bare {
            &rt::RT_EXACT_SLASH
        } else if location.kind != PathType::Exact && !bare.is_empty() && normal.starts_with(bare) {
            &rt::RT_PATH_ELEMENT
        } else {
            return None;
        };
        let kind = location.written();
        let is_verbatim = controller.flavour == Flavour::Gce && kind == PathType::ImplementationSpecific;
        let how = if is_verbatim {
            format!("is taken by GKE as it is written (ImplementationSpecific): only {bare}/* or a Prefix takes what is below")
        } else {
            "is a prefix that takes whole path elements only".to_owned()
        };
        let finding = Finding::of(fault).word("how", how);
        let finding = if is_verbatim { finding.word("verbatim", location.pointer()) } else { finding };
        Some(
            finding
                .object("ingress", &location.ingress.key)
                .word("host", server.host.text())
                .word("path", &request.path)
                .word("rule", rule)
                .word("pointer", location.pointer())
                .proof(location.ingress, format!("{}.path", location.field()), rule)
                .proof(location.ingress, format!("{}.pathType", location.field()), path::type_name(kind)),
        )
    })
}
