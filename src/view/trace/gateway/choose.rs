//! Which rule of all attached routes takes a request, by the precedence of the Gateway API.

use crate::kinds::http_route::facts::{PathMatch, RouteMatch};
use crate::view::trace::gateway::attach::Attached;
use crate::view::trace::gateway::dialect::{self, Dialect};
use crate::view::trace::gateway::matching;
use crate::view::trace::gateway::names;
use crate::view::trace::gateway::routes::{Route, Rule};
use crate::view::trace::request::Request;
use crate::wire::Timestamp;
use std::cmp::Reverse;

/// A rule that matches a request.
#[derive(Clone, Debug)]
pub struct Candidate<'c, 'a> {
    /// Its route.
    pub attached: &'c Attached<'a>,
    /// The host by which the route is chosen.
    pub host: &'c str,
    /// Which rule.
    pub rule: usize,
    /// Which of its matches.
    pub of_rule: usize,
    /// By whose reading.
    pub dialect: Dialect,
    /// At which listener.
    place: usize,
}

/// How precise a match is; the greater wins.
type Precision = ((usize, usize), u8, usize, bool, usize, usize);

/// Every rule at a listener that matches a request, the one that takes it first. `name` is that of the Host header, or
/// of the handshake where TLS is not looked into.
pub fn candidates<'c, 'a>(
    routes: &'c [Attached<'a>],
    place: usize,
    name: &str,
    request: &Request,
    dialect: Dialect,
) -> Vec<Candidate<'c, 'a>> {
    let mut found = Vec::new();
    for attached in routes {
        let Some(host) = host_at(attached, place, name) else { continue };
        for (rule, of_rule) in matches(&attached.route, request, dialect) {
            if dialect.is_traefik() && dialect::is_left_out(attached.route.rules[rule].filters) {
                continue;
            }
            found.push(Candidate { attached, host, rule, of_rule, dialect, place });
        }
    }
    found.sort_by_cached_key(|candidate| (Reverse(candidate.precision()), candidate.age()));
    found
}

/// The most specific host by which a route at a listener covers a name.
pub fn host_at<'c>(attached: &'c Attached, place: usize, name: &str) -> Option<&'c str> {
    let (_, hosts) = attached.places.iter().find(|(at, _)| *at == place)?;
    let covering = hosts.iter().map(String::as_str).filter(|host| names::covers(host, name));
    covering.max_by_key(|host| names::weight(host))
}

/// The rules of a route, each with its match, that fit a request.
pub fn matches(route: &Route, request: &Request, dialect: Dialect) -> Vec<(usize, usize)> {
    let all = route.rules.iter().enumerate().flat_map(|(at, rule)| (0..rule.matches.len()).map(move |m| (at, m)));
    all.filter(|(rule, at)| matching::misses(&route.rules[*rule].matches[*at], request, dialect).is_empty()).collect()
}

impl<'c, 'a> Candidate<'c, 'a> {
    /// The route.
    pub fn route(&self) -> &'c Route<'a> {
        &self.attached.route
    }

    /// The rule.
    pub fn rule(&self) -> &'c Rule<'a> {
        &self.attached.route.rules[self.rule]
    }

    /// The match.
    pub fn matched(&self) -> &'c RouteMatch {
        &self.rule().matches[self.of_rule]
    }

    /// Traefik's priority: exact paths, then the length of the path, then methods, headers, parameters, the longest host of
    /// the route at the listener, and the earlier rule.
    pub fn priority(&self) -> usize {
        let matched = self.matched();
        let path = match (matched.path_type, &*matched.path) {
            (PathMatch::Exact, _) => 100_000,
            (PathMatch::Prefix, "/") => 1,
            (PathMatch::Prefix | PathMatch::Regex, path) => 10_000 + path.len() * 100,
        };
        let method = if matched.method.is_some() { 1_000 } else { 0 };
        let hosts = self.attached.places.iter().filter(|(at, _)| *at == self.place).flat_map(|(_, hosts)| hosts);
        let host = hosts.map(String::len).max().unwrap_or(0);
        let later = self.route().rules.len() - self.rule;
        path + method + matched.headers.len() * 100 + matched.query.len() * 10 + host + later
    }

    fn precision(&self) -> Precision {
        if self.dialect.is_traefik() {
            return ((self.priority(), 0), 0, 0, false, 0, 0);
        }
        let matched = self.matched();
        let kind = match matched.path_type {
            PathMatch::Exact => 2,
            // Where regular expressions stand is left to each implementation; this is where most put them.
            PathMatch::Regex if self.route().kind == "HTTPRoute" => 1,
            PathMatch::Prefix => 1,
            PathMatch::Regex => 0,
        };
        let length = matched.path.trim_end_matches('/').chars().count();
        let method = matched.method.is_some();
        (names::weight(self.host), kind, length, method, matched.headers.len(), matched.query.len())
    }

    fn age(&self) -> (Option<Timestamp>, String, usize, usize) {
        let record = self.route().record;
        let name = format!("{}/{}", self.route().namespace(), record.key.name);
        (record.meta.created, name, self.rule, self.of_rule)
    }

    /// Why this one is preferred to another, where somebody could have expected the other; none where it is just the
    /// more precise one.
    pub fn beats(&self, other: &Self) -> Option<String> {
        let (own, theirs) = (self.precision(), other.precision());
        let is_one_route = self.route().record.key == other.route().record.key;
        if own == theirs && self.route().kind != other.route().kind {
            return Some(
                "both match alike, and which kind of route comes first is left to each implementation".to_owned(),
            );
        }
        if own == theirs && is_one_route {
            let first = self.rule < other.rule;
            return first.then(|| "both match alike, and it comes first in the route".to_owned());
        }
        if own == theirs {
            let older = self.route().record.meta.created < other.route().record.meta.created;
            let why = if older { "its route is older" } else { "its route comes first by namespace and name" };
            return Some(format!("both match alike, and {why}"));
        }
        let less_of_path = (own.1, own.2) < (theirs.1, theirs.2);
        if own.0 > theirs.0 && less_of_path {
            return Some(format!(
                "its host {} is more specific than {}, which counts before the path",
                names::shown(self.host),
                names::shown(other.host)
            ));
        }
        let regex = |candidate: &Self| candidate.matched().path_type == PathMatch::Regex;
        (own.0 == theirs.0 && regex(self) != regex(other) && own.1 != 2)
            .then(|| "where a regular expression stands among prefixes is left to each implementation".to_owned())
    }
}
