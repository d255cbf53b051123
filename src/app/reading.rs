//! Texts that are read line by line: YAML and help.

use crate::app::App;
use crate::app::command::{COMMANDS, In, LISTS};
use crate::app::screen::{Screen, Topic, YamlScreen};
use crate::app::session::Session;
use crate::view::describe::yaml;
use crate::view::filter::GRAMMAR;
use crate::view::line::{Line, Role, Span};
use crate::view::logs;

impl App {
    /// All lines of the text on screen; empty where the screen is no text.
    pub(super) fn text_lines(&self, session: &Session) -> Vec<Line> {
        match session.screen() {
            Screen::Yaml(screen) => yaml_lines(session, screen),
            Screen::Help(screen) => match screen.topic {
                Topic::Keys => self.help_lines(),
                Topic::Record => self.record.iter().map(|line| Line::text(line.clone())).collect(),
            },
            _ => Vec::new(),
        }
    }

    fn help_lines(&self) -> Vec<Line> {
        let lists = LISTS.iter().copied();
        let places = std::iter::once(In::Anywhere).chain(lists).chain([In::Prompt, In::Dialog]);
        let mut lines = Vec::new();
        let mut told: Vec<&str> = Vec::new();
        for place in places {
            let rows = COMMANDS.iter().filter(|c| c.when.contains(&place) && !told.contains(&c.name));
            let rows: Vec<_> = rows.collect();
            told.extend(rows.iter().filter(|c| 3 < c.when.len()).map(|c| c.name));
            if rows.is_empty() {
                continue;
            }
            lines.extend((!lines.is_empty()).then(Line::default));
            lines.push(Line::of(vec![Span::new(place.title(), Role::Header)]));
            lines.extend(rows.into_iter().map(|command| {
                let keys: Vec<String> = self.keys.of(command).iter().map(ToString::to_string).collect();
                Line::of(vec![
                    Span::new(format!("  {:<20}", keys.join(" ")), Role::Key),
                    Span::text(command.help),
                    Span::dim(format!("  {}", command.name)),
                ])
            }));
        }
        lines.push(Line::default());
        lines.push(Line::of(vec![Span::new("what a filter can say", Role::Header)]));
        lines.extend(GRAMMAR.iter().map(|form| {
            Line::of(vec![Span::new(format!("  {:<20}", form.example), Role::Key), Span::text(form.meaning)])
        }));
        lines.push(Line::default());
        lines.push(Line::of(vec![Span::new("what a filter of logs can say", Role::Header)]));
        lines.extend(logs::filter::GRAMMAR.iter().map(|(example, meaning)| {
            Line::of(vec![Span::new(format!("  {example:<20}"), Role::Key), Span::text(*meaning)])
        }));
        lines.push(Line::default());
        lines.push(Line::of(vec![Span::new("signs before lines of logs", Role::Header)]));
        lines.extend(logs::window::SIGNS.iter().map(|(sign, meaning)| {
            Line::of(vec![Span::new(format!("  {sign:<20}"), Role::Key), Span::text(*meaning)])
        }));
        lines
    }

    /// Scrolls the text on screen.
    pub(super) fn scroll(&mut self, by: isize) {
        let height = usize::from(self.panes().main.height).saturating_sub(1);
        let Some(session) = self.session() else { return };
        let all = self.text_lines(session).len();
        let most = all.saturating_sub(height);
        match self.session_mut().and_then(|session| session.screens.last_mut()) {
            Some(Screen::Yaml(screen)) => screen.first = screen.first.saturating_add_signed(by).min(most),
            Some(Screen::Help(screen)) => screen.first = screen.first.saturating_add_signed(by).min(most),
            _ => {}
        }
    }

    pub(super) fn toggle_managed_fields(&mut self) {
        if let Some(Screen::Yaml(screen)) = self.session_mut().and_then(|session| session.screens.last_mut()) {
            screen.managed_fields = !screen.managed_fields;
        }
    }
}

fn yaml_lines(session: &Session, screen: &YamlScreen) -> Vec<Line> {
    let mut lines = Vec::new();
    let is_gone = session.is_gone(&screen.key);
    if is_gone {
        let name = crate::view::name(&session.catalog, &screen.key);
        lines.push(Line::of(vec![Span::new(format!("{name} is gone"), Role::Danger)]));
    }
    let fetched = session.fetched.as_ref().filter(|fetched| fetched.key == screen.key);
    match fetched.and_then(|fetched| fetched.value.as_ref()) {
        Some(Ok(value)) => {
            lines.extend(is_gone.then(|| Line::of(vec![Span::dim("this is how it was last")])));
            lines.extend(yaml::lines(value, screen.managed_fields));
            lines
        }
        _ if is_gone => lines,
        Some(Err(failure)) => {
            let parts = [&failure.what, &failure.cause, &failure.remedy];
            parts.into_iter().filter(|part| !part.is_empty()).map(|part| Line::text(part.clone())).collect()
        }
        None if session.is_live() => vec![Line::of(vec![Span::dim("fetching the object")])],
        None => {
            vec![Line::of(vec![Span::dim("out of reach: the object is fetched when the server answers again")])]
        }
    }
}
