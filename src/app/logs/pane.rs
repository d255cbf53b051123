//! What the log screen shows: how its streams are, the lines over time, the lines.

use crate::app::App;
use crate::app::layout::logs::{Places, places};
use crate::app::layout::{Area, scroll_room};
use crate::app::moves::docked;
use crate::app::scene::{Chart, Content, LogsPane};
use crate::app::screen::LogsScreen;
use crate::app::session::Session;
use crate::app::session::logs::{Crash, LogView, MOST};
use crate::kinds::{Health, age};
use crate::model::Cluster;
use crate::view::fit;
use crate::view::line::{Line, Role, Span, counted};
use crate::view::logs::buffer::Entry;
use crate::view::logs::pulse::skews;
use crate::view::logs::sift::Fold;
use crate::view::logs::source::Flow;
use crate::view::logs::window::{self, Frame};
use crate::wire::Timestamp;

/// Lines that are less behind than this are told as live, in microseconds.
const BEHIND: i64 = 2_000_000;
/// Cells for the name of what crashed: how it did is to be seen, too.
const NAME: usize = 28;
/// What is left of it where there is little room.
const SHORT_NAME: usize = 8;
/// Columns before each line, for the sign of the selected one.
const LEFT: u16 = 1;
/// Cells for whose logs they are, where that is said beside a table.
const TITLE: usize = 36;
/// A crash of a container that runs again is told for so long, in microseconds.
const RECENT: i64 = 3_600_000_000;

impl App {
    /// Where the lines of logs stand: beside a table, or in the main pane.
    pub(in crate::app) fn log_area(&self) -> Area {
        let panes = self.panes();
        let is_docked = self.session().is_some_and(|session| docked(session, self.size).is_some());
        panes.side.filter(|_| is_docked).unwrap_or(panes.main)
    }

    fn log_places(&self, screen: &LogsScreen, view: &LogView) -> Places {
        let area = self.log_area();
        let banner = self.session().and_then(|session| banner(&session.cluster, view, (self.now, area.width)));
        places(area, 1 + usize::from(banner.is_some()), screen.has_histogram)
    }

    /// Rows for lines.
    pub(super) fn log_height(&self) -> usize {
        let screen = self.log_screen();
        screen.map_or(0, |(screen, view)| usize::from(self.log_places(screen, view).body.height))
    }

    pub(in crate::app) fn log_window(&self, screen: &LogsScreen, view: &LogView) -> window::Window {
        let body = self.log_places(screen, view).body;
        let frame = Frame {
            selected: screen.selected,
            row: screen.row,
            height: usize::from(body.height),
            width: usize::from(body.width.saturating_sub(LEFT + scroll_room(1, 2))),
            search: &self.search.text,
            word: &screen.word,
            range: super::range(screen, view),
        };
        window::window(&view.tail, screen.look, frame)
    }

    /// What is searched for, and what is filtered by where the line above the lines has no room for it.
    pub(in crate::app) fn log_standing(&self) -> Option<String> {
        let (screen, view) = self.log_screen()?;
        let mut parts = Vec::new();
        if !self.search.text.is_empty() {
            parts.push(format!("/{}: n to the next, N to the one before", self.search.text));
        }
        let filter = view.tail.filter();
        let is_cut = usize::from(self.log_area().width) <= fit::width(&head(screen, view, self.now).plain());
        if is_cut && !filter.is_empty() {
            parts.push(format!("filter {}: F lists its terms", filter.text()));
        }
        (!parts.is_empty()).then(|| parts.join("   "))
    }

    /// The lines over time, as wide as there is room.
    pub(in crate::app) fn log_chart(&self, screen: &LogsScreen, view: &LogView) -> Option<Chart> {
        let places = self.log_places(screen, view);
        if places.chart.is_empty() {
            return None;
        }
        let bars = view.tail.sift.histogram().bars(usize::from(places.bars.width));
        let number = window::here(&view.tail, screen.selected);
        let at = number.and_then(|number| view.tail.buffer.entry(number)).and_then(Entry::at);
        let here = at.and_then(|at| bars.index(at.seconds()));
        Some(Chart { bars, here })
    }

