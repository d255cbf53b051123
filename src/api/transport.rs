//! From a request to bytes on a socket: TCP that notices a dead peer, TLS, proxies, gzip, and the credentials that change.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::{HeaderValue, Request, Response, StatusCode, Uri, header};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::Config;
use kube::client::{Body, ConfigExt};
use secrecy::ExposeSecret;
use tower::util::BoxCloneService;
use tower::{BoxError, Layer, Service, ServiceExt};
use tower_http::decompression::DecompressionLayer;

use crate::api::auth::plugin::Identity;
use crate::api::auth::{Credentials, Held};
use crate::api::failure::{Cause, Failure};

/// The body of a response, decompressed.
pub type Incoming = UnsyncBoxBody<Bytes, BoxError>;

type Network = BoxCloneService<Request<Body>, Response<Incoming>, BoxError>;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const KEEPALIVE: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 2;
/// How long sent bytes may stay unacknowledged: keepalive says nothing while data is under way.
#[cfg(target_os = "linux")]
const UNACKNOWLEDGED: Duration = Duration::from_secs(15);
const IDLE: Duration = Duration::from_secs(60);
/// What a connection reads ahead at most. By itself hyper takes 400 KB while a list comes and keeps them.
const BUFFER: usize = 64 * 1024;

/// Where a server is and how to get there.
#[derive(Debug, Clone)]
pub struct Way {
    /// Server, trust, fixed client certificate.
    pub config: Config,
    /// The proxy to go through.
    pub proxy: Option<Uri>,
}

/// Sends requests over the network, with the changing credentials of `credentials` where there are any. A 401 renews
/// them, and a request that can be repeated is repeated once.
#[derive(Clone)]
pub struct Transport {
    way: Arc<Way>,
    credentials: Option<Arc<Credentials>>,
    network: Arc<Mutex<(u64, Network)>>,
}

impl Transport {
    /// Prepares the way; nothing is sent yet.
    pub fn new(way: Way, credentials: Option<Arc<Credentials>>) -> Result<Self, Failure> {
        let network = network(&way)?;
        Ok(Self { way: Arc::new(way), credentials, network: Arc::new(Mutex::new((0, network))) })
    }

    async fn send(self, request: Request<Body>) -> Result<Response<Incoming>, BoxError> {
        let Some(credentials) = self.credentials.clone() else {
            let network = self.network.lock().unwrap_or_else(PoisonError::into_inner).1.clone();
            return network.oneshot(request).await;
        };
        let held = credentials.current().await?;
        let again = repeat(&request);
        let response = self.send_as(&held, request).await?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        credentials.reject(held.serial).await;
        match again {
            Some(request) => self.send_as(&credentials.current().await?, request).await,
            None => Ok(response),
        }
    }

    async fn send_as(&self, held: &Held, mut request: Request<Body>) -> Result<Response<Incoming>, BoxError> {
        if let Some(authorization) = &held.authorization {
            request.headers_mut().insert(header::AUTHORIZATION, authorization.clone());
        }
        self.network_of(held)?.oneshot(request).await
    }

    /// The network with the client certificate of `held`; a new certificate needs new connections.
    fn network_of(&self, held: &Held) -> Result<Network, Failure> {
        let mut current = self.network.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(identity) = &held.identity
            && current.0 != held.serial
        {
            let mut way = (*self.way).clone();
            identify(&mut way.config, identity);
            *current = (held.serial, network(&way)?);
        }
        Ok(current.1.clone())
    }
}

impl Service<Request<Body>> for Transport {
    type Response = Response<Incoming>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Response<Incoming>, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}

/// The same request once more, if its body can be had twice.
fn repeat(request: &Request<Body>) -> Option<Request<Body>> {
    let mut again = Request::new(request.body().try_clone()?);
    *again.method_mut() = request.method().clone();
    *again.uri_mut() = request.uri().clone();
    *again.headers_mut() = request.headers().clone();
    Some(again)
}

