//! An API server that lives in this process: objects, discovery, lists, watches, tables, reviews and
//! logs as a real one serves them, on a virtual clock that only `Demo::advance` moves.
//!
//! Invariant: it knows nothing of its client, and starts no task, thread or timer of its own.

mod accept;
mod admit;
mod controllers;
mod convert;
mod discovery;
mod kubelet;
pub mod listen;
mod logs;
mod openapi;
mod output;
mod partial;
mod ports;
mod proto;
mod read;
mod resources;
mod review;
mod route;
mod selector;
mod server;
mod shell;
mod stage;
mod status;
mod store;
mod story;
mod synthetic;
mod table;
mod watch;
mod write;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::watch as signal;

use crate::demo::proto::schema::Schema;
use crate::demo::resources::{CRDS, Registry};
use crate::demo::review::Rights;
use crate::demo::store::Store;
use crate::demo::story::Story;
use crate::wire::Timestamp;

pub use crate::demo::review::Denial;
pub use crate::demo::server::{Body, Server};
pub use crate::demo::stage::Signer;

/// One cluster. Clones share it.
#[derive(Clone, Debug)]
pub struct Demo {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    wake: signal::Sender<Wake>,
    schema: Arc<Schema>,
}

/// What is told to everything that waits: something changed, time went on, or the line was cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Wake {
    version: u64,
    now: jiff::Timestamp,
    cuts: u64,
}

#[derive(Debug)]
struct State {
    store: Store,
    registry: Arc<Registry>,
    /// The store's version when the registry was last built.
    definitions: u64,
    rights: Rights,
    story: Story,
    now: jiff::Timestamp,
}

impl Demo {
    /// A cluster that holds `objects` as they are; those of a kind that nothing defines are left out.
    pub fn new(objects: Vec<Value>, now: Timestamp) -> Self {
        let now = instant(now);
        let mut state = State {
            store: Store::new(),
            registry: Arc::new(Registry { resources: Vec::new() }),
            definitions: 0,
            rights: Rights::default(),
            story: Story::of(&Store::new(), now),
            now,
        };
        let (definitions, others): (Vec<_>, Vec<_>) =
            objects.into_iter().partition(|object| object["kind"] == "CustomResourceDefinition");
        for definition in definitions {
            // A second definition of one name adds nothing.
            let _ = state.store.create(CRDS, definition, now);
        }
        state.registry = Arc::new(Registry::of(&state.store));
        for object in others {
            state.load(object);
        }
        state.story = Story::of(&state.store, now);
        let (wake, _) = signal::channel(Wake { version: state.store.version(), now, cuts: 0 });
        Self { shared: Arc::new(Shared { state: Mutex::new(state), wake, schema: Arc::new(Schema::embedded()) }) }
    }

    /// The same cluster, whose renewed certificates are made by `signer`.
    pub fn signed_by(self, signer: Signer) -> Self {
        self.state().story.signer = Some(signer);
        self
    }

    /// Moves the clock; a clock that stands still or runs backwards moves nothing.
    pub fn advance(&self, now: Timestamp) {
        let now = instant(now);
        self.change(|state| {
            state.story.advance(&mut state.store, now);
            state.now = state.now.max(now);
        });
    }

    /// When the story goes on: until then [`Demo::advance`] changes no object. `None` if nothing more happens.
    pub fn next(&self) -> Option<Timestamp> {
        self.state().story.next().map(|at| Timestamp(at.as_microsecond()))
    }

    /// The moment at which this cluster stands.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.state().now.as_microsecond())
    }

    /// What answers requests; to be given to a client as its transport.
    pub fn service(&self) -> Server {
        Server::new(self.clone())
    }

    /// Creates or replaces an object, as a controller would; `false` if nothing defines its kind.
    pub fn put(&self, object: Value) -> bool {
        self.change(|state| state.load(object))
    }

    /// Deletes an object by its resource (`pods`, `deployments.apps`).
    pub fn remove(&self, resource: &str, namespace: &str, name: &str) -> bool {
        self.change(|state| state.store.delete(resource, namespace, name).is_ok())
    }

    /// Forgets the past: watches that resume from before now get 410.
    pub fn compact(&self) {
        self.change(|state| state.store.compact());
    }

    /// Takes rights away, or gives them back with an empty list.
    pub fn deny(&self, denials: Vec<Denial>) {
        self.change(|state| state.rights = Rights { denials });
    }

    /// Breaks every open stream, as a network does.
    pub fn cut(&self) {
        self.shared.wake.send_modify(|wake| wake.cuts += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let mut state = self.state();
        let outcome = change(&mut state);
        state.refresh();
        let (version, now) = (state.store.version(), state.now);
        drop(state);
        self.shared.wake.send_if_modified(|wake| {
            let before = *wake;
            (wake.version, wake.now) = (version, now);
            *wake != before
        });
        outcome
    }

    fn listen(&self) -> signal::Receiver<Wake> {
        self.shared.wake.subscribe()
    }
}

impl State {
    /// Stores an object under the resource of its kind.
    fn load(&mut self, mut object: Value) -> bool {
        let text = |name: &str| object[name].as_str().unwrap_or_default().to_owned();
        let (api_version, kind) = (text("apiVersion"), text("kind"));
        let registry = Arc::clone(&self.registry);
        let Some(resource) = registry.of_kind(&api_version, &kind) else { return false };
        if resource.namespaced && object["metadata"]["namespace"].is_null() {
            object["metadata"]["namespace"] = json!("default");
        }
        if let Some(metadata) = object["metadata"].as_object_mut() {
            metadata.remove("resourceVersion");
        }
        let id = resource.id();
        match self.store.create(&id, object.clone(), self.now) {
            Ok(_) => true,
            Err(_) => self.store.update(&id, object).is_ok(),
        }
    }

    /// Serves what the definitions say now.
    fn refresh(&mut self) {
        let Ok(mut changes) = self.store.since(CRDS, self.definitions) else {
            self.rebuild();
            return;
        };
        if changes.next().is_some() {
            drop(changes);
            self.rebuild();
        }
    }

    fn rebuild(&mut self) {
        self.definitions = self.store.version();
        self.registry = Arc::new(Registry::of(&self.store));
    }
}

fn instant(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(at.0).unwrap_or_default()
}

#[cfg(test)]
mod tests;
