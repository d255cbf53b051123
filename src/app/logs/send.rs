//! What goes out of logs, and what words of a line do: copies, files, terms of the filter.

use crate::app::App;
use crate::app::effect::Effect;
use crate::app::event::Ticket;
use crate::app::prompt::{Prompt, Purpose};
use crate::app::screen::Press;
use crate::app::session::logs::Goal;
use crate::view::fit;
use crate::view::logs::export::{Export, Format};
use crate::view::logs::filter::{Filter, literal};
use crate::view::logs::structure;
use crate::view::logs::text::plain;
use crate::view::logs::window;
use std::collections::VecDeque;

/// Half of the lines would pass for all of them.
const AT_WORK: &str = "the filter is still at work: try again in a moment";

impl App {
    /// The chosen range, else nothing.
    fn log_range_numbers(&self) -> Option<VecDeque<u64>> {
        let (screen, view) = self.log_screen()?;
        let (from, to) = super::range(screen, view)?;
        let shown = view.tail.shown();
        let (start, end) =
            (shown.partition_point(|number| *number < from), shown.partition_point(|number| *number <= to));
        Some(shown.range(start..end).copied().collect())
    }

    fn send(&mut self, numbers: VecDeque<u64>, format: Format, goal: Goal) {
        if numbers.is_empty() {
            return self.say("there is no line that could be copied or saved");
        }
        let mut has_begun = true;
        self.change_logs(|screen, view| {
            has_begun = view.begin(Export::new(numbers, format), goal);
            (screen.anchor, screen.is_dragged) = (None, false);
        });
        if !has_begun {
            return self.say("lines are being saved: try again in a moment");
        }
        self.sift_logs();
    }

    /// A piece of a file is written: the next one goes out.
    pub(in crate::app) fn logs_saved(&mut self, file: Ticket, is_written: bool) {
        self.sessions.iter_mut().for_each(|session| session.saved_logs(file, is_written));
        self.sift_logs();
    }

    /// Copies the range, else the line.
    pub(in crate::app) fn copy_log(&mut self, is_full: bool) {
        let Some((screen, view)) = self.log_screen() else { return };
        let one = window::here(&view.tail, screen.selected);
        let numbers = self.log_range_numbers().unwrap_or_else(|| one.into_iter().collect());
        self.send(numbers, if is_full { Format::Full } else { Format::Plain }, Goal::Copy);
    }

    /// Everything that is shown, with streams and times.
    pub(in crate::app) fn copy_logs(&mut self) {
        let Some((_, view)) = self.log_screen() else { return };
        if view.tail.progress() < 1.0 {
            return self.say(AT_WORK);
        }
        let numbers = view.tail.shown().clone();
        self.send(numbers, Format::Full, Goal::Copy);
    }

    /// Types a name for a file.
    pub(in crate::app) fn ask_log_file(&mut self) {
        let Some((screen, _)) = self.log_screen() else { return };
        let letter = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
        let title: String = screen.title.chars().map(letter).collect();
        let stamp: String = self.now.rfc3339().chars().filter(char::is_ascii_digit).take(14).collect();
        self.prompt = Some(Prompt::new(Purpose::File, &format!("{title}-{stamp}.txt")));
    }

    /// Saves the range, else everything that is shown; the ending of the name says how.
    pub(in crate::app) fn save_logs(&mut self, path: &str) {
        let Some((_, view)) = self.log_screen() else { return };
        if view.tail.progress() < 1.0 {
            return self.say(AT_WORK);
        }
        let numbers = self.log_range_numbers().unwrap_or_else(|| view.tail.shown().clone());
        self.send(numbers, Format::of_name(path), Goal::Save(path.to_owned()));
    }

    /// Begins a range at the selected line, or gives it up.
    pub(in crate::app) fn log_range(&mut self) {
        self.hold_logs();
        self.change_logs(|screen, _| {
            screen.anchor = if screen.anchor.is_some() { None } else { screen.selected };
        });
    }

    /// The range from the mark before the selected line to it.
    pub(in crate::app) fn log_range_from_mark(&mut self) {
        self.hold_logs();
        let mut is_marked = false;
        self.change_logs(|screen, view| {
            let here = window::here(&view.tail, screen.selected).unwrap_or(0);
            let mark = view.tail.buffer.marked().range(..here).rev().find(|number| view.tail.shows(**number)).copied();
            is_marked = mark.is_some();
            screen.anchor = mark.or(screen.anchor);
        });
        if !is_marked {
            self.say("no line above is marked: m marks one, v begins a range");
        }
    }

    /// Draws to a cell with the button held: text within the row that was pressed, lines beyond it.
    pub(in crate::app) fn drag_logs(&mut self, x: u16, row: usize) {
        let column = usize::from(x.saturating_sub(self.log_area().x + 1));
        let Some((screen, view)) = self.log_screen() else { return };
        let Some(pressed) = screen.pressed else { return };
        let Some(line) = self.log_window(screen, view).rows.into_iter().nth(row) else { return };
        let (from, to) = (pressed.column.min(column), pressed.column.max(column));
        self.change_logs(|screen, _| {
            screen.is_dragged = true;
            (screen.selected, screen.row) = (Some(line.number), row);
            if row == pressed.row {
                (screen.word, screen.anchor) = (window::letters(&line.line.plain(), from, to), None);
            } else {
                (screen.word, screen.anchor) = (String::new(), Some(pressed.number));
            }
        });
    }

