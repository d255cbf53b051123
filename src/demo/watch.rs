//! Watches: each is a position in a resource's history, read when the store says that something changed.
//! Nothing is buffered per watcher; one that falls behind the history learns so by a 410.

use std::collections::VecDeque;
use std::io;

use bytes::Bytes;
use futures::stream::{self, Stream};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::watch as signal;

use crate::demo::output::{View, frame};
use crate::demo::read;
use crate::demo::route::{Query, Route};
use crate::demo::selector::Selector;
use crate::demo::status::Failure;
use crate::demo::store::{Elsewhen, Event, Happened, Store};
use crate::demo::{Demo, Wake};

const BOOKMARK_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// Without a timeout of the client's own the real server picks one between 30 and 60 minutes.
const DEFAULT_TIMEOUT_SECS: i64 = 45 * 60;

/// One running watch.
pub struct Watch {
    view: View,
    namespace: Option<String>,
    selector: Selector,
    version: u64,
    deadline: Timestamp,
    /// When the next bookmark is due; `None` if the client wants none.
    bookmark: Option<Timestamp>,
    headers: bool,
    pending: VecDeque<Vec<u8>>,
    ended: bool,
}

impl Watch {
    /// Checks the request and takes the position from which to report.
    pub fn open(store: &Store, route: &Route, query: &Query, view: View) -> Result<Self, Failure> {
        let mut selector_route = route.clone();
        let mut query_fields = query.clone();
        if !route.name.is_empty() {
            query_fields.narrow_to(&route.name);
            selector_route.name.clear();
        }
        let selector = read::select(&view.resource, &selector_route, &query_fields)?;
        check_initial(query)?;
        let timeout = query.number::<i64>("timeoutSeconds").map_err(Failure::bad_request)?.filter(|secs| 0 < *secs);
        let bookmarks = query.flag("allowWatchBookmarks");
        let mut watch = Self {
            namespace: read::namespace(route).map(str::to_owned),
            selector,
            version: store.version(),
            deadline: view.now + SignedDuration::from_secs(timeout.unwrap_or(DEFAULT_TIMEOUT_SECS)),
            bookmark: bookmarks.then(|| view.now + BOOKMARK_EVERY),
            headers: true,
            pending: VecDeque::new(),
            ended: false,
            view,
        };
        watch.begin(store, query)?;
        Ok(watch)
    }

    fn begin(&mut self, store: &Store, query: &Query) -> Result<(), Failure> {
        let asked = query.number::<u64>("resourceVersion").map_err(Failure::bad_request)?;
        let initial = query.flag("sendInitialEvents");
        let wants_state = initial || matches!(asked, None | Some(0));
        if store.version() < asked.unwrap_or(0) {
            return Err(Failure::too_large(asked.unwrap_or(0), store.version()));
        }
        if !wants_state || query.text("sendInitialEvents") == "false" {
            self.version = asked.filter(|version| *version != 0).unwrap_or(self.version);
            return Ok(());
        }
        let id = self.view.resource.id();
        for object in store.list(&id, self.namespace.as_deref()) {
            if self.selector.matches(&object.value) {
                let headers = std::mem::take(&mut self.headers);
                self.pending.push_back(self.view.event("ADDED", &object.value, headers));
            }
        }
        if initial {
            self.push_bookmark(json!({"k8s.io/initial-events-end": "true"}));
        }
        Ok(())
    }

    /// Takes in what happened up to now.
    fn read(&mut self, store: &Store, now: Timestamp) {
        let id = self.view.resource.id();
        self.view.now = now;
        match store.since(&id, self.version) {
            Err(when) => self.fail(when),
            Ok(events) => {
                let mut found = Vec::new();
                for event in events {
                    self.version = event.version;
                    if self.namespace.as_deref().is_none_or(|namespace| event.object.key.0 == namespace) {
                        found.extend(self.seen(event));
                    }
                }
                for (kind, value) in found {
                    let headers = std::mem::take(&mut self.headers);
                    self.pending.push_back(self.view.event(kind, &value, headers));
                }
                self.version = self.version.max(store.version());
                self.keep_time(now);
            }
        }
    }

