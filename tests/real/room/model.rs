//! kplumb's model of the room's cluster: everything listed once, as a live session would hold it.

use kplumb::api::discover::discover;
use kplumb::kinds::{Catalog, Interner};
use kplumb::model::{Change, Cluster, Scope, Sync};
use kplumb::view::trace::follow;
use kplumb::view::trace::outcome::Trace;
use kplumb::view::trace::request::Request;
use kplumb::view::trace::world::{Answers, Probes, World};
use kplumb::wire::Timestamp;
use serde_json::Value;

use crate::control_plane::{ControlPlane, Request as Call};
use crate::live;

/// The model and its catalog.
pub struct Model {
    cluster: Cluster,
    pub catalog: Catalog,
}

/// Lists every kind that the server has.
pub fn read(plane: &ControlPlane) -> Model {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let connection = live::connected(&runtime, &plane.kubeconfig("admin"));
    let found = runtime.block_on(async { discover(&connection).await }).expect("the server tells its kinds");
    let catalog = live::catalog(&found);
    let mut cluster = Cluster::default();
    let mut interner = Interner::default();
    for kind in catalog.iter() {
        let answer = plane.send(&Call::get(&kind.path(None)));
        let scope = Scope::all(kind.id);
        if answer.status != 200 {
            cluster.apply(Change::Sync(scope, Sync::Absent));
            continue;
        }
        let list: Value = answer.json();
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let mut record = |item: Value| {
            kind.decoder.read_json(kind.id, item.to_string().as_bytes(), &mut interner).expect("an object that reads")
        };
        let records = items.into_iter().map(&mut record).collect();
        cluster.apply(Change::Replace(scope.clone(), records));
        cluster.apply(Change::Sync(scope, Sync::Live));
    }
    Model { cluster, catalog }
}

impl Model {
    /// What kplumb says of a request.
    pub fn trace(&self, request: &Request) -> Trace {
        let (answers, probes) = (Answers::new(), Probes::default());
        let now = Timestamp::from_seconds(jiff::Timestamp::now().as_second());
        let world = World::new(&self.cluster, &self.catalog, now, (&answers, &probes));
        follow::follow(&world, request)
    }
}
