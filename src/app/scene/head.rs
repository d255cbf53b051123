//! The first line and the last two: where I am, what was typed or said, what can be pressed.

use super::{Content, Hint, Message, Title};
use crate::app::App;
use crate::app::acts;
use crate::app::command::{COMMANDS, In};
use crate::app::home::rows;
use crate::app::moves::{beneath, docked};
use crate::app::policy::Mode;
use crate::app::prompt::Purpose;
use crate::app::screen::{Pick, Screen, Topic};
use crate::app::session::{Connection, Session};
use crate::kinds::{Health, SERVICE, age};
use crate::model::Sync;
use crate::view::line::{Role, Span};
use crate::view::logs::export::Format;
use crate::view::routes;
use crate::wire::Timestamp;

impl App {
    pub(super) fn title(&self, main: &Content) -> Title {
        let Some(session) = self.session() else {
            return Title { left: vec![Span::new("kplumb", Role::Accent)], right: Vec::new() };
        };
        let mut left = vec![Span::new(session.context.to_string(), Role::Accent), self.mode(session)];
        left.extend(whereabouts(session, main));
        if matches!(main, Content::Text(_)) && !self.search.text.is_empty() {
            left.push(Span::new(format!("/{}", self.search.text), Role::Match));
            left.push(Span::text(self.search_note()));
        }
        let forwards = self.forwards.mark();
        Title { left, right: forwards.into_iter().chain([freshness(session, main, self.now)]).collect() }
    }

    /// What may be done here, in words and colour; until when, where that ends.
    fn mode(&self, session: &Session) -> Span {
        let word = session.mode.word();
        if session.grant.is_embedded {
            return Span::new(format!("{word} (demo)"), Role::Dim);
        }
        let role = if session.mode == Mode::Operate { Role::Danger } else { Role::Dim };
        let text = match session.elevation.filter(|more| more.to == session.mode) {
            Some(more) => format!("{word} for {}", age::age(more.until, Some(self.now))),
            None => format!("{word}{}", self.enforcer(session)),
        };
        Span::new(text, role)
    }

    pub(super) fn message(&self, main: &Content) -> Message {
        if let Some(prompt) = self.prompt() {
            let sign = match prompt.purpose {
                Purpose::Palette => ':',
                Purpose::Filter | Purpose::Search => '/',
                Purpose::Time => '@',
                Purpose::File => '>',
            };
            let error = match self.session().map(Session::screen) {
                Some(Screen::Table(table)) if prompt.purpose == Purpose::Filter => {
                    table.error.as_ref().map(|e| (e.at.clone(), e.message.clone()))
                }
                _ => None,
            };
            let untyped = |why: &String| (0..prompt.editor.text().len(), why.clone());
            let error = error.or_else(|| prompt.error.as_ref().map(untyped));
            let error = match self.session().map(Session::screen) {
                Some(Screen::Logs(logs)) if prompt.purpose == Purpose::Filter => {
                    logs.error.as_ref().map(|why| (0..prompt.editor.text().len(), why.clone()))
                }
                _ => error,
            };
            let note = match main {
                Content::Home(pane) if prompt.purpose == Purpose::Filter => format!("{} shown", rows(&pane.home)),
                Content::Table(pane) if prompt.purpose == Purpose::Filter => {
                    format!("{} of {}", pane.table.shown, pane.table.total)
                }
                Content::Logs(_) if prompt.purpose == Purpose::Filter && prompt.editor.text().is_empty() => {
                    "only: word !not /regex/ level:warn status=500 source:web context:3".to_owned()
                }
                Content::Logs(pane) if prompt.purpose == Purpose::Filter => format!("{} shown", pane.window.all),
                Content::Logs(_) if prompt.purpose == Purpose::Search => "<enter> goes to the nearest".to_owned(),
                _ if prompt.purpose == Purpose::Search => self.search_note(),
                _ if prompt.purpose == Purpose::Time => "12:03  12:03:07  -10m".to_owned(),
                _ if prompt.purpose == Purpose::File => {
                    format!("{}  (.json .raw .txt)", Format::of_name(prompt.editor.text()).word())
                }
                _ => String::new(),
            };
            let (text, cursor) = (prompt.editor.text().to_owned(), prompt.editor.before().len());
            return Message::Prompt { sign, text, cursor, error, note };
        }
        match &self.notice {
            Some(notice) => Message::Notice { text: notice.text.clone(), is_failure: notice.is_failure },
            None => match self.log_standing() {
                Some(text) => Message::Notice { text, is_failure: false },
                None => Message::None,
            },
        }
    }

