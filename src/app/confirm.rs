//! The dialog before anything is written: what would happen to which object, in which context. Cancel is the default,
//! keys count only after a moment, and what was shown is exactly what is done.

mod again;
mod ask;
mod editing;
mod forward;
mod given;
mod impact;
mod many;
mod outcome;
mod pane;
mod send;
mod steps;
mod visit;

use self::again::Agreed;
use self::impact::Impact;
use crate::app::App;
use crate::app::acts::{self, Act, Subject, Target, Undo};
use crate::app::draft::Kept;
use crate::app::event::Epoch;
use crate::app::mutation::{Mutation, Way};
use crate::app::notice::Notice;
use crate::app::policy::Mode;
use crate::app::prompt::Editor;
use crate::app::session::Session;
use crate::app::visit::Errand;
use crate::kinds::ObjectRef;
use crate::view::describe::diff::Difference;
use crate::wire::Timestamp;
use serde_json::Value;

/// How long keys are ignored once a dialog has something to answer, in microseconds: they were meant for what was there.
const MOMENT: i64 = 300_000;

/// On a smaller terminal nobody can have seen what would be done: columns and rows.
const SMALLEST: (u16, u16) = (60, 16);

/// A dialog on screen.
#[derive(Debug)]
pub struct Dialog {
    /// The connection that it speaks of.
    epoch: Epoch,
    /// What it is about.
    purpose: Purpose,
    /// What has to be typed, in this order; the first is being typed.
    asks: Vec<Ask>,
    /// The line that is typed.
    editor: Editor,
    /// What is wrong with it.
    error: Option<String>,
    /// The first line on screen, where there are more than it can show.
    first: usize,
    /// Whether the button that does it is chosen; Cancel is, at first.
    is_go: bool,
    /// Since when it can be answered.
    since: Timestamp,
    /// Why, in the user's words.
    reason: Option<String>,
    /// What would be otherwise for those who send requests.
    impact: Impact,
}

/// What a dialog is about.
#[derive(Debug)]
enum Purpose {
    /// To do something to an object.
    Act(Box<Pending>),
    /// To do something to several objects.
    Many(Box<Many>),
    /// To operate this cluster from here on.
    Operate,
    /// To be allowed more for a while.
    Elevate,
}

/// An action that waits for its answer.
#[derive(Debug)]
struct Pending {
    act: &'static Act,
    subject: Subject,
    /// What was said beside the object.
    said: Option<String>,
    /// What the user said yes to, while it is looked whether that still is what would be done.
    agreed: Option<Box<Agreed>>,
    /// Whether it was asked before, and the object changed meanwhile.
    is_again: bool,
    /// What would be written; none before that can be said.
    mutation: Option<Mutation>,
    /// Tells what belongs to it from older answers.
    number: u64,
    /// How often it was rehearsed.
    tries: u8,
    /// The action that it takes back.
    of: Option<Way>,
    /// Where it was read, if in a file.
    origin: Option<String>,
    /// What came out of the user's editor.
    draft: Option<Kept>,
    /// Our own words above the text in the editor, and how many of them say what is wrong.
    head: String,
    number_of_notes: usize,
    state: State,
}

/// One action on several objects, each with its own verdict.
#[derive(Debug)]
struct Many {
    act: &'static Act,
    rows: Vec<Pending>,
    /// What could not be read: where, and why.
    unreadable: Vec<(String, String)>,
}

#[derive(Debug)]
enum State {
    /// The object is being read.
    Consulting,
    /// Something has to be said beside the object.
    Asking,
    /// It stands in the user's editor.
    Editing,
    /// The server has not said yet what would come of it.
    Rehearsing,
    /// What would come of it.
    Ready(Box<Ready>),
    /// It cannot be.
    Refused { why: String, remedy: String },
}

/// What would come of it.
#[derive(Debug, Default)]
struct Ready {
    /// Field by field; none where the object does not change but comes or goes.
    differences: Option<Vec<Difference>>,
    /// In words.
    effects: Vec<String>,
    /// What to know before.
    cautions: Vec<String>,
    undo: Undo,
    /// What is written after it.
    more: Vec<Mutation>,
    /// What is opened.
    opens: Option<Errand>,
    /// The object as it would be; null where that is not known.
    after: Value,
}

/// Something that has to be typed.
#[derive(Debug, PartialEq, Eq)]
enum Ask {
    /// Exactly this: a name, a context.
    Word(String),
    /// Anything: the reason.
    Reason,
    /// What the action wants to know beside the object.
    Input,
}

impl App {
    /// Whether a dialog has the keys.
    pub(super) fn has_dialog(&self) -> bool {
        self.dialog.is_some()
    }

    /// Whether a dialog is about to be answered by the server or by the user's patience.
    pub fn is_pondering(&self) -> bool {
        self.has_dialog() && !self.dialog_listens()
    }

    /// Whether what is typed is free, so that it may be pasted too.
    pub(super) fn asks_for_input(&self) -> bool {
        let asks = |dialog: &Dialog| matches!(dialog.asks.first(), Some(Ask::Input | Ask::Reason));
        self.dialog_listens() && self.dialog.as_ref().is_some_and(asks)
    }

