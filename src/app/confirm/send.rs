//! The yes: what was shown becomes what is sent, with what the record of actions says about it.

use super::{Dialog, Pending, Purpose, Ready, State};
use crate::app::App;
use crate::app::deeds::Deed;
use crate::app::effect::Effect;
use crate::app::event::Epoch;
use crate::app::mutation::{Accepted, Back, Confirmed, Note};

impl App {
    /// What the record keeps of whatever is confirmed on a connection.
    pub(super) fn note_of(&self, epoch: Epoch) -> Option<Note> {
        let session = self.session_of(epoch)?;
        let reason = self.dialog.as_ref().and_then(|dialog| dialog.reason.clone());
        Some(Note {
            context: session.context.clone(),
            rule: session.grant.rule.clone(),
            reason: reason.or_else(|| session.reason.clone()),
            ..Note::default()
        })
    }

    /// The same of one action on one object.
    pub(super) fn note_of_act(&self, epoch: Epoch, pending: &Pending, ready: &Ready) -> Option<Note> {
        Some(Note {
            action: pending.act.name,
            object: pending.subject.target.place(),
            line: pending.act.line(&pending.subject),
            undo: ready.undo.words.clone(),
            ..self.note_of(epoch)?
        })
    }

    /// Sends what was confirmed; the dialog is over.
    pub(super) fn dispatch(&mut self, epoch: Epoch, confirmed: Confirmed) {
        let text = format!("{} {}: sent", confirmed.note.action, confirmed.note.object);
        self.out.push(Effect::Mutate(epoch, Box::new(confirmed)));
        self.dialog = None;
        self.say(text);
    }

    pub(super) fn accept_act(&mut self) {
        let Some(epoch) = self.dialog.as_ref().map(|dialog| dialog.epoch) else { return };
        if self.may_accept(epoch) && !self.looks_again() {
            self.send_act(epoch);
        }
    }

    /// Sends what is asked about as it is shown.
    pub(super) fn send_act(&mut self, epoch: Epoch) {
        let Some(Dialog { purpose: Purpose::Act(pending), .. }) = &self.dialog else { return };
        if pending.act.forward.is_some() {
            return self.accept_forward(epoch);
        }
        if matches!(&pending.state, State::Ready(ready) if ready.opens.is_some()) {
            return self.accept_visit(epoch);
        }
        let (State::Ready(ready), Some(mutation)) = (&pending.state, &pending.mutation) else { return };
        let Some(note) = self.note_of_act(epoch, pending, ready) else { return };
        let note = Note { back: Back { way: ready.undo.way.clone(), of: pending.of.clone() }, ..note };
        let deed = Deed {
            context: note.context.clone(),
            action: pending.act.name,
            place: note.object.clone(),
            key: pending.subject.target.key.clone(),
            uid: pending.subject.target.uid.clone(),
            said: pending.said.clone(),
            of: pending.of.clone(),
            version: pending.subject.target.resource_version.clone(),
            since: self.now,
            draft: pending.draft.clone(),
        };
        let accepted = Accepted::by_the_user();
        let confirmed = if ready.more.is_empty() {
            Confirmed::write(mutation.clone(), note, accepted)
        } else {
            let all = std::iter::once(mutation).chain(&ready.more).cloned().collect();
            Confirmed::many(all, note, accepted)
        };
        self.deeds.send(deed);
        self.dispatch(epoch, confirmed);
    }
}
