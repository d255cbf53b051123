//! The log screen: what opens it, and what its keys do.

mod pane;
mod panel;
mod reach;
mod send;
mod shelf;

use crate::app::App;
use crate::app::effect::Effect;
use crate::app::event::{Epoch, Ticket};
use crate::app::layout::SPLIT;
use crate::app::screen::{LogsScreen, Screen};
use crate::app::session::Session;
use crate::app::session::logs::LogView;
use crate::kinds::{NAMESPACE, ObjectRef, SERVICE};
use crate::view::describe;
use crate::view::logs::batch::{Batch, SourceId};
use crate::view::logs::buffer;
use crate::view::logs::filter::Filter;
use crate::view::logs::query::{self, Query};
use crate::view::logs::sift::Fold;
use crate::view::logs::tail::Order;
use crate::view::logs::window::{self, Times};
use crate::view::routes::index::Entry;
use crate::view::table::Namespaces;
use crate::view::trace::body::WORKLOADS;

/// What one press of an arrow moves lines by, in letters.
const PAN: usize = 16;
/// From this width on logs open beside the table or the path, not over it.
const BESIDE: u16 = 160;

impl App {
    /// The logs of what is selected.
    pub(super) fn logs(&mut self) {
        let Some(session) = self.session() else { return };
        let named = |key: ObjectRef| {
            let name = crate::view::name(&session.catalog, &key);
            let title = key.namespace.as_ref().map_or(name.clone(), |namespace| format!("{namespace} {name}"));
            (title, vec![key])
        };
        let chosen = self.route_in_list().or_else(|| self.namespaces_of_list());
        if let Some(why) = self.object_of_line().and_then(|key| Self::speechless(session, &key)) {
            return self.say(why);
        }
        match chosen.or_else(|| self.object_of_line().map(named)) {
            Some((title, objects)) => self.open_logs(title, objects),
            None => self.say("nothing here has logs"),
        }
    }

    /// Why the object of a line of a path has no logs: nobody runs behind it.
    fn speechless(session: &Session, key: &ObjectRef) -> Option<String> {
        if !matches!(session.screen(), Screen::Trace(_) | Screen::Host(_))
            || !query::pods_of(&session.cluster, key).is_empty()
        {
            return None;
        }
        let name = crate::view::name(&session.catalog, key);
        let is_workload = WORKLOADS.contains(&key.kind) || key.kind == SERVICE;
        Some(match session.cluster.get(key) {
            None => format!("{name} does not exist, so it has no logs"),
            Some(_) if is_workload => format!("no pod stands behind {name}, so there are no logs to read"),
            Some(_) => format!("{name} has no pods, and so no logs: l on a Service or a pod reads theirs"),
        })
    }

    fn open_logs(&mut self, title: String, objects: Vec<ObjectRef>) {
        let ticket = Ticket(self.epoch().0);
        let (room, now, size) = (self.log_room(), self.now, self.size);
        let Some(session) = self.session_mut() else { return };
        session.logs.insert(ticket, LogView::new(Query::of_all(objects), room, now));
        let under = session.screen();
        let is_beside = BESIDE <= size.width && matches!(under, Screen::Table(_) | Screen::Trace(_));
        self.push(Screen::Logs(LogsScreen { is_beside, ..LogsScreen::new(ticket, title) }));
    }

    /// What the line of a path or a host speaks of; where it speaks of nothing, the line above it that does.
    fn object_of_line(&self) -> Option<ObjectRef> {
        if !matches!(self.session()?.screen(), Screen::Trace(_) | Screen::Host(_)) {
            return self.log_subject();
        }
        let (page, cursor) = self.page_on_screen()?;
        let lines: Vec<_> = describe::lines(&page).take(cursor.index.saturating_add(1)).collect();
        lines.into_iter().rev().find_map(|(_, line)| line.link.clone())
    }

    /// In the list of namespaces: the chosen ones.
    fn namespaces_of_list(&self) -> Option<(String, Vec<ObjectRef>)> {
        let session = self.session()?;
        let chosen = self.namespaces_in_list()?;
        let title = chosen.text();
        let names = match chosen {
            Namespaces::All => session.known_namespaces(),
            Namespaces::Some(names) => names.into_iter().collect(),
        };
        Some((title, names.iter().map(|name| ObjectRef::new(NAMESPACE, "", name)).collect()))
    }

    /// In a list of paths: the Services behind the selected one.
    fn route_in_list(&self) -> Option<(String, Vec<ObjectRef>)> {
        let session = self.session()?;
        if !matches!(session.screen(), Screen::Picker(_)) {
            return None;
        }
        let request = self.request()?;
        let services = |entry: &Entry| (entry.route.request == request).then(|| entry.route.services.clone());
        let services = session.routes.entries().find_map(services)?;
        Some((request.line(&session.catalog), services))
    }

