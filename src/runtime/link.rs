//! One connection at work: the greeting, its watches, single reads. Dropping it ends them all.

use crate::api::connect::Connection;
use crate::api::failure::{Cause, Failure};
use crate::api::fetch;
use crate::api::probe::{dns, probe};
use crate::api::rights::{candidates, readable};
use crate::api::watch::{pulse, watch};
use crate::app::effect::Weaker;
use crate::app::event::{Epoch, Readable, Reply};
use crate::kinds::custom::definition::Version;
use crate::kinds::{Catalog, Column, Decoder, Kind, KindId, ObjectRef};
use crate::model::{Change, Scope, Sync};
use crate::runtime::clock::Clock;
use crate::runtime::report::{Report, refused, words};
use crate::runtime::serving::{Serving, Shared};
use crate::runtime::source::{Opened, tell_story};
use crate::runtime::{enforce, greet};
use crate::view::trace::request::Request;
use crate::view::trace::world::Answers;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch as signal};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::sleep;

/// Batches of changes that may wait for the loop; a watch that is ahead waits with its next one.
const AHEAD: usize = 256;

/// How often a definition is asked for.
const TRIES: usize = 3;

/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// One connection at work.
pub struct Link {
    shared: Shared,
    open: Open,
    changes: mpsc::Sender<Vec<Change>>,
    watches: HashMap<Scope, AbortHandle>,
    tasks: JoinSet<()>,
}

/// Reads where a server is, and prepares a connection to it.
pub type Open = Arc<dyn Fn() -> Result<Opened, Failure> + Send + std::marker::Sync>;

/// How a connection begins.
pub struct Beginning {
    /// Reads the files that say where the server is; may take its time.
    pub open: Open,
    /// Its name.
    pub epoch: Epoch,
    /// The clock.
    pub clock: Clock,
    /// Whether a credential plugin runs first and has the terminal.
    pub terminal: bool,
    /// Namespaces that the user named, for who may not list them.
    pub given: Vec<Arc<str>>,
    /// Where to report.
    pub out: mpsc::Sender<Report>,
}

impl Link {
    /// Begins a connection. Where a credential plugin has the terminal, it has it until the receiver resolves.
    pub fn begin(beginning: Beginning) -> (Self, Option<oneshot::Receiver<()>>) {
        let Beginning { open, epoch, clock, terminal, given, out } = beginning;
        let (changes, heard) = mpsc::channel(AHEAD);
        let shared = Shared { epoch, clock, served: Arc::new(signal::Sender::new(None)), retry: Arc::default(), out };
        let mut tasks = JoinSet::new();
        let (done, until) = oneshot::channel();
        tasks.spawn(run(shared.clone(), Arc::clone(&open), terminal.then_some(done)));
        let (forbidden, kinds) = mpsc::channel(AHEAD);
        tasks.spawn(forward(shared.clone(), heard, forbidden));
        tasks.spawn(look_for_rights(shared.clone(), kinds, given));
        let link = Self { shared, open, changes, watches: HashMap::new(), tasks };
        (link, terminal.then_some(until))
    }

    /// Finds out whether this connection could look as somebody weaker, and would still see as much.
    pub fn weaken(&mut self, weaker: Weaker, open: Open) {
        let shared = self.shared.clone();
        self.spawn(async move {
            let said = enforce::may_look_as(&shared, &weaker, move || open()).await;
            shared.reply(Reply::Weakened(said)).await;
        });
    }

    /// How another connection to the same server is opened.
    pub fn open(&self) -> Open {
        Arc::clone(&self.open)
    }

    /// What tasks of this connection share.
    pub fn shared(&self) -> Shared {
        self.shared.clone()
    }

