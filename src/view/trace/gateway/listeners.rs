//! The listeners at which requests to a Gateway arrive: its own, then those of the ListenerSets that joined it.

use crate::kinds::condition::{self, Condition, Status};
use crate::kinds::gateway::facts::{GatewayFacts, Listener};
use crate::kinds::gateway_api::ObjectName;
use crate::kinds::{LISTENER_SET, Record, X_LISTENER_SET};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, gw, rt_gateway as rt};
use crate::view::trace::gateway::authorities::{self, Clients, Unreadable};
use crate::view::trace::gateway::grants::{self, May};
use crate::view::trace::gateway::names;
use crate::view::trace::gateway::protocols;
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
    /// The Gateway.
    gateway: &'a Arc<Record>,
    /// An authority for its clients that cannot be used.
    unreadable: Option<Unreadable>,
}

/// Why a listener does not serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Another one takes its port and host: which one, and the reason.
    Conflict(String, String),
    /// Its controller does not serve it: the condition and its words.
    Broken(&'static str, String),
    /// No authority for its clients can be used.
    NoAuthority,
    /// Its protocol is none.
    Protocol,
}

impl<'a> Listeners<'a> {
    /// The listeners of a Gateway.
    pub fn of(world: &World<'a>, gateway: &'a Arc<Record>, facts: &'a GatewayFacts) -> Self {
        let mut places: Vec<Place> = places(gateway, gateway, &facts.listeners).collect();
        let mut sets: Vec<&Arc<Record>> =
            [LISTENER_SET, X_LISTENER_SET].into_iter().flat_map(|kind| world.sources(gateway, kind)).collect();
        sets.sort_by(|a, b| age(a).cmp(&age(b)));
        let (mut refused, mut is_assumed, mut missing) = (Vec::new(), false, None);
        for set in sets {
            let Some(own) = facts::listener_set(set) else { continue };
            match joins(world, gateway, facts, set) {
                Ok(sure) => {
                    is_assumed |= !sure;
                    places.extend(self::places(gateway, set, &own.listeners));
                }
                Err(May::Unknown(why)) => missing = Some(why),
                Err(_) => refused.push((set, refusal(gateway, facts, set, &own.conditions))),
            }
        }
        let troubles = troubles(&places);
        for (place, trouble) in places.iter_mut().zip(troubles) {
            place.trouble = trouble;
            // What its controller says counts more than what the objects show.
            if place.listener.conditions.is_empty() && place.trouble.is_none() {
                place.unreadable =
                    place.clients(facts).and_then(|(from, clients)| authorities::unreadable(world, from, &clients));
                let is_lost = place.unreadable.as_ref().is_some_and(|authority| authority.is_only);
                place.trouble = protocols::is_none(&place.listener.protocol)
                    .then_some(Trouble::Protocol)
                    .or(is_lost.then_some(Trouble::NoAuthority));
            }
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

fn places<'a>(
    gateway: &'a Arc<Record>,
    owner: &'a Arc<Record>,
    listeners: &'a [Listener],
) -> impl Iterator<Item = Place<'a>> {
    let place = move |(index, listener)| Place { owner, index, listener, trouble: None, gateway, unreadable: None };
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
        // It has joined, and none of its listeners is good: each says why.
        Some(accepted) if *accepted.reason == *"ListenersNotValid" => return Ok(true),
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

/// Why each of them does not serve. A ListenerSet gives way to what stands before it, and what has given way is in nobody's
/// way any more; of those that are left in one object both lose.
fn troubles(places: &[Place]) -> Vec<Option<Trouble>> {
    let mut found: Vec<Option<Trouble>> = Vec::with_capacity(places.len());
    for own in places.chunk_by(|one, other| one.owner.key == other.owner.key) {
        let start = found.len();
        let stands = |at: &usize| !matches!(found[*at], Some(Trouble::Conflict(..)));
        let before: Vec<usize> = (0..start).filter(stands).collect();
        let late: Vec<Option<(String, String)>> = own.iter().map(|place| rival(places, place, &before)).collect();
        let left: Vec<usize> = (start..start + own.len()).filter(|at| late[at - start].is_none()).collect();
        for (place, late) in own.iter().zip(&late) {
            let rival = late.clone().or_else(|| rival(places, place, &left));
            found.push(trouble(place, rival));
        }
    }
    found
}

/// The first of these listeners that cannot stand next to another, and the reason.
fn rival(places: &[Place], place: &Place, others: &[usize]) -> Option<(String, String)> {
    others.iter().map(|at| &places[*at]).find_map(|other| {
        let is_itself = other.owner.key == place.owner.key && other.index == place.index;
        let reason = clash(place, other).filter(|_| !is_itself)?;
        Some((format!("listener {}", other.title()), reason.to_owned()))
    })
}

fn trouble(place: &Place, rival: Option<(String, String)>) -> Option<Trouble> {
    let conditions = &place.listener.conditions;
    let said = |kind| fresh(conditions, kind, place.owner);
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
        // Which authority is bad stands at the references.
        let is_vague = *denied.reason == *"NoValidCACertificate";
        let exact = said("ResolvedRefs").filter(|c| is_vague && c.status == Status::False);
        let exact = exact.map_or_else(String::new, |c| format!(" ({})", c.reasoned()));
        Some(Trouble::Broken(kind, format!("{}{exact}", denied.reasoned())))
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
            .is_some_and(|c| c.status == Status::False && self.is_of_certificate(&c.reason))
    }

    /// Whether a reason of `ResolvedRefs` speaks of its certificates. A certificate of its own namespace needs no permission:
    /// then an authority for clients is meant.
    pub fn is_of_certificate(&self, reason: &str) -> bool {
        let is_far = |object: &ObjectName| object.namespace != self.owner.key.namespace;
        match reason {
            "InvalidCertificateRef" => true,
            "RefNotPermitted" => self.listener.certificates.iter().any(is_far),
            _ => false,
        }
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
            Trouble::NoAuthority => self.unreadable(),
            Trouble::Protocol => {
                let (protocol, known) = (&self.listener.protocol, protocols::ALL.join(", "));
                let reason = format!("its protocol is {protocol}, and the API has {known} (UnsupportedProtocol)");
                let finding = self.name_in(Finding::of(&gw::GW_LISTENER)).word("reason", reason);
                let finding = finding.word("what", format!("listener {}", self.listener.name));
                Some(finding.proof(self.owner, self.field("protocol"), protocol))
            }
        }
    }

