//! `apply`: one document of a file, by server-side apply. What another manager owns is left to it: never by force.

use super::{Act, PLAIN, Subject, quoted};
use crate::app::mutation::{Mutation, PatchStyle, Write};
use crate::app::policy::Friction;
use crate::view::describe::diff;
use serde_json::{Value, json};

pub(super) const APPLY: Act = Act {
    name: "apply",
    friction: |subject| {
        let is_wide = subject.target.key.namespace.is_none();
        if is_wide || ends_all(subject) { Friction::Name } else { Friction::Key }
    },
    also: |subject| ends_all(subject).then_some("scale_to_zero"),
    write,
    effects,
    kubectl: |subject| {
        format!("apply --server-side --field-manager=kplumb -f {}", quoted(&said(subject, "file").unwrap_or_default()))
    },
    ..PLAIN
};

/// A document and the file that it stands in, as they are said beside the object.
pub fn argument(file: &str, document: &Value) -> String {
    json!({ "file": file, "document": document }).to_string()
}

/// The document.
pub fn document(subject: &Subject) -> Value {
    let mut both: Value = serde_json::from_str(&subject.argument).unwrap_or_default();
    both.get_mut("document").map(Value::take).unwrap_or_default()
}

fn said(subject: &Subject, key: &str) -> Option<String> {
    let both: Value = serde_json::from_str(&subject.argument).ok()?;
    Some(both.get(key)?.as_str()?.to_owned())
}

fn write(subject: &Subject) -> Result<Mutation, String> {
    let body = document(subject);
    if body.is_null() {
        return Err("there is no document".to_owned());
    }
    let write = Write::Patch { style: PatchStyle::Apply, subresource: None, body };
    let (key, uid) = (subject.target.key.clone(), Some(subject.target.uid.clone()).filter(|uid| !uid.is_empty()));
    Ok(Mutation { key, uid, resource_version: None, write })
}

fn ends_all(subject: &Subject) -> bool {
    let wanted = document(subject).pointer("/spec/replicas").and_then(Value::as_i64);
    wanted == Some(0) && !subject.object.is_null() && subject.field("/spec/replicas").as_i64() != wanted
}

fn effects(subject: &Subject) -> Vec<String> {
    if subject.object.is_null() {
        return vec!["is created".to_owned()];
    }
    match diff::differences(&subject.object, &subject.after).len() {
        0 => vec!["unchanged".to_owned()],
        1 => vec!["changes in 1 field".to_owned()],
        many => vec![format!("changes in {many} fields")],
    }
}
