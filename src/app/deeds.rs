//! What was done in this run: how it can be taken back, and rollouts that it began, which are told of once they are through
//! or stuck.

use crate::app::App;
use crate::app::draft::Kept;
use crate::app::event::ContextName;
use crate::app::mutation::{Done, Way};
use crate::app::notice::Notice;
use crate::kinds::{DAEMON_SET, DEPLOYMENT, Health, ObjectRef, ROLLOUT, STATEFUL_SET, age};
use crate::wire::Timestamp;
use std::sync::Arc;

/// Entries that are kept of each list, of all contexts.
const MOST: usize = 50;
/// A rollout that is through so soon is not worth another line, in seconds: that it was done is still to be read.
const SOON: i64 = 3;

/// What was done.
#[derive(Debug, Default)]
pub struct Deeds {
    /// How it can be taken back, the latest last.
    pub ways: Vec<(ContextName, Way)>,
    /// What was sent, until its outcome is known.
    sent: Vec<Deed>,
    /// Rollouts that go on.
    rolling: Vec<Deed>,
}

/// One action on one object.
#[derive(Clone, Debug)]
pub struct Deed {
    /// In which context.
    pub context: ContextName,
    /// The action's name.
    pub action: &'static str,
    /// `deployment/web in shop`.
    pub place: String,
    /// The object.
    pub key: ObjectRef,
    /// The object of that name that was meant.
    pub uid: Arc<str>,
    /// What was said beside it.
    pub said: Option<String>,
    /// What it takes back.
    pub of: Option<Way>,
    /// The version that it was done to.
    pub version: Arc<str>,
    /// When.
    pub since: Timestamp,
    /// The text that came out of an editor.
    pub draft: Option<Kept>,
}

impl Deed {
    fn rolls(&self) -> bool {
        [DEPLOYMENT, STATEFUL_SET, DAEMON_SET, ROLLOUT].contains(&self.key.kind)
            && matches!(
                self.action,
                "restart" | "undo" | "image" | "scale" | "resume" | "partition" | "promote-full" | "retry-rollout"
            )
    }
}

impl Deeds {
    /// Something was sent.
    pub fn send(&mut self, deed: Deed) {
        self.sent.push(deed);
        if MOST < self.sent.len() {
            self.sent.remove(0);
        }
    }

    /// It was done: the text that is not needed any more. What was taken back is not taken back again; what was done can be.
    pub fn done(&mut self, done: &Done) -> Option<Kept> {
        let mut draft = None;
        if let Some(mut deed) = self.take(&done.context, done.action, &done.object) {
            draft = deed.draft.take();
            self.rolling.retain(|other| (&other.context, &other.key) != (&deed.context, &deed.key));
            self.rolling.extend(Some(deed).filter(Deed::rolls));
        }
        if let Some(of) = &done.back.of {
            let at = self.ways.iter().rposition(|(context, way)| *context == done.context && way == of);
            at.map(|at| self.ways.remove(at));
        } else if let Some(way) = &done.back.way {
            self.ways.push((done.context.clone(), way.clone()));
            if MOST < self.ways.len() {
                self.ways.remove(0);
            }
        }
        draft
    }

    /// What was sent, whose outcome is known.
    pub fn take(&mut self, context: &str, action: &str, place: &str) -> Option<Deed> {
        let is_it = |deed: &Deed| (&*deed.context, deed.action, deed.place.as_str()) == (context, action, place);
        self.sent.iter().position(is_it).map(|at| self.sent.remove(at))
    }
}

impl App {
    /// Tells of rollouts of ours that are through or stuck, as the model knows them now.
    pub(super) fn tell_rollouts(&mut self, index: usize) {
        let Some(session) = self.sessions.get(index) else { return };
        if self.deeds.rolling.is_empty() {
            return;
        }
        let mut told = None;
        let (context, cluster, now) = (&session.context, &session.cluster, self.now);
        self.deeds.rolling.retain(|deed| {
            if deed.context != *context {
                return true;
            }
            // The model is a moment behind: the object that it knows may be the one from before.
            let Some(record) = cluster.get(&deed.key) else { return false };
            if record.meta.resource_version == deed.version {
                return true;
            }
            let took = age::age(now, Some(deed.since));
            match record.digest.health {
                Some(Health::Ready) if now < deed.since.plus_seconds(SOON) => {}
                Some(Health::Ready) => {
                    told = Some((format!("{}: {} is through after {took}", deed.place, deed.action), false));
                }
                Some(Health::Failed) => {
                    let reason = record.digest.reason.as_deref().unwrap_or("it failed");
                    told = Some((
                        format!("{}: {} is stuck after {took}: {reason}; z takes it back", deed.place, deed.action),
                        true,
                    ));
                }
                _ => return true,
            }
            false
        });
        if let Some((text, is_failure)) = told {
            self.redraw = true;
            self.notice = Some(Notice { is_failure, until: now.plus_seconds(15), ..Notice::new(text, now) });
        }
    }
}
