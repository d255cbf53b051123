//! Which Ingresses can have a say about a name: of thousands that a controller serves a request meets a handful.

use crate::kinds::{INGRESS, Record};
use crate::view::trace::facts;
use crate::view::trace::rule::notes::{alias, has_alias, has_host};
use crate::view::trace::served::Served;
use crate::view::trace::world::World;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Those with a rule or another name for it, in their order, and those that own the names beside it that such an Ingress
/// takes: `www.` and aliases. Every server that takes the name is made of them.
pub fn with<'a>(world: &World<'a>, served: &Served<'a>, name: &str) -> Vec<&'a Arc<Record>> {
    let twin = name.strip_prefix("www.").map_or_else(|| format!("www.{name}"), str::to_owned);
    let mut names = BTreeSet::from([name.to_owned(), twin]);
    let mut found = of(served.near.clone(), &names);
    let beside: Vec<String> = found.iter().flat_map(|ingress| alias(ingress)).map(str::to_lowercase).collect();
    let known = names.len();
    names.extend(beside);
    if known < names.len() {
        let all: Vec<&str> = names.iter().map(String::as_str).collect();
        found = of(served.of(world.about(INGRESS, &all)), &names);
    }
    found
}

fn of<'a>(mut ingresses: Vec<&'a Arc<Record>>, names: &BTreeSet<String>) -> Vec<&'a Arc<Record>> {
    let is_for_all = |ingress: &Record| facts::ingress(ingress).is_some_and(|read| read.rules.is_empty());
    let concerns = |ingress: &Record| {
        is_for_all(ingress) || names.iter().any(|name| has_host(ingress, name) || has_alias(ingress, name))
    };
    ingresses.retain(|ingress| concerns(ingress));
    ingresses
}
