//! Searching in texts: YAML and help.

use crate::app::App;
use crate::app::screen::Screen;

/// What is searched for, and the line of the text on which the search stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// The words; empty while nothing is searched for.
    pub text: String,
    /// The line.
    pub at: usize,
}

impl App {
    /// The lines of the text on screen in which something was found.
    pub(super) fn found(&self) -> Vec<usize> {
        let Some(session) = self.session().filter(|_| !self.search.text.is_empty()) else { return Vec::new() };
        let lines = self.text_lines(session);
        let found = lines.iter().enumerate().filter(|(_, line)| !line.found(&self.search.text).is_empty());
        found.map(|(index, _)| index).collect()
    }

    /// `2 of 12`; empty while nothing is searched for.
    pub(super) fn search_note(&self) -> String {
        if self.search.text.is_empty() {
            return String::new();
        }
        let found = self.found();
        match found.iter().position(|line| *line == self.search.at) {
            Some(index) => format!("{} of {}", index + 1, found.len()),
            None if found.is_empty() => "not found".to_owned(),
            None => format!("{} found", found.len()),
        }
    }

    /// Searches while one types: to the first place at or below the top of the screen.
    pub(super) fn search_for(&mut self, text: &str) {
        text.clone_into(&mut self.search.text);
        if matches!(self.session().map(crate::app::session::Session::screen), Some(Screen::Logs(_))) {
            return;
        }
        let top = match self.session().map(crate::app::session::Session::screen) {
            Some(Screen::Yaml(screen)) => screen.first,
            Some(Screen::Help(screen)) => screen.first,
            _ => return,
        };
        let found = self.found();
        if let Some(line) = found.iter().find(|line| top <= **line).or(found.first()) {
            self.show_found(*line);
        }
    }

    /// To the next place, or the one before; behind the last comes the first.
    pub(super) fn search_on(&mut self, is_forward: bool) {
        if matches!(self.session().map(crate::app::session::Session::screen), Some(Screen::Logs(_))) {
            return self.search_logs(is_forward);
        }
        let (found, at) = (self.found(), self.search.at);
        let next = if is_forward {
            found.iter().find(|line| at < **line).or(found.first())
        } else {
            found.iter().rev().find(|line| **line < at).or(found.last())
        };
        match next {
            Some(line) => self.show_found(*line),
            None if self.search.text.is_empty() => self.say("nothing is searched for: / searches"),
            None => self.say(format!("{} was not found", self.search.text)),
        }
    }

    /// Scrolls only where the line is not on screen.
    fn show_found(&mut self, line: usize) {
        self.search.at = line;
        let height = usize::from(self.panes().main.height).saturating_sub(1).max(1);
        let first = match self.session().map(crate::app::session::Session::screen) {
            Some(Screen::Yaml(screen)) => screen.first,
            Some(Screen::Help(screen)) => screen.first,
            _ => return,
        };
        if line < first || first + height <= line {
            let wanted = line.saturating_sub(height / 3);
            self.scroll(wanted.cast_signed() - first.cast_signed());
        }
    }
}
