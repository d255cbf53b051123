//! The routes of the Gateway API in one shape: HTTPRoute, GRPCRoute, TLSRoute, TCPRoute and UDPRoute.

use crate::kinds::grpc_route::GrpcMatch;
use crate::kinds::http_route::facts::{
    Filter, Parent, ParentStatus, PathMatch, Retry, RouteBackend, RouteMatch, RouteRule, ValueMatch,
};
use crate::kinds::{Facts, GRPC_ROUTE, HTTP_ROUTE, KindId, ObjectRef, Record, TCP_ROUTE, TLS_ROUTE, UDP_ROUTE};
use crate::view::trace::fault::Finding;
use crate::view::trace::gateway::matching;
use std::borrow::Cow;
use std::sync::Arc;

/// The kinds of routes.
pub const KINDS: [KindId; 5] = [HTTP_ROUTE, GRPC_ROUTE, TLS_ROUTE, TCP_ROUTE, UDP_ROUTE];

/// A route of any kind.
#[derive(Clone, Debug)]
pub struct Route<'a> {
    /// The object.
    pub record: &'a Arc<Record>,
    /// `HTTPRoute`.
    pub kind: &'static str,
    /// The hosts that it is for; empty for those of its listeners.
    pub hostnames: &'a [Arc<str>],
    /// Where it wants to be attached.
    pub parents: &'a [Parent],
    /// What controllers say of it.
    pub status: &'a [ParentStatus],
    /// What it does with requests.
    pub rules: Vec<Rule<'a>>,
}

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule<'a> {
    /// Its name.
    pub name: Option<&'a str>,
    /// What a request must look like; never empty.
    pub matches: Cow<'a, [RouteMatch]>,
    /// What is done with it.
    pub filters: &'a [Filter],
    /// Who gets it.
    pub backends: &'a [RouteBackend],
    /// Time limits, retries: what is worth knowing and changes nothing of the way.
    pub notes: Vec<String>,
}

impl<'a> Route<'a> {
    /// The route that a record is; none for other kinds and for records that could not be read.
    pub fn of(record: &'a Arc<Record>) -> Option<Self> {
        let kind = name(record.key.kind)?;
        let route = match &record.digest.facts {
            Facts::HttpRoute(facts) => Self {
                record,
                kind,
                hostnames: &facts.hostnames,
                parents: &facts.parents,
                status: &facts.status,
                // The API server fills in a rule for routes without any: every path, and nobody to send it to.
                rules: match &*facts.rules {
                    [] => vec![Rule::stream(None, &[])],
                    rules => rules.iter().map(Rule::http).collect(),
                },
            },
            Facts::GrpcRoute(facts) => Self {
                record,
                kind,
                hostnames: &facts.hostnames,
                parents: &facts.parents,
                status: &facts.status,
                rules: facts
                    .rules
                    .iter()
                    .map(|rule| Rule {
                        name: rule.name.as_deref(),
                        matches: rule.matches.iter().map(call).collect(),
                        filters: &rule.filters,
                        backends: &rule.backends,
                        notes: Vec::new(),
                    })
                    .collect(),
            },
            Facts::L4Route(facts) => Self {
                record,
                kind,
                hostnames: &facts.hostnames,
                parents: &facts.parents,
                status: &facts.status,
                rules: facts.rules.iter().map(|rule| Rule::stream(rule.name.as_deref(), &rule.backends)).collect(),
            },
            _ => return None,
        };
        Some(route)
    }

    /// Whether hosts choose it: HTTPRoute and GRPCRoute by the Host header, TLSRoute by the handshake.
    pub fn has_hosts(&self) -> bool {
        !matches!(self.kind, "TCPRoute" | "UDPRoute")
    }

    /// Whether it is about connections, which nobody looks into.
    pub fn is_stream(&self) -> bool {
        matches!(self.kind, "TLSRoute" | "TCPRoute" | "UDPRoute")
    }

    /// What a rule of it looks for, in words.
    pub fn shown(&self, wanted: &RouteMatch) -> String {
        match self.kind {
            "UDPRoute" => "every packet".to_owned(),
            _ if self.is_stream() => "every connection".to_owned(),
            _ => matching::shown(wanted),
        }
    }

    /// What becomes of a request for which it has no backend.
    pub fn refusal(&self) -> &'static str {
        match self.kind {
            "UDPRoute" => "the Gateway drops such packets",
            _ if self.is_stream() => "the Gateway rejects such connections",
            _ => "the Gateway answers 500",
        }
    }

    /// Its namespace.
    pub fn namespace(&self) -> &'a str {
        self.record.key.namespace.as_deref().unwrap_or("")
    }

    /// `httproute`, as kubectl takes it.
    pub fn resource(&self) -> String {
        self.kind.to_lowercase()
    }

    /// A finding with the words `kind`, `resource`, `namespace` and `route`.
    pub fn name_in(&self, finding: Finding) -> Finding {
        let finding = finding.word("kind", self.kind).word("resource", self.resource());
        finding.word("namespace", self.namespace()).word("route", &self.record.key.name)
    }

    /// `HTTPRoute shop/web`.
    pub fn title(&self) -> String {
        format!("{} {}/{}", self.kind, self.namespace(), self.record.key.name)
    }
}

