//! One action on everything that is marked, and what has several steps.

use super::*;
use crate::app::consult::Told;
use crate::app::mutation::{Progress, Write};
use crate::app::right::{Right, Verdict};
use crate::kinds::NODE;

/// An app with three Deployments, all of them marked.
fn marked(policy: &str) -> App {
    let mut app = acting(policy, None);
    let record = |name: &str| {
        let key = ObjectRef::new(DEPLOYMENT, "dev", name);
        let meta = Meta { uid: Arc::from("u1"), resource_version: Arc::from("7"), ..Meta::default() };
        Change::Apply(Record { key, meta, digest: Digest::default() })
    };
    app.update(Event::Reply(Epoch(1), Reply::Cluster(vec![record("api"), record("shop")])));
    keys(&mut app, "g<space><space><space>");
    app
}

fn rehearsals(effects: &[Effect]) -> Vec<(u64, String)> {
    let each = effects.iter().filter_map(|effect| match effect {
        Effect::Preview(_, number, mutation) => Some((*number, mutation.key.name.to_string())),
        _ => None,
    });
    each.collect()
}

#[test]
fn each_object_has_its_verdict_and_one_yes_does_the_rest() {
    let mut app = marked(OPERATE);
    let asked = rehearsals(&keys(&mut app, "r"));
    assert_eq!(asked.len(), 3);
    for (number, name) in &asked {
        let spec = if name == "api" { json!({"paused": true}) } else { json!({}) };
        preview(&mut app, *number, &object("9", &spec));
        later(&mut app, 1);
        // Nothing can be answered before the last verdict.
        assert!(writes(&keys(&mut app, "y")).is_empty());
    }
    later(&mut app, 300_000);
    let text = dialog(&app);
    assert!(text.starts_with("restart 2 of 3 objects"), "{text}");
    assert!(text.contains("deployment/api in dev  can't restart paused deployment"), "{text}");
    let effects = keys(&mut app, "y");
    let plan: Vec<&str> = writes(&effects)[0].plan().iter().map(|one| &*one.key.name).collect();
    assert_eq!(plan, ["shop", "web"]);
    assert!(writes(&effects)[0].mutation().is_none(), "a plan, not one write");
    let Content::Table(pane) = &app.scene().main.content else { panic!("a table") };
    assert!(pane.table.rows.iter().all(|row| !row.marked), "what was done is not marked any more");
}

#[test]
fn z_takes_back_the_rollout_of_each_marked_object_that_has_a_history() {
    let mut app = marked(OPERATE);
    // What this run did is not meant while marks say what is.
    let way = crate::app::mutation::Way {
        act: "pause",
        key: ObjectRef::new(DEPLOYMENT, "dev", "web"),
        argument: String::new(),
    };
    app.deeds.ways.push(("shop".into(), way));
    let effects = keys(&mut app, "z");
    let asked: Vec<(u64, String)> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Consult(_, number, inquiry) => Some((*number, inquiry.target.key.name.to_string())),
            _ => None,
        })
        .collect();
    assert_eq!(asked.len(), 3);
    let template = |image: &str| json!({"spec": {"containers": [{"name": "app", "image": image}]}});
    let set = |number: &str, image: &str| {
        let owner = json!([{"kind": "Deployment", "uid": "u1", "controller": true}]);
        let annotations = json!({"deployment.kubernetes.io/revision": number});
        json!({"metadata": {"annotations": annotations, "ownerReferences": owner}, "spec": {"template": template(image)}})
    };
    for (number, name) in &asked {
        let web = object("9", &json!({"template": template("a:2")}));
        let mut sets = vec![set("1", "a:1"), set("2", "a:2")];
        if name == "api" {
            sets.truncate(1);
        }
        let told = Told { object: web.clone(), lists: vec![sets], ..Told::default() };
        let effects = app.update(Event::Reply(Epoch(1), Reply::Consulted(*number, Ok(Box::new(told)))));
        for (number, _) in rehearsals(&effects) {
            preview(&mut app, number, &web);
        }
    }
    later(&mut app, 300_000);
    let text = dialog(&app);
    assert!(text.starts_with("undo 2 of 3 objects"), "{text}");
    for part in [
        "deployment/api in dev  no rollout history found",
        "deployment/web in dev  revision 2 → revision 1",
        "image a:2 → a:1",
        "the first failure stops the rest",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
    let effects = keys(&mut app, "y");
    let plan: Vec<&str> = writes(&effects)[0].plan().iter().map(|one| &*one.key.name).collect();
    assert_eq!(plan, ["shop", "web"]);
}

#[test]
fn what_goes_far_wants_the_action_and_the_number_typed() {
    let mut app = marked(OPERATE);
    let effects = keys(&mut app, ":scale 0<enter>");
    let numbers: Vec<u64> = effects
        .iter()
        .filter_map(|e| if let Effect::Consult(_, number, _) = e { Some(*number) } else { None })
        .collect();
    for number in &numbers {
        let told = Told { object: object("9", &json!({"replicas": 2})), lists: Vec::new(), ..Told::default() };
        let effects = app.update(Event::Reply(Epoch(1), Reply::Consulted(*number, Ok(Box::new(told)))));
        assert_eq!(rehearsals(&effects).len(), 1);
        preview(&mut app, *number, &object("9", &json!({"replicas": 2})));
    }
    later(&mut app, 300_000);
    assert!(writes(&keys(&mut app, "y<enter>")).is_empty());
    let effects = keys(&mut app, "<ctrl-u>scale 3<enter>");
    assert!(writes(&effects)[0].plan().iter().all(|one| one.write == Write::Scale { replicas: 0 }));
}

