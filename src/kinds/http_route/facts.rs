//! What views read of an HTTPRoute.

pub mod filter;

pub use self::filter::Filter;

use crate::kinds::Interner;
use crate::kinds::condition::Condition;
use crate::kinds::gateway_api::{BACKEND, ObjectName, PARENT, WireRef};
use crate::kinds::http_route::wire::{HttpRoute, Status, WireBackend, WireMatch, WireParent, WireRetry, WireRule, WireValue};
use std::sync::Arc;

/// What trace and routes read of an HTTPRoute.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpRouteFacts {
    /// The hosts that it is for; empty for those of its listeners.
    pub hostnames: Box<[Arc<str>]>,
    /// Where it wants to be attached.
    pub parents: Box<[Parent]>,
    /// What it does with requests, in order.
    pub rules: Box<[RouteRule]>,
    /// What controllers say of it, parent by parent.
    pub status: Box<[ParentStatus]>,
}

/// A Gateway (or something else that has listeners) that a route wants to be attached to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parent {
    /// The object.
    pub object: ObjectName,
    /// One of its listeners; none for all.
    pub section: Option<Arc<str>>,
    /// Only listeners of this port; none for all.
    pub port: Option<i32>,
}

/// What one controller says of a route for one parent, or of a policy for one ancestor.
#[derive(Clone, Debug, PartialEq)]
pub struct ParentStatus {
    /// The parent.
    pub parent: Parent,
    /// The controller.
    pub controller: Arc<str>,
    /// Its conditions.
    pub conditions: Box<[Condition]>,
}

/// One rule: requests that any match fits, the filters that change them, the backends that share them.
#[derive(Clone, Debug, PartialEq)]
pub struct RouteRule {
    /// Its name.
    pub name: Option<Arc<str>>,
    /// What a request must look like; never empty, for no match means every path.
    pub matches: Box<[RouteMatch]>,
    /// What is done with it.
    pub filters: Box<[Filter]>,
    /// Who gets it.
    pub backends: Box<[RouteBackend]>,
    /// How long the client may wait, as written: `10s`.
    pub request_timeout: Option<Arc<str>>,
    /// How long one backend may take, as written.
    pub backend_timeout: Option<Arc<str>>,
    /// When a backend is asked again.
    pub retry: Option<Retry>,
    /// By what a client stays with one backend, where it does: `Cookie` or `Header`.
    pub session: Option<Arc<str>>,
}

/// When a backend is asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// The status codes that call for it.
    pub codes: Box<[i32]>,
    /// How often at most.
    pub attempts: Option<i32>,
    /// How long to wait before, as written.
    pub backoff: Option<Arc<str>>,
}

/// What a request must look like: all of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteMatch {
    /// How the path is compared.
    pub path_type: PathMatch,
    /// With what.
    pub path: Arc<str>,
    /// The method; none for all.
    pub method: Option<Arc<str>>,
    /// Headers.
    pub headers: Box<[ValueMatch]>,
    /// Query parameters.
    pub query: Box<[ValueMatch]>,
}

/// How a path is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathMatch {
    /// Letter by letter.
    Exact,
    /// Element by element.
    Prefix,
    /// By a regular expression in the controller's own dialect.
    Regex,
}

/// A header or a query parameter that must have a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueMatch {
    /// Its name.
    pub name: Arc<str>,
    /// Its value, or a regular expression.
    pub value: Arc<str>,
    /// Which of the two.
    pub is_regex: bool,
}

/// One backend and its share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteBackend {
    /// The object, most often a Service.
    pub object: ObjectName,
    /// Its port; a Service needs one.
    pub port: Option<i32>,
    /// Its share among the weights of the rule; 0 for none.
    pub weight: i32,
    /// What is done only with the requests that it gets.
    pub filters: Box<[Filter]>,
}

impl HttpRouteFacts {
    pub(super) fn of(route: &HttpRoute, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        let spec = &route.spec;
        let status = ParentStatus::all(&route.status, namespace, interner);
        Self {
            hostnames: interner.list(spec.hostnames.as_deref().unwrap_or(&[])),
            parents: Parent::all(&spec.parent_refs, namespace, interner),
            rules: spec.rules.iter().map(|r| RouteRule::of(r, namespace, interner)).collect(),
            status,
        }
    }
}

impl Parent {
    /// The slim form of all references.
    pub fn all(references: &[WireRef], namespace: Option<&Arc<str>>, interner: &mut Interner) -> Box<[Self]> {
        references.iter().map(|reference| Self::of(reference, namespace, interner)).collect()
    }