    /// The button is let go: what was drawn is copied.
    pub(in crate::app) fn release_logs(&mut self) {
        let Some((screen, _)) = self.log_screen().filter(|(screen, _)| screen.is_dragged) else { return };
        let (text, has_lines) = (screen.word.trim().to_owned(), screen.anchor.is_some());
        self.change_logs(|screen, _| screen.is_dragged = false);
        if has_lines {
            self.copy_log(false);
        } else if !text.is_empty() {
            self.out.push(Effect::Copy { text, what: "the text".to_owned() });
        }
    }

    /// To the next word of the selected line, or the one before.
    pub(in crate::app) fn log_word(&mut self, is_forward: bool) {
        self.hold_logs();
        self.change_logs(|screen, view| {
            let words = screen.selected.map_or_else(Vec::new, |number| window::words(&view.tail, number));
            let at = words.iter().position(|word| *word == screen.word);
            let next = match (at, is_forward) {
                (Some(at), true) => at + 1,
                (Some(at), false) => at.wrapping_sub(1),
                (None, true) => 0,
                (None, false) => words.len().wrapping_sub(1),
            };
            screen.word = words.get(next).cloned().unwrap_or_default();
        });
    }

    /// What a press on a line means beside selecting it: its word, or the list of streams where a name was pressed.
    pub(in crate::app) fn touch_logs(&mut self, x: u16, row: usize) {
        let area = self.log_area();
        let Some((screen, view)) = self.log_screen() else { return };
        if screen.panel.is_some() || x <= area.x {
            return;
        }
        let window = self.log_window(screen, view);
        let Some(line) = window.rows.get(row) else { return };
        let column = usize::from(x - area.x - 1);
        let source = view.tail.buffer.entry(line.number).map(|entry| usize::from(entry.source.0));
        if window.label.contains(&column) {
            return self.open_sources(source.unwrap_or(0));
        }
        let plain = line.line.plain();
        let word = window::words(&view.tail, line.number).into_iter().find(|word| {
            let mut places = plain.match_indices(word.as_str());
            places.any(|(at, _)| {
                let start = fit::width(&plain[..at]);
                (start..start + fit::width(word)).contains(&column)
            })
        });
        let pressed = Press { number: line.number, row, column };
        self.change_logs(|screen, _| {
            (screen.word, screen.pressed) = (word.unwrap_or_default(), Some(pressed));
            screen.is_dragged = false;
        });
    }

    /// Hides lines with the word, or shows only these.
    pub(in crate::app) fn filter_word(&mut self, is_excluding: bool) {
        let Some((screen, view)) = self.log_screen() else { return };
        let word = if screen.word.is_empty() { self.search.text.clone() } else { screen.word.clone() };
        if word.is_empty() {
            return self.say("no word is chosen: . goes through the words of the line, a press chooses one");
        }
        let number = window::here(&view.tail, screen.selected);
        let is_there = number
            .and_then(|number| view.tail.buffer.entry(number))
            .is_some_and(|entry| plain(view.tail.buffer.line(entry)).to_lowercase().contains(&word.to_lowercase()));
        if !is_there && !screen.word.is_empty() {
            return self.say("the line as it was written has this text otherwise: r shows it so");
        }
        let sign = if is_excluding { "!" } else { "" };
        self.add_term(&format!("{sign}{}", literal(&word)));
    }

    fn add_term(&mut self, term: &str) {
        let filter = self.log_screen().map(|(_, view)| view.tail.filter().with(term));
        if let Some(Ok(filter)) = filter {
            self.use_log_filter(filter);
        }
    }

    /// Filters by this from now on.
    pub(in crate::app) fn use_log_filter(&mut self, filter: Filter) {
        self.change_logs(|_, view| view.tail.set_filter(filter));
        self.sift_logs();
    }

    /// So many lines more around each match.
    pub(in crate::app) fn log_context(&mut self, by: isize) {
        let Some((_, view)) = self.log_screen() else { return };
        let lines = view.tail.filter().context().saturating_add_signed(by);
        let filter = view.tail.filter().around(lines);
        let is_idle = filter.lets_all_through();
        self.use_log_filter(filter);
        if is_idle {
            self.say("there is no filter yet: context stands around what one lets through");
        }
    }

    /// Only lines that carry the same trace or request id, of every stream.
    pub(in crate::app) fn follow_id(&mut self) {
        let Some((screen, view)) = self.log_screen() else { return };
        let number = window::here(&view.tail, screen.selected);
        let line = number.and_then(|number| view.tail.buffer.entry(number)).map(|entry| view.tail.buffer.line(entry));
        match line.and_then(structure::request_of) {
            Some(value) => self.set_log_filter(&literal(&value)),
            None => self.say("this line has no trace or request id"),
        }
    }
}
