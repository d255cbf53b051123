//! One action on everything that is marked: a verdict for each object, one yes for those that can have it, done in their
//! order until the first failure.

use super::pane::told;
use super::{Ask, Dialog, Many, Pending, Purpose, State};
use crate::app::App;
use crate::app::acts::Act;
use crate::app::effect::Effect;
use crate::app::mutation::{Accepted, Confirmed, Note};
use crate::app::policy::Friction;
use crate::app::screen::Screen;
use crate::app::session::Session;
use crate::kinds::{Health, ObjectRef};
use crate::view::line::{Line, Role, Span};

/// More objects at once are more than anybody has looked at.
const MOST: usize = 100;

impl App {
    /// What is marked in the table on screen.
    pub(super) fn marked(&self) -> Vec<ObjectRef> {
        match self.session().map(Session::screen) {
            Some(Screen::Table(table)) => table.marked.iter().cloned().collect(),
            _ => Vec::new(),
        }
    }

    pub(super) fn begin_many(&mut self, act: &'static Act, keys: &[ObjectRef], said: Option<&str>) {
        if act.input.as_ref().is_some_and(|input| input.is_asked) && said.is_none() {
            let text = format!("{} objects are marked: say it for all of them, as in :{} VALUE", keys.len(), act.name);
            return self.say(text);
        }
        let allowed = self.session().and_then(|session| session.grant.max_bulk).unwrap_or(MOST).min(MOST);
        if allowed < keys.len() {
            let why = format!("{} objects are marked, and {allowed} at once are allowed here", keys.len());
            return self.refuse_to(act, &why);
        }
        let mut rows = Vec::new();
        for key in keys {
            let Some(target) = self.target(act, key) else { return };
            rows.push(self.pending_of(act, target, said.map(str::to_owned)));
        }
        let Some(epoch) = self.may_begin(act) else { return };
        let numbers: Vec<u64> = rows.iter().map(|row| row.number).collect();
        let many = Many { act, rows, unreadable: Vec::new() };
        self.dialog = Some(self.dialog_of(epoch, Purpose::Many(Box::new(many)), Vec::new()));
        for number in numbers {
            self.consult(number);
        }
    }

    /// The last verdict makes it a question.
    pub(super) fn show_many(&mut self) {
        let Some(Dialog { purpose: Purpose::Many(many), .. }) = &self.dialog else { return };
        if !many.rows.iter().all(Pending::is_told) {
            return;
        }
        let ready: Vec<u64> = many.ready().map(|row| row.number).collect();
        let word = format!("{} {}", many.act.name, ready.len());
        let friction = ready.iter().map(|number| self.friction(*number)).max().unwrap_or(Friction::Key);
        let now = self.now;
        let context = self.session().map_or_else(String::new, |session| session.context.to_string());
        let Some(dialog) = &mut self.dialog else { return };
        dialog.since = now;
        dialog.is_go = false;
        dialog.asks = match friction {
            Friction::Key => Vec::new(),
            Friction::Name => vec![Ask::Word(word)],
            Friction::Context => vec![Ask::Word(context)],
        };
        self.weigh();
    }

    pub(super) fn accept_many(&mut self) {
        let Some(epoch) = self.dialog.as_ref().map(|dialog| dialog.epoch) else { return };
        if !self.may_accept(epoch) {
            return;
        }
        let Some(Dialog { purpose: Purpose::Many(many), .. }) = &self.dialog else { return };
        let Some(note) = self.note_of(epoch) else { return };
        let mutations: Vec<_> = many.ready().flat_map(Pending::mutations).collect();
        if mutations.is_empty() {
            return;
        }
        let mut lines: Vec<String> = many.ready().map(|row| row.act.line(&row.subject)).collect();
        lines.dedup();
        let note =
            Note { action: many.act.name, object: many.objects(), line: lines.join(" && "), undo: many.undo(), ..note };
        self.dispatch(epoch, Confirmed::many(mutations, note, Accepted::by_the_user()));
        if let Some(Screen::Table(table)) = self.session_mut().and_then(|session| session.screens.last_mut()) {
            table.marked.clear();
        }
    }

