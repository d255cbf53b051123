//! The log screen: what opens it, and what its keys do.

use crate::app::App;
use crate::app::effect::Effect;
use crate::app::event::{Epoch, Ticket};
use crate::app::scene::LogsPane;
use crate::app::screen::{LogsScreen, Screen};
use crate::app::session::Session;
use crate::app::session::logs::{LogView, MOST};
use crate::view::line::{Line, Role, Span};
use crate::view::logs::batch::{Batch, SourceId, Stamp};
use crate::view::logs::buffer::Entry;
use crate::view::logs::filter::Filter;
use crate::view::logs::level::Level;
use crate::view::logs::query::Query;
use crate::view::logs::structure;
use crate::view::logs::tail::{Flow, Order};
use crate::view::logs::window::{self, Frame, Times};

/// What one press of an arrow moves lines by, in letters.
const PAN: usize = 16;

impl App {
    /// The logs of what is selected.
    pub(super) fn logs(&mut self) {
        let Some(key) = self.log_subject() else { return };
        let ticket = Ticket(self.epoch().0);
        let (limit, now) = (self.settings.log_bytes, self.now);
        let title = self.session().map_or_else(String::new, |session| crate::view::name(&session.catalog, &key));
        let Some(session) = self.session_mut() else { return };
        session.logs.insert(ticket, LogView::new(Query::of(key), limit, now));
        self.push(Screen::Logs(LogsScreen::new(ticket, title)));
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
            is_left |= session.sift_logs(now);
        }
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

    /// Rows for lines: one is for the state of the streams.
    fn log_height(&self) -> usize {
        usize::from(self.panes().main.height).saturating_sub(1)
    }