    /// Keeps a scope true until it is not wanted any more.
    pub fn watch(&mut self, scope: Scope) {
        if self.watches.get(&scope).is_some_and(|task| !task.is_finished()) {
            return;
        }
        let (shared, changes, wanted) = (self.shared.clone(), self.changes.clone(), scope.clone());
        let task = self.spawn(async move {
            if let Some((connection, kind)) = shared.kind(wanted.kind).await {
                watch(connection, kind, wanted, changes).await;
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
            let Some((connection, kind)) = shared.kind(object.kind).await else { return };
            let read = fetch::object(&connection, &kind, &object).await;
            let read = read.map(Arc::new).map_err(|problem| words(&problem.failure(connection.server())));
            shared.reply(Reply::Fetched(object, read)).await;
        });
    }

    /// Reads the columns of a kind that is not built in: from its definition, else from the server's table. Who may read
    /// neither sees names, states and ages.
    pub fn columns(&mut self, id: KindId) {
        let shared = self.shared.clone();
        self.spawn(async move {
            let Some((connection, kind)) = shared.kind(id).await else { return };
            let revised = columns(&connection, &kind).await.and_then(|(columns, decoder)| {
                shared.revise(|catalog| {
                    let mut next = catalog.clone();
                    next.set_columns(id, columns, decoder);
                    Some(next)
                })
            });
            let catalog = match revised {
                Some(catalog) => catalog,
                None => shared.serving().await.map_or_else(Catalog::builtin, |serving| (*serving.catalog).clone()),
            };
            shared.reply(Reply::Columns(id, Box::new(catalog))).await;
        });
    }

    /// Sends a request and those that it leads to for real, one after the other. They do not pass by this connection.
    pub fn probe(&mut self, request: Box<Request>, chain: Vec<Request>) {
        let shared = self.shared.clone();
        self.spawn(async move {
            let mut real = Vec::new();
            for link in &chain {
                real.push(probe(link, &Answers::new()).await);
            }
            shared.reply(Reply::Probed(request, real)).await;
        });
    }

    /// Asks this machine's DNS for names.
    pub fn look_up(&mut self, names: Vec<String>) {
        let shared = self.shared.clone();
        self.spawn(async move {
            let mut found = Vec::new();
            for name in &names {
                found.extend(dns::look_up(name).await);
            }
            shared.reply(Reply::LookedUp(found)).await;
        });
    }

    /// Does not wait for the next try.
    pub fn retry(&mut self) {
        self.shared.retry.notify_one();
        if let Some(serving) = &*self.shared.served.borrow() {
            serving.connection.stir();
        }
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
        while self.tasks.try_join_next().is_some() {}
        self.tasks.spawn(task)
    }
}

async fn columns(connection: &Connection, kind: &Kind) -> Option<(Vec<Column>, Decoder)> {
    if let Some(Version { columns, kind, .. }) = definition(connection, kind).await {
        return Some((columns, Decoder::Custom(Arc::new(kind))));
    }
    let columns = fetch::table_columns(connection, kind).await.ok()??;
    Some((columns, Decoder::Table))
}

/// The definition of a kind in the version that requests use; an answer that is lost on the way is asked for again.
async fn definition(connection: &Connection, kind: &Kind) -> Option<Version> {
    for _ in 0..TRIES {
        match fetch::printer_columns(connection, kind).await {
            Ok(version) => return version,
            Err(problem) if problem.refusal().is_some() => return None,
            Err(_) => sleep(PAUSE).await,
        }
    }
    None
}

/// Opens the connection, greets the server, and does what goes on as long as the connection does.
async fn run(shared: Shared, open: Open, mut terminal: Option<oneshot::Sender<()>>) {
    let opened = loop {
        match first_words(&open, terminal.take()).await {
            Ok(opened) => break opened,
            Err(failure) => {
                shared.reply(refused(&failure)).await;
                shared.retry.notified().await;
            }
        }
    };
    let is_real = opened.demo.is_none();
    let story = async {
        if let Some(demo) = opened.demo {
            tell_story(demo, shared.clock).await;
        }
    };
    let (connection, blocked) = (&opened.connection, report_blocked(&shared, &opened.connection));
    let enforced = async {
        if is_real {
            enforce::keep(&shared).await;
        }
    };
    tokio::join!(greet::keep(&shared, connection), pulse(connection.clone()), blocked, story, enforced);
}

async fn first_words(open: &Open, terminal: Option<oneshot::Sender<()>>) -> Result<Opened, Failure> {
    let open = Arc::clone(open);
    let opened = tokio::task::spawn_blocking(move || open()).await;
    let opened = opened.unwrap_or_else(|error| Err(Failure::new(Cause::Other, "connect", error.to_string())))?;
    if terminal.is_some() {
        opened.connection.log_in().await?;
    }
    Ok(opened)
}

/// Hands what watches say to the loop, joined as far as it waits already; refused kinds are told apart.
async fn forward(shared: Shared, mut heard: mpsc::Receiver<Vec<Change>>, forbidden: mpsc::Sender<KindId>) {
    while let Some(mut changes) = heard.recv().await {
        while let Ok(more) = heard.try_recv() {
            changes.extend(more);
        }
        for change in &changes {
            if let Change::Sync(Scope { kind, namespace: None, .. }, Sync::Forbidden) = change {
                let _ = forbidden.try_send(*kind);
            }
        }
        shared.reply(Reply::Cluster(changes)).await;
    }
}

/// Finds the namespaces in which kinds may be read that may not be read everywhere.
async fn look_for_rights(shared: Shared, mut forbidden: mpsc::Receiver<KindId>, given: Vec<Arc<str>>) {
    let mut waiting = Vec::new();
    while forbidden.recv_many(&mut waiting, AHEAD).await > 0 {
        let mut kinds = Vec::new();
        for id in waiting.drain(..) {
            kinds.extend(shared.kind(id).await.map(|(_, kind)| kind).filter(|kind| kind.namespaced));
        }
        let Some(Serving { connection, .. }) = shared.serving().await else { return };
        if kinds.is_empty() {
            continue;
        }
        let candidates = candidates(&connection, &given).await;
        let found = readable(&connection, &candidates, &kinds).await;
        let said = |names: Vec<Arc<str>>| if names.is_empty() { Readable::Nowhere } else { Readable::In(names) };
        let found = found.into_iter().map(|(kind, names)| (kind, said(names))).collect();
        shared.reply(Reply::Readable(found)).await;
    }
}

/// Says what the guard refused: a bug of ours that must not stay unseen.
async fn report_blocked(shared: &Shared, connection: &Connection) {
    let mut tally = connection.tally();
    while tally.changed().await.is_ok() {
        let last = tally.borrow_and_update().last.clone();
        if let Some(blocked) = last {
            shared.reply(Reply::Blocked(format!("{blocked}: this is a bug of kplumb, please report it"))).await;
        }
    }
}
