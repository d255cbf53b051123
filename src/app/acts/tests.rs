//! What all actions have in common; and the object that their own tests speak of.

use super::*;
use crate::kinds::Catalog;
use std::collections::BTreeSet;

/// An object called web in shop, as it was read.
pub(in crate::app) fn subject(kind: KindId, object: Value) -> Subject {
    let catalog = Catalog::builtin();
    let known = catalog.get(kind).unwrap();
    let namespace = if known.namespaced { "shop" } else { "" };
    let target = Target {
        context: "shop".into(),
        key: ObjectRef::new(kind, namespace, "web"),
        kind: singular(known),
        resource: resource(known),
        uid: "u1".into(),
        resource_version: "7".into(),
        has_status: true,
        now: Timestamp(1_795_171_327_400_000),
    };
    Subject { object, ..Subject::new(target) }
}

#[test]
fn every_action_has_a_name_of_its_own_and_a_key_row() {
    let names: BTreeSet<&str> = ACTS.iter().map(|act| act.name).collect();
    assert_eq!(names.len(), ACTS.len());
    for act in ACTS.iter().filter(|act| !act.makes()) {
        let row = crate::app::command::find(act.name);
        assert!(row.is_some_and(|row| row.mutates), "{} is in no mutating row of COMMANDS", act.name);
    }
}

#[test]
fn whatever_an_object_looks_like_nothing_panics() {
    for act in ACTS {
        for object in [Value::Null, serde_json::json!([]), serde_json::json!({"spec": 1, "metadata": []})] {
            for kind in [crate::kinds::DEPLOYMENT, crate::kinds::POD, crate::kinds::NODE, crate::kinds::ROLLOUT] {
                let subject = subject(kind, object.clone());
                let _ =
                    ((act.write)(&subject), (act.refuse)(&subject), (act.effects)(&subject), (act.caution)(&subject));
                let _ = ((act.undo)(&subject), act.line(&subject), (act.friction)(&subject), (act.also)(&subject));
                owners(&object);
            }
        }
    }
}

#[test]
fn a_word_is_quoted_for_a_shell_where_it_has_to_be() {
    assert_eq!(quoted("a-b/c:1"), "a-b/c:1");
    assert_eq!(quoted("it's"), r"'it'\''s'");
    assert_eq!((counted(1, "pod"), counted(2, "pod")), ("1 pod".to_owned(), "2 pods".to_owned()));
}
