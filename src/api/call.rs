//! One request and its answer. Errors are negotiated like everything else: a `Status` comes as protobuf or as JSON, and
//! what priority and fairness or an absent group say comes as plain text, so the Content-Type decides.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::BodyExt;
use kube::client::Body;
use serde_json::Value;
use tokio::time::timeout;

use crate::api::connect::Connection;
use crate::api::failure::{Cause, Failure};
use crate::wire::envelope::{self, Status};

/// How long a request may wait for the head of its answer, and then for each piece of its body.
pub const PATIENCE: Duration = Duration::from_secs(30);
/// The longest body that is read whole.
const LONGEST: usize = 256 << 20;
/// How much of a plain-text error is kept.
const TEXT_KEPT: usize = 400;

/// What we ask to be answered in.
pub mod accept {
    /// One object or anything else that is JSON.
    pub const JSON: &str = "application/json";
    /// A list: protobuf where the kind has it.
    pub const PROTOBUF: &str = "application/vnd.kubernetes.protobuf, application/json";
    /// A watch: protobuf frames where the kind has them.
    pub const PROTOBUF_WATCH: &str = "application/vnd.kubernetes.protobuf;stream=watch, application/json";
    /// A table, as kubectl prints it.
    pub const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io, application/json";
    /// Every resource of every group in one answer.
    pub const DISCOVERY: &str = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList, \
        application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList, application/json";
}

/// The language of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/vnd.kubernetes.protobuf`.
    Protobuf,
    /// `application/json`.
    Json,
    /// Anything else.
    Text,
}

/// A GET to be sent.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// Path and query.
    pub path: &'a str,
    /// What the answer may be written in.
    pub accept: &'a str,
    /// Whether the answer is a stream that must come as it is: a gzipped watch is unreadable on some versions.
    pub stream: bool,
}

/// An answer whose body has not been read.
#[derive(Debug)]
pub struct Answer {
    /// Its language.
    pub format: Format,
    /// Its body.
    pub body: Body,
}

/// Why a request got no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The server was not reached.
    #[error(transparent)]
    Failure(#[from] Failure),
    /// The server said no.
    #[error("{0}")]
    Refusal(Refusal),
    /// The answer makes no sense.
    #[error("unreadable answer: {0}")]
    Garbled(String),
}

/// How the server said no.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status code.
    pub code: u16,
    /// One CamelCase word; empty where the answer was no `Status`.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// How long the server wants us to wait.
    pub retry_after: Option<Duration>,
    /// What each part of the object has to do with it: a CamelCase word and a sentence.
    pub causes: Vec<(String, String)>,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let status = StatusCode::from_u16(self.code).ok();
        write!(f, "{}", self.code)?;
        if let Some(words) = status.and_then(|status| status.canonical_reason()) {
            write!(f, " {words}")?;
        }
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

impl Refusal {
    /// Reads a `Status`, however it came.
    pub fn of(status: Status) -> Self {
        let wait = status.details.as_ref().and_then(|details| u64::try_from(details.retry_after_seconds).ok());
        let causes = status.details.into_iter().flat_map(|details| details.causes);
        Self {
            code: u16::try_from(status.code).unwrap_or_default(),
            causes: causes.map(|cause| (cause.reason, cause.message)).collect(),
            reason: status.reason,
            message: status.message,
            retry_after: wait.filter(|wait| *wait > 0).map(Duration::from_secs),
        }
    }

    /// Whether the version that was asked for is gone, so that only a new list helps.
    pub fn is_gone(&self) -> bool {
        self.code == 410 || self.reason == "Expired" || self.reason == "Gone"
    }
}

impl Problem {
    /// The refusal, if the server said no.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refusal(refusal) => Some(refusal),
            _ => None,
        }
    }

    /// Says it as a failure to serve, for the screen.
    pub fn failure(&self, server: &str) -> Failure {
        let (cause, words) = match self {
            Self::Failure(failure) => return failure.clone(),
            Self::Garbled(why) => (Cause::Server, why.clone()),
            Self::Refusal(refusal) => match refusal.code {
                401 => (Cause::Unauthorized, refusal.to_string()),
                403 => (Cause::Forbidden, refusal.to_string()),
                _ => (Cause::Server, refusal.to_string()),
            },
        };
        Failure::new(cause, server, words)
    }
}

impl Connection {
    /// Sends a GET and waits for the head of its answer.
    pub async fn ask(&self, ask: &Ask<'_>) -> Result<Answer, Problem> {
        self.answer(request(ask)?).await
    }

    /// Sends a GET whose answer may begin as late as its first byte: the log of a container that says nothing yet.
    pub async fn ask_open_ended(&self, ask: &Ask<'_>) -> Result<Answer, Problem> {
        let request = request(ask)?;
        let sent = self.client().send(request).await;
        self.heard(sent).await
    }

