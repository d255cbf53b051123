//! How a dialog comes to its question: the object is read, what is missing is asked for, the server rehearses. What was
//! computed from an object that has changed meanwhile is computed and rehearsed again.

use super::impact::Impact;
use super::{Ask, Dialog, Pending, Purpose, Ready, State};
use crate::app::App;
use crate::app::acts::{Reads, Subject, apply, owners};
use crate::app::consult::{Inquiry, Told};
use crate::app::effect::Effect;
use crate::app::event::Epoch;
use crate::app::mutation::{Mutation, Preview, Refused, Write};
use crate::app::policy::Friction;
use crate::app::prompt::Editor;
use crate::kinds::{Facts, Relation};
use crate::view::describe::diff::{self, Difference};
use serde_json::Value;

/// An object that changes faster than it can be rehearsed is left alone.
const MOST_TRIES: u8 = 3;

/// What to do where others own the fields.
const OWNED: &str = "nothing is forced: leave these fields out, or change them where their manager takes them from";

impl App {
    /// What waits under a number, and on which connection.
    pub(super) fn pending(&mut self, number: u64) -> Option<(Epoch, &mut Pending)> {
        let Dialog { epoch, purpose, .. } = self.dialog.as_mut()?;
        let found = match purpose {
            Purpose::Act(pending) => (pending.number == number).then_some(&mut **pending),
            Purpose::Many(many) => many.rows.iter_mut().find(|row| row.number == number),
            Purpose::Operate | Purpose::Elevate => None,
        };
        found.map(|pending| (*epoch, pending))
    }

    /// The dialog shows something else from now on, and is heard after a moment.
    pub(super) fn show(&mut self, number: u64, state: State, asks: Vec<Ask>) {
        let now = self.now;
        if let Some((_, pending)) = self.pending(number) {
            pending.state = state;
        }
        let Some(dialog) = self.dialog.as_mut() else { return };
        if matches!(dialog.purpose, Purpose::Many(_)) {
            return self.show_many();
        }
        dialog.since = now;
        dialog.is_go = false;
        dialog.asks = asks;
        dialog.editor = Editor::default();
        dialog.error = None;
        dialog.first = 0;
        dialog.impact = Impact::None;
    }

    pub(super) fn show_refusal(&mut self, number: u64, why: impl Into<String>, remedy: impl Into<String>) {
        self.show(number, State::Refused { why: why.into(), remedy: remedy.into() }, Vec::new());
    }

    /// Reads what the action has to know.
    pub(super) fn consult(&mut self, number: u64) {
        let Some((_, pending)) = self.pending(number) else { return };
        match pending.act.reads {
            Reads::Nothing => self.propose(number),
            _ => self.read_again(number),
        }
    }

    /// Reads the object, whether the action needs it or only its version.
    fn read_again(&mut self, number: u64) {
        let Some((epoch, pending)) = self.pending(number) else { return };
        let inquiry = Inquiry { act: pending.act.name, target: pending.subject.target.clone() };
        self.out.push(Effect::Consult(epoch, number, Box::new(inquiry)));
    }

    /// What the action has to know has been read.
    pub(in crate::app) fn consulted(&mut self, epoch: Epoch, number: u64, told: Result<Box<Told>, Refused>) {
        let Some((of, pending)) = self.pending(number) else { return };
        if of != epoch {
            return;
        }
        match told {
            Err(refused) => self.show_refusal(number, refused.cause(), refused.remedy()),
            Ok(told) => {
                pending.take_in(told.object);
                pending.subject.lists = told.lists;
                pending.subject.rights = told.rights;
                self.propose(number);
            }
        }
    }

