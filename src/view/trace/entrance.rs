//! How a request gets to the cluster: DNS, CDN, load balancer, and the controller or Gateway behind it.

pub mod address;
pub mod balancer;
pub mod cdn;
pub mod choice;
pub mod claims;
pub mod controller;
pub mod dns;
pub mod endpoints;
pub mod fitness;
pub mod gate;
pub mod inside;
pub mod misled;
pub mod name;
pub mod own;
pub mod ports;
pub mod proxy;
pub mod publisher;
pub mod scheme;
pub mod state;
pub mod targets;
#[cfg(test)]
mod tests;
pub mod walls;
pub mod zone;

use crate::kinds::{GATEWAY, INGRESS, LISTENER_SET, ObjectRef, Record, SERVICE, X_LISTENER_SET};
use crate::view::trace::entrance::choice::{Choice, Fit, Voice};
use crate::view::trace::entrance::claims::Claims;
use crate::view::trace::entrance::dns::End;
use crate::view::trace::entrance::gate::{Behind, Gate, Shape};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, lb};
use crate::view::trace::flavour::Flavour;
use crate::view::trace::hop::{Confidence, Hop, HopKind, Standing};
use crate::view::trace::outcome::{Outcome, Trace};
use crate::view::trace::plan::{Caller, Controller, Door, Entrance};
use crate::view::trace::policy;
use crate::view::trace::request::{Request, Scheme, Vantage};
use crate::view::trace::world::{Known, Source, World};
use std::sync::Arc;

/// Finds the entrance that serves the request.
pub fn find(world: &World, request: &Request) -> Entrance {
    let mut entrance = lead(world, request);
    if request.scheme == Scheme::Udp && matches!(entrance.door, Door::Controller(_)) {
        let missing = "what this controller does with datagrams is not followed".to_owned();
        entrance.hops.push(Hop::unknown(HopKind::Rule, missing.clone()));
        entrance.door = Door::Closed(Outcome::Unknown(missing));
        entrance.side.clear();
    }
    let is_name = request.host.parse::<std::net::IpAddr>().is_err();
    let name = entrance.hops.first_mut().filter(|hop| hop.kind == HopKind::Dns && is_name);
    // Whoever calls from a pod must be able to look the name up.
    if let Some(hop) = name.filter(|_| request.vantage != Vantage::External) {
        hop.findings.extend(policy::resolves(world, &Caller::Direct(request.vantage.clone()), &request.host));
    }
    entrance
}

fn lead(world: &World, request: &Request) -> Entrance {
    if let Some(entrance) = inside::enter(world, request) {
        return entrance;
    }
    let found = dns::resolve(world, &request.host);
    if let Some(via) = request.via.as_ref().filter(|via| choice::told(world, via).is_none()) {
        return lost(world, via);
    }
    let names: Vec<&str> = std::iter::once(request.name()).chain(found.names.iter().map(String::as_str)).collect();
    let claims = claims::of(world, &names);
    let mut choice = choice::choose(world, request, &found, &claims);
    if let Some(missing) = unlisted(world).filter(|_| choice.fit == Fit::Elsewhere) {
        return unseen(world, request, (&found, &mut choice, &claims), &missing);
    }
    prefer_those_who_speak(world, request, &mut choice, &claims);
    let mut hops = vec![name::hop(world, request, &found, &choice, &claims)];
    hops[0].findings.extend(misled::finding(world, request, (&found, &choice), &claims));
    hops.extend(cdn::hop(world, request, &found, &choice, &claims));
    let leaves = found.end == End::Unknown && request.vantage != Vantage::External && choice.fit == Fit::NoAddress;
    if claims.is_empty() && (leaves || matches!(choice.fit, Fit::Elsewhere | Fit::Hidden(_))) {
        let own = own::of(world, request, &found);
        let leads_out =
            || format!("{} leads out of this cluster, and nothing in it speaks for that name", found.text());
        let missing = own.map_or_else(leads_out, |own| own.detail);
        // Only a look at who is there can tell more.
        hops.push(Hop::unknown(HopKind::Controller, "who answers there is not known").sure(Confidence::NeedsProbe));
        return Entrance { hops, door: Door::Closed(Outcome::Unknown(missing)), side: Vec::new() };
    }
    let several = several(world, request, &choice);
    let (more, door) = open(world, request, &found, (&choice, &claims));
    hops.extend(more);
    let beside = if matches!(door, Door::Controller(_)) { state::side(world) } else { Vec::new() };
    let side = several.into_iter().chain(beside).collect();
    Entrance { hops, door, side }
}

