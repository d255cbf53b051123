//! The lists beside logs: their streams, and the terms of their filter.

use crate::app::App;
use crate::app::layout::Area;
use crate::app::moves::moved;
use crate::app::scene::{Content, Entry, PickerPane, TextPane};
use crate::app::screen::{Cursor, LogPanel, LogsScreen, PanelOf};
use crate::app::session::Session;
use crate::app::session::logs::LogView;
use crate::kinds::Health;
use crate::view::line::counted;
use crate::view::logs::batch::SourceId;
use crate::view::logs::filter::Filter;
use crate::view::logs::pulse::skews;
use crate::view::logs::record;
use crate::view::logs::source::{Flow, Source};
use crate::view::logs::window;

impl App {
    pub(in crate::app) fn log_sources(&mut self) {
        let Some((screen, view)) = self.log_screen() else { return };
        let number = window::here(&view.tail, screen.selected);
        let entry = number.and_then(|number| view.tail.buffer.entry(number));
        let index = entry.map_or(0, |entry| usize::from(entry.source.0));
        if screen.panel.is_some_and(|panel| panel.what == PanelOf::Sources) {
            return self.change_logs(|screen, _| screen.panel = None);
        }
        self.open_sources(index);
    }

    /// The streams, this one selected.
    pub(in crate::app) fn open_sources(&mut self, index: usize) {
        let cursor = Cursor { index, line: index };
        self.change_logs(|screen, _| screen.panel = Some(LogPanel { what: PanelOf::Sources, cursor }));
    }

    pub(in crate::app) fn log_filters(&mut self) {
        let Some((screen, view)) = self.log_screen() else { return };
        if screen.panel.is_some_and(|panel| panel.what == PanelOf::Filters) {
            return self.change_logs(|screen, _| screen.panel = None);
        }
        if view.tail.filter().is_empty() {
            return self.say("there is no filter: f types one, X hides a word");
        }
        let cursor = Cursor::default();
        self.change_logs(|screen, _| screen.panel = Some(LogPanel { what: PanelOf::Filters, cursor }));
    }

    /// Moves in the list, or reads on in a record; false where neither is open.
    pub(super) fn step_beside(&mut self, by: isize) -> bool {
        let Some((screen, view)) = self.log_screen() else { return false };
        let is_line = matches!(by, -1 | 1 | isize::MIN | isize::MAX);
        match (screen.panel, screen.record) {
            (Some(panel), _) => {
                let all = entries(view, panel.what, self.now).len();
                let index = moved(panel.cursor.index, by, all);
                let height = usize::from(self.log_area().height).saturating_sub(1);
                let cursor = panel.cursor.moved(index, height);
                self.change_logs(|screen, _| screen.panel = Some(LogPanel { cursor, ..panel }));
                true
            }
            // Longer steps read on in the record, shorter ones go to its neighbours.
            (None, Some(first)) if !is_line => {
                self.change_logs(|screen, _| screen.record = Some(first.saturating_add_signed(by)));
                true
            }
            (None, Some(_)) => {
                self.hold_logs();
                self.change_logs(|screen, _| screen.record = Some(0));
                false
            }
            (None, None) => false,
        }
    }

    /// Selects what was pressed: a line, or an entry of the list, whose stream or term is switched.
    pub(in crate::app) fn select_in_logs(&mut self, index: usize, line: usize) {
        let Some((screen, _)) = self.log_screen() else { return };
        let Some(panel) = screen.panel else { return self.select_log_row(line) };
        let cursor = Cursor { index, line };
        self.change_logs(|screen, _| screen.panel = Some(LogPanel { cursor, ..panel }));
        self.toggle_log_entry();
    }

    /// Hides or shows the stream; switches the term.
    pub(in crate::app) fn toggle_log_entry(&mut self) {
        let Some((LogPanel { what, cursor }, view)) = self.log_panel() else { return };
        match what {
            PanelOf::Filters => {
                let filter = view.tail.filter().toggled(cursor.index);
                self.use_log_filter(filter);
            }
            PanelOf::Sources => self.with_source(cursor.index, |view, id| view.tail.toggle_mute(id)),
        }
    }

    /// Only this stream; a term is typed anew.
    pub(in crate::app) fn choose_log_entry(&mut self) {
        let Some((LogPanel { what, cursor }, _)) = self.log_panel() else { return };
        match what {
            PanelOf::Filters => self.log_filter(),
            PanelOf::Sources => self.with_source(cursor.index, |view, id| view.tail.solo(id)),
        }
    }

    /// Takes a term away.
    pub(in crate::app) fn remove_log_entry(&mut self) {
        let Some((LogPanel { what, cursor }, view)) = self.log_panel() else { return };
        if what == PanelOf::Sources {
            return self.say("streams cannot be taken away: <space> hides one");
        }
        let filter = view.tail.filter().without(cursor.index);
        let is_last = filter.is_empty();
        let index = cursor.index.min(filter.terms().len().saturating_sub(1));
        self.use_log_filter(filter);
        let panel = LogPanel { what, cursor: Cursor { index, ..cursor } };
        self.change_logs(|screen, _| screen.panel = Some(panel).filter(|_| !is_last));
    }

