//! The logs that a session reads: views by their number, each with its streams, kept in line with the model.

use super::Session;
use crate::app::effect::{Effect, Stream};
use crate::app::event::Ticket;
use crate::app::screen::Screen;
use crate::kinds::pod::facts::{Exit, State as Does};
use crate::kinds::{Facts, ObjectRef};
use crate::model::Cluster;
use crate::view::logs::batch::{Batch, SourceId};
use crate::view::logs::export::Export;
use crate::view::logs::query::{Query, Wanted, wanted};
use crate::view::logs::seek::Seek;
use crate::view::logs::shelf::Answer;
use crate::view::logs::tail::Tail;
use crate::wire::Timestamp;
use std::sync::Arc;

/// Streams that are opened without asking.
pub const MOST: usize = 64;
/// Lines of the past for the page of a rollout.
const HEARD: u64 = 20;
/// What the filter looks at in one turn, in lines of two hundred bytes: less than four milliseconds.
const SLICE: usize = 8_000;
/// Bytes that are written for a copy or a file in one turn.
const WRITTEN: usize = 512 << 10;

/// One view of logs.
#[derive(Debug)]
pub struct LogView {
    /// Whose logs.
    pub query: Query,
    /// What came.
    pub tail: Tail,
    /// Whether more streams than `most` are wanted.
    pub has_all: bool,
    /// Streams that are opened without asking.
    most: usize,
    /// How many streams match.
    pub matching: usize,
    /// A search that is under way.
    pub seek: Option<Seek>,
    /// What is on its way out, and where to.
    export: Option<(Export, Goal)>,
    /// How far a file is.
    saving: Saving,
    /// What is read now.
    streams: Vec<Stream>,
    begun: bool,
    /// The number of its file, and whether there is one.
    volume: Ticket,
    has_file: bool,
}

/// How far a file is that lines are saved to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Saving {
    /// There is none.
    #[default]
    No,
    /// The last piece is written.
    Idle,
    /// A piece is on its way to the disk.
    Busy,
}

/// How much a view keeps.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// Bytes in memory.
    pub memory: usize,
    /// Bytes on disk.
    pub disk: u64,
    /// The number of the file, unique in the process.
    pub volume: Ticket,
}

/// How a container ended.
#[derive(Clone, Copy, Debug)]
pub struct Crash<'a> {
    /// What its stream is called.
    pub label: &'a str,
    /// How it ended.
    pub exit: &'a Exit,
    /// How often it was restarted.
    pub restarts: u32,
    /// Whether it runs again.
    pub is_back: bool,
}

/// Where lines go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Goal {
    /// To the clipboard.
    Copy,
    /// To this file.
    Save(String),
}

impl LogView {
    /// A view that reads nothing yet and keeps so much.
    pub fn new(query: Query, room: Room, now: Timestamp) -> Self {
        Self {
            query,
            tail: Tail::new(room.memory, now).shelved(room.disk),
            has_all: false,
            most: MOST,
            matching: 0,
            seek: None,
            export: None,
            saving: Saving::No,
            streams: Vec::new(),
            begun: false,
            volume: room.volume,
            has_file: false,
        }
    }

    /// Whether more can be written of what goes out.
    fn can_write(&self) -> bool {
        self.saving != Saving::Busy && self.export.as_ref().is_some_and(|(export, _)| export.waits_for.is_none())
    }

    /// What goes out begins; false where a file is still being written.
    pub fn begin(&mut self, export: Export, goal: Goal) -> bool {
        let is_free = !matches!(self.export, Some((_, Goal::Save(_))));
        if is_free {
            self.export = Some((export, goal));
        }
        is_free
    }

    /// Nothing goes out any more; the effect where a file was begun.
    fn give_up(&mut self) -> Option<Effect> {
        self.export = None;
        (std::mem::take(&mut self.saving) != Saving::No).then_some(Effect::Unsave(self.volume))
    }

