//! Effects become tasks here: connections with their watches, single reads, the clipboard. Each task ends in a report.

use crate::app::draft::{Draft, Edited, Given};
use crate::app::effect::{Effect, Weaker};
use crate::app::event::{ContextName, Epoch, Event, Failure, Outcome, Reply};
use crate::app::visit::Visit;
use crate::runtime::acts::{Actor, remember, tell, unsent};
use crate::runtime::clipboard::Clipboard;
use crate::runtime::clock::Clock;
use crate::runtime::editor::{self, Editor};
use crate::runtime::forward::{Forwarders, listen, unbegun};
use crate::runtime::journal::Journal;
use crate::runtime::link::{Beginning, Link, Open};
use crate::runtime::logs::{Readers, Said};
use crate::runtime::pins;
use crate::runtime::report::Report;
use crate::runtime::save::{Piece, Saves};
use crate::runtime::shelf::Shelves;
use crate::runtime::source::Source;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
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
    /// Somebody else has the terminal until the first resolves; the second is told once it is free.
    Lend(oneshot::Receiver<()>, Option<oneshot::Sender<()>>),
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
    contexts: HashMap<Epoch, ContextName>,
    journal: Arc<Journal>,
    policy: Option<PathBuf>,
    readers: Readers,
    shelves: Shelves,
    saves: Saves,
    clipboard: Arc<Clipboard>,
    /// Namespaces that the user named, for who may not list them.
    given: Vec<Arc<str>>,
    /// Where pins are written down.
    pins: Option<PathBuf>,
    /// What opens texts; none where there is no terminal for it.
    editor: Option<Editor>,
    /// Plans under way, by what tells them to stop.
    plans: Vec<(Epoch, Weak<AtomicBool>)>,
    /// Forwarded ports.
    forwards: Forwarders,
    out: mpsc::Sender<Report>,
}

impl World {
    /// The world, and where it reports to.
    pub fn new(source: Source, clock: Clock, clipboard: Clipboard, given: Vec<Arc<str>>) -> (Self, Heard) {
        let (out, reports) = mpsc::channel(super::BATCH);
        let source = Arc::new(Mutex::new(source));
        let (readers, logs) = Readers::new();
        let clipboard = Arc::new(clipboard);
        let world = Self {
            source,
            clock,
            links: HashMap::new(),
            contexts: HashMap::new(),
            journal: Arc::default(),
            policy: None,
            readers,
            saves: Saves::new(out.clone()),
            shelves: Shelves::new(std::env::temp_dir().join("kplumb"), out.clone()),
            clipboard,
            given,
            pins: None,
            editor: None,
            plans: Vec::new(),
            forwards: Forwarders::default(),
            out,
        };
        (world, Heard { reports, logs })
    }

    /// Keeps the record of actions there, and answers in that policy file. Without the first nothing is ever done.
    pub fn keeping(mut self, journal: Journal, policy: Option<PathBuf>) -> Self {
        self.journal = Arc::new(journal);
        self.policy = policy;
        self
    }

    /// The same world, with a file in which pins are written down.
    pub fn pinning(self, pins: Option<PathBuf>) -> Self {
        Self { pins, ..self }
    }

    /// The same world, with an editor for texts.
    pub fn editing(self, editor: Option<Editor>) -> Self {
        Self { editor, ..self }
    }

    /// The same world, with a folder for lines that have no place in memory.
    pub fn shelving(mut self, folder: PathBuf) -> Self {
        self.shelves.move_to(folder);
        self
    }

