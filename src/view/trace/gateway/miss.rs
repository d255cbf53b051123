//! Why nothing takes a request: what differs from the nearest rule, and which routes would take it if they were attached.

use crate::kinds::gateway_api::ObjectName;
use crate::kinds::{GATEWAY, GRPC_ROUTE, HTTP_ROUTE, LISTENER_SET, ObjectRef, Record, TLS_ROUTE, X_LISTENER_SET};
use crate::view::trace::facts;
use crate::view::trace::fault::{Finding, Severity, gw, rt_gateway as rt};
use crate::view::trace::gateway::attach::{self, Attached, Gate, Why};
use crate::view::trace::gateway::choose;
use crate::view::trace::gateway::dialect::Dialect;
use crate::view::trace::gateway::grants;
use crate::view::trace::gateway::listeners::{self, Listeners, Place, namespace};
use crate::view::trace::gateway::matching;
use crate::view::trace::gateway::names;
use crate::view::trace::gateway::protocols;
use crate::view::trace::gateway::refusal;
use crate::view::trace::gateway::routes::{self, Route};
use crate::view::trace::near::nearest;
use crate::view::trace::request::{Request, Scheme};
use crate::view::trace::world::World;
use std::sync::Arc;

/// What is looked at to find out why a request is not taken.
#[derive(Clone, Copy, Debug)]
pub struct Search<'s, 'a> {
    /// What may be looked at.
    pub world: &'s World<'a>,
    /// The Gateway.
    pub gateway: &'a Arc<Record>,
    /// Its class.
    pub class: &'s str,
    /// The controller of its class.
    pub controller: &'s str,
    /// Its listeners.
    pub listeners: &'s Listeners<'a>,
    /// Its routes.
    pub routes: &'s [Attached<'a>],
    /// The request.
    pub request: &'s Request,
    /// The port of the listeners.
    pub port: u16,
    /// The name that chooses: of the Host header, or of the handshake where nothing more is seen.
    pub name: &'s str,
}

/// Why it is not taken.
#[derive(Clone, Debug, Default)]
pub struct Reasons {
    /// The faults; at least one.
    pub findings: Vec<Finding>,
    /// The route that comes nearest.
    pub nearest: Option<ObjectRef>,
    /// What is missing to tell.
    pub missing: Option<String>,
}

impl Search<'_, '_> {
    /// Why no rule at a listener takes the request.
    pub fn at(&self, place: usize) -> Reasons {
        let mut reasons = self.refusals();
        let own = &self.listeners.places[place];
        let is_stream = *own.listener.protocol == *"TLS";
        let (finding, nearest) = if is_stream { (self.cut(own), None) } else { self.no_match(place) };
        // A route at a listener that is not served is lost with it.
        reasons.findings.extend(self.isolated(place).and_then(|(_, other)| other.finding()));
        reasons.findings.push(finding);
        reasons.nearest = reasons.nearest.or(nearest);
        reasons
    }

    /// Why no listener takes the request.
    pub fn no_listener(&self) -> Reasons {
        let mut reasons = self.refusals();
        let is_other = |place: &&Place| self.is_here(place) && !place.takes(self.request.scheme);
        reasons.findings.extend(self.listeners.places.iter().filter(is_other).filter_map(Place::finding));
        reasons.findings.push(self.no_place());
        reasons
    }

    /// Routes that name this Gateway, would take the request, and are not attached where it arrives.
    pub fn attached_refusals(&self) -> Vec<Finding> {
        let mut reasons = Reasons::default();
        self.refused_routes(&mut reasons);
        reasons.findings
    }

