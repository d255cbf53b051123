//! An object that changed while a dialog was open, or between the yes and its arrival: what would be done is computed and
//! rehearsed again. What still is exactly what was agreed to needs no second yes, as long as nothing has been sent; anything
//! else is asked anew. Nothing that was sent is ever sent again by itself.

use super::{Dialog, Pending, Purpose, Ready, State};
use crate::app::App;
use crate::app::acts;
use crate::app::deeds::Deed;
use crate::app::mutation::Write;

/// What the user said yes to.
#[derive(Debug)]
pub(super) struct Agreed {
    ready: Ready,
    write: Write,
}

impl App {
    /// Whether the object changed since it was rehearsed, so that it is rehearsed again before anything is sent.
    pub(super) fn looks_again(&mut self) -> bool {
        let Some(Dialog { epoch, purpose: Purpose::Act(pending), .. }) = &self.dialog else { return false };
        let target = &pending.subject.target;
        let record = self.session_of(*epoch).and_then(|session| session.cluster.get(&target.key));
        let is_newer = record.is_some_and(|record| is_newer(&record.meta.resource_version, &target.resource_version));
        let number = pending.number;
        if !is_newer || pending.act.makes() {
            return false;
        }
        let Some((_, pending)) = self.pending(number) else { return false };
        let Some(write) = pending.mutation.as_ref().map(|mutation| mutation.write.clone()) else { return false };
        let State::Ready(ready) = std::mem::replace(&mut pending.state, State::Consulting) else { return false };
        pending.agreed = Some(Box::new(Agreed { ready: *ready, write }));
        pending.tries = 0;
        self.consult(number);
        true
    }

    /// Whether what would be done now is what the user said yes to already; else it is asked again.
    pub(super) fn is_agreed(&mut self, number: u64, ready: &Ready) -> bool {
        let Some((_, pending)) = self.pending(number) else { return false };
        let Some(agreed) = pending.agreed.take() else { return false };
        let is_same = agreed.is(pending, ready);
        pending.is_again = !is_same;
        is_same
    }

    /// The server refused what was sent, because the object had changed: the same is asked again of the object as it is now.
    /// Whether it can be.
    pub(super) fn ask_again(&mut self, deed: Deed) -> bool {
        let Some(session) = self.session().filter(|session| session.context == deed.context) else { return false };
        let is_it = session.cluster.get(&deed.key).is_some_and(|record| record.meta.uid == deed.uid);
        let Some(act) = acts::find(deed.action).filter(|_| is_it && !self.has_dialog()) else { return false };
        self.begin(act, &deed.key, deed.said, deed.of);
        let Some(Dialog { purpose: Purpose::Act(pending), .. }) = &mut self.dialog else { return false };
        pending.is_again = true;
        pending.draft = deed.draft;
        true
    }
}

impl Agreed {
    fn is(&self, pending: &Pending, ready: &Ready) -> bool {
        let shown = |ready: &Ready| (ready.differences.clone(), ready.effects.clone(), ready.cautions.clone());
        let writes = |ready: &Ready| ready.more.iter().map(|mutation| mutation.write.clone()).collect::<Vec<_>>();
        pending.mutation.as_ref().is_some_and(|mutation| mutation.write == self.write)
            && shown(&self.ready) == shown(ready)
            && writes(&self.ready) == writes(ready)
            && self.ready.undo == ready.undo
    }
}

/// Whether one version came after another. Versions are numbers that grow; where a server has others, different is newer:
/// <https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions>.
fn is_newer(version: &str, than: &str) -> bool {
    match (version.parse::<u64>(), than.parse::<u64>()) {
        (Ok(version), Ok(than)) => than < version,
        _ => version != than,
    }
}
