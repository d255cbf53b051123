//! The last lines of the pods that a rollout makes, read only while its screen is shown.

use crate::app::App;
use crate::app::event::Ticket;
use crate::app::screen::Screen;
use crate::app::session::Session;
use crate::kinds::ObjectRef;
use crate::view::line::Line;
use crate::view::logs::buffer::Flag;
use crate::view::logs::window::{self, Frame, Look};
use crate::view::rollout::history;

/// Pods that are listened to at most, those in trouble first.
const PODS: usize = 3;
/// Lines that are shown; more where there is room.
const LINES: usize = 5;
const MORE_LINES: usize = 10;
/// From so many rows on there is room for more.
const TALL: u16 = 40;

impl App {
    /// Reads the logs of the newest template's pods while the rollout is on screen, and of no others.
    pub(in crate::app) fn hear_rollout(&mut self) {
        let wanted = self.session().filter(|session| session.is_live()).and_then(wanted);
        let heard = self.session().and_then(|session| session.heard.clone());
        let Some((key, pods)) = wanted else {
            if let Some(session) = self.session_mut().filter(|session| session.heard.is_some()) {
                session.heard = None;
            }
            return;
        };
        let ticket = match heard {
            Some((of, ticket)) if of == key => ticket,
            _ => Ticket(self.epoch().0),
        };
        let now = self.now;
        if let Some(session) = self.session_mut() {
            session.hear((key, ticket), pods, PODS, now);
        }
    }

    /// The last lines for the page of a rollout, each leading to its pod.
    pub(super) fn said(&self, session: &Session, key: &ObjectRef, width: usize) -> Vec<Line> {
        let heard = session.heard.as_ref().filter(|(of, _)| of == key);
        let Some(view) = heard.and_then(|(_, ticket)| session.logs.get(ticket)) else { return Vec::new() };
        let most = if self.size.height < TALL { LINES } else { MORE_LINES };
        let frame = Frame { selected: None, row: 0, height: 3 * most, width, search: "", word: "", range: None };
        let link = |number: u64| {
            let entry = view.tail.buffer.entry(number).filter(|entry| entry.flag != Flag::Mark)?;
            view.tail.sources.get(usize::from(entry.source.0)).map(|source| source.pod.clone())
        };
        // What happens to the pods is told above; here only what they say.
        let rows = window::window(&view.tail, Look::default(), frame).rows.into_iter();
        let lines: Vec<Line> = rows.filter_map(|row| Some(row.line.to(Some(link(row.number)?)))).collect();
        let surplus = lines.len().saturating_sub(most);
        lines.into_iter().skip(surplus).collect()
    }
}

/// The rollout on screen, and the pods of its newest template: those in trouble first, then the newest.
fn wanted(session: &Session) -> Option<(ObjectRef, Vec<ObjectRef>)> {
    let Screen::Rollout(screen) = session.screen() else { return None };
    let revisions = super::revisions(session, &screen.key);
    let newest = history::update(&revisions)?;
    let mut pods: Vec<_> = newest.pods.iter().filter(|pod| pod.meta.deleted.is_none()).collect();
    pods.sort_by_key(|pod| (pod.digest.health, std::cmp::Reverse(pod.meta.created)));
    Some((screen.key.clone(), pods.into_iter().take(PODS).map(|pod| pod.key.clone()).collect()))
}
