//! Names that leave the cluster, and names that only seem to: what DNS was told of them.

use crate::kinds::{DNS_ENDPOINT, INGRESS, ObjectRef, Record, SERVICE};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, sv};
use crate::view::trace::request::{plain_host, split_port};
use crate::view::trace::service::call::Call;
use crate::view::trace::world::{Answer, Lookup, World};
use std::net::IpAddr;
use std::sync::Arc;

/// How many aliases are followed.
const ALIASES: usize = 10;

/// Whether a name outside brings the request back to the rule that sent it.
pub fn comes_back(call: &Call, service: &Record, name: &str) -> Option<Finding> {
    let (rule, _) = call.arm.named_by.as_ref().filter(|(object, _)| object.kind == INGRESS)?;
    let host = seen_host(call);
    let rules = &facts::ingress(call.world.get(rule)?)?.rules;
    let serves = |rule_host: Option<&str>| rule_host.is_none_or(|rule_host| covers(rule_host, &host));
    if !rules.iter().any(|rule| serves(rule.host.as_deref())) {
        return None;
    }
    let addresses = addresses(call.world, name);
    let (entrance, address) = entrance(call.world, name, &addresses)?;
    let finding = Finding::of(&sv::EN_TO_SELF_LB).object("service", &service.key).word("target", name);
    let finding = finding.word("address", &address).word("host", &host).word("rule", call.world.title(rule));
    let finding = finding.proof(service, ".spec.externalName", name);
    Some(finding.fact(Some(entrance), ".status.loadBalancer.ingress", address))
}

/// The host that the backend sees, without its port.
pub fn seen_host(call: &Call) -> String {
    plain_host(split_port(&call.arm.host).map_or("", |(host, _)| host))
}

/// Whether the host of a rule is this one: equal, or one label below a wildcard.
fn covers(rule: &str, host: &str) -> bool {
    match rule.strip_prefix("*.") {
        Some(parent) => host.split_once('.').is_some_and(|(_, rest)| rest.eq_ignore_ascii_case(parent)),
        None => rule.eq_ignore_ascii_case(host),
    }
}

/// The load balancer that has one of the addresses, or that is called so.
fn entrance(world: &World, name: &str, addresses: &[IpAddr]) -> Option<(ObjectRef, Arc<str>)> {
    let is_it = |value: &Arc<str>| {
        value.eq_ignore_ascii_case(name) || value.parse::<IpAddr>().is_ok_and(|ip| addresses.contains(&ip))
    };
    let found = world.of(SERVICE).find_map(|service| {
        let given = &facts::service(service)?.addresses;
        let address = given.iter().map(|address| &address.value).find(|value| is_it(value))?;
        Some((service.key.clone(), address.clone()))
    });
    found.or_else(|| {
        world.of(INGRESS).find_map(|ingress| {
            let given = &facts::ingress(ingress)?.addresses;
            let address = given.iter().map(|address| &address.value).find(|value| is_it(value))?;
            Some((ingress.key.clone(), address.clone()))
        })
    })
}

/// The addresses that given answers and DNSEndpoint objects tell for a name; empty where they tell nothing.
fn addresses(world: &World, name: &str) -> Vec<IpAddr> {
    let mut name = plain_host(name);
    for _ in 0..ALIASES {
        let answers = told(world, &name);
        let found: Vec<IpAddr> =
            answers.iter().filter_map(|a| if let Answer::Address(ip) = a { Some(*ip) } else { None }).collect();
        let alias =
            answers.iter().find_map(|a| if let Answer::Alias(alias) = a { Some(plain_host(alias)) } else { None });
        match (found.is_empty(), alias) {
            (true, Some(alias)) => name = alias,
            _ => return found,
        }
    }
    Vec::new()
}

fn told(world: &World, name: &str) -> Vec<Answer> {
    if let Some(lookup) = world.answers.get(name) {
        return match lookup {
            Lookup::Found(answers) => answers.clone(),
            Lookup::NxDomain | Lookup::NoData | Lookup::ServFail => Vec::new(),
        };
    }
    let endpoints: Vec<_> = world.of(DNS_ENDPOINT).filter_map(|record| facts::dns_endpoint(record)).collect();
    let records = || endpoints.iter().flat_map(|facts| facts.records.iter());
    let exact: Vec<_> = records().filter(|record| plain_host(&record.name) == name).collect();
    let found = if exact.is_empty() {
        let below = |pattern: &str| pattern.strip_prefix('*').is_some_and(|parent| name.ends_with(parent));
        records().filter(|record| below(&plain_host(&record.name))).collect()
    } else {
        exact
    };
    let answer = |kind: &str, target: &Arc<str>| match kind {
        "A" | "AAAA" => target.parse().ok().map(Answer::Address),
        "CNAME" => Some(Answer::Alias(target.to_string())),
        _ => None,
    };
    found.iter().flat_map(|record| record.targets.iter().filter_map(|target| answer(&record.kind, target))).collect()
}
