//! The logs that a session reads: views by their number, each with its streams, kept in line with the model.

use super::Session;
use crate::app::effect::{Effect, Stream};
use crate::app::event::Ticket;
use crate::app::screen::Screen;
use crate::view::logs::batch::{Batch, SourceId};
use crate::view::logs::query::{Query, Wanted, wanted};
use crate::view::logs::tail::Tail;
use crate::wire::Timestamp;

/// Streams that are opened without asking.
pub const MOST: usize = 64;
/// Lines that the filter looks at in one turn: a few milliseconds.
const SLICE: usize = 20_000;

/// One view of logs.
#[derive(Debug)]
pub struct LogView {
    /// Whose logs.
    pub query: Query,
    /// What came.
    pub tail: Tail,
    /// Whether more streams than `MOST` are wanted.
    pub has_all: bool,
    /// How many streams match.
    pub matching: usize,
    /// What is read now.
    streams: Vec<Stream>,
    begun: bool,
}

impl LogView {
    /// A view that reads nothing yet and keeps so many bytes.
    pub fn new(query: Query, limit: usize, now: Timestamp) -> Self {
        let tail = Tail::new(limit, now);
        Self { query, tail, has_all: false, matching: 0, streams: Vec::new(), begun: false }
    }

    /// The streams that are to be read, the newest pods first where there are too many.
    fn chosen(&mut self, mut all: Vec<Wanted>, created: impl Fn(&Wanted) -> Option<Timestamp>) -> Vec<Stream> {
        self.matching = all.len();
        if !self.has_all && MOST < all.len() {
            all.sort_by_key(|wanted| std::cmp::Reverse(created(wanted)));
            all.truncate(MOST);
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
            .collect();
        self.logs.retain(|ticket, _| {
            let stays = open.contains(ticket);
            if !stays {
                effects.push(Effect::Logs(epoch, *ticket, Vec::new()));
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
            is_left |= view.tail.scan(SLICE);
        }
        is_left
    }

    /// A view begins anew: another part of the log, or all streams.
    pub fn reread(&mut self, ticket: Ticket, change: impl FnOnce(&mut LogView), limit: usize, now: Timestamp) {
        if let Some(view) = self.logs.get_mut(&ticket) {
            let filter = view.tail.filter().clone();
            change(view);
            view.tail = Tail::new(limit, now);
            view.tail.set_filter(filter);
            (view.begun, view.streams) = (false, Vec::new());
        }
    }

    /// When waiting lines are due.
    pub fn logs_due(&self) -> Option<Timestamp> {
        self.logs.values().filter_map(|view| view.tail.due()).min()
    }
}
