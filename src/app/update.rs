//! `update`: the only `&mut App`. One event in, effects out, then the state is settled: watches, fetches, notices.

use crate::app::App;
use crate::app::Size;
use crate::app::command::In;
use crate::app::effect::Effect;
use crate::app::event::{Epoch, Event, Input, MouseAction, Outcome, Reply};
use crate::app::keymap::{Chord, Key};
use crate::app::notice::Notice;
use crate::app::screen::Screen;
use crate::app::session::Connection;

impl App {
    /// Takes in what happened; returns what is to be done. Never waits and never fails.
    pub fn update(&mut self, event: Event) -> Vec<Effect> {
        match event {
            Event::Input(input) => self.input(input),
            Event::Tick(now) => self.tick(now),
            Event::Reply(epoch, reply) => self.reply(epoch, reply),
            Event::Continue(_) => {}
            Event::Outcome(outcome) => self.outcome(outcome),
        }
        self.settle();
        std::mem::take(&mut self.out)
    }

    /// Which commands apply now.
    pub fn place(&self) -> In {
        if self.prompt.is_some() {
            return In::Prompt;
        }
        match self.session().map(super::session::Session::screen) {
            Some(Screen::Home(_)) => In::Home,
            Some(Screen::Table(_)) => In::Table,
            Some(Screen::Detail(_)) => In::Detail,
            Some(Screen::Yaml(_)) => In::Yaml,
            Some(Screen::Help(_)) => In::Help,
            Some(Screen::Picker(_)) => In::Picker,
            None => In::Anywhere,
        }
    }

    fn input(&mut self, input: Input) {
        self.redraw = true;
        match input {
            Input::Key(chord) => self.key(chord),
            Input::Paste(text) => self.paste(&text),
            Input::Mouse { action, x, y } => self.mouse(action, x, y),
            Input::Resize { width, height } => self.size = Size { width, height },
            Input::Focus(_) => self.redraw = false,
        }
    }

    fn key(&mut self, chord: Chord) {
        if let Some(command) = self.keys.command(chord, self.place()) {
            return (command.run)(self);
        }
        match chord.key {
            Key::Char(c) if self.prompt.is_some() && !chord.ctrl && !chord.alt => self.prompt_type(&c.to_string()),
            Key::Backspace if self.prompt.is_some() => self.prompt_backspace(),
            Key::Delete if self.prompt.is_some() => self.prompt_edit(super::prompt::Editor::delete),
            _ => self.redraw = false,
        }
    }

    fn paste(&mut self, text: &str) {
        if self.prompt.is_some() {
            self.prompt_type(text);
        }
    }

    fn mouse(&mut self, action: MouseAction, x: u16, y: u16) {
        match action {
            MouseAction::Click => self.click(x, y),
            MouseAction::DoubleClick => {
                self.click(x, y);
                self.open();
            }
            MouseAction::ScrollUp => self.step(-3),
            MouseAction::ScrollDown => self.step(3),
        }
    }

    fn tick(&mut self, now: crate::wire::Timestamp) {
        self.now = self.now.max(now);
        if self.notice.as_ref().is_some_and(|notice| notice.until <= now) {
            self.notice = None;
        }
        for session in &mut self.sessions {
            session.changes.forget(now);
        }
        self.redraw = true;
    }

    /// Replies to a connection that is gone are dropped.
    fn reply(&mut self, epoch: Epoch, reply: Reply) {
        let now = self.now;
        let Some(index) = self.sessions.iter().position(|session| session.epoch == epoch) else { return };
        self.redraw |= index == self.current;
        let Some(session) = self.sessions.get_mut(index) else { return };
        match reply {
            Reply::Connected(connected) => session.connected(*connected),
            Reply::Discovered(catalog) | Reply::Columns(_, catalog) => session.catalog = *catalog,
            Reply::Unreachable { failure, retry_at } => session.lost(failure, retry_at, now),
            Reply::NeedsTerminal(failure) => session.connection = Connection::NeedsTerminal(failure),
            Reply::Cluster(changes) => session.apply(changes, now),
            Reply::Readable(readable) => session.readable.extend(readable),
            Reply::Fetched(key, value) => {
                if let Some(fetched) = session.fetched.as_mut().filter(|fetched| fetched.key == key) {
                    fetched.value = Some(value);
                }
            }
            Reply::Blocked(what) => self.notice = Some(Notice { is_failure: true, ..Notice::new(what, now) }),
        }
    }

    fn outcome(&mut self, outcome: Outcome) {
        self.redraw = true;
        match outcome {
            Outcome::Copied { what, way } => self.say(format!("{what} copied to {way}")),
            Outcome::Failed(failure) => self.notice = Some(Notice::failure(&failure, self.now)),
            Outcome::Contexts(contexts) => self.contexts = contexts,
        }
    }

    /// Brings the world in line with the state: watches and fetches of what is on screen.
    pub(super) fn settle(&mut self) {
        let now = self.now;
        let shown = self.shown_kind();
        let detail = self.open_object();
        let current = self.current;
        for (index, session) in self.sessions.iter_mut().enumerate() {
            let (shown, detail) = if index == current { (shown, detail.as_ref()) } else { (None, None) };
            self.out.extend(session.watch(shown, detail, now));
        }
    }
}
