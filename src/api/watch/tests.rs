//! A watch against a server that does, one after the other, everything a server can do to it. Time is virtual.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod faults;
mod printed;

use std::collections::VecDeque;

use http::Response;
use prost::Message;
use tokio::sync::mpsc::{Receiver, channel};

use super::*;
use crate::api::fake::{End, Fake, FakeBody, answer, json, streamed};
use crate::kinds::{Catalog, NAMESPACE, POD, SECRET};
use crate::model::Select;
use crate::wire::envelope::{self, Status};

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";
const PROTOBUF_WATCH: &str = "application/vnd.kubernetes.protobuf;stream=watch";

/// A running watch of the fake's namespaces, and what it says.
struct Running {
    fake: Fake,
    connection: Connection,
    changes: Receiver<Vec<Change>>,
    queue: VecDeque<Change>,
}

fn start_on(fake: Fake, scope: Scope) -> Running {
    let connection = fake.connection();
    let (sender, changes) = channel(16);
    let kind = Catalog::builtin().get(scope.kind).unwrap().clone();
    tokio::spawn(watch(connection.clone(), kind, scope, sender));
    Running { fake, connection, changes, queue: VecDeque::default() }
}

fn start(answers: impl IntoIterator<Item = Response<FakeBody>>) -> Running {
    start_on(Fake::new(answers), Scope::all(NAMESPACE))
}

impl Running {
    async fn next(&mut self) -> String {
        while self.queue.is_empty() {
            self.queue.extend(self.changes.recv().await.unwrap());
        }
        told(&self.queue.pop_front().unwrap())
    }

    /// Expects these changes, in this order.
    async fn expect(&mut self, expected: &[&str]) {
        for expected in expected {
            assert_eq!(self.next().await, *expected, "asked so far: {:#?}", self.fake.lines());
        }
    }

    /// The query of the request that came as the nth.
    fn query(&self, nth: usize) -> String {
        self.fake.lines()[nth].split_once('?').map_or_else(String::new, |(_, query)| query.to_owned())
    }
}

fn told(change: &Change) -> String {
    match change {
        Change::Apply(record) => format!("+{}", record.key.name),
        Change::Delete(key) => format!("-{}", key.name),
        Change::Replace(_, records) => {
            let names: Vec<&str> = records.iter().map(|record| &*record.key.name).collect();
            format!("={}", names.join(","))
        }
        Change::Sync(_, Sync::Listing { seen, total }) => format!("listing {seen} of {total:?}"),
        Change::Sync(_, Sync::Stale { reason, .. }) => format!("stale: {reason}"),
        Change::Sync(_, sync) => format!("{sync:?}").to_lowercase(),
    }
}

fn object(name: &str, version: &str) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","uid":"u-{name}","resourceVersion":"{version}"}},"status":{{"phase":"Active"}}}}"#
    )
}

/// A list at `version`; `more` is what its metadata says beside that.
fn listed(names: &[&str], version: &str, more: &str) -> Response<FakeBody> {
    let items: Vec<String> = names.iter().map(|name| object(name, "1")).collect();
    json(format!(
        r#"{{"kind":"NamespaceList","metadata":{{"resourceVersion":"{version}"{more}}},"items":[{}]}}"#,
        items.join(",")
    ))
}

fn event(word: &str, name: &str, version: &str) -> String {
    format!("{{\"type\":\"{word}\",\"object\":{}}}\n", object(name, version))
}

fn watched(events: &[String], end: End) -> Response<FakeBody> {
    streamed("application/json", events.iter().map(|event| event.clone().into_bytes()).collect(), end)
}

fn quiet() -> Response<FakeBody> {
    watched(&[], End::Open)
}

/// A `Status` in protobuf, as the server sends it when protobuf was asked for.
fn refusal(code: i32, reason: &str, message: &str) -> Response<FakeBody> {
    let status =
        Status { status: "Failure".into(), code, reason: reason.into(), message: message.into(), details: None };
    answer(code as u16, PROTOBUF, envelope::close("v1", "Status", status.encode_to_vec()))
}

