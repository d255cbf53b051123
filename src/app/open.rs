//! Opening and leaving: screens, contexts, objects.

use crate::app::App;
use crate::app::effect::Effect;
use crate::app::event::ContextName;
use crate::app::moves::{beneath, docked};
use crate::app::notice::Notice;
use crate::app::screen::{Cursor, DetailScreen, HelpScreen, Screen, TableScreen, Topic, YamlScreen};
use crate::app::session::{Connection, Session};
use crate::kinds::{KindId, ObjectRef};
use crate::view::table::{Namespaces, is_namespaces};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A context that is not on screen for so long is closed, in seconds.
const IDLE: i64 = 300;
/// How deep a stack of screens may grow; the oldest but Home go first.
const DEEPEST: usize = 50;

impl App {
    /// Opens a context: the session that is there already, else a new one.
    pub(super) fn enter(&mut self, context: ContextName, namespaces: Namespaces) {
        let now = self.now;
        if self.session().is_some_and(|session| session.context != context) {
            self.close_forwards("another context was opened");
        }
        self.drop_elevations();
        if let Some(old) = self.session_mut() {
            old.left = Some(now);
        }
        if let Some(index) = self.sessions.iter().position(|session| session.context == context) {
            self.current = index;
            self.sessions[index].left = None;
            if self.sessions[index].connection == Connection::Closed {
                self.reconnect(false);
            }
            return;
        }
        let epoch = self.epoch();
        self.out.push(Effect::Connect { context: context.clone(), epoch, terminal: false });
        let mut session = Session::new(context, epoch, self.now);
        session.choose(namespaces);
        if let Some(lines) = self.pins.remove(&session.context) {
            session.paths.take_pins(&lines, &session.catalog);
        }
        self.sessions.push(session);
        self.current = self.sessions.len() - 1;
    }

    /// The context on screen begins anew, under a new epoch.
    fn reconnect(&mut self, terminal: bool) {
        let epoch = self.epoch();
        let now = self.now;
        let Some(session) = self.session_mut() else { return };
        let (old, context) = (session.epoch, session.context.clone());
        let was_open = session.connection != Connection::Closed;
        session.reconnect(epoch, now);
        self.lose_forwards(old);
        self.out.extend(was_open.then_some(Effect::Disconnect(old)));
        self.out.push(Effect::Connect { context, epoch, terminal });
    }

