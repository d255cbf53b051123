//! Following requests: the trace screen, what leads to it, and what can be done on it.

use crate::app::App;
use crate::app::effect::Effect;
use crate::app::prompt::{Prompt, Purpose};
use crate::app::screen::{Cursor, Screen, TraceScreen};
use crate::app::session::Session;
use crate::view::describe::{self, Detail};
use crate::view::line::{Line, Role};
use crate::view::picture::{self, Scenery};
use crate::view::trace::request::Request;

/// What a line of the picture does not have for its text: the mark, the longest name of a hop, the bar at the right.
const BESIDE: usize = 20;

impl App {
    /// The picture of a path, as wide as its pane.
    pub(super) fn picture(&self, session: &Session, screen: &TraceScreen) -> Detail {
        let trace = session.follow(&screen.request, self.now);
        let room = usize::from(self.panes().main.width).saturating_sub(BESIDE);
        let changed = &session.paths.changed;
        picture::picture(&Scenery { trace: &trace, catalog: &session.catalog, changed, now: self.now, room })
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
        let session = self.session()?;
        let Screen::Trace(screen) = session.screen() else { return None };
        let picture = self.picture(session, screen);
        let lines = describe::lines(&picture).map(|(_, line)| line.clone()).collect();
        Some((lines, screen.cursor.index))
    }
}
