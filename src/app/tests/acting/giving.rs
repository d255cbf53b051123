//! `:apply FILE`: a verdict for each document, one yes, nothing by force.

use super::*;
use crate::app::draft::{Folder, Given};
use crate::app::event::Outcome;
use crate::app::mutation::{PatchStyle, Write};

fn map(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}})
}

pub(super) fn given(app: &mut App, documents: &[Value]) -> Vec<Effect> {
    let effects = keys(app, ":apply ~/shop.yaml<enter>");
    assert!(effects.contains(&Effect::Read(Epoch(1), "~/shop.yaml".into())), "{effects:?}");
    let place = |(index, one): (usize, &Value)| {
        (format!("~/shop.yaml:{} (document {})", index * 9 + 1, index + 1), one.clone())
    };
    let given = Given {
        path: "~/shop.yaml".into(),
        documents: documents.iter().enumerate().map(place).collect(),
        unreadable: Vec::new(),
    };
    app.update(Event::Reply(Epoch(1), Reply::Given(given)))
}

pub(super) fn numbers(effects: &[Effect]) -> Vec<u64> {
    effects.iter().filter_map(|e| if let Effect::Preview(_, number, _) = e { Some(*number) } else { None }).collect()
}

pub(super) fn told(app: &mut App, number: u64, said: Result<(Value, Value), Refused>) {
    let said = said.map(|(before, after)| Box::new(Preview { before, after, warnings: Vec::new() }));
    app.update(Event::Reply(Epoch(1), Reply::Previewed(number, said)));
}

#[test]
fn every_document_has_its_verdict_and_one_yes_does_the_rest() {
    let mut app = acting(OPERATE, None);
    let mut there = map("there");
    there["metadata"]["uid"] = json!("u5");
    there["metadata"]["resourceVersion"] = json!("50");
    let unknown = json!({"apiVersion": "acme.io/v1", "kind": "Widget", "metadata": {"name": "w"}});
    let effects = given(&mut app, &[map("new"), unknown, map("there"), map("owned")]);
    let asked = numbers(&effects);
    assert_eq!(asked.len(), 3);
    told(&mut app, asked[0], Ok((Value::Null, map("new"))));
    let mut after = there.clone();
    after["data"]["a"] = json!("2");
    told(&mut app, asked[1], Ok((there, after)));
    let conflict = "409 Conflict: Apply failed with 1 conflict: conflict with \"helm\": .data.a";
    told(&mut app, asked[2], Err(Refused::Conflict(conflict.into())));
    later(&mut app, 300_000);
    let text = dialog(&app);
    for part in [
        "apply 2 of 4 objects",
        "~/shop.yaml:10 (document 2)  the server has no kind Widget of acme.io/v1",
        "configmap/new in default  is created  ~/shop.yaml:1 (document 1)\n.data.a\n  + 1",
        "configmap/there in default  changes in 1 field",
        "  - 1\n  + 2",
        "conflict with \"helm\": .data.a",
        "undo     delete what it creates: configmap/new in default; the others: apply the file as it was before",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let effects = keys(&mut app, "y");
    let yes = writes(&effects)[0];
    assert_eq!(
        yes.note.line,
        "kubectl --context shop -n default apply --server-side --field-manager=kplumb -f '~/shop.yaml'"
    );
    let pins: Vec<_> =
        yes.plan().iter().map(|one| (&*one.key.name, one.uid.as_deref(), one.resource_version.as_deref())).collect();
    assert_eq!(pins, [("new", None, None), ("there", Some("u5"), Some("50"))]);
    assert!(yes.plan().iter().all(|one| matches!(one.write, Write::Patch { style: PatchStyle::Apply, .. })));
}

#[test]
fn a_namespace_that_comes_with_the_file_is_no_refusal() {
    let mut app = acting(OPERATE, None);
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "new"}});
    let mut inside = map("inside");
    inside["metadata"]["namespace"] = json!("new");
    let asked = numbers(&given(&mut app, &[namespace.clone(), inside]));
    told(&mut app, asked[0], Ok((Value::Null, namespace)));
    told(&mut app, asked[1], Err(Refused::Missing("404 Not Found: namespaces \"new\" not found".into())));
    later(&mut app, 300_000);
    assert!(dialog(&app).contains("its namespace comes with this file"), "{}", dialog(&app));
    assert!(writes(&keys(&mut app, "y<enter>")).is_empty(), "what is not in a namespace has to be typed");
    assert_eq!(writes(&keys(&mut app, "<ctrl-u>apply 2<enter>"))[0].plan().len(), 2);
}

#[test]
fn the_policy_says_how_many_and_whether() {
    let mut app = acting(&format!("{OPERATE}max_bulk = 1\n"), None);
    given(&mut app, &[map("a"), map("b")]);
    assert!(message(&app.scene()).contains("~/shop.yaml holds 2 objects, and 1 at once are allowed here"));
    let mut app = acting(&format!("{OPERATE}deny = [\"apply\"]\n"), None);
    let effects = keys(&mut app, ":apply x.yaml<enter>");
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Read(..))), "{effects:?}");
    assert!(message(&app.scene()).contains("apply: the policy denies it here"));
    let mut app = acting(OPERATE, None);
    assert!(keys(&mut app, ":apply<enter>").is_empty());
    assert!(message(&app.scene()).contains(":apply FILE"));
}

#[test]
fn an_answer_that_holds_nothing_says_so() {
    let mut app = acting(OPERATE, None);
    given(&mut app, &[]);
    assert!(message(&app.scene()).contains("~/shop.yaml holds no objects"));
}

#[test]
fn tab_goes_from_folder_to_folder_as_in_a_shell() {
    let mut app = acting(OPERATE, None);
    let holds = |app: &mut App, folder: &str, names: &[&str]| {
        let files = names.iter().map(|name| format!("{folder}{name}").into()).collect();
        let folder = Folder { path: Some(folder.to_owned()), files };
        app.update(Event::Outcome(Outcome::Listed(folder)));
    };
    let typed = |app: &App| app.prompt().unwrap().editor.text().to_owned();
    let asked = keys(&mut app, ":apply ");
    assert!(asked.contains(&Effect::List(String::new())), "{asked:?}");
    holds(&mut app, "", &[".git/", "deploy/", "drafts/", "shop.yaml"]);
    let offered: Vec<String> = app.offers("apply ").into_iter().map(|offer| offer.line).collect();
    assert_eq!(offered, ["apply deploy/", "apply drafts/", "apply shop.yaml"]);
    assert!(!keys(&mut app, "dep").iter().any(|effect| matches!(effect, Effect::List(_))));
    let asked = keys(&mut app, "<tab>");
    assert_eq!(typed(&app), "apply deploy/");
    assert!(asked.contains(&Effect::List("deploy/".into())), "{asked:?}");
    // An answer about another folder comes too late.
    holds(&mut app, "", &["deploy/"]);
    assert!(app.offers("apply deploy/").is_empty());
    holds(&mut app, "deploy/", &["web.yaml"]);
    keys(&mut app, "<tab>");
    assert_eq!(typed(&app), "apply deploy/web.yaml");
    let effects = keys(&mut app, "<enter>");
    assert!(effects.contains(&Effect::Read(Epoch(1), "deploy/web.yaml".into())), "{effects:?}");
    // What is typed is meant, though another file begins so.
    keys(&mut app, ":apply de");
    holds(&mut app, "", &["default.yaml"]);
    assert!(keys(&mut app, "<enter>").contains(&Effect::Read(Epoch(1), "de".into())));
}
