//! The only place where a client is made, and the [`Guard`] is always in front of it.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use kube::Client;
use kube::client::{Body, ConfigExt};
use kube::config::AuthInfo;
use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tower::{BoxError, Layer, Service, ServiceBuilder};

use crate::api::auth::plugin::Plugin;
use crate::api::auth::{Credentials, Source};
use crate::api::failure::{Cause, Failure};
use crate::api::guard::{Guard, Tally};
use crate::api::kubeconfig::Target;
use crate::api::outage::Outage;
use crate::api::proxy::Environment;
use crate::api::transport::{Transport, Way};
use crate::app::policy::Mode;
use crate::wire::Timestamp;

/// How many streams one connection holds open; with the single requests beside them at most 85 sockets. Every kind of a
/// request's path fits, with Secrets, events and definitions: what finds no place is listed by turns, and looks stale.
const STREAMS: usize = 77;
const SINGLES: usize = 8;
const USER_AGENT: &str = concat!("kplumb/", env!("CARGO_PKG_VERSION"));

/// What the command line and the process add to a kubeconfig.
#[derive(Debug, Clone)]
pub struct Options {
    /// The namespace asked for; else the context's.
    pub namespace: Option<String>,
    /// The user to act as.
    pub act_as: Option<String>,
    /// The groups to act as a member of.
    pub act_as_groups: Vec<String>,
    /// The proxy variables.
    pub proxies: Environment,
    /// What the connection may do.
    pub mode: Mode,
    /// The time of day.
    pub clock: fn() -> Timestamp,
}

impl Options {
    /// What a process without any adds: it only looks, directly, as whom the kubeconfig says.
    pub fn observing(clock: fn() -> Timestamp) -> Self {
        Self {
            namespace: None,
            act_as: None,
            act_as_groups: Vec::new(),
            proxies: Environment::default(),
            mode: Mode::Observe,
            clock,
        }
    }
}

/// A connection to one server as one user. Cheap to clone; the last clone closes it.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    client: Client,
    context: Arc<str>,
    server: Arc<str>,
    namespace: Option<Arc<str>>,
    credentials: Option<Arc<Credentials>>,
    tally: watch::Receiver<Tally>,
    outage: Outage,
    stirred: watch::Sender<u64>,
    streams: Semaphore,
    singles: Semaphore,
    clock: fn() -> Timestamp,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({} at {})", self.0.context, self.0.server)
    }
}

/// Prepares a connection over the network. Nothing is sent, and no plugin is run, before the first request.
pub fn connect(target: Target, options: &Options) -> Result<Connection, Failure> {
    // Two crypto providers in one binary would make rustls panic at its first use; we name ours before.
    drop(rustls::crypto::ring::default_provider().install_default());
    let Target { context, namespace, mut config, mut user, cluster } = target;
    let server: Arc<str> = config.cluster_url.to_string().trim_end_matches('/').into();
    let credentials = changing(&mut user, &cluster, options.clock)?.map(Arc::new);
    refuse_providers(&user)?;
    if let Some(act_as) = &options.act_as {
        user.impersonate = Some(act_as.clone());
    }
    if !options.act_as_groups.is_empty() {
        user.impersonate_groups = Some(options.act_as_groups.clone());
    }
    if user.impersonate.is_none() && user.impersonate_groups.as_ref().is_some_and(|groups| !groups.is_empty()) {
        return Err(Failure::new(Cause::Credentials, "--as-group", "a group needs a user beside it: pass --as"));
    }
    config.auth_info = user;
    config.headers.push((header::USER_AGENT, HeaderValue::from_static(USER_AGENT)));
    let proxy = cluster.proxy_url.as_deref().filter(|url| !url.is_empty());
    let proxy = proxy.or_else(|| options.proxies.proxy(&config.cluster_url));
    let proxy =
        proxy.map(|url| url.parse().map_err(|_| Failure::new(Cause::Proxy, url, "it is not a URL"))).transpose()?;
    let wrong = |error: kube::Error| Failure::of(&server, &error);
    let headers = config.extra_headers_layer().map_err(wrong)?;
    let fixed = config.auth_layer().map_err(wrong)?;
    let transport = Transport::new(Way { config, proxy }, credentials.clone())?;
    let service = ServiceBuilder::new().layer(headers).option_layer(fixed).service(transport);
    let namespace = options.namespace.clone().or(namespace);
    Ok(Connection::new(service, options, &context, server, namespace, credentials))
}

