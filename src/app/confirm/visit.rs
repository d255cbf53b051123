//! What is opened into a pod: no server rehearses that, so the question is made of what was read of the pod.

use super::{Dialog, Purpose, Ready, State};
use crate::app::App;
use crate::app::acts::Opens;
use crate::app::effect::Effect;
use crate::app::event::Epoch;
use crate::app::mutation::{Accepted, Confirmed, Session};
use crate::app::screen::Screen;
use crate::app::visit::Visit;
use crate::kinds::Facts;

impl App {
    /// Shows what would be opened, or why nothing can be.
    pub(super) fn offer(&mut self, number: u64, opens: Opens) {
        let Some((_, pending)) = self.pending(number) else { return };
        let errand = match opens(&pending.subject) {
            Ok(errand) => errand,
            Err(why) => return self.show_refusal(number, why, ""),
        };
        let ready = Ready { opens: Some(errand), ..pending.unrehearsed() };
        // What has to be written before; most write nothing.
        pending.mutation = (pending.act.write)(&pending.subject).ok();
        self.ask(number, ready);
    }

    /// The user said yes to what would be opened.
    pub(super) fn accept_visit(&mut self, epoch: Epoch) {
        let Some(Dialog { purpose: Purpose::Act(pending), .. }) = &self.dialog else { return };
        let State::Ready(ready) = &pending.state else { return };
        let Some(errand) = ready.opens.clone() else { return };
        let target = &pending.subject.target;
        let Some(note) = self.note_of_act(epoch, pending, ready) else { return };
        let session = Session {
            namespace: target.key.namespace.clone().unwrap_or_default(),
            pod: target.key.name.clone(),
            uid: target.uid.clone(),
            channel: errand.channel,
        };
        let first = pending.mutation.clone();
        // One yes for both: what is written before makes the container that is opened.
        let first = first.map(|mutation| Confirmed::write(mutation, note.clone(), Accepted::by_the_user()));
        let text = format!("{} {}: opening", note.action, note.object);
        let channel = Confirmed::channel(session, note, Accepted::by_the_user());
        self.out.push(Effect::Visit(epoch, Box::new(Visit { first, channel, errand })));
        self.dialog = None;
        self.say(text);
    }
}

impl App {
    /// `s`: a shell in the pod; on the line of a container in that one.
    pub(in crate::app) fn exec(&mut self) {
        let container = self.selected_container();
        self.act_with("exec", container.as_deref());
    }

    /// The container on the selected line of a pod's detail.
    fn selected_container(&self) -> Option<String> {
        let session = self.session()?;
        let Screen::Detail(detail) = session.screen() else { return None };
        let Facts::Pod(pod) = &session.cluster.get(&detail.key)?.digest.facts else { return None };
        let line = self.selected_line()?;
        let first = &line.spans.first()?.text;
        pod.containers.iter().find(|container| *container.name == **first).map(|container| container.name.to_string())
    }
}