    fn with_source(&mut self, index: usize, change: impl FnOnce(&mut LogView, SourceId)) {
        if let Ok(id) = u16::try_from(index) {
            self.change_logs(|_, view| change(view, SourceId(id)));
            self.sift_logs();
        }
    }

    fn log_panel(&self) -> Option<(LogPanel, &LogView)> {
        let (screen, view) = self.log_screen()?;
        Some((screen.panel?, view))
    }

    /// Esc: what stands over the lines goes first, then what is chosen in them, the search, the filter. That the screen is
    /// held is a place, as the selection of a table is one: nothing is lost with it.
    pub(in crate::app) fn back_in_logs(&mut self) -> bool {
        let Some((screen, view)) = self.log_screen() else { return false };
        let is_open = screen.panel.is_some() || screen.record.is_some();
        let has_chosen = screen.anchor.is_some() || !screen.word.is_empty();
        let is_filtered = !view.tail.filter().is_empty();
        match (is_open, has_chosen, !self.search.text.is_empty(), is_filtered) {
            (true, ..) => self.change_logs(|screen, _| {
                if screen.panel.take().is_none() {
                    screen.record = None;
                }
            }),
            (_, true, ..) => self.change_logs(|screen, _| {
                (screen.anchor, screen.is_dragged) = (None, false);
                screen.word.clear();
            }),
            (.., true, _) => {
                self.search.text.clear();
                self.change_logs(|_, view| view.seek = None);
            }
            (.., true) => self.use_log_filter(Filter::default()),
            _ => return false,
        }
        true
    }

    /// The list or the record that stands beside the lines, or over them.
    pub(in crate::app) fn log_list(&self, session: &Session, screen: &LogsScreen, area: Area) -> Option<Content> {
        let view = session.logs.get(&screen.ticket)?;
        let height = usize::from(area.height).saturating_sub(1);
        if let Some(LogPanel { what, cursor }) = screen.panel {
            let entries = entries(view, what, self.now);
            let all = entries.len();
            let selected = (0 < all).then(|| cursor.index.min(all - 1));
            let first = Cursor { index: selected.unwrap_or(0), ..cursor }.first(height, all);
            let title = match what {
                PanelOf::Sources => "streams: <space> hides, <enter> shows only this one",
                PanelOf::Filters => "filter: <space> switches, d takes away, <enter> changes",
            };
            let entries = entries.into_iter().skip(first).take(height).collect();
            return Some(Content::Picker(PickerPane {
                columns: None,
                title: title.to_owned(),
                entries,
                told: Vec::new(),
                first,
                selected,
                all,
            }));
        }
        let first = screen.record?;
        let number = window::here(&view.tail, screen.selected)?;
        let lines = record::lines(&view.tail, number, self.now, usize::from(area.width).saturating_sub(4));
        let all = lines.len();
        let first = first.min(all.saturating_sub(height));
        let lines = lines.into_iter().skip(first).take(height).map(|line| line.marked(&self.search.text)).collect();
        let title = "record: j k to its neighbours, <esc> back to the lines".to_owned();
        Some(Content::Text(TextPane { title, lines, first, all }))
    }
}

fn entries(view: &LogView, what: PanelOf, now: crate::wire::Timestamp) -> Vec<Entry> {
    match what {
        PanelOf::Filters => {
            let entry = |term: &crate::view::logs::filter::Term| {
                let state = if term.is_on { "on" } else { "off" };
                Entry { text: term.text.clone(), detail: format!("{state}  {}", term.word()), ..Entry::default() }
            };
            view.tail.filter().terms().iter().map(entry).collect()
        }
        PanelOf::Sources => {
            let skews = skews(view.tail.sources.iter().map(|source| &source.pulse));
            let entry = |(index, (source, skew)): (usize, (&Source, Option<i64>))| {
                let is_muted = u16::try_from(index).is_ok_and(|id| view.tail.is_muted(SourceId(id)));
                let (health, state) = state(source);
                let mut detail = vec![state];
                if is_muted {
                    detail.insert(0, "hidden".to_owned());
                }
                let rate = source.pulse.rate(now);
                detail.extend((0.0 < rate).then(|| format!("{rate:.1}/s")));
                detail.push(counted(source.lines, "line"));
                detail.extend((0 < source.errors).then(|| counted(source.errors, "error")));
                detail.extend((0 < source.gaps).then(|| counted(source.gaps, "gap")));
                detail.extend((0 < source.reconnects).then(|| counted(source.reconnects, "cut")));
                detail.extend(skew.map(|skew| format!("clock {:+.1} s", skew as f64 / 1e6)));
                Entry { health, text: source.label.clone(), detail: detail.join("  "), ..Entry::default() }
            };
            view.tail.sources.iter().zip(skews).enumerate().map(entry).collect()
        }
    }
}

/// How a stream is, in words.
fn state(source: &Source) -> (Option<Health>, String) {
    match &source.state {
        Flow::Opening => (Some(Health::Progressing), "opening".to_owned()),
        Flow::Live => (Some(Health::Ready), "streaming".to_owned()),
        Flow::Waits(why) => (Some(Health::Progressing), format!("waits: {why}")),
        Flow::Ended => (None, "ended".to_owned()),
        Flow::Gone => (None, "pod is gone".to_owned()),
        Flow::Failed(why) => (Some(Health::Failed), format!("cannot be read: {why}")),
    }
}