    /// Routes and ListenerSets that would take the request and are not attached where it arrives.
    fn refusals(&self) -> Reasons {
        let mut reasons = Reasons::default();
        self.refused_routes(&mut reasons);
        for (set, why) in &self.listeners.refused {
            if self.set_would_take(set) {
                reasons.findings.push(self.refused_set(set, why));
            } else if self.is_wanted_by_route(set) {
                reasons.findings.push(self.refused_set(set, why).severe(Severity::Warn));
            }
        }
        self.lost_sets(&mut reasons);
        self.lost_parents(&mut reasons);
        reasons.findings.dedup_by(|a, b| a.message() == b.message());
        reasons
    }

    fn refused_routes(&self, reasons: &mut Reasons) {
        for attached in self.routes.iter().filter(|attached| self.would_take(&attached.route)) {
            for refusal in &attached.refusals {
                if let Why::Unknown(missing) = &refusal.why {
                    reasons.missing = Some(missing.clone());
                }
                let is_elsewhere = matches!(refusal.why, Why::Hosts | Why::Kind) && !attached.places.is_empty();
                let is_other_port = refusal.place.is_some_and(|at| !self.is_here(&self.listeners.places[at]));
                if is_elsewhere || is_other_port {
                    continue;
                }
                reasons.add(
                    &attached.route,
                    refusal::finding(self.world, attached, refusal, (self.listeners, self.class)),
                );
            }
            reasons.add(&attached.route, self.outside(attached));
        }
    }

    /// Whether a route would take the request if it were attached where it arrives.
    fn would_take(&self, route: &Route) -> bool {
        let is_for_name =
            route.hostnames.is_empty() || route.hostnames.iter().any(|host| names::covers(host, self.name));
        is_for_name && !choose::matches(route, self.request, Dialect::of(self.controller)).is_empty()
    }

    fn is_here(&self, place: &Place) -> bool {
        place.listener.port == i32::from(self.port)
    }

    /// The request's name is one of a route that is attached, but not by this name.
    fn outside(&self, attached: &Attached) -> Option<Finding> {
        if attached.places.is_empty() {
            return None;
        }
        let taken = attached.places.iter().flat_map(|(_, hosts)| hosts).any(|host| names::covers(host, self.name));
        let outside = attached.route.hostnames.iter().find(|host| names::covers(host, self.name));
        let outside = outside.filter(|_| !taken)?;
        Some(self.partial(attached, outside).severe(Severity::Broken))
    }

    /// The hosts of an attached route that no listener covers.
    pub fn partial_hosts(&self, attached: &Attached) -> Vec<Finding> {
        let route = &attached.route;
        let kept = |host: &str| {
            attached.places.iter().any(|(at, _)| names::meet(self.listeners.places[*at].host(), host).is_some())
        };
        let outside = route.hostnames.iter().filter(|host| !kept(host));
        outside.map(|host| self.partial(attached, host)).collect()
    }

    fn partial(&self, attached: &Attached, outside: &str) -> Finding {
        let route = &attached.route;
        let places: Vec<&Place> = attached.places.iter().map(|(at, _)| &self.listeners.places[*at]).collect();
        let have: Vec<String> =
            places.iter().map(|place| format!("{}: {}", place.listener.name, names::shown(place.host()))).collect();
        let finding = route.name_in(Finding::of(&rt::RT_G_HOST_PARTIAL)).word("outside", outside);
        let finding = finding.word("have", have.join(", ")).proof(route.record, ".spec.hostnames", outside);
        let finding = places
            .iter()
            .fold(finding, |finding, place| finding.proof(place.owner, place.field("hostname"), place.host()));
        let finding = finding.word("gateway_namespace", namespace(self.gateway));
        let finding = finding.word("gateway", &self.gateway.key.name);
        match places.iter().find(|place| *place.listener.protocol == *"HTTP") {
            Some(place) => finding
                .word("new_name", outside.replace(['.', '*'], "-").trim_matches('-'))
                .word("port", place.listener.port)
                .word("protocol", &place.listener.protocol),
            None => finding,
        }
    }

