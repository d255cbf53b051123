//! Following requests: the trace screen, what leads to it, and what can be done on it.

use crate::app::App;
use crate::app::effect::Effect;
use crate::app::prompt::{Prompt, Purpose};
use crate::app::scene::Entry;
use crate::app::screen::{Cursor, Pick, Screen, TraceScreen};
use crate::app::session::Session;
use crate::kinds::{Facts, ObjectRef, POD, Record};
use crate::view::describe::{self, Detail};
use crate::view::health::route::is_challenge;
use crate::view::line::{Line, Role};
use crate::view::picture::{self, Real, Scenery};
use crate::view::reverse::{self, nearly};
use crate::view::routes::index;
use crate::view::trace::outcome::Verdict;
use crate::view::trace::request::{Request, Vantage};
use crate::view::trace::world::World;
use std::sync::Arc;

/// What a line of the picture does not have for its text: the mark, the longest name of a hop, the bar at the right.
const BESIDE: usize = 20;

impl App {
    /// The picture of a path, as wide as its pane.
    pub(super) fn picture(&self, session: &Session, screen: &TraceScreen) -> Detail {
        let trace = session.path(&screen.request, self.now);
        let room = usize::from(self.panes().main.width).saturating_sub(BESIDE);
        let sent = session.paths.sent(&screen.request);
        picture::picture(&Scenery {
            trace: &trace,
            catalog: &session.catalog,
            changed: &session.paths.changed(),
            before: session.paths.before(),
            real: sent.map_or(Real::Unasked, |sent| match &sent.real {
                None => Real::Asked(sent.at),
                Some(real) => Real::Said(sent.at, real),
            }),
            is_pinned: session.paths.is_pinned(&screen.request),
            now: self.now,
            room,
        })
    }

    /// Follows a request on a screen of its own; on that of another request, in its place.
    pub(super) fn follow(&mut self, request: Request) {
        let Some(session) = self.session_mut() else { return };
        session.paths.remember(&request);
        let screen = Screen::Trace(TraceScreen { request, cursor: Cursor::default() });
        match session.screen() {
            Screen::Trace(_) => self.set_top(screen),
            _ => self.push(screen),
        }
    }

    /// Brings the marks of the path on screen up to date.
    pub(super) fn look(&mut self) {
        let now = self.now;
        let Some(session) = self.session_mut() else { return };
        let Screen::Trace(screen) = session.screen() else { return };
        let request = screen.request.clone();
        session.look(&request, now);
    }

    /// Follows routes that are due; what is left over has a turn of its own.
    pub(super) fn follow_routes(&mut self) {
        let now = self.now;
        let Some(session) = self.session_mut() else { return };
        let due = |session: &Session| (session.routes.due(), session.paths.due());
        let before = due(session);
        let is_left = session.follow_routes(now);
        let has_followed = due(session) != before;
        self.redraw |= has_followed;
        if is_left {
            self.out.push(Effect::Continue);
        }
    }

    /// There is time for what was left over.
    pub(super) fn go_on(&mut self) {
        if self.sessions.iter().any(|session| !session.logs.is_empty()) {
            self.sift_logs();
        }
        self.weigh_on();
    }

    /// Every route of the cluster.
    pub(super) fn routes(&mut self) {
        let Some(session) = self.session_mut() else { return };
        session.paths.offered = None;
        self.pick(Pick::Route);
    }