    fn of(reference: &WireRef, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        let section = reference.section_name.as_deref().and_then(|s| interner.non_empty(s));
        Self { object: reference.named(PARENT, namespace, interner), section, port: reference.port }
    }
}

impl ParentStatus {
    /// The slim form of a route's status.
    pub fn all(status: &Status, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Box<[Self]> {
        status.parents.iter().map(|said| Self::of(said, namespace, interner)).collect()
    }

    /// The slim form of what one controller says.
    pub fn of(said: &WireParent, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        Self {
            parent: Parent::of(&said.parent_ref, namespace, interner),
            controller: interner.intern(&said.controller_name),
            conditions: Condition::all(&said.conditions, interner),
        }
    }
}

impl RouteRule {
    fn of(rule: &WireRule, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        let mut matches: Vec<RouteMatch> = rule.matches.iter().map(|m| RouteMatch::of(m, interner)).collect();
        if matches.is_empty() {
            matches.push(RouteMatch::of(&WireMatch::default(), interner));
        }
        Self {
            name: rule.name.as_deref().and_then(|n| interner.non_empty(n)),
            matches: matches.into(),
            filters: Filter::all(&rule.filters, namespace, interner),
            backends: RouteBackend::all(&rule.backend_refs, namespace, interner),
            request_timeout: rule.timeouts.request.as_deref().and_then(|t| interner.non_empty(t)),
            backend_timeout: rule.timeouts.backend_request.as_deref().and_then(|t| interner.non_empty(t)),
            retry: rule.retry.as_ref().map(|r| Retry::of(r, interner)),
            session: rule.session_persistence.as_ref().map(|s| interner.intern(s.r#type.as_deref().unwrap_or("Cookie"))),
        }
    }

    /// Everything that its requests, or copies of them, may reach.
    pub fn destinations(&self) -> impl Iterator<Item = &ObjectName> {
        destinations(&self.backends, &self.filters)
    }
}

/// Everything that the requests of a rule, or copies of them, may reach: its backends, then what filters send to.
pub fn destinations<'a>(
    backends: &'a [RouteBackend],
    filters: &'a [Filter],
) -> impl Iterator<Item = &'a ObjectName> {
    let all = filters.iter().chain(backends.iter().flat_map(|backend| &backend.filters));
    backends.iter().map(|backend| &backend.object).chain(all.filter_map(Filter::destination))
}

impl Retry {
    fn of(wire: &WireRetry, interner: &mut Interner) -> Self {
        let backoff = wire.backoff.as_deref().and_then(|b| interner.non_empty(b));
        Self { codes: wire.codes.as_slice().into(), attempts: wire.attempts, backoff }
    }
}

impl RouteMatch {
    fn of(wire: &WireMatch, interner: &mut Interner) -> Self {
        let path_type = match wire.path.r#type.as_deref() {
            Some("Exact") => PathMatch::Exact,
            Some("RegularExpression") => PathMatch::Regex,
            _ => PathMatch::Prefix,
        };
        Self {
            path_type,
            path: interner.intern(wire.path.value.as_deref().unwrap_or("/")),
            method: wire.method.as_deref().and_then(|m| interner.non_empty(m)),
            headers: wire.headers.iter().map(|h| ValueMatch::of(h, interner)).collect(),
            query: wire.query_params.iter().map(|q| ValueMatch::of(q, interner)).collect(),
        }
    }
}

impl ValueMatch {
    /// The slim form.
    pub fn of(wire: &WireValue, interner: &mut Interner) -> Self {
        let is_regex = wire.r#type.as_deref() == Some("RegularExpression");
        Self { name: interner.intern(&wire.name), value: interner.intern(&wire.value), is_regex }
    }
}

impl RouteBackend {
    /// The slim form of all backends of a rule.
    pub fn all(backends: &[WireBackend], namespace: Option<&Arc<str>>, interner: &mut Interner) -> Box<[Self]> {
        backends.iter().map(|backend| Self::of(backend, namespace, interner)).collect()
    }

    fn of(wire: &WireBackend, namespace: Option<&Arc<str>>, interner: &mut Interner) -> Self {
        Self {
            object: wire.object.named(BACKEND, namespace, interner),
            port: wire.object.port,
            weight: wire.weight.unwrap_or(1),
            filters: Filter::all(&wire.filters, namespace, interner),
        }
    }
}
