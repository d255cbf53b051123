//! The dialog as a value to paint: where, what exactly, what would differ, what to know, how to take it back.

use super::{Ask, Dialog, Pending, Purpose, Ready, State};
use crate::app::policy::Mode;
use crate::app::scene::{Button, DialogPane, Typed};
use crate::app::session::Session;
use crate::app::{App, acts};
use crate::kinds::Health;
use crate::view::describe::diff::Difference;
use crate::view::line::{Line, Role, Span};

impl App {
    /// The dialog, if one is open.
    pub(in crate::app) fn dialog_pane(&self) -> Option<DialogPane> {
        let dialog = self.dialog.as_ref()?;
        let session = self.session_of(dialog.epoch)?;
        let mut lines = vec![place(session, dialog)];
        let (title, go, can_go) = match &dialog.purpose {
            Purpose::Operate => {
                lines.extend(operate(session));
                ("May I operate this cluster from here?".to_owned(), "operate it", true)
            }
            Purpose::Elevate => {
                lines.extend(elevate(session));
                ("May I do more here for a while?".to_owned(), "allow it", true)
            }
            Purpose::Many(many) => {
                lines.extend(many.verdicts(&dialog.impact.lines()));
                let can_go = session.mode == Mode::Operate && 0 < many.ready().count();
                let word = acts::word(many.act.name);
                (format!("{word} {}", many.objects()), word, can_go)
            }
            Purpose::Act(pending) => {
                lines.extend(act(pending, session.mode, &dialog.impact.lines()));
                let word = acts::word(pending.act.name);
                let title = format!("{word} {}", pending.subject.target.place());
                let is_ready = session.mode == Mode::Operate && matches!(pending.state, State::Ready(_));
                if pending.can_be_edited_again() { (title, "edit again", true) } else { (title, word, is_ready) }
            }
        };
        let is_asking = matches!(&dialog.purpose, Purpose::Act(pending) if matches!(pending.state, State::Asking));
        let (can_go, can_type) = (can_go && self.dialog_listens(), (can_go || is_asking) && self.dialog_listens());
        let input = dialog.asks.first().filter(|_| can_type);
        let input = input.map(|ask| Typed {
            label: label(ask, dialog),
            text: dialog.editor.text().to_owned(),
            cursor: dialog.editor.before().len(),
        });
        if let Some(why) = &dialog.error {
            lines.push(Line { health: Some(Health::Failed), ..Line::of(vec![Span::new(why.clone(), Role::Danger)]) });
        }
        let is_typed = !dialog.asks.is_empty();
        let chosen = dialog.is_go && !is_typed;
        let word = if is_typed || !can_go { go.to_owned() } else { format!("y  {go}") };
        let buttons = [
            Button { text: "cancel".to_owned(), is_chosen: !chosen, is_off: false },
            Button { text: word, is_chosen: chosen, is_off: !can_go || is_typed },
        ];
        let first = dialog.first.min(lines.len().saturating_sub(1));
        Some(DialogPane { title, lines, first, input, buttons: buttons.to_vec() })
    }

    /// When the dialog says something else by itself: once keys count.
    pub(in crate::app) fn dialog_wakes(&self) -> Option<crate::wire::Timestamp> {
        let dialog = self.dialog.as_ref()?;
        let at = crate::wire::Timestamp(dialog.since.0.saturating_add(super::MOMENT));
        (self.now < at).then_some(at)
    }
}

fn labelled(label: &str, text: impl Into<String>, role: Role) -> Line {
    Line::of(vec![Span::dim(format!("{label:<9}")), Span::new(text, role)])
}

fn place(session: &Session, dialog: &Dialog) -> Line {
    let context = session.context.to_string();
    let namespace = match &dialog.purpose {
        Purpose::Act(pending) => pending.subject.target.key.namespace.as_deref().unwrap_or("no namespace").to_owned(),
        Purpose::Many(_) => session.namespaces.text(),
        _ => session.server().map_or_else(String::new, |server| server.address.clone()),
    };
    let role = if session.grant.banner.is_some() { Role::Danger } else { Role::Accent };
    Line::of(vec![Span::dim("in       "), Span::new(context, role), Span::text("  "), Span::text(namespace)])
}

