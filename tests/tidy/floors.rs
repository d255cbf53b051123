//! Who may import whom: modules import only from floors below, siblings never, and no two
//! modules of one folder import each other in a circle.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{Source, identifiers, paths};

/// One top-level module: its height, what it may not name, and, where that is narrower than
/// "everything below", what it may import.
pub struct Floor {
    pub module: &'static str,
    pub height: u8,
    pub may_not_name: &'static [&'static str],
    pub only: Option<&'static [&'static str]>,
}

const fn floor(module: &'static str, height: u8, may_not_name: &'static [&'static str]) -> Floor {
    Floor { module, height, may_not_name, only: None }
}

/// The floors of the house, bottom first.
pub const FLOORS: &[Floor] = &[
    floor("wire", 0, &["tokio", "ratatui", "crossterm", "Client"]),
    floor("kinds", 1, &["tokio", "ratatui", "crossterm", "Client"]),
    floor("model", 2, &["tokio", "ratatui", "crossterm", "Client", "serde_json"]),
    floor("view", 3, &["tokio", "ratatui", "crossterm", "Client", "serde_json"]),
    floor("app", 4, &["tokio", "ratatui", "crossterm", "Client"]),
    floor("ui", 5, &["tokio", "kube"]),
    floor("api", 5, &["ratatui", "crossterm", "App"]),
    Floor { module: "demo", height: 5, may_not_name: &["ratatui", "crossterm", "App"], only: Some(&["wire", "kinds"]) },
    floor("manifests", 5, &["tokio", "ratatui", "crossterm"]),
    floor("runtime", 6, &[]),
    floor("cli", 7, &[]),
    floor("main", 8, &[]),
];

/// Where a name that its floor may not use is right: a module and everything inside it.
pub const EXCEPTIONS: &[(&str, &str)] =
    &[("serde_json", "view::describe"), ("serde_json", "view::logs"), ("ratatui", "app::layout")];

/// Every import that goes up or sideways, and every name a floor may not use.
pub fn climbs(files: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for file in files {
        let module = file.module();
        let Some(top) = module.first() else { continue };
        let Some(floor) = FLOORS.iter().find(|floor| floor.module == top) else {
            complaints.push(format!("{}: `{top}` has no floor in tests/tidy/floors.rs", file.path));
            continue;
        };
        let code = file.shipped();
        complaints.extend(imports(&code, &module).filter_map(|target| climb(floor, &target, &file.path)));
        complaints.extend(forbidden(floor, &module, &code).map(|name| format!("{}: names `{name}`", file.path)));
    }
    complaints
}

fn imports(code: &str, module: &[String]) -> impl Iterator<Item = String> {
    let tops: BTreeSet<String> = paths(code, module).into_iter().filter_map(|path| path.into_iter().next()).collect();
    tops.into_iter()
}

fn climb(from: &Floor, target: &str, path: &str) -> Option<String> {
    let to = FLOORS.iter().find(|floor| floor.module == target)?;
    let allowed = match from.only {
        Some(only) => only.contains(&to.module),
        None => to.height < from.height,
    };
    (to.module != from.module && !allowed).then(|| format!("{path}: imports `{target}`, which is not below it"))
}

fn forbidden<'a>(floor: &'a Floor, module: &[String], code: &str) -> impl Iterator<Item = &'a str> {
    let module = module.join("::");
    let words: BTreeSet<&str> = identifiers(code).collect();
    let names: Vec<&str> = floor.may_not_name.iter().copied().filter(|name| words.contains(name)).collect();
    names.into_iter().filter(move |name| {
        !EXCEPTIONS.iter().any(|(excepted, inside)| {
            excepted == name && (module == *inside || module.starts_with(&format!("{inside}::")))
        })
    })
}

