//! One GET over a connection that stands: the head of the answer is read, its body is not, and no redirect is followed.

use crate::api::probe::PATIENCE;
use crate::view::trace::reality::{Reality, Timed};
use crate::view::trace::request::Request;
use crate::view::trace::world::Answered;
use bytes::Bytes;
use http::header::{HOST, USER_AGENT};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::pin::pin;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};

/// Sends the GET and notes what it gave. Requests that would change something are not sent.
pub async fn get(stream: impl AsyncRead + AsyncWrite + Unpin, request: &Request, reality: &mut Reality) {
    if !matches!(request.method.as_str(), "GET" | "HEAD") {
        reality.stopped = format!("{} could change something: only GET is sent", request.method);
        return;
    }
    let begun = Instant::now();
    match timeout(PATIENCE, answer(stream, request)).await {
        Ok(Ok(answered)) => reality.answered = Some(Timed { what: answered, took: begun.elapsed() }),
        Ok(Err(why)) => reality.stopped = why,
        Err(_) => "no answer to the GET within 5 s".clone_into(&mut reality.stopped),
    }
}

async fn answer(stream: impl AsyncRead + AsyncWrite + Unpin, request: &Request) -> Result<Answered, String> {
    let words = |error: hyper::Error| format!("the GET failed: {error}");
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(words)?;
    let target =
        request.query.as_ref().map_or_else(|| request.path.clone(), |query| format!("{}?{query}", request.path));
    let host = request.host_header.clone().unwrap_or_else(|| request.authority());
    let mut asked = http::Request::builder().method("GET").uri(target).header(HOST, host);
    asked = asked.header(USER_AGENT, concat!("kplumb/", env!("CARGO_PKG_VERSION")));
    for (name, value) in &request.headers {
        asked = asked.header(name, value);
    }
    let asked = asked.body(Empty::<Bytes>::new()).map_err(|error| format!("the GET cannot be written: {error}"))?;
    let mut response = pin!(sender.send_request(asked));
    let response = tokio::select! {
        biased;
        response = &mut response => response,
        // A server may hang up right behind its answer.
        _ = connection => response.await,
    };
    let response = response.map_err(words)?;
    let headers = response.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    Ok(Answered { status: response.status().as_u16(), headers: headers.collect() })
}