    /// Whether a route that would take the request names a ListenerSet as its parent.
    fn is_wanted_by_route(&self, set: &Record) -> bool {
        let names_it = |route: &Route| {
            route.parents.iter().any(|parent| routes::key(&parent.object).is_some_and(|key| key == set.key))
        };
        self.routes.iter().any(|attached| names_it(&attached.route) && self.would_take(&attached.route))
    }

    /// ListenerSets that would take the request, and whose Gateway does not exist.
    fn lost_sets(&self, reasons: &mut Reasons) {
        for set in [LISTENER_SET, X_LISTENER_SET].into_iter().flat_map(|kind| self.world.of(kind)) {
            let Some(own) = facts::listener_set(set) else { continue };
            if !self.is_missing(&own.parent) || !self.set_would_take(set) {
                continue;
            }
            let parent = &own.parent;
            let there = parent.namespace.as_deref().unwrap_or("");
            let (similar, elsewhere) = self.candidates(parent);
            let (told, candidate) = match (similar, elsewhere) {
                (Some(name), _) => (format!(" (similar: {name})"), Some((name, there))),
                (None, Some(place)) => {
                    (format!(" (one of this name is in namespace {place})"), Some((&*parent.name, place)))
                }
                (None, None) => (String::new(), None),
            };
            let finding = Finding::of(&gw::GW_LS_NOTALLOWED).object("set", &set.key);
            let finding = finding.word("parent", format!("{there}/{}", parent.name));
            let finding = finding.word("why", format!("there is no such Gateway{told}"));
            let finding = finding.word("resource", listeners::owner_kind(set).to_lowercase());
            let finding = finding.proof(set, ".spec.parentRef.name", &parent.name);
            reasons.findings.push(match candidate {
                Some((name, place)) => {
                    finding.word("candidate", format!("{{\"name\":\"{name}\",\"namespace\":\"{place}\"}}"))
                }
                None => finding,
            });
        }
    }

    /// What may be meant by an object that does not exist: another name in its namespace, or its name in another namespace.
    fn candidates(&self, object: &ObjectName) -> (Option<&str>, Option<&str>) {
        let Some(key) = routes::key(object) else { return (None, None) };
        let same = |other: &&Arc<Record>| other.key.namespace == key.namespace;
        let names = self.world.of(key.kind).filter(same).map(|other| &*other.key.name);
        let mut elsewhere = self.world.of(key.kind).filter(|other| other.key.name == key.name);
        (nearest(&key.name, names), elsewhere.next().and_then(|other| other.key.namespace.as_deref()))
    }

    fn set_would_take(&self, set: &Record) -> bool {
        let listeners = facts::listener_set(set).into_iter().flat_map(|own| own.listeners.iter());
        let port = i32::from(self.port);
        let mut fits = listeners
            .filter(|listener| listener.port == port)
            .map(|listener| listener.hostname.as_deref().unwrap_or(""));
        fits.any(|host| names::covers(host, self.name))
    }

    fn refused_set(&self, set: &Record, why: &str) -> Finding {
        let finding = Finding::of(&gw::GW_LS_NOTALLOWED).object("set", &set.key).word("why", why);
        let finding = finding.word("gateway_namespace", namespace(self.gateway));
        let finding = finding.word("parent", format!("{}/{}", namespace(self.gateway), self.gateway.key.name));
        let allowed = facts::gateway(self.gateway).and_then(|own| own.allowed_listeners.as_ref());
        let finding = match allowed.and_then(grants::lacking) {
            Some(labels) => finding.word("labels", labels),
            None => {
                let from = if namespace(set) == namespace(self.gateway) { "Same" } else { "All" };
                finding.word("gateway", &self.gateway.key.name).word("from", from)
            }
        };
        let finding = finding.proof(set, ".spec.parentRef.name", &self.gateway.key.name);
        finding.proof(self.gateway, ".spec.allowedListeners", why)
    }

