//! What the real world is asked, and what it said: requests that were sent, names that were looked up. Both go out only
//! when the user wants it, from this machine to the application, never to the cluster's API.

use super::Paths;
use crate::app::screen::Screen;
use crate::app::session::Session;
use crate::view::trace::outcome::Trace;
use crate::view::trace::reality::{self, Reality};
use crate::view::trace::request::Request;
use crate::view::trace::world::{Dial, Lookup};
use crate::wire::Timestamp;

/// Requests of which the answers are kept.
const KEPT: usize = 20;

/// A request that was sent for real.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// The request that was followed.
    pub request: Request,
    /// When it was sent.
    pub at: Timestamp,
    /// What happened to it and to what it led to; none as long as it is under way.
    pub real: Option<Vec<Reality>>,
}

impl Paths {
    /// What is known of a request that was sent.
    pub fn sent(&self, request: &Request) -> Option<&Sent> {
        self.sent.iter().find(|sent| sent.request == *request)
    }
}

impl Session {
    /// A request goes out.
    pub fn send(&mut self, request: &Request, now: Timestamp) {
        let sent = &mut self.paths.sent;
        sent.retain(|sent| sent.request != *request);
        sent.insert(0, Sent { request: request.clone(), at: now, real: None });
        sent.truncate(KEPT);
    }

    /// What came back.
    pub fn probed(&mut self, request: &Request, real: Vec<Reality>) {
        for link in &real {
            link.note(&mut self.paths.probes);
        }
        if let Some(sent) = self.paths.sent.iter_mut().find(|sent| sent.request == *request) {
            sent.real = Some(real);
        }
        self.follow_anew();
    }

    /// DNS answered.
    pub fn looked_up(&mut self, found: Vec<(String, Lookup)>) {
        self.paths.answers.extend(found);
        self.follow_anew();
    }

    /// Lets go what DNS said of the names of a path; whether there was something.
    pub fn forget_names(&mut self, trace: &Trace) -> bool {
        let mut has_known = false;
        for name in reality::names(trace) {
            let mut next = Some(name);
            while let Some(lookup) = next.take().and_then(|name| self.paths.answers.remove(&name)) {
                has_known = true;
                next = reality::alias(&lookup);
            }
        }
        if has_known {
            self.follow_anew();
        }
        has_known
    }

    /// Names of the path on screen that the configuration wants looked up and that were not yet.
    pub fn names_to_ask(&mut self, now: Timestamp) -> Vec<String> {
        let Screen::Trace(screen) = self.screen() else { return Vec::new() };
        let names = reality::names(&self.path(&screen.request, now));
        names.into_iter().filter(|name| self.paths.asked.insert(name.clone())).collect()
    }

    fn follow_anew(&mut self) {
        self.paths.all_due();
        self.routes.age();
    }
}

/// Whether somebody took the connection, for the notice.
pub fn is_answered(real: &[Reality]) -> bool {
    real.first().and_then(|link| link.dialled.as_ref()).is_some_and(|dialled| dialled.what.1 == Dial::Open)
}
