//! `update`: the only `&mut App`. One event in, effects out, then the state is settled: watches, fetches, notices.

use crate::app::acts;
use crate::app::command::{Command, In};
use crate::app::effect::Effect;
use crate::app::event::{Epoch, Event, Input, Outcome, Reply};
use crate::app::keymap::{Chord, Key};
use crate::app::notice::Notice;
use crate::app::screen::{Pick, Screen};
use crate::app::session::watches::Needs;
use crate::app::session::{Connection, Session};
use crate::app::{App, Size};
use crate::kinds::ObjectRef;
use crate::model::Change;

impl App {
    /// Takes in what happened; returns what is to be done. Never waits and never fails.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Input(input) => self.input(input),
            Event::Tick(now) => self.tick(now),
            Event::Reply(epoch, reply) => self.reply(epoch, reply),
            Event::Outcome(outcome) => self.outcome(outcome),
            Event::Logs(epoch, ticket, batches) => self.logs_came(epoch, ticket, &batches),
            Event::Shelf(ticket, answer) => self.shelf_answered(ticket, answer),
            Event::Saved(file, is_written) => self.logs_saved(file, is_written),
            Event::Continue => self.go_on(),
        }
        self.settle();
        std::mem::take(&mut self.out)
    }

    /// Which commands apply now.
    pub fn place(&self) -> In {
        if self.has_dialog() {
            return In::Dialog;
        }
        if self.prompt.is_some() {
            return In::Prompt;
        }
        match self.session().map(Session::screen) {
            Some(Screen::Home(_)) => In::Home,
            Some(Screen::Table(_)) => In::Table,
            Some(Screen::Detail(_) | Screen::Host(_)) => In::Detail,
            Some(Screen::Trace(_)) => In::Trace,
            Some(Screen::Logs(logs)) if logs.panel.is_some() => In::LogPanel,
            Some(Screen::Logs(logs)) if logs.record.is_some() => In::LogRecord,
            Some(Screen::Rollout(_) | Screen::Rollouts(_)) => In::Rollout,
            Some(Screen::Logs(_)) => In::Logs,
            Some(Screen::Yaml(_)) => In::Yaml,
            Some(Screen::Help(_)) => In::Help,
            Some(Screen::Picker(picker)) => match picker.pick {
                Pick::Forward => In::Forwards,
                Pick::Namespace => In::Namespaces,
                Pick::Route | Pick::Trace => In::Routes,
                Pick::Context | Pick::Sort | Pick::Action => In::Picker,
            },
            None => In::Anywhere,
        }
    }

    fn input(&mut self, input: Input) {
        self.redraw = true;
        match input {
            Input::Key(chord) => self.key(chord),
            Input::Paste(text) => self.paste(&text),
            // What lies beneath a dialog cannot be pressed.
            Input::Mouse { .. } if self.has_dialog() => self.redraw = false,
            Input::Mouse { action, x, y } => self.mouse(action, x, y),
            Input::Resize { width, height } => self.size = Size { width, height },
            Input::Focus(_) => self.redraw = false,
        }
    }

    fn key(&mut self, chord: Chord) {
        if let Some(command) = self.meant(chord) {
            // Keys of the first moment were meant for what the dialog covers; leaving is always possible.
            if self.has_dialog() && !self.dialog_listens() && !command.leaves() {
                return;
            }
            return (command.run)(self);
        }
        match chord.key {
            _ if self.has_dialog() && !self.dialog_listens() => {}
            Key::Char(c) if self.has_dialog() && !chord.ctrl && !chord.alt => self.dialog_type(&c.to_string()),
            Key::Backspace if self.has_dialog() => self.dialog_edit(|editor| {
                editor.backspace();
            }),
            Key::Char(c) if self.prompt.is_some() && !chord.ctrl && !chord.alt => self.prompt_type(&c.to_string()),
            Key::Backspace if self.prompt.is_some() => self.prompt_backspace(),
            Key::Delete if self.prompt.is_some() => self.prompt_edit(super::prompt::Editor::delete),
            _ => self.redraw = false,
        }
    }

    /// What a key means here: of actions that share it, the one that the selected object has, else one of its kind.
    fn meant(&self, chord: Chord) -> Option<&'static Command> {
        let mut candidates = self.keys.commands(chord, self.place()).peekable();
        let first = *candidates.peek()?;
        if acts::find(first.name).is_none() {
            return Some(first);
        }
        let (all, subject): (Vec<_>, _) = (candidates.collect(), self.subject());
        let subject = subject.as_ref();
        let suits = all.iter().find(|command| self.suits(command, subject));
        // One of its kind says why it is not for this object.
        let fits = |command: &Command| {
            acts::find(command.name).is_some_and(|act| subject.is_some_and(|key| act.fits(key.kind)))
        };
        suits.or_else(|| all.iter().find(|command| fits(command))).copied().or(Some(first))
    }

    /// Whether an object has the action of a command; what is no action suits everything.
    pub(super) fn suits(&self, command: &Command, subject: Option<&ObjectRef>) -> bool {
        let Some(act) = acts::find(command.name) else { return true };
        let Some((session, key)) = self.session().zip(subject) else { return false };
        act.fits(key.kind) && session.cluster.get(key).is_none_or(|record| (act.applies)(record))
    }

    /// Pasted text only ever goes into a line that is being typed: nothing pasted is run as keys.
    fn paste(&mut self, text: &str) {
        if self.asks_for_input() {
            self.dialog_type(text.trim());
        } else if self.has_dialog() {
            self.say("what a dialog asks for has to be typed");
        } else if self.prompt.is_some() {
            self.prompt_type(text);
        } else {
            self.say("pasted text goes into : and / only");
        }
    }

    fn tick(&mut self, now: crate::wire::Timestamp) {
        self.now = self.now.max(now);
        if self.sessions.iter().any(|session| session.elevation.is_some_and(|more| more.until <= now)) {
            self.judge();
        }
        if self.notice.as_ref().is_some_and(|notice| notice.until <= now) {
            self.notice = None;
        }
        for session in &mut self.sessions {
            session.changes.forget(now);
        }
        if self.sessions.iter().any(|session| !session.logs.is_empty()) {
            self.sift_logs();
        }
        self.redraw = true;
    }

    /// Replies to a connection that is gone are dropped.
    fn reply(&mut self, epoch: Epoch, reply: Reply) {
        let now = self.now;
        // What became of a write is told whatever became of its connection.
        let reply = match reply {
            Reply::Progress(progress) => return self.progress(&progress),
            Reply::Done(done) => return self.done(&done),
            Reply::Failed(undone) => return self.undone(&undone),
            Reply::Forwarded(told) => return self.forwarded(*told),
            Reply::Visited(visited) => return self.visited(&visited),
            Reply::Edited(number, edited) => return self.edited(epoch, number, edited),
            reply => reply,
        };
        let Some(index) = self.sessions.iter().position(|session| session.epoch == epoch) else { return };
        self.redraw |= index == self.current || self.lists_contexts();
        let Some(session) = self.sessions.get_mut(index) else { return };
        match reply {
            Reply::Connected(connected) => self.greeted(index, connected),
            Reply::Weakened(said) => self.weakened(index, said),
            Reply::Enforced(said) => session.enforced = Some(said.is_ok()),
            Reply::Discovered(catalog) => session.discovered(*catalog),
            Reply::Columns(kind, catalog) => {
                self.out.extend(session.take_columns(kind, *catalog));
                self.filter_anew();
            }
            Reply::Unreachable { failure, retry_at } => session.lost(failure, retry_at, now),
            Reply::NeedsTerminal(failure) => {
                // Who is asked at each connection is not asked twice for the sake of fewer rights.
                session.keeps_rights |= session.as_group.is_some();
                session.connection = Connection::NeedsTerminal(failure);
            }
            Reply::Cluster(changes) => self.changes(index, changes),
            Reply::Readable(readable) => session.readable.extend(readable),
            Reply::Fetched(key, value) => {
                session.templates.take(&key, &value);
                if let Some(fetched) = session.fetched.as_mut().filter(|fetched| fetched.key == key) {
                    fetched.value = Some(value);
                }
            }
            Reply::Probed(request, real) => self.probed(index, &request, real),
            Reply::LookedUp(found) => self.looked_up(index, found),
            Reply::Rights(told) => self.told_rights(epoch, told),
            Reply::Consulted(number, told) => self.consulted(epoch, number, told),
            Reply::Previewed(number, said) => self.previewed(epoch, number, said),
            Reply::Port(number, said) => self.port_tried(epoch, number, said),
            Reply::Given(given) => self.given(epoch, given),
            Reply::Progress(_)
            | Reply::Done(_)
            | Reply::Failed(_)
            | Reply::Forwarded(_)
            | Reply::Visited(_)
            | Reply::Edited(..) => {}
            Reply::Blocked(what) => self.notice = Some(Notice { is_failure: true, ..Notice::new(what, now) }),
        }
    }

    /// Whether the list of contexts is on screen, which tells of all of them.
    fn lists_contexts(&self) -> bool {
        matches!(self.session().map(Session::screen), Some(Screen::Picker(picker)) if picker.pick == Pick::Context)
    }

    /// Takes in what watches said. Where the selected object may go or leave the filter, its place is looked up before.
    fn changes(&mut self, index: usize, changes: Vec<Change>) {
        if index == self.current {
            self.hold_place(&changes);
        }
        let now = self.now;
        if let Some(session) = self.sessions.get_mut(index) {
            session.apply(changes, now);
        }
        self.tell_rollouts(index);
        self.move_forwards(index);
    }

    fn outcome(&mut self, outcome: Outcome) {
        self.redraw = true;
        match outcome {
            Outcome::Copied { what, way } => self.say(format!("{what} copied to {way}")),
            Outcome::Saved { what, path } => self.say(format!("{what} saved to {path}")),
            Outcome::Failed(failure) => self.notice = Some(Notice::failure(&failure, self.now)),
            Outcome::Record(lines) => self.record = lines,
            Outcome::Contexts(contexts) => self.contexts = contexts,
            Outcome::Listed(folder) => self.listed(folder),
        }
    }

    /// Brings the world in line with the state: watches and fetches of what is on screen.
    pub(super) fn settle(&mut self) {
        let now = self.now;
        let open = self.open_object();
        let looked_at = Needs {
            on_screen: true,
            shown: self.shown_kind(),
            detail: open.clone(),
            also: self.told_beside(),
            no_secrets: self.settings.no_secrets,
        };
        self.look();
        self.ask_names();
        self.follow_routes();
        self.fetch_templates();
        self.hear_rollout();
        self.pin_rollouts();
        let current = self.current;
        for (index, session) in self.sessions.iter_mut().enumerate() {
            let needs = if index == current { &looked_at } else { &Needs::default() };
            self.out.extend(session.read_logs());
            self.out.extend(session.ask_columns(needs.shown));
            self.out.extend(session.watch(needs, now));
            let open = open.as_ref().filter(|_| index == current);
            self.out.extend(session.fetch(open, now));
        }
        self.close_idle();
        self.recall_logs();
    }

    /// The earliest moment at which something happens by itself: a notice ends, a watch is closed, a fetch is due, a retry counts.
    pub(super) fn next_wake(&self) -> Option<crate::wire::Timestamp> {
        let notice = self.notice.as_ref().map(|notice| notice.until);
        let sessions =
            self.sessions.iter().flat_map(|session| [session.next_close(), session.fetch_due(), session.logs_due()]);
        let look = self.session().and_then(Session::look_due);
        let retry = self.session().and_then(|session| match &session.connection {
            Connection::Unreachable { retry_at: Some(at), .. } => Some((*at).min(self.now.plus_seconds(1))),
            Connection::Connecting { .. } => Some(self.now.plus_seconds(1)),
            _ => None,
        });
        // How long a context has been out of reach stands in their list.
        let listed = (self.lists_contexts() || self.place() == In::Forwards).then(|| self.now.plus_seconds(1));
        let elevated = self.sessions.iter().filter_map(|session| Some(session.elevation?.until)).min();
        sessions
            .chain([notice, retry, listed, elevated, look, self.dialog_wakes()])
            .flatten()
            .filter(|at| self.now < *at)
            .min()
    }
}