/// Every circle of imports between modules of one folder. A parent file and its children
/// may name each other: together they are one module.
pub fn knots(files: &[Source]) -> Vec<String> {
    let modules: BTreeSet<Vec<String>> = files.iter().map(Source::module).collect();
    let mut folders: BTreeMap<Vec<String>, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
    for file in files {
        let from = file.module();
        for path in paths(&file.shipped(), &from) {
            let Some(to) = (1..=path.len()).rev().map(|n| &path[..n]).find(|prefix| modules.contains(*prefix)) else {
                continue;
            };
            let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
            if shared < from.len() && shared < to.len() {
                let edges = folders.entry(from[..shared].to_vec()).or_default();
                edges.entry(from[shared].clone()).or_default().insert(to[shared].clone());
            }
        }
    }
    folders
        .iter()
        .filter(|(folder, _)| !folder.is_empty())
        .filter_map(|(folder, edges)| circle(folder, edges))
        .collect()
}

/// Takes away modules that import nothing that is left; what cannot be taken is a circle.
fn circle(folder: &[String], edges: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    let mut left: BTreeSet<&String> = edges.keys().collect();
    loop {
        let free: Vec<&String> =
            left.iter().copied().filter(|name| edges[*name].iter().all(|target| !left.contains(target))).collect();
        if free.is_empty() {
            break;
        }
        left.retain(|name| !free.contains(name));
    }
    let names: Vec<&str> = left.iter().map(|name| name.as_str()).collect();
    (!names.is_empty()).then(|| format!("src/{}: a circle of imports through {}", folder.join("/"), names.join(", ")))
}

#[test]
fn imports_go_down() {
    let upward = [Source::new("src/wire/time.rs", "use crate::{kinds::Cell, wire::x};")];
    assert_eq!(climbs(&upward), ["src/wire/time.rs: imports `kinds`, which is not below it"]);
    let inline = [Source::new("src/model.rs", "fn f() -> crate::view::Table {}")];
    assert_eq!(climbs(&inline).len(), 1);
    let down = [Source::new("src/view.rs", "use crate::model::Cluster; // crate::app::App")];
    assert!(climbs(&down).is_empty());
}

#[test]
fn siblings_never_import_each_other() {
    assert_eq!(climbs(&[Source::new("src/ui/table.rs", "use crate::api::connect;")]).len(), 1);
    assert_eq!(climbs(&[Source::new("src/demo/store.rs", "use crate::model::Cluster;")]).len(), 1);
    assert!(climbs(&[Source::new("src/demo/store.rs", "use crate::{kinds::Catalog, wire::Timestamp};")]).is_empty());
}

#[test]
fn floors_do_not_name_what_is_not_theirs() {
    assert_eq!(climbs(&[Source::new("src/model.rs", "use tokio::sync;")]), ["src/model.rs: names `tokio`"]);
    assert!(climbs(&[Source::new("src/model.rs", "const A: &str = \"tokio\"; // tokio")]).is_empty());
    assert!(climbs(&[Source::new("src/app/layout.rs", "use ratatui::layout::Rect;")]).is_empty());
    assert_eq!(climbs(&[Source::new("src/app/keymap.rs", "use ratatui::layout::Rect;")]).len(), 1);
    assert_eq!(climbs(&[Source::new("src/shed.rs", "")]).len(), 1);
}

#[test]
fn circles_inside_a_floor_are_found() {
    let a = Source::new("src/view/a/deep.rs", "use crate::view::b::B;");
    let b = Source::new("src/view/b.rs", "use super::c::C;");
    let c = Source::new("src/view/c.rs", "use crate::view::a::deep::D;");
    assert_eq!(knots(&[a, b, c]), ["src/view: a circle of imports through a, b, c"]);
}

#[test]
fn a_parent_and_its_children_are_one_module() {
    let parent = Source::new("src/view.rs", "pub use self::a::A;");
    let child = Source::new("src/view/a.rs", "use crate::view::Row; use crate::view::b::B;");
    let sibling = Source::new("src/view/b.rs", "use crate::view::Row;");
    assert!(knots(&[parent, child, sibling]).is_empty());
}
