//! The name as a hop: what DNS says of it, and whether that leads to this cluster.

use crate::kinds::DNS_ENDPOINT;
use crate::view::trace::entrance::address::{is_private, is_private_name, said_by_name};
use crate::view::trace::entrance::balancer::{has_version, wanted};
use crate::view::trace::entrance::choice::{Choice, Fit};
use crate::view::trace::entrance::claims::{self, Claims};
use crate::view::trace::entrance::dns::{self, End, Resolution};
use crate::view::trace::entrance::gate::{Gate, Place};
use crate::view::trace::entrance::{own, publisher};
use crate::view::trace::facts;
use crate::view::trace::fault::dns as faults;
use crate::view::trace::fault::{Fault, Finding};
use crate::view::trace::hop::{Confidence, Hop, HopKind};
use crate::view::trace::request::{Request, Vantage};
use crate::view::trace::world::{Known, World};
use std::net::IpAddr;

/// The hop of the name.
pub fn hop(world: &World, request: &Request, found: &Resolution, choice: &Choice, claims: &Claims) -> Hop {
    let host = &request.host;
    let hop = match &found.end {
        End::Unknown => unknown(world, request, found, choice, claims),
        End::ServFail => Hop::unknown(HopKind::Dns, format!("the DNS servers of {} fail", found.last())),
        End::Addresses(_) if found.entries.is_empty() => literal(world, request, found, choice),
        End::Addresses(_) => {
            let text = match found.wildcard() {
                Some(wildcard) => format!("{} (by the wildcard {wildcard})", found.text()),
                None => found.text(),
            };
            let mut hop = match uncompared(world, choice) {
                Some(name) => Hop::unknown(HopKind::Dns, format!("{text}; whether {name} is there too is not known")),
                None => Hop::new(HopKind::Dns, text),
            };
            hop.findings = addresses(world, request, found, (choice, claims));
            hop
        }
        End::NxDomain | End::NoData | End::Loop | End::Gap(_) => {
            let finding = found.prove(dead(world, host, found, choice));
            Hop::new(HopKind::Dns, format!("{} does not resolve", found.text())).with(finding)
        }
    };
    let mut hop = match found.object() {
        Some(object) => hop.at(object),
        None => hop,
    };
    hop.findings.extend(publisher::finding(world, host, choice, claims));
    hop
}

/// The name by which the way in is published, where nobody has looked it up, so that addresses cannot be compared with it.
fn uncompared<'c>(world: &World, choice: &'c Choice) -> Option<&'c str> {
    let gate = choice.gate.as_ref().filter(|gate| choice.fit == Fit::Incomparable && gate.is_published())?;
    gate.places.iter().find_map(|place| match place {
        // Of one that is known to have no address the load balancer's hop tells.
        Place::Name(name) => {
            let end = dns::resolve(world, name).end;
            matches!(end, End::Unknown | End::ServFail).then_some(name.as_str())
        }
        Place::Address(_) => None,
    })
}

/// Where nobody speaks for the name, asking DNS is the only proof that it has to do with this cluster.
fn unknown(world: &World, request: &Request, found: &Resolution, choice: &Choice, claims: &Claims) -> Hop {
    let last = found.last();
    let missing = match (found.names.len(), choice.gate.as_ref()) {
        (1, Some(gate)) if claims::publishes(&gate.object, &request.host) => {
            format!("no answer for {last} is known; external-dns is asked to publish it")
        }
        (1, _) => format!("no answer for {last} is known"),
        _ => format!("{}: no answer for {last} is known", found.text()),
    };
    // Whoever may not read the zone's objects must not take them for absent.
    let unread = match world.known(DNS_ENDPOINT, None) {
        Known::Forbidden => "; you may not list dnsendpoints, which may hold one",
        _ => "",
    };
    let missing = format!("{missing}{unread}");
    let is_ours = !claims.is_empty() || choice.fit == Fit::Ours;
    // A published name is as good as an address.
    let hop = if choice.fit == Fit::Ours {
        Hop::new(HopKind::Dns, found.text())
    } else {
        Hop::unknown(HopKind::Dns, missing)
    };
    hop.sure(if is_ours { Confidence::Inferred } else { Confidence::NeedsProbe })
}