/// Gives the configuration a client certificate.
fn identify(config: &mut Config, identity: &Identity) {
    config.auth_info.client_certificate_data = Some(STANDARD.encode(&identity.certificate));
    config.auth_info.client_key_data = Some(STANDARD.encode(identity.key.expose_secret()).into());
}

fn network(way: &Way) -> Result<Network, Failure> {
    let connector = tcp();
    let Some(proxy) = &way.proxy else { return client(&way.config, connector) };
    let wrong = |why: &str| Failure::new(Cause::Proxy, proxy.to_string(), why);
    match proxy.scheme_str() {
        Some("http") => client(&way.config, tunnel(proxy, connector)),
        Some("https") => {
            // The proxy has a name and an authority of its own: none of the cluster's settings are for it.
            let config = Config::new(proxy.clone());
            let connector = config.rustls_https_connector_with_connector(connector);
            client(&way.config, tunnel(proxy, connector.map_err(|error| wrong(&error.to_string()))?))
        }
        Some(scheme @ ("socks5" | "socks5h")) => {
            client(&way.config, SocksV5::new(proxy.clone(), connector).local_dns(scheme == "socks5"))
        }
        _ => Err(wrong("only http://, https://, socks5:// and socks5h:// proxies are spoken")),
    }
}

fn tcp() -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    connector.set_nodelay(true);
    // Without these a watch whose peer has vanished without a word stays silent for ever.
    connector.set_keepalive(Some(KEEPALIVE));
    connector.set_keepalive_interval(Some(KEEPALIVE));
    connector.set_keepalive_retries(Some(KEEPALIVE_RETRIES));
    #[cfg(target_os = "linux")]
    connector.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    connector
}

/// A tunnel by CONNECT, with the user and password of the proxy's URL.
fn tunnel<C>(proxy: &Uri, connector: C) -> Tunnel<C> {
    let tunnel = Tunnel::new(proxy.clone(), connector);
    let user = proxy.authority().and_then(|authority| authority.as_str().rsplit_once('@'));
    let header =
        user.and_then(|(user, _)| HeaderValue::try_from(format!("Basic {}", STANDARD.encode(unescape(user)))).ok());
    if let Some(header) = header { tunnel.with_auth(header) } else { tunnel }
}

/// Undoes percent escapes; what is no escape stays.
fn unescape(text: &str) -> Vec<u8> {
    let (mut rest, mut plain) = (text.as_bytes(), Vec::new());
    while let Some((&byte, tail)) = rest.split_first() {
        let digit = |at: usize| tail.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        if let (b'%', Some(high), Some(low)) = (byte, digit(0), digit(1)) {
            plain.push((high * 16 + low) as u8);
            rest = &tail[2..];
        } else {
            plain.push(byte);
            rest = tail;
        }
    }
    plain
}

fn client<C>(config: &Config, connector: C) -> Result<Network, Failure>
where
    C: Service<Uri> + Clone + Send + Sync + 'static,
    C::Response: Connection + Read + Write + Send + Unpin + 'static,
    C::Future: Send + 'static,
    C::Error: Into<BoxError> + Send + Sync + 'static,
{
    let wrong = |error: kube::Error| Failure::new(Cause::Credentials, config.cluster_url.to_string(), words(&error));
    let connector = config.rustls_https_connector_with_connector(connector).map_err(wrong)?;
    let client = Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .http1_max_buf_size(BUFFER)
        .build::<_, Body>(connector);
    let gzip = DecompressionLayer::new().gzip(!config.disable_compression);
    let service = config.base_uri_layer().layer(gzip.layer(client));
    let boxed = service
        .map_response(|response: Response<_>| response.map(|body| BodyExt::map_err(body, Into::into).boxed_unsync()))
        .map_err(|error: hyper_util::client::legacy::Error| BoxError::from(error));
    Ok(BoxCloneService::new(boxed))
}

/// kube's own words without the debug output that it appends.
fn words(error: &kube::Error) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), ToString::to_string)
}