/// DNS leads to no way into the cluster that is known, and not all of them are: the right one may be among the others.
fn unseen(
    world: &World,
    request: &Request,
    (found, choice, claims): (&dns::Resolution, &mut Choice, &Claims),
    missing: &str,
) -> Entrance {
    choice.fit = Fit::Incomparable;
    let text = format!("{} is no way into the cluster that is known: {missing}", found.text());
    let hops = vec![name::hop(world, request, found, choice, claims), Hop::unknown(HopKind::Controller, text.clone())];
    Entrance { hops, door: Door::Closed(Outcome::Unknown(text)), side: Vec::new() }
}

/// The way that the user chose is none, or cannot be read.
fn lost(world: &World, via: &ObjectRef) -> Entrance {
    let nothing = || format!("{} is no way into the cluster that is known", world.title(via));
    let plural = world.catalog.get(via.kind).map_or("objects", |kind| &*kind.plural);
    let missing = world.known(via.kind, via.namespace.as_deref()).missing(plural).unwrap_or_else(nothing);
    let hops = vec![Hop::unknown(HopKind::LoadBalancer, missing.clone()).at(via), behind_unknown()];
    Entrance { hops, door: Door::Closed(Outcome::Unknown(missing)), side: Vec::new() }
}

/// Where the way in is not known, nothing of what follows is: that is more than a warning.
fn behind_unknown() -> Hop {
    Hop::unknown(HopKind::Controller, "what stands behind is not known")
}

/// The names that a host leads to by CNAME, in order, without itself: a rule may list one of them in its place.
pub fn other_names(world: &World, host: &str) -> Vec<String> {
    dns::resolve(world, host).names.into_iter().skip(1).collect()
}

/// Whether a name leads back to this cluster; none where DNS or the cluster's own addresses do not tell.
pub fn leads_here(world: &World, name: &str, port: u16) -> Option<bool> {
    match choice::fit(world, &dns::resolve(world, name), &gate::all(world, port)) {
        Fit::Ours | Fit::Partly(_) => Some(true),
        Fit::Elsewhere => unlisted(world).is_none().then_some(false),
        Fit::Told | Fit::Hidden(_) | Fit::Incomparable | Fit::NoAddress => None,
    }
}

/// What the client sees where a hop before the controller ends the request; none where the request goes on.
pub fn ending(hop: &Hop) -> Option<Outcome> {
    let finding = hop.findings.iter().find(|finding| finding.severity == Severity::Broken)?;
    let detail = brief(&finding.message());
    let word = |name: &str| finding.words.get(name).cloned();
    match finding.code() {
        // Who is there is known, and its rules tell.
        "DNS-WRONG-LB" if word("there").is_some() => None,
        "DNS-WRONG-LB" => Some(Outcome::Unknown(format!("whoever is there answers: {detail}"))),
        code if code.starts_with("DNS-") && hop.kind == HopKind::Dns => Some(Outcome::DnsError(detail)),
        "CDN-FLEX-LOOP" => Some(Outcome::Redirect { status: 308, location: word("url")? }),
        code if code.starts_with("CDN-") => {
            Some(Outcome::Respond { status: word("status")?.parse().ok()?, by: word("cdn")? })
        }
        "LB-TARGETPORT" if word("answer").as_deref() == Some("tls") => Some(Outcome::TlsError(detail)),
        "LB-TARGETPORT" if word("answer").as_deref() == Some("400") => {
            Some(Outcome::Respond { status: 400, by: "ingress-nginx".to_owned() })
        }
        "LB-SOURCE-RANGES" | "LB-PENDING" | "LB-CLASS-ORPHAN" | "LB-LOCAL-NO-EP" => Some(Outcome::Timeout(detail)),
        "LB-PROXY-EXTRA" if word("scheme").as_deref() == Some(Scheme::Https.name()) => Some(Outcome::TlsError(detail)),
        "LB-PROXY-EXTRA" => Some(Outcome::Respond { status: 400, by: "ingress-nginx".to_owned() }),
        code if code.starts_with("NP-") && hop.kind == HopKind::Dns => Some(Outcome::DnsError(detail)),
        code if code.starts_with("NP-") => Some(Outcome::Timeout(detail)),
        // A listener of a cloud's load balancer says itself what it does.
        code if code.starts_with("LB-") && hop.kind == HopKind::Rule => None,
        code if code.starts_with("LB-") || code == "RT-TCP-CM" => Some(Outcome::Refused(detail)),
        _ => None,
    }
}

/// The fact of a message, without its consequence.
fn brief(message: &str) -> String {
    let mut depth = 0_usize;
    for (at, letter) in message.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        let rest = &message[at..];
        let ends = depth == 0 && [", so ", ", and ", "; ", ": "].iter().any(|end| rest.starts_with(end));
        if ends {
            return message[..at].to_owned();
        }
    }
    message.to_owned()
}

