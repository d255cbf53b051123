//! The listeners at which requests to a Gateway arrive: its own, then those of the ListenerSets that joined it.

use crate::kinds::condition::{self, Condition, Status};
use crate::kinds::gateway::facts::{GatewayFacts, Listener};
use crate::kinds::{LISTENER_SET, Record, X_LISTENER_SET};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, gw, rt_gateway as rt};
use crate::view::trace::gateway::grants::{self, May};
use crate::view::trace::gateway::names;
use crate::view::trace::request::Scheme;
use crate::view::trace::world::World;
use std::sync::Arc;

/// All listeners of a Gateway.
#[derive(Clone, Debug)]
pub struct Listeners<'a> {
    /// Those that count, by precedence.
    pub places: Vec<Place<'a>>,
    /// ListenerSets that name the Gateway and may not join it, with the reason.
    pub refused: Vec<(&'a Arc<Record>, String)>,
    /// Whether a ListenerSet is taken in that perhaps may not join.
    pub is_assumed: bool,
    /// What is missing to know all of them.
    pub missing: Option<String>,
}

/// One listener, where it stands, and what its controller says of it.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// The Gateway or the ListenerSet.
    pub owner: &'a Arc<Record>,
    /// How many stand before it in its owner.
    pub index: usize,
    /// The listener.
    pub listener: &'a Listener,
    /// Why it does not serve.
    pub trouble: Option<Trouble>,
}

/// Why a listener does not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Another one takes its port and host: which one, and the reason.
    Conflict(String, String),
    /// Its controller does not serve it: the condition and its words.
    Broken(&'static str, String),
}

impl<'a> Listeners<'a> {
    /// The listeners of a Gateway.
    pub fn of(world: &World<'a>, gateway: &'a Arc<Record>, facts: &'a GatewayFacts) -> Self {
        let mut places: Vec<Place> = places(gateway, &facts.listeners).collect();
        let mut sets: Vec<&Arc<Record>> =
            [LISTENER_SET, X_LISTENER_SET].into_iter().flat_map(|kind| world.sources(gateway, kind)).collect();
        sets.sort_by(|a, b| age(a).cmp(&age(b)));
        let (mut refused, mut is_assumed, mut missing) = (Vec::new(), false, None);
        for set in sets {
            let Some(own) = facts::listener_set(set) else { continue };
            match joins(world, gateway, facts, set) {
                Ok(sure) => {
                    is_assumed |= !sure;
                    places.extend(self::places(set, &own.listeners));
                }
                Err(May::Unknown(why)) => missing = Some(why),
                Err(_) => refused.push((set, refusal(gateway, facts, set, &own.conditions))),
            }
        }
        let troubles: Vec<Option<Trouble>> = (0..places.len()).map(|at| trouble(&places, at)).collect();
        for (place, trouble) in places.iter_mut().zip(troubles) {
            place.trouble = trouble;
        }
        Self { places, refused, is_assumed, missing }
    }

    /// The listeners of a port that speak what a request speaks, and are for its name, the most specific first.
    pub fn candidates(&self, port: u16, scheme: Scheme, name: &str) -> Vec<usize> {
        let fits = |place: &Place| {
            place.listener.port == i32::from(port) && place.takes(scheme) && names::covers(place.host(), name)
        };
        let mut found: Vec<usize> = (0..self.places.len()).filter(|at| fits(&self.places[*at])).collect();
        found.sort_by_key(|at| std::cmp::Reverse(names::weight(self.places[*at].host())));
        found
    }

    /// Every listener in words: `http 80/HTTP *.example.com`.
    pub fn shown(&self) -> String {
        let all: Vec<String> = self.places.iter().map(Place::shown).collect();
        if all.is_empty() { "none".to_owned() } else { all.join(", ") }
    }
}

fn places<'a>(owner: &'a Arc<Record>, listeners: &'a [Listener]) -> impl Iterator<Item = Place<'a>> {
    let place = move |(index, listener)| Place { owner, index, listener, trouble: None };
    listeners.iter().enumerate().map(place)
}

/// The oldest first, then by name.
fn age(set: &Record) -> (Option<crate::wire::Timestamp>, &Option<Arc<str>>, &Arc<str>) {
    (set.meta.created, &set.key.namespace, &set.key.name)
}

/// Whether a ListenerSet joins, and whether that is sure.
fn joins(world: &World, gateway: &Record, facts: &GatewayFacts, set: &Record) -> Result<bool, May> {
    let said = facts::listener_set(set).and_then(|own| fresh(&own.conditions, "Accepted", set));
    match said {
        Some(accepted) if accepted.status == Status::False => return Err(May::No),
        Some(accepted) if accepted.status == Status::True => return Ok(true),
        _ => {}
    }
    let Some(from) = &facts.allowed_listeners else { return Err(May::No) };
    match grants::admits(world, from, namespace(gateway), namespace(set)) {
        May::Yes => Ok(true),
        May::Perhaps => Ok(false),
        other => Err(other),
    }
}

