//! The one door to an API server: outermost on every client, it refuses whatever its mode does not allow before a
//! byte reaches the socket. Invariant: nothing is allowed that a rule below does not name.

pub mod ticket;

use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use kube::client::Body;
use serde_json::Value;
use thiserror::Error;
use tokio::sync::watch;
use tower::{BoxError, Layer, Service};

use crate::api::guard::ticket::{ActionTicket, Channel, Print, Use};
use crate::app::policy::Mode;
use crate::wire::request::{Endpoint, Malformed, RequestInfo, ResourcePath, Verb};

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The request cannot be read in one way only.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It opens a channel into a workload or a node.
    #[error("it opens a channel into a workload")]
    Channel,
    /// It writes.
    #[error("it writes")]
    Write,
    /// It writes what nobody confirmed.
    #[error("it writes, and nobody confirmed it: {0}")]
    Unconfirmed(ticket::Invalid),
    /// It reads a subresource that may act when read.
    #[error("it reads a subresource that may act when read")]
    Subresource,
    /// It asks for a path that kplumb has no use for.
    #[error("it goes where kplumb has no business")]
    Elsewhere,
}

/// A request that the guard refused; the caller finds it inside `kube::Error::Service`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the read-only guard refused {method} {path}: {refusal}")]
pub struct Blocked {
    /// The method that was asked for.
    pub method: Method,
    /// The path that was asked for, without its query.
    pub path: String,
    /// Why it was refused.
    pub refusal: Refusal,
}

/// What the guard refused so far; anything above zero is a bug of kplumb, and the screen says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many requests were refused.
    pub count: u64,
    /// The last of them.
    pub last: Option<Blocked>,
}

/// The layer that puts the guard in front of a service.
#[derive(Debug, Clone)]
pub struct Guard {
    mode: Mode,
    tally: Arc<watch::Sender<Tally>>,
}

impl Guard {
    /// Returns a guard for one connection.
    pub fn new(mode: Mode) -> Self {
        Self { mode, tally: Arc::new(watch::Sender::new(Tally::default())) }
    }

    /// Returns where refusals are counted; it changes with each.
    pub fn tally(&self) -> watch::Receiver<Tally> {
        self.tally.subscribe()
    }

    /// Decides about a request, and takes the ticket that it used.
    fn pass(&self, request: &Request<Body>) -> Result<Option<Use>, Blocked> {
        let refusal = match allow(self.mode, request) {
            Ok(used) => return Ok(used),
            Err(refusal) => refusal,
        };
        let blocked = Blocked { method: request.method().clone(), path: request.uri().path().to_owned(), refusal };
        tracing::error!("{blocked}");
        self.tally.send_modify(|tally| {
            tally.count += 1;
            tally.last = Some(blocked.clone());
        });
        Err(blocked)
    }
}

impl<S> Layer<S> for Guard {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded { guard: self.clone(), inner }
    }
}

/// A service behind the guard.
#[derive(Debug, Clone)]
pub struct Guarded<S> {
    guard: Guard,
    inner: S,
}

impl<S, B> Service<Request<Body>> for Guarded<S>
where
    S: Service<Request<Body>, Response = Response<B>>,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<S::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let used = match self.guard.pass(&request) {
            Ok(used) => used,
            Err(blocked) => return Box::pin(std::future::ready(Err(blocked.into()))),
        };
        request.extensions_mut().remove::<ActionTicket>();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await.map_err(Into::<BoxError>::into)?;
            // An eviction that a budget holds back may be asked for again by the plan that it belongs to.
            if let Some(used) = used.filter(|_| answer.status() == StatusCode::TOO_MANY_REQUESTS) {
                used.held_back();
            }
            Ok(answer)
        })
    }
}

/// The POSTs that change nothing: questions about oneself, asked by creating an object that is not kept.
pub const QUESTIONS: [(&str, &str); 3] = [
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectrulesreviews"),
    ("authentication.k8s.io", "selfsubjectreviews"),
];

/// The groups whose dry runs are known to keep their promise: those that the API server itself serves. A definition's
/// conversion or an aggregated server may not honour `dryRun`.
const BUILT_IN: [&str; 18] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
];

/// Whether writes of a group may be rehearsed by its server.
pub fn rehearses(group: &str) -> bool {
    BUILT_IN.contains(&group)
}

/// Decides about one request; the ticket that it needed is used up.
fn allow(mode: Mode, request: &Request<Body>) -> Result<Option<Use>, Refusal> {
    let (method, uri, headers) = (request.method(), request.uri(), request.headers());
    let info = RequestInfo::read(method, uri, headers)?;
    let observed = observe(&info, uri.query());
    match (mode, observed) {
        (_, Ok(())) => Ok(None),
        (Mode::Observe, Err(refusal)) => Err(refusal),
        (_, Err(Refusal::Write)) if is_dry_run(&info, request) => Ok(None),
        (Mode::Operate, Err(Refusal::Write)) => confirmed(&info, request).map(Some),
        (Mode::Operate, Err(Refusal::Channel)) => channel(&info, method, headers, request).map(|()| None),
        (_, Err(refusal)) => Err(refusal),
    }
}