#[tokio::test(start_paused = true)]
async fn a_short_list_is_shown_as_it_comes_and_then_followed() {
    let mut running = start([
        listed(&["a", "b"], "5", ""),
        watched(&[event("ADDED", "c", "6"), event("DELETED", "a", "7")], End::Open),
    ]);
    running.expect(&["listing 0 of None", "+a", "+b", "live", "+c", "-a"]).await;
    assert_eq!(running.query(0), "limit=500");
    assert!(running.query(1).contains("watch=1&allowWatchBookmarks=true"));
    assert!(running.query(1).ends_with("resourceVersion=5"));
}

#[tokio::test(start_paused = true)]
async fn lists_ask_for_protobuf_and_watches_for_no_compression() {
    let mut running = start([listed(&["a"], "5", ""), watched(&[event("ADDED", "b", "6")], End::Open)]);
    running.expect(&["listing 0 of None", "+a", "live", "+b"]).await;
    let asked = running.fake.asked();
    assert_eq!(asked[0].headers["accept"], "application/vnd.kubernetes.protobuf, application/json");
    assert_eq!(asked[1].headers["accept"], "application/vnd.kubernetes.protobuf;stream=watch, application/json");
    assert!(!asked[0].headers.contains_key("accept-encoding"));
    assert_eq!(asked[1].headers["accept-encoding"], "identity");
}

#[tokio::test(start_paused = true)]
async fn a_long_list_shows_its_first_page_and_ends_in_one_replace() {
    let more = r#","continue":"abc","remainingItemCount":2"#;
    let mut running = start([listed(&["a"], "5", more), listed(&["a", "b", "c"], "6", ""), quiet()]);
    running.expect(&["listing 0 of None", "+a", "listing 1 of Some(3)", "=a,b,c", "live"]).await;
    assert_eq!(running.query(1), "resourceVersion=5&resourceVersionMatch=NotOlderThan");
}

#[tokio::test(start_paused = true)]
async fn a_huge_list_is_read_in_pages_of_one_version() {
    let more = r#","continue":"a=b","remainingItemCount":20001"#;
    let next = r#","continue":"c""#;
    let answers = [listed(&["a"], "5", more), listed(&["b"], "5", next), listed(&["c"], "5", ""), quiet()];
    let mut running = start(answers);
    running.expect(&["listing 0 of None", "+a", "listing 1 of Some(20002)", "=a,b,c", "live"]).await;
    assert_eq!(
        (running.query(1), running.query(2)),
        ("limit=5000&continue=a%3Db".into(), "limit=5000&continue=c".into())
    );
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_ends_goes_on_from_the_last_version_it_saw() {
    let bookmark = r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"90"}}}"#.to_owned() + "\n";
    let mut running = start([
        listed(&["a"], "5", ""),
        watched(&[event("MODIFIED", "a", "6"), bookmark], End::Closed),
        watched(&[event("ADDED", "b", "91")], End::Open),
    ]);
    running.expect(&["listing 0 of None", "+a", "live", "+a", "+b"]).await;
    assert!(running.query(2).ends_with("resourceVersion=90"), "{}", running.query(2));
}