fn refusal(gateway: &Record, facts: &GatewayFacts, set: &Record, conditions: &[Condition]) -> String {
    if let Some(denied) = fresh(conditions, "Accepted", set).filter(|c| c.status == Status::False) {
        return denied.reasoned().to_string();
    }
    match &facts.allowed_listeners {
        None => "its spec.allowedListeners admits none, the default".to_owned(),
        Some(from) => {
            let admits = grants::shown(from, namespace(gateway));
            format!("its spec.allowedListeners admits {admits}, and the ListenerSet is in {}", namespace(set))
        }
    }
}

/// A condition, unless it speaks of an older version.
pub fn fresh<'c>(conditions: &'c [Condition], kind: &str, record: &Record) -> Option<&'c Condition> {
    condition::find(conditions, kind).filter(|c| !c.is_stale(record.meta.generation))
}

/// The namespace of a record.
pub fn namespace(record: &Record) -> &str {
    record.key.namespace.as_deref().unwrap_or("")
}

fn trouble(places: &[Place], at: usize) -> Option<Trouble> {
    let place = &places[at];
    let conditions = &place.listener.conditions;
    let said = |kind| fresh(conditions, kind, place.owner);
    let rival = places.iter().enumerate().find_map(|(other, rival)| {
        let reason = clash(place, rival).filter(|_| other != at)?;
        // A ListenerSet gives way to what stands before it; within one object both lose.
        let gives_way = place.owner.key == rival.owner.key || other < at;
        gives_way.then(|| (format!("listener {}", rival.title()), reason.to_owned()))
    });
    if let Some(conflict) = said("Conflicted").filter(|c| c.status == Status::True) {
        let other = rival.map_or_else(|| "another listener".to_owned(), |(other, _)| other);
        return Some(Trouble::Conflict(other, conflict.reason.to_string()));
    }
    if conditions.is_empty()
        && let Some((other, reason)) = rival
    {
        return Some(Trouble::Conflict(other, reason));
    }
    let broken = |kind| {
        let denied = said(kind).filter(|c| c.status == Status::False)?;
        Some(Trouble::Broken(kind, denied.reasoned().to_string()))
    };
    broken("Accepted").or_else(|| broken("Programmed").filter(|_| !place.has_no_certificate()))
}

/// Why two listeners cannot stand next to each other.
fn clash(one: &Place, other: &Place) -> Option<&'static str> {
    let (a, b) = (one.listener, other.listener);
    if a.port != b.port || (*a.protocol == *"UDP") != (*b.protocol == *"UDP") {
        return None;
    }
    if family(&a.protocol) != family(&b.protocol) {
        return Some("ProtocolConflict");
    }
    one.host().eq_ignore_ascii_case(other.host()).then_some("HostnameConflict")
}

/// HTTPS and TLS share a port by the name of the handshake.
fn family(protocol: &str) -> &str {
    if protocol == "HTTPS" { "TLS" } else { protocol }
}