impl<'a> Rule<'a> {
    fn http(rule: &'a RouteRule) -> Self {
        let mut notes = Vec::new();
        if let Some(limit) = &rule.request_timeout {
            let is_off = is_zero(limit);
            notes.push(if is_off { "no time limit".to_owned() } else { format!("504 after {limit}") });
        }
        if let Some(limit) = rule.backend_timeout.as_ref().filter(|limit| !is_zero(limit)) {
            notes.push(format!("each try ends after {limit}"));
        }
        if let Some(retry) = &rule.retry {
            notes.push(again(retry));
        }
        if let Some(kind) = &rule.session {
            notes.push(format!("clients stay with one endpoint ({kind})"));
        }
        Self {
            name: rule.name.as_deref(),
            matches: Cow::Borrowed(&rule.matches),
            filters: &rule.filters,
            backends: &rule.backends,
            notes,
        }
    }

    /// Connections are not looked into: every one matches.
    fn stream(name: Option<&'a str>, backends: &'a [RouteBackend]) -> Self {
        let every = RouteMatch {
            path_type: PathMatch::Prefix,
            path: Arc::from("/"),
            method: None,
            headers: Box::default(),
            query: Box::default(),
        };
        Self { name, matches: Cow::Owned(vec![every]), filters: &[], backends, notes: Vec::new() }
    }

    /// `rule 2`, or `rule search (2)`; counted from 1.
    pub fn title(&self, index: usize) -> String {
        match self.name {
            Some(name) => format!("rule {name} ({})", index + 1),
            None => format!("rule {}", index + 1),
        }
    }
}

/// When a backend is asked again, in words. Failed connections always call for it.
fn again(retry: &Retry) -> String {
    let times = match retry.attempts {
        Some(1) => " once".to_owned(),
        Some(attempts) => format!(" up to {attempts} times"),
        None => String::new(),
    };
    let codes: Vec<String> = retry.codes.iter().map(i32::to_string).collect();
    let codes = if codes.is_empty() { String::new() } else { format!(" or the answer is {}", codes.join(", ")) };
    let wait = retry.backoff.as_ref().map_or_else(String::new, |wait| format!(", {wait} apart at least"));
    format!("tried again{times} where the connection fails{codes}{wait}")
}

/// Whether a duration is none: then there is no limit.
fn is_zero(limit: &str) -> bool {
    !limit.chars().any(|letter| letter.is_ascii_digit() && letter != '0')
}

/// The hosts of a route of any kind.
pub fn hostnames(record: &Record) -> &[Arc<str>] {
    match &record.digest.facts {
        Facts::HttpRoute(facts) => &facts.hostnames,
        Facts::GrpcRoute(facts) => &facts.hostnames,
        Facts::L4Route(facts) => &facts.hostnames,
        _ => &[],
    }
}

/// The kind of a route, as it is written.
pub fn name(kind: KindId) -> Option<&'static str> {
    match kind {
        HTTP_ROUTE => Some("HTTPRoute"),
        GRPC_ROUTE => Some("GRPCRoute"),
        TLS_ROUTE => Some("TLSRoute"),
        TCP_ROUTE => Some("TCPRoute"),
        UDP_ROUTE => Some("UDPRoute"),
        _ => None,
    }
}

/// A gRPC call as the request that it is: `POST /SERVICE/METHOD`.
fn call(wire: &GrpcMatch) -> RouteMatch {
    let (service, method) = (wire.service.as_deref(), wire.method.as_deref());
    let (path_type, path) = match (service, method) {
        (None, None) => (PathMatch::Prefix, "/".to_owned()),
        (Some(service), Some(method)) if !wire.is_regex => (PathMatch::Exact, format!("/{service}/{method}")),
        (Some(service), None) if !wire.is_regex => (PathMatch::Prefix, format!("/{service}")),
        (service, method) => {
            let text = |part: &str| if wire.is_regex { part.to_owned() } else { regex::escape(part) };
            let any = |part: Option<&str>| part.map_or_else(|| "[^/]+".to_owned(), text);
            (PathMatch::Regex, format!("/{}/{}", any(service), any(method)))
        }
    };
    let headers: Box<[ValueMatch]> = wire.headers.clone();
    RouteMatch { path_type, path: Arc::from(path), method: None, headers, query: Box::default() }
}

/// An object that a route or a Gateway names, as a key; none for kinds that kplumb does not follow.
pub fn key(object: &crate::kinds::gateway_api::ObjectName) -> Option<ObjectRef> {
    Some(ObjectRef { kind: object.kind_id()?, namespace: object.namespace.clone(), name: object.name.clone() })
}
