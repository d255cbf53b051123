//! Effects become tasks here: connections with their watches, single reads, the clipboard. Each task ends in a report.

use crate::app::effect::Effect;
use crate::app::event::{ContextName, Epoch, Event, Failure, Outcome};
use crate::runtime::clipboard::Clipboard;
use crate::runtime::clock::Clock;
use crate::runtime::link::{Beginning, Link};
use crate::runtime::logs::{Readers, Said};
use crate::runtime::report::Report;
use crate::runtime::save;
use crate::runtime::source::Source;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// What an effect means for the loop itself.
#[derive(Debug)]
pub enum Flow {
    /// Nothing: it goes on elsewhere.
    On,
    /// The program ends.
    End,
    /// Stop until the shell continues us.
    Suspend,
    /// Paint the next frame in full.
    Redraw,
    /// Something was left over: there is a turn for it when nothing else waits.
    Continue,
    /// Somebody else has the terminal until this resolves.
    Lend(oneshot::Receiver<()>),
}

/// What the world says: reports of tasks, and what logs say, which have a channel of their own.
#[derive(Debug)]
pub struct Heard {
    /// Reports.
    pub reports: mpsc::Receiver<Report>,
    /// Logs.
    pub logs: mpsc::Receiver<Said>,
}

/// Everything outside the program.
pub struct World {
    source: Arc<Mutex<Source>>,
    clock: Clock,
    links: HashMap<Epoch, Link>,
    readers: Readers,
    clipboard: Arc<Clipboard>,
    /// Namespaces that the user named, for who may not list them.
    given: Vec<Arc<str>>,
    out: mpsc::Sender<Report>,
}

impl World {
    /// The world, and where it reports to.
    pub fn new(source: Source, clock: Clock, clipboard: Clipboard, given: Vec<Arc<str>>) -> (Self, Heard) {
        let (out, reports) = mpsc::channel(super::BATCH);
        let source = Arc::new(Mutex::new(source));
        let (readers, logs) = Readers::new();
        let clipboard = Arc::new(clipboard);
        (Self { source, clock, links: HashMap::new(), readers, clipboard, given, out }, Heard { reports, logs })
    }

    /// Begins what the effect wants.
    pub fn perform(&mut self, effect: Effect) -> Flow {
        match effect {
            Effect::Connect { context, epoch, terminal } => return self.connect(context, epoch, terminal),
            Effect::Disconnect(epoch) => {
                self.readers.leave(epoch);
                drop(self.links.remove(&epoch));
            }
            Effect::Watch(epoch, scope) => self.with(epoch, |link| link.watch(scope)),
            Effect::Unwatch(epoch, scope) => self.with(epoch, |link| link.unwatch(&scope)),
            Effect::Fetch(epoch, object) => self.with(epoch, |link| link.fetch(object)),
            Effect::Columns(epoch, kind) => self.with(epoch, |link| link.columns(kind)),
            Effect::Logs(epoch, ticket, streams) => {
                if let Some(link) = self.links.get(&epoch) {
                    self.readers.read(epoch, ticket, streams, link.open());
                }
            }
            Effect::Continue => return Flow::Continue,
            Effect::Retry(epoch) => self.with(epoch, Link::retry),
            Effect::Copy { text, what } => self.copy(text, what),
            Effect::Save { path, bytes, what } => self.save(path, bytes, what),
            Effect::Redraw => return Flow::Redraw,
            Effect::Suspend => return Flow::Suspend,
            Effect::Quit => return Flow::End,
        }
        Flow::On
    }

    fn with(&mut self, epoch: Epoch, act: impl FnOnce(&mut Link)) {
        if let Some(link) = self.links.get_mut(&epoch) {
            act(link);
        }
    }

    fn connect(&mut self, context: ContextName, epoch: Epoch, terminal: bool) -> Flow {
        let (source, clock) = (Arc::clone(&self.source), self.clock);
        let open = move || source.lock().unwrap_or_else(PoisonError::into_inner).open(&context, &clock);
        let (link, lent) = Link::begin(Beginning {
            open: Arc::new(open),
            epoch,
            clock,
            terminal,
            given: self.given.clone(),
            out: self.out.clone(),
        });
        self.links.insert(epoch, link);
        lent.map_or(Flow::On, Flow::Lend)
    }

    fn save(&self, path: String, bytes: Vec<u8>, what: String) {
        let out = self.out.clone();
        tokio::spawn(async move {
            let written = tokio::task::spawn_blocking(move || save::write(&path, &bytes)).await;
            let outcome = match written {
                Ok(Ok(path)) => Outcome::Saved { what, path: path.display().to_string() },
                Ok(Err(error)) => Outcome::Failed(Failure {
                    what: format!("{what} could not be saved"),
                    cause: error.to_string(),
                    remedy: error.remedy().to_owned(),
                }),
                Err(error) => Outcome::Failed(Failure {
                    what: format!("{what} could not be saved"),
                    cause: error.to_string(),
                    remedy: String::new(),
                }),
            };
            let _ = out.send(Report::Event(Event::Outcome(outcome))).await;
        });
    }

    fn copy(&self, text: String, what: String) {
        let (clipboard, out) = (Arc::clone(&self.clipboard), self.out.clone());
        tokio::spawn(async move {
            let outcome = match clipboard.copy(&text).await {
                Ok(copied) => {
                    if let Some(sequence) = copied.sequence {
                        let _ = out.send(Report::Write(sequence)).await;
                    }
                    Outcome::Copied { what, way: copied.way }
                }
                Err(error) => Outcome::Failed(Failure {
                    what: format!("{what} could not be copied"),
                    cause: error.to_string(),
                    remedy: "set `clipboard` in the configuration, or select with the mouse".to_owned(),
                }),
            };
            let _ = out.send(Report::Event(Event::Outcome(outcome))).await;
        });
    }
}
