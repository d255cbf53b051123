//! `kplumb demo`: the embedded clusters over HTTP, for kubectl and every other client.

use crate::cli::args::{Common, Demo};
use crate::cli::open::runtime;
use crate::cli::{Unusable, print, settings};
use crate::demo::listen::{Named, kubeconfig, serve};
use crate::manifests::embedded::CONTEXTS;
use crate::runtime::clock::Clock;
use crate::runtime::signals::Signals;
use crate::runtime::source::{Embedded, tell_story};
use std::process::ExitCode;
use tokio::net::TcpListener;

/// Serves until the process is told to end; the kubeconfig goes to standard output first.
pub fn run(common: &Common, demo: &Demo) -> Result<ExitCode, Unusable> {
    settings::log(common, None)?;
    runtime()?.block_on(async {
        let clock = common.now.map_or_else(Clock::system, Clock::Frozen);
        let listener =
            TcpListener::bind(demo.listen).await.map_err(Unusable::io(format!("listen on {}", demo.listen)))?;
        let address = listener.local_addr().map_err(Unusable::io("the listening address"))?;
        let mut embedded = Embedded::new(clock.now());
        let clusters = CONTEXTS.map(|name| Named { name: name.to_owned(), demo: embedded.cluster(name, clock.now()) });
        let mut signals = Signals::listen().map_err(Unusable::io("the system's signals"))?;
        let mut stories = tokio::task::JoinSet::new();
        for cluster in &clusters {
            stories.spawn(tell_story(cluster.demo.clone(), clock));
        }
        print(&kubeconfig(address, &CONTEXTS))?;
        serve(&clusters, listener, async move {
            let _ = signals.next().await;
        })
        .await;
        Ok(ExitCode::SUCCESS)
    })
}
