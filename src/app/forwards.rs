//! The ports that are forwarded now: what each leads to, how it stands, what went through. None outlives the context on
//! screen or the program.

use crate::app::App;
use crate::app::effect::Effect;
use crate::app::event::{ContextName, Epoch};
use crate::app::forward::{Follow, Forward, State, Told};
use crate::app::mutation::Note;
use crate::app::notice::Notice;
use crate::app::scene::Entry;
use crate::app::screen::{Pick, Screen};
use crate::kinds::{Health, ObjectRef, POD, age};
use crate::model::{Scope, Sync};
use crate::view::line::{Role, Span, counted};
use crate::wire::Timestamp;
use std::sync::Arc;

/// Ended forwards that are kept in the list, so that it can be read why.
const MOST_ENDED: usize = 20;

/// Every forward of this run that is open, and the last ones that have ended.
#[derive(Debug, Default)]
pub struct Forwards {
    all: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    epoch: Epoch,
    forward: Forward,
    /// `deployment/web in shop`.
    place: String,
    since: Timestamp,
    told: Told,
    /// The pod that was told to be gone already.
    left: Option<Arc<str>>,
}

impl Forwards {
    /// A forward was confirmed.
    pub(super) fn begin(&mut self, (id, epoch): (u64, Epoch), forward: &Forward, note: &Note, now: Timestamp) {
        let told = Told {
            id,
            context: ContextName::clone(&note.context),
            state: State::Opening,
            pod: None,
            port: None,
            moves: 0,
            connections: (0, 0),
            bytes: (0, 0),
            error: None,
        };
        self.all.push(Line {
            epoch,
            forward: forward.clone(),
            place: note.object.clone(),
            since: now,
            told,
            left: None,
        });
        let ended = self.all.iter().filter(|line| !line.is_open()).count();
        if MOST_ENDED < ended
            && let Some(at) = self.all.iter().position(|line| !line.is_open())
        {
            self.all.remove(at);
        }
    }

    /// How many are open, for the first line of the screen.
    pub(super) fn mark(&self) -> Option<Span> {
        let open = self.all.iter().filter(|line| line.is_open()).count();
        (0 < open).then(|| Span::new(counted(open, "forward"), Role::Accent))
    }
}

impl Line {
    fn is_open(&self) -> bool {
        !matches!(self.told.state, State::Ended(_))
    }

    /// `deployment/web:http in shop`.
    fn port(&self) -> String {
        let (name, rest) = self.place.split_once(' ').unwrap_or((&self.place, ""));
        format!("{name}:{} {rest}", self.forward.remote).trim_end().to_owned()
    }

    fn entry(&self, now: Timestamp) -> Entry {
        let told = &self.told;
        let (health, state) = match &told.state {
            State::Opening => (Health::Progressing, "looking for a pod".to_owned()),
            State::Open => (Health::Ready, "open".to_owned()),
            State::Waiting(why) => (Health::Warn, format!("waiting: {why}")),
            State::Ended(why) => (Health::Unknown, format!("ended: {why}")),
        };
        let pod = told.pod.as_ref().filter(|_| self.is_open()).map(|(name, _)| match told.port {
            Some(port) => format!("pod/{name}:{port}"),
            None => format!("pod/{name}"),
        });
        let open = match told.connections.0 {
            1 => "1 connection".to_owned(),
            open => format!("{open} connections"),
        };
        let moves = match told.moves {
            0 => None,
            1 => Some("moved once".to_owned()),
            moves => Some(format!("moved {moves} times")),
        };
        let (to, from) = told.bytes;
        let parts = [
            Some(state),
            told.error.as_ref().map(|why| format!("last error: {why}")),
            Some(self.port()),
            pod,
            moves,
            self.is_open().then_some(open),
            Some(format!("{} out  {} in", size(to), size(from))),
            Some(age::age(now, Some(self.since))),
        ];
        let detail = parts.into_iter().flatten().collect::<Vec<_>>().join("  ");
        Entry { health: Some(health), text: self.forward.url(), detail, ..Entry::default() }
    }
}

/// Bytes for people: `812 B`, `1.4 MB`.
fn size(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while 10_000 <= tenths && unit + 1 < units.len() {
        (tenths, unit) = (tenths / 1000, unit + 1);
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, units[unit])
}

impl App {
    /// `:forwards`
    pub(super) fn list_forwards(&mut self) {
        if self.forwards.all.is_empty() {
            return self.say("no port is forwarded: F on a pod, a workload or a Service forwards one");
        }
        self.pick(Pick::Forward);
    }

    pub(super) fn forward_entries(&self) -> Vec<Entry> {
        self.forwards.all.iter().map(|line| line.entry(self.now)).collect()
    }

    /// The forward on the selected line of the list.
    fn selected_forward(&self) -> Option<usize> {
        let Some(Screen::Picker(picker)) = self.session().map(crate::app::session::Session::screen) else {
            return None;
        };
        let entries = self.entries(picker);
        let entry = entries.get(picker.cursor.index.min(entries.len().saturating_sub(1)))?;
        self.forwards.all.iter().position(|line| line.entry(self.now) == *entry)
    }