#[test]
fn no_more_objects_than_the_policy_allows() {
    let mut app = marked(&format!("{OPERATE}max_bulk = 2\n"));
    assert!(keys(&mut app, "r").is_empty());
    assert!(message(&app.scene()).contains("3 objects are marked, and 2 at once are allowed"));
    let mut app = marked(OPERATE);
    assert!(keys(&mut app, "s").is_empty());
    assert!(message(&app.scene()).contains(":scale VALUE"));
}

#[test]
fn a_drain_is_one_plan_with_every_eviction_and_can_be_halted() {
    let mut app = acting(OPERATE, None);
    let node = ObjectRef::new(NODE, "", "n1");
    let meta = Meta { uid: Arc::from("u1"), resource_version: Arc::from("7"), ..Meta::default() };
    let changes = vec![
        Change::Replace(Scope::all(NODE), vec![Record { key: node, meta, digest: Digest::default() }]),
        Change::Sync(Scope::all(NODE), Sync::Live),
    ];
    app.update(Event::Reply(Epoch(1), Reply::Cluster(changes)));
    let effects = keys(&mut app, ":nodes<enter>D");
    let number = effects.iter().find_map(|e| if let Effect::Consult(_, number, _) = e { Some(*number) } else { None });
    let owner = json!([{"kind": "ReplicaSet", "name": "web", "controller": true}]);
    let pod = json!({"metadata": {"name": "web-1", "namespace": "dev", "uid": "p1", "ownerReferences": owner}});
    let now = json!({"kind": "Node", "metadata": {"uid": "u1", "resourceVersion": "9"}, "spec": {}});
    let told = Told { object: now.clone(), lists: vec![vec![pod], Vec::new()], ..Told::default() };
    app.update(Event::Reply(Epoch(1), Reply::Consulted(number.unwrap(), Ok(Box::new(told)))));
    preview(&mut app, number.unwrap(), &now);
    later(&mut app, 300_000);
    assert!(dialog(&app).contains("leaves  dev/web-1  ReplicaSet"), "{}", dialog(&app));
    let effects = keys(&mut app, "n1<enter>");
    let verbs: Vec<&str> = writes(&effects)[0].plan().iter().map(crate::app::mutation::Mutation::verb).collect();
    assert_eq!(verbs, ["patch", "create"]);
    let progress = Progress {
        context: "shop".into(),
        action: "drain",
        object: "node/n1".into(),
        text: "web-1 is held back: budget".into(),
    };
    app.update(Event::Reply(Epoch(1), Reply::Progress(progress)));
    assert_eq!(message(&app.scene()), "drain node/n1: web-1 is held back: budget");
    assert!(keys(&mut app, ":halt<enter>").contains(&Effect::Halt(Epoch(1))));
}

#[test]
fn what_may_be_done_is_listed_with_the_reason_where_it_may_not() {
    let mut app = acting(&format!("{OPERATE}deny = [\"delete\"]\n"), None);
    let effects = keys(&mut app, "a");
    let asked =
        effects.iter().find_map(|e| if let Effect::Rights(_, rights) = e { Some(rights.clone()) } else { None });
    let told: Vec<(Right, Verdict)> = asked
        .unwrap()
        .into_iter()
        .map(|right| match right.part {
            "scale" => (right, Verdict::Denied("no role".to_owned())),
            "portforward" if right.verb == "create" => (right, Verdict::Denied("no role".to_owned())),
            _ => (right, Verdict::Allowed),
        })
        .collect();
    app.update(Event::Reply(Epoch(1), Reply::Rights(told)));
    let Content::Picker(pane) = &app.scene().main.content else { panic!("a list") };
    let entry = |name: &str| pane.entries.iter().find(|entry| entry.text == name).cloned();
    assert!(entry("scale").unwrap().detail.contains("you may not (no role)"));
    assert!(entry("delete").unwrap().detail.contains("denied by the policy"));
    // Servers before 1.35 ask for `get` alone.
    let forward = entry("forward").unwrap();
    assert_eq!(forward.health, Some(Health::Unknown));
    assert!(forward.detail.contains("you may not create pods/portforward: servers since Kubernetes 1.35"));
    assert_eq!(entry("restart").unwrap().health, Some(Health::Ready));
    assert_eq!((entry("cordon"), entry("recreate")), (None, None));
    // The list is of the object for which it was opened, and an answer is good for a while.
    assert!(!keys(&mut app, "<esc>a").iter().any(|effect| matches!(effect, Effect::Rights(..))));
    rehearsal(&keys(&mut app, "/restart<enter><enter>"));
    keys(&mut app, "<esc>");
    assert!(app.scene().hints.iter().any(|hint| hint.command == "scale" && hint.refused.is_some()));
}
