//! One connection at work: the greeting, its watches, single reads. Dropping it ends them all.

use crate::api::call::accept;
use crate::api::connect::Connection;
use crate::api::failure::{Cause, Failure};
use crate::api::watch::{pulse, watch};
use crate::app::event::{Epoch, Event, Reply};
use crate::kinds::{Catalog, Kind, KindId, ObjectRef};
use crate::model::{Change, Scope};
use crate::runtime::clock::Clock;
use crate::runtime::greet;
use crate::runtime::source::{Opened, tell_story};
use crate::runtime::world::{Report, words};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, oneshot, watch as signal};
use tokio::task::{AbortHandle, JoinSet};

/// Batches of changes that may wait for the loop; a watch that is ahead waits with its next one.
const AHEAD: usize = 256;

/// One connection at work.
#[derive(Debug)]
pub struct Link {
    shared: Shared,
    changes: mpsc::Sender<Vec<Change>>,
    watches: HashMap<Scope, AbortHandle>,
    tasks: JoinSet<()>,
}

/// What every task of a connection needs.
#[derive(Clone, Debug)]
pub struct Shared {
    /// The connection.
    pub connection: Connection,
    /// Its name.
    pub epoch: Epoch,
    /// The clock.
    pub clock: Clock,
    /// The kinds that the server has; none until it has answered.
    pub catalog: Arc<signal::Sender<Option<Arc<Catalog>>>>,
    /// Rung when the user does not want to wait for the next try.
    pub retry: Arc<Notify>,
    out: mpsc::Sender<Report>,
}

impl Shared {
    /// Hands a reply to the loop; waits while it is behind.
    pub async fn reply(&self, reply: Reply) {
        let _ = self.out.send(Report::Event(Event::Reply(self.epoch, reply))).await;
    }

    /// The kind as the server serves it; waits until that is known.
    async fn kind(&self, id: KindId) -> Option<Kind> {
        let mut catalog = self.catalog.subscribe();
        let known = catalog.wait_for(Option::is_some).await.ok()?;
        known.as_ref()?.get(id).cloned()
    }
}

impl Link {
    /// Begins a connection. With `terminal` a credential plugin runs first and has the terminal until the receiver resolves.
    pub fn open(
        opened: Opened,
        epoch: Epoch,
        clock: Clock,
        out: mpsc::Sender<Report>,
        terminal: bool,
    ) -> (Self, Option<oneshot::Receiver<()>>) {
        let (changes, heard) = mpsc::channel(AHEAD);
        let shared = Shared {
            connection: opened.connection,
            epoch,
            clock,
            catalog: Arc::new(signal::Sender::new(None)),
            retry: Arc::default(),
            out,
        };
        let mut tasks = JoinSet::new();
        let (done, until) = oneshot::channel();
        let greeting = shared.clone();
        tasks.spawn(async move {
            let login = if terminal { greeting.connection.log_in().await } else { Ok(()) };
            drop(done);
            match login {
                Ok(()) => greet::keep(&greeting).await,
                Err(failure) => greeting.reply(refused(&failure)).await,
            }
        });
        tasks.spawn(forward(shared.clone(), heard));
        tasks.spawn(pulse(shared.connection.clone()));
        if let Some(demo) = opened.demo {
            tasks.spawn(tell_story(demo, clock));
        }
        let link = Self { shared, changes, watches: HashMap::new(), tasks };
        (link, terminal.then_some(until))
    }

    /// Keeps a scope true until it is not wanted any more.
    pub fn watch(&mut self, scope: Scope) {
        if self.watches.get(&scope).is_some_and(|task| !task.is_finished()) {
            return;
        }
        let (shared, changes, wanted) = (self.shared.clone(), self.changes.clone(), scope.clone());
        let task = self.spawn(async move {
            if let Some(kind) = shared.kind(wanted.kind).await {
                watch(shared.connection, kind, wanted, changes).await;
            }
        });
        self.watches.insert(scope, task);
    }

    /// Ends the watch of a scope.
    pub fn unwatch(&mut self, scope: &Scope) {
        if let Some(task) = self.watches.remove(scope) {
            task.abort();
        }
    }

    /// Reads one whole object.
    pub fn fetch(&mut self, object: ObjectRef) {
        let shared = self.shared.clone();
        self.spawn(async move {
            let Some(kind) = shared.kind(object.kind).await else { return };
            let path = format!("{}/{}", kind.path(object.namespace.as_deref()), object.name);
            let body = shared.connection.json(&path, accept::JSON).await;
            let server = shared.connection.server();
            let garbled = |error: serde_json::Error| Failure::new(Cause::Server, &**server, error.to_string());
            let read = match body {
                Ok(body) => serde_json::from_slice(&body).map(Arc::new).map_err(garbled),
                Err(problem) => Err(problem.failure(server)),
            };
            shared.reply(Reply::Fetched(object, read.map_err(|failure| words(&failure)))).await;
        });
    }

    /// Reads the columns of a custom kind.
    pub fn columns(&mut self, kind: KindId) {
        let shared = self.shared.clone();
        self.spawn(async move { greet::columns(&shared, kind).await });
    }

    /// Does not wait for the next try.
    pub fn retry(&mut self) {
        self.shared.retry.notify_one();
        self.shared.connection.stir();
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(task)
    }
}

/// Hands what watches say to the loop, joined as far as it waits already.
async fn forward(shared: Shared, mut heard: mpsc::Receiver<Vec<Change>>) {
    while let Some(mut changes) = heard.recv().await {
        while let Ok(more) = heard.try_recv() {
            changes.extend(more);
        }
        shared.reply(Reply::Cluster(changes)).await;
    }
}

/// A failure that no retry mends by itself, as a reply.
pub fn refused(failure: &Failure) -> Reply {
    if failure.cause == Cause::NeedsTerminal {
        Reply::NeedsTerminal(words(failure))
    } else {
        Reply::Unreachable { failure: words(failure), retry_at: None }
    }
}
