//! What every task of a connection shares: the server and its kinds, once it answers, and where to report.

use crate::api::connect::Connection;
use crate::app::event::{Epoch, Event, Reply};
use crate::kinds::{Catalog, Kind, KindId};
use crate::runtime::clock::Clock;
use crate::runtime::report::Report;
use std::sync::Arc;
use tokio::sync::{Notify, mpsc, watch as signal};

/// What every task of a connection needs.
#[derive(Clone, Debug)]
pub struct Shared {
    /// Its name.
    pub epoch: Epoch,
    /// The clock.
    pub clock: Clock,
    /// The server and its kinds; none until it has answered.
    pub served: Arc<signal::Sender<Option<Serving>>>,
    /// Rung when the user does not want to wait for the next try.
    pub retry: Arc<Notify>,
    /// Where to report.
    pub out: mpsc::Sender<Report>,
}

/// A server that answers.
#[derive(Clone, Debug)]
pub struct Serving {
    /// The connection to it.
    pub connection: Connection,
    /// The kinds that it has.
    pub catalog: Arc<Catalog>,
}

impl Shared {
    /// Hands a reply to the loop; waits while it is behind.
    pub async fn reply(&self, reply: Reply) {
        let _ = self.out.send(Report::Event(Event::Reply(self.epoch, reply))).await;
    }

    /// The server, once it answers.
    pub async fn serving(&self) -> Option<Serving> {
        self.served.subscribe().wait_for(Option::is_some).await.ok()?.clone()
    }

    /// Puts another catalog in force if `change` makes one of the present one; returns it.
    pub fn revise(&self, change: impl FnOnce(&Catalog) -> Option<Catalog>) -> Option<Catalog> {
        let mut next = None;
        self.served.send_if_modified(|served| {
            let Some(serving) = served else { return false };
            next = change(&serving.catalog);
            if let Some(next) = &next {
                serving.catalog = Arc::new(next.clone());
            }
            next.is_some()
        });
        next
    }

    /// The server and a kind as it serves it, once it answers.
    pub async fn kind(&self, id: KindId) -> Option<(Connection, Kind)> {
        let serving = self.serving().await?;
        let kind = serving.catalog.get(id).cloned()?;
        Some((serving.connection, kind))
    }
}
