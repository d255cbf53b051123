//! The state machine: events in, effects out. `update` is the only way in; it never waits and never fails.
//!
//! Start reading at `App::update`; what the screen says is `App::scene`, a value that `ui` only paints.

pub mod acts;
pub mod asking;
pub mod command;
pub mod config;
pub mod confirm;
pub mod consult;
pub mod deeds;
pub mod draft;
pub mod effect;
pub mod event;
pub mod fields;
pub mod forward;
pub mod forwards;
pub mod home;
pub mod keymap;
pub mod layout;
pub mod logs;
pub mod merge;
pub mod moves;
pub mod mutation;
pub mod notice;
pub mod open;
pub mod palette;
pub mod picker;
pub mod pointer;
pub mod policy;
pub mod prompt;
pub mod reading;
pub mod right;
pub mod rights;
pub mod rollout;
pub mod scene;
pub mod screen;
pub mod searching;
pub mod selecting;
pub mod session;
pub mod settings;
pub mod sorting;
pub mod tracing;
pub mod update;
pub mod visit;
mod weaker;

use self::command::Keys;
use self::effect::Effect;
use self::event::{ContextName, Epoch, Failure};
use self::notice::Notice;
use self::policy::{Mode, Policy};
use self::prompt::Prompt;
use self::session::Session;
use self::settings::Settings;
use crate::view::table::Namespaces;
use crate::wire::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Everything the program knows between two events.
#[derive(Debug)]
pub struct App {
    /// One for each context that was opened, in the order of opening.
    sessions: Vec<Session>,
    /// The one on screen.
    current: usize,
    /// Every context of the kubeconfig.
    contexts: Vec<ContextName>,
    /// The namespace that each context begins with; all where none is given.
    own_namespaces: BTreeMap<ContextName, Arc<str>>,
    /// Requests that are pinned in each context that was not opened yet, as lines.
    pins: BTreeMap<ContextName, Vec<String>>,
    /// What the flags ask for at most; none for whatever the policy grants.
    asked: Option<Mode>,
    /// What may be done where.
    policy: Policy,
    /// The folder whose files are offered while one is typed.
    folder: draft::Folder,
    /// What was done, as the last look at the record said.
    record: Vec<String>,
    /// What was done in this run.
    deeds: deeds::Deeds,
    /// Ports that are forwarded.
    forwards: forwards::Forwards,
    /// The question before something is done.
    dialog: Option<confirm::Dialog>,
    /// Why there is no context at all, where there is none.
    nowhere: Option<Failure>,
    prompt: Option<Prompt>,
    notice: Option<Notice>,
    search: searching::Search,
    settings: Settings,
    keys: Keys,
    now: Timestamp,
    size: Size,
    out: Vec<Effect>,
    /// The next connection's name.
    next_epoch: u64,
    /// Whether the screen says something else than when it was drawn last.
    redraw: bool,
    /// Whether the last press selected a row, which a second one opens.
    has_pressed_row: bool,
}

/// The terminal, in cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

/// What the program is started with.
#[derive(Clone, Debug)]
pub struct Start {
    /// Every context that can be opened.
    pub contexts: Vec<ContextName>,
    /// The one to open first; none when there is none.
    pub context: Option<ContextName>,
    /// Where was looked for a kubeconfig, and what to do, where there is no context.
    pub nowhere: Option<Failure>,
    /// What to show first: a kind, `home`, or a palette line that begins with a colon.
    pub view: Option<String>,
    /// Namespaces asked for; none for the context's own.
    pub namespaces: BTreeSet<Arc<str>>,
    /// The namespace that each context begins with; all where none is given.
    pub own_namespaces: BTreeMap<ContextName, Arc<str>>,
    /// Requests that are pinned in each context, as lines.
    pub pins: BTreeMap<ContextName, Vec<String>>,
    /// What the flags ask for at most; none for whatever the policy grants.
    pub mode: Option<Mode>,
    /// What may be done where.
    pub policy: Policy,
    /// From the config file and the flags.
    pub settings: Settings,
    /// The present.
    pub now: Timestamp,
    /// The terminal.
    pub size: Size,
}

impl Start {
    /// On the first of these contexts, with nothing asked for and nothing kept from before.
    pub fn on(contexts: &[&str], now: Timestamp, size: Size) -> Self {
        let contexts: Vec<ContextName> = contexts.iter().map(|name| Arc::from(*name)).collect();
        Self {
            context: contexts.first().cloned(),
            contexts,
            nowhere: None,
            view: None,
            namespaces: BTreeSet::new(),
            own_namespaces: BTreeMap::new(),
            pins: BTreeMap::new(),
            mode: None,
            policy: Policy::default(),
            settings: Settings::default(),
            now,
            size,
        }
    }
}

impl App {
    /// The program before its first event, and what it wants done first.
    pub fn start(start: Start) -> (Self, Vec<Effect>) {
        let keys = Keys::new(&start.settings);
        let mut app = Self {
            sessions: Vec::new(),
            current: 0,
            contexts: start.contexts,
            own_namespaces: start.own_namespaces,
            pins: start.pins,
            asked: start.mode,
            policy: start.policy,
            folder: draft::Folder::default(),
            record: Vec::new(),
            deeds: deeds::Deeds::default(),
            forwards: forwards::Forwards::default(),
            dialog: None,
            nowhere: start.nowhere,
            prompt: None,
            notice: None,
            search: searching::Search::default(),
            settings: start.settings,
            keys,
            now: start.now,
            size: start.size,
            out: Vec::new(),
            next_epoch: 1,
            redraw: true,
            has_pressed_row: false,
        };
        if let Some(context) = start.context {
            let namespaces = if start.namespaces.is_empty() {
                app.own_namespaces(&context)
            } else {
                Namespaces::Some(start.namespaces)
            };
            app.enter(context, namespaces);
            if let Some(view) = start.view {
                app.run_when_known(view.trim_start_matches(':'));
            }
        }
        if let Some(fault) = app.policy.fault() {
            let text = format!("nothing may be written: {fault}");
            app.notice = Some(Notice { is_failure: true, ..Notice::new(text, app.now) });
        }
        app.settle();
        let effects = std::mem::take(&mut app.out);
        (app, effects)
    }

    /// The session on screen; none without any context.
    pub fn session(&self) -> Option<&Session> {
        self.sessions.get(self.current)
    }

    /// Every session that is open.
    pub fn sessions(&self) -> &[Session] {
        &self.sessions
    }

    /// From the config file and the flags.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The present, as the program knows it.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// The terminal's size.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Whether the screen has to be drawn anew; asking settles it.
    pub fn take_redraw(&mut self) -> bool {
        std::mem::take(&mut self.redraw)
    }

    /// The namespaces that a context begins with: the one that it names, else all.
    fn own_namespaces(&self, context: &str) -> Namespaces {
        let own = self.own_namespaces.get(context).cloned();
        own.map_or(Namespaces::All, |name| Namespaces::Some(BTreeSet::from([name])))
    }

    fn session_mut(&mut self) -> Option<&mut Session> {
        self.sessions.get_mut(self.current)
    }

    fn epoch(&mut self) -> Epoch {
        let epoch = Epoch(self.next_epoch);
        self.next_epoch += 1;
        epoch
    }
}

#[cfg(test)]
mod tests;