    /// Lines of logs, as a pane shows them.
    pub(in crate::app) fn logs_content(&self, session: &Session, screen: &LogsScreen) -> Content {
        let Some(view) = session.logs.get(&screen.ticket) else { return Content::Empty(Vec::new()) };
        let window = self.log_window(screen, view);
        let empty = if window.rows.is_empty() { empty(view) } else { Vec::new() };
        let mut line = head(screen, view, self.now);
        if docked(session, self.size).is_some() {
            // The title of the screen names what stands beside them, once that has the keys.
            let title = fit::cut_middle(&screen.title, TITLE).into_owned();
            line.spans.splice(0..0, [Span::new(title, Role::Header), Span::text("  ")]);
        }
        let mut head = vec![line];
        let (banner, aged) = banner(&session.cluster, view, (self.now, self.log_area().width)).unzip();
        head.extend(banner);
        let is_told = screen.panel.is_some() || behind(view, self.now).is_some();
        let changes = view.tail.sources.iter().filter_map(|source| source.pulse.next_change(self.now)).min();
        let next_change = changes.filter(|_| is_told).into_iter().chain(aged.flatten()).min();
        Content::Logs(LogsPane { head, chart: self.log_chart(screen, view), window, empty, next_change })
    }
}

/// How containers ended, above their last lines; when that reads otherwise.
fn banner(cluster: &Cluster, view: &LogView, (now, width): (Timestamp, u16)) -> Option<(Line, Option<Timestamp>)> {
    let is_previous = view.query.part.previous;
    let is_recent = |crash: &Crash| crash.exit.finished.is_some_and(|at| now.micros_since(at) < RECENT);
    let is_told = |crash: &Crash| is_previous || !crash.is_back || is_recent(crash);
    let mut crashes: Vec<Crash> = view.crashes(cluster).filter(is_told).collect();
    // What does not run now comes first, then what ended last.
    crashes.sort_by_key(|crash| (crash.is_back, std::cmp::Reverse(crash.exit.finished)));
    let Crash { label, exit, restarts, is_back } = *crashes.first()?;
    let reason = exit.reason.as_deref().map_or_else(String::new, |reason| format!(" {reason}"));
    let ago = exit.finished.map_or_else(String::new, |at| format!(" {} ago", age::age(now, Some(at))));
    let times = if 0 < restarts { format!(", {}", counted(restarts, "restart")) } else { String::new() };
    let (long, short) = match (is_previous, is_back) {
        (true, _) => ("; this is that run, p goes back", "; p goes back"),
        (false, true) => ("; it runs again, p shows its last lines", "; p shows that run"),
        (false, false) => ("; its last lines stand below", "; see below"),
    };
    let others = match crashes.len() - 1 {
        0 => String::new(),
        more => format!("; so did {more} more"),
    };
    let how = format!(" ended{ago}: exit {}{reason}{times}", exit.code);
    // Beside the sign of the state and a space at each end.
    let room = usize::from(width).saturating_sub(4 + fit::width(&how) + others.len());
    let name = fit::width(label).min(NAME);
    let what = if name + long.len() <= room { long } else { short };
    let label = fit::cut_middle(label, name.min(room.saturating_sub(what.len())).max(SHORT_NAME));
    let text = format!("{label}{how}{what}{others}");
    let health = match (exit.code, is_back) {
        (0, _) => Health::Ready,
        (_, true) => Health::Warn,
        (_, false) => Health::Failed,
    };
    let line = Line::of(vec![Span::new(text, Role::State(health))]).state(Some(health));
    Some((line, exit.finished.map(|at| age::next_change(now, at))))
}

/// Why there is no line.
fn empty(view: &LogView) -> Vec<Line> {
    let tail = &view.tail;
    let kept = tail.buffer.numbers();
    if kept.start < kept.end {
        let all = kept.end - kept.start;
        if tail.progress() < 1.0 {
            return vec![Line::text(format!("looking through {all} lines"))];
        }
        let hidden = tail.sift.muted().len();
        let text = format!("none of {all} lines matches {}", tail.filter().text());
        let mut lines = vec![Line::text(text), Line::of(vec![Span::dim("F lists the filter's terms")])];
        if 0 < hidden {
            lines.push(Line::of(vec![Span::dim(format!("{hidden} streams are hidden: P lists them"))]));
        }
        return lines;
    }
    if view.matching == 0 {
        return vec![Line::text("no pod is there yet: lines come as soon as one runs")];
    }
    let told = tail.sources.iter().filter_map(|source| match &source.state {
        Flow::Waits(why) => Some(format!("{} waits: {why}", source.label)),
        Flow::Failed(why) => Some(format!("{} cannot be read: {why}", source.label)),
        Flow::Ended => Some(format!("{} ended without a line", source.label)),
        Flow::Gone => Some(format!("{} is gone", source.label)),
        Flow::Opening | Flow::Live => None,
    });
    let lines: Vec<Line> = told.take(8).map(Line::text).collect();
    if lines.is_empty() { vec![Line::text("no line yet")] } else { lines }
}

