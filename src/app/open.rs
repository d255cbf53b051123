//! Opening and leaving: screens, contexts, objects.

use crate::app::App;
use crate::app::effect::Effect;
use crate::app::event::ContextName;
use crate::app::notice::Notice;
use crate::app::screen::{Cursor, DetailScreen, HelpScreen, Screen, YamlScreen};
use crate::app::session::{Connection, Session};
use crate::kinds::{KindId, ObjectRef};
use crate::view::table::{Namespaces, is_namespaces};

/// How deep a stack of screens may grow; the oldest but Home go first.
const DEEPEST: usize = 50;

impl App {
    /// Opens a context: the session that is there already, else a new one.
    pub(super) fn enter(&mut self, context: ContextName, namespaces: Namespaces) {
        if let Some(index) = self.sessions.iter().position(|session| session.context == context) {
            self.current = index;
            return;
        }
        let epoch = self.epoch();
        self.out.push(Effect::Connect { context: context.clone(), epoch, terminal: false });
        self.sessions.push(Session::new(context, epoch, namespaces, self.now));
        self.current = self.sessions.len() - 1;
    }

    pub(super) fn switch_context(&mut self, name: &str) {
        match self.contexts.iter().find(|context| ***context == *name).cloned() {
            Some(context) => self.enter(context, Namespaces::All),
            None => self.say(format!("no context is called {name}")),
        }
    }

    pub(super) fn push(&mut self, screen: Screen) {
        let Some(session) = self.session_mut() else { return };
        session.forward.clear();
        session.screens.push(screen);
        if DEEPEST < session.screens.len() {
            session.screens.remove(1);
        }
    }

    /// Esc: what was typed as filter goes first, then the screen; Home stays.
    pub(super) fn back(&mut self) {
        let Some(session) = self.session_mut() else { return };
        if let Some(Screen::Table(table)) = session.screens.last_mut()
            && !table.filter.is_empty()
        {
            table.filter = crate::view::filter::Filter::default();
            table.error = None;
        } else if 1 < session.screens.len() {
            session.forward.extend(session.screens.pop());
        }
    }

    pub(super) fn go_home(&mut self) {
        if let Some(session) = self.session_mut() {
            session.screens.truncate(1);
        }
    }

    /// Enter: what that means depends on what is selected.
    pub(super) fn open(&mut self) {
        let Some(key) = self.selected() else { return };
        if matches!(self.session().map(Session::screen), Some(Screen::Table(_))) && is_namespaces(key.kind) {
            self.choose_namespaces(&key.name);
            return self.run_line("pods");
        }
        self.open_detail(key);
    }

    pub(super) fn describe(&mut self) {
        if let Some(key) = self.selected() {
            self.open_detail(key);
        }
    }

    pub(super) fn open_detail(&mut self, key: ObjectRef) {
        self.push(Screen::Detail(DetailScreen { key, cursor: Cursor::default() }));
    }

    pub(super) fn yaml(&mut self) {
        if let Some(key) = self.subject() {
            self.push(Screen::Yaml(YamlScreen { key, managed_fields: false, first: 0 }));
        }
    }

    pub(super) fn help(&mut self) {
        if !matches!(self.session().map(Session::screen), Some(Screen::Help(_))) {
            self.push(Screen::Help(HelpScreen::default()));
        }
    }

    pub(super) fn copy_name(&mut self) {
        if let Some(key) = self.subject() {
            self.out.push(Effect::Copy { text: key.name.to_string(), what: "the name".to_owned() });
        }
    }

    pub(super) fn quit(&mut self) {
        self.out.push(Effect::Quit);
    }

    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.notice = Some(Notice::new(text, self.now));
    }

    /// The kind of the table that is on screen, also beneath a detail.
    pub(super) fn shown_kind(&self) -> Option<KindId> {
        let screens = &self.session()?.screens;
        screens.iter().rev().find_map(|screen| match screen {
            Screen::Table(table) => Some(table.kind),
            _ => None,
        })
    }

    /// The object that the screen speaks of: that of the detail, else the selected one.
    pub(super) fn subject(&self) -> Option<ObjectRef> {
        match self.session()?.screen() {
            Screen::Detail(detail) => Some(detail.key.clone()),
            Screen::Yaml(yaml) => Some(yaml.key.clone()),
            _ => self.selected(),
        }
    }

    /// The object whose detail is on screen, in its own screen or beside the table.
    pub(super) fn open_object(&self) -> Option<ObjectRef> {
        match self.session()?.screen() {
            Screen::Table(_) if self.panes().side.is_none() => None,
            _ => self.subject(),
        }
    }

    /// Tries again now, and closes nothing.
    pub(super) fn retry(&mut self) {
        let Some(session) = self.session() else { return };
        if !matches!(session.connection, Connection::Live(_)) {
            let epoch = session.epoch;
            self.out.push(Effect::Retry(epoch));
        }
    }
}
