//! The dialog before anything is written: what would happen to which object, in which context. Cancel is the default,
//! keys count only after a moment, and what was shown is exactly what is done.

mod ask;
mod pane;

use crate::app::App;
use crate::app::acts::{self, Act, Target};
use crate::app::effect::Effect;
use crate::app::event::Epoch;
use crate::app::mutation::{Accepted, Confirmed, Done, Mutation, Note, Preview, Refused, Undone};
use crate::app::notice::Notice;
use crate::app::policy::{Friction, Mode};
use crate::app::prompt::Editor;
use crate::view::describe::diff::{self, Difference};
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
    /// Whether the button that does it is chosen; Cancel is, at first.
    is_go: bool,
    /// Since when it can be answered.
    since: Timestamp,
    /// Why, in the user's words.
    reason: Option<String>,
}

/// What a dialog is about.
#[derive(Debug)]
enum Purpose {
    /// To do something to an object.
    Act(Box<Pending>),
    /// To operate this cluster from here on.
    Operate,
    /// To be allowed more for a while.
    Elevate,
}

/// An action that waits for its answer.
#[derive(Debug)]
struct Pending {
    act: &'static Act,
    target: Target,
    mutation: Mutation,
    /// Tells the rehearsal that belongs to it from older ones.
    number: u64,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The server has not said yet what would come of it.
    Rehearsing,
    /// What would come of it.
    Ready { differences: Vec<Difference>, warnings: Vec<String>, cautions: Vec<String>, undo: String },
    /// It cannot be.
    Refused { why: String, remedy: String },
}

/// Something that has to be typed.
#[derive(Debug, PartialEq, Eq)]
enum Ask {
    /// Exactly this: a name, a context.
    Word(String),
    /// Anything: the reason.
    Reason,
}

impl App {
    /// Whether a dialog has the keys.
    pub(super) fn has_dialog(&self) -> bool {
        self.dialog.is_some()
    }

    /// Whether a key may count: not before the dialog can be answered, nor in the first moment after.
    pub(super) fn dialog_listens(&self) -> bool {
        let is_told = |dialog: &Dialog| match &dialog.purpose {
            Purpose::Act(pending) => !matches!(pending.state, State::Rehearsing),
            Purpose::Operate | Purpose::Elevate => true,
        };
        let is_seen = |dialog: &Dialog| MOMENT <= self.now.micros_since(dialog.since);
        self.dialog.as_ref().is_some_and(|dialog| is_told(dialog) && is_seen(dialog))
    }

    /// Begins an action on the selected object, which is pinned from here on.
    pub(super) fn act(&mut self, name: &str) {
        let Some(act) = acts::find(name) else { return };
        let Some(target) = self.target(act) else { return };
        let Some(session) = self.session() else { return };
        let (epoch, mode) = (session.epoch, session.mode);
        if session.grant.denies(act.name) {
            return self.refuse_to(act, "the policy denies it here");
        }
        if !session.is_live() {
            return self.refuse_to(act, "the server does not answer");
        }
        if mode == Mode::Observe {
            return self.ask_to_operate(act);
        }
        let number = self.epoch().0;
        let mutation = act.mutation(&target);
        self.out.push(Effect::Preview(epoch, number, Box::new(mutation.clone())));
        let asks = self.asks(act, &target);
        let pending = Pending { act, target, mutation, number, state: State::Rehearsing };
        self.dialog = Some(self.dialog_of(epoch, Purpose::Act(Box::new(pending)), asks));
    }

    fn dialog_of(&self, epoch: Epoch, purpose: Purpose, asks: Vec<Ask>) -> Dialog {
        Dialog { epoch, purpose, asks, editor: Editor::default(), is_go: false, since: self.now, reason: None }
    }

    fn refuse_to(&mut self, act: &Act, why: &str) {
        let text = format!("{}: {why}", act.name);
        self.notice = Some(Notice { is_failure: true, ..Notice::new(text, self.now) });
    }

    /// The selected object, if it is of a kind that has the action and its version is known.
    fn target(&mut self, act: &Act) -> Option<Target> {
        let key = self.subject()?;
        let session = self.session()?;
        let kind = session.catalog.get(key.kind)?;
        if !act.kinds.contains(&key.kind) {
            let text = format!("{} is for {}", act.name, self.kinds_of(act).join(", "));
            self.say(text);
            return None;
        }
        let Some(record) = session.cluster.get(&key) else {
            self.say(format!("{} is gone", key.name));
            return None;
        };
        Some(Target {
            context: session.context.clone(),
            kind: acts::singular(kind),
            uid: record.meta.uid.clone(),
            resource_version: record.meta.resource_version.clone(),
            key,
            now: self.now,
        })
    }

    fn kinds_of(&self, act: &Act) -> Vec<String> {
        let Some(session) = self.session() else { return Vec::new() };
        act.kinds.iter().filter_map(|id| session.catalog.get(*id)).map(|kind| kind.plural.to_string()).collect()
    }

