//! `:` and `/`: what is typed, what is offered, and what happens on Enter.

use crate::app::App;
use crate::app::command;
use crate::app::prompt::{Editor, Prompt, Purpose};
use crate::app::screen::{Screen, TableScreen};
use crate::view::filter::Filter;
use crate::view::table::Namespaces;
use std::sync::Arc;

impl App {
    /// The line being typed.
    pub fn prompt(&self) -> Option<&Prompt> {
        self.prompt.as_ref()
    }

    pub(super) fn palette(&mut self) {
        self.prompt = Some(Prompt::new(Purpose::Palette, ""));
    }

    pub(super) fn filter(&mut self) {
        let text = match self.session().map(super::session::Session::screen) {
            Some(Screen::Table(table)) => table.filter.text().to_owned(),
            Some(Screen::Picker(picker)) => picker.filter.clone(),
            _ => return,
        };
        self.prompt = Some(Prompt::new(Purpose::Filter, &text));
    }

    pub(super) fn prompt_type(&mut self, text: &str) {
        self.prompt_edit(|editor| editor.insert(text));
    }

    pub(super) fn prompt_backspace(&mut self) {
        let mut emptied = false;
        self.prompt_edit(|editor| emptied = !editor.backspace());
        if emptied {
            self.prompt_cancel();
        }
    }

    pub(super) fn prompt_edit(&mut self, edit: impl FnOnce(&mut Editor)) {
        let Some(prompt) = &mut self.prompt else { return };
        edit(&mut prompt.editor);
        prompt.selected = 0;
        if prompt.purpose == Purpose::Filter {
            let text = prompt.editor.text().to_owned();
            self.set_filter(&text);
        }
    }

    pub(super) fn prompt_accept(&mut self) {
        let Some(prompt) = self.prompt.take() else { return };
        if prompt.purpose == Purpose::Palette {
            self.run_line(prompt.editor.text());
        }
    }

    pub(super) fn prompt_cancel(&mut self) {
        let Some(prompt) = self.prompt.take() else { return };
        if prompt.purpose == Purpose::Filter {
            self.set_filter(&prompt.before);
        }
    }

    pub(super) fn prompt_complete(&mut self) {}

    pub(super) fn prompt_choose(&mut self, _by: isize) {}

    /// Compiles a filter for the screen on top; what cannot be read leaves the last good one in force, with the error beside it.
    pub(super) fn set_filter(&mut self, text: &str) {
        let Some(session) = self.session_mut() else { return };
        let Some(top) = session.screens.last_mut() else { return };
        match top {
            Screen::Table(table) => {
                let columns = session.catalog.get(table.kind).map_or(&[][..], |kind| kind.columns.as_ref());
                match Filter::parse(text, columns) {
                    Ok(filter) => (table.filter, table.error) = (filter, None),
                    Err(error) => table.error = Some(error),
                }
            }
            Screen::Picker(picker) => text.clone_into(&mut picker.filter),
            _ => {}
        }
    }

    /// Runs one line of the palette: `pods`, `pod dev`, `pod /filter`, `pod @ctx`, `ctx NAME`, `ns NAME`, `q`, a command.
    pub(super) fn run_line(&mut self, line: &str) {
        let line = line.trim();
        let (head, rest) = line.split_once(char::is_whitespace).map_or((line, ""), |(head, rest)| (head, rest.trim()));
        match head {
            "" => {}
            "q" | "q!" | "qa" | "quit" | "exit" => self.quit(),
            "home" => self.go_home(),
            "ns" | "namespace" | "namespaces" if !rest.is_empty() => self.choose_namespaces(rest),
            "ctx" | "context" | "contexts" if !rest.is_empty() => self.switch_context(rest),
            _ => {
                let kind = self.session().and_then(|session| session.catalog.find(head)).map(|kind| kind.id);
                if let Some(kind) = kind {
                    self.push(Screen::Table(TableScreen::new(kind)));
                    return self.narrow(rest);
                }
                match command::find(head) {
                    Some(command) => (command.run)(self),
                    None => self.say(format!("nothing is called {head}: press : and type a part of a kind's name")),
                }
            }
        }
    }

    /// The rest of a palette line after a kind.
    fn narrow(&mut self, rest: &str) {
        if let Some(filter) = rest.strip_prefix('/') {
            self.set_filter(filter);
        } else if !rest.is_empty() {
            self.choose_namespaces(rest);
        }
    }

    pub(super) fn choose_namespaces(&mut self, text: &str) {
        let Some(session) = self.session_mut() else { return };
        session.namespaces = match text {
            "all" | "*" | "-A" => Namespaces::All,
            names => {
                let names = names.split([',', ' ']).filter(|name| !name.is_empty());
                Namespaces::Some(names.map(Arc::from).collect())
            }
        };
    }
}