    /// An authority for its clients that cannot be used.
    fn unreadable(&self) -> Option<Finding> {
        let authority = self.unreadable.as_ref()?;
        let record = if authority.is_of_gateway { self.gateway } else { self.owner };
        let effect = if authority.is_only { ", so it serves nobody (NoValidCACertificate)" } else { "" };
        let finding = Finding::of(&gw::GW_LISTENER).object("name", &record.key).word("resource", resource(record));
        let finding =
            finding.word("what", format!("listener {}", self.listener.name)).word("owner", self.owner_title());
        let reason = format!("it asks clients for certificates, and {}{effect}", authority.why);
        Some(finding.word("reason", reason).proof(record, authority.path.as_str(), &authority.name))
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

    /// What else cannot be resolved: kinds of routes that it does not know, authorities for clients.
    pub fn unresolved(&self) -> Vec<Finding> {
        let denied = fresh(&self.listener.conditions, "ResolvedRefs", self.owner)
            .filter(|said| said.status == Status::False && !self.is_of_certificate(&said.reason));
        let begin = |reason: &str| {
            let finding = self.name_in(Finding::of(&gw::GW_LISTENER)).word("reason", reason);
            finding.word("what", format!("listener {}", self.listener.name)).severe(Severity::Warn)
        };
        // What its trouble is already says more.
        if let Some(said) = denied.filter(|_| self.trouble.is_none()) {
            let path = format!(".status.listeners[{}].conditions[type=ResolvedRefs].reason", self.index);
            return vec![begin(&said.reasoned()).proof(self.owner, path, &said.reason)];
        }
        if !self.listener.conditions.is_empty() {
            return Vec::new();
        }
        let odd = protocols::odd_kinds(self.listener);
        let fits = protocols::kinds(self.listener).join(" and ");
        let reason = format!(
            "it asks for routes of kind {odd}, and {} takes {fits} (InvalidRouteKinds)",
            self.listener.protocol
        );
        let kinds =
            (!odd.is_empty()).then(|| begin(&reason).proof(self.owner, self.field("allowedRoutes.kinds"), &odd));
        let authority = self.unreadable().filter(|_| self.trouble.is_none());
        kinds.into_iter().chain(authority.map(|finding| finding.severe(Severity::Warn))).collect()
    }

    /// Whether clients without a certificate are turned away: by the listener, by the Gateway for its port, or for all.
    pub fn asks_clients(&self, gateway: &GatewayFacts) -> bool {
        self.clients(gateway).is_some_and(|(_, clients)| !clients.validation.is_lenient)
    }

    /// How its clients introduce themselves, and kind and namespace of the object that says it.
    fn clients<'f>(&'f self, gateway: &'f GatewayFacts) -> Option<((&'static str, &'f str), Clients<'f>)> {
        let clients = Clients::of(self.listener, self.index, gateway)?;
        let owner = if clients.is_of_gateway { self.gateway } else { self.owner };
        Some(((owner_kind(owner), namespace(owner)), clients))
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

/// `gateway` or `listenerset`, as kubectl takes it.
fn resource(owner: &Record) -> String {
    owner_kind(owner).to_lowercase()
}