    /// `t`: the path to what is selected; where several lead to it, they are offered.
    pub(super) fn trace(&mut self) {
        if let Some(line) = self.selected_route().or_else(|| self.selected_line()?.follows) {
            return self.follow_line(&line);
        }
        let Some(session) = self.session() else { return };
        let Some(key) = self.subject() else { return };
        let Some(record) = session.cluster.get(&key) else { return };
        let mut requests: Vec<Request> = session.routes.meant(&key).map(|entry| entry.route.request.clone()).collect();
        if requests.is_empty() && reverse::is_reachable(key.kind) {
            let given = (&session.paths.answers, &session.paths.probes);
            let world = World::new(&session.cluster, &session.catalog, self.now, given);
            requests = reverse::naming(&world, record).into_iter().map(|route| route.request).collect();
        }
        if requests.is_empty() && key.kind == crate::kinds::SERVICE {
            requests = inside(record);
        }
        let name = crate::view::name(&session.catalog, &key);
        match requests.as_slice() {
            [] => self.follow_nearly(&key, &name),
            [only] => self.follow(only.clone()),
            _ => {
                if let Some(session) = self.session_mut() {
                    session.paths.offered = Some((key, requests));
                }
                self.pick(Pick::Route);
            }
        }
    }

    /// Nobody leads there: where a Service only just misses the pod, that is said, and what breaks by it is followed.
    fn follow_nearly(&mut self, key: &ObjectRef, name: &str) {
        let nothing = format!("no route leads to {name}: trace follows any URL, :trace https://…");
        let Some(session) = self.session() else { return };
        let Some(pod) = session.cluster.get(key).filter(|record| record.key.kind == POD) else {
            return self.say(nothing);
        };
        let given = (&session.paths.answers, &session.paths.probes);
        let near = nearly::services(&World::new(&session.cluster, &session.catalog, self.now, given), pod);
        let Some(first) = near.first() else { return self.say(nothing) };
        let says = format!("no route leads to {name}: {}", first.says());
        let is_broken = |told: &index::Told| told.verdict == Verdict::Broken && told.through.contains(&first.service);
        let broken = session.routes.entries().find(|entry| entry.told.as_ref().is_some_and(is_broken));
        let request = broken.map(|entry| entry.route.request.clone());
        if let Some(request) = request {
            self.follow(request);
        }
        self.say(says);
    }

    /// The routes that are offered, with how they are, the broken ones first.
    pub(super) fn route_entries(&self, session: &Session) -> Vec<Entry> {
        let offered = session.paths.offered.as_ref().map(|(_, requests)| requests);
        let is_offered = |request: &Request| offered.is_none_or(|all| all.contains(request));
        let entries = session.routes.entries().filter(|entry| is_offered(&entry.route.request));
        let mut lines: Vec<(Option<Verdict>, Entry)> = entries.map(|entry| self.route_entry(session, entry)).collect();
        for request in offered.into_iter().flatten() {
            let line = request.line(&session.catalog);
            if !lines.iter().any(|(_, entry)| entry.text == line) {
                let cells = ["", "", "", "inside the cluster", ""].map(str::to_owned).to_vec();
                lines.push((
                    None,
                    Entry { text: line, detail: "inside the cluster".to_owned(), cells, ..Entry::default() },
                ));
            }
        }
        lines.sort_by_key(|(verdict, entry)| {
            (verdict.is_none(), *verdict, is_challenge(&entry.text), entry.text.clone())
        });
        lines.dedup_by(|(_, a), (_, b)| a.text == b.text);
        lines.into_iter().map(|(_, entry)| entry).collect()
    }

    fn route_entry(&self, session: &Session, entry: &index::Entry) -> (Option<Verdict>, Entry) {
        let text = entry.route.request.line(&session.catalog);
        let owner = crate::view::short_name(&session.catalog, &entry.route.owner);
        let namespace = entry.route.owner.namespace.as_deref().unwrap_or("");
        let object = format!("{namespace} {owner}");
        let Some(told) = &entry.told else {
            let cells = vec![String::new(), String::new(), String::new(), object.clone(), String::new()];
            return (None, Entry { text, detail: object, cells, ..Entry::default() });
        };
        let mut detail = vec![told.verdict.name().to_owned()];
        let reason = told.why();
        let mut cells = detail.clone();
        let services: Vec<&str> = told.backends.iter().map(|(_, service)| &**service).collect();
        let until = told.certificate.map(|end| (end.seconds() - self.now.seconds()).div_euclid(86_400));
        cells.push(services.join(", "));
        cells.push(until.map_or_else(String::new, |days| format!("{days}d")));
        cells.extend([object.clone(), reason.clone().unwrap_or_default()]);
        // Where something is wrong, that is what is looked for.
        let (first, last) = if told.verdict < Verdict::Ok { (reason, None) } else { (None, reason) };
        detail.extend(first);
        if !services.is_empty() {
            let services: Vec<String> = services.iter().map(|service| format!("svc/{service}")).collect();
            detail.push(format!("→ {}", services.join(", ")));
        }
        detail.extend(until.map(|days| format!("certificate {days}d")));
        detail.push(object);
        detail.extend(last);
        let health = Some(told.verdict.health());
        (Some(told.verdict), Entry { health, text, detail: detail.join("  "), cells, ..Entry::default() })
    }

