//! A minute at a thousand changes a second: the demo's API server in this process with 10,000 pods, watched over its
//! protobuf stream into a model. Prints how far the model was behind and what it cost; afterwards the model must equal a
//! fresh list.
//!
//! `cargo bench --bench churn` (`-- 10` for ten seconds)
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, clippy::print_stdout, clippy::disallowed_methods)]

use kplumb::api::connect::{Connection, Options, in_process};
use kplumb::api::watch::watch;
use kplumb::demo::Demo;
use kplumb::kinds::{Catalog, POD};
use kplumb::model::{Change, Cluster, Scope, Sync};
use kplumb::runtime::clock::system_time;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, channel};

const PODS: usize = 10_000;
const A_SECOND: usize = 1_000;
/// Changes that are made together, a hundred times a second.
const TOGETHER: usize = A_SECOND / 100;

#[tokio::main]
async fn main() {
    let seconds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(60);
    let demo = Demo::synthetic(PODS, system_time());
    let mut live = Live::start(&demo).await;
    println!("{} pods listed", live.cluster.count(POD));
    let (done, mut changed) = channel(1);
    let server = demo.clone();
    let began = Instant::now();
    std::thread::spawn(move || {
        for turn in 0..seconds * 100 {
            server.churn(turn * TOGETHER, TOGETHER);
            let next = began + Duration::from_millis(10 * (turn as u64 + 1));
            std::thread::sleep(next.saturating_duration_since(Instant::now()));
        }
        done.blocking_send(began.elapsed()).unwrap();
    });
    let mut applied = 0;
    let took = loop {
        tokio::select! {
            biased;
            Some(news) = live.changes.recv() => applied += live.take(news),
            Some(took) = changed.recv() => break took,
        }
    };
    let fresh = Live::start(&demo).await.cluster;
    let caught_up = Instant::now();
    while !live.cluster.diff(&fresh).is_empty() {
        let late = tokio::time::timeout(Duration::from_secs(2), live.changes.recv()).await;
        let Ok(Some(news)) = late else { panic!("{:?}", live.cluster.diff(&fresh).first()) };
        applied += live.take(news);
    }
    println!("{applied} changes in {took:.1?}, equal to a fresh list, {:.0?} after it", caught_up.elapsed());
    assert!(live.cluster.check().is_empty(), "the indexes do not agree");
}

/// A watch of the pods and the model that it feeds.
struct Live {
    cluster: Cluster,
    changes: Receiver<Vec<Change>>,
}

impl Live {
    /// Returns once the first list is whole.
    async fn start(demo: &Demo) -> Self {
        let (sender, changes) = channel(64);
        let kind = Catalog::builtin().get(POD).unwrap().clone();
        tokio::spawn(watch(connection(demo), kind, Scope::all(POD), sender));
        let mut live = Self { cluster: Cluster::default(), changes };
        while *live.cluster.sync(&Scope::all(POD)) != Sync::Live {
            let changes = live.changes.recv().await.unwrap();
            live.take(changes);
        }
        live
    }

    fn take(&mut self, changes: Vec<Change>) -> usize {
        let count = changes.len();
        for change in changes {
            self.cluster.apply(change);
        }
        count
    }
}

fn connection(demo: &Demo) -> Connection {
    let options = Options::observing(system_time);
    in_process(demo.service(), "churn", &options)
}