    /// Logs spoke.
    pub(super) fn logs_came(&mut self, epoch: Epoch, ticket: Ticket, batches: &[(SourceId, Batch)]) {
        let now = self.now;
        let Some(session) = self.sessions.iter_mut().find(|session| session.epoch == epoch) else { return };
        session.take_logs(ticket, batches, now);
        self.sift_logs();
    }

    /// Filters on; what is left over has a turn of its own.
    pub(super) fn sift_logs(&mut self) {
        let now = self.now;
        let mut is_left = false;
        for session in self.sessions.iter_mut().filter(|session| !session.logs.is_empty()) {
            self.out.extend(session.send_logs());
            is_left |= session.sift_logs(now);
        }
        is_left |= self.seek_logs();
        if is_left {
            self.out.push(Effect::Continue);
        }
        self.redraw = true;
    }

    fn log_screen(&self) -> Option<(&LogsScreen, &LogView)> {
        let session = self.session()?;
        let Screen::Logs(screen) = session.screen() else { return None };
        Some((screen, session.logs.get(&screen.ticket)?))
    }

    fn change_logs(&mut self, change: impl FnOnce(&mut LogsScreen, &mut LogView)) {
        let Some(session) = self.session_mut() else { return };
        let Some(Screen::Logs(screen)) = session.screens.last_mut() else { return };
        if let Some(view) = session.logs.get_mut(&screen.ticket) {
            change(screen, view);
        }
    }

    /// Moves the selection; beyond the end the view goes live again.
    pub(super) fn step_logs(&mut self, by: isize) {
        let height = self.log_height();
        if self.step_beside(by) {
            return;
        }
        self.change_logs(|screen, view| {
            screen.word.clear();
            let shown = view.tail.shown();
            let from = window::place(&view.tail, screen.selected);
            let row = if screen.selected.is_none() { height.saturating_sub(1) } else { screen.row };
            let to = from.saturating_add_signed(by);
            if shown.len() <= to + 1 && 0 < by {
                screen.selected = None;
                return;
            }
            let to = to.min(shown.len().saturating_sub(1));
            screen.selected = shown.get(to).copied();
            screen.row = row.saturating_add_signed(to.cast_signed() - from.cast_signed()).min(height.saturating_sub(1));
        });
    }

    /// Selects a line that is on screen.
    pub(super) fn select_log_row(&mut self, row: usize) {
        let Some((screen, view)) = self.log_screen() else { return };
        let number = self.log_window(screen, view).rows.get(row).map(|row| row.number);
        self.change_logs(|screen, _| (screen.selected, screen.row) = (number, row));
    }

    /// Holds the screen still, or lets it go on.
    pub(super) fn freeze_logs(&mut self) {
        let height = self.log_height();
        self.change_logs(|screen, view| {
            let last = view.tail.shown().back().copied();
            (screen.selected, screen.row) = match screen.selected {
                Some(_) => (None, 0),
                None => (last, height.saturating_sub(1)),
            };
        });
    }

    pub(super) fn wrap_logs(&mut self) {
        self.change_logs(|screen, _| (screen.look.wrap, screen.look.pan) = (!screen.look.wrap, 0));
    }

    pub(super) fn log_times(&mut self) {
        self.change_logs(|screen, _| {
            screen.look.times = match screen.look.times {
                Times::Clock => Times::Full,
                Times::Full => Times::None,
                Times::None | Times::Since(_) => Times::Clock,
            };
        });
    }

    /// Times counted from the selected line on, or as they are.
    pub(super) fn log_elapsed(&mut self) {
        let mut is_known = true;
        self.change_logs(|screen, view| {
            let number = window::here(&view.tail, screen.selected);
            let at = number.and_then(|number| view.tail.buffer.entry(number)).and_then(buffer::Entry::at);
            is_known = at.is_some();
            screen.look.times = match (screen.look.times, at) {
                (Times::Since(_), _) => Times::Clock,
                (_, Some(at)) => Times::Since(at),
                (times, None) => times,
            };
        });
        if !is_known {
            self.say("this line has no time to count from");
        }
    }

    pub(super) fn log_colours(&mut self) {
        self.change_logs(|screen, _| screen.look.has_colours = !screen.look.has_colours);
    }

    /// Everything in the selected line, or the lines again.
    pub(super) fn log_record(&mut self) {
        self.hold_logs();
        self.change_logs(|screen, view| {
            let is_wanted = screen.record.is_none() && !view.tail.shown().is_empty();
            screen.record = is_wanted.then_some(0);
        });
    }