    /// Follows a route of the list.
    pub(super) fn follow_line(&mut self, line: &str) {
        self.run_line(&format!("trace {line}"));
    }

    /// The request of the path on screen, to be written anew.
    pub(super) fn edit_request(&mut self) {
        let Some(session) = self.session() else { return };
        let Screen::Trace(screen) = session.screen() else { return };
        let line = format!("trace {}", screen.request.line(&session.catalog));
        self.prompt = Some(Prompt::new(Purpose::Palette, &line));
    }

    /// To the next line that says what is wrong.
    pub(super) fn next_finding(&mut self) {
        let Some((lines, at)) = self.picture_lines() else { return };
        let is_finding = |line: &Line| line.health.is_some_and(|health| health < crate::kinds::Health::Progressing);
        let found = |range: std::ops::Range<usize>| range.into_iter().find(|index| is_finding(&lines[*index]));
        match found(at + 1..lines.len()).or_else(|| found(0..at.min(lines.len()))) {
            Some(index) => self.step(index.cast_signed() - at.cast_signed()),
            None => self.say("nothing else is wrong on this path"),
        }
    }

    /// Copies the selected line; a command that was broken into several lines as a whole.
    pub(super) fn copy_line(&mut self) {
        let Some((lines, at)) = self.picture_lines() else { return };
        let Some(line) = lines.get(at) else { return };
        let is_command = |line: &Line| line.spans.last().is_some_and(|span| span.role == Role::Key);
        let text = if is_command(line) {
            let is_rest = |line: &Line| line.spans.len() > 1;
            let first = (0..=at).rev().take_while(|index| is_command(&lines[*index])).find(|i| !is_rest(&lines[*i]));
            let first = first.unwrap_or(at);
            let rest = lines[first + 1..].iter().take_while(|line| is_command(line) && is_rest(line));
            let parts = std::iter::once(&lines[first]).chain(rest).map(|line| line.plain().trim().to_owned());
            parts.collect::<Vec<_>>().join(" ")
        } else {
            line.plain().trim().to_owned()
        };
        let what = if is_command(line) { "the command" } else { "the line" };
        self.out.push(Effect::Copy { text, what: what.to_owned() });
    }

    /// The lines of the picture on screen, and the selected one.
    fn picture_lines(&self) -> Option<(Vec<Line>, usize)> {
        let (picture, cursor) = self.page_on_screen()?;
        let lines = describe::lines(&picture).map(|(_, line)| line.clone()).collect();
        Some((lines, cursor.index))
    }
}

/// A request to each port of a Service, from inside the cluster.
fn inside(service: &Record) -> Vec<Request> {
    let Facts::Service(facts) = &service.digest.facts else { return Vec::new() };
    let namespace = service.key.namespace.clone().unwrap_or_else(|| Arc::from(""));
    let url = |port: u16| format!("http://{}.{namespace}.svc:{port}/", service.key.name);
    let requests = facts.ports.iter().filter_map(|port| Request::get(&url(u16::try_from(port.port).ok()?)).ok());
    requests.map(|request| Request { vantage: Vantage::Namespace(namespace.clone()), ..request }).collect()
}