    /// Routes for this name whose parents do not exist.
    fn lost_parents(&self, reasons: &mut Reasons) {
        for record in [HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE].into_iter().flat_map(|kind| self.world.of(kind)) {
            let Some(route) = Route::of(record) else { continue };
            let named = route.hostnames.iter().any(|host| names::covers(host, self.name));
            if !named || !self.would_take(&route) {
                continue;
            }
            let lost: Vec<usize> =
                (0..route.parents.len()).filter(|at| self.is_missing(&route.parents[*at].object)).collect();
            for at in lost {
                let (similar, elsewhere) = self.candidates(&route.parents[at].object);
                reasons.add(&route, Some(refusal::no_parent(&route, at, similar, elsewhere)));
            }
        }
    }

    fn is_missing(&self, object: &ObjectName) -> bool {
        let Some(key) = routes::key(object) else { return false };
        let plural = match key.kind {
            GATEWAY => "gateways",
            LISTENER_SET | X_LISTENER_SET => "listenersets",
            _ => return false,
        };
        let is_known = self.world.known(key.kind, key.namespace.as_deref()).missing(plural).is_none();
        is_known && self.world.get(&key).is_none()
    }

    /// What the nearest rule wants that the request has not.
    fn no_match(&self, place: usize) -> (Finding, Option<ObjectRef>) {
        let own = &self.listeners.places[place];
        let finding = Finding::of(&rt::RT_G_MATCH).word("listener", format!("listener {}", own.title()));
        let kinds = protocols::kinds(own.listener).join(",").to_lowercase();
        let finding = finding.word("routes", kinds);
        let here = self.routes.iter().filter(|attached| choose::host_at(attached, place, self.name).is_some());
        let mut nearest: Option<(bool, usize, String, &Attached, usize)> = None;
        for attached in here {
            for (at, rule) in attached.route.rules.iter().enumerate() {
                for matched in rule.matches.iter() {
                    let misses = matching::misses(matched, self.request, Dialect::of(self.controller));
                    let of_path = misses.first().is_some_and(|miss| miss.contains("path"));
                    let closer = nearest.as_ref().is_none_or(|have| (of_path, misses.len()) < (have.0, have.1));
                    if closer {
                        nearest = Some((of_path, misses.len(), misses.join("; "), attached, at));
                    }
                }
            }
        }
        let Some((_, _, misses, attached, at)) = nearest else { return (self.no_host(finding, place), None) };
        let route = &attached.route;
        let why = format!("{} of {} is the nearest, but {misses}", route.rules[at].title(at), route.title());
        let finding = route.name_in(finding).word("why", why);
        let path = format!(".spec.rules[{at}].matches");
        let shown: Vec<String> = route.rules[at].matches.iter().map(matching::shown).collect();
        (finding.proof(route.record, path, shown.join(" or ")), Some(route.record.key.clone()))
    }

    /// No route at the listener is for the host.
    fn no_host(&self, finding: Finding, place: usize) -> Finding {
        let own = &self.listeners.places[place];
        let gate = Gate::of(self.world, self.gateway, self.controller, self.listeners);
        let all = attach::all(&gate, &[]);
        let here: Vec<&Attached> = all.iter().filter(|a| a.places.iter().any(|(at, _)| *at == place)).collect();
        let hosts = here.iter().flat_map(|a| a.places.iter().filter(|(at, _)| *at == place));
        let mut hosts: Vec<&str> = hosts.flat_map(|(_, hosts)| hosts).map(String::as_str).collect();
        hosts.sort_unstable();
        hosts.dedup();
        let other = self.isolated(place);
        let why = match (hosts.is_empty(), other) {
            (_, Some((route, other))) if other.trouble.is_some() => {
                format!("{route} is attached to listener {} only, which serves no request", other.listener.name)
            }
            (_, Some((route, other))) => format!(
                "{route} is attached to listener {} only, and listener {} is more specific for {}, which counts wherever listeners are kept apart",
                other.listener.name, own.listener.name, self.name
            ),
            (true, None) => "no route is attached to it".to_owned(),
            (false, None) => {
                let near = nearest(self.name, hosts.iter().copied());
                let near = near.map_or_else(String::new, |near| format!("; similar: {near}"));
                hosts.truncate(5);
                format!("no attached route is for host {} (have: {}{near})", self.name, hosts.join(", "))
            }
        };
        let finding = finding.word("why", why).proof(own.owner, own.field("name"), &own.listener.name);
        here.iter().take(3).fold(finding, |finding, attached| {
            let hosts: Vec<&str> = attached.route.hostnames.iter().map(|host| &**host).collect();
            finding.proof(attached.route.record, ".spec.hostnames", hosts.join(","))
        })
    }

