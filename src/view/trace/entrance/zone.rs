//! What is known of DNS: answers that were given or looked up, and the records that DNSEndpoint objects ask for.
//!
//! It is a part of the zones at most: a name of which nothing is known may well exist.

use crate::kinds::Record;
use crate::view::trace::world::{Answer, Lookup, World};
use std::net::IpAddr;
use std::sync::Arc;

/// What is known of one name.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What DNS says.
    pub says: Says,
    /// The record's own name: the name itself or a wildcard.
    pub record: String,
    /// Where that is known from.
    pub origin: Origin,
}

/// What DNS says of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// Addresses.
    Addresses(Vec<IpAddr>),
    /// Another name.
    Alias(String),
    /// It does not exist.
    NxDomain,
    /// It exists, without an address.
    NoData,
    /// The servers failed.
    ServFail,
    /// A wildcard is near and does not cover it; says why.
    Gap(&'static str),
    /// Nothing is known.
    Nothing,
}

/// Where an answer is known from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// It was given, or looked up.
    Given,
    /// A field of an object asks for it.
    Object(Arc<Record>, String),
}

/// One record that an object asks for.
struct Stored {
    name: String,
    answers: Vec<Answer>,
    origin: Origin,
}

/// What is known of a name, wildcards included (RFC 4592).
pub fn lookup(world: &World, name: &str) -> Entry {
    if let Some(given) = world.answers.get(name) {
        let nothing = matches!(given, Lookup::NxDomain | Lookup::NoData);
        let near = nothing.then(|| gap(world, &stored(world), name)).flatten();
        return near.unwrap_or_else(|| Entry { says: said(given), record: name.to_owned(), origin: Origin::Given });
    }
    let stored = stored(world);
    if let Some(entry) = own(&stored, name) {
        return entry;
    }
    if !exists(world, &stored, name)
        && let Some(entry) = closest(world, &stored, name)
    {
        return entry;
    }
    let nothing = || Entry { says: Says::Nothing, record: name.to_owned(), origin: Origin::Given };
    gap(world, &stored, name).unwrap_or_else(nothing)
}

/// The text records of a name.
pub fn texts(world: &World, name: &str) -> Vec<(String, Origin)> {
    let mut found = Vec::new();
    let mut add = |answers: &[Answer], origin: &Origin| {
        for answer in answers {
            if let Answer::Text(text) = answer {
                found.push((text.clone(), origin.clone()));
            }
        }
    };
    if let Some(Lookup::Found(answers)) = world.answers.get(name) {
        add(answers, &Origin::Given);
    }
    for record in stored(world).iter().filter(|record| record.name == name) {
        add(&record.answers, &record.origin);
    }
    found
}

/// The answer of the closest wildcard, where it is that of the closest name that exists.
fn closest(world: &World, stored: &[Stored], name: &str) -> Option<Entry> {
    let parent = parents(name).find(|parent| exists(world, stored, parent))?;
    let wildcard = format!("*.{parent}");
    match world.answers.get(&wildcard) {
        Some(given) => Some(Entry { says: said(given), record: wildcard, origin: Origin::Given }),
        None => own(stored, &wildcard),
    }
}

/// Why a wildcard that is near does not cover the name.
fn gap(world: &World, stored: &[Stored], name: &str) -> Option<Entry> {
    let has =
        |wildcard: &str| world.answers.contains_key(wildcard) || stored.iter().any(|record| record.name == wildcard);
    let entry = |wildcard: String, why| {
        let origin = stored.iter().find(|record| record.name == wildcard);
        let origin = origin.map_or(Origin::Given, |record| record.origin.clone());
        Entry { says: Says::Gap(why), record: wildcard, origin }
    };
    let below = format!("*.{name}");
    if has(&below) {
        return Some(entry(below, "a wildcard covers names below, not the name itself"));
    }
    let above = parents(name).map(|parent| format!("*.{parent}")).find(|wildcard| has(wildcard))?;
    let why = if exists(world, stored, name) {
        "the name exists already, with records of another type or names below it"
    } else {
        "a name between them exists, and ends the wildcard"
    };
    Some(entry(above, why))
}

fn own(stored: &[Stored], name: &str) -> Option<Entry> {
    let mut records = stored.iter().filter(|record| record.name == name);
    let first = records.next()?;
    let answers: Vec<Answer> =
        first.answers.iter().chain(records.flat_map(|record| &record.answers)).cloned().collect();
    let says = read(&answers);
    // Records of other types say that the name exists, not that it has no address: the objects are no whole zone.
    (says != Says::NoData).then(|| Entry { says, record: name.to_owned(), origin: first.origin.clone() })
}

/// Whether a name is known to exist: it has records, or a name below it has.
fn exists(world: &World, stored: &[Stored], name: &str) -> bool {
    let is_node = |other: &str| other == name || other.strip_suffix(name).is_some_and(|front| front.ends_with('.'));
    let given = world.answers.iter().filter(|(_, lookup)| **lookup != Lookup::NxDomain);
    given.map(|(other, _)| other.as_str()).chain(stored.iter().map(|record| record.name.as_str())).any(is_node)
}

fn parents(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| name.split_once('.').map(|(_, parent)| parent)).skip(1)
}

fn said(lookup: &Lookup) -> Says {
    match lookup {
        Lookup::Found(answers) => read(answers),
        Lookup::NxDomain => Says::NxDomain,
        Lookup::NoData => Says::NoData,
        Lookup::ServFail => Says::ServFail,
    }
}

fn read(answers: &[Answer]) -> Says {
    let alias = answers.iter().find_map(|answer| match answer {
        Answer::Alias(name) => Some(plain(name)),
        _ => None,
    });
    let addresses: Vec<IpAddr> = answers
        .iter()
        .filter_map(|answer| match answer {
            Answer::Address(address) => Some(*address),
            _ => None,
        })
        .collect();
    match alias {
        _ if !addresses.is_empty() => Says::Addresses(addresses),
        Some(alias) => Says::Alias(alias),
        None => Says::NoData,
    }
}

/// A name as it is compared.
pub fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_lowercase()
}

/// The records that objects ask for.
fn stored(_world: &World) -> Vec<Stored> {
    Vec::new()
}