    /// How an event looks through the selector: objects enter and leave what is watched.
    fn seen(&self, event: &Event) -> Option<(&'static str, Value)> {
        let was = event.before.as_ref().filter(|before| self.selector.matches(&before.value));
        let is = event.happened != Happened::Deleted && self.selector.matches(&event.object.value);
        match (was, is) {
            (None, true) => Some(("ADDED", event.object.value.clone())),
            (Some(_), true) => Some(("MODIFIED", event.object.value.clone())),
            (Some(before), false) => {
                let mut last = before.value.clone();
                last["metadata"]["resourceVersion"] = json!(event.version.to_string());
                Some(("DELETED", last))
            }
            (None, false) => None,
        }
    }

    fn keep_time(&mut self, now: Timestamp) {
        let ending = self.deadline <= now;
        if self.bookmark.is_some_and(|due| due <= now || ending) {
            self.push_bookmark(Value::Null);
            self.bookmark = Some(now + BOOKMARK_EVERY);
        }
        self.ended = ending;
    }

    fn push_bookmark(&mut self, annotations: Value) {
        let mut metadata = json!({"resourceVersion": self.version.to_string()});
        if !annotations.is_null() {
            metadata["annotations"] = annotations;
        }
        let headers = std::mem::take(&mut self.headers);
        self.pending.push_back(self.view.event("BOOKMARK", &json!({"metadata": metadata}), headers));
    }

    fn fail(&mut self, when: Elsewhen) {
        let failure = match when {
            Elsewhen::Expired { oldest } => {
                Failure::expired(format!("too old resource version: {} ({oldest})", self.version))
            }
            Elsewhen::Future { current } => Failure::too_large(self.version, current),
        };
        self.pending.push_back(frame(&self.view.schema, self.view.format.encoding, "ERROR", &failure.status()));
        self.ended = true;
    }
}

fn check_initial(query: &Query) -> Result<(), Failure> {
    let initial = query.text("sendInitialEvents");
    let matching = query.text("resourceVersionMatch");
    match (initial, matching) {
        ("", "") => Ok(()),
        ("", _) => Err(Failure::invalid_options(
            "resourceVersionMatch",
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        )),
        (_, "NotOlderThan") if query.flag("allowWatchBookmarks") || !query.flag("sendInitialEvents") => Ok(()),
        (_, "NotOlderThan") => Err(Failure::invalid_options(
            "allowWatchBookmarks",
            "sendInitialEvents requires allowWatchBookmarks to be set",
        )),
        _ => Err(Failure::invalid_options(
            "resourceVersionMatch",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        )),
    }
}

/// The bytes of a watch, until it ends.
pub fn stream(demo: Demo, watch: Watch) -> impl Stream<Item = Result<Bytes, io::Error>> {
    let mut wake = demo.listen();
    let cuts = wake.borrow_and_update().cuts;
    stream::unfold(Some((demo, watch, wake, cuts)), async |running| {
        let (demo, mut watch, mut wake, cuts) = running?;
        loop {
            if wake.borrow_and_update().cuts != cuts {
                return Some((Err(io::ErrorKind::ConnectionReset.into()), None));
            }
            if watch.pending.is_empty() && !watch.ended {
                let state = demo.state();
                watch.read(&state.store, state.now);
            }
            if !watch.pending.is_empty() {
                let bytes = watch.pending.drain(..).flatten().collect::<Vec<u8>>();
                return Some((Ok(bytes.into()), Some((demo, watch, wake, cuts))));
            }
            if watch.ended || changed(&mut wake).await.is_none() {
                return None;
            }
        }
    })
}

async fn changed(wake: &mut signal::Receiver<Wake>) -> Option<()> {
    wake.changed().await.ok()
}
