//! "May I operate this cluster from here?": asked once, typed, remembered by the cluster's uid. And more for a while,
//! with a reason and an end, where the policy says how.

use super::{Ask, Dialog, Purpose};
use crate::app::App;
use crate::app::acts::Act;
use crate::app::effect::Effect;
use crate::app::policy::{Answer, Mode};
use crate::app::session::Elevation;

impl App {
    /// The first wish to act where nothing may be written: what has to be said for it, or why it cannot be.
    pub(super) fn ask_to_operate(&mut self, act: &Act) {
        let Some(session) = self.session() else { return };
        let (epoch, context) = (session.epoch, session.context.to_string());
        if self.asked == Some(Mode::Observe) {
            return self.refuse_to(act, "started with --read-only: nothing is written");
        }
        if let Some(elevate) = &session.grant.elevate {
            let mut asks = Vec::new();
            if elevate.reason_required {
                asks.push(Ask::Reason);
            }
            if elevate.is_typed {
                asks.push(Ask::Word(context));
            }
            return self.dialog = Some(self.dialog_of(epoch, Purpose::Elevate, asks));
        }
        if let Some(why) = session.grant.closed.clone() {
            return self.refuse_to(act, &why);
        }
        if session.server().is_none_or(|server| server.cluster_uid.is_none()) {
            return self.refuse_to(act, "the cluster cannot be told from others: namespace kube-system cannot be read");
        }
        self.dialog = Some(self.dialog_of(epoch, Purpose::Operate, vec![Ask::Word(context)]));
    }

    /// The user may operate the cluster from here on.
    pub(super) fn operate(&mut self) {
        let Some(Dialog { epoch, .. }) = self.dialog.take() else { return };
        let Some(session) = self.session_of(epoch) else { return };
        let Some(server) = session.server().cloned() else { return };
        let Some(cluster_uid) = server.cluster_uid.clone() else { return };
        let answer = Answer {
            cluster_uid,
            context: session.context.to_string(),
            server: server.address.clone(),
            before: session.grant.index,
        };
        self.policy.answered(&answer);
        self.out.push(Effect::Remember(answer));
        self.judge();
        self.say("this cluster may be operated from here; press the key again");
    }

    /// The user is allowed more for a while.
    pub(super) fn elevate(&mut self) {
        let Some(Dialog { epoch, reason, .. }) = self.dialog.take() else { return };
        let now = self.now;
        let Some(session) = self.sessions.iter_mut().find(|session| session.epoch == epoch) else { return };
        let Some(elevate) = session.grant.elevate.clone() else { return };
        session.elevation = Some(Elevation { to: elevate.to, until: now.plus_seconds(elevate.ttl_seconds) });
        session.reason = reason;
        self.judge();
        let text = format!("{} for {} minutes; press the key again", elevate.to.word(), elevate.ttl_seconds / 60);
        self.say(text);
    }

    /// Says anew of every session what may be done there: by the policy, the flags, and what was allowed for a while.
    pub(in crate::app) fn judge(&mut self) {
        let (now, asked) = (self.now, self.asked);
        for session in &mut self.sessions {
            if session.elevation.is_some_and(|elevation| elevation.until <= now) {
                session.elevation = None;
                session.reason = None;
            }
            let Some(server) = session.server().cloned() else { continue };
            session.grant = self.policy.decide(&session.context, &server.address, server.cluster_uid.as_deref());
            let elevated =
                session.elevation.map_or(session.grant.mode, |elevation| elevation.to.max(session.grant.mode));
            session.mode = asked.map_or(elevated, |asked| asked.min(elevated));
        }
    }

    /// Another context on screen: nothing that was allowed for a while outlives it.
    pub(in crate::app) fn drop_elevations(&mut self) {
        for session in &mut self.sessions {
            session.elevation = None;
            session.reason = None;
        }
        self.dialog = None;
        self.judge();
    }
}
