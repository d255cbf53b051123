//! Reads a cluster for commands that answer once and end: watches are opened, their first lists awaited, and what they
//! say goes into a model. What cannot be read in time stays unknown.

use crate::api::connect::Connection;
use crate::api::failure::{Cause, Failure};
use crate::api::rights::{candidates, readable};
use crate::api::watch::{pulse, watch};
use crate::app::session::watches::{ALWAYS, WHERE_SERVED};
use crate::demo::Demo;
use crate::kinds::{Catalog, Kind, SECRET, Served};
use crate::model::{Change, Cluster, Scope, Select, Sync};
use crate::runtime::clock::Clock;
use crate::runtime::greet::greet;
use crate::runtime::source::{Opened, Source, tell_story};
use std::collections::BTreeSet;
use std::io::{IsTerminal as _, stdin};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout_at};

/// How long all lists together may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Batches of changes that may wait.
const AHEAD: usize = 256;

/// A cluster that is being read.
#[derive(Debug)]
pub struct Gathering {
    /// What was read so far.
    pub cluster: Cluster,
    /// The kinds that the server has.
    pub catalog: Catalog,
    connection: Connection,
    given: Vec<Arc<str>>,
    open: BTreeSet<Scope>,
    sender: mpsc::Sender<Vec<Change>>,
    heard: mpsc::Receiver<Vec<Change>>,
    watches: JoinSet<()>,
    end: Instant,
    story: Option<(Demo, Clock)>,
}

impl Gathering {
    /// Connects and asks which kinds there are. `given` are namespaces to look in for who may not list across all.
    pub async fn begin(
        source: &mut Source,
        context: &str,
        clock: &Clock,
        given: Vec<Arc<str>>,
    ) -> Result<Self, Failure> {
        let Opened { connection, demo } = source.open(context, clock)?;
        let mut greeted = greet(&connection).await;
        let wants_terminal = |cause: &Failure| cause.cause == Cause::NeedsTerminal && stdin().is_terminal();
        if let Err(problem) = &greeted
            && wants_terminal(&problem.failure(connection.server()))
        {
            connection.log_in().await?;
            greeted = greet(&connection).await;
        }
        let catalog = greeted.map_err(|problem| problem.failure(connection.server()))?.catalog;
        let (sender, heard) = mpsc::channel(AHEAD);
        Ok(Self {
            cluster: Cluster::default(),
            catalog,
            connection,
            given,
            open: BTreeSet::new(),
            sender,
            heard,
            watches: JoinSet::new(),
            end: Instant::now() + PATIENCE,
            story: demo.map(|demo| (demo, *clock)),
        })
    }

    /// The connection.
    pub fn connection(&self) -> Connection {
        self.connection.clone()
    }

    /// What is read is to stay true for as long as somebody waits for changes: outages are noticed, and a demo's story goes on.
    pub fn stay_true(&mut self) {
        self.watches.spawn(pulse(self.connection.clone()));
        if let Some((demo, clock)) = self.story.take() {
            self.watches.spawn(tell_story(demo, clock));
        }
    }

    /// Takes in the next change; false where none can come. Safe to be dropped while waiting.
    pub async fn changed(&mut self) -> bool {
        let Some(changes) = self.heard.recv().await else { return false };
        for change in changes {
            self.cluster.apply(change);
        }
        true
    }

    /// The namespace of the context, where it names one.
    pub fn namespace(&self) -> Option<&Arc<str>> {
        self.connection.namespace()
    }

    /// Reads everything that stands on the path of requests, but for what only some paths need.
    pub async fn path(&mut self, reads_secrets: bool) {
        let kind = |id| self.catalog.get(id).filter(|kind| kind.served != Served::Absent);
        let is_served = |kind: &&Kind| matches!(kind.served, Served::Yes { .. });
        let always = ALWAYS.into_iter().filter_map(kind);
        let kinds = always.chain(WHERE_SERVED.into_iter().filter_map(kind).filter(is_served));
        let mut scopes: Vec<Scope> = kinds.map(|kind| Scope::all(kind.id)).collect();
        if reads_secrets && kind(SECRET).is_some() {
            scopes.push(Scope { kind: SECRET, namespace: None, select: Select::Type("kubernetes.io/tls") });
        }
        self.want(scopes).await;
    }

    /// Opens these watches and waits until each has said what there is; where a whole kind is refused, namespaces are
    /// tried that may be read.
    pub async fn want(&mut self, scopes: Vec<Scope>) {
        let wanted = self.start(scopes);
        self.wait(&wanted).await;
        let narrower = self.narrower(&wanted).await;
        let wanted = self.start(narrower);
        self.wait(&wanted).await;
    }

    fn start(&mut self, scopes: Vec<Scope>) -> Vec<Scope> {
        let mut started = Vec::new();
        for scope in scopes {
            let Some(kind) = self.catalog.get(scope.kind).cloned() else { continue };
            if self.open.insert(scope.clone()) {
                self.watches.spawn(watch(self.connection.clone(), kind, scope.clone(), self.sender.clone()));
                started.push(scope);
            }
        }
        started
    }

    async fn wait(&mut self, scopes: &[Scope]) {
        let is_due =
            |cluster: &Cluster, scope: &Scope| matches!(cluster.sync(scope), Sync::Closed | Sync::Listing { .. });
        while scopes.iter().any(|scope| is_due(&self.cluster, scope)) {
            let Ok(Some(changes)) = timeout_at(self.end, self.heard.recv()).await else { return };
            for change in changes {
                self.cluster.apply(change);
            }
        }
    }

    /// The scopes of single namespaces that may be read instead of those that are refused.
    async fn narrower(&self, scopes: &[Scope]) -> Vec<Scope> {
        let refused = |scope: &&Scope| scope.namespace.is_none() && *self.cluster.sync(scope) == Sync::Forbidden;
        let refused: Vec<&Scope> = scopes.iter().filter(refused).collect();
        let kinds = refused.iter().filter_map(|scope| self.catalog.get(scope.kind));
        let kinds: Vec<Kind> = kinds.filter(|kind| kind.namespaced).cloned().collect();
        if kinds.is_empty() {
            return Vec::new();
        }
        let candidates = candidates(&self.connection, &self.given).await;
        let found = readable(&self.connection, &candidates, &kinds).await;
        let scopes = refused.into_iter().flat_map(|scope| {
            let names = found.get(&scope.kind).into_iter().flatten();
            names.map(|name| Scope { namespace: Some(Arc::clone(name)), ..scope.clone() })
        });
        scopes.collect()
    }
}
