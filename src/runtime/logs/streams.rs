//! A set of streams over one connection, kept in line with what is wanted. Dropping it ends them all.

use crate::api::connect::Connection;
use crate::api::logs::follow::{Job, Manner, Over, follow};
use crate::api::logs::{Ask, Target};
use crate::app::effect::Stream;
use crate::runtime::logs::merge::Mouth;
use crate::view::logs::batch::{Batch, Mark, SourceId};
use crate::view::logs::query::Part;
use crate::view::logs::state::State;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::AbortHandle;

/// Requests that are being opened at a time.
const DOORS: usize = 10;

/// Streams that are being read; needs a local set of tasks around it.
#[derive(Debug)]
pub struct Streams {
    connection: Connection,
    doors: Arc<Semaphore>,
    lines: mpsc::Sender<(SourceId, Batch)>,
    ends: Option<mpsc::Sender<(SourceId, Over)>>,
    mouths: Option<Vec<Mouth>>,
    open: HashMap<SourceId, Reading>,
    manner: Manner,
}

#[derive(Debug)]
struct Reading {
    state: watch::Sender<State>,
    part: Part,
    task: AbortHandle,
}

impl Streams {
    /// No stream yet; what they read goes to `lines`.
    pub fn new(connection: Connection, lines: mpsc::Sender<(SourceId, Batch)>, manner: Manner) -> Self {
        let doors = Arc::new(Semaphore::new(DOORS));
        Self { connection, doors, lines, ends: None, mouths: None, open: HashMap::new(), manner }
    }

    /// Says of each stream when and why it is over, after its last line.
    pub fn telling(mut self, ends: mpsc::Sender<(SourceId, Over)>) -> Self {
        self.ends = Some(ends);
        self
    }

    /// Each stream has a channel of its own instead of the one for all, and waits until its last batch is taken.
    pub fn apart(mut self) -> Self {
        self.mouths = Some(Vec::new());
        self
    }

    /// The channels of streams that began apart. Those that begin later are told with all others; of those that are followed
    /// only the past has a channel of its own.
    pub fn mouths(&mut self) -> Vec<Mouth> {
        self.mouths.take().unwrap_or_default()
    }

    /// New streams begin, those that are there learn what their containers do, and the others end.
    pub fn read(&mut self, streams: &[Stream]) {
        let wanted: HashMap<SourceId, Part> = streams.iter().map(|stream| (stream.source, stream.part)).collect();
        self.open.retain(|source, reading| {
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
            match self.open.get(&stream.source) {
                Some(reading) => {
                    reading.state.send_if_modified(|state| {
                        let is_new = *state != stream.wanted.state;
                        state.clone_from(&stream.wanted.state);
                        is_new
                    });
                }
                None => self.begin(stream.clone()),
            }
        }
    }

    fn begin(&mut self, stream: Stream) {
        let Stream { source, wanted, part } = stream;
        let (state, states) = watch::channel(wanted.state);
        let target = Target {
            namespace: wanted.pod.namespace.as_deref().unwrap_or("").to_owned(),
            pod: wanted.pod.name.to_string(),
            container: wanted.container.to_string(),
        };
        let begin = Ask { follow: part.follow, previous: part.previous, since: part.since, tail: part.tail };
        let (connection, doors) = (self.connection.clone(), Arc::clone(&self.doors));
        let (ends, manner) = (self.ends.clone(), self.manner);
        let apart = self.mouth(source);
        let live = apart.as_ref().filter(|_| part.follow).map(|_| self.lines.clone());
        let out = apart.unwrap_or_else(|| self.lines.clone());
        let lines = if part.follow { self.lines.clone() } else { out.clone() };
        let job = Job { connection, target, begin, state: states, source, out, live, doors, manner };
        let task = tokio::task::spawn_local(async move {
            let over = follow(job).await;
            // Whoever reads to the end of a log that is not followed says so.
            if !part.follow {
                let mut end = Batch::default();
                end.mark(Mark::Ended { code: None, reason: Arc::from("") });
                let _ = lines.send((source, end)).await;
            }
            drop(lines);
            if let Some(ends) = ends {
                let _ = ends.send((source, over)).await;
            }
        });
        self.open.insert(source, Reading { state, part, task: task.abort_handle() });
    }

    /// A channel of its own for a stream, where they are read apart.
    fn mouth(&mut self, source: SourceId) -> Option<mpsc::Sender<(SourceId, Batch)>> {
        let mouths = self.mouths.as_mut()?;
        let (lines, mouth) = mpsc::channel(1);
        mouths.push((source, mouth));
        Some(lines)
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        for reading in self.open.values() {
            reading.task.abort();
        }
    }
}
