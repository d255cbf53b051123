//! What may be done to an object, asked before it is tried: allowed, denied with the reason, or unknown. Never more than a
//! hint: the server's own no is the truth.

use crate::app::App;
use crate::app::acts::{self, ACTS, Act};
use crate::app::command;
use crate::app::effect::Effect;
use crate::app::event::Epoch;
use crate::app::policy::Mode;
use crate::app::right::{Right, Rights, Verdict};
use crate::app::scene::Entry;
use crate::app::screen::Pick;
use crate::app::session::Session;
use crate::kinds::{Health, ObjectRef};

/// An answer is good for so long, in seconds.
const GOOD_FOR: i64 = 60;

impl App {
    /// `a`: what can be done to the selected object.
    pub(super) fn actions(&mut self) {
        let Some(key) = self.subject() else { return self.say("nothing is selected") };
        let (now, can_ask) = (self.now, self.session().is_some_and(Session::is_live));
        let Some(session) = self.session_mut() else { return };
        let is_fresh =
            |right: &Right, rights: &Rights| rights.get(right).is_some_and(|(_, at)| now < at.plus_seconds(GOOD_FOR));
        let rights = offered(&key).flat_map(|act| needed(act, &key));
        let mut wanted: Vec<Right> = rights.filter(|right| !is_fresh(right, &session.rights)).collect();
        wanted.sort();
        wanted.dedup();
        session.actions_of = Some(key);
        let epoch = session.epoch;
        if !wanted.is_empty() && can_ask {
            self.out.push(Effect::Rights(epoch, wanted));
        }
        self.pick(Pick::Action);
    }

    /// The server has said what may be done.
    pub(super) fn told_rights(&mut self, epoch: Epoch, told: Vec<(Right, Verdict)>) {
        let now = self.now;
        let Some(session) = self.sessions.iter_mut().find(|session| session.epoch == epoch) else { return };
        session.rights.retain(|_, (_, at)| now < at.plus_seconds(GOOD_FOR));
        session.rights.extend(told.into_iter().map(|(right, verdict)| (right, (verdict, now))));
    }

    /// What can be done to an object, each with its verdict.
    pub(super) fn action_entries(&self, session: &Session) -> Vec<Entry> {
        let Some(key) = &session.actions_of else { return Vec::new() };
        let record = session.cluster.get(key);
        let fits = offered(key).filter(|act| record.is_none_or(|record| (act.applies)(record)));
        fits.filter_map(|act| Some(self.action_entry(session, act, key, command::find(act.name)?))).collect()
    }

    fn action_entry(&self, session: &Session, act: &Act, key: &ObjectRef, row: &command::Command) -> Entry {
        let (health, why) = self.may(session, act, key);
        let chord = self.keys.of(row).first().map_or_else(String::new, ToString::to_string);
        let detail = format!("{chord:<9} {why}{}{}", if why.is_empty() { "" } else { "  " }, row.help);
        Entry { health: Some(health), text: act.name.to_owned(), detail, ..Entry::default() }
    }

    /// Whether an action may be done to an object, as far as that is known.
    fn may(&self, session: &Session, act: &Act, key: &ObjectRef) -> (Health, String) {
        if act.is_denied(&session.grant) {
            return (Health::Warn, "denied by the policy".to_owned());
        }
        if self.asked == Some(Mode::Observe) {
            return (Health::Warn, "started with --read-only".to_owned());
        }
        if let (Mode::Observe, None, Some(why)) = (session.mode, &session.grant.elevate, &session.grant.closed) {
            return (Health::Warn, why.clone());
        }
        let told: Option<Vec<(Right, Verdict)>> = needed(act, key)
            .into_iter()
            .map(|right| session.rights.get(&right).map(|(verdict, _)| (right, verdict.clone())))
            .collect();
        told.map_or_else(|| (Health::Progressing, "asking whether you may".to_owned()), |told| judged(&told))
    }

    /// Enter in the list of actions.
    pub(super) fn pick_action(&mut self, name: &str) {
        let key = self.session_mut().and_then(|session| session.actions_of.take());
        if let (Some(act), Some(key)) = (acts::find(name), key) {
            self.act_on(act, &key);
        }
    }

    /// Why an action may not be used on an object, where that is known already.
    pub(super) fn hindrance(&self, act: &Act, subject: Option<&ObjectRef>) -> Option<String> {
        let session = self.session()?;
        if act.is_denied(&session.grant) {
            return Some("denied by the policy".to_owned());
        }
        let right = (act.right)(subject?);
        matches!(session.rights.get(&right), Some((Verdict::Denied(_), _))).then(|| "you may not".to_owned())
    }
}

/// The rights on which an action depends. Of a channel into a pod some servers ask for `get`, later ones for both.
fn needed(act: &Act, key: &ObjectRef) -> Vec<Right> {
    if act.opens.is_some() || act.forward.is_some() { (act.rights)(key) } else { vec![(act.right)(key)] }
}

/// What several verdicts come to.
fn judged(told: &[(Right, Verdict)]) -> (Health, String) {
    let unknown = told.iter().find_map(|(_, verdict)| match verdict {
        Verdict::Unknown(why) => Some(why),
        _ => None,
    });
    if let Some(why) = unknown {
        return (Health::Unknown, format!("nobody can tell whether you may{}", because(why)));
    }
    let denied = |(right, verdict): &(Right, Verdict)| match verdict {
        Verdict::Denied(why) => Some((right.clone(), why.clone())),
        _ => None,
    };
    let no: Vec<(Right, String)> = told.iter().filter_map(denied).collect();
    // Without the other rights no server lets anybody in; this one is asked for by later ones only.
    let is_sure = |(right, _): &&(Right, String)| told.len() == 1 || right.verb != "create";
    match (no.iter().find(is_sure), no.first()) {
        (Some((_, why)), _) => (Health::Warn, format!("you may not{}", because(why))),
        (None, Some((right, _))) => {
            let text = format!("you may not create pods/{}: servers since Kubernetes 1.35 want that too", right.part);
            (Health::Unknown, text)
        }
        (None, None) => (Health::Ready, String::new()),
    }
}

fn offered(key: &ObjectRef) -> impl Iterator<Item = &'static Act> {
    let kind = key.kind;
    ACTS.iter().filter(move |act| act.fits(kind) && !act.makes())
}

fn because(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(" ({why})") }
}
