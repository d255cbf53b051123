//! The one door to an API server: outermost on every client, it refuses whatever its mode does not allow before a
//! byte reaches the socket. Invariant: nothing is allowed that a rule below does not name.

use std::sync::Arc;
use std::task::{Context, Poll};

use futures::TryFutureExt;
use futures::future::{self, Either, ErrInto, Ready};
use http::{HeaderMap, Method, Request, Uri};
use thiserror::Error;
use tokio::sync::watch;
use tower::{BoxError, Layer, Service};

use crate::wire::request::{Endpoint, Malformed, RequestInfo, ResourcePath, Verb};

/// What a connection may do; fixed when it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Reads, and nothing else.
    Observe,
}

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

    fn pass(&self, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Blocked> {
        let Err(refusal) = allow(self.mode, method, uri, headers) else {
            return Ok(());
        };
        let blocked = Blocked { method: method.clone(), path: uri.path().to_owned(), refusal };
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

impl<S, B> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>>,
    S::Error: Into<BoxError>,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Either<Ready<Result<S::Response, BoxError>>, ErrInto<S::Future, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.guard.pass(request.method(), request.uri(), request.headers()) {
            Ok(()) => Either::Right(self.inner.call(request).err_into()),
            Err(blocked) => Either::Left(future::ready(Err(blocked.into()))),
        }
    }
}

/// The POSTs that change nothing: questions about oneself, asked by creating an object that is not kept.
const QUESTIONS: [(&str, &str); 3] = [
    ("authorization.k8s.io", "selfsubjectaccessreviews"),
    ("authorization.k8s.io", "selfsubjectrulesreviews"),
    ("authentication.k8s.io", "selfsubjectreviews"),
];

/// Decides about one request.
fn allow(mode: Mode, method: &Method, uri: &Uri, headers: &HeaderMap) -> Result<(), Refusal> {
    let info = RequestInfo::read(method, uri, headers)?;
    match mode {
        Mode::Observe => observe(&info, uri.query()),
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

#[cfg(test)]
mod tests;