    /// Whether anything may be written here, or may be asked for.
    fn can_act(&self) -> bool {
        let is_open = |session: &Session| {
            session.mode != Mode::Observe || session.grant.elevate.is_some() || session.grant.closed.is_none()
        };
        self.asked != Some(Mode::Observe) && self.session().is_some_and(is_open)
    }

    /// Whether `tab` leads anywhere from here.
    fn has_other_pane(&self) -> bool {
        let is_docked = |session: &Session| docked(session, self.size).is_some();
        self.session().is_some_and(|session| match session.screen() {
            Screen::Logs(_) | Screen::Trace(_) => is_docked(session),
            Screen::Detail(_) => beneath(session).is_some(),
            _ => true,
        })
    }

    pub(super) fn hints(&self, main: &Content) -> Vec<Hint> {
        let place = self.place();
        let applies = |when: &[In]| {
            when.contains(&place) || (!matches!(place, In::Prompt | In::Dialog) && when.contains(&In::Anywhere))
        };
        let can_act = self.can_act();
        // A table knows which row is selected: thousands of them are not looked through once more.
        let subject = match (self.session().map(Session::screen), main) {
            (Some(Screen::Table(_)), Content::Table(pane)) => pane.table.selected_key.clone(),
            _ => self.subject(),
        };
        let subject = subject.as_ref();
        let mut rows: Vec<_> = COMMANDS.iter().filter(|c| 0 < c.hint && applies(c.when)).collect();
        rows.retain(|command| !command.mutates || (can_act && self.suits(command, subject)));
        rows.retain(|command| command.name != "switch-pane" || self.has_other_pane());
        // Of what routes name, where its requests go is what is asked most.
        let is_route = subject.is_some_and(|key| routes::KINDS.contains(&key.kind));
        let is_way = is_route || subject.is_some_and(|key| key.kind == SERVICE);
        rows.retain(|command| command.name != "host" || is_route || !matches!(place, In::Home | In::Table));
        rows.sort_by_key(|command| match command.name {
            "trace" if is_way => 15,
            "host" if is_route && place != In::Trace => 16,
            _ => 10 * u32::from(command.hint),
        });
        let hint = |command: &&crate::app::command::Command| {
            let key = self.keys.of(command).first()?.to_string();
            let refused = acts::find(command.name).and_then(|act| self.hindrance(act, subject));
            Some(Hint {
                key,
                text: command.name.trim_start_matches("dialog-").trim_start_matches("log-").replace('-', " "),
                command: command.name,
                refused,
            })
        };
        rows.iter().filter_map(hint).collect()
    }
}

/// How true the screen is: `live`, or since when it is not and when it is tried again.
fn freshness(session: &Session, main: &Content, now: Timestamp) -> Span {
    let state = |text: &str, health| Span::new(text, Role::State(health));
    match (&session.connection, main) {
        (Connection::Unreachable { since, retry_at, .. }, _) => {
            let retry = retry_at.map(|at| at.seconds() - now.seconds()).filter(|seconds| 0 < *seconds);
            let retry = retry.map_or_else(String::new, |seconds| format!(", next try in {seconds}s"));
            state(&format!("unreachable for {}{retry}", age::age(now, Some(*since))), Health::Failed)
        }
        (Connection::NeedsTerminal(_), _) => state("wants the terminal: <enter>", Health::Warn),
        (Connection::Connecting { since }, _) => {
            let seconds = now.seconds() - since.seconds();
            let waited = if 2 <= seconds { format!(" for {seconds}s") } else { String::new() };
            state(&format!("connecting{waited}"), Health::Progressing)
        }
        (Connection::Closed, _) => state("closed", Health::Unknown),
        (Connection::Live(_), Content::Table(pane)) => match &pane.sync {
            Sync::Live => state("live", Health::Ready),
            Sync::Closed => state("listing", Health::Progressing),
            Sync::Listing { seen, total: Some(total) } => {
                state(&format!("listing {seen} of {total}"), Health::Progressing)
            }
            Sync::Listing { seen, .. } => state(&format!("listing {seen}"), Health::Progressing),
            Sync::Stale { since, .. } => state(&format!("{} old", age::age(now, Some(*since))), Health::Failed),
            Sync::Forbidden => state("forbidden", Health::Warn),
            Sync::Absent => state("absent", Health::Warn),
        },
        (Connection::Live(_), Content::Home(pane)) if pane.home.live < pane.home.open => {
            state(&format!("{} of {} kinds live", pane.home.live, pane.home.open), Health::Progressing)
        }
        (Connection::Live(_), _) => {
            let outages = session.cluster.syncs().filter_map(|(_, sync)| match sync {
                Sync::Stale { since, .. } => Some(*since),
                _ => None,
            });
            match outages.min() {
                Some(since) => state(&format!("{} old", age::age(now, Some(since))), Health::Failed),
                None => state("live", Health::Ready),
            }
        }
    }
}

