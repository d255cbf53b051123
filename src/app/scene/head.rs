//! The first line and the last two: where I am, what was typed or said, what can be pressed.

use super::{Content, Hint, Message, Title};
use crate::app::App;
use crate::app::command::{COMMANDS, In};
use crate::app::prompt::Purpose;
use crate::app::screen::Screen;
use crate::app::session::{Connection, Session};
use crate::kinds::Health;
use crate::model::Sync;
use crate::view::line::{Role, Span};

impl App {
    pub(super) fn title(&self, main: &Content) -> Title {
        let Some(session) = self.session() else {
            return Title { left: vec![Span::new("kplumb", Role::Accent)], right: Vec::new() };
        };
        let mut left = vec![Span::new(session.context.to_string(), Role::Accent), Span::dim("observe")];
        left.extend(self.whereabouts(session, main));
        let clock = crate::app::scene::head::clock(self.now);
        Title { left, right: vec![freshness(session, main), Span::dim(clock)] }
    }

    fn whereabouts(&self, session: &Session, main: &Content) -> Vec<Span> {
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
                let name = crate::view::describe::name(&session.catalog, &screen.key);
                let place = screen.key.namespace.as_deref().unwrap_or("").to_owned();
                vec![Span::text(place), Span::new(name, Role::Header)]
            }
            Screen::Home(_) => vec![Span::text(session.namespaces.text())],
            _ => Vec::new(),
        }
    }

    pub(super) fn message(&self, main: &Content) -> Message {
        if let Some(prompt) = self.prompt() {
            let sign = if prompt.purpose == Purpose::Palette { ':' } else { '/' };
            let error = match self.session().map(Session::screen) {
                Some(Screen::Table(table)) if prompt.purpose == Purpose::Filter => {
                    table.error.as_ref().map(|e| (e.at.clone(), e.message.clone()))
                }
                _ => None,
            };
            let note = match main {
                Content::Table(pane) if prompt.purpose == Purpose::Filter => {
                    format!("{} of {}", pane.table.shown, pane.table.total)
                }
                _ => String::new(),
            };
            let (text, cursor) = (prompt.editor.text().to_owned(), prompt.editor.before().len());
            return Message::Prompt { sign, text, cursor, error, note };
        }
        match &self.notice {
            Some(notice) => Message::Notice { text: notice.text.clone(), is_failure: notice.is_failure },
            None => Message::None,
        }
    }

    pub(super) fn hints(&self) -> Vec<Hint> {
        let place = self.place();
        let applies = |when: &[In]| when.contains(&place) || (place != In::Prompt && when.contains(&In::Anywhere));
        let mut rows: Vec<_> = COMMANDS.iter().filter(|c| 0 < c.hint && applies(c.when)).collect();
        rows.sort_by_key(|command| command.hint);
        let hint = |command: &&crate::app::command::Command| {
            let key = self.keys.of(command).first()?.to_string();
            Some(Hint { key, text: command.name.to_owned(), refused: None })
        };
        rows.iter().filter_map(hint).collect()
    }
}

/// `10:42:07` in UTC.
pub(super) fn clock(now: crate::wire::Timestamp) -> String {
    let seconds = now.seconds().rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn freshness(session: &Session, main: &Content) -> Span {
    match (&session.connection, main) {
        (Connection::Unreachable { .. }, _) => Span::new("unreachable", Role::State(Health::Failed)),
        (Connection::NeedsTerminal(_), _) => Span::new("needs the terminal", Role::State(Health::Warn)),
        (Connection::Connecting { .. } | Connection::Closed, _) => {
            Span::new("connecting", Role::State(Health::Progressing))
        }
        (Connection::Live(_), Content::Table(pane)) => match &pane.sync {
            Sync::Live => Span::new("live", Role::State(Health::Ready)),
            Sync::Listing { .. } | Sync::Closed => Span::new("listing", Role::State(Health::Progressing)),
            Sync::Stale { .. } => Span::new("stale", Role::State(Health::Failed)),
            Sync::Forbidden => Span::new("forbidden", Role::State(Health::Warn)),
            Sync::Absent => Span::new("absent", Role::State(Health::Warn)),
        },
        (Connection::Live(_), _) => Span::new("live", Role::State(Health::Ready)),
    }
}