    /// Whether a key may count: not before the dialog can be answered, nor in the first moment after.
    pub(super) fn dialog_listens(&self) -> bool {
        let is_told = |dialog: &Dialog| match &dialog.purpose {
            Purpose::Act(pending) => pending.is_told(),
            Purpose::Many(many) => many.rows.iter().all(Pending::is_told),
            Purpose::Operate | Purpose::Elevate => true,
        };
        let is_seen = |dialog: &Dialog| !dialog.impact.is_open() && MOMENT <= self.now.micros_since(dialog.since);
        self.dialog.as_ref().is_some_and(|dialog| is_told(dialog) && is_seen(dialog))
    }

    /// Begins an action on the selected object, which is pinned from here on.
    pub(super) fn act(&mut self, name: &str) {
        self.act_with(name, None);
    }

    /// The same, with what the user said beside the object already.
    pub(super) fn act_with(&mut self, name: &str, said: Option<&str>) {
        let Some(act) = acts::find(name) else { return };
        let marked = self.marked();
        if 1 < marked.len() && act.forward.is_some() {
            return self.say("one port at a time is forwarded: <space> lets marks go");
        }
        if 1 < marked.len() && act.opens.is_some() {
            let text = format!("{name}: {} pods are marked, and this terminal is one", marked.len());
            return self.say(text);
        }
        if 1 < marked.len() {
            return self.begin_many(act, &marked, said);
        }
        let Some(key) = marked.into_iter().next().or_else(|| self.subject()) else {
            return self.say(format!("{name}: nothing is selected"));
        };
        self.begin(act, &key, said.map(str::to_owned), None);
    }

    /// Begins an action on an object that was chosen before.
    pub(super) fn act_on(&mut self, act: &'static Act, key: &ObjectRef) {
        self.begin(act, key, None, None);
    }

    /// Takes back the last action of this run in this context; else a rollout, whoever began it. Of what is marked, the
    /// rollout of each: marks say what is meant.
    pub(super) fn undo_last(&mut self) {
        if 1 < self.marked().len() {
            return self.act("undo");
        }
        let Some(context) = self.session().map(|session| session.context.clone()) else { return };
        if let Some((_, way)) = self.deeds.ways.iter().rev().find(|(of, _)| *of == context).cloned()
            && let Some(act) = acts::find(way.act)
        {
            return self.begin(act, &way.key.clone(), Some(way.argument.clone()), Some(way));
        }
        let undo = acts::find("undo");
        if undo.zip(self.subject()).is_some_and(|(undo, key)| undo.fits(key.kind)) {
            return self.act("undo");
        }
        self.say("nothing was done in this run that could be taken back; on a workload z takes back its last rollout");
    }

    fn begin(&mut self, act: &'static Act, key: &ObjectRef, said: Option<String>, of: Option<Way>) {
        let Some(target) = self.target(act, key) else { return };
        let Some(epoch) = self.may_begin(act) else { return };
        let pending = Pending { of, ..self.pending_of(act, target, said) };
        let number = pending.number;
        self.dialog = Some(self.dialog_of(epoch, Purpose::Act(Box::new(pending)), Vec::new()));
        self.consult(number);
    }

    fn pending_of(&mut self, act: &'static Act, target: Target, said: Option<String>) -> Pending {
        let preset = self.settings.debug_image.clone().filter(|_| act.name == "debug").unwrap_or_default();
        Pending {
            act,
            subject: Subject { preset, ..Subject::new(target) },
            said,
            agreed: None,
            mutation: None,
            number: self.epoch().0,
            tries: 0,
            of: None,
            origin: None,
            draft: None,
            is_again: false,
            head: String::new(),
            number_of_notes: 0,
            state: State::Consulting,
        }
    }

    /// Whether an action may begin here now, and on which connection; says why not.
    fn may_begin(&mut self, act: &Act) -> Option<Epoch> {
        let session = self.session()?;
        let (epoch, mode) = (session.epoch, session.mode);
        if act.is_denied(&session.grant) {
            self.refuse_to(act, "the policy denies it here");
            return None;
        }
        if !session.is_live() {
            self.refuse_to(act, "the server does not answer");
            return None;
        }
        if mode == Mode::Observe {
            self.ask_to_operate(act);
            return None;
        }
        Some(epoch)
    }

    fn dialog_of(&self, epoch: Epoch, purpose: Purpose, asks: Vec<Ask>) -> Dialog {
        let (editor, since) = (Editor::default(), self.now);
        Dialog {
            epoch,
            purpose,
            asks,
            editor,
            error: None,
            first: 0,
            is_go: false,
            since,
            reason: None,
            impact: Impact::None,
        }
    }

    fn refuse_to(&mut self, act: &Act, why: &str) {
        let text = format!("{}: {why}", act.name);
        self.notice = Some(Notice { is_failure: true, ..Notice::new(text, self.now) });
    }