    /// Goes on with what is known: asks for what is missing, else has it rehearsed.
    fn propose(&mut self, number: u64) {
        let Some((_, pending)) = self.pending(number) else { return };
        let said = pending.said.clone();
        match (&pending.act.input, said) {
            (Some(input), Some(text)) => match (input.take)(&text, &pending.subject) {
                Ok(argument) => {
                    pending.subject.argument = argument;
                    self.rehearse(number);
                }
                Err(why) if input.is_asked => self.ask_for_input(number, Some(text), Some(why)),
                Err(why) => self.show_refusal(number, why, ""),
            },
            (Some(input), None) if input.is_asked => match pending.refusal() {
                Some(why) => self.show_refusal(number, why, ""),
                None if (pending.act.asks)(&pending.subject) => self.ask_for_input(number, None, None),
                None => self.rehearse(number),
            },
            (None, Some(text)) => {
                pending.subject.argument = text;
                self.rehearse(number);
            }
            (_, None) if pending.act.is_edited => match pending.refusal() {
                Some(why) => self.show_refusal(number, why, ""),
                None => self.open_editor(number),
            },
            (_, None) => self.rehearse(number),
        }
    }

    pub(super) fn ask_for_input(&mut self, number: u64, typed: Option<String>, error: Option<String>) {
        let Some((_, pending)) = self.pending(number) else { return };
        let Some(input) = &pending.act.input else { return };
        let text = typed.unwrap_or_else(|| (input.given)(&pending.subject));
        self.show(number, State::Asking, vec![Ask::Input]);
        if let Some(dialog) = &mut self.dialog {
            dialog.editor.set(&text);
            dialog.error = error;
        }
    }

    /// The user said what was asked for.
    pub(super) fn dialog_said(&mut self, text: &str) {
        let Some(Dialog { purpose: Purpose::Act(pending), .. }) = &self.dialog else { return };
        let number = pending.number;
        let Some((_, pending)) = self.pending(number) else { return };
        let Some(input) = &pending.act.input else { return };
        match (input.take)(text, &pending.subject) {
            Ok(argument) => {
                pending.subject.argument = argument;
                pending.said = Some(text.to_owned());
                self.rehearse(number);
            }
            Err(why) => {
                if let Some(dialog) = &mut self.dialog {
                    dialog.error = Some(why);
                }
            }
        }
    }

    /// Asks the server what would come of it.
    pub(super) fn rehearse(&mut self, number: u64) {
        let Some((epoch, pending)) = self.pending(number) else { return };
        if let Some(why) = pending.refusal() {
            return self.show_refusal(number, why, "");
        }
        if pending.act.forward.is_some() {
            return self.try_port(number);
        }
        if let Some(opens) = pending.act.opens {
            return self.offer(number, opens);
        }
        let mutation = match (pending.act.write)(&pending.subject) {
            Ok(mutation) => mutation,
            Err(why) => return self.show_refusal(number, why, ""),
        };
        pending.mutation = Some(mutation.clone());
        pending.tries += 1;
        self.out.push(Effect::Preview(epoch, number, Box::new(mutation)));
        self.show(number, State::Rehearsing, Vec::new());
    }

    /// The server has said what would come of it.
    pub(in crate::app) fn previewed(&mut self, epoch: Epoch, number: u64, said: Result<Box<Preview>, Refused>) {
        let Some((of, _)) = self.pending(number) else { return };
        if of != epoch {
            return;
        }
        let preview = match said {
            Err(refused) if let Some(preview) = self.comes_with(number, &refused) => preview,
            Err(refused) if is_owned(&refused) => return self.show_refusal(number, refused.cause(), OWNED),
            Err(Refused::Conflict(_)) if self.may_try_again(number) => return self.read_again(number),
            Err(refused) => return self.show_refusal(number, refused.cause(), refused.remedy()),
            Ok(preview) => *preview,
        };
        let Some((_, pending)) = self.pending(number) else { return };
        if let Some(why) = pending.see(&preview.before) {
            return self.show_refusal(number, why, "");
        }
        if pending.is_outdated() {
            if MOST_TRIES <= pending.tries {
                return self.show_refusal(
                    number,
                    "the object changes faster than it can be looked at",
                    "try again later",
                );
            }
            return self.rehearse(number);
        }
        let mut ready = pending.ready(preview);
        ready.cautions.extend(self.scalers(number));
        self.ask(number, ready);
    }