    /// Stops what is under way.
    pub(in crate::app) fn halt(&mut self) {
        let Some(epoch) = self.session().map(|session| session.epoch) else { return };
        self.out.push(Effect::Halt(epoch));
        self.say("what is under way stops before its next step; what was done stays");
    }
}

impl Pending {
    fn mutations(&self) -> Vec<crate::app::mutation::Mutation> {
        let more = match &self.state {
            State::Ready(ready) => ready.more.clone(),
            _ => Vec::new(),
        };
        self.mutation.iter().cloned().chain(more).collect()
    }

    /// What becomes of it, in one line.
    fn verdict(&self) -> Line {
        let origin = self.origin.clone().unwrap_or_default();
        let name = format!("{}  ", self.subject.target.place());
        let (health, text) = match &self.state {
            State::Consulting | State::Asking | State::Editing | State::Rehearsing => {
                (Health::Progressing, "asking".to_owned())
            }
            State::Refused { why, .. } => (Health::Failed, why.clone()),
            State::Ready(ready) => {
                let health = if ready.cautions.is_empty() { Health::Ready } else { Health::Warn };
                let said = ready.effects.iter().chain(&ready.cautions).map(|text| text.trim().to_owned());
                (health, said.collect::<Vec<_>>().join("; "))
            }
        };
        // Why not comes last: that is what may need more than one line.
        let (name, text, origin) = (Span::text(name), Span::new(text, Role::Dim), Span::dim(origin));
        let is_refused = matches!(self.state, State::Refused { .. });
        let spans = match &self.origin {
            None => vec![name, text],
            Some(_) if is_refused => vec![name, origin, Span::text("  "), text],
            Some(_) => vec![name, text, Span::text("  "), origin],
        };
        Line { health: Some(health), ..Line::of(spans) }
    }
}

/// A document that could not be read, or that no object can be made of.
fn unread((origin, why): &(String, String)) -> Line {
    let spans = vec![Span::dim(format!("{origin}  ")), Span::new(why.clone(), Role::Dim)];
    Line { health: Some(Health::Failed), ..Line::of(spans) }
}

impl Many {
    /// Those that can have it.
    pub(super) fn ready(&self) -> impl Iterator<Item = &Pending> {
        self.rows.iter().filter(|row| matches!(row.state, State::Ready(_)))
    }

    /// `3 of 5 objects`.
    pub(super) fn objects(&self) -> String {
        let (ready, all) = (self.ready().count(), self.rows.len() + self.unreadable.len());
        match (ready, all) {
            (1, 1) => "1 object".to_owned(),
            _ if ready == all => format!("{all} objects"),
            _ => format!("{ready} of {all} objects"),
        }
    }

    /// A line for each, those that cannot have it first.
    pub(super) fn verdicts(&self, impact: &[Line]) -> Vec<Line> {
        let refused = self.rows.iter().filter(|row| matches!(row.state, State::Refused { .. }));
        let others = self.rows.iter().filter(|row| !matches!(row.state, State::Refused { .. }));
        let mut lines: Vec<Line> = self.unreadable.iter().map(unread).collect();
        for row in refused.chain(others) {
            lines.push(row.verdict());
            // On objects that are chosen the change is the same for all; of a file each has its own.
            if let (State::Ready(ready), Some(_)) = (&row.state, &row.origin) {
                lines.extend(told(ready.differences.as_deref().unwrap_or_default()));
            }
        }
        if self.ready().next().is_none() {
            return lines;
        }
        lines.push(Line::default());
        lines.extend_from_slice(impact);
        if self.act.name == "apply" {
            lines.push(Line::of(vec![Span::dim("undo     "), Span::text(self.undo())]));
        }
        lines.push(Line::text("done one after the other; the first failure stops the rest"));
        lines
    }
}
