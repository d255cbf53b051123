//! What others would notice of a change: reckoned in turns while no key counts, for one object, for several, for a file.

use super::flows::{inquiry, told as answered};
use super::giving::{given, numbers, told};
use super::*;
use crate::kinds::SECRET;
use crate::manifests::{read, records, shift};
use std::path::Path;

const NGINX: &str = include_str!("../../../../tests/trace/base/nginx.yaml");
const WEB: &str = include_str!("../../../../tests/trace/base/web.yaml");

/// Another host with more paths than one turn follows, all to the same Service.
fn more_paths() -> String {
    let path =
        |n: u8| format!("{{path: /p{n}, pathType: Prefix, backend: {{service: {{name: web, port: {{number: 80}}}}}}}}");
    let paths: Vec<String> = (0..7).map(path).collect();
    format!(
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: more, namespace: shop, uid: more}}\nspec: {{ingressClassName: nginx, rules: [{{host: more.example.com, http: {{paths: [{}]}}}}]}}\n",
        paths.join(", ")
    )
}

/// An app that knows the cluster of the fault cases whole, every path followed, on the table of a kind.
fn watching(kind: &str) -> App {
    let start = Start {
        policy: Policy::parse(OPERATE, "policy.toml"),
        ..Start::on(&["shop"], NOW, Size { width: 120, height: 40 })
    };
    let (mut app, _) = App::start(start);
    let mut effects = connect(&mut app, 1);
    let (mut documents, _) = read::text(Path::new("base.yaml"), &format!("{NGINX}\n---\n{WEB}\n---\n{}", more_paths()));
    shift::shift(&mut documents, "2026-11-20T10:42:07Z".parse().unwrap());
    let catalog = Catalog::builtin();
    let changes = records::records(&documents, &catalog, "default").changes(&catalog);
    effects.extend(app.update(Event::Reply(Epoch(1), Reply::Cluster(changes))));
    effects.extend(keys(&mut app, &format!(":{kind} shop<enter>")));
    // Every watch that is opened is live at once.
    while !effects.is_empty() {
        let live = |effect: Effect| match effect {
            Effect::Watch(_, scope) => Some(Change::Sync(scope, Sync::Live)),
            _ => None,
        };
        let live: Vec<Change> = effects.drain(..).filter_map(live).collect();
        if !live.is_empty() {
            effects = app.update(Event::Reply(Epoch(1), Reply::Cluster(live)));
        }
    }
    for _ in 0..200 {
        app.update(Event::Continue);
    }
    app
}

/// The object as the server has it, from the same file.
fn web(kind: &str) -> Value {
    let (documents, _) = read::text(Path::new("base.yaml"), WEB);
    let found = documents.iter().find(|document| document.value["kind"] == kind);
    found.unwrap_or_else(|| panic!("no {kind}")).value.clone()
}

fn previewed(app: &mut App, number: u64, before: &Value, after: &Value) -> Vec<Effect> {
    let preview = Preview { before: before.clone(), after: after.clone(), warnings: Vec::new() };
    app.update(Event::Reply(Epoch(1), Reply::Previewed(number, Ok(Box::new(preview)))))
}

const OPEN: &str = "following the paths that it touches";

/// Gives turns until the effects are told; how many it took.
fn reckon(app: &mut App) -> usize {
    for turns in 0..100 {
        if !dialog(app).contains(OPEN) {
            later(app, 300_000);
            return turns;
        }
        app.update(Event::Continue);
    }
    panic!("it is never told:\n{}", dialog(app));
}

#[test]
fn no_key_counts_while_the_effects_are_reckoned() {
    let mut app = watching("svc");
    let before = web("Service");
    let mut after = before.clone();
    after["spec"]["selector"] = json!({"app": "nobody"});
    let effects = given(&mut app, &[after.clone()]);
    let number = numbers(&effects)[0];
    let effects = previewed(&mut app, number, &before, &after);
    assert!(effects.contains(&Effect::Continue), "{}", dialog(&app));
    assert!(dialog(&app).contains(OPEN), "{}", dialog(&app));
    // However long it takes: a yes is one to what can be read.
    later(&mut app, 5_000_000);
    assert!(writes(&keys(&mut app, "y<tab><enter>")).is_empty());
    assert!(reckon(&mut app) > 0);
    let text = dialog(&app);
    assert!(text.contains("service/web") && text.contains("more.example.com/p"), "{text}");
    assert!(text.contains("1 Service has fewer endpoints, "), "{text}");
    assert_eq!(writes(&keys(&mut app, "y")).len(), 1);
}

#[test]
fn several_objects_are_reckoned_together() {
    let mut app = watching("svc");
    let service = web("Service");
    let (mut other, mut nobody) = (service.clone(), service.clone());
    other["metadata"]["name"] = json!("second");
    nobody["spec"]["selector"] = json!({"app": "nobody"});
    let effects = given(&mut app, &[nobody.clone(), other.clone()]);
    let asked = numbers(&effects);
    told(&mut app, asked[0], Ok((service, nobody)));
    told(&mut app, asked[1], Ok((Value::Null, other)));
    reckon(&mut app);
    let text = dialog(&app);
    assert!(text.starts_with("apply 2 objects"), "{text}");
    assert!(text.contains("more.example.com") && text.contains("broken"), "{text}");
}

#[test]
fn a_secret_that_goes_takes_the_trust_of_its_paths_along() {
    let mut app = watching("secrets");
    let name = app.session().unwrap().cluster.of(SECRET).next().unwrap().key.clone();
    let number = inquiry(&keys(&mut app, &format!("/{}<enter><ctrl-d>", name.name)));
    let metadata = json!({"name": &*name.name, "namespace": "shop", "uid": "secret-shop-tls", "resourceVersion": "1"});
    let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata});
    let number = rehearsal(&answered(&mut app, number, &object, Vec::new()));
    previewed(&mut app, number, &object, &Value::Null);
    reckon(&mut app);
    let text = dialog(&app);
    assert!(text.contains("https://shop.example.com"), "{text}");
}
