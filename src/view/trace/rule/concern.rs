//! Which Ingresses can have a say about a name: of thousands that a controller serves a request meets a handful.

use crate::kinds::{INGRESS, Record};
use crate::view::trace::facts;
use crate::view::trace::plan::Controller;
use crate::view::trace::rule::notes::{has_alias, has_host};
use crate::view::trace::rule::server::names;
use crate::view::trace::rule::serving::Served;
use crate::view::trace::world::World;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Those with a rule or another name for it, in their order, and those that own the names beside it that such an Ingress
/// takes: `www.`, aliases, and the hosts that these are other names of. Every server that takes the name is made of them.
pub fn with<'a>(
    world: &World<'a>,
    controller: &Controller,
    served: &Served<'_, 'a>,
    name: &str,
) -> Vec<&'a Arc<Record>> {
    let twin = name.strip_prefix("www.").map_or_else(|| format!("www.{name}"), str::to_owned);
    let mut wanted = BTreeSet::from([name.to_owned(), twin]);
    let mut found = of(controller, served.near.clone(), &wanted);
    let others = found.iter().flat_map(|ingress| names(ingress, controller)).map(str::to_lowercase);
    // Whoever has another name shares the server of its hosts with every Ingress of these.
    let aliased = found.iter().filter(|ingress| has_alias(controller, ingress, name));
    let hosts = aliased.filter_map(|ingress| facts::ingress(ingress)).flat_map(|read| &read.rules);
    let hosts = hosts.filter_map(|rule| rule.host.as_deref()).map(str::to_lowercase);
    let beside: Vec<String> = others.chain(hosts).collect();
    let known = wanted.len();
    wanted.extend(beside);
    if known < wanted.len() {
        let all: Vec<&str> = wanted.iter().map(String::as_str).collect();
        found = of(controller, served.of(world.about(INGRESS, &all)), &wanted);
    }
    found
}

fn of<'a>(
    controller: &Controller,
    mut ingresses: Vec<&'a Arc<Record>>,
    names: &BTreeSet<String>,
) -> Vec<&'a Arc<Record>> {
    let is_for_all = |ingress: &Record| facts::ingress(ingress).is_some_and(|read| read.rules.is_empty());
    // The server of a wildcard, for which a name may be another one, is made by all that name the same wildcard.
    let has_same = |ingress: &Record, name: &str| {
        let mut hosts = facts::ingress(ingress).into_iter().flat_map(|read| &read.rules).flat_map(|rule| &rule.host);
        hosts.any(|host| host.eq_ignore_ascii_case(name))
    };
    let concerns = |ingress: &Record| {
        let is_meant =
            |name: &String| has_host(ingress, name) || has_same(ingress, name) || has_alias(controller, ingress, name);
        is_for_all(ingress) || names.iter().any(is_meant)
    };
    ingresses.retain(|ingress| concerns(ingress));
    ingresses
}