fn observe(info: &RequestInfo, query: Option<&str>) -> Result<(), Refusal> {
    match (info.verb, &info.endpoint) {
        // GET is not enough: exec, attach, portforward and proxy are GETs that act.
        (Verb::Connect, _) => Err(Refusal::Channel),
        (Verb::Get | Verb::List | Verb::Watch, Endpoint::Resource(path)) => readable(path),
        (Verb::Get, Endpoint::Version | Endpoint::Health | Endpoint::OpenApi | Endpoint::Discovery { .. }) => Ok(()),
        (Verb::Get | Verb::List | Verb::Watch, _) => Err(Refusal::Elsewhere),
        (Verb::Create, Endpoint::Resource(path)) if asks(path) && query.is_none_or(str::is_empty) => Ok(()),
        _ => Err(Refusal::Write),
    }
}

fn readable(path: &ResourcePath) -> Result<(), Refusal> {
    let harmless = match path.subresource.as_deref() {
        None | Some("status" | "scale") => true,
        Some("log") => path.group.is_empty() && path.resource == "pods",
        Some(_) => false,
    };
    if harmless && path.rest.is_none() { Ok(()) } else { Err(Refusal::Subresource) }
}

fn asks(path: &ResourcePath) -> bool {
    let question = (path.group.as_str(), path.resource.as_str());
    path.version == "v1" && QUESTIONS.contains(&question) && path.namespace.is_none() && path.name.is_none()
}

/// Whether the path is one to which a write of this verb can go at all: never a whole collection, never a binding.
fn is_writable(info: &RequestInfo, subresources: &[&str]) -> bool {
    let Endpoint::Resource(path) = &info.endpoint else { return false };
    let known = path.subresource.as_deref().is_none_or(|sub| subresources.contains(&sub));
    let evicts = path.subresource.as_deref() == Some("eviction");
    let is_whole = match info.verb {
        Verb::Create if evicts => path.group.is_empty() && path.resource == "pods",
        Verb::Create => path.name.is_none(),
        Verb::Update | Verb::Patch | Verb::Delete => path.name.is_some() && !evicts,
        _ => false,
    };
    known && is_whole && path.rest.is_none() && path.resource != "bindings"
}

/// Whether a write is a rehearsal by every reader's understanding.
fn is_dry_run(info: &RequestInfo, request: &Request<Body>) -> bool {
    let Endpoint::Resource(path) = &info.endpoint else { return false };
    let rehearses = asks_once_for_dry_run(request.uri().query());
    // The server takes the options of a DELETE from its body alone where there is one, and forgets the query.
    let honest = info.verb != Verb::Delete || delete_rehearses(request);
    is_writable(info, &["scale", "eviction"]) && self::rehearses(&path.group) && rehearses && honest
}

/// Whether the query holds `dryRun=All` exactly once, and no name that hides behind an escape.
fn asks_once_for_dry_run(query: Option<&str>) -> bool {
    let pairs = query.unwrap_or_default().split(['&', ';']).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut times = 0;
    for (name, value) in pairs {
        if name.contains(['%', '+']) {
            return false;
        }
        if name.eq_ignore_ascii_case("dryRun") {
            times += 1;
            if name != "dryRun" || value != "All" {
                return false;
            }
        }
    }
    times == 1
}

fn delete_rehearses(request: &Request<Body>) -> bool {
    let Some(body) = ticket::bytes(request.body()) else { return false };
    let is_json = request.headers().get(http::header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let asks = || {
        let options = serde_json::from_slice::<Value>(&body).ok();
        options.is_some_and(|options| options.get("dryRun") == Some(&Value::from(vec!["All"])))
    };
    body.is_empty() || (is_json && asks())
}

/// A write in operate mode: only with the ticket of exactly this request.
fn confirmed(info: &RequestInfo, request: &Request<Body>) -> Result<Use, Refusal> {
    if !is_writable(info, &["scale", "eviction", "status", "ephemeralcontainers", "resize"]) {
        return Err(Refusal::Write);
    }
    let ticket = request.extensions().get::<ActionTicket>();
    let ticket = ticket.ok_or(Refusal::Unconfirmed(ticket::Invalid::Missing))?;
    let print = Print::of(request).ok_or(Refusal::Unconfirmed(ticket::Invalid::Streamed))?;
    ticket.spend(&print).map_err(Refusal::Unconfirmed)
}

/// A channel in operate mode: only into the pod that its session was confirmed for.
fn channel(info: &RequestInfo, method: &Method, headers: &HeaderMap, request: &Request<Body>) -> Result<(), Refusal> {
    let Endpoint::Resource(path) = &info.endpoint else { return Err(Refusal::Channel) };
    let is_pod = path.group.is_empty() && path.version == "v1" && path.resource == "pods" && path.rest.is_none();
    let kind = path.subresource.as_deref().and_then(Channel::named);
    let (Some(kind), true, true) = (kind, is_pod, method == Method::GET) else { return Err(Refusal::Channel) };
    if !crate::wire::request::upgrades(headers) {
        return Err(Refusal::Channel);
    }
    let ticket = request.extensions().get::<ActionTicket>();
    let ticket = ticket.ok_or(Refusal::Unconfirmed(ticket::Invalid::Missing))?;
    let (namespace, pod) = (path.namespace.as_deref().unwrap_or_default(), path.name.as_deref().unwrap_or_default());
    ticket.opens(kind, namespace, pod).map_err(Refusal::Unconfirmed)
}

#[cfg(test)]
mod tests;
