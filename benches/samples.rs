//! Pods by the thousand for the benches: one pod as kube-apiserver v1.36.3 sent it (two containers with twelve variables
//! each, 12.6 KB of JSON, 9.3 KB of protobuf), with name, uid, namespace, node and address of its own for each number.

use kplumb::app::event::{Connected, Epoch, Event, Reply};
use kplumb::app::{App, Size, Start};
use kplumb::kinds::{Catalog, Interner, Kind, NAMESPACE, NODE, ObjectRef, POD, Record};
use kplumb::model::{Change, Cluster, Scope, Sync};
use kplumb::ui::theme::Theme;
use kplumb::wire::{Timestamp, envelope};

/// The moment at which the benches stand: five minutes after the pod was made.
pub const NOW: Timestamp = Timestamp(1_795_208_075_000_000);

/// Namespaces over which the pods are spread.
pub const NAMESPACES: usize = 20;

/// Nodes over which the pods are spread.
pub const NODES: usize = 50;

const JSON: &[u8] = include_bytes!("samples/pod.json");
const PROTOBUF: &[u8] = include_bytes!("samples/pod.pb");

/// One recorded pod, and where its own words stand in it.
pub struct Sample {
    bytes: Vec<u8>,
    names: Vec<usize>,
    uids: Vec<usize>,
    namespaces: Vec<usize>,
    nodes: Vec<usize>,
    addresses: Vec<usize>,
}

impl Sample {
    /// The pod in JSON.
    pub fn json() -> Self {
        Self::of(JSON.to_vec(), b"\"namespace\":\"default\"", 13)
    }

    /// The pod as one item of a protobuf list.
    pub fn protobuf() -> Self {
        Self::of(envelope::open(PROTOBUF).unwrap().raw, b"\x1a\x07default", 2)
    }

    fn of(bytes: Vec<u8>, namespace: &[u8], skip: usize) -> Self {
        let all = |what: &[u8], skip: usize| {
            let hits = bytes.windows(what.len()).enumerate().filter(|(_, window)| *window == what);
            hits.map(|(at, _)| at + skip).collect::<Vec<usize>>()
        };
        let sample = Self {
            names: all(b"storefront-7c9d8b6f5d-00000", 22),
            uids: all(b"1879f23b-2dac", 0),
            namespaces: all(namespace, skip),
            nodes: all(b"node-000", 5),
            addresses: all(b"10.244.100.100", 7),
            bytes,
        };
        let spots = [&sample.names, &sample.uids, &sample.namespaces, &sample.nodes, &sample.addresses];
        assert!(spots.iter().all(|found| !found.is_empty()), "the recorded pod has changed");
        sample
    }

    /// The bytes of pod `n`, below 100,000.
    pub fn pod(&mut self, n: usize) -> &[u8] {
        let put = |bytes: &mut Vec<u8>, spots: &[usize], text: &str| {
            for at in spots {
                bytes[*at..at + text.len()].copy_from_slice(text.as_bytes());
            }
        };
        put(&mut self.bytes, &self.names, &format!("{n:05}"));
        put(&mut self.bytes, &self.uids, &format!("{n:08x}"));
        put(&mut self.bytes, &self.namespaces, &format!("team-{:02}", n % NAMESPACES));
        put(&mut self.bytes, &self.nodes, &format!("{:03}", n % NODES));
        put(&mut self.bytes, &self.addresses, &format!("{}.{}", 100 + n / 100 % 100, 100 + n % 100));
        &self.bytes
    }
}

/// The kind of pods.
pub fn kind() -> Kind {
    Catalog::builtin().get(POD).unwrap().clone()
}

/// The first `count` pods, condensed as a watch condenses them.
pub fn pods(count: usize) -> Vec<Record> {
    let (kind, mut sample, mut interner) = (kind(), Sample::protobuf(), Interner::default());
    (0..count).map(|n| kind.decoder.read_protobuf(POD, sample.pod(n), &mut interner).unwrap()).collect()
}

/// A cluster of `count` pods.
pub fn cluster(count: usize) -> Cluster {
    let mut cluster = Cluster::default();
    for change in changes(count) {
        cluster.apply(change);
    }
    cluster
}

/// What the watches say at the start of a cluster of `count` pods.
pub fn changes(count: usize) -> Vec<Change> {
    let bare = |kind, name: String| {
        let mut record = Record::unreadable(ObjectRef::new(kind, "", &name), "");
        record.digest.health = None;
        record.meta.uid = name.into();
        Change::Apply(record)
    };
    let mut changes = vec![Change::Replace(Scope::all(POD), pods(count))];
    changes.extend((0..NAMESPACES).map(|n| bare(NAMESPACE, format!("team-{n:02}"))));
    changes.extend((0..NODES).map(|n| bare(NODE, format!("node-{n:03}"))));
    changes.extend([POD, NAMESPACE, NODE].map(|kind| Change::Sync(Scope::all(kind), Sync::Live)));
    changes
}

/// What an app begins with that shows `view` on a screen of this size.
pub fn start(view: &str, (width, height): (u16, u16)) -> Start {
    Start {
        view: Some(view.to_owned()),
        mode: Some(kplumb::app::policy::Mode::Observe),
        ..Start::on(&["bench"], NOW, Size { width, height })
    }
}

/// The answer of a server that has every kind.
pub fn connected() -> Event {
    let connected = Connected {
        catalog: Catalog::builtin(),
        version: "v1.36.3".to_owned(),
        server: "https://bench".to_owned(),
        user: None,
        cluster_uid: None,
    };
    Event::Reply(Epoch(1), Reply::Connected(Box::new(connected)))
}

/// What watches say, as an event of the only connection.
pub fn heard(changes: Vec<Change>) -> Event {
    Event::Reply(Epoch(1), Reply::Cluster(changes))
}

/// An app that shows `view` of a cluster of `count` pods.
pub fn app(view: &str, size: (u16, u16), count: usize) -> App {
    let (mut app, _) = App::start(start(view, size));
    app.update(connected());
    app.update(heard(changes(count)));
    app
}

/// The theme that a fresh installation has.
pub fn theme() -> Theme {
    Theme::embedded("default").unwrap()
}