fn literal(world: &World, request: &Request, found: &Resolution, choice: &Choice) -> Hop {
    let host = &request.host;
    if choice.fit == Fit::Elsewhere {
        if let Some(own) = own::of(world, request, found) {
            return Hop::new(HopKind::Dns, own.says).at(&own.object);
        }
        return Hop::unknown(HopKind::Dns, format!("{host} is no address of this cluster"));
    }
    Hop::new(HopKind::Dns, format!("the URL itself says the address {host}"))
}

/// A name without addresses.
fn dead(world: &World, host: &str, found: &Resolution, choice: &Choice) -> Finding {
    let last = found.last();
    let is_alias = 1 < found.names.len();
    let (fault, why): (&'static Fault, &str) = match &found.end {
        End::Gap(why) => (&faults::DNS_WILDCARD_GAP, why),
        End::Loop => (&faults::DNS_LOOP, ""),
        End::NoData => (&faults::DNS_NODATA, ""),
        _ if is_alias => (&faults::DNS_CNAME_DANGLING, ""),
        _ => (&faults::DNS_NXDOMAIN, ""),
    };
    let wildcard = found.entries.last().map_or("", |entry| &entry.record);
    let finding =
        Finding::of(fault).word("name", last).word("target", last).word("why", why).word("wildcard", wildcard);
    let finding = finding.word("chain", found.names.join(" → ")).word("wanted", wanted(choice.gate.as_ref()));
    let host = if matches!(found.end, End::Gap(_)) { last } else { host };
    place(world, finding.word("host", host), choice)
}

/// The object that the record should lead to.
fn place(world: &World, finding: Finding, choice: &Choice) -> Finding {
    let Some(gate) = &choice.gate else { return finding };
    let finding = finding.object("resource", &gate.object.key);
    finding.word("gate", world.title(&gate.object.key)).word("resource", gate.resource(world))
}

/// What is wrong with the addresses of a name.
fn addresses(
    world: &World,
    request: &Request,
    found: &Resolution,
    (choice, claims): (&Choice, &Claims),
) -> Vec<Finding> {
    let host = &request.host;
    let list = |addresses: &[IpAddr]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let begin = |fault| place(world, Finding::of(fault).word("host", host), choice);
    let prove = |finding: Finding| {
        let finding = found.prove(finding);
        match &choice.gate {
            Some(gate) => finding.proof(&gate.object, ".status", gate.places_text()),
            None => finding,
        }
    };
    let all = found.addresses();
    let mut findings = Vec::new();
    match &choice.fit {
        Fit::Elsewhere if !claims.is_empty() && choice.gate.as_ref().is_some_and(Gate::is_published) => {
            let finding = begin(&faults::DNS_WRONG_LB).word("found", list(all));
            findings.push(prove(finding.word("wanted", wanted(choice.gate.as_ref()))));
        }
        Fit::Partly(stale) => {
            let has_v6 = choice.gate.as_ref().is_none_or(|gate| has_version(gate, true) || speaks_v6(gate));
            let (dead, stale): (Vec<IpAddr>, Vec<IpAddr>) = stale.iter().partition(|a| a.is_ipv6() && !has_v6);
            if let Some(address) = dead.first() {
                findings.push(prove(begin(&faults::DNS_AAAA_DEAD).word("address", address)));
            }
            if !stale.is_empty() {
                let finding = begin(&faults::DNS_PARTIAL).word("all", all.len());
                let finding = finding.word("ours", all.len() - stale.len() - dead.len());
                findings.push(prove(finding.word("stale", list(&stale))));
            }
        }
        _ => {}
    }
    let is_public = !is_private_name(host) && said_by_name(host).is_none() && request.vantage == Vantage::External;
    if let Some(address) = all.iter().find(|address| is_public && is_private(**address)) {
        findings.push(prove(begin(&faults::DNS_PRIVATE).word("address", address)));
    }
    findings
}

fn speaks_v6(gate: &Gate) -> bool {
    let service = gate.service.as_ref().and_then(|service| facts::service(service));
    service.is_some_and(|facts| facts.ip_families.iter().any(|family| **family == *"IPv6"))
}
