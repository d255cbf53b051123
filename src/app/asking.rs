//! What is asked beside the cluster for the path on screen: the real world and DNS. And which paths are kept.

use crate::app::App;
use crate::app::effect::Effect;
use crate::app::notice::Notice;
use crate::app::scene::Entry;
use crate::app::screen::{Cursor, HostScreen, Pick, Screen};
use crate::app::session::Session;
use crate::app::session::paths::kept::Kept;
use crate::kinds::age;
use crate::view::describe::Detail;
use crate::view::host::{self, Ask};
use crate::view::trace::fault::Finding;
use crate::view::trace::reality::{self, Reality};
use crate::view::trace::request::{Request, line};
use crate::view::trace::world::Lookup;

/// Nothing of a probe takes longer, in seconds; then it can be sent again.
const LONGEST: i64 = 60;

impl App {
    /// The request of the path on screen; in a list of paths the selected one.
    pub(super) fn request(&self) -> Option<Request> {
        let session = self.session()?;
        match session.screen() {
            Screen::Trace(screen) => Some(screen.request.clone()),
            Screen::Picker(picker) if matches!(picker.pick, Pick::Route | Pick::Trace) => {
                let entry = self.entries(picker).into_iter().nth(picker.cursor.index)?;
                line::parse(&entry.text, &session.catalog).ok()
            }
            Screen::Home(_) => line::parse(&self.selected_route()?, &session.catalog).ok(),
            Screen::Detail(_) | Screen::Host(_) => line::parse(&self.selected_line()?.follows?, &session.catalog).ok(),
            _ => None,
        }
    }

    /// `h`: the host of the path, of the selected route, or of the object's first route.
    pub(super) fn host(&mut self) {
        let owned = || {
            let (session, key) = (self.session()?, self.subject()?);
            session.routes.owned(&key).next().map(|entry| entry.route.host.clone())
        };
        match self.request().map(|request| request.name().to_owned()).or_else(owned) {
            Some(host) => self.open_host(host),
            None => self.say("no host is named here: :host NAME opens any"),
        }
    }

    pub(super) fn open_host(&mut self, host: String) {
        let screen = Screen::Host(HostScreen { host, cursor: Cursor::default() });
        match self.session().map(Session::screen) {
            Some(Screen::Host(_)) => self.set_top(screen),
            _ => self.push(screen),
        }
    }

    /// How a host is put together.
    pub(super) fn host_page(&self, session: &Session, screen: &HostScreen) -> Detail {
        host::host(&Ask {
            host: &screen.host,
            routes: &session.routes,
            cluster: &session.cluster,
            catalog: &session.catalog,
            now: self.now,
        })
    }

    /// `p`: the request goes out for real, to the application.
    pub(super) fn probe(&mut self) {
        let (now, Some(request)) = (self.now, self.request()) else { return };
        if let Some(why) = reality::refusal(&request) {
            return self.say(format!("{why}: <e> writes another one"));
        }
        let Some(session) = self.session_mut() else { return };
        let is_on_its_way =
            session.paths.sent(&request).is_some_and(|sent| sent.real.is_none() && now < sent.at.plus_seconds(LONGEST));
        if is_on_its_way {
            return self.say("it is on its way already");
        }
        let chain: Vec<Request> = session.path(&request, now).chain().map(|link| link.request.clone()).collect();
        session.send(&request, now);
        let (epoch, host) = (session.epoch, request.authority());
        self.out.push(Effect::Probe { epoch, request: Box::new(request), chain });
        self.say(format!("sent to the application at {host}, not to the cluster's API: DNS, TCP, TLS, one GET"));
    }

    /// The real world answered.
    pub(super) fn probed(&mut self, index: usize, request: &Request, real: Vec<Reality>) {
        let Some(session) = self.sessions.get_mut(index) else { return };
        session.probed(request, real);
        if index == self.current {
            self.notice = None;
        }
    }

    /// `D`: asks this machine's DNS for the names of the path, or lets go what it said.
    pub(super) fn live_dns(&mut self) {
        let (now, Some(request)) = (self.now, self.request()) else { return };
        let Some(session) = self.session_mut() else { return };
        let trace = session.path(&request, now);
        if session.forget_names(&trace) {
            return self.say("what DNS said is let go: the path is followed by what the cluster tells of its names");
        }
        let (epoch, names) = (session.epoch, reality::names(&trace));
        if names.is_empty() {
            return self.say("there is no name on this path that DNS could be asked for");
        }
        self.say(format!("asking this machine's DNS for {}", names.join(", ")));
        self.out.push(Effect::LookUp(epoch, names));
    }

    /// DNS answered; an answer that surprises can be let go.
    pub(super) fn looked_up(&mut self, index: usize, found: Vec<(String, Lookup)>) {
        let Some(session) = self.sessions.get_mut(index) else { return };
        let missing = found.iter().find(|(_, lookup)| !matches!(lookup, Lookup::Found(_)));
        let missing = missing.map(|(name, _)| format!("this machine's DNS has no address for {name}: D lets that go"));
        session.looked_up(found);
        if index == self.current {
            self.notice = missing.map(|text| Notice::new(text, self.now));
        }
    }

    /// Names that the configuration wants looked up as soon as a path is on screen.
    pub(super) fn ask_names(&mut self) {
        if !self.settings.live_dns {
            return;
        }
        let now = self.now;
        let Some(session) = self.session_mut().filter(|session| session.is_live()) else { return };
        let (epoch, names) = (session.epoch, session.names_to_ask(now));
        if !names.is_empty() {
            self.out.push(Effect::LookUp(epoch, names));
        }
    }

    /// `P`: keeps a path for good, or lets it go.
    pub(super) fn pin(&mut self) {
        let Some(request) = self.request() else { return };
        let Some(session) = self.session_mut() else { return };
        let context = session.context.clone();
        match session.paths.pin(&request) {
            Err(why) => self.say(why),
            Ok(is_pinned) => {
                let lines = session.paths.pins(&session.catalog);
                self.out.push(Effect::Pins { context, lines });
                self.say(if is_pinned {
                    "pinned: Home tells when it breaks; T lists pinned and recent paths"
                } else {
                    "not pinned any more"
                });
            }
        }
    }

    /// The paths that were followed lately or are pinned, pinned ones first.
    pub(super) fn trace_entries(&self, session: &Session) -> Vec<Entry> {
        let (pinned, recent): (Vec<&Kept>, Vec<&Kept>) = session.paths.kept.iter().partition(|kept| kept.is_pinned);
        pinned.into_iter().chain(recent).map(|kept| self.trace_entry(session, kept)).collect()
    }

    fn trace_entry(&self, session: &Session, kept: &Kept) -> Entry {
        let text = kept.request.line(&session.catalog);
        let mut detail = vec![if kept.is_pinned { "pinned" } else { "recent" }.to_owned()];
        let Some(told) = &kept.told else {
            return Entry { text, detail: detail.join("  "), marked: kept.is_pinned, ..Entry::default() };
        };
        let since = kept.since.map_or_else(String::new, |at| format!(" for {}", age::age(self.now, Some(at))));
        detail.push(format!("{}{since}", told.verdict.name()));
        detail.extend(told.headline.as_ref().map(Finding::message).or_else(|| told.untold.clone()));
        let health = Some(told.verdict.health());
        Entry { health, text, detail: detail.join("  "), marked: kept.is_pinned, ..Entry::default() }
    }
}
