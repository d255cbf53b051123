//! Channels into pods: exec, attach and port-forward over a websocket, each by the ticket of a session that a user
//! confirmed. Where the channel leads is the session's to say, so that no caller can name another pod.

pub mod frame;
pub mod status;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use http::Request;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use kube::client::UpgradeConnectionError;
use thiserror::Error;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::api::call::{PATIENCE, Refusal};
use crate::api::channel::frame::Frame;
use crate::api::connect::Connection;
use crate::api::failure::Failure;
use crate::api::guard::ticket::OpenSession;
use crate::api::mutate::classified;
use crate::app::mutation::{Refused, Session};
use crate::wire::request::escape;

/// How often a channel on which nothing happens should be pinged: load balancers cut what is silent.
pub const PING_EVERY: Duration = Duration::from_secs(30);

/// Why a channel ended before it was closed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the connection was cut: {0}")]
pub struct Cut(pub String);

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// A channel that is open.
#[derive(Debug)]
pub struct Open {
    /// What goes into the pod.
    pub writer: Writer,
    /// What comes out of it.
    pub reader: Reader,
}

/// The way into the pod.
#[derive(Debug)]
pub struct Writer {
    sink: SplitSink<Socket, Message>,
    closes_streams: bool,
}

/// The way out of it.
#[derive(Debug)]
pub struct Reader {
    stream: SplitStream<Socket>,
    closes_streams: bool,
}

/// A query from its parts: `[("container", "app"), ("command", "sh")]`; names may come more than once.
pub fn query<'a>(parts: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let parts = parts.into_iter().map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    parts.collect::<Vec<_>>().join("&")
}

/// The path and query of a session's channel.
pub fn target(session: &Session, query: &str) -> String {
    let Session { namespace, pod, channel, .. } = session;
    let path = format!("/api/v1/namespaces/{}/pods/{}/{channel}", escape(namespace), escape(pod));
    if query.is_empty() { path } else { format!("{path}?{query}") }
}

/// Opens the channel of a session, by its ticket; the guard of `connection` looks at it once more.
pub async fn open(connection: &Connection, session: &Arc<OpenSession>, query: &str) -> Result<Open, Refused> {
    let mut request = Request::get(target(session.of(), query))
        .body(Vec::new())
        .map_err(|error| Refused::Unsent(error.to_string()))?;
    request.extensions_mut().insert(session.ticket());
    let upgraded = match timeout(PATIENCE, connection.client().connect(request)).await {
        Err(_) => return Err(Refused::Server("the channel was not opened within 30 s".to_owned())),
        Ok(Err(error)) => return Err(refused(connection, &error)),
        Ok(Ok(upgraded)) => upgraded,
    };
    let closes_streams = upgraded.supports_stream_close();
    let (sink, stream) = upgraded.into_stream().split();
    Ok(Open { writer: Writer { sink, closes_streams }, reader: Reader { stream, closes_streams } })
}

fn refused(connection: &Connection, error: &kube::Error) -> Refused {
    match error {
        kube::Error::Api(status) => classified(&Refusal {
            code: status.code,
            reason: status.reason.clone(),
            message: status.message.clone(),
            ..Refusal::default()
        }),
        kube::Error::UpgradeConnection(why) => Refused::Server(format!(
            "the server, or a proxy on the way to it, opens no websocket: {}",
            upgrade_words(why)
        )),
        error => Refused::Unsent(Failure::of(connection.server(), error).headline()),
    }
}

fn upgrade_words(why: &UpgradeConnectionError) -> String {
    match why {
        UpgradeConnectionError::ProtocolSwitch(code) => format!("it answered {code}"),
        why => why.to_string(),
    }
}

impl Writer {
    /// Sends bytes on one of the streams of the channel.
    pub async fn send(&mut self, stream: u8, bytes: &[u8]) -> Result<(), Cut> {
        self.put(frame::data(stream, bytes)).await
    }

    /// Says that nothing more comes on a stream. Servers that cannot be told so (before Kubernetes 1.30) are told nothing:
    /// `false`, and only the end of the whole channel tells them.
    pub async fn close(&mut self, stream: u8) -> Result<bool, Cut> {
        if self.closes_streams {
            self.put(frame::close(stream)).await?;
        }
        Ok(self.closes_streams)
    }

    /// Says how large the terminal is now.
    pub async fn resize(&mut self, width: u16, height: u16) -> Result<(), Cut> {
        self.put(frame::resize(width, height)).await
    }

    /// Keeps the connection from looking dead.
    pub async fn ping(&mut self) -> Result<(), Cut> {
        self.message(Message::Ping(Bytes::new())).await
    }

    /// Ends the channel.
    pub async fn hang_up(&mut self) {
        // It may be closed already; then there is nobody to tell.
        let _ = timeout(Duration::from_secs(1), self.sink.close()).await;
    }

    async fn put(&mut self, bytes: Vec<u8>) -> Result<(), Cut> {
        self.message(Message::binary(bytes)).await
    }

    async fn message(&mut self, message: Message) -> Result<(), Cut> {
        self.sink.send(message).await.map_err(|error| Cut(error.to_string()))
    }
}

impl Reader {
    /// Waits for what comes next; none when the server has closed the channel. Safe to be dropped while waiting.
    pub async fn next(&mut self) -> Result<Option<Frame>, Cut> {
        loop {
            match self.stream.next().await {
                None | Some(Ok(Message::Close(_))) => return Ok(None),
                Some(Err(error)) => return Err(Cut(error.to_string())),
                Some(Ok(Message::Binary(bytes))) => {
                    if let Some(frame) = Frame::read(&bytes, self.closes_streams) {
                        return Ok(Some(frame));
                    }
                }
                // Pings are answered by the library, and nothing else is spoken here.
                Some(Ok(_)) => {}
            }
        }
    }
}