    /// Enter: what it leads to.
    pub(super) fn open_forward(&mut self) {
        let Some(line) = self.selected_forward().and_then(|at| self.forwards.all.get(at)) else { return };
        let (key, context) = (line.forward.target.clone(), line.told.context.clone());
        if self.session().is_some_and(|session| session.context == context) {
            return self.open_detail(key);
        }
        self.say(format!("it was opened in the context {context}"));
    }

    /// `x`: closes it; one that has ended leaves the list.
    pub(super) fn close_forward(&mut self) {
        let Some(at) = self.selected_forward() else { return };
        if !self.forwards.all[at].is_open() {
            self.forwards.all.remove(at);
            return if self.forwards.all.is_empty() { self.leave() } else { self.step(0) };
        }
        let (id, url) = (self.forwards.all[at].told.id, self.forwards.all[at].forward.url());
        self.end(at, "it was closed");
        self.out.push(Effect::CloseForward(id, "it was closed"));
        self.say(format!("{url} is closed"));
    }

    /// `y`: its URL.
    pub(super) fn copy_forward(&mut self) {
        let Some(line) = self.selected_forward().and_then(|at| self.forwards.all.get(at)) else { return };
        let url = line.forward.url();
        self.out.push(Effect::Copy { text: url.clone(), what: url });
    }

    fn end(&mut self, at: usize, why: &str) {
        if let Some(line) = self.forwards.all.get_mut(at) {
            line.told.state = State::Ended(why.to_owned());
            line.told.connections.0 = 0;
        }
    }

    /// Closes all of them, and says so.
    pub(super) fn close_forwards(&mut self, why: &'static str) {
        let open: Vec<usize> = (0..self.forwards.all.len()).filter(|at| self.forwards.all[*at].is_open()).collect();
        for at in &open {
            let id = self.forwards.all[*at].told.id;
            self.end(*at, why);
            self.out.push(Effect::CloseForward(id, why));
        }
        match open.len() {
            0 => {}
            1 => self.say(format!("the forwarded port was closed: {why}")),
            many => self.say(format!("{many} forwarded ports were closed: {why}")),
        }
    }

    /// The connection under which they were confirmed is gone.
    pub(super) fn lose_forwards(&mut self, epoch: Epoch) {
        for at in 0..self.forwards.all.len() {
            if self.forwards.all[at].epoch == epoch && self.forwards.all[at].is_open() {
                let id = self.forwards.all[at].told.id;
                self.end(at, "the connection to the cluster was begun anew");
                self.out.push(Effect::CloseForward(id, "the connection to the cluster was begun anew"));
            }
        }
    }

    /// A forward said how it stands.
    pub(super) fn forwarded(&mut self, told: Told) {
        self.redraw = true;
        let Some(line) = self.forwards.all.iter_mut().find(|line| line.told.id == told.id) else { return };
        // What was closed here stays closed, whatever was under way.
        if !line.is_open() {
            line.told.bytes = told.bytes;
            return;
        }
        let was = (line.told.state.clone(), line.told.moves);
        line.told = told;
        let (url, place, told) = (line.forward.url(), &line.place, &line.told);
        let pod = told.pod.as_ref().map_or("", |(name, _)| name);
        let text = match &told.state {
            State::Open if was.0 == State::Opening => format!("{url} leads to pod/{pod}; :forwards lists it"),
            State::Open if was.1 < told.moves => format!("{url} leads to pod/{pod} now"),
            State::Waiting(why) if was.0 != told.state => format!("{url} waits: {why}"),
            State::Ended(why) => format!("{url} → {place} has ended: {why}"),
            _ => return,
        };
        let is_failure = matches!(told.state, State::Ended(_) | State::Waiting(_));
        self.notice = Some(Notice { is_failure, until: self.now.plus_seconds(15), ..Notice::new(text, self.now) });
    }

    /// Tells forwards whose pod is gone, or on its way out, as the model knows it.
    pub(super) fn move_forwards(&mut self, index: usize) {
        let Some(session) = self.sessions.get(index) else { return };
        for line in self.forwards.all.iter_mut().filter(|line| line.epoch == session.epoch && line.is_open()) {
            let Some((name, uid)) = line.told.pod.clone() else { continue };
            let namespace = line.forward.target.namespace.clone();
            let is_known = [Scope::all(POD), Scope { namespace: namespace.clone(), ..Scope::all(POD) }]
                .iter()
                .any(|scope| *session.cluster.sync(scope) == Sync::Live);
            let key = ObjectRef { kind: POD, namespace, name };
            let is_gone = match session.cluster.get(&key) {
                None => is_known,
                Some(record) if record.meta.uid != uid => true,
                // A pod that ends may still answer: only who can go on to another one leaves it now.
                Some(record) => record.meta.deleted.is_some() && line.forward.follow() != Follow::Itself,
            };
            if is_gone && line.left.as_ref() != Some(&uid) {
                line.left = Some(uid.clone());
                self.out.push(Effect::MoveForward(line.told.id, uid));
            }
        }
    }
}
