//! Requests of one scope and their answers as records: which URL, which language, and each object read alone.

use std::sync::Arc;

use kube::client::Body;
use serde::Deserialize;

use crate::api::call::{self, Answer, Ask, Format, Problem, Refusal, accept};
use crate::api::connect::Connection;
use crate::api::watch::frame::{Broken, Event, Frame, JsonList, JsonWatch, Part, ProtobufList, ProtobufWatch};
use crate::kinds::custom::table;
use crate::kinds::{Decoder, Interner, Kind, ObjectRef, Record};
use crate::model::{Change, Scope, Select};
use crate::wire::envelope::{self, ListMeta, Status};
use crate::wire::request::escape;

/// Reads the objects of one scope.
#[derive(Debug)]
pub struct Reader {
    /// Where from.
    pub connection: Connection,
    /// Of which kind.
    pub kind: Kind,
    /// Which of them.
    pub scope: Scope,
    /// Whether the server cannot answer in protobuf.
    pub json_only: bool,
    interner: Interner,
}

/// One answer to a list, being read.
#[derive(Debug)]
pub struct List {
    body: Body,
    cut: Cut,
    /// The list's metadata, once it has come by.
    pub meta: ListMeta,
}

#[derive(Debug)]
enum Cut {
    Protobuf(ProtobufList),
    Json(JsonList),
}

/// One watch, being followed.
#[derive(Debug)]
pub struct Stream {
    body: Body,
    frames: Frames,
}

#[derive(Debug)]
enum Frames {
    Protobuf(ProtobufWatch),
    Json(JsonWatch),
}

/// What one piece of a watch said.
#[derive(Debug, Default)]
pub struct News {
    /// What changed.
    pub changes: Vec<Change>,
    /// The version that the watch has reached, if it moved.
    pub version: Option<String>,
    /// Why the server ended it, if it did.
    pub refusal: Option<Refusal>,
}

impl From<Broken> for Problem {
    fn from(broken: Broken) -> Self {
        Self::Garbled(broken.to_string())
    }
}

impl Reader {
    /// A reader that has not read anything.
    pub fn new(connection: Connection, kind: Kind, scope: Scope) -> Self {
        let json_only = !kind.decoder.has_protobuf();
        Self { connection, kind, scope, json_only, interner: Interner::default() }
    }

    /// Asks for a list; `query` says which part of it.
    pub async fn list(&self, query: &str) -> Result<List, Problem> {
        let path = self.path(query);
        let accept = self.accept(accept::PROTOBUF);
        let answer = self.connection.ask(&Ask { path: &path, accept, stream: false }).await?;
        let cut = match answer.format {
            Format::Protobuf => Cut::Protobuf(ProtobufList::default()),
            Format::Json => Cut::Json(JsonList::default()),
            Format::Text => return Err(Broken::Language.into()),
        };
        Ok(List { body: answer.body, cut, meta: ListMeta::default() })
    }

    /// Waits for the next records of a list; none at its end.
    pub async fn records(&mut self, list: &mut List) -> Result<Option<Vec<Record>>, Problem> {
        let Some(piece) = self.connection.piece(&mut list.body).await? else {
            match &list.cut {
                Cut::Protobuf(cut) => cut.finish()?,
                Cut::Json(cut) => cut.finish()?,
            }
            return Ok(None);
        };
        let mut records = Vec::new();
        match &mut list.cut {
            Cut::Protobuf(cut) => {
                cut.push(&piece);
                while let Some(part) = cut.cut()? {
                    match part {
                        Part::Meta(meta) => list.meta = meta,
                        Part::Item(item) => records.extend(self.record(Format::Protobuf, item)),
                    }
                }
            }
            Cut::Json(cut) => {
                cut.push(&piece);
                while let Some(part) = cut.cut()? {
                    match part {
                        Part::Meta(meta) => list.meta = meta,
                        Part::Item(item) => records.extend(self.record(Format::Json, item)),
                    }
                }
            }
        }
        Ok(Some(records))
    }

    /// Asks for everything that happened after `version`, and what happens from then on.
    pub async fn watch(&self, version: &str, seconds: u64) -> Result<Stream, Problem> {
        let query =
            format!("watch=1&allowWatchBookmarks=true&timeoutSeconds={seconds}&resourceVersion={}", escape(version));
        let path = self.path(&query);
        let accept = self.accept(accept::PROTOBUF_WATCH);
        let Answer { format, body } = self.connection.ask(&Ask { path: &path, accept, stream: true }).await?;
        let frames = match format {
            Format::Protobuf => Frames::Protobuf(ProtobufWatch::default()),
            Format::Json => Frames::Json(JsonWatch::default()),
            Format::Text => return Err(Broken::Language.into()),
        };
        Ok(Stream { body, frames })
    }