impl Place<'_> {
    /// Its host; empty for all.
    pub fn host(&self) -> &str {
        self.listener.hostname.as_deref().unwrap_or("")
    }

    /// Whether it speaks what requests of this scheme speak.
    pub fn takes(&self, scheme: Scheme) -> bool {
        match scheme {
            Scheme::Http => matches!(&*self.listener.protocol, "HTTP" | "TCP"),
            Scheme::Https => matches!(&*self.listener.protocol, "HTTPS" | "TLS" | "TCP"),
            Scheme::Udp => *self.listener.protocol == *"UDP",
        }
    }

    /// Whether its controller says that its certificates cannot be used.
    pub fn has_no_certificate(&self) -> bool {
        fresh(&self.listener.conditions, "ResolvedRefs", self.owner)
            .is_some_and(|c| c.status == Status::False && is_of_certificate(&c.reason))
    }

    /// Whether its controller says that it serves nothing.
    pub fn is_unprogrammed(&self) -> bool {
        fresh(&self.listener.conditions, "Programmed", self.owner).is_some_and(|c| c.status == Status::False)
    }

    /// `https of Gateway net/edge`.
    pub fn title(&self) -> String {
        format!("{} of {}", self.listener.name, self.owner_title())
    }

    /// `Gateway net/edge`.
    pub fn owner_title(&self) -> String {
        format!("{} {}/{}", self.owner_kind(), namespace(self.owner), self.owner.key.name)
    }

    /// `Gateway` or `ListenerSet`.
    pub fn owner_kind(&self) -> &'static str {
        owner_kind(self.owner)
    }

    /// A finding with the words `listener`, `owner`, `namespace`, `resource`, `name`, `index`.
    pub fn name_in(&self, finding: Finding) -> Finding {
        let finding = finding.word("listener", &self.listener.name).word("owner", self.owner_title());
        let finding = finding.word("namespace", namespace(self.owner)).word("name", &self.owner.key.name);
        finding.word("resource", self.owner_kind().to_lowercase()).word("index", self.index)
    }

    /// A finding about something else with the words `listener`, `owner`, `owner_namespace`, `owner_resource`, `owner_name`
    /// and `listener_index`.
    pub fn place_in(&self, finding: Finding) -> Finding {
        let finding = finding.word("listener", &self.listener.name).word("owner", self.owner_title());
        let finding = finding.word("owner_namespace", namespace(self.owner)).word("owner_name", &self.owner.key.name);
        finding.word("owner_resource", self.owner_kind().to_lowercase()).word("listener_index", self.index)
    }

    /// A fix with the words `new_name`, `host`, `port`, `protocol` and `from`: a listener like it for another host.
    pub fn like_it(&self, finding: Finding, host: &str, wanted_from: &str) -> Finding {
        if *self.listener.protocol != *"HTTP" {
            return finding;
        }
        let name = host.replace(['.', '*'], "-");
        let finding = finding.word("new_name", name.trim_matches('-')).word("host", host).word("from", wanted_from);
        finding.word("port", self.listener.port).word("protocol", &self.listener.protocol)
    }

    /// The path of one of its fields.
    pub fn field(&self, field: &str) -> String {
        format!(".spec.listeners[{}].{field}", self.index)
    }

    /// Why it does not serve.
    pub fn finding(&self) -> Option<Finding> {
        let said = |kind: &str| format!(".status.listeners[{}].conditions[type={kind}].reason", self.index);
        match self.trouble.as_ref()? {
            Trouble::Conflict(other, reason) => {
                let finding = self.name_in(Finding::of(&gw::GW_CONFLICT)).word("other", other);
                let finding = finding.word("reason", reason).word("port", self.listener.port);
                let finding = finding.word("host", names::shown(self.host()));
                let finding = finding.proof(self.owner, self.field("port"), self.listener.port);
                Some(finding.proof(self.owner, said("Conflicted"), reason))
            }
            Trouble::Broken(kind, reason) => {
                let finding = self.name_in(Finding::of(&gw::GW_LISTENER)).word("reason", reason);
                let finding = finding.word("what", format!("listener {}", self.listener.name));
                Some(finding.proof(self.owner, said(kind), reason))
            }
        }
    }

    /// HTTPS has to be looked into, so it cannot go through.
    pub fn odd_mode(&self) -> Option<Finding> {
        if *self.listener.protocol != *"HTTPS" || self.listener.passthrough != Some(true) {
            return None;
        }
        let why = "its protocol is HTTPS and its mode Passthrough, which only TLS listeners can have";
        let sni = names::shown(self.host());
        let finding = self.place_in(Finding::of(&rt::RT_G_TLSROUTE)).word("sni", sni).word("why", why);
        Some(finding.proof(self.owner, self.field("tls.mode"), "Passthrough"))
    }

    /// What else its controller cannot resolve: kinds of routes that it does not know, authorities for clients.
    pub fn unresolved(&self) -> Option<Finding> {
        let said = fresh(&self.listener.conditions, "ResolvedRefs", self.owner)?;
        if said.status != Status::False || is_of_certificate(&said.reason) {
            return None;
        }
        let finding = self.name_in(Finding::of(&gw::GW_LISTENER)).word("reason", said.reasoned());
        let finding = finding.word("what", format!("listener {}", self.listener.name)).severe(Severity::Warn);
        let path = format!(".status.listeners[{}].conditions[type=ResolvedRefs].reason", self.index);
        Some(finding.proof(self.owner, path, &said.reason))
    }

    /// Whether clients without a certificate are turned away: by the listener, by the Gateway for its port, or for all.
    pub fn asks_clients(&self, gateway: &GatewayFacts) -> bool {
        if !matches!(&*self.listener.protocol, "HTTPS" | "TLS") || self.listener.passthrough == Some(true) {
            return false;
        }
        let of = |port: Option<i32>| gateway.frontend.iter().find(|(at, _)| *at == port).map(|(_, client)| client);
        let client = self.listener.client.as_ref().or_else(|| of(Some(self.listener.port))).or_else(|| of(None));
        client.is_some_and(|client| !client.is_lenient)
    }

    fn shown(&self) -> String {
        let Listener { name, port, protocol, .. } = self.listener;
        let host = if self.host().is_empty() { String::new() } else { format!(" {}", self.host()) };
        format!("{name} {port}/{protocol}{host}")
    }
}

/// `Gateway` or `ListenerSet`.
pub fn owner_kind(owner: &Record) -> &'static str {
    match owner.key.kind {
        LISTENER_SET => "ListenerSet",
        X_LISTENER_SET => "XListenerSet",
        _ => "Gateway",
    }
}

/// Whether a reason of `ResolvedRefs` speaks of certificates.
pub fn is_of_certificate(reason: &str) -> bool {
    matches!(reason, "InvalidCertificateRef" | "RefNotPermitted")
}
