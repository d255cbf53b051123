//! kplumb's own watches on the control plane, feeding a model as the program does, and the judge of that model:
//! a list made by other code, in the other language, at that moment.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kplumb::api::connect::{Connection, Options, connect};
use kplumb::api::discover::{Discovery, discover};
use kplumb::api::kubeconfig::Contexts;
use kplumb::api::watch::{pulse, watch};
use kplumb::kinds::{Catalog, Interner, Kind, KindId};
use kplumb::model::{Change, Cluster, Scope, Sync};
use kplumb::wire::Timestamp;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::channel;

use crate::control_plane::{ControlPlane, Request, until};

/// How soon after the server is ready the model has to be true.
pub const SOON: Duration = Duration::from_secs(2);

/// Watches under way, and what they have told so far.
pub struct Live {
    pub runtime: Runtime,
    pub connection: Connection,
    pub catalog: Catalog,
    told: Arc<Mutex<Told>>,
}

#[derive(Default)]
struct Told {
    cluster: Cluster,
    /// The fewest objects of each kind since it was live: a list that blanks the screen would show here.
    fewest: BTreeMap<KindId, usize>,
    replaces: usize,
    history: Vec<Sync>,
}

/// The options of a plain `kplumb`.
pub fn options() -> Options {
    Options::observing(|| Timestamp::from_seconds(jiff::Timestamp::now().as_second()))
}

/// A connection by a kubeconfig; nothing is sent yet.
pub fn connected(runtime: &Runtime, kubeconfig: &Path) -> Connection {
    let _context = runtime.enter();
    connect(Contexts::load(Some(kubeconfig), None).unwrap().target(None).unwrap(), &options()).unwrap()
}

/// The catalog of what the server has.
pub fn catalog(Discovery { resources, unreadable_groups }: &Discovery) -> Catalog {
    Catalog::builtin().discovered(resources, unreadable_groups)
}

impl Live {
    /// Watches `kinds` across the cluster.
    pub fn start(kubeconfig: &Path, kinds: &[KindId]) -> Live {
        let runtime = Runtime::new().unwrap();
        let connection = connected(&runtime, kubeconfig);
        let catalog = runtime
            .block_on(async { discover(&connection).await })
            .map_or_else(|_| Catalog::builtin(), |d| catalog(&d));
        let live = Live { runtime, connection, catalog, told: Arc::default() };
        live.runtime.spawn(pulse(live.connection.clone()));
        for kind in kinds {
            live.watch(Scope::all(*kind));
        }
        live
    }

    /// Watches one more scope.
    pub fn watch(&self, scope: Scope) {
        let (sender, mut changes) = channel(64);
        let kind = self.kind(scope.kind);
        self.runtime.spawn(watch(self.connection.clone(), kind, scope.clone(), sender));
        let told = Arc::clone(&self.told);
        self.runtime.spawn(async move {
            while let Some(batch) = changes.recv().await {
                told.lock().unwrap().take(batch, &scope);
            }
        });
    }

    pub fn kind(&self, id: KindId) -> Kind {
        self.catalog.get(id).unwrap().clone()
    }

    /// How far the watch of a kind is.
    pub fn sync(&self, kind: KindId) -> Sync {
        self.told.lock().unwrap().cluster.sync(&Scope::all(kind)).clone()
    }

    /// Everything that was said about how far the watches are.
    pub fn history(&self) -> Vec<Sync> {
        self.told.lock().unwrap().history.clone()
    }

    /// How many lists have replaced the rows.
    pub fn replaces(&self) -> usize {
        self.told.lock().unwrap().replaces
    }

    /// The fewest objects of a kind that were on the screen since it was first complete.
    pub fn fewest(&self, kind: KindId) -> usize {
        self.told.lock().unwrap().fewest.get(&kind).copied().unwrap_or_default()
    }

    /// How many objects of a kind the model has.
    pub fn count(&self, kind: KindId) -> usize {
        self.told.lock().unwrap().cluster.count(kind)
    }

    /// Waits until every watch is live.
    pub fn settle(&self, plane: &ControlPlane, kinds: &[KindId]) {
        plane.wait_for("the watches", || kinds.iter().all(|kind| self.sync(*kind) == Sync::Live));
    }

    /// Panics unless the model equals a fresh list soon from now.
    pub fn agrees(&self, plane: &ControlPlane, kinds: &[KindId]) {
        let mut differences = Vec::new();
        let agreed = until(SOON, || {
            differences = self.differences(plane, kinds);
            differences.is_empty() && kinds.iter().all(|kind| self.sync(*kind) == Sync::Live)
        });
        let syncs: Vec<Sync> = kinds.iter().map(|kind| self.sync(*kind)).collect();
        assert!(
            agreed,
            "after {SOON:?} {} differences, first {:#?}; {syncs:?}; {:#?}",
            differences.len(),
            differences.first(),
            self.history()
        );
        assert_eq!(self.told.lock().unwrap().cluster.check(), Vec::<String>::new());
    }

    /// What differs between the model and a list of this moment.
    pub fn differences(&self, plane: &ControlPlane, kinds: &[KindId]) -> Vec<String> {
        let mut fresh = Cluster::default();
        for kind in kinds.iter().map(|id| self.kind(*id)) {
            fresh.apply(Change::Replace(Scope::all(kind.id), listed(plane, &kind)));
        }
        self.told.lock().unwrap().cluster.diff(&fresh)
    }
}

/// All objects of a kind, read from JSON by the test's own client.
fn listed(plane: &ControlPlane, kind: &Kind) -> Vec<kplumb::kinds::Record> {
    let mut interner = Interner::default();
    let answer = plane.send(&Request::get(&kind.path(None)));
    if answer.status != 200 {
        return Vec::new();
    }
    let list: Value = answer.json();
    let items = list["items"].as_array().cloned().unwrap_or_default();
    let read = |item: Value| kind.decoder.read_json(kind.id, item.to_string().as_bytes(), &mut interner).unwrap();
    items.into_iter().map(read).collect()
}

impl Told {
    fn take(&mut self, batch: Vec<Change>, scope: &Scope) {
        for change in batch {
            match &change {
                Change::Replace(..) => self.replaces += 1,
                Change::Sync(_, sync) => self.history.push(sync.clone()),
                _ => {}
            }
            self.cluster.apply(change);
            let count = self.cluster.count(scope.kind);
            if *self.cluster.sync(scope) == Sync::Live || self.fewest.contains_key(&scope.kind) {
                let fewest = self.fewest.entry(scope.kind).or_insert(count);
                *fewest = count.min(*fewest);
            }
        }
    }
}
