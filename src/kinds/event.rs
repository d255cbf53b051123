//! Event: what a component said about an object.

use crate::kinds::workload::{count, instant};
use crate::kinds::{
    Cell, Column, Digest, EVENT, Facts, Health, Interner, KindId, KindSpec, Link, Meta, Object, Relation, Target,
    decoder, named,
};
use crate::wire::Timestamp;
use crate::wire::meta::ObjectMeta;
use crate::wire::time::Time;
use serde::Deserialize;
use std::sync::Arc;

/// What kplumb knows of the kind.
pub static SPEC: KindSpec = KindSpec {
    id: EVENT,
    group: "",
    versions: &["v1"],
    kind: "Event",
    plural: "events",
    short_names: &["ev", "event"],
    namespaced: true,
    columns: &[
        Column::number("LAST SEEN", 0).narrow(),
        Column::text("TYPE", 1),
        Column::text("REASON", 2).narrow(),
        Column::text("OBJECT", 3).narrow(),
        Column::text("SUBOBJECT", 4).wide(),
        Column::text("SOURCE", 5).wide(),
        Column::text("MESSAGE", 6).narrow(),
        Column::number("FIRST SEEN", 7).wide(),
        Column::number("COUNT", 8).wide(),
        Column::NAME.wide(),
    ],
    decoder: decoder::<Event>(),
};

/// What views read of an Event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EventFacts {
    /// Whether its type is `Warning`.
    pub warning: bool,
    /// One CamelCase word.
    pub reason: Arc<str>,
    /// A sentence for people.
    pub message: Arc<str>,
    /// How often it was seen.
    pub count: u32,
    /// When it was first seen.
    pub first: Option<Timestamp>,
    /// When it was last seen.
    pub last: Option<Timestamp>,
    /// Who said it.
    pub source: Arc<str>,
    /// The object it speaks of.
    pub regarding: Regarding,
}

/// The object that an Event speaks of; its kind may be one that kplumb does not know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Regarding {
    /// `Pod` …
    pub kind: Arc<str>,
    /// Its namespace, if it has one.
    pub namespace: Option<Arc<str>>,
    /// Its name.
    pub name: Arc<str>,
    /// Its uid.
    pub uid: Arc<str>,
    /// The part of it, such as `spec.containers{app}`.
    pub field_path: Option<Arc<str>>,
}

/// The slim Event (k8s.io/api core/v1 generated.proto).
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Event {
    /// Metadata.
    #[prost(message, optional, tag = "1")]
    pub metadata: Option<ObjectMeta>,
    /// The object it speaks of.
    #[prost(message, optional, tag = "2")]
    pub involved_object: Option<ObjectReference>,
    /// One CamelCase word.
    #[prost(string, tag = "3")]
    pub reason: String,
    /// A sentence for people.
    #[prost(string, tag = "4")]
    pub message: String,
    /// Who said it, as older components write it.
    #[prost(message, optional, tag = "5")]
    pub source: Option<EventSource>,
    /// When it was first seen.
    #[prost(message, optional, tag = "6")]
    pub first_timestamp: Option<Time>,
    /// When it was last seen.
    #[prost(message, optional, tag = "7")]
    pub last_timestamp: Option<Time>,
    /// How often it was seen.
    #[prost(int32, tag = "8")]
    pub count: i32,
    /// `Normal` or `Warning`.
    #[prost(string, tag = "9")]
    pub r#type: String,
    /// When it was first seen, as newer components write it.
    #[prost(message, optional, tag = "10")]
    pub event_time: Option<Time>,
    /// Its repetitions, as newer components write them.
    #[prost(message, optional, tag = "11")]
    pub series: Option<EventSeries>,
    /// Who said it, as newer components write it.
    #[prost(string, tag = "14")]
    pub reporting_component: String,
    /// Which one of them.
    #[prost(string, tag = "15")]
    pub reporting_instance: String,
}

