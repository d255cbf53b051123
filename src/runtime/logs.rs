//! Logs are read on a thread of their own, over connections of their own: a flood of lines never holds up the loop, and
//! the loop that cannot keep up makes the readers wait.

use crate::api::connect::Connection;
use crate::api::logs::follow::{Job, follow};
use crate::api::logs::{Ask, Target};
use crate::app::effect::Stream;
use crate::app::event::{Epoch, Ticket};
use crate::runtime::link::Open;
use crate::view::logs::batch::{Batch, Mark, SourceId};
use crate::view::logs::query::Part;
use crate::view::logs::state::State;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::AbortHandle;

/// Requests that are being opened at a time.
const DOORS: usize = 10;
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
                view.read(&wish.streams);
            }
        }
    }
}

/// One view at work. Dropping it ends its streams.
struct View {
    epoch: Epoch,
    connection: Connection,
    doors: Arc<Semaphore>,
    lines: mpsc::Sender<(SourceId, Batch)>,
    streams: HashMap<SourceId, Reading>,
    merging: AbortHandle,
}

struct Reading {
    state: watch::Sender<State>,
    part: Part,
    task: AbortHandle,
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
        let (doors, streams) = (Arc::new(Semaphore::new(DOORS)), HashMap::new());
        Some(Self { epoch, connection, doors, lines, streams, merging: merging.abort_handle() })
    }

    /// New streams begin, those that are there learn what their containers do, and the others end.
    fn read(&mut self, streams: &[Stream]) {
        let wanted: HashMap<SourceId, Part> = streams.iter().map(|stream| (stream.source, stream.part)).collect();
        self.streams.retain(|source, reading| {
            let stays = wanted.get(source) == Some(&reading.part);
            if !stays {
                if wanted.contains_key(source) {
                    reading.task.abort();
                } else {
                    // Its pod is gone: what it said last is still read, and its end is told.
                    reading.state.send_replace(State::Gone);
                }
            }
            stays
        });
        for stream in streams {
            match self.streams.get(&stream.source) {
                Some(reading) => {
                    reading.state.send_if_modified(|state| {
                        let is_new = *state != stream.wanted.state;
                        state.clone_from(&stream.wanted.state);
                        is_new
                    });
                }
                None => self.open(stream.clone()),
            }
        }
    }

    fn open(&mut self, stream: Stream) {
        let Stream { source, wanted, part } = stream;
        let (state, states) = watch::channel(wanted.state);
        let target = Target {
            namespace: wanted.pod.namespace.as_deref().unwrap_or("").to_owned(),
            pod: wanted.pod.name.to_string(),
            container: wanted.container.to_string(),
        };
        let begin = Ask { follow: part.follow, previous: part.previous, since: part.since, tail: part.tail };
        let (connection, doors) = (self.connection.clone(), Arc::clone(&self.doors));
        let lines = self.lines.clone();
        let job = Job { connection, target, begin, state: states, source, out: lines.clone(), doors };
        let task = tokio::task::spawn_local(async move {
            follow(job).await;
            // Whoever reads to the end of a log that is not followed says so.
            if !part.follow {
                let mut end = Batch::default();
                end.mark(Mark::Ended { code: None, reason: Arc::from("") });
                let _ = lines.send((source, end)).await;
            }
        });
        self.streams.insert(source, Reading { state, part, task: task.abort_handle() });
    }
}

impl Drop for View {
    fn drop(&mut self) {
        self.merging.abort();
        for reading in self.streams.values() {
            reading.task.abort();
        }
    }
}