    /// A context that is opened for the first time shows the same kind as the one before.
    pub(super) fn switch_context(&mut self, name: &str) {
        let Some(context) = self.contexts.iter().find(|context| ***context == *name).cloned() else {
            return self.say(format!("no context is called {name}"));
        };
        let is_new = !self.sessions.iter().any(|session| session.context == context);
        let shown = self.shown_kind().filter(|kind| usize::from(kind.0) < crate::kinds::BUILTIN.len());
        let namespaces = self.own_namespaces(&context);
        self.enter(context, namespaces);
        if let (true, Some(kind)) = (is_new, shown) {
            self.push(Screen::Table(TableScreen::new(kind)));
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
        if self.back_in_logs() {
            return;
        }
        let is_text = matches!(self.session().map(Session::screen), Some(Screen::Yaml(_) | Screen::Help(_)));
        if is_text && !self.search.text.is_empty() {
            return self.search.text.clear();
        }
        // The object that the filter left under the cursor stays selected among all rows.
        let selected = self.selected();
        let Some(session) = self.session_mut() else { return };
        if let Some(Screen::Table(table)) = session.screens.last_mut()
            && !table.filter.is_empty()
        {
            table.selected = selected.or(table.selected.take());
            table.filter = crate::view::filter::Filter::default();
            table.error = None;
        } else if let Some(Screen::Home(home)) = session.screens.last_mut()
            && !home.filter.is_empty()
        {
            home.filter.clear();
        } else if let Some(Screen::Picker(picker)) = session.screens.last_mut()
            && !picker.filter.is_empty()
        {
            picker.filter.clear();
        } else if 1 < session.screens.len() {
            if let Some(Screen::Logs(logs)) = session.screens.last_mut() {
                // What was left does not go on standing beside the table.
                logs.is_beside = false;
            }
            session.forward.extend(session.screens.pop());
        }
    }

    /// Leaves the screen on top, whatever it filters.
    pub(super) fn leave(&mut self) {
        if let Some(session) = self.session_mut().filter(|session| 1 < session.screens.len()) {
            session.forward.extend(session.screens.pop());
        }
    }

    /// Goes back to a screen that was left.
    pub(super) fn forward(&mut self) {
        if let Some(session) = self.session_mut() {
            session.screens.extend(session.forward.pop());
        }
    }

    pub(super) fn go_home(&mut self) {
        if let Some(session) = self.session_mut() {
            session.screens.truncate(1);
        }
    }

    /// Enter: what that means depends on what is selected.
    pub(super) fn open(&mut self) {
        let Some(session) = self.session() else { return };
        if matches!(session.connection, Connection::NeedsTerminal(_)) {
            return self.reconnect(true);
        }
        match session.screen() {
            Screen::Picker(_) => self.pick_selected(),
            Screen::Home(_) => self.open_from_home(),
            Screen::Rollouts(_) => self.rollout(),
            Screen::Table(table) if is_namespaces(table.kind) => {
                let marked = table.marked.iter().map(|key| Arc::clone(&key.name)).collect::<BTreeSet<_>>();
                let one = || self.selected().map(|key| BTreeSet::from([key.name]));
                if let Some(names) = Some(marked).filter(|names| !names.is_empty()).or_else(one) {
                    self.use_namespaces(Namespaces::Some(names));
                }
            }
            _ => match self.selected_line().and_then(|line| line.follows) {
                Some(request) => self.follow_line(&request),
                None => self.describe(),
            },
        }
    }

    /// Tab: between a table and the detail beside it; on Home to its next part.
    pub(super) fn switch_pane(&mut self) {
        let Some(session) = self.session() else { return };
        match session.screen() {
            Screen::Detail(_) if beneath(session).is_some() => self.leave(),
            Screen::Logs(_) if docked(session, self.size).is_some() => self.leave(),
            Screen::Table(_) | Screen::Trace(_) if docked(session, self.size).is_some() => self.forward(),
            Screen::Table(_) => self.describe(),
            Screen::Home(_) => self.next_part(),
            _ => {}
        }
    }

    /// To the owner of what is selected.
    pub(super) fn owner(&mut self) {
        let Some(key) = self.subject() else { return };
        let Some(session) = self.session() else { return };
        let record = session.cluster.get(&key);
        let owner = record.and_then(|r| r.meta.controller().or_else(|| r.meta.owners.first()));
        let Some(owner) = owner else { return self.say(format!("nothing owns {}", key.name)) };
        match session.cluster.by_uid(&owner.uid) {
            Some(owner) => {
                let key = owner.key.clone();
                self.open_detail(key);
            }
            None => {
                let text = format!("its owner, {} {}, is not among the kinds that are watched", owner.kind, owner.name);
                self.say(text);
            }
        }
    }

    pub(super) fn describe(&mut self) {
        match self.selected() {
            Some(key) => self.open_detail(key),
            None if matches!(self.session().map(Session::screen), Some(Screen::Trace(_))) => {
                self.say("this line speaks of no object of the cluster");
            }
            None => {}
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

    /// What was done, in every context and by every run of the program.
    pub(super) fn audit(&mut self) {
        self.record = vec!["reading the record".to_owned()];
        self.push(Screen::Help(HelpScreen { topic: Topic::Record, first: 0 }));
        self.out.push(Effect::Record);
    }

    /// Copies the name, or the names of everything that is marked.
    pub(super) fn copy_name(&mut self) {
        let marked = match self.session().map(Session::screen) {
            Some(Screen::Table(table)) => table.marked.iter().map(|key| key.name.to_string()).collect(),
            _ => Vec::new(),
        };
        if marked.is_empty() {
            if let Some(key) = self.subject() {
                self.out.push(Effect::Copy { text: key.name.to_string(), what: key.name.to_string() });
            }
            return;
        }
        let what = format!("{} names", marked.len());
        self.out.push(Effect::Copy { text: marked.join("\n"), what });
    }

    pub(super) fn copy_namespace(&mut self) {
        match self.subject().map(|key| key.namespace) {
            Some(Some(name)) => {
                self.out.push(Effect::Copy { text: name.to_string(), what: format!("namespace {name}") });
            }
            Some(None) => self.say("it lives in no namespace"),
            None => {}
        }
    }

    /// Copies the text on screen: the YAML as it is shown.
    pub(super) fn copy_text(&mut self) {
        let Some(session) = self.session() else { return };
        let lines: Vec<String> = self.text_lines(session).iter().map(crate::view::line::Line::plain).collect();
        self.out.push(Effect::Copy { text: lines.join("\n"), what: format!("{} lines", lines.len()) });
    }

    pub(super) fn quit(&mut self) {
        self.close_forwards("kplumb was ended");
        self.out.push(Effect::Quit);
    }

    pub(super) fn suspend(&mut self) {
        self.out.push(Effect::Suspend);
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
            Screen::Rollout(rollout) => Some(rollout.key.clone()),
            _ => self.selected(),
        }
    }

    /// The object whose detail is on screen, in its own screen or beside the table.
    pub(super) fn open_object(&self) -> Option<ObjectRef> {
        match self.session()?.screen() {
            Screen::Rollouts(_) => None,
            Screen::Table(_) | Screen::Trace(_) | Screen::Host(_) if self.panes().side.is_none() => None,
            _ => self.subject(),
        }
    }

    /// Tries an unreachable server again now.
    pub(super) fn retry(&mut self) {
        let Some(session) = self.session() else { return };
        match session.connection {
            Connection::Live(_) | Connection::Connecting { .. } => self.out.push(Effect::Redraw),
            Connection::NeedsTerminal(_) => self.reconnect(true),
            Connection::Closed => self.reconnect(false),
            Connection::Unreachable { .. } => {
                let epoch = session.epoch;
                self.out.push(Effect::Retry(epoch));
            }
        }
    }

    /// Contexts that nobody looked at for a while are closed.
    pub(super) fn close_idle(&mut self) {
        let (now, current) = (self.now, self.current);
        for (index, session) in self.sessions.iter_mut().enumerate() {
            let idle = session.left.is_some_and(|left| left.plus_seconds(IDLE) <= now);
            if index != current && idle && session.connection != Connection::Closed {
                self.out.push(Effect::Disconnect(session.epoch));
                session.close();
            }
        }
    }
}