/// Makes a connection to a server that lives in this process, behind the same guard.
pub fn in_process<S, B>(service: S, context: &str, options: &Options) -> Connection
where
    S: Service<Request<Body>, Response = Response<B>> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<BoxError>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    Connection::new(service, options, context, context.into(), options.namespace.clone(), None)
}

/// The credentials that change while we run; they are taken out of `user`, so that kube does not handle them too.
fn changing(
    user: &mut AuthInfo,
    cluster: &kube::config::Cluster,
    clock: fn() -> Timestamp,
) -> Result<Option<Credentials>, Failure> {
    // Like client-go: a token file beats a token, and both beat a plugin.
    if let Some(path) = user.token_file.take().filter(|path| !path.is_empty()) {
        user.token = None;
        user.exec = None;
        return Ok(Some(Credentials::new(Source::File(path.into()), clock)));
    }
    let static_user = user.token.is_some() || user.username.is_some();
    let authority = cluster.certificate_authority.as_ref().and_then(|path| std::fs::read(path).ok());
    let plugin = if static_user { None } else { Plugin::of(user, cluster, authority.as_deref())? };
    user.exec = None;
    Ok(plugin.map(|plugin| Credentials::new(Source::Plugin(plugin), clock)))
}

/// Refuses the providers that Kubernetes itself has dropped: kube would run their programs behind our back.
fn refuse_providers(user: &AuthInfo) -> Result<(), Failure> {
    let remedy = match user.auth_provider.as_ref().map(|provider| provider.name.as_str()) {
        None | Some("oidc") => return Ok(()),
        Some("gcp") => "the auth provider gcp is gone since Kubernetes 1.26: use gke-gcloud-auth-plugin",
        Some("azure") => "the auth provider azure is gone since Kubernetes 1.26: use kubelogin",
        Some(_) => "its auth provider is not known",
    };
    Err(Failure::new(Cause::Credentials, "user", remedy))
}

impl Connection {
    fn new<S, B>(
        service: S,
        options: &Options,
        context: &str,
        server: Arc<str>,
        namespace: Option<String>,
        credentials: Option<Arc<Credentials>>,
    ) -> Self
    where
        S: Service<Request<Body>, Response = Response<B>> + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<BoxError>,
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let guard = Guard::new(options.mode);
        let tally = guard.tally();
        #[allow(clippy::disallowed_methods)] // This is the one place that makes clients, and the guard is in front.
        let client = Client::new(guard.layer(service), namespace.as_deref().unwrap_or("default"));
        Self(Arc::new(Inner {
            client,
            context: context.into(),
            server,
            namespace: namespace.map(Into::into),
            credentials,
            tally,
            outage: Outage::default(),
            stirred: watch::Sender::new(0),
            streams: Semaphore::new(STREAMS),
            singles: Semaphore::new(SINGLES),
            clock: options.clock,
        }))
    }

    /// The client; everything it sends passes the guard.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Name of the context.
    pub fn context(&self) -> &Arc<str> {
        &self.0.context
    }

    /// URL of the server.
    pub fn server(&self) -> &Arc<str> {
        &self.0.server
    }

    /// The namespace asked for, or the context's; none where neither names one.
    pub fn namespace(&self) -> Option<&Arc<str>> {
        self.0.namespace.as_ref()
    }

    /// What the guard refused so far.
    pub fn tally(&self) -> watch::Receiver<Tally> {
        self.0.tally.clone()
    }

    /// Whether the server answers.
    pub fn outage(&self) -> &Outage {
        &self.0.outage
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// Tells the watches that rest on a refusal to try again: rights or served kinds may have changed.
    pub fn stir(&self) {
        self.0.stirred.send_modify(|times| *times += 1);
    }

    /// Changes with each [`Self::stir`].
    pub fn stirred(&self) -> watch::Receiver<u64> {
        self.0.stirred.subscribe()
    }

    /// Runs the credential plugin with the terminal, which the caller must have freed.
    pub async fn log_in(&self) -> Result<(), Failure> {
        match &self.0.credentials {
            Some(credentials) => credentials.log_in().await,
            None => Ok(()),
        }
    }

    /// One of the places for long streams, if one is free.
    pub fn free_stream_place(&self) -> Option<SemaphorePermit<'_>> {
        self.0.streams.try_acquire().ok()
    }

    /// Waits for one of the places for long streams.
    pub async fn stream_place(&self) -> Option<SemaphorePermit<'_>> {
        self.0.streams.acquire().await.ok()
    }

    /// Waits for one of the places for single requests.
    pub async fn single_place(&self) -> Option<SemaphorePermit<'_>> {
        self.0.singles.acquire().await.ok()
    }
}

#[cfg(test)]
mod tests;