    /// An object, if it is of a kind that has the action and its version is known.
    fn target(&mut self, act: &Act, key: &ObjectRef) -> Option<Target> {
        let session = self.session()?;
        let kind = session.catalog.get(key.kind)?;
        if !act.fits(key.kind) {
            let text = format!("{} is for {}", act.name, self.kinds_of(act).join(", "));
            self.say(text);
            return None;
        }
        let record = session.cluster.get(key);
        if record.is_none() && !act.makes() {
            self.say(format!("{} is gone", key.name));
            return None;
        }
        let meta = record.filter(|_| !act.makes()).map(|record| record.meta.clone()).unwrap_or_default();
        Some(Target {
            context: session.context.clone(),
            kind: acts::singular(kind),
            resource: acts::resource(kind),
            has_status: kind.has_status(),
            uid: meta.uid,
            resource_version: meta.resource_version,
            key: key.clone(),
            now: self.now,
        })
    }

    fn kinds_of(&self, act: &Act) -> Vec<String> {
        let Some(session) = self.session() else { return Vec::new() };
        act.kinds.iter().filter_map(|id| session.catalog.get(*id)).map(|kind| kind.plural.to_string()).collect()
    }

    /// Tab: the other button.
    pub(super) fn dialog_other(&mut self) {
        if let Some(dialog) = &mut self.dialog {
            dialog.is_go = !dialog.is_go && dialog.asks.is_empty();
        }
    }

    /// Left and right: in what is typed, else the other button.
    pub(super) fn dialog_move(&mut self, in_line: fn(&mut Editor)) {
        let is_typed = self.dialog.as_ref().is_some_and(|dialog| !dialog.asks.is_empty());
        if is_typed { self.dialog_edit(in_line) } else { self.dialog_other() }
    }

    /// Down and up, where there is more than fits.
    pub(super) fn dialog_scroll(&mut self, by: isize) {
        let most = self.dialog_pane().map_or(0, |pane| pane.lines.len().saturating_sub(1));
        if let Some(dialog) = &mut self.dialog {
            dialog.first = dialog.first.saturating_add_signed(by).min(most);
        }
    }

    /// Esc.
    pub(super) fn dialog_cancel(&mut self) {
        self.leave_draft();
        self.dialog = None;
    }

    /// `y`: yes where one key is enough, else a letter.
    pub(super) fn dialog_yes(&mut self) {
        let Some(dialog) = &self.dialog else { return };
        if dialog.asks.is_empty() { self.dialog_accept() } else { self.dialog_type("y") }
    }

    /// Letters go into what has to be typed.
    pub(super) fn dialog_type(&mut self, text: &str) {
        self.dialog_edit(|editor| editor.insert(text));
    }

    /// Edits what is being typed.
    pub(super) fn dialog_edit(&mut self, edit: impl FnOnce(&mut Editor)) {
        if let Some(dialog) = self.dialog.as_mut().filter(|dialog| !dialog.asks.is_empty()) {
            edit(&mut dialog.editor);
            dialog.error = None;
        }
    }

    /// Enter: what is typed counts, else the chosen button.
    pub(super) fn dialog_press(&mut self) {
        let Some(dialog) = &mut self.dialog else { return };
        let Some(ask) = dialog.asks.first() else {
            return if dialog.is_go { self.dialog_accept() } else { self.dialog_cancel() };
        };
        let typed = dialog.editor.text().trim().to_owned();
        let is_right = match ask {
            Ask::Input => return self.dialog_said(&typed),
            Ask::Word(word) => *word == typed,
            Ask::Reason => !typed.is_empty(),
        };
        if !is_right {
            let text = match ask {
                Ask::Word(word) => format!("type {word} to go on, or <esc>"),
                _ => "a reason is needed, or <esc>".to_owned(),
            };
            return self.say(text);
        }
        let answered = dialog.asks.remove(0);
        dialog.editor = Editor::default();
        if answered == Ask::Reason {
            dialog.reason = Some(typed);
        }
        if dialog.asks.is_empty() {
            self.dialog_accept();
        }
    }

    /// The user has said yes.
    fn dialog_accept(&mut self) {
        let Some(dialog) = &self.dialog else { return };
        match &dialog.purpose {
            Purpose::Operate => self.operate(),
            Purpose::Elevate => self.elevate(),
            Purpose::Act(pending) if pending.can_be_edited_again() => self.edit_again(),
            Purpose::Act(_) => self.accept_act(),
            Purpose::Many(_) => self.accept_many(),
        }
    }

    /// Whether what is on screen may be done: it can have been seen, and the mode allows it.
    fn may_accept(&mut self, epoch: Epoch) -> bool {
        let Some(mode) = self.session_of(epoch).map(|session| session.mode) else { return false };
        let is_seen = SMALLEST.0 <= self.size.width && SMALLEST.1 <= self.size.height;
        if !is_seen {
            self.say("the terminal is too small to show what would be done");
        } else if mode != Mode::Operate {
            self.say(format!("{} mode: nothing is done", mode.word()));
        }
        is_seen && mode == Mode::Operate
    }

    /// The connection that a dialog speaks of.
    pub(super) fn session_of(&self, epoch: Epoch) -> Option<&Session> {
        self.sessions.iter().find(|session| session.epoch == epoch)
    }
}