    /// Waits for the next piece of a watch; none at its end. A frame that was cut off with it is dropped: it comes again.
    pub async fn news(&mut self, stream: &mut Stream) -> Result<Option<News>, Problem> {
        let Some(piece) = self.connection.next(&mut stream.body).await? else { return Ok(None) };
        let mut news = News::default();
        match &mut stream.frames {
            Frames::Protobuf(frames) => {
                frames.push(&piece);
                while let Some(frame) = frames.cut()? {
                    self.tell(Format::Protobuf, &frame, &mut news);
                }
            }
            Frames::Json(frames) => {
                frames.push(&piece);
                while let Some(frame) = frames.cut()? {
                    self.tell(Format::Json, &frame, &mut news);
                }
            }
        }
        Ok(Some(news))
    }

    fn tell(&mut self, format: Format, frame: &Frame<'_>, news: &mut News) {
        let object = if self.kind.decoder.is_table() { table::row(&frame.object) } else { &*frame.object };
        let named = match frame.event {
            Event::Error => {
                let status = error(format, object);
                news.refusal = Some(status.map_or_else(Refusal::default, Refusal::of));
                return;
            }
            Event::Unknown => return,
            Event::Applied | Event::Deleted | Event::Bookmark => Named::of(format, object),
        };
        match frame.event {
            Event::Applied => news.changes.extend(self.record(format, object).map(Change::Apply)),
            Event::Deleted => {
                news.changes.extend(named.key(&self.kind, &mut self.interner).map(Change::Delete));
            }
            _ => {}
        }
        news.version = Some(named.version).filter(|version| !version.is_empty()).or(news.version.take());
    }

    /// Reads one object; one that cannot even be named is left out, with a word in the log.
    fn record(&mut self, format: Format, object: &[u8]) -> Option<Record> {
        let (kind, decoder) = (self.kind.id, &self.kind.decoder);
        let record = match format {
            Format::Protobuf => decoder.read_protobuf(kind, object, &mut self.interner),
            _ => decoder.read_json(kind, object, &mut self.interner),
        };
        record.map_err(|error| tracing::warn!("{}: {error}", self.kind.plural)).ok()
    }

    fn accept(&self, protobuf: &'static str) -> &'static str {
        match (&self.kind.decoder, self.json_only) {
            (Decoder::Table, _) => accept::TABLE,
            (_, true) => accept::JSON,
            (_, false) => protobuf,
        }
    }

    /// The rows of a table come with their objects: conditions tell the health that no cell does.
    fn path(&self, query: &str) -> String {
        let path = self.kind.path(self.scope.namespace.as_deref());
        let whole = if self.kind.decoder.is_table() { "&includeObject=Object" } else { "" };
        let selector = match &self.scope.select {
            Select::All => return format!("{path}?{query}{whole}"),
            Select::Type(secret_type) => format!("type={secret_type}"),
            Select::Name(name) => format!("metadata.name={name}"),
            Select::Regarding(name) if self.kind.group.is_empty() => format!("involvedObject.name={name}"),
            Select::Regarding(name) => format!("regarding.name={name}"),
        };
        format!("{path}?fieldSelector={}&{query}{whole}", escape(&selector))
    }
}

/// Which object a frame speaks of, and at which version.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Named {
    name: String,
    namespace: String,
    #[serde(rename = "resourceVersion")]
    version: String,
}

/// An object, or a table's row around one.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Shell {
    metadata: Named,
    object: Option<Box<Shell>>,
}

impl Named {
    fn of(format: Format, object: &[u8]) -> Self {
        if format == Format::Json {
            let shell: Shell = serde_json::from_slice(object).unwrap_or_default();
            return shell.object.map_or(shell.metadata, |object| object.metadata);
        }
        let part = |message, tag| {
            envelope::fields(message).find(|field| field.tag == tag).map_or(&[][..], |field| field.bytes)
        };
        let metadata = part(object, 1);
        let text = |tag| String::from_utf8_lossy(part(metadata, tag)).into_owned();
        Self { name: text(1), namespace: text(3), version: text(6) }
    }

    fn key(&self, kind: &Kind, interner: &mut Interner) -> Option<ObjectRef> {
        let name: Arc<str> = Some(self.name.as_str()).filter(|name| !name.is_empty())?.into();
        Some(ObjectRef { kind: kind.id, namespace: interner.non_empty(&self.namespace), name })
    }
}

/// The `Status` of an ERROR frame. In protobuf the frame's envelope is already open.
fn error(format: Format, object: &[u8]) -> Option<Status> {
    use prost::Message;
    match format {
        Format::Protobuf => Status::decode(object).ok(),
        _ => call::status(format, object),
    }
}
