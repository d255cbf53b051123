//! exec and attach: a websocket into a container in which nothing runs but a tiny shell that says so. Its commands are
//! few; what it does not know is answered as a shell answers it.

mod commands;
mod files;
mod line;

use std::io;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use http::{HeaderMap, Response, StatusCode, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::demo::logs::{self, Log, Options};
use crate::demo::resources::Resource;
use crate::demo::route::{Query, Route};
use crate::demo::shell::commands::{Next, Place, run};
use crate::demo::shell::line::{Editor, Typed};
use crate::demo::status::Failure;
use crate::demo::{Demo, State, ports};

/// The protocols of channels, the one to prefer first.
const PROTOCOLS: [&str; 2] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];

const STDIN: u8 = 0;
const STDOUT: u8 = 1;
const STDERR: u8 = 2;
const STATUS: u8 = 3;
const CLOSE: u8 = 255;

/// Who comes in: into which container, and what for. Travels with the response that lets them in.
#[derive(Clone, Debug)]
pub struct Entry {
    demo: Demo,
    pod: Value,
    container: String,
    attaches: bool,
    tty: bool,
    command: Vec<String>,
    /// The port that is forwarded.
    port: Option<u16>,
}

/// Someone who was let in on a connection, once that has left HTTP.
pub type Guest = Mutex<Option<(OnUpgrade, Entry)>>;

/// Lets a request in, or says why not, as the API server and its kubelets do.
pub fn enter(
    demo: &Demo,
    state: &State,
    (resource, route, query): (&Resource, &Route, &Query),
    headers: &HeaderMap,
) -> Result<Response<UnsyncBoxBody<Bytes, io::Error>>, Failure> {
    let pod = state.store.get("pods", &route.namespace, &route.name);
    let pod = pod.ok_or_else(|| Failure::not_found(resource, &route.name))?.value.clone();
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let offered = text(header::SEC_WEBSOCKET_PROTOCOL);
    let protocol = PROTOCOLS.into_iter().find(|known| offered.split(',').any(|word| word.trim() == *known));
    if text(header::UPGRADE).to_uppercase().starts_with("SPDY/") {
        let why =
            "the demo speaks WebSockets only, and this wants SPDY: forward ports from kplumb instead (F on a pod)";
        return Err(Failure::bad_request(why));
    }
    let (Some(protocol), true) = (protocol, text(header::UPGRADE).eq_ignore_ascii_case("websocket")) else {
        return Err(Failure::bad_request("Upgrade request required"));
    };
    if matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed")) {
        let phase = pod["status"]["phase"].as_str().unwrap_or_default();
        let why = format!("cannot exec into a container in a completed pod; current phase is {phase}");
        return Err(Failure::internal(why));
    }
    let port = match route.subresource.as_str() {
        "portforward" => Some(forwarded(&pod, query)?),
        _ => None,
    };
    let container = if port.is_some() { String::new() } else { chosen(&pod, query.text("container"))? };
    let attaches = route.subresource == "attach";
    let command: Vec<String> = query.all("command").map(str::to_owned).collect();
    if command.is_empty() && !attaches && port.is_none() {
        return Err(Failure::bad_request("you must specify at least one command for the container"));
    }
    let entry = Entry { demo: demo.clone(), pod, container, attaches, tty: query.flag("tty"), command, port };
    let response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::UPGRADE, "websocket")
        .header(header::CONNECTION, "Upgrade")
        .header(header::SEC_WEBSOCKET_ACCEPT, derive_accept_key(text(header::SEC_WEBSOCKET_KEY).as_bytes()))
        .header(header::SEC_WEBSOCKET_PROTOCOL, protocol)
        .extension(entry)
        .body(Empty::new().map_err(|never| match never {}).boxed_unsync());
    response.map_err(|error| Failure::internal(error.to_string()))
}

/// The port of a pod that runs; one is enough here.
fn forwarded(pod: &Value, query: &Query) -> Result<u16, Failure> {
    if pod["status"]["phase"] != "Running" {
        let phase = pod["status"]["phase"].as_str().unwrap_or_default();
        return Err(Failure::internal(format!(
            "unable to forward port because pod is not running. Current status={phase}"
        )));
    }
    let port = query.number::<u16>("ports").map_err(Failure::bad_request)?;
    port.filter(|port| *port != 0).ok_or_else(|| Failure::bad_request("query parameter \"port\" is required"))
}

/// The container that is meant, if it runs.
fn chosen(pod: &Value, named: &str) -> Result<String, Failure> {
    let lists = ["containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"];
    let mut statuses = lists.iter().filter_map(|list| pod["status"][list].as_array()).flatten();
    let found = if named.is_empty() { statuses.next() } else { statuses.find(|status| status["name"] == named) };
    let name = pod["metadata"]["name"].as_str().unwrap_or_default();
    let Some(status) = found else {
        return Err(Failure::bad_request(format!("container {named} is not valid for pod {name}")));
    };
    let container = status["name"].as_str().unwrap_or_default();
    if status["state"]["running"].is_null() {
        return Err(Failure::internal(format!("unable to upgrade connection: container not found (\"{container}\")")));
    }
    Ok(container.to_owned())
}

