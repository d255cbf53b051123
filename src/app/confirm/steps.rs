//! How a dialog comes to its question: the object is read, what is missing is asked for, the server rehearses. What was
//! computed from an object that has changed meanwhile is computed and rehearsed again.

use super::{Ask, Dialog, Pending, Purpose, Ready, State};
use crate::app::App;
use crate::app::acts::{Reads, owners};
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

impl App {
    fn pending(&mut self) -> Option<(Epoch, &mut Pending)> {
        match self.dialog.as_mut()? {
            Dialog { epoch, purpose: Purpose::Act(pending), .. } => Some((*epoch, pending)),
            _ => None,
        }
    }

    /// The dialog shows something else from now on, and is heard after a moment.
    fn show(&mut self, state: State, asks: Vec<Ask>) {
        let now = self.now;
        let Some(dialog) = self.dialog.as_mut() else { return };
        dialog.since = now;
        dialog.is_go = false;
        dialog.asks = asks;
        dialog.editor = Editor::default();
        dialog.error = None;
        if let Purpose::Act(pending) = &mut dialog.purpose {
            pending.state = state;
        }
    }

    fn show_refusal(&mut self, why: impl Into<String>, remedy: impl Into<String>) {
        self.show(State::Refused { why: why.into(), remedy: remedy.into() }, Vec::new());
    }

    /// Reads what the action has to know.
    pub(super) fn consult(&mut self) {
        let Some((epoch, pending)) = self.pending() else { return };
        if matches!(pending.act.reads, Reads::Nothing) {
            return self.propose();
        }
        let inquiry = Inquiry { act: pending.act.name, target: pending.subject.target.clone() };
        let number = pending.number;
        self.out.push(Effect::Consult(epoch, number, Box::new(inquiry)));
    }

    /// What the action has to know has been read.
    pub(in crate::app) fn consulted(&mut self, epoch: Epoch, number: u64, told: Result<Box<Told>, Refused>) {
        let Some((of, pending)) = self.pending() else { return };
        if of != epoch || pending.number != number {
            return;
        }
        match told {
            Err(refused) => self.show_refusal(refused.cause(), refused.remedy()),
            Ok(told) => {
                pending.take_in(told.object);
                pending.subject.lists = told.lists;
                self.propose();
            }
        }
    }

    /// Goes on with what is known: asks for what is missing, else has it rehearsed.
    fn propose(&mut self) {
        let Some((_, pending)) = self.pending() else { return };
        let said = pending.said.take();
        match (&pending.act.input, said) {
            (Some(input), Some(text)) => match (input.take)(&text, &pending.subject) {
                Ok(argument) => {
                    pending.subject.argument = argument;
                    self.rehearse();
                }
                Err(why) if input.is_asked => self.ask_for_input(Some(text), Some(why)),
                Err(why) => self.show_refusal(why, ""),
            },
            (Some(input), None) if input.is_asked => match pending.refusal() {
                Some(why) => self.show_refusal(why, ""),
                None => self.ask_for_input(None, None),
            },
            (None, Some(text)) => {
                pending.subject.argument = text;
                self.rehearse();
            }
            (_, None) => self.rehearse(),
        }
    }

    fn ask_for_input(&mut self, typed: Option<String>, error: Option<String>) {
        let Some((_, pending)) = self.pending() else { return };
        let Some(input) = &pending.act.input else { return };
        let text = typed.unwrap_or_else(|| (input.given)(&pending.subject));
        self.show(State::Asking, vec![Ask::Input]);
        if let Some(dialog) = &mut self.dialog {
            dialog.editor.set(&text);
            dialog.error = error;
        }
    }

    /// The user said what was asked for.
    pub(super) fn dialog_said(&mut self, text: &str) {
        let Some((_, pending)) = self.pending() else { return };
        let Some(input) = &pending.act.input else { return };
        match (input.take)(text, &pending.subject) {
            Ok(argument) => {
                pending.subject.argument = argument;
                self.rehearse();
            }
            Err(why) => {
                if let Some(dialog) = &mut self.dialog {
                    dialog.error = Some(why);
                }
            }
        }
    }