    /// Moves the selection; beyond the end the view goes live again.
    pub(super) fn step_logs(&mut self, by: isize) {
        let height = self.log_height();
        self.change_logs(|screen, view| {
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

    fn log_window(&self, screen: &LogsScreen, view: &LogView) -> window::Window {
        let frame = Frame {
            selected: screen.selected,
            row: screen.row,
            height: self.log_height(),
            width: usize::from(self.panes().main.width).saturating_sub(2),
            search: &self.search.text,
        };
        window::window(&view.tail, screen.look, frame)
    }

    pub(super) fn logs_pane(&self, session: &Session, screen: &LogsScreen) -> Option<LogsPane> {
        let view = session.logs.get(&screen.ticket)?;
        let window = self.log_window(screen, view);
        Some(LogsPane { head: head(screen, view), window })
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
                Times::None => Times::Clock,
            };
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
        let (limit, now) = (self.settings.log_bytes, self.now);
        let Some((screen, _)) = self.log_screen() else { return };
        let ticket = screen.ticket;
        let mut is_previous = false;
        if let Some(session) = self.session_mut() {
            let turn = |view: &mut LogView| {
                let part = &mut view.query.part;
                (part.previous, part.follow) = (!part.previous, part.previous);
                is_previous = part.previous;
            };
            session.reread(ticket, turn, limit, now);
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

    /// Jumps to the next line, or the one before, of which this holds.
    fn jump_logs(&mut self, is_forward: bool, wanted: impl Fn(&LogView, u64) -> bool) -> bool {
        let height = self.log_height();
        let mut found = None;
        self.change_logs(|screen, view| {
            let shown = view.tail.shown();
            let at = window::place(&view.tail, screen.selected);
            found = if is_forward {
                shown.iter().skip(at + 1).find(|number| wanted(view, **number)).copied()
            } else {
                shown.iter().take(at).rev().find(|number| wanted(view, **number)).copied()
            };
            if found.is_some() {
                (screen.selected, screen.row) = (found, height / 3);
            }
        });
        found.is_some()
    }

    pub(super) fn next_error(&mut self, is_forward: bool) {
        let is_error = |view: &LogView, number| view.tail.buffer.entry(number).is_some_and(|e| Level::Error <= e.level);
        if !self.jump_logs(is_forward, is_error) {
            self.say(if is_forward { "no error below" } else { "no error above" });
        }
    }

    pub(super) fn next_bookmark(&mut self) {
        use crate::view::logs::buffer::Flag;
        let is_marked =
            |view: &LogView, number| view.tail.buffer.entry(number).is_some_and(|e| e.flag == Flag::Bookmark);
        if !self.jump_logs(true, is_marked) {
            self.change_logs(|screen, view| screen.selected = view.tail.shown().front().copied());
            if !self.jump_logs(true, is_marked) {
                self.say("nothing is marked: m marks a line");
            }
        }
    }

    /// One minute on, or back.
    pub(super) fn minute_logs(&mut self, is_forward: bool) {
        let stamp = |view: &LogView, number| view.tail.buffer.entry(number).and_then(Entry::at);
        let Some((screen, view)) = self.log_screen() else { return };
        let at = view.tail.shown().get(window::place(&view.tail, screen.selected)).and_then(|n| stamp(view, *n));
        let Some(Stamp(at)) = at else { return };
        let wanted = if is_forward { at + 60_000_000_000 } else { at - 60_000_000_000 };
        let is_there = |view: &LogView, number| {
            stamp(view, number).is_some_and(|Stamp(at)| if is_forward { wanted <= at } else { at <= wanted })
        };
        if !self.jump_logs(is_forward, is_there) {
            self.say("there is nothing so far away");
        }
    }

    /// `n` and `N`: lines in which something was searched for.
    pub(super) fn search_logs(&mut self, is_forward: bool) {
        let text = self.search.text.to_lowercase();
        if text.is_empty() {
            return self.say("nothing is searched for: / searches");
        }
        let has = |view: &LogView, number: u64| {
            let line = view.tail.buffer.entry(number).map(|entry| view.tail.buffer.line(entry)).unwrap_or_default();
            memchr::memmem::find(&line.to_ascii_lowercase(), text.as_bytes()).is_some()
        };
        if !self.jump_logs(is_forward, has) {
            self.say(format!("{text} was not found {}", if is_forward { "below" } else { "above" }));
        }
    }

    pub(super) fn bookmark(&mut self) {
        self.change_logs(|screen, view| {
            let number = view.tail.shown().get(window::place(&view.tail, screen.selected)).copied();
            if let Some(number) = number {
                screen.selected = Some(number);
                view.tail.buffer.toggle_bookmark(number);
            }
        });
    }

    pub(super) fn copy_log(&mut self, is_full: bool) {
        let Some((screen, view)) = self.log_screen() else { return };
        let number = view.tail.shown().get(window::place(&view.tail, screen.selected));
        if let Some(text) = number.and_then(|number| window::copied(&view.tail, *number, is_full)) {
            self.out.push(Effect::Copy { text, what: "the line".to_owned() });
        }
    }

    /// Everything that is shown, with streams and times.
    pub(super) fn copy_logs(&mut self) {
        let Some((_, view)) = self.log_screen() else { return };
        let lines: Vec<String> =
            view.tail.shown().iter().filter_map(|number| window::copied(&view.tail, *number, true)).collect();
        self.out.push(Effect::Copy { what: format!("{} lines", lines.len()), text: lines.join("\n") });
    }

    /// Only lines that carry the same trace or request id, of every stream.
    pub(super) fn follow_id(&mut self) {
        let Some((screen, view)) = self.log_screen() else { return };
        let number = view.tail.shown().get(window::place(&view.tail, screen.selected));
        let line = number.and_then(|number| view.tail.buffer.entry(*number)).map(|entry| view.tail.buffer.line(entry));
        match line.and_then(structure::parse).and_then(|record| record.trace) {
            Some((_, value)) => self.set_log_filter(&format!("\"{value}\"")),
            None => self.say("this line has no trace or request id"),
        }
    }
}

/// `12 streams live, 1 waits · 4 errors · 3.2 s behind · /filter 40 of 900`.
fn head(screen: &LogsScreen, view: &LogView) -> Line {
    let tail = &view.tail;
    let count = |wanted: fn(&Flow) -> bool| tail.sources.iter().filter(|source| wanted(&source.state)).count();
    let states = [
        ("live", count(|flow| matches!(flow, Flow::Live))),
        ("opening", count(|flow| matches!(flow, Flow::Opening))),
        ("waiting", count(|flow| matches!(flow, Flow::Waits(_)))),
        ("ended", count(|flow| matches!(flow, Flow::Ended | Flow::Gone))),
        ("failed", count(|flow| matches!(flow, Flow::Failed(_)))),
    ];
    let states = states.iter().filter(|(_, n)| 0 < *n).map(|(word, n)| format!("{n} {word}"));
    let states = states.collect::<Vec<_>>().join(", ");
    let mut spans = vec![if states.is_empty() {
        Span::text(if view.matching == 0 { "no container matches" } else { "opening" })
    } else {
        Span::text(states)
    }];
    if !view.has_all && MOST < view.matching {
        spans.push(Span::new(format!("  {MOST} of {} streams: A reads all", view.matching), Role::Key));
    }
    spans.extend(counts(view));
    match screen.selected {
        Some(number) => {
            let newer = tail.shown().len().saturating_sub(tail.shown().partition_point(|n| *n <= number));
            spans.push(Span::new(
                format!("  held, {newer} below: G goes live"),
                Role::State(crate::kinds::Health::Progressing),
            ));
        }
        None => spans.push(Span::new("  live", Role::State(crate::kinds::Health::Ready))),
    }
    let failed = tail.sources.iter().find_map(|source| match &source.state {
        Flow::Failed(why) => Some(why),
        _ => None,
    });
    spans.extend(failed.map(|why| Span::new(format!("  {why}"), Role::State(crate::kinds::Health::Failed))));
    Line::of(spans)
}

/// How many errors, how many gaps, and how many lines the filter lets through.
fn counts(view: &LogView) -> Vec<Span> {
    let (tail, mut spans) = (&view.tail, Vec::new());
    let errors: u64 = tail.sources.iter().map(|source| source.errors).sum();
    if 0 < errors {
        spans.push(Span::new(format!("  {errors} errors"), Role::State(crate::kinds::Health::Failed)));
    }
    let gaps: u32 = tail.sources.iter().map(|source| source.gaps).sum();
    if 0 < gaps {
        spans.push(Span::new(format!("  {gaps} gaps"), Role::State(crate::kinds::Health::Warn)));
    }
    if !tail.filter().is_empty() {
        let kept = tail.buffer.numbers();
        let text =
            format!("  {} of {} lines match {}", tail.shown().len(), kept.end - kept.start, tail.filter().text());
        spans.push(Span::new(text, Role::Match));
        if tail.progress() < 1.0 {
            spans.push(Span::dim(format!("  {:.0} %", tail.progress() * 100.0)));
        }
    }
    spans
}
