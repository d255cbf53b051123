//! What became of what was confirmed: told in whatever context is on screen, and how it can be taken back.

use crate::app::effect::Effect;
use crate::app::mutation::{Done, Progress, Refused, Undone};
use crate::app::notice::Notice;
use crate::app::visit::Visited;
use crate::app::{App, acts};

impl App {
    /// A write was done, perhaps in a context that is not on screen.
    pub(in crate::app) fn done(&mut self, done: &Done) {
        self.redraw = true;
        if let Some(kept) = self.deeds.done(done) {
            self.out.push(Effect::Discard(kept.path));
        }
        let warned = done.warnings.first().map_or_else(String::new, |text| format!("; the server warns: {text}"));
        let undo = match (&done.back.way, &done.back.of) {
            (Some(_), None) => format!("z: {}", done.undo),
            (Some(_), Some(_)) => format!("the way back: {}", done.undo),
            (None, _) => done.undo.clone(),
        };
        self.say(format!(
            "{}{} {}: done{warned}; {undo}",
            self.elsewhere(&done.context),
            acts::word(done.action),
            done.object
        ));
    }

    /// Several writes go on.
    pub(in crate::app) fn progress(&mut self, progress: &Progress) {
        self.redraw = true;
        let Progress { context, action, object, text } = progress;
        let text = format!("{}{} {object}: {text}", self.elsewhere(context), acts::word(action));
        self.notice = Some(Notice { until: self.now.plus_seconds(30), ..Notice::new(text, self.now) });
    }

    /// A write was not done, or nobody knows.
    pub(in crate::app) fn undone(&mut self, undone: &Undone) {
        self.redraw = true;
        let Undone { context, action, object, why, .. } = undone;
        let deed = self.deeds.take(context, action, object);
        let kept = deed.as_ref().and_then(|deed| deed.draft.as_ref());
        let kept = kept.map(|kept| format!("your text is in {}; ", kept.path));
        // A server's words may be longer than the line: what it means for the user comes first.
        let (here, word) = (self.elsewhere(context), acts::word(action));
        let text = format!("{here}{word} {object}: {}: {}", undone.remedy(), why.cause());
        let (is_edited, text) = (kept.is_some(), kept.unwrap_or_default() + &text);
        let failure = Notice { text, is_failure: true, until: self.now.plus_seconds(30) };
        self.notice = Some(failure.clone());
        if let (Refused::Conflict(_), Some(deed)) = (why, deed) {
            let is_asked = self.ask_again(deed);
            // Where the text is must not be lost to why it cannot be asked.
            if is_edited {
                let again = "it changed meanwhile: the change is rehearsed on the newest version";
                self.notice = Some(if is_asked { Notice::new(again, self.now) } else { failure });
            }
        }
    }

    /// A visit to a container is over.
    pub(in crate::app) fn visited(&mut self, visited: &Visited) {
        self.redraw = true;
        let Visited { context, action, object, text, is_failure } = visited;
        // The line is short, and the namespace was on screen.
        let object = object.split(" in ").next().unwrap_or(object);
        let text = format!("{}{action} {object}: {text}", self.elsewhere(context));
        let until = self.now.plus_seconds(if *is_failure { 30 } else { 10 });
        self.notice = Some(Notice { text, is_failure: *is_failure, until });
    }

    /// The context, where it is not the one on screen.
    fn elsewhere(&self, context: &str) -> String {
        let is_here = self.session().is_some_and(|session| *session.context == *context);
        if is_here { String::new() } else { format!("{context}: ") }
    }

    /// Flags can only tighten: who asked for more than the policy grants is told.
    pub(in crate::app) fn warn_of_less(&mut self, index: usize) {
        let Some((asked, session)) = self.asked.zip(self.sessions.get(index)) else { return };
        if session.mode < asked {
            let rule = if session.grant.rule.is_empty() { "the policy grants no more" } else { &session.grant.rule };
            let text = format!("{} mode: {} was asked for; {rule}", session.mode.word(), asked.word());
            self.say(text);
        }
    }
}
