//! `:apply FILE`: every document of a file or a folder has its verdict, and one yes applies those that can be, in their
//! order.

use super::{Dialog, Many, Pending, Purpose, State};
use crate::app::App;
use crate::app::acts::{self, Target, apply};
use crate::app::draft::Given;
use crate::app::effect::Effect;
use crate::app::event::Epoch;
use crate::app::mutation::{Preview, Refused};
use crate::app::session::Session;
use crate::kinds::catalog::Served;
use crate::kinds::{Kind, ObjectRef};
use serde_json::{Value, json};
use std::sync::Arc;

/// More documents at once are more than anybody has looked at.
const MOST: usize = 100;

impl App {
    /// Reads a file or a folder whose objects are to be applied.
    pub(in crate::app) fn apply(&mut self, path: &str) {
        let path = path.trim();
        if path.is_empty() || path == "-" {
            return self.say("apply what? :apply FILE, or a folder of .yaml, .yml and .json files");
        }
        let Some(epoch) = acts::find("apply").and_then(|act| self.may_begin(act)) else { return };
        self.out.push(Effect::Read(epoch, path.to_owned()));
        self.say(format!("reading {path}"));
    }

    /// What stands in it.
    pub(in crate::app) fn given(&mut self, epoch: Epoch, given: Given) {
        let is_here = self.session().is_some_and(|session| session.epoch == epoch);
        let Some(act) = acts::find("apply").filter(|_| is_here && self.dialog.is_none()) else { return };
        let Given { path, documents, mut unreadable } = given;
        if documents.is_empty() && unreadable.is_empty() {
            return self.refuse_to(act, &format!("{path} holds no objects"));
        }
        let allowed = self.session().and_then(|session| session.grant.max_bulk).unwrap_or(MOST).min(MOST);
        if allowed < documents.len() {
            let why = format!("{path} holds {} objects, and {allowed} at once are allowed here", documents.len());
            return self.refuse_to(act, &why);
        }
        if self.may_begin(act).is_none() {
            return;
        }
        let mut rows = Vec::new();
        for (origin, document) in documents {
            match self.placed(document) {
                Ok((target, document)) => {
                    let argument = apply::argument(&path, &document);
                    let pending = self.pending_of(act, target, Some(argument));
                    rows.push(Pending { origin: Some(origin), ..pending });
                }
                Err(why) => unreadable.push((origin, why)),
            }
        }
        self.notice = None;
        let numbers: Vec<u64> = rows.iter().map(|row| row.number).collect();
        let purpose = Purpose::Many(Box::new(Many { act, rows, unreadable }));
        self.dialog = Some(self.dialog_of(epoch, purpose, Vec::new()));
        for number in numbers {
            self.consult(number);
        }
    }

    /// Which object a document means, and the document with its namespace.
    fn placed(&self, mut document: Value) -> Result<(Target, Value), String> {
        let session = self.session().ok_or("there is no connection")?;
        let (version, kind) = (field(&document, "/apiVersion"), field(&document, "/kind"));
        let group = version.rsplit_once('/').map_or("", |(group, _)| group);
        let is_it = |known: &&Kind| *known.group == *group && *known.kind == *kind && known.served != Served::Absent;
        let Some(known) = session.catalog.iter().find(is_it) else {
            return Err(format!(
                "the server has no kind {kind} of {version}; where a definition comes with it, apply that first"
            ));
        };
        let name = field(&document, "/metadata/name");
        if name.is_empty() {
            return Err(format!("{kind}: it has no name"));
        }
        let given = field(&document, "/metadata/namespace");
        let namespace = if !known.namespaced {
            String::new()
        } else if given.is_empty() {
            self.current_namespace(session).to_string()
        } else {
            given
        };
        if let Some(metadata) = document.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("namespace");
            if known.namespaced {
                metadata.insert("namespace".to_owned(), json!(namespace));
            }
        }
        let target = Target {
            context: session.context.clone(),
            key: ObjectRef::new(known.id, &namespace, &name),
            kind: acts::singular(known),
            resource: acts::resource(known),
            has_status: known.has_status(),
            uid: "".into(),
            resource_version: "".into(),
            now: self.now,
        };
        Ok((target, document))
    }

    /// The namespace of what names none: the one on screen, else the context's own.
    fn current_namespace(&self, session: &Session) -> Arc<str> {
        let own = || self.own_namespaces.get(&session.context).cloned();
        session.namespaces.single().cloned().or_else(own).unwrap_or_else(|| "default".into())
    }

    /// What cannot be rehearsed because its namespace is made by the same file.
    pub(super) fn comes_with(&mut self, number: u64, refused: &Refused) -> Option<Preview> {
        let Some(Dialog { purpose: Purpose::Many(many), .. }) = &self.dialog else { return None };
        if many.act.name != "apply" || !matches!(refused, Refused::Missing(_)) {
            return None;
        }
        let row = many.rows.iter().find(|row| row.number == number)?;
        let namespace = row.subject.target.key.namespace.clone()?;
        let before = many.rows.iter().take_while(|row| row.number != number);
        let is_made = before
            .filter(|row| !matches!(row.state, State::Refused { .. }))
            .any(|row| row.subject.target.kind == "namespace" && row.subject.target.key.name == namespace);
        let warning = "its namespace comes with this file: nobody could be asked what would come of it".to_owned();
        is_made.then(|| Preview { before: Value::Null, after: apply::document(&row.subject), warnings: vec![warning] })
    }
}

impl Many {
    /// How what was applied is taken back.
    pub(super) fn undo(&self) -> String {
        if self.act.name != "apply" {
            return "each is taken back by itself".to_owned();
        }
        let made = self.ready().filter(|row| row.subject.object.is_null());
        let made: Vec<String> = made.map(|row| row.subject.target.place()).collect();
        let is_changed = |row: &&Pending| match &row.state {
            State::Ready(ready) => {
                !row.subject.object.is_null() && ready.differences.as_ref().is_some_and(|all| !all.is_empty())
            }
            _ => false,
        };
        let has_changes = self.ready().any(|row| is_changed(&row));
        if made.is_empty() && !has_changes {
            return "nothing would change".to_owned();
        }
        if made.is_empty() {
            return "no way back from here: apply the file as it was before".to_owned();
        }
        let rest = if has_changes { "; the others: apply the file as it was before" } else { "" };
        format!("delete what it creates: {}{rest}", made.join(", "))
    }
}

fn field(document: &Value, pointer: &str) -> String {
    document.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}