/// Whether the trace shows that nothing in this cluster knows its host, so that a redirect leaves the cluster.
pub fn is_elsewhere(trace: &Trace) -> bool {
    let is_nobody = |hop: &Hop| hop.standing == Standing::Unknown && hop.confidence == Confidence::NeedsProbe;
    let is_outside = |hop: &Hop| {
        matches!(hop.kind, HopKind::Dns | HopKind::Cdn) || hop.kind == HopKind::Controller && is_nobody(hop)
    };
    let name = trace.hops.iter().find(|hop| hop.kind == HopKind::Dns);
    let is_unheard = name.is_some_and(is_nobody);
    is_unheard || matches!(trace.outcome, Outcome::Unknown(_)) && trace.hops.iter().all(is_outside)
}

/// Where nobody behind the best way speaks for the host and somebody else in the cluster does, that one is assumed.
fn prefer_those_who_speak(world: &World, request: &Request, choice: &mut Choice, claims: &Claims) {
    let is_guess = matches!(choice.fit, Fit::NoAddress | Fit::Incomparable | Fit::Hidden(_) | Fit::Elsewhere);
    // Of ways that are not all known the one that was found is no answer.
    let is_half_known = unlisted(world).is_some();
    let Some(gate) = choice.gate.as_ref().filter(|_| is_guess && (is_half_known || !claims.is_empty())) else { return };
    let is_controller = |gate: &Gate| matches!(gate.behind, Behind::Controller(_));
    let has_controller = choice.gates.iter().any(is_controller);
    let has_gateway = choice.gates.iter().any(|gate| matches!(gate.behind, Behind::Gateway(_)));
    let lacks_services = world.known(SERVICE, None).missing("services").is_some();
    // Of a route and an Ingress for one host the one behind the likelier way counts: both have to be seen.
    let lacks_ingresses = world.known(INGRESS, None).missing("ingresses").is_some();
    if (lacks_ingresses || lacks_services && !claims.ingresses.is_empty()) && !is_controller(gate) {
        choice.gate = None;
        return;
    }
    // A Gateway without a listener on the port takes nothing; whoever serves the Ingresses may.
    let is_deaf = matches!(&gate.behind, Behind::Gateway(own) if !listens(world, gate, own, request.port));
    if is_deaf && !has_controller && !claims.ingresses.is_empty() {
        choice.gate = None;
        return;
    }
    let is_lost = is_half_known
        || !claims.ingresses.is_empty() && !has_controller
        || claims.ingresses.is_empty() && claims.gateway().is_some() && !has_gateway;
    // A listener for many names is no answer while a rule for this one may be unseen.
    let least = if is_half_known { Voice::Rule } else { Voice::Listener };
    if is_lost && choice::speaks_for(world, gate, request, claims) < least {
        choice.gate = None;
    }
}

/// Whether a Gateway has the port, by a listener of its own or by one that was added to it.
fn listens(world: &World, gate: &Gate, gateway: &ObjectRef, port: u16) -> bool {
    let added = |set: &Arc<Record>| {
        let facts = facts::listener_set(set);
        let is_own = facts.is_some_and(|facts| facts.parent.name == gateway.name);
        is_own && facts.is_some_and(|facts| facts.listeners.iter().any(|own| own.port == i32::from(port)))
    };
    gate.serves(port) || [LISTENER_SET, X_LISTENER_SET].into_iter().any(|kind| world.of(kind).any(added))
}

/// What of the ways into the cluster is not listed, or may not be: then another one may be the right one.
fn unlisted(world: &World) -> Option<String> {
    let services = world.known(SERVICE, None).missing("services");
    let gateways = || world.known(GATEWAY, None).missing("gateways");
    // What an Ingress that cannot be read may say counts only where no other one has a rule.
    let ingresses = || Some(world.known(INGRESS, None)).filter(|known| *known != Known::Damaged)?.missing("ingresses");
    services.or_else(gateways).or_else(ingresses)
}