    /// How containers ended badly: those that do not run now, those that run again, and of the run before each.
    pub fn crashes<'a>(&'a self, cluster: &'a Cluster) -> impl Iterator<Item = Crash<'a>> {
        let is_previous = self.query.part.previous;
        self.streams.iter().filter_map(move |stream| {
            let Facts::Pod(facts) = &cluster.get(&stream.wanted.pod)?.digest.facts else { return None };
            let container = facts.containers.iter().find(|container| container.name == stream.wanted.container)?;
            let (exit, is_back) = match (&container.state, container.last_exit.as_deref()) {
                (Does::Exited(exit), _) if !is_previous => (&**exit, false),
                (Does::Running(_), Some(exit)) => (exit, true),
                (_, Some(exit)) => (exit, false),
                (_, None) => return None,
            };
            let label = self.tail.name_of(self.tail.sources.get(usize::from(stream.source.0))?);
            let crash = Crash { label, exit, restarts: container.restarts, is_back };
            (is_previous || exit.code != 0).then_some(crash)
        })
    }

    /// Writes on at what goes out: a piece of a file, or all of a copy.
    fn send(&mut self) -> Option<Effect> {
        if self.saving == Saving::Busy {
            return None;
        }
        let (export, goal) = self.export.as_mut()?;
        let is_left = export.write(&self.tail, WRITTEN);
        if let Some(number) = export.waits_for {
            self.tail.buffer.recall(number);
        }
        match goal {
            Goal::Copy if is_left => None,
            Goal::Copy => {
                let (export, _) = self.export.take()?;
                let text = String::from_utf8_lossy(&export.bytes);
                Some(Effect::Copy { text: text.trim_end_matches('\n').to_owned(), what: export.words() })
            }
            Goal::Save(_) if is_left && export.bytes.is_empty() => None,
            Goal::Save(path) => {
                let bytes = std::mem::take(&mut export.bytes);
                let path = (self.saving == Saving::No).then(|| path.clone());
                let what = (!is_left).then(|| export.words());
                self.saving = if is_left { Saving::Busy } else { Saving::No };
                if !is_left {
                    self.export = None;
                }
                Some(Effect::Save { file: self.volume, path, bytes, what })
            }
        }
    }

    /// A piece is in its file, or the disk refuses.
    fn saved(&mut self, is_written: bool) {
        if is_written && self.saving == Saving::Busy {
            self.saving = Saving::Idle;
        } else {
            (self.export, self.saving) = (None, Saving::No);
        }
    }

    /// The streams that are to be read, the newest pods first where there are too many.
    fn chosen(&mut self, mut all: Vec<Wanted>, created: impl Fn(&Wanted) -> Option<Timestamp>) -> Vec<Stream> {
        self.matching = all.len();
        if !self.has_all && self.most < all.len() {
            all.sort_by_key(|wanted| std::cmp::Reverse(created(wanted)));
            all.truncate(self.most);
            all.sort_by(|a, b| (&a.pod, &a.container).cmp(&(&b.pod, &b.container)));
        }
        let part = self.query.part;
        let stream = |wanted: Wanted| Some(Stream { source: self.tail.source(&wanted)?, wanted, part });
        all.into_iter().filter_map(stream).collect()
    }
}

impl Session {
    /// Brings what is read in line with the model, and ends what nobody looks at any more.
    pub fn read_logs(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        let epoch = self.epoch;
        let screens = self.screens.iter().chain(&self.forward);
        let open: Vec<Ticket> = screens
            .filter_map(|screen| match screen {
                Screen::Logs(screen) => Some(screen.ticket),
                _ => None,
            })
            .chain(self.heard.as_ref().map(|(_, ticket)| *ticket))
            .collect();
        self.logs.retain(|ticket, view| {
            let stays = open.contains(ticket);
            if !stays {
                effects.push(Effect::Logs(epoch, *ticket, Vec::new()));
                effects.extend(view.give_up());
                effects.extend(view.has_file.then_some(Effect::Unshelve(view.volume)));
            }
            stays
        });
        if self.logs.is_empty() || !self.is_live() {
            return effects;
        }
        let (cluster, touched) = (&self.cluster, std::mem::take(&mut self.has_news));
        for (ticket, view) in &mut self.logs {
            if view.begun && !touched {
                continue;
            }
            let created = |wanted: &Wanted| cluster.get(&wanted.pod).and_then(|pod| pod.meta.created);
            let streams = view.chosen(wanted(cluster, &view.query), created);
            if streams != view.streams {
                view.streams.clone_from(&streams);
                effects.push(Effect::Logs(epoch, *ticket, streams));
            }
            view.begun = true;
        }
        effects
    }