    pub(super) fn log_histogram(&mut self) {
        self.change_logs(|screen, _| screen.has_histogram = !screen.has_histogram);
    }

    /// Folds what repeats: the same, then the same but for numbers, then nothing.
    pub(super) fn fold_logs(&mut self) {
        let mut fold = Fold::Off;
        self.change_logs(|_, view| {
            fold = match view.tail.sift.fold() {
                Fold::Off => Fold::Same,
                Fold::Same => Fold::Alike,
                Fold::Alike => Fold::Off,
            };
            view.tail.set_fold(fold);
        });
        self.sift_logs();
        self.say(match fold {
            Fold::Off => "each line stands for itself",
            Fold::Same => "lines with the same text are shown once",
            Fold::Alike => "lines that differ in times, numbers and ids only are shown once",
        });
    }

    /// Beside the table or the path, or on the whole screen.
    pub(super) fn zoom_logs(&mut self) {
        if self.size.width < SPLIT {
            return self.say(format!("beside the table there is room from {SPLIT} columns on"));
        }
        let Some(session) = self.session() else { return };
        let under = session.screens.iter().rev().nth(1);
        if !matches!(under, Some(Screen::Table(_) | Screen::Trace(_))) {
            return self.say("there is no table or path to stand beside");
        }
        self.change_logs(|screen, _| screen.is_beside = !screen.is_beside);
    }

    /// Selects the last line where none is: from now on the screen stands still.
    fn hold_logs(&mut self) {
        let height = self.log_height();
        self.change_logs(|screen, view| {
            if let (None, Some(last)) = (screen.selected, view.tail.shown().back()) {
                (screen.selected, screen.row) = (Some(*last), height.saturating_sub(1));
            }
        });
    }

    pub(super) fn raw_logs(&mut self) {
        self.change_logs(|screen, _| screen.look.is_structured = !screen.look.is_structured);
    }

    pub(super) fn pan_logs(&mut self, is_right: bool) {
        self.change_logs(|screen, _| {
            let pan = &mut screen.look.pan;
            *pan = if is_right { pan.saturating_add(PAN) } else { pan.saturating_sub(PAN) };
        });
    }

    pub(super) fn log_order(&mut self) {
        let mut order = Order::Time;
        self.change_logs(|_, view| {
            order = if view.tail.order == Order::Time { Order::Arrival } else { Order::Time };
            view.tail.order = order;
        });
        self.say(if order == Order::Time { "lines stand by time" } else { "lines stand as they come" });
    }

    /// The instance before the present one, or back.
    pub(super) fn previous_logs(&mut self) {
        let (room, now) = (self.log_room(), self.now);
        let Some((screen, _)) = self.log_screen() else { return };
        let ticket = screen.ticket;
        let mut is_previous = false;
        if let Some(session) = self.session_mut() {
            let turn = |view: &mut LogView| {
                let part = &mut view.query.part;
                (part.previous, part.follow) = (!part.previous, part.previous);
                is_previous = part.previous;
            };
            let old = session.reread(ticket, turn, room, now);
            self.out.extend(old);
        }
        self.change_logs(|screen, _| screen.selected = None);
        self.say(if is_previous { "the run before this one" } else { "the present run" });
    }

    /// Reads all streams, however many they are.
    pub(super) fn all_logs(&mut self) {
        self.change_logs(|_, view| view.has_all = true);
        if let Some(session) = self.session_mut() {
            session.has_news = true;
        }
    }

    /// Compiles a filter that is being typed; one that cannot be read leaves the last good one in force.
    pub(super) fn set_log_filter(&mut self, text: &str) {
        let parsed = Filter::parse(text);
        self.change_logs(|screen, view| match parsed {
            Ok(filter) => {
                screen.error = None;
                view.tail.set_filter(filter);
            }
            Err(error) => screen.error = Some(error.0),
        });
        self.sift_logs();
    }

    /// A filter is typed to its end: what was wrong with it is told once more, the last good one is in force.
    pub(super) fn settle_log_filter(&mut self) {
        let mut wrong = None;
        self.change_logs(|screen, _| wrong = screen.error.take());
        if let Some(why) = wrong {
            self.say(why);
        }
    }
}

/// The first and the last line of the chosen range.
fn range(screen: &LogsScreen, view: &LogView) -> Option<(u64, u64)> {
    let anchor = screen.anchor?;
    let here = window::here(&view.tail, screen.selected)?;
    Some((anchor.min(here), anchor.max(here)))
}
