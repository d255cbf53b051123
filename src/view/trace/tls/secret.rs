//! What a named Secret holds: a key pair, something else, nothing, or nobody knows.

use crate::kinds::secret::{KeyState, SecretFacts, TLS, TlsFacts};
use crate::kinds::{Record, SECRET};
use crate::model::{Scope, Select, Sync};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, tl};
use crate::view::trace::tls::place::{Place, said};
use crate::view::trace::world::{Known, World};
use std::sync::Arc;

/// What stands where a plan names a Secret.
#[derive(Clone, Debug)]
pub enum Found<'w> {
    /// A certificate and its key.
    Held(&'w Arc<Record>, &'w TlsFacts),
    /// A Secret that cannot be served.
    Unusable(Finding),
    /// No Secret.
    Missing(Finding),
    /// It cannot be told; says what is missing.
    Unknown(String),
    /// No file holds it; a cluster would.
    Assumed,
}

/// What other objects say of a Secret that no file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// A controller says that it is not there, or cannot have made it.
    Missing,
    /// A controller says that it is there, or is to make it.
    Made,
    /// Nothing.
    Nothing,
}

/// Looks at the Secret of a place. `hint` says what else is known where there is none.
pub fn look<'w>(place: &Place<'w, '_>, told: Told, hint: impl FnOnce(Finding) -> Finding) -> Found<'w> {
    match place.world.get(&place.key()) {
        Some(record) => held(place, record),
        None => missing(place, told, hint),
    }
}

fn held<'w>(place: &Place<'w, '_>, record: &'w Arc<Record>) -> Found<'w> {
    let Some(facts) = facts::secret(record) else {
        let why = record.digest.reason.as_deref().unwrap_or("cannot be read");
        return Found::Unknown(format!("it {why}"));
    };
    let size = |key: &str| facts.keys.iter().find(|entry| *entry.name == *key).map(|entry| entry.size);
    let missing: Vec<&str> = ["tls.crt", "tls.key"].into_iter().filter(|key| size(key).is_none()).collect();
    let broken = |entry: &str, why: &str| {
        let finding = place.begin(&tl::TL_PARSE).word("entry", entry).word("why", said(why));
        let finding = finding.word(if entry == "tls.key" { "key_of" } else { "crt_of" }, place.secret);
        let finding = finding.proof(record, format!(".data[\"{entry}\"]"), said(why));
        Found::Unusable(place.named(finding))
    };
    if !missing.is_empty() {
        return Found::Unusable(no_pair(place, record, facts, &missing));
    }
    if let Some(key) = ["tls.crt", "tls.key"].into_iter().find(|key| size(key) == Some(0)) {
        return broken(key, "it is there, and empty");
    }
    let Some(tls) = &facts.tls else { return broken("tls.crt", "it is there, and empty") };
    match (&tls.unreadable, tls.key) {
        (Some(why), _) => broken("tls.crt", why),
        (None, KeyState::Missing | KeyState::Unreadable) => broken("tls.key", "it is no private key in PEM"),
        (None, KeyState::Differs) => {
            let subject = tls.chain.first().map_or("", |leaf| &leaf.subject);
            let finding = place.begin(&tl::TL_KEYPAIR).word("subject", subject);
            let finding = finding.proof(record, ".data[\"tls.key\"]", "another certificate's key");
            Found::Unusable(place.named(finding))
        }
        (None, KeyState::Matches | KeyState::Untold) => Found::Held(record, tls),
    }
}

fn no_pair(place: &Place, record: &Record, facts: &SecretFacts, missing: &[&str]) -> Finding {
    let keys: Vec<&str> = facts.keys.iter().map(|entry| &*entry.name).collect();
    let keys = if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
    let finding = place.begin(&tl::TL_SECRET_TYPE).word("missing", missing.join(" and no ")).word("keys", &keys);
    let finding = finding.word("type", &facts.kind).proof(record, ".data", keys).proof(record, ".type", &facts.kind);
    place.named(finding)
}

fn missing<'w>(place: &Place<'w, '_>, told: Told, hint: impl FnOnce(Finding) -> Finding) -> Found<'w> {
    let world = place.world;
    let is_assumed = match told {
        Told::Missing => false,
        Told::Made => true,
        Told::Nothing => !world.of(SECRET).any(|record| is_tls(record)),
    };
    if world.is_files() && is_assumed {
        return Found::Assumed;
    }
    if let Some(missing) = silence(world, place) {
        return Found::Unknown(missing);
    }
    let twin = world.of(SECRET).find(|other| *other.key.name == **place.secret && is_tls(other));
    let finding = match twin {
        Some(twin) => {
            let there = twin.key.namespace.as_deref().unwrap_or("");
            place.begin(&tl::TL_SECRET_NS).word("there", there).proof(twin, ".metadata.namespace", there)
        }
        None => hint(place.begin(&tl::TL_SECRET_MISSING)).fact(Some(place.key()), ".metadata.name", "not found"),
    };
    Found::Missing(place.named(finding))
}

/// What is missing before a silence means that there is no TLS Secret. Those are watched by their type, or one by one,
/// long before anybody lists all Secrets.
fn silence(world: &World, place: &Place) -> Option<String> {
    let namespace = place.namespace;
    let known = world.known(SECRET, Some(namespace));
    if known != Known::Partial {
        return known.missing("secrets");
    }
    let sync = |namespace: Option<&Arc<str>>, select| {
        world.cluster.sync(&Scope { kind: SECRET, namespace: namespace.cloned(), select })
    };
    if matches!(sync(Some(namespace), Select::Name(Arc::clone(place.secret))), Sync::Live | Sync::Stale { .. }) {
        return None;
    }
    match [sync(None, Select::Type(TLS)), sync(Some(namespace), Select::Type(TLS))] {
        [Sync::Live | Sync::Stale { .. }, _] | [_, Sync::Live | Sync::Stale { .. }] => None,
        [Sync::Forbidden, Sync::Forbidden | Sync::Closed] | [Sync::Closed, Sync::Forbidden] => {
            Known::Forbidden.missing("secrets")
        }
        _ => known.missing("secrets"),
    }
}

fn is_tls(record: &Record) -> bool {
    facts::secret(record).is_some_and(|facts| *facts.kind == *TLS || facts.tls.is_some())
}

/// A Secret of the same namespace that is called nearly so.
pub fn near(place: &Place) -> Option<Arc<str>> {
    let here = place.world.in_namespace(SECRET, place.namespace);
    let names = here.into_iter().filter(|record| is_tls(record)).map(|record| &record.key.name);
    names.filter(|name| is_near(name, place.secret)).min().cloned()
}

/// At most two letters added, left out or changed.
pub fn is_near(one: &str, other: &str) -> bool {
    const FAR: usize = 2;
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > FAR {
        return false;
    }
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut before = row[0];
        row[0] = i + 1;
        for (j, b) in other.iter().enumerate() {
            let change = before + usize::from(a != b);
            before = row[j + 1];
            row[j + 1] = change.min(before + 1).min(row[j] + 1);
        }
    }
    row.last().is_some_and(|distance| *distance <= FAR)
}
