//! An object in the user's editor, before the question: what is wrong with the text opens again beside it, what another
//! one changed is told, and what was typed is never lost.

use super::{Pending, Purpose, State};
use crate::app::App;
use crate::app::acts::{edit, owners};
use crate::app::draft::{Draft, Edited, Kept};
use crate::app::effect::Effect;
use crate::app::event::Epoch;
use crate::kinds::SECRET;
use serde_json::Value;

impl App {
    /// Opens the object in the user's editor.
    pub(super) fn open_editor(&mut self, number: u64) {
        let Some((epoch, pending)) = self.pending(number) else { return };
        let target = pending.subject.target.clone();
        if target.key.kind == SECRET {
            let is_denied = self.session_of(epoch).is_some_and(|session| session.grant.denies("secrets:reveal"));
            let why = if is_denied {
                "the policy denies secrets:reveal here, and a Secret in the editor shows its values"
            } else if self.settings.no_secrets {
                "the configuration says secrets = \"never\", and a Secret in the editor shows its values"
            } else {
                ""
            };
            if !why.is_empty() {
                return self.show_refusal(number, why, "");
            }
        }
        let Some((_, pending)) = self.pending(number) else { return };
        let body = edit::written(&pending.subject.object);
        self.send_to_editor(number, &body, &[], None);
    }

    fn send_to_editor(&mut self, number: u64, body: &str, notes: &[String], replaces: Option<String>) {
        let Some((epoch, pending)) = self.pending(number) else { return };
        let head = head(pending, notes);
        let name = format!("{}-{}.yaml", pending.subject.target.kind, pending.subject.target.key.name);
        let draft = Draft { name, text: format!("{head}{body}"), replaces };
        pending.head = head;
        pending.number_of_notes = notes.len();
        self.out.push(Effect::Edit(epoch, number, Box::new(draft)));
        self.show(number, State::Editing, Vec::new());
    }

    /// The editor has ended.
    pub(in crate::app) fn edited(&mut self, epoch: Epoch, number: u64, edited: Edited) {
        self.redraw = true;
        let is_awaited =
            self.pending(number).is_some_and(|(of, pending)| of == epoch && matches!(pending.state, State::Editing));
        match edited {
            Edited::Failed { why, path } => {
                let kept = path.map_or_else(String::new, |path| format!("; your text is in {path}"));
                if is_awaited {
                    return self.show_refusal(number, why, format!("nothing was changed{kept}"));
                }
                self.say(format!("edit: {why}{kept}"));
            }
            Edited::Text { path, is_same, .. } if !is_awaited => {
                if is_same {
                    return self.out.push(Effect::Discard(path));
                }
                self.say(format!("your text is in {path}; edit: the question is not there any more"));
            }
            Edited::Text { path, text, is_same, read } => self.take_text(number, path, &text, is_same, read),
        }
    }

    fn take_text(
        &mut self,
        number: u64,
        path: String,
        text: &str,
        is_same: bool,
        read: Result<Value, (usize, String)>,
    ) {
        let Some((_, pending)) = self.pending(number) else { return };
        let place = pending.subject.target.place();
        let body = text.strip_prefix(pending.head.as_str()).unwrap_or(text).to_owned();
        let is_empty = body.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'));
        let is_again = 0 < pending.number_of_notes;
        if is_same && is_again {
            self.dialog = None;
            return self.say(format!("your text is in {path}; edit {place}: nothing was changed"));
        }
        if is_same || is_empty {
            let why = if is_empty { ": the file was empty" } else { "" };
            self.dialog = None;
            self.out.push(Effect::Discard(path));
            return self.say(format!("edit {place}: nothing was changed{why}"));
        }
        let lines_of_head = pending.head.lines().count();
        pending.draft = Some(Kept { path: path.clone(), text: body.clone() });
        let object = pending.subject.object.clone();
        match read
            .map_err(|(line, why)| (Some(line), why))
            .and_then(|edited| edit::argument(&object, edited).map_err(|why| (None, why)))
        {
            Ok(None) => {
                self.dialog = None;
                self.out.push(Effect::Discard(path));
                self.say(format!("edit {place}: nothing was changed"));
            }
            Ok(Some(argument)) => {
                pending.said = Some(argument.clone());
                pending.subject.argument = argument;
                pending.tries = 0;
                self.rehearse(number);
            }
            Err((line, why)) => {
                // The line as it will be, below the words that this adds.
                let ours = head(pending, &[String::new()]).lines().count();
                let line = line.map(|line| (line + ours).saturating_sub(lines_of_head));
                let note = line.map_or_else(|| why.clone(), |line| format!("line {line}: {why}"));
                self.send_to_editor(number, &body, &[note], Some(path));
            }
        }
    }

    /// Opens the text again: as it was typed where the server refuses it, the object as it is now where somebody else
    /// changed the same fields.
    pub(super) fn edit_again(&mut self) {
        let Some(super::Dialog { purpose: Purpose::Act(pending), .. }) = &self.dialog else { return };
        let (State::Refused { why, .. }, Some(kept)) = (&pending.state, pending.draft.clone()) else { return };
        let (number, note) = (pending.number, why.clone());
        let overlaps = edit::overlaps(&pending.subject);
        if overlaps.is_empty() {
            return self.send_to_editor(number, &kept.text, &[note], Some(kept.path));
        }
        let is_secret = pending.subject.target.key.kind == SECRET;
        let mut notes = vec!["this is the object as it is now; somebody else changed the same fields:".to_owned()];
        notes.extend(overlaps.iter().map(|overlap| format!("  {}", edit::told(overlap, is_secret))));
        notes.push(format!("your text is in {}", kept.path));
        let body = edit::written(&pending.subject.object);
        self.send_to_editor(number, &body, &notes, None);
    }

    /// Says where the text is that a dialog leaves behind.
    pub(super) fn leave_draft(&mut self) {
        let Some(super::Dialog { purpose: Purpose::Act(pending), .. }) = &self.dialog else { return };
        if let Some(kept) = &pending.draft {
            let text = format!("your text is in {}; nothing was changed", kept.path);
            self.say(text);
        }
    }
}

/// Our words above the object; what has to be known comes last, next to it.
fn head(pending: &Pending, notes: &[String]) -> String {
    let target = &pending.subject.target;
    let mut lines = vec![
        format!("{}, context {}", target.place(), target.context),
        "Lines that begin with # are left out. An empty file, or one without a change, gives up.".to_owned(),
        "What you save is rehearsed and shown before anything is done.".to_owned(),
        "The state and what only the server writes are not here.".to_owned(),
    ];
    lines.extend(owners(&pending.subject.object));
    lines.extend(notes.iter().map(|note| format!("! {}", note.replace(['\n', '\r'], " "))));
    format!("# {}\n#\n", lines.join("\n# "))
}