/// `ObjectReference`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectReference {
    /// Kind.
    #[prost(string, tag = "1")]
    pub kind: String,
    /// Namespace.
    #[prost(string, tag = "2")]
    pub namespace: String,
    /// Name.
    #[prost(string, tag = "3")]
    pub name: String,
    /// Uid.
    #[prost(string, tag = "4")]
    pub uid: String,
    /// Group and version.
    #[prost(string, tag = "5")]
    pub api_version: String,
    /// The part of it.
    #[prost(string, tag = "7")]
    pub field_path: String,
}

/// `EventSource`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(default)]
pub struct EventSource {
    /// Component.
    #[prost(string, tag = "1")]
    pub component: String,
    /// Node.
    #[prost(string, tag = "2")]
    pub host: String,
}

/// `EventSeries`.
#[derive(Clone, PartialEq, prost::Message, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EventSeries {
    /// How often it was seen.
    #[prost(int32, tag = "1")]
    pub count: i32,
    /// When it was last seen.
    #[prost(message, optional, tag = "2")]
    pub last_observed_time: Option<Time>,
}

impl Object for Event {
    const KIND: KindId = EVENT;

    fn metadata(&self) -> Option<&ObjectMeta> {
        self.metadata.as_ref()
    }

    fn digest(&self, _meta: &Meta, interner: &mut Interner) -> Digest {
        let facts = facts(self, interner);
        let kind = facts.regarding.kind.to_lowercase();
        let object = if facts.regarding.name.is_empty() { kind } else { format!("{kind}/{}", facts.regarding.name) };
        let time = |at: Option<Timestamp>| at.map_or_else(|| Cell::text("<unknown>"), Cell::Time);
        let seen = self.series.as_ref().map_or(if self.count == 0 { 1 } else { self.count }, |s| s.count);
        Digest {
            health: facts.warning.then_some(Health::Warn),
            reason: None,
            cells: Box::new([
                time(facts.last),
                Cell::Text(interner.intern(&self.r#type)),
                Cell::Text(Arc::clone(&facts.reason)),
                Cell::Text(interner.intern(&object)),
                facts.regarding.field_path.clone().map_or(Cell::Empty, Cell::Text),
                Cell::Text(Arc::clone(&facts.source)),
                Cell::Text(Arc::clone(&facts.message)),
                time(facts.first),
                Cell::Int(seen.into()),
            ]),
            links: link(self, interner).into_iter().collect(),
            facts: Facts::Event(Box::new(facts)),
        }
    }
}

fn facts(event: &Event, interner: &mut Interner) -> EventFacts {
    let object = event.involved_object.clone().unwrap_or_default();
    let first = instant(event.first_timestamp).or_else(|| instant(event.event_time));
    let last = match &event.series {
        Some(series) => instant(series.last_observed_time),
        None => instant(event.last_timestamp).or(first),
    };
    EventFacts {
        warning: event.r#type == "Warning",
        reason: interner.intern(&event.reason),
        message: interner.intern(event.message.trim()),
        count: event.series.as_ref().map_or_else(|| count(event.count).max(1), |s| count(s.count)),
        first,
        last,
        source: interner.intern(&source(event)),
        regarding: Regarding {
            kind: interner.intern(&object.kind),
            namespace: interner.non_empty(&object.namespace),
            name: interner.intern(&object.name),
            uid: interner.intern(&object.uid),
            field_path: interner.non_empty(&object.field_path),
        },
    }
}

/// SOURCE as the server prints it: `kubelet, worker-1`.
fn source(event: &Event) -> String {
    let old = event.source.clone().unwrap_or_default();
    let pick = |old: String, new: &str| if old.is_empty() { new.to_owned() } else { old };
    let component = pick(old.component, &event.reporting_component);
    let instance = pick(old.host, &event.reporting_instance);
    if instance.is_empty() { component } else { format!("{component}, {instance}") }
}

fn link(event: &Event, interner: &mut Interner) -> Option<Link> {
    let object = event.involved_object.as_ref()?;
    let kind = named(&object.api_version, &object.kind)?;
    let target = Target::Named {
        kind,
        namespace: interner.non_empty(&object.namespace),
        name: interner.non_empty(&object.name)?,
    };
    Some(Link { relation: Relation::Regards, target })
}
