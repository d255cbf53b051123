//! The question before a port is forwarded: nothing is rehearsed, for no server rehearses a channel; instead the port of
//! this machine is tried.

use super::{Dialog, Purpose, State};
use crate::app::App;
use crate::app::effect::Effect;
use crate::app::event::Epoch;
use crate::app::forward::Forward;
use crate::app::mutation::{Accepted, Confirmed};

impl App {
    /// Looks whether the port of this machine is free.
    pub(super) fn try_port(&mut self, number: u64) {
        match self.pending_forward(number) {
            Some((epoch, Ok(forward))) => {
                self.out.push(Effect::TryPort(epoch, number, forward.local));
                self.show(number, State::Rehearsing, Vec::new());
            }
            Some((_, Err(why))) => self.show_refusal(number, why, ""),
            None => {}
        }
    }

    fn pending_forward(&mut self, number: u64) -> Option<(Epoch, Result<Forward, String>)> {
        let (epoch, pending) = self.pending(number)?;
        Some((epoch, (pending.act.forward?)(&pending.subject)))
    }

    /// The port was tried: one that is taken is asked for again, the next free one offered.
    pub(in crate::app) fn port_tried(&mut self, epoch: Epoch, number: u64, said: Result<u16, (String, Option<u16>)>) {
        let Some((of, Ok(forward))) = self.pending_forward(number) else { return };
        if of != epoch {
            return;
        }
        match said {
            Ok(free) => {
                if let Some((_, pending)) = self.pending(number) {
                    pending.subject.argument = format!("{free}:{}", forward.remote);
                }
                self.ask_to_forward(number);
            }
            Err((why, next)) => {
                let offer = next.unwrap_or(forward.local);
                self.ask_for_input(number, Some(format!("{offer}:{}", forward.remote)), Some(why));
            }
        }
    }

    fn ask_to_forward(&mut self, number: u64) {
        if let Some(ready) = self.pending(number).map(|(_, pending)| pending.unrehearsed()) {
            self.ask(number, ready);
        }
    }

    /// The user has said yes.
    pub(super) fn accept_forward(&mut self, epoch: Epoch) {
        let Some(Dialog { purpose: Purpose::Act(pending), .. }) = &self.dialog else { return };
        let (State::Ready(ready), Some(wanted)) = (&pending.state, pending.act.forward) else { return };
        let (Ok(forward), Some(note)) = (wanted(&pending.subject), self.note_of_act(epoch, pending, ready)) else {
            return;
        };
        let id = self.epoch().0;
        self.forwards.begin((id, epoch), &forward, &note, self.now);
        let confirmed = Confirmed::forward(forward, note, Accepted::by_the_user());
        self.out.push(Effect::Forward(epoch, id, Box::new(confirmed)));
        self.dialog = None;
    }
}