/// Serves whoever was let in on a connection, until they go.
pub async fn serve(guest: &Guest) {
    let guest = guest.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some((upgrade, entry)) = guest else { return };
    let Ok(upgraded) = upgrade.await else { return };
    let socket = WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, None).await;
    if let Some(port) = entry.port {
        let _ = ports::serve(socket, &entry.pod, port).await;
        return;
    }
    // A guest who hangs up in the middle is gone.
    let _ = Visit { socket, entry: &entry }.run().await;
}

struct Visit<'a> {
    socket: WebSocketStream<TokioIo<Upgraded>>,
    entry: &'a Entry,
}

impl Visit<'_> {
    async fn run(mut self) -> Result<(), Error> {
        let entry = self.entry;
        let is_added = entry.pod["spec"]["ephemeralContainers"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|container| container["name"] == entry.container.as_str());
        if entry.attaches && !is_added {
            return self.follow().await;
        }
        let mut place = Place::of(&entry.pod, &entry.container);
        let status = if entry.attaches {
            self.converse(&mut place).await?
        } else {
            let done = run(&entry.command, &mut place);
            self.say(STDOUT, &done.out).await?;
            self.say(STDERR, done.err.as_bytes()).await?;
            match done.next {
                Next::Goes(code) => ended(code),
                Next::Shell => self.converse(&mut place).await?,
                Next::Missing(program) => missing(&program),
            }
        };
        self.end(&status).await
    }

    /// Says how it ended, and waits until the guest has gone, who may be about to say something.
    async fn end(&mut self, status: &Value) -> Result<(), Error> {
        self.say_raw(STATUS, status.to_string().as_bytes()).await?;
        ports::hang_up(&mut self.socket).await?;
        while self.socket.next().await.is_some_and(|message| message.is_ok()) {}
        Ok(())
    }

    /// Bytes of a stream; a terminal has one stream, and wants lines to end in its own way.
    async fn say(&mut self, stream: u8, bytes: &[u8]) -> Result<(), Error> {
        if bytes.is_empty() {
            return Ok(());
        }
        if !self.entry.tty {
            return self.say_raw(stream, bytes).await;
        }
        let mut shown = Vec::with_capacity(bytes.len() + 16);
        for byte in bytes {
            shown.extend((*byte == b'\n').then_some(b'\r'));
            shown.push(*byte);
        }
        self.say_raw(STDOUT, &shown).await
    }

    async fn say_raw(&mut self, stream: u8, bytes: &[u8]) -> Result<(), Error> {
        let message: Vec<u8> = std::iter::once(stream).chain(bytes.iter().copied()).collect();
        self.socket.send(Message::binary(message)).await
    }

    /// Line after line, until `exit`, the end of what is typed, or the guest's going.
    async fn converse(&mut self, place: &mut Place) -> Result<Value, Error> {
        let mut editor = Editor::new(self.entry.tty);
        self.say(STDOUT, editor.prompt()).await?;
        while let Some(message) = self.socket.next().await {
            let Message::Binary(bytes) = message? else { continue };
            let typed = match bytes.split_first() {
                Some((&STDIN, typed)) => editor.take(typed),
                Some((&CLOSE, [STDIN])) => vec![Typed::End],
                _ => continue,
            };
            for typed in typed {
                match typed {
                    Typed::Echo(bytes) => self.say(STDOUT, &bytes).await?,
                    Typed::End => return Ok(ended(place.code)),
                    Typed::Line(text) => {
                        let done = commands::line(&text, place);
                        self.say(STDOUT, &done.out).await?;
                        self.say(STDERR, done.err.as_bytes()).await?;
                        if place.is_over {
                            return Ok(ended(place.code));
                        }
                        self.say(STDOUT, editor.prompt()).await?;
                    }
                }
            }
        }
        Ok(ended(0))
    }

    /// The container's own process says what its log says.
    async fn follow(mut self) -> Result<(), Error> {
        let entry = self.entry;
        let (demo, namespace) = (entry.demo.clone(), entry.pod["metadata"]["namespace"].as_str().unwrap_or_default());
        let name = entry.pod["metadata"]["name"].as_str().unwrap_or_default();
        let query = Query::parse(&format!("container={}&follow=true&tailLines=0", entry.container));
        let now = demo.state().now;
        let opened = Options::parse(&query, now).and_then(|options| Log::open(&entry.pod, options));
        let Ok(mut log) = opened else { return ports::hang_up(&mut self.socket).await };
        let first = log.first(now);
        let key = (namespace.to_owned(), name.to_owned());
        let mut lines = Box::pin(logs::follow(demo, key, log, first));
        loop {
            tokio::select! {
                line = lines.next() => match line {
                    Some(Ok(bytes)) => self.say(STDOUT, &bytes).await?,
                    _ => break,
                },
                message = self.socket.next() => if !matches!(message, Some(Ok(_))) { return Ok(()) },
            }
        }
        self.end(&ended(0)).await
    }
}

/// How a command ended.
fn ended(code: i32) -> Value {
    if code == 0 {
        return json!({"metadata": {}, "status": "Success"});
    }
    json!({
        "metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
        "message": format!("command terminated with non-zero exit code: exit status {code}"),
        "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]},
    })
}

/// What a container runtime says of a program that is not in the image.
fn missing(program: &str) -> Value {
    json!({
        "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500,
        "message": format!(
            "Internal error occurred: error executing command in container: failed to exec in container: failed to start \
             exec: OCI runtime exec failed: exec failed: unable to start container process: exec: {program:?}: executable \
             file not found in $PATH: unknown"
        ),
    })
}

#[cfg(test)]
mod tests;
