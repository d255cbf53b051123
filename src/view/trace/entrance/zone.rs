//! What is known of DNS: answers that were given or looked up, and the records that DNSEndpoint objects ask for.
//!
//! It is a part of the zones at most: a name of which nothing is known may well exist.

use crate::kinds::dns_endpoint::DnsRecord;
use crate::kinds::{DNS_ENDPOINT, Record};
use crate::view::trace::facts;
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
struct Stored<'a> {
    record: &'a DnsRecord,
    object: &'a Arc<Record>,
    index: usize,
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
    for record in stored(world).iter().filter(|record| record.is(name)) {
        add(&record.answers(), &record.origin());
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
    let has = |wildcard: &str| world.answers.contains_key(wildcard) || stored.iter().any(|record| record.is(wildcard));
    let entry = |wildcard: String, why| {
        let origin = stored.iter().find(|record| record.is(&wildcard)).map_or(Origin::Given, Stored::origin);
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
    let records: Vec<&Stored> = stored.iter().filter(|record| record.is(name)).collect();
    let answers: Vec<Answer> = records.iter().flat_map(|record| record.answers()).collect();
    let says = read(&answers);
    // Records of other types say that the name exists, not that it has no address: the objects are no whole zone.
    let leads = records.iter().find(|record| !matches!(&*record.record.kind, "TXT"))?;
    (says != Says::NoData).then(|| Entry { says, record: name.to_owned(), origin: leads.origin() })
}

/// Whether a name is known to exist: it has records, or a name below it has.
fn exists(world: &World, stored: &[Stored], name: &str) -> bool {
    let is_node = |other: &str| is_below(other, name);
    let given = world.answers.iter().filter(|(_, lookup)| **lookup != Lookup::NxDomain);
    given.map(|(other, _)| other.as_str()).chain(stored.iter().map(Stored::name)).any(is_node)
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

/// Whether a name is the other one, or below it; letters in any case.
fn is_below(name: &str, other: &str) -> bool {
    let Some(front) = name.len().checked_sub(other.len()) else { return false };
    let ends = name.get(front..).is_some_and(|end| end.eq_ignore_ascii_case(other));
    ends && (front == 0 || name.as_bytes().get(front - 1) == Some(&b'.'))
}

/// The records that objects ask for.
fn stored<'a>(world: &World<'a>) -> Vec<Stored<'a>> {
    let objects = world.of(DNS_ENDPOINT);
    let records = objects.flat_map(|object| {
        let records = facts::dns_endpoint(object).map_or(&[][..], |facts| &facts.records);
        records.iter().enumerate().map(move |(index, record)| Stored { record, object, index })
    });
    records.collect()
}

/// Whether the provider of the zone is told to answer for a name with its own addresses.
pub fn is_proxied(world: &World, name: &str) -> bool {
    let setting = |record: &Stored| {
        record.record.provider.iter().any(|(key, value)| key.ends_with("cloudflare-proxied") && **value == *"true")
    };
    stored(world).iter().any(|record| record.is(name) && setting(record))
}

impl<'a> Stored<'a> {
    fn name(&self) -> &'a str {
        self.record.name.trim_end_matches('.')
    }

    fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name)
    }

    fn origin(&self) -> Origin {
        Origin::Object(self.object.clone(), format!(".spec.endpoints[{}].targets", self.index))
    }

    fn answers(&self) -> Vec<Answer> {
        let answer = |target: &Arc<str>| match &*self.record.kind {
            "A" | "AAAA" => target.parse().ok().map(Answer::Address),
            "CNAME" => Some(Answer::Alias(plain(target))),
            "TXT" => Some(Answer::Text(target.to_string())),
            _ => None,
        };
        self.record.targets.iter().filter_map(answer).collect()
    }
}