#[tokio::test(start_paused = true)]
async fn protobuf_lists_and_watches_are_read_item_by_item() {
    use crate::kinds::namespace::Namespace;
    let namespace = |name: &str, version: &str| Namespace {
        metadata: Some(crate::wire::meta::ObjectMeta {
            name: name.into(),
            resource_version: version.into(),
            ..Default::default()
        }),
        ..Namespace::default()
    };
    let field = |tag: u8, content: Vec<u8>| {
        let mut bytes = vec![tag << 3 | 2];
        prost::encoding::encode_varint(content.len() as u64, &mut bytes);
        bytes.extend(content);
        bytes
    };
    let mut broken = namespace("broken", "XX").encode_to_vec();
    let at = broken.windows(2).position(|pair| pair == b"XX").unwrap();
    broken[at] = 0xff;
    let meta = envelope::ListMeta { resource_version: "5".into(), ..Default::default() };
    let mut list = field(1, meta.encode_to_vec());
    for item in [namespace("a", "1").encode_to_vec(), broken, namespace("b", "2").encode_to_vec()] {
        list.extend(field(2, item));
    }
    let list = envelope::close("v1", "NamespaceList", list);
    let frame = |word: &str, object: Vec<u8>| {
        let object = Some(envelope::RawExtension { raw: envelope::close("v1", "Namespace", object) });
        let event = envelope::WatchEvent { r#type: word.into(), object }.encode_to_vec();
        [&(event.len() as u32).to_be_bytes()[..], &event].concat()
    };
    let frames =
        [frame("MODIFIED", namespace("a", "6").encode_to_vec()), frame("DELETED", namespace("b", "7").encode_to_vec())];
    let pieces = frames.concat().chunks(7).map(<[u8]>::to_vec).collect();
    let mut running = start([
        streamed(PROTOBUF, list.chunks(11).map(<[u8]>::to_vec).collect(), End::Closed),
        streamed(PROTOBUF_WATCH, pieces, End::Closed),
        quiet(),
    ]);
    // One invalid byte costs one object its content: it is seen, and the others are whole.
    running.expect(&["listing 0 of None", "+a", "+broken", "+b", "live", "+a", "-b"]).await;
    while running.fake.lines().len() < 3 {
        tokio::task::yield_now().await;
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    assert!(running.query(2).ends_with("resourceVersion=7"), "{}", running.query(2));
}

#[tokio::test(start_paused = true)]
async fn a_selection_is_left_to_the_server() {
    let secrets = Scope { kind: SECRET, namespace: Some("shop".into()), select: Select::Type("kubernetes.io/tls") };
    let mut running = start_on(Fake::new([listed(&[], "5", ""), quiet()]), secrets);
    running.expect(&["listing 0 of None", "live"]).await;
    assert_eq!(
        running.fake.lines()[0],
        "GET /api/v1/namespaces/shop/secrets?fieldSelector=type%3Dkubernetes.io%2Ftls&limit=500"
    );
    let one = Scope { kind: POD, namespace: Some("shop".into()), select: Select::Name("web-0".into()) };
    let mut running = start_on(Fake::new([listed(&[], "5", "")]), one);
    running.expect(&["listing 0 of None", "live"]).await;
    assert_eq!(
        running.fake.lines()[0],
        "GET /api/v1/namespaces/shop/pods?fieldSelector=metadata.name%3Dweb-0&limit=500"
    );
}

#[tokio::test(start_paused = true)]
async fn a_kind_that_cannot_be_watched_is_listed_again_and_again() {
    let fake = Fake::new([listed(&["a"], "5", ""), listed(&["b"], "6", ""), listed(&["b"], "6", "")]);
    let (sender, changes) = channel(16);
    let kind = Kind { served: Served::Yes { watch: false }, ..Catalog::builtin().get(NAMESPACE).unwrap().clone() };
    let connection = fake.connection();
    tokio::spawn(watch(connection.clone(), kind, Scope::all(NAMESPACE), sender));
    let mut running = Running { fake, connection, changes, queue: VecDeque::default() };
    running.expect(&["listing 0 of None", "+a", "live", "=b", "=b"]).await;
}

#[tokio::test(start_paused = true)]
async fn a_watch_ends_when_nobody_listens() {
    let fake = Fake::new([listed(&["a"], "5", ""), quiet()]);
    let (sender, changes) = channel(16);
    let kind = Catalog::builtin().get(NAMESPACE).unwrap().clone();
    let task = tokio::spawn(watch(fake.connection(), kind, Scope::all(NAMESPACE), sender));
    drop(changes);
    task.await.unwrap();
}