/// By how much the slowest stream is behind, in microseconds, its clock's own mistake left out.
fn behind(view: &LogView, now: Timestamp) -> Option<i64> {
    let sources = &view.tail.sources;
    let skews = skews(sources.iter().map(|source| &source.pulse));
    let lag = sources.iter().zip(skews).filter_map(|(source, skew)| Some(source.pulse.lag(now)? + skew.unwrap_or(0)));
    lag.max().filter(|lag| BEHIND < *lag)
}

/// `12 streaming, 1 waiting · live · 4 errors · 3.2 s behind · /filter 40 of 900`.
fn head(screen: &LogsScreen, view: &LogView, now: Timestamp) -> Line {
    let tail = &view.tail;
    let count = |wanted: fn(&Flow) -> bool| tail.sources.iter().filter(|source| wanted(&source.state)).count();
    let states = [
        ("streaming", count(|flow| matches!(flow, Flow::Live))),
        ("opening", count(|flow| matches!(flow, Flow::Opening))),
        ("waiting", count(|flow| matches!(flow, Flow::Waits(_)))),
        ("ended", count(|flow| matches!(flow, Flow::Ended | Flow::Gone))),
        ("failed", count(|flow| matches!(flow, Flow::Failed(_)))),
    ];
    let states = states.iter().filter(|(_, n)| 0 < *n).map(|(word, n)| format!("{n} {word}"));
    let states = states.collect::<Vec<_>>().join(", ");
    let mut spans = vec![if states.is_empty() {
        Span::text(if view.matching == 0 { "no pod yet" } else { "opening" })
    } else {
        Span::text(states)
    }];
    if !view.has_all && MOST < view.matching {
        spans.push(Span::new(format!("  {MOST} of {} streams: A reads all", view.matching), Role::Key));
    }
    match screen.selected {
        Some(number) => {
            let newer = tail.shown().len().saturating_sub(tail.shown().partition_point(|n| *n <= number));
            spans.push(Span::new(format!("  held, {newer} below: G goes live"), Role::State(Health::Progressing)));
        }
        None => spans.push(Span::new("  live", Role::State(Health::Ready))),
    }
    spans.extend(counts(view));
    if let Some(lag) = behind(view, now) {
        spans.push(Span::new(format!("  {:.1} s behind", lag as f64 / 1e6), Role::State(Health::Warn)));
    }
    if 0 < screen.look.pan {
        spans.push(Span::dim(format!("  moved by {}", screen.look.pan)));
    }
    let marked = tail.buffer.marked().len();
    if 0 < marked {
        spans.push(Span::new(format!("  {marked} marked"), Role::Key));
    }
    if let Some((from, to)) = super::range(screen, view) {
        let place = |number: u64| tail.shown().partition_point(|other| *other < number);
        spans.push(Span::new(format!("  {} lines chosen", place(to) - place(from) + 1), Role::Key));
    }
    let failed = tail.sources.iter().find_map(|source| match &source.state {
        Flow::Failed(why) => Some(why),
        _ => None,
    });
    spans.extend(failed.map(|why| Span::new(format!("  {why}"), Role::State(Health::Failed))));
    Line::of(spans)
}

/// How many errors, how many gaps, and how many lines the filter lets through.
fn counts(view: &LogView) -> Vec<Span> {
    let (tail, mut spans) = (&view.tail, Vec::new());
    let errors: u64 = tail.sources.iter().map(|source| source.errors).sum();
    if 0 < errors {
        spans.push(Span::new(format!("  {}", counted(errors, "error")), Role::State(Health::Failed)));
    }
    let gaps: u32 = tail.sources.iter().map(|source| source.gaps).sum();
    if 0 < gaps {
        spans.push(Span::new(format!("  {}", counted(gaps, "gap")), Role::State(Health::Warn)));
    }
    let skewed = skews(tail.sources.iter().map(|source| &source.pulse)).iter().flatten().count();
    if 0 < skewed {
        let verb = if skewed == 1 { "differs" } else { "differ" };
        spans.push(Span::new(format!("  {} {verb}: P", counted(skewed, "clock")), Role::State(Health::Warn)));
    }
    let hidden = tail.sift.muted().len();
    if 0 < hidden {
        spans.push(Span::new(format!("  {hidden} hidden"), Role::Match));
    }
    match tail.sift.fold() {
        Fold::Off => {}
        Fold::Same => spans.push(Span::new("  folded", Role::Match)),
        Fold::Alike => spans.push(Span::new("  folded but for numbers", Role::Match)),
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