    /// Listens to these pods for a rollout, over so many streams at most.
    pub fn hear(&mut self, heard: (ObjectRef, Ticket), pods: Vec<ObjectRef>, most: usize, now: Timestamp) {
        let ticket = heard.1;
        self.heard = Some(heard);
        let view = self.logs.entry(ticket).or_insert_with(|| {
            let mut query = Query::of_all(Vec::new());
            query.part.tail = Some(HEARD);
            let room = Room { memory: 0, disk: 0, volume: ticket };
            LogView { most, ..LogView::new(query, room, now) }
        });
        if view.query.objects != pods {
            (view.query.objects, view.begun) = (pods, false);
        }
    }

    /// Takes in what logs said.
    pub fn take_logs(&mut self, ticket: Ticket, batches: &[(SourceId, Batch)], now: Timestamp) {
        if let Some(view) = self.logs.get_mut(&ticket) {
            for (source, batch) in batches {
                view.tail.take(*source, batch, now);
            }
        }
    }

    /// Lets through what is due and filters on; whether something is left.
    pub fn sift_logs(&mut self, now: Timestamp) -> bool {
        let mut is_left = false;
        for view in self.logs.values_mut() {
            view.tail.settle(now);
            is_left |= view.tail.scan(SLICE) | view.can_write();
        }
        is_left
    }

    /// Writes on at copies and files; those that are whole.
    pub fn send_logs(&mut self) -> Vec<Effect> {
        self.logs.values_mut().filter_map(LogView::send).collect()
    }

    /// A piece of a file is written, or could not be.
    pub fn saved_logs(&mut self, file: Ticket, is_written: bool) {
        if let Some(view) = self.logs.values_mut().find(|view| view.volume == file) {
            view.saved(is_written);
        }
    }

    /// A view begins anew: another part of the log, or all streams. Returns what nobody needs any more.
    pub fn reread(
        &mut self,
        ticket: Ticket,
        change: impl FnOnce(&mut LogView),
        room: Room,
        now: Timestamp,
    ) -> Vec<Effect> {
        let Some(view) = self.logs.get_mut(&ticket) else { return Vec::new() };
        let shelf = view.has_file.then_some(Effect::Unshelve(view.volume));
        let old = view.give_up().into_iter().chain(shelf).collect();
        let filter = view.tail.filter().clone();
        change(view);
        view.tail = Tail::new(room.memory, now).shelved(room.disk);
        view.tail.set_filter(filter);
        view.seek = None;
        (view.begun, view.streams) = (false, Vec::new());
        (view.volume, view.has_file) = (room.volume, false);
        old
    }

    /// What logs want of their files now.
    pub fn shelve_logs(&mut self) -> Vec<Effect> {
        let orders = |view: &mut LogView| {
            let (orders, volume) = (view.tail.buffer.orders(), view.volume);
            view.has_file |= !orders.is_empty();
            orders.into_iter().map(move |order| Effect::Shelve(volume, order))
        };
        self.logs.values_mut().flat_map(orders).collect()
    }

    /// Whether a view of ours has this file.
    pub fn has_shelf(&self, volume: Ticket) -> bool {
        self.logs.values().any(|view| view.volume == volume)
    }

    /// Takes in what became of lines on disk; why, where the disk refuses.
    pub fn shelf_answered(&mut self, volume: Ticket, answer: Answer) -> Option<Arc<str>> {
        let view = self.logs.values_mut().find(|view| view.volume == volume)?;
        let refused = view.tail.buffer.answered(answer);
        view.tail.forget();
        refused
    }

    /// When waiting lines are due.
    pub fn logs_due(&self) -> Option<Timestamp> {
        self.logs.values().filter_map(|view| view.tail.due()).min()
    }
}
