//! Logs are read on a thread of their own, over connections of their own: a flood of lines never holds up the loop, and
//! the loop that cannot keep up makes the readers wait.

pub mod heard;
mod merge;
pub mod streams;
pub mod tail;

use self::streams::Streams;
use crate::api::logs::follow::Manner;
use crate::app::effect::Stream;
use crate::app::event::{Epoch, Ticket};
use crate::runtime::link::Open;
use crate::view::logs::batch::{Batch, SourceId};
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

/// Batches of one view that wait for the loop.
const AHEAD: usize = 64;
/// Batches that are handed over together.
const TOGETHER: usize = 16;

/// What logs say to the loop.
#[derive(Debug)]
pub struct Said {
    /// Over which connection.
    pub epoch: Epoch,
    /// To which view.
    pub ticket: Ticket,
    /// Which streams said what.
    pub batches: Vec<(SourceId, Batch)>,
}

/// The thread that reads logs, begun when first needed; dropping it ends all.
#[derive(Debug)]
pub struct Readers {
    wishes: Option<watch::Sender<Wishes>>,
    out: mpsc::Sender<Said>,
}

/// What is to be read for every view: a state, so that none of many orders can be late or lost.
type Wishes = BTreeMap<Ticket, Wish>;

#[derive(Clone)]
struct Wish {
    epoch: Epoch,
    streams: Arc<[Stream]>,
    open: Open,
}

impl std::fmt::Debug for Wish {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Wish({:?}, {} streams)", self.epoch, self.streams.len())
    }
}

impl Readers {
    /// Nobody reads yet. The receiver is what they say.
    pub fn new() -> (Self, mpsc::Receiver<Said>) {
        let (out, said) = mpsc::channel(2);
        (Self { wishes: None, out }, said)
    }

    /// Reads exactly these logs for a view.
    pub fn read(&mut self, epoch: Epoch, ticket: Ticket, streams: Vec<Stream>, open: Open) {
        let out = &self.out;
        let wishes = self.wishes.get_or_insert_with(|| begin(out.clone()));
        wishes.send_modify(|wishes| {
            if streams.is_empty() {
                wishes.remove(&ticket);
            } else {
                wishes.insert(ticket, Wish { epoch, streams: streams.into(), open });
            }
        });
    }

    /// A connection is gone, and all that is read over it.
    pub fn leave(&mut self, epoch: Epoch) {
        if let Some(wishes) = &self.wishes {
            wishes.send_modify(|wishes| wishes.retain(|_, wish| wish.epoch != epoch));
        }
    }
}

/// Begins the thread.
fn begin(out: mpsc::Sender<Said>) -> watch::Sender<Wishes> {
    let (wishes, heard) = watch::channel(Wishes::new());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    if let Ok(runtime) = runtime {
        let work = move || runtime.block_on(tokio::task::LocalSet::new().run_until(grant(heard, out)));
        // Without a thread the wishes go nowhere, and the view stays at its beginning.
        let _ = std::thread::Builder::new().name("logs".to_owned()).spawn(work);
    }
    wishes
}

async fn grant(mut wishes: watch::Receiver<Wishes>, out: mpsc::Sender<Said>) {
    let mut views: HashMap<Ticket, View> = HashMap::new();
    while wishes.changed().await.is_ok() {
        let wished = wishes.borrow_and_update().clone();
        views.retain(|ticket, view| wished.get(ticket).is_some_and(|wish| wish.epoch == view.epoch));
        for (ticket, wish) in wished {
            let view = match views.entry(ticket) {
                Entry::Occupied(view) => Some(view.into_mut()),
                Entry::Vacant(place) => {
                    let view = View::begin(wish.epoch, ticket, &wish.open, out.clone());
                    view.map(|view| place.insert(view))
                }
            };
            if let Some(view) = view {
                view.streams.read(&wish.streams);
            }
        }
    }
}

/// One view at work. Dropping it ends its streams.
struct View {
    epoch: Epoch,
    streams: Streams,
    merging: AbortHandle,
}

impl View {
    fn begin(epoch: Epoch, ticket: Ticket, open: &Open, out: mpsc::Sender<Said>) -> Option<Self> {
        let connection = open().ok()?.connection;
        let (lines, mut heard) = mpsc::channel(AHEAD);
        let merging = tokio::task::spawn_local(async move {
            let mut batches = Vec::with_capacity(TOGETHER);
            while 0 < heard.recv_many(&mut batches, TOGETHER).await {
                if out.send(Said { epoch, ticket, batches: std::mem::take(&mut batches) }).await.is_err() {
                    return;
                }
            }
        });
        let streams = Streams::new(connection, lines, Manner::default());
        Some(Self { epoch, streams, merging: merging.abort_handle() })
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.merging.abort();
    }
}
