//! A name followed to its addresses, through every CNAME.

use crate::kinds::ObjectRef;
use crate::view::trace::entrance::address::{is_private_name, said_by_name};
use crate::view::trace::entrance::zone::{self, Entry, Origin, Says};
use crate::view::trace::fault::Finding;
use crate::view::trace::world::World;
use std::net::IpAddr;

/// Links of a chain that resolvers follow.
const LONGEST: usize = 10;

/// A name, followed as far as it is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolution {
    /// The name, then every name that a CNAME leads to.
    pub names: Vec<String>,
    /// What is known of each of them.
    pub entries: Vec<Entry>,
    /// Where it ends.
    pub end: End,
}

/// Where a name ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// At addresses.
    Addresses(Vec<IpAddr>),
    /// The last name does not exist.
    NxDomain,
    /// The last name has no address.
    NoData,
    /// The servers of the last name failed.
    ServFail,
    /// Names lead to each other for ever.
    Loop,
    /// A wildcard is near and does not cover the last name; says why.
    Gap(&'static str),
    /// Nothing is known of the last name.
    Unknown,
}

/// Follows a name.
pub fn resolve(world: &World, name: &str) -> Resolution {
    let name = zone::plain(name);
    if let Ok(address) = name.parse() {
        return Resolution { names: vec![name], entries: Vec::new(), end: End::Addresses(vec![address]) };
    }
    let (mut names, mut entries) = (vec![name.clone()], Vec::new());
    let mut last = name;
    loop {
        let entry = zone::lookup(world, &last);
        let end = match &entry.says {
            Says::Addresses(addresses) => End::Addresses(addresses.clone()),
            Says::Alias(next) => {
                let is_loop = names.contains(next) || LONGEST < names.len();
                names.push(next.clone());
                last.clone_from(next);
                entries.push(entry);
                if is_loop {
                    return Resolution { names, entries, end: End::Loop };
                }
                continue;
            }
            // What a private name is depends on who asks: a resolver that was asked may be the wrong one.
            Says::NxDomain | Says::NoData if entry.origin == Origin::Given && is_private_name(&last) => End::Unknown,
            Says::NxDomain => End::NxDomain,
            Says::NoData => End::NoData,
            Says::ServFail => End::ServFail,
            Says::Gap(why) => End::Gap(why),
            Says::Nothing => said_by_name(&last).map_or(End::Unknown, |address| End::Addresses(vec![address])),
        };
        entries.push(entry);
        return Resolution { names, entries, end };
    }
}

impl Resolution {
    /// The addresses; empty where there are none.
    pub fn addresses(&self) -> &[IpAddr] {
        match &self.end {
            End::Addresses(addresses) => addresses,
            _ => &[],
        }
    }

    /// The last name of the chain.
    pub fn last(&self) -> &str {
        self.names.last().map_or("", String::as_str)
    }

    /// The names and where they end, as one reads them: `api.free4.chat → api.k.free4.chat → 203.0.113.10`.
    pub fn text(&self) -> String {
        let addresses: Vec<String> = self.addresses().iter().map(ToString::to_string).collect();
        let end = (!addresses.is_empty() && self.names.first() != addresses.first()).then(|| addresses.join(", "));
        self.names.iter().cloned().chain(end).collect::<Vec<_>>().join(" → ")
    }

    /// The wildcard that answered, where one did.
    pub fn wildcard(&self) -> Option<&str> {
        self.entries.iter().map(|entry| entry.record.as_str()).find(|record| record.starts_with("*."))
    }

    /// The object whose field gave the last answer.
    pub fn object(&self) -> Option<&ObjectRef> {
        self.entries.iter().rev().find_map(|entry| match &entry.origin {
            Origin::Object(record, _) => Some(&record.key),
            Origin::Given => None,
        })
    }

    /// The finding, proven by every answer on the way.
    pub fn prove(&self, finding: Finding) -> Finding {
        let steps = self.entries.iter().zip(&self.names);
        steps.fold(finding, |finding, (entry, name)| match &entry.origin {
            Origin::Object(record, path) => finding.proof(record, path.clone(), entry.text()),
            Origin::Given => finding.fact(None, format!("dns {name}"), entry.text()),
        })
    }
}

impl Entry {
    /// The answer as one reads it.
    pub fn text(&self) -> String {
        match &self.says {
            Says::Addresses(addresses) => {
                let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                format!("{} {}", self.record, list.join(" "))
            }
            Says::Alias(name) => format!("{} CNAME {name}", self.record),
            Says::NxDomain => "NXDOMAIN".to_owned(),
            Says::NoData => "no address".to_owned(),
            Says::ServFail => "SERVFAIL".to_owned(),
            Says::Gap(_) => self.record.clone(),
            Says::Nothing => "no answer known".to_owned(),
        }
    }
}