fn act(pending: &Pending, mode: Mode, impact: &[Line]) -> Vec<Line> {
    let same = labelled("same as", pending.act.line(&pending.subject), Role::Text);
    match &pending.state {
        State::Consulting => vec![Line::of(vec![Span::dim("reading the object")])],
        State::Editing => vec![Line::of(vec![Span::dim("it is in your editor")])],
        State::Asking => {
            let tell = pending.act.input.as_ref().map_or_else(Vec::new, |input| (input.tell)(&pending.subject));
            tell.into_iter().map(Line::text).collect()
        }
        State::Rehearsing if pending.act.forward.is_some() => {
            vec![same, Line::of(vec![Span::dim("looking whether the port is free here")])]
        }
        State::Rehearsing => vec![same, Line::of(vec![Span::dim("asking the server what would come of it")])],
        State::Refused { why, remedy } => {
            let why = Line { health: Some(Health::Failed), ..Line::of(vec![Span::new(why.clone(), Role::Danger)]) };
            let remedy = Some(remedy).filter(|text| !text.is_empty()).map(|text| Line::text(text.clone()));
            [same, Line::default(), why].into_iter().chain(remedy).collect()
        }
        State::Ready(ready) => {
            let words = if pending.act.is_edited {
                "it met another version: this is the same change on the newest one"
            } else {
                "it changed meanwhile: this is what would be done now"
            };
            let again = pending.is_again.then(|| Line::text(words));
            let again = again.map(|line| Line { health: Some(Health::Warn), ..line });
            std::iter::once(same).chain(again).chain(would(ready, mode, impact)).collect()
        }
    }
}

/// What would come of it: in words first, then field by field, then what to know.
fn would(ready: &Ready, mode: Mode, impact: &[Line]) -> Vec<Line> {
    let warn = |text: &String| Line { health: Some(Health::Warn), ..Line::text(text.clone()) };
    let mut lines = vec![Line::default()];
    // A list of objects, as a drain's pods are, can be longer than the screen: what others notice goes before it.
    let listed = ready.effects.iter().position(|text| text.starts_with("  ")).unwrap_or(ready.effects.len());
    let (said, list) = ready.effects.split_at(listed);
    lines.extend(said.iter().map(|text| Line::text(text.clone())));
    lines.extend_from_slice(impact);
    lines.extend(list.iter().map(|text| Line::text(text.clone())));
    lines.extend(ready.cautions.iter().map(warn));
    if let Some(differences) = &ready.differences {
        lines.extend((1 < lines.len()).then(Line::default));
        if differences.is_empty() {
            lines.push(Line::text("the server says that nothing would change"));
        }
        lines.extend(told(differences));
    }
    lines.push(Line::default());
    lines.push(labelled("undo", ready.undo.words.clone(), Role::Text));
    if mode != Mode::Operate {
        lines.push(warn(&format!("{} mode: nothing is done", mode.word())));
    }
    lines
}

/// Fields that would differ, line by line.
pub(super) fn told(differences: &[Difference]) -> Vec<Line> {
    let mut lines = Vec::new();
    for difference in differences {
        lines.push(Line::of(vec![Span::new(difference.path.clone(), Role::Field)]));
        let side = |sign: &str, text: &Option<String>, health| {
            text.as_ref().map(|text| Line::of(vec![Span::new(format!("  {sign} {text}"), Role::State(health))]))
        };
        lines.extend(side("-", &difference.before, Health::Failed));
        lines.extend(side("+", &difference.after, Health::Ready));
    }
    lines
}

fn operate(session: &Session) -> Vec<Line> {
    vec![
        Line::text("kplumb has not been told what may be done to this cluster, so it only looks."),
        Line::text("Each action is still shown and confirmed before it is done."),
        labelled("policy", format!("{} (the answer is kept by the cluster's uid)", session.grant.rule), Role::Dim),
    ]
}

fn elevate(session: &Session) -> Vec<Line> {
    let Some(elevate) = &session.grant.elevate else { return Vec::new() };
    let text =
        format!("{} for {} minutes, or until another context is opened", elevate.to.word(), elevate.ttl_seconds / 60);
    vec![Line::text(text), labelled("policy", session.grant.rule.clone(), Role::Dim)]
}

fn label(ask: &Ask, dialog: &Dialog) -> String {
    match (ask, &dialog.purpose) {
        (Ask::Word(word), _) => format!("type {word}: "),
        (Ask::Input, Purpose::Act(pending)) => {
            pending.act.input.as_ref().map_or_else(String::new, |input| (input.label)(&pending.subject))
        }
        _ => "why: ".to_owned(),
    }
}