    /// A route that another listener of the port would give the request to, and that listener.
    fn isolated(&self, place: usize) -> Option<(String, &Place<'_>)> {
        let own = &self.listeners.places[place];
        self.routes.iter().find_map(|attached| {
            let (at, _) = attached.places.iter().find(|(at, hosts)| {
                *at != place
                    && self.listeners.places[*at].listener.port == own.listener.port
                    && hosts.iter().any(|host| names::covers(host, self.name))
            })?;
            Some((attached.route.title(), &self.listeners.places[*at]))
        })
    }

    /// A handshake that no TLSRoute takes.
    fn cut(&self, place: &Place) -> Finding {
        let mode = if place.listener.passthrough == Some(true) { "Passthrough" } else { "Terminate" };
        let odd = self.routes.iter().find(|attached| {
            self.would_take(&attached.route) && attached.refusals.iter().any(|refusal| refusal.why == Why::Kind)
        });
        let why = match odd {
            _ if self.name.is_empty() => "the client names no server, so nothing can be chosen by it".to_owned(),
            Some(attached) => format!(
                "its mode is {mode}, which takes {}, and {} is none",
                protocols::kinds(place.listener).join(" or "),
                attached.route.title()
            ),
            None => "no TLSRoute that is attached there is for this name".to_owned(),
        };
        let sni = if self.name.is_empty() { "no name" } else { self.name };
        let finding = place.place_in(Finding::of(&rt::RT_G_TLSROUTE)).word("sni", sni).word("why", why);
        finding.proof(place.owner, place.field("tls.mode"), mode)
    }

    fn no_place(&self) -> Finding {
        let port = self.port;
        let of_port: Vec<&Place> =
            self.listeners.places.iter().filter(|place| place.listener.port == i32::from(port)).collect();
        let scheme = self.request.scheme;
        let speaks = of_port.iter().any(|place| place.takes(scheme));
        let wanted = match (of_port.is_empty(), speaks) {
            _ if scheme == Scheme::Udp => format!("UDP on port {port}"),
            (true, _) => format!("port {port}"),
            (false, false) => format!("{} on port {port}", scheme.name()),
            (false, true) => {
                let name = if self.name.is_empty() { "a handshake without a name" } else { self.name };
                format!("{name} on port {port}")
            }
        };
        let finding = Finding::of(&gw::GW_NO_LISTENER_PORT).object("gateway", &self.gateway.key);
        let finding = finding.word("wanted", wanted).word("have", self.listeners.shown());
        let finding = finding.proof(self.gateway, ".spec.listeners", self.listeners.shown());
        match scheme {
            Scheme::Http if of_port.is_empty() => {
                finding.word("new_name", format!("http-{port}")).word("port", port).word("protocol", "HTTP")
            }
            // A port of UDP may stand beside one of TCP.
            Scheme::Udp => finding.word("new_name", format!("udp-{port}")).word("port", port).word("protocol", "UDP"),
            Scheme::Http | Scheme::Https => finding,
        }
    }
}

impl Reasons {
    fn add(&mut self, route: &Route, finding: Option<Finding>) {
        let Some(finding) = finding else { return };
        self.nearest.get_or_insert_with(|| route.record.key.clone());
        self.findings.push(finding);
    }
}
