//! The way to a server in this process for requests that leave HTTP: they get a connection of their own, whose two ends are
//! both here. All others are plain calls.

use crate::demo::listen;
use crate::demo::{Body, Demo};
use crate::wire::request::upgrades;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use kube::client::Body as Asked;
use std::io;
use std::task::{Context, Poll};
use tower::{BoxError, Service};

/// Bytes that may be on their way in each direction.
const PIPE: usize = 64 << 10;

/// A server in this process, as a client's transport.
#[derive(Clone, Debug)]
pub struct Doorway {
    demo: Demo,
}

type Answer = Response<UnsyncBoxBody<bytes::Bytes, BoxError>>;

impl Doorway {
    /// The way to a cluster.
    pub fn new(demo: Demo) -> Self {
        Self { demo }
    }

    async fn connect(self, request: Request<Asked>) -> Result<Answer, BoxError> {
        let (near, far) = tokio::io::duplex(PIPE);
        tokio::spawn(async move { listen::converse(&self.demo, far).await });
        let (mut sender, connection) = http1::handshake(TokioIo::new(near)).await?;
        tokio::spawn(async move {
            // It ends with the channel.
            let _ = connection.with_upgrades().await;
        });
        let response = sender.send_request(request).await?;
        Ok(response.map(|body| body.map_err(BoxError::from).boxed_unsync()))
    }

    async fn ask(self, request: Request<Asked>) -> Result<Answer, BoxError> {
        let response: Response<Body> = self.demo.service().call(request).await?;
        Ok(response.map(|body| body.map_err(|error: io::Error| BoxError::from(error)).boxed_unsync()))
    }
}

impl Service<Request<Asked>> for Doorway {
    type Response = Answer;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Answer, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Asked>) -> Self::Future {
        let way = self.clone();
        if upgrades(request.headers()) { way.connect(request).boxed() } else { way.ask(request).boxed() }
    }
}