    /// Asks for a yes to what would be done, unless this is what the user said yes to already.
    pub(super) fn ask(&mut self, number: u64, ready: Ready) {
        if let Some(name) = self.denied(number) {
            return self.show_refusal(number, format!("{name}: the policy denies it here"), "");
        }
        let Some((epoch, _)) = self.pending(number) else { return };
        let is_agreed = self.is_agreed(number, &ready);
        let asks = self.asks(number);
        self.show(number, State::Ready(Box::new(ready)), asks);
        if is_agreed && self.may_accept(epoch) {
            return self.send_act(epoch);
        }
        self.weigh();
    }

    fn may_try_again(&mut self, number: u64) -> bool {
        self.pending(number).is_some_and(|(_, pending)| pending.tries < MOST_TRIES)
    }

    /// The name under which the policy denies what is pending, where it goes further than usual.
    fn denied(&mut self, number: u64) -> Option<&'static str> {
        let (_, pending) = self.pending(number)?;
        let name = (pending.act.also)(&pending.subject)?;
        self.session().is_some_and(|session| session.grant.denies(name)).then_some(name)
    }

    fn asks(&mut self, number: u64) -> Vec<Ask> {
        let friction = self.friction(number);
        let Some((_, pending)) = self.pending(number) else { return Vec::new() };
        let target = &pending.subject.target;
        match friction {
            Friction::Key => Vec::new(),
            Friction::Name => vec![Ask::Word(target.key.name.to_string())],
            Friction::Context => vec![Ask::Word(target.context.to_string())],
        }
    }

    /// What the user has to do: the most of what the action and the policy want.
    pub(super) fn friction(&mut self, number: u64) -> Friction {
        let Some((_, pending)) = self.pending(number) else { return Friction::Context };
        let own = (pending.act.friction)(&pending.subject);
        let names = [Some(pending.act.name), (pending.act.also)(&pending.subject)];
        let wanted = self.session().map(|session| &session.grant);
        let wanted = wanted.and_then(|grant| names.into_iter().flatten().filter_map(|name| grant.friction(name)).max());
        wanted.unwrap_or(own).max(own)
    }

    /// Autoscalers that set the number of replicas themselves.
    fn scalers(&mut self, number: u64) -> Vec<String> {
        let Some((_, pending)) = self.pending(number) else { return Vec::new() };
        if !matches!(pending.mutation, Some(Mutation { write: Write::Scale { .. }, .. })) {
            return Vec::new();
        }
        let key = pending.subject.target.key.clone();
        let Some(cluster) = self.session().map(|session| &session.cluster) else { return Vec::new() };
        let Some(record) = cluster.get(&key) else { return Vec::new() };
        let scales = |source: &&std::sync::Arc<crate::kinds::Record>| {
            source.digest.links.iter().any(|link| link.relation == Relation::Scales)
        };
        let told = cluster.sources(record).into_iter().filter(scales).map(|source| match &source.digest.facts {
            Facts::Autoscaler(facts) => format!(
                "autoscaler {} sets the number itself, from {} to {}: it will change it back",
                source.key.name, facts.min, facts.max
            ),
            _ => format!("{} sets the number itself: it will change it back", source.key.name),
        });
        told.collect()
    }
}

/// What is said of an object that is made, without what its own line says.
fn without_name(mut all: Vec<Difference>) -> Vec<Difference> {
    const NAME: [&str; 4] = [".apiVersion", ".kind", ".metadata.name", ".metadata.namespace"];
    all.retain(|one| !NAME.contains(&one.path.as_str()));
    all
}

/// Whether other managers own fields of what is applied.
fn is_owned(refused: &Refused) -> bool {
    matches!(refused, Refused::Conflict(words) if words.contains("conflict with") || words.contains("conflicts with"))
}

impl Pending {
    /// Whether it can be answered.
    pub(super) fn is_told(&self) -> bool {
        !matches!(self.state, State::Consulting | State::Editing | State::Rehearsing)
    }

    /// Whether the text that was refused can be mended in the editor.
    pub(super) fn can_be_edited_again(&self) -> bool {
        self.draft.is_some() && matches!(self.state, State::Refused { .. })
    }