    /// Sends a GET for JSON and reads the whole answer.
    pub async fn json(&self, path: &str, accept: &str) -> Result<Bytes, Problem> {
        let _place = self.single_place().await;
        let answer = self.ask(&Ask { path, accept, stream: false }).await?;
        self.whole(answer.body).await
    }

    /// Asks a question by POST: one of the reviews that the guard lets pass.
    pub async fn review(&self, path: &str, question: &Value) -> Result<Bytes, Problem> {
        let _place = self.single_place().await;
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::ACCEPT, accept::JSON)
            .header(header::CONTENT_TYPE, accept::JSON)
            .body(Body::from(question.to_string().into_bytes()));
        let answer = self.answer(request.map_err(|error| Problem::Garbled(error.to_string()))?).await?;
        self.whole(answer.body).await
    }

    /// Reads a body to its end.
    pub async fn whole(&self, mut body: Body) -> Result<Bytes, Problem> {
        let mut whole = Vec::new();
        while let Some(piece) = self.piece(&mut body).await? {
            if whole.len() + piece.len() > LONGEST {
                return Err(Problem::Garbled("the answer is longer than 256 MB".to_owned()));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.into())
    }

    /// Waits for the next piece of a body that is under way; none at its end.
    pub async fn piece(&self, body: &mut Body) -> Result<Option<Bytes>, Problem> {
        match timeout(PATIENCE, self.next(body)).await {
            Ok(piece) => piece,
            Err(_) => Err(Failure::new(Cause::Timeout, self.server(), "the answer stopped half-way").into()),
        }
    }

    /// Waits for the next piece of a stream, however long that takes; none at its end.
    pub async fn next(&self, body: &mut Body) -> Result<Option<Bytes>, Problem> {
        loop {
            match body.frame().await {
                None => return Ok(None),
                Some(Err(error)) => return Err(Failure::of(self.server(), &error).into()),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
            }
        }
    }

    /// Returns whether the server answers at all and calls itself ready.
    pub async fn is_ready(&self) -> bool {
        match timeout(Duration::from_secs(5), self.json("/readyz", "*/*")).await {
            Ok(Ok(_)) => true,
            // Who may not ask has been answered; an overloaded server is there too.
            Ok(Err(Problem::Refusal(refusal))) => refusal.code < 500,
            _ => false,
        }
    }

    async fn answer(&self, request: Request<Body>) -> Result<Answer, Problem> {
        match timeout(PATIENCE, self.client().send(request)).await {
            Ok(sent) => self.heard(sent).await,
            Err(_) => Err(Failure::new(Cause::Timeout, self.server(), "no answer within 30 s").into()),
        }
    }

    async fn heard(&self, sent: Result<Response<Body>, kube::Error>) -> Result<Answer, Problem> {
        let response = sent.map_err(|error| Failure::of(self.server(), &error))?;
        let format = format(response.headers());
        if response.status().is_success() {
            return Ok(Answer { format, body: response.into_body() });
        }
        Err(Problem::Refusal(self.refusal(response).await))
    }

    /// Reads how the server said no.
    pub async fn refusal(&self, response: Response<Body>) -> Refusal {
        let format = format(response.headers());
        let code = response.status().as_u16();
        let wait = response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let body = self.whole(response.into_body()).await.unwrap_or_default();
        let mut refusal = match status(format, &body) {
            Some(status) => Refusal::of(status),
            None => Refusal { message: text(&body), ..Refusal::default() },
        };
        refusal.code = code;
        refusal.retry_after = wait.map(Duration::from_secs).or(refusal.retry_after);
        refusal
    }
}

fn request(ask: &Ask<'_>) -> Result<Request<Body>, Problem> {
    let mut request = Request::get(ask.path).header(header::ACCEPT, ask.accept);
    if ask.stream {
        request = request.header(header::ACCEPT_ENCODING, "identity");
    }
    request.body(Body::empty()).map_err(|error| Problem::Garbled(error.to_string()))
}

/// Reads a `Status` in the language that it came in.
pub fn status(format: Format, body: &[u8]) -> Option<Status> {
    use prost::Message;
    let status = match format {
        Format::Protobuf => Status::decode(envelope::open(body).ok()?.raw.as_slice()).ok()?,
        Format::Json => serde_json::from_slice(body).ok()?,
        Format::Text => return None,
    };
    Some(status).filter(|status: &Status| !status.status.is_empty() || status.code != 0)
}

fn format(headers: &HeaderMap) -> Format {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim() {
        "application/vnd.kubernetes.protobuf" => Format::Protobuf,
        "application/json" => Format::Json,
        _ => Format::Text,
    }
}

fn text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(TEXT_KEPT)]);
    text.lines().next().unwrap_or_default().trim().to_owned()
}