/// What stands behind the chosen way, with the hops up to there.
fn open(
    world: &World,
    request: &Request,
    found: &dns::Resolution,
    (choice, claims): (&Choice, &Claims),
) -> (Vec<Hop>, Door) {
    let Some(gate) = &choice.gate else { return unled(world, request, claims) };
    let mut hops: Vec<Hop> = balancer::hop(world, request, found, choice).into_iter().collect();
    let door = match &gate.behind {
        Behind::Controller(controller) => {
            let controller = entered(controller, (gate, choice), request);
            if let Some((finding, door)) = ports::mapped(world, &controller, gate, request) {
                match (finding, hops.last_mut()) {
                    (Some(finding), Some(hop)) => hop.findings.push(finding),
                    (Some(finding), None) => hops.push(Hop::new(HopKind::LoadBalancer, "a port map").with(finding)),
                    (None, _) => {}
                }
                return (hops, door);
            }
            hops.push(state::hop(world, &controller));
            Door::Controller(Box::new(controller))
        }
        Behind::Gateway(gateway) => Door::Gateway { gateway: gateway.clone(), port: inner_port(gate, request.port) },
        Behind::Pods => Door::Service {
            namespace: gate.object.key.namespace.clone().unwrap_or_default(),
            name: gate.object.key.name.clone(),
            port: inner_port(gate, request.port),
            only: None,
        },
    };
    (hops, door)
}

/// The port of the Service, or of the listeners, that a port of the entrance leads to.
fn inner_port(gate: &Gate, port: u16) -> u16 {
    let own = gate.service_port(port).and_then(|(_, own)| u16::try_from(own.port).ok());
    own.unwrap_or(port)
}

fn entered(controller: &Controller, (gate, choice): (&Gate, &Choice), request: &Request) -> Controller {
    let ends =
        |service: &Arc<Record>| proxy::ends_tls(service, request.port).is_some() && !proxy::encrypts_anew(service);
    let is_balancer = gate.shape == Shape::LoadBalancer && request.scheme == Scheme::Https;
    let tls_ended = is_balancer && gate.service.as_ref().is_some_and(ends);
    let is_led = matches!(choice.fit, Fit::Ours | Fit::Partly(_) | Fit::Told);
    let ingress = (gate.shape == Shape::Cloud && is_led).then(|| gate.object.key.clone());
    Controller { port: request.port, tls_ended, ingress, ..controller.clone() }
}

/// No way in is known: whoever speaks for the host is assumed to be reached.
fn unled(world: &World, request: &Request, claims: &Claims) -> (Vec<Hop>, Door) {
    let nothing = "no load balancer, node port or Gateway that leads to it is known";
    let missing = world.known(SERVICE, None).missing("services").unwrap_or_else(|| nothing.to_owned());
    let mut hops = Vec::new();
    if !world.is_files() {
        hops.push(Hop::unknown(HopKind::LoadBalancer, missing.clone()));
    }
    if let Some(missing) = unlisted(world) {
        hops.push(Hop::unknown(HopKind::Controller, missing.clone()));
        return (hops, Door::Closed(Outcome::Unknown(missing)));
    }
    if claims.ingresses.is_empty()
        && let Some(gateway) = claims.gateway()
    {
        return (hops, Door::Gateway { gateway: gateway.clone(), port: request.port });
    }
    let all: Vec<Arc<Record>> = match claims.ingresses.as_slice() {
        [] => world.of(INGRESS).cloned().collect(),
        claimed => claimed.to_vec(),
    };
    let all = fitness::in_order(world, request, &all);
    let is_named = matches!(world.source, Source::Files { controller: Some(_) });
    // Only Traefik reads routes of its own.
    let is_for_all = all.is_empty() && !claims.open.is_empty();
    let is_traefik = claims.ingresses.is_empty() && (!claims.traefik.is_empty() || is_for_all);
    if all.is_empty() && !is_named && !is_traefik {
        let outcome = Outcome::Unknown("no entrance is known: no Ingress, no Gateway, no load balancer".to_owned());
        if hops.is_empty() {
            hops.push(Hop::unknown(HopKind::LoadBalancer, missing));
        }
        hops.push(behind_unknown());
        return (hops, Door::Closed(outcome));
    }
    let assumed =
        if is_traefik { controller::assumed(Flavour::Traefik) } else { controller::for_ingresses(world, &all) };
    let controller = Controller { port: request.port, ..assumed };
    hops.push(state::hop(world, &controller));
    (hops, Door::Controller(Box::new(controller)))
}

/// Without an answer of DNS the other ways that fit as well are named.
fn several(world: &World, request: &Request, choice: &Choice) -> Option<Finding> {
    let first = choice.others.first()?;
    let name = |gate: &Gate| match gate.places_text() {
        places if places.is_empty() => world.title(&gate.object.key),
        places => format!("{} ({places})", world.title(&gate.object.key)),
    };
    let others: Vec<String> = choice.others.iter().map(name).collect();
    let finding = Finding::of(&lb::LB_SEVERAL).word("host", &request.host).word("others", others.join(", "));
    Some(finding.proof(&first.object, ".status", first.places_text()))
}