    /// Takes in the object as it is now; its version is the one that was seen.
    fn take_in(&mut self, object: Value) {
        if let Some(version) = object.pointer("/metadata/resourceVersion").and_then(Value::as_str) {
            self.subject.target.resource_version = version.into();
        }
        self.subject.object = object;
    }

    /// Why the object as it is cannot have it; nothing is known before it was read.
    fn refusal(&self) -> Option<String> {
        if self.subject.object.is_null() && !self.act.makes() {
            return None;
        }
        (self.act.refuse)(&self.subject)
    }

    /// The object as it was at the rehearsal; what it cannot have any more.
    fn see(&mut self, before: &Value) -> Option<String> {
        if before.is_null() {
            return None;
        }
        self.take_in(before.clone());
        self.pin_applied(before);
        // To the version that was rehearsed the real request is pinned.
        if let Some(mutation) = self.mutation.as_mut().filter(|mutation| mutation.resource_version.is_some()) {
            mutation.resource_version = Some(self.subject.target.resource_version.clone());
        }
        self.refusal()
    }

    /// What is applied has no pin before it was looked up: from then on it is that object, in that version.
    fn pin_applied(&mut self, before: &Value) {
        let applied = self.mutation.as_mut().filter(|mutation| mutation.version().is_some());
        let uid = before.pointer("/metadata/uid").and_then(Value::as_str);
        if let (Some(mutation), Some(uid)) = (applied, uid) {
            mutation.uid = Some(uid.into());
            mutation.resource_version = Some(self.subject.target.resource_version.clone());
        }
    }

    /// Whether what was rehearsed is not what would be written to the object as it is now.
    fn is_outdated(&self) -> bool {
        let now = (self.act.write)(&self.subject).ok();
        now.map(|mutation| mutation.write) != self.mutation.as_ref().map(|mutation| mutation.write.clone())
    }

    /// What would come of what no server rehearses.
    pub(super) fn unrehearsed(&self) -> Ready {
        let (act, subject) = (self.act, &self.subject);
        let (effects, cautions, undo) = ((act.effects)(subject), (act.caution)(subject), (act.undo)(subject));
        Ready { effects, cautions, undo, ..Ready::default() }
    }

    /// Whether what is written is the status, which is else its controller's affair.
    fn writes_status(&self) -> bool {
        let Some(mutation) = &self.mutation else { return false };
        let in_body = matches!(&mutation.write, Write::Patch { body, .. } if body.get("status").is_some());
        mutation.subresource() == Some("status") || (in_body && !self.subject.target.has_status)
    }

    fn ready(&self, preview: Preview) -> Ready {
        let Preview { before, after, warnings } = preview;
        let subject = Subject { after: after.clone(), ..self.subject.clone() };
        // Of what is made all is new: what the file says is enough.
        let is_made = before.is_null() && self.mutation.as_ref().is_some_and(|one| one.version().is_some());
        let after = if is_made { apply::document(&self.subject) } else { after };
        let differences = match self.mutation.as_ref().map(|mutation| &mutation.write) {
            Some(Write::Scale { replicas }) => {
                let now = self.subject.count("/spec/replicas", 1).to_string();
                let path = ".spec.replicas".to_owned();
                Some(vec![Difference { path, before: Some(now), after: Some(replicas.to_string()) }])
            }
            Some(Write::Patch { .. } | Write::Replace { .. }) => {
                let mut all = diff::differences(&before, &after);
                if self.writes_status() {
                    all.extend(diff::differences_of_status(&before, &after));
                }
                Some(all)
            }
            _ => None,
        };
        let differences = differences.map(|all| if is_made { without_name(all) } else { all });
        let mut cautions = (self.act.caution)(&self.subject);
        if self.act.is_owned {
            cautions.extend(owners(&self.subject.object));
        }
        cautions.extend(warnings);
        let (effects, undo) = ((self.act.effects)(&subject), (self.act.undo)(&subject));
        Ready {
            differences,
            effects,
            cautions,
            undo,
            more: (self.act.more)(&self.subject),
            opens: None,
            after: subject.after,
        }
    }
}