    /// Begins what the effect wants.
    pub fn perform(&mut self, effect: Effect) -> Flow {
        match effect {
            Effect::Connect { context, epoch, terminal } => return self.connect(context, epoch, terminal),
            Effect::ConnectAs { context, epoch, weaker } => return self.connect_as(context, epoch, weaker),
            Effect::Weaken(epoch, weaker) => {
                if let (Some(link), Some(context)) = (self.links.get_mut(&epoch), self.contexts.get(&epoch)) {
                    link.weaken(weaker.clone(), open_as(&self.source, self.clock, context.clone(), weaker));
                }
            }
            Effect::Disconnect(epoch) => {
                self.readers.leave(epoch);
                self.forwards.leave(epoch);
                drop(self.links.remove(&epoch));
                self.contexts.remove(&epoch);
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
            Effect::Shelve(volume, order) => self.shelves.perform(volume, order),
            Effect::Unshelve(volume) => self.shelves.close(volume),
            Effect::Probe { epoch, request, chain } => self.with(epoch, |link| link.probe(request, chain)),
            Effect::LookUp(epoch, names) => self.with(epoch, |link| link.look_up(names)),
            Effect::Pins { context, lines } => self.pin(&context, &lines),
            Effect::Edit(epoch, number, draft) => return self.edit(epoch, number, *draft),
            Effect::Discard(path) => editor::discard(Path::new(&path)),
            Effect::Read(epoch, path) => self.read(epoch, path),
            Effect::List(path) => self.list(path),
            Effect::Rights(..)
            | Effect::Consult(..)
            | Effect::Preview(..)
            | Effect::Mutate(..)
            | Effect::Visit(..)
            | Effect::Halt(..) => self.act(effect),
            Effect::TryPort(..) | Effect::Forward(..) | Effect::MoveForward(..) | Effect::CloseForward(..) => {
                self.forward(effect);
            }
            Effect::Remember(answer) => drop(tokio::spawn(remember(self.policy.clone(), answer, self.out.clone()))),
            Effect::Record => drop(tokio::spawn(tell(Arc::clone(&self.journal), self.out.clone()))),
            Effect::Continue => return Flow::Continue,
            Effect::Retry(epoch) => self.with(epoch, Link::retry),
            Effect::Copy { text, what } => self.copy(text, what),
            Effect::Save { file, path, bytes, what } => self.saves.perform(file, path, Piece { bytes, what }),
            Effect::Unsave(file) => self.saves.give_up(file),
            Effect::Redraw => return Flow::Redraw,
            Effect::Suspend => return Flow::Suspend,
            Effect::Quit => return Flow::End,
        }
        Flow::On
    }

    /// What leads to a write, and what is opened into a container.
    fn act(&mut self, effect: Effect) {
        match effect {
            Effect::Rights(epoch, rights) => {
                if let Some(actor) = self.actor(epoch) {
                    tokio::spawn(actor.rights(rights));
                }
            }
            Effect::Consult(epoch, number, inquiry) => {
                if let Some(actor) = self.actor(epoch) {
                    tokio::spawn(actor.consult(number, *inquiry));
                }
            }
            Effect::Preview(epoch, number, mutation) => {
                if let Some(actor) = self.actor(epoch) {
                    tokio::spawn(actor.preview(number, *mutation));
                }
            }
            Effect::Mutate(epoch, confirmed) => {
                // Not a task of the link: what was begun goes on, and is told, when the connection is left.
                let now = tokio::time::Instant::now();
                match self.actor(epoch) {
                    Some(actor) if confirmed.mutation().is_some() => drop(tokio::spawn(actor.mutate(*confirmed, now))),
                    Some(actor) => {
                        let halted = self.halted(epoch);
                        tokio::spawn(actor.carry_out(*confirmed, now, halted));
                    }
                    None => drop(tokio::spawn(unsent(epoch, *confirmed, self.out.clone()))),
                }
            }
            Effect::Visit(epoch, visit) => self.visit(epoch, *visit),
            Effect::Halt(epoch) => {
                let plans = self.plans.iter().filter(|(of, _)| *of == epoch);
                plans.filter_map(|(_, halted)| halted.upgrade()).for_each(|flag| flag.store(true, Ordering::SeqCst));
            }
            _ => {}
        }
    }

    /// Ports that are forwarded.
    fn forward(&mut self, effect: Effect) {
        match effect {
            Effect::TryPort(epoch, number, port) => {
                if let Some(actor) = self.actor(epoch) {
                    tokio::spawn(async move { actor.shared.reply(Reply::Port(number, listen::tried(port))).await });
                }
            }
            Effect::Forward(epoch, id, confirmed) => match self.actor(epoch) {
                Some(actor) => self.forwards.begin(actor, id, *confirmed),
                None => drop(tokio::spawn(unbegun(epoch, id, *confirmed, self.out.clone()))),
            },
            Effect::MoveForward(id, uid) => self.forwards.go_on(id, uid),
            Effect::CloseForward(id, why) => self.forwards.close(id, why),
            _ => {}
        }
    }

    /// Ends what must not outlive the program; how many forwarded ports there were.
    pub async fn finish(&mut self) -> usize {
        self.forwards.finish().await
    }

    fn with(&mut self, epoch: Epoch, act: impl FnOnce(&mut Link)) {
        if let Some(link) = self.links.get_mut(&epoch) {
            act(link);
        }
    }

    /// Like a write, it goes on when the connection is left.
    fn visit(&mut self, epoch: Epoch, visit: Visit) {
        let now = tokio::time::Instant::now();
        match self.actor(epoch) {
            Some(actor) => {
                let halted = self.halted(epoch);
                tokio::spawn(actor.visit(visit, now, halted));
            }
            None => drop(tokio::spawn(unsent(epoch, visit.channel, self.out.clone()))),
        }
    }

    /// By what a plan is told to stop.
    fn halted(&mut self, epoch: Epoch) -> Arc<AtomicBool> {
        let halted = Arc::new(AtomicBool::new(false));
        self.plans.retain(|(_, plan)| 0 < plan.strong_count());
        self.plans.push((epoch, Arc::downgrade(&halted)));
        halted
    }

    /// Who acts on a connection. The context of each is kept, so that what was confirmed always has an outcome.
    fn actor(&self, epoch: Epoch) -> Option<Actor> {
        let link = self.links.get(&epoch)?;
        Some(Actor {
            source: Arc::clone(&self.source),
            context: self.contexts.get(&epoch)?.clone(),
            shared: link.shared(),
            journal: Arc::clone(&self.journal),
        })
    }

    fn connect(&mut self, context: ContextName, epoch: Epoch, terminal: bool) -> Flow {
        let (source, clock) = (Arc::clone(&self.source), self.clock);
        self.contexts.insert(epoch, context.clone());
        let open = move || source.lock().unwrap_or_else(PoisonError::into_inner).open(&context, &clock);
        self.begin(Arc::new(open), epoch, terminal)
    }

    fn connect_as(&mut self, context: ContextName, epoch: Epoch, weaker: Weaker) -> Flow {
        self.contexts.insert(epoch, context.clone());
        self.begin(open_as(&self.source, self.clock, context, weaker), epoch, false)
    }

    fn begin(&mut self, open: Open, epoch: Epoch, terminal: bool) -> Flow {
        let (link, lent) = Link::begin(Beginning {
            open,
            epoch,
            clock: self.clock,
            terminal,
            given: self.given.clone(),
            out: self.out.clone(),
        });
        self.links.insert(epoch, link);
        lent.map_or(Flow::On, |until| Flow::Lend(until, None))
    }

    /// The editor begins once the terminal is free, and has it until it ends.
    fn edit(&self, epoch: Epoch, number: u64, draft: Draft) -> Flow {
        let out = self.out.clone();
        let reply = move |edited| Report::Event(Event::Reply(epoch, Reply::Edited(number, edited)));
        let Some(editor) = self.editor.clone() else {
            let edited = Edited::Failed { why: "there is no terminal to edit in".to_owned(), path: draft.replaces };
            tokio::spawn(async move { out.send(reply(edited)).await });
            return Flow::On;
        };
        let (done, until) = oneshot::channel();
        let (ready, is_free) = oneshot::channel();
        tokio::spawn(async move {
            let _ = is_free.await;
            let edited = editor.edit(&draft).await;
            // The loop hears nothing before it has the terminal again.
            drop(done);
            let _ = out.send(reply(edited)).await;
        });
        Flow::Lend(until, Some(ready))
    }

    fn read(&self, epoch: Epoch, path: String) {
        let out = self.out.clone();
        tokio::spawn(async move {
            let typed = path.clone();
            let read = tokio::task::spawn_blocking(move || editor::given(&typed)).await;
            let given = read.unwrap_or_else(|error| Given {
                unreadable: vec![(path.clone(), error.to_string())],
                path,
                ..Given::default()
            });
            let _ = out.send(Report::Event(Event::Reply(epoch, Reply::Given(given)))).await;
        });
    }

    fn list(&self, path: String) {
        let out = self.out.clone();
        tokio::spawn(async move {
            // A folder that cannot be read offers nothing; what is typed says why once it is run.
            let folder = tokio::task::spawn_blocking(move || editor::listed(path)).await.unwrap_or_default();
            let _ = out.send(Report::Event(Event::Outcome(Outcome::Listed(folder)))).await;
        });
    }

    /// One small file: it is written at once, so that two pins never overtake each other.
    fn pin(&self, context: &str, lines: &[String]) {
        let (place, written) = match &self.pins {
            Some(path) => (path.display().to_string(), pins::write(path, context, lines)),
            None => ("the state folder".to_owned(), Err(io::Error::other("there is none"))),
        };
        let Err(error) = written else { return };
        let failure = Failure {
            what: format!("the pin could not be written to {place}"),
            cause: error.to_string(),
            remedy: "it is kept until kplumb ends".to_owned(),
        };
        let out = self.out.clone();
        tokio::spawn(async move { out.send(Report::Event(Event::Outcome(Outcome::Failed(failure)))).await });
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
/// How a context is opened as somebody weaker.
fn open_as(source: &Arc<Mutex<Source>>, clock: Clock, context: ContextName, weaker: Weaker) -> Open {
    let source = Arc::clone(source);
    Arc::new(move || source.lock().unwrap_or_else(PoisonError::into_inner).look_as(&context, &clock, &weaker))
}