    /// Asks the server what would come of it.
    fn rehearse(&mut self) {
        let Some((epoch, pending)) = self.pending() else { return };
        if let Some(why) = pending.refusal() {
            return self.show_refusal(why, "");
        }
        let mutation = match (pending.act.write)(&pending.subject) {
            Ok(mutation) => mutation,
            Err(why) => return self.show_refusal(why, ""),
        };
        pending.mutation = Some(mutation.clone());
        pending.tries += 1;
        let number = pending.number;
        self.out.push(Effect::Preview(epoch, number, Box::new(mutation)));
        self.show(State::Rehearsing, Vec::new());
    }

    /// The server has said what would come of it.
    pub(in crate::app) fn previewed(&mut self, epoch: Epoch, number: u64, said: Result<Box<Preview>, Refused>) {
        let Some((of, pending)) = self.pending() else { return };
        if of != epoch || pending.number != number {
            return;
        }
        let preview = match said {
            Err(refused) => return self.show_refusal(refused.cause(), refused.remedy()),
            Ok(preview) => *preview,
        };
        if let Some(why) = pending.see(&preview.before) {
            return self.show_refusal(why, "");
        }
        if pending.is_outdated() {
            if MOST_TRIES <= pending.tries {
                return self.show_refusal("the object changes faster than it can be looked at", "try again later");
            }
            return self.rehearse();
        }
        let mut ready = pending.ready(preview);
        ready.cautions.extend(self.scalers());
        let asks = self.asks();
        match self.denied() {
            Some(name) => self.show_refusal(format!("{name}: the policy denies it here"), ""),
            None => self.show(State::Ready(Box::new(ready)), asks),
        }
    }

    /// The name under which the policy denies what is pending, where it goes further than usual.
    fn denied(&mut self) -> Option<&'static str> {
        let (_, pending) = self.pending()?;
        let name = (pending.act.also)(&pending.subject)?;
        self.session().is_some_and(|session| session.grant.denies(name)).then_some(name)
    }

    /// What has to be typed: the most of what the action and the policy want.
    fn asks(&mut self) -> Vec<Ask> {
        let Some((_, pending)) = self.pending() else { return Vec::new() };
        let own = (pending.act.friction)(&pending.subject);
        let names = [Some(pending.act.name), (pending.act.also)(&pending.subject)];
        let (name, context) = (pending.subject.target.key.name.to_string(), pending.subject.target.context.to_string());
        let wanted = self.session().map(|session| &session.grant);
        let wanted = wanted.and_then(|grant| names.into_iter().flatten().filter_map(|name| grant.friction(name)).max());
        match wanted.unwrap_or(own).max(own) {
            Friction::Key => Vec::new(),
            Friction::Name => vec![Ask::Word(name)],
            Friction::Context => vec![Ask::Word(context)],
        }
    }

    /// Autoscalers that set the number of replicas themselves.
    fn scalers(&mut self) -> Vec<String> {
        let Some((_, pending)) = self.pending() else { return Vec::new() };
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

impl Pending {
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
        // To the version that was rehearsed the real request is pinned.
        if let Some(mutation) = self.mutation.as_mut().filter(|mutation| mutation.resource_version.is_some()) {
            mutation.resource_version = Some(self.subject.target.resource_version.clone());
        }
        self.refusal()
    }

    /// Whether what was rehearsed is not what would be written to the object as it is now.
    fn is_outdated(&self) -> bool {
        let now = (self.act.write)(&self.subject).ok();
        now.map(|mutation| mutation.write) != self.mutation.as_ref().map(|mutation| mutation.write.clone())
    }

    fn ready(&self, preview: Preview) -> Ready {
        let Preview { before, after, warnings } = preview;
        let differences = match self.mutation.as_ref().map(|mutation| &mutation.write) {
            Some(Write::Scale { replicas }) => {
                let now = self.subject.count("/spec/replicas", 1).to_string();
                let path = ".spec.replicas".to_owned();
                Some(vec![Difference { path, before: Some(now), after: Some(replicas.to_string()) }])
            }
            Some(Write::Patch { .. } | Write::Replace { .. }) => Some(diff::differences(&before, &after)),
            _ => None,
        };
        let mut cautions = (self.act.caution)(&self.subject);
        if self.act.is_owned {
            cautions.extend(owners(&self.subject.object));
        }
        cautions.extend(warnings);
        let (effects, undo) = ((self.act.effects)(&self.subject), (self.act.undo)(&self.subject));
        Ready { differences, effects, cautions, undo }
    }
}
