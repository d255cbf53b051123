//! Fewer rights for what only looks: where the policy names a group, the context is opened as ourselves in that group alone,
//! so that the server itself refuses what we would not do anyway. Found out before the first rows, only where it is wanted.

use crate::app::App;
use crate::app::effect::{Effect, Weaker};
use crate::app::event::Connected;
use crate::app::policy::Mode;
use crate::app::session::Session;

impl App {
    /// A server answers: as whom it is looked at is decided before anything is.
    pub(super) fn greeted(&mut self, index: usize, connected: Box<Connected>) {
        let Some(session) = self.sessions.get_mut(index) else { return };
        let uid = connected.cluster_uid.as_deref();
        let grant = self.policy.decide(&session.context, &connected.server, uid);
        let wanted = (session.as_group.is_none() && !session.keeps_rights).then_some(grant.read_only_group).flatten();
        if let Some((group, user)) = wanted.zip(connected.user.clone()) {
            session.greeting = Some(connected);
            return self.out.push(Effect::Weaken(session.epoch, Weaker { user, group }));
        }
        self.arrived(index, *connected);
    }

    /// It was found out whether we may look as a member of a group alone.
    pub(super) fn weakened(&mut self, index: usize, said: Result<(), String>) {
        let (epoch, now) = (self.epoch(), self.now);
        let Some(session) = self.sessions.get_mut(index) else { return };
        let Some(connected) = session.greeting.take() else { return };
        let uid = connected.cluster_uid.as_deref();
        let grant = self.policy.decide(&session.context, &connected.server, uid);
        let Some((group, user)) = grant.read_only_group.zip(connected.user.clone()) else {
            return self.arrived(index, *connected);
        };
        if let Err(why) = said {
            session.keeps_rights = true;
            self.arrived(index, *connected);
            return self.say(format!("it is looked with all your rights, not as a member of {group}: {why}"));
        }
        let (old, context) = (session.epoch, session.context.clone());
        session.reconnect(epoch, now);
        session.as_group = Some(group.clone());
        self.out.push(Effect::Disconnect(old));
        self.out.push(Effect::ConnectAs { context, epoch, weaker: Weaker { user, group } });
    }

    fn arrived(&mut self, index: usize, connected: Connected) {
        let Some(session) = self.sessions.get_mut(index) else { return };
        session.connected(connected);
        let wanted = session.wanted.take();
        self.judge();
        self.warn_of_less(index);
        if let Some(line) = wanted.filter(|_| index == self.current) {
            self.run_line(&line);
        }
    }

    /// Who sees to it that nothing is written, where nothing may be; what is not known yet is not said.
    pub(super) fn enforcer(&self, session: &Session) -> &'static str {
        match session.enforced.filter(|_| session.mode == Mode::Observe) {
            Some(true) => " (server-enforced)",
            Some(false) if 120 <= self.size.width => " (client guard)",
            _ => "",
        }
    }
}