/// What is on screen, where, and how much of it.
fn whereabouts(session: &Session, main: &Content) -> Vec<Span> {
    match session.screen() {
        Screen::Table(screen) => {
            let plural = session.catalog.get(screen.kind).map_or("", |kind| &kind.plural);
            let mut spans = vec![Span::new(plural, Role::Header), Span::text(session.namespaces.text())];
            if let Content::Table(pane) = main {
                spans.push(Span::text(pane.table.total.to_string()));
                if !screen.filter.is_empty() {
                    spans.push(Span::new(format!("/{}", screen.filter.text()), Role::Match));
                    spans.push(Span::text(format!("{} shown", pane.table.shown)));
                }
            }
            spans
        }
        Screen::Detail(screen) => {
            let name = crate::view::name(&session.catalog, &screen.key);
            let place = screen.key.namespace.as_deref().unwrap_or("").to_owned();
            vec![Span::text(place), Span::new(name, Role::Header)]
        }
        Screen::Home(screen) if screen.filter.is_empty() => vec![Span::new("home", Role::Header)],
        Screen::Home(screen) => {
            vec![Span::new("home", Role::Header), Span::new(format!("/{}", screen.filter), Role::Match)]
        }
        Screen::Host(_) => vec![Span::new("host", Role::Header)],
        Screen::Trace(_) => vec![Span::new("trace", Role::Header)],
        Screen::Rollout(screen) => {
            let place = screen.key.namespace.as_deref().unwrap_or("").to_owned();
            vec![Span::new("rollout", Role::Header), Span::text(place)]
        }
        Screen::Rollouts(_) => vec![Span::new("rollouts", Role::Header)],
        Screen::Logs(screen) => vec![Span::new("logs", Role::Header), Span::text(screen.title.clone())],
        Screen::Yaml(screen) => {
            let name = crate::view::name(&session.catalog, &screen.key);
            let place = screen.key.namespace.as_deref().unwrap_or("").to_owned();
            vec![Span::new("YAML", Role::Header), Span::text(place), Span::new(name, Role::Header)]
        }
        Screen::Help(screen) if screen.topic == Topic::Record => vec![Span::new("audit", Role::Header)],
        Screen::Help(_) => vec![Span::new("help", Role::Header)],
        Screen::Picker(screen) if screen.pick == Pick::Route => {
            let mut spans = vec![Span::new("routes", Role::Header)];
            spans.push(match &session.paths.offered {
                Some((key, requests)) => {
                    let name = crate::view::short_name(&session.catalog, key);
                    Span::text(format!("to {name}  {}", requests.len()))
                }
                None => Span::text(session.routes.entries().count().to_string()),
            });
            if !screen.filter.is_empty() {
                spans.push(Span::new(format!("/{}", screen.filter), Role::Match));
            }
            spans
        }
        Screen::Picker(screen) if screen.pick == Pick::Forward => vec![Span::new("forwards", Role::Header)],
        Screen::Picker(screen) if screen.pick == Pick::Trace => vec![Span::new("traces", Role::Header)],
        Screen::Picker(screen) if screen.pick == Pick::Action => {
            let of = session.actions_of.as_ref();
            let name = of.map_or_else(String::new, |key| crate::view::name(&session.catalog, key));
            let place = of.and_then(|key| key.namespace.as_deref()).unwrap_or("").to_owned();
            vec![Span::new("actions", Role::Header), Span::text(place), Span::new(name, Role::Header)]
        }
        Screen::Picker(screen) if screen.filter.is_empty() => Vec::new(),
        Screen::Picker(screen) => vec![Span::new(format!("/{}", screen.filter), Role::Match)],
    }
}