    /// What the policy wants typed, where that is more than the action's own.
    fn asks(&self, act: &Act, target: &Target) -> Vec<Ask> {
        let wanted = self.session().and_then(|session| session.grant.friction(act.name));
        match wanted.unwrap_or(act.friction).max(act.friction) {
            Friction::Key => Vec::new(),
            Friction::Name => vec![Ask::Word(target.key.name.to_string())],
            Friction::Context => vec![Ask::Word(target.context.to_string())],
        }
    }

    /// The server has said what would come of it.
    pub(super) fn previewed(&mut self, epoch: Epoch, number: u64, said: Result<Box<Preview>, Refused>) {
        let now = self.now;
        let Some(dialog) = self.dialog.as_mut().filter(|dialog| dialog.epoch == epoch) else { return };
        let Purpose::Act(pending) = &mut dialog.purpose else { return };
        if pending.number != number {
            return;
        }
        dialog.since = now;
        dialog.is_go = false;
        pending.state = match said {
            Err(refused) => State::Refused { why: refused.cause().to_owned(), remedy: refused.remedy().to_owned() },
            Ok(preview) => pending.ready(*preview),
        };
    }

    /// Tab: the other button.
    pub(super) fn dialog_other(&mut self) {
        if let Some(dialog) = &mut self.dialog {
            dialog.is_go = !dialog.is_go && dialog.asks.is_empty();
        }
    }

    /// Esc.
    pub(super) fn dialog_cancel(&mut self) {
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
            Ask::Word(word) => *word == typed,
            Ask::Reason => !typed.is_empty(),
        };
        if !is_right {
            let text = match ask {
                Ask::Word(word) => format!("type {word} to go on, or <esc>"),
                Ask::Reason => "a reason is needed, or <esc>".to_owned(),
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
            Purpose::Act(_) => self.accept_act(),
        }
    }

    fn accept_act(&mut self) {
        let Some(Dialog { epoch, purpose: Purpose::Act(pending), reason, .. }) = &self.dialog else { return };
        let State::Ready { undo, .. } = &pending.state else { return };
        let Some(session) = self.sessions.iter().find(|session| session.epoch == *epoch) else { return };
        if self.size.width < SMALLEST.0 || self.size.height < SMALLEST.1 {
            return self.say("the terminal is too small to show what would be done");
        }
        if session.mode != Mode::Operate {
            let text = format!("{} mode: nothing is done", session.mode.word());
            return self.say(text);
        }
        let note = Note {
            context: session.context.clone(),
            action: pending.act.name,
            object: pending.target.place(),
            line: pending.act.line(&pending.target),
            rule: session.grant.rule.clone(),
            reason: reason.clone().or_else(|| session.reason.clone()),
            undo: undo.clone(),
        };
        let text = format!("{} {}: sent", note.action, note.object);
        let confirmed = Confirmed::write(pending.mutation.clone(), note, Accepted::by_the_user());
        self.out.push(Effect::Mutate(*epoch, Box::new(confirmed)));
        self.dialog = None;
        self.say(text);
    }
}

impl App {
    /// A write was done, perhaps in a context that is not on screen.
    pub(super) fn done(&mut self, done: &Done) {
        self.redraw = true;
        let warned = done.warnings.first().map_or_else(String::new, |text| format!("; the server warns: {text}"));
        self.say(format!(
            "{}{} {}: done{warned}; {}",
            self.elsewhere(&done.context),
            done.action,
            done.object,
            done.undo
        ));
    }

    /// A write was not done, or nobody knows.
    pub(super) fn undone(&mut self, undone: &Undone) {
        self.redraw = true;
        let Undone { context, action, object, why } = undone;
        let text = format!("{}{action} {object}: {}: {}", self.elsewhere(context), why.cause(), why.remedy());
        let until = self.now.plus_seconds(30);
        self.notice = Some(Notice { text, is_failure: true, until });
    }

    /// The context, where it is not the one on screen.
    fn elsewhere(&self, context: &str) -> String {
        let is_here = self.session().is_some_and(|session| *session.context == *context);
        if is_here { String::new() } else { format!("{context}: ") }
    }

    /// Flags can only tighten: who asked for more than the policy grants is told.
    pub(super) fn warn_of_less(&mut self, index: usize) {
        let Some((asked, session)) = self.asked.zip(self.sessions.get(index)) else { return };
        if session.mode < asked {
            let rule = if session.grant.rule.is_empty() { "the policy grants no more" } else { &session.grant.rule };
            let text = format!("{} mode: {} was asked for; {rule}", session.mode.word(), asked.word());
            self.say(text);
        }
    }
}

impl Pending {
    /// The real request is pinned to the version that was rehearsed.
    fn ready(&mut self, preview: Preview) -> State {
        let Preview { before, after, warnings } = preview;
        if let Some(why) = (self.act.refuse)(&before, &self.target) {
            return State::Refused { why, remedy: String::new() };
        }
        if let Some(version) = before.pointer("/metadata/resourceVersion").and_then(Value::as_str) {
            self.mutation.resource_version = Some(version.into());
        }
        State::Ready {
            differences: diff::differences(&before, &after),
            warnings,
            cautions: (self.act.caution)(&before),
            undo: (self.act.undo)(&before),
        }
    }
}
