//! An API server for tests, answer by answer: what each request is told is written in the test, and what was asked is kept.

#![allow(clippy::missing_panics_doc)]

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use kube::client::Body;
use tower::{BoxError, service_fn};

use crate::api::connect::{Connection, Options, in_process};
use crate::app::policy::Mode;
use crate::wire::Timestamp;

/// The body of a fake answer.
pub type FakeBody = UnsyncBoxBody<Bytes, BoxError>;

type Routed = (String, Response<FakeBody>);

/// How a streamed body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// As it should.
    Closed,
    /// The connection breaks.
    Cut,
    /// Not at all.
    Open,
}

/// A request that arrived.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Method, path and query.
    pub line: String,
    /// Its headers.
    pub headers: HeaderMap,
}

/// The fake server. Requests get the answers in their order; when they run out, nothing is answered.
#[derive(Clone, Default)]
pub struct Fake {
    answers: Arc<Mutex<VecDeque<Response<FakeBody>>>>,
    routed: Arc<Mutex<Vec<Routed>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    /// How many times `/readyz` is to fail before it succeeds.
    pub unready: Arc<Mutex<u32>>,
}

impl Fake {
    /// A server with these answers.
    pub fn new(answers: impl IntoIterator<Item = Response<FakeBody>>) -> Self {
        let fake = Self::default();
        fake.answers.lock().unwrap().extend(answers);
        fake
    }

    /// A server that answers by path, each answer once: for requests that are sent side by side.
    pub fn routed<const N: usize>(answers: [(&str, Response<FakeBody>); N]) -> Self {
        let fake = Self::default();
        fake.routed.lock().unwrap().extend(answers.map(|(path, answer)| (path.to_owned(), answer)));
        fake
    }

    /// A connection to it, in observe mode, at 2026-11-20T12:00:00Z.
    pub fn connection(&self) -> Connection {
        self.connection_in(Mode::Observe)
    }

    /// The same in another mode.
    pub fn connection_in(&self, mode: Mode) -> Connection {
        let fake = self.clone();
        let service = service_fn(move |request: Request<Body>| fake.clone().answer(request));
        in_process(service, "fake", &Options { mode, ..options() })
    }

    /// What was asked, without `/readyz`.
    pub fn asked(&self) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|asked| !asked.line.contains("/readyz")).cloned().collect()
    }

    /// The method, path and query of each request, without `/readyz`.
    pub fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }

    /// How often `/readyz` was asked.
    pub fn readyz(&self) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| asked.line.contains("/readyz")).count()
    }

    fn next(&self, path: &str) -> Option<Response<FakeBody>> {
        let mut routed = self.routed.lock().unwrap();
        match routed.iter().position(|(route, _)| route == path) {
            Some(at) => Some(routed.remove(at).1),
            None => self.answers.lock().unwrap().pop_front(),
        }
    }

    async fn answer(self, request: Request<Body>) -> Result<Response<FakeBody>, Infallible> {
        let line = format!("{} {}", request.method(), request.uri());
        self.asked.lock().unwrap().push(Asked { line: line.clone(), headers: request.headers().clone() });
        if line.contains("/readyz") {
            let mut unready = self.unready.lock().unwrap();
            let ready = *unready == 0;
            *unready = unready.saturating_sub(1);
            return Ok(answer(if ready { 200 } else { 500 }, "text/plain", "ok"));
        }
        let next = self.next(request.uri().path());
        match next {
            Some(answer) => Ok(answer),
            None => std::future::pending().await,
        }
    }
}

/// Options as tests want them.
pub fn options() -> Options {
    Options::observing(|| Timestamp::from_seconds(1_795_176_000))
}

/// An answer whose body is there at once.
pub fn answer(code: u16, kind: &str, body: impl Into<Bytes>) -> Response<FakeBody> {
    let body = Full::new(body.into()).map_err(|never| match never {}).boxed_unsync();
    Response::builder().status(code).header("content-type", kind).body(body).unwrap()
}

/// A JSON answer.
pub fn json(body: impl Into<Bytes>) -> Response<FakeBody> {
    answer(200, "application/json", body)
}

/// An answer whose body comes in pieces.
pub fn streamed(kind: &str, pieces: Vec<Vec<u8>>, end: End) -> Response<FakeBody> {
    let pieces = stream::iter(pieces).map(|piece| Ok(Frame::data(Bytes::from(piece))));
    let body = match end {
        End::Closed => StreamBody::new(pieces).boxed_unsync(),
        End::Cut => {
            let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
            StreamBody::new(pieces.chain(stream::iter([Err(BoxError::from(cut))]))).boxed_unsync()
        }
        End::Open => StreamBody::new(pieces.chain(stream::pending())).boxed_unsync(),
    };
    Response::builder().header("content-type", kind).body(body).unwrap()
}
