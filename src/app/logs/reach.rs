//! Getting about in logs: to errors, marks, times, what was searched for, bars.

use crate::app::App;
use crate::app::effect::Effect;
use crate::app::prompt::{Prompt, Purpose};
use crate::app::session::logs::LogView;
use crate::view::line::counted;
use crate::view::logs::batch::Stamp;
use crate::view::logs::buffer::Entry;
use crate::view::logs::level::Level;
use crate::view::logs::moment::moment;
use crate::view::logs::seek::{Found, Seek};
use crate::view::logs::window;

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;
/// Bytes that a search looks through in one turn.
const SOUGHT: usize = 1 << 20;

impl App {
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
        if found.is_some() {
            // What was not found before is not what is seen now.
            self.notice = None;
        }
        found.is_some()
    }

    pub(in crate::app) fn next_error(&mut self, is_forward: bool) {
        let is_error = |view: &LogView, number| view.tail.buffer.entry(number).is_some_and(|e| Level::Error <= e.level);
        if !self.jump_logs(is_forward, is_error) {
            let other =
                if is_forward { "no error below: E goes to the one above" } else { "no error above: e goes down" };
            self.say(other);
        }
    }

    /// To the next line that is marked; behind the last one comes the first.
    pub(in crate::app) fn next_bookmark(&mut self) {
        let height = self.log_height();
        let mut hidden = None;
        self.change_logs(|screen, view| {
            let marked = view.tail.buffer.marked();
            let from = window::here(&view.tail, screen.selected).map_or(0, |here| here + 1);
            let mut round = marked.range(from..).chain(marked.range(..from));
            match round.find(|number| view.tail.shows(**number)) {
                Some(number) => (screen.selected, screen.row) = (Some(*number), height / 3),
                None => hidden = Some(marked.len()),
            }
        });
        match hidden {
            None => {}
            Some(0) => self.say("nothing is marked: m marks a line"),
            Some(hidden) => self.say(format!("{} hidden", counted(hidden, "marked line"))),
        }
    }

    /// One minute on, or back.
    pub(in crate::app) fn minute_logs(&mut self, is_forward: bool) {
        let stamp = |view: &LogView, number| view.tail.buffer.entry(number).and_then(Entry::at);
        let Some((screen, view)) = self.log_screen() else { return };
        let at = window::here(&view.tail, screen.selected).and_then(|n| stamp(view, n));
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
    pub(in crate::app) fn search_logs(&mut self, is_forward: bool) {
        if self.search.text.is_empty() {
            return self.say("nothing is searched for: / searches");
        }
        let Some((screen, view)) = self.log_screen() else { return };
        let here = window::here(&view.tail, screen.selected);
        let seek = here.and_then(|here| Seek::new(&self.search.text, here + u64::from(is_forward), is_forward));
        self.change_logs(|_, view| view.seek = seek);
        if self.seek_logs() {
            self.out.push(Effect::Continue);
        }
    }

    /// To the nearest line with what was typed: at or below the selected one, else upwards from the end.
    pub(in crate::app) fn search_logs_from_here(&mut self) {
        let Some((screen, _)) = self.log_screen() else { return };
        if self.search.text.is_empty() {
            return;
        }
        let seek = match screen.selected {
            Some(here) => Seek::new(&self.search.text, here, true),
            None => Seek::new(&self.search.text, u64::MAX, false),
        };
        self.change_logs(|_, view| view.seek = seek);
        if self.seek_logs() {
            self.out.push(Effect::Continue);
        }
    }

    /// Searches on in the logs on screen; whether there is more to look at.
    pub(super) fn seek_logs(&mut self) -> bool {
        let height = self.log_height();
        let (mut missed, mut is_found) = (None, false);
        let mut is_left = false;
        self.change_logs(|screen, view| {
            let Some(mut seek) = view.seek.take() else { return };
            match seek.step(&view.tail, SOUGHT) {
                Found::Line(number) => {
                    (screen.selected, screen.row) = (Some(number), height / 3);
                    is_found = true;
                }
                Found::Nothing => missed = Some(seek.is_forward()),
                Found::NotYet => (view.seek, is_left) = (Some(seek), true),
                Found::Away(number) => {
                    view.tail.buffer.recall(number);
                    view.seek = Some(seek);
                }
            }
        });
        if let Some(is_forward) = missed {
            let text = format!("{} was not found {}", self.search.text, if is_forward { "below" } else { "above" });
            self.say(text);
        } else if is_found {
            // It may still say that there was nothing the other way.
            self.notice = None;
        }
        is_left
    }

    /// Marks the selected line, or takes its mark away.
    pub(in crate::app) fn bookmark(&mut self) {
        self.hold_logs();
        self.change_logs(|screen, view| {
            if let Some(here) = window::here(&view.tail, screen.selected) {
                view.tail.buffer.toggle_mark(here);
            }
        });
    }

    /// Types a time to go to.
    pub(in crate::app) fn ask_log_time(&mut self) {
        self.prompt = Some(Prompt::new(Purpose::Time, ""));
    }

    pub(in crate::app) fn go_to_typed_time(&mut self, text: &str) {
        if !text.is_empty() && !self.go_to_time(text) {
            self.say(format!("{text} is no time: 12:03, 12:03:07, -10m, 2026-11-20T12:03:00Z"));
        }
    }

    /// Goes to the first line at or behind a time; false where the text is none, or no logs are on screen.
    pub(in crate::app) fn go_to_time(&mut self, text: &str) -> bool {
        let Some((_, view)) = self.log_screen() else { return false };
        let newest = view.tail.sources.iter().filter_map(|source| source.last).max();
        let Some(at) = newest.and_then(|newest| moment(text, newest)) else { return false };
        self.go_to(at);
        true
    }

    /// Goes to the first line at or behind a time, else to the last one.
    fn go_to(&mut self, wanted: Stamp) {
        let height = self.log_height();
        let mut is_there = true;
        self.change_logs(|screen, view| {
            let is_behind =
                |number: &&u64| view.tail.buffer.entry(**number).and_then(Entry::at).is_some_and(|at| wanted <= at);
            let shown = view.tail.shown();
            let found = shown.iter().find(is_behind);
            is_there = found.is_some();
            (screen.selected, screen.row) = (found.or(shown.back()).copied(), height / 3);
        });
        if !is_there {
            self.say("nothing is so new: this is the last line");
        }
    }

    /// To the lines of a bar that was pressed.
    pub(in crate::app) fn go_to_bar(&mut self, index: usize) {
        let Some((screen, view)) = self.log_screen() else { return };
        if let Some(chart) = self.log_chart(screen, view).filter(|chart| index < chart.bars.counts.len()) {
            self.go_to(Stamp(chart.bars.begin(index).saturating_mul(SECOND)));
        }
    }

    /// To the next bar that has lines, or the one before; shows the bars where they are not.
    pub(in crate::app) fn step_bar(&mut self, is_forward: bool) {
        self.hold_logs();
        self.change_logs(|screen, _| screen.has_histogram = true);
        let Some((screen, view)) = self.log_screen() else { return };
        let Some(chart) = self.log_chart(screen, view) else { return };
        let counts = &chart.bars.counts;
        let here = chart.here.unwrap_or(0);
        let has_lines = |index: &usize| counts.get(*index).is_some_and(|count| 0 < count.lines);
        let next = if is_forward {
            (here + 1..counts.len()).find(has_lines)
        } else {
            (0..here.min(counts.len())).rev().find(has_lines)
        };
        match next {
            Some(index) => self.go_to(Stamp(chart.bars.begin(index).saturating_mul(SECOND))),
            None => self.say(if is_forward { "this is the last bar" } else { "this is the first bar" }),
        }
    }
}
