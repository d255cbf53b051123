//! What changes would do to the path of the fault cases' cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::paths::{affected, follow_both};
use super::*;
use crate::kinds::{DEPLOYMENT, INGRESS, NAMESPACE, POD};
use crate::model::Cluster;
use crate::view::routes::index::Index;
use crate::view::trace::fixture::{NOW, cluster_in};
use crate::view::trace::world::{Answers, Probes};
use crate::wire::Timestamp;

const NGINX: &str = include_str!("../../../tests/trace/base/nginx.yaml");
const WEB: &str = include_str!("../../../tests/trace/base/web.yaml");

/// The steps that turn the objects of one text into those of another: the changed ones.
fn steps(before: &str, after: &str, rolls: bool) -> Vec<Step> {
    let (before, after) = (cluster_in("shop", before), cluster_in("shop", after));
    let kinds = [POD, SERVICE, INGRESS, DEPLOYMENT];
    let all = kinds.into_iter().flat_map(|kind| after.of(kind));
    let changed = all.filter(|record| before.get(&record.key).is_none_or(|old| **old != ***record));
    changed.map(|record| Step { key: record.key.clone(), then: Some(Arc::clone(record)), rolls }).collect()
}

fn goes(kind: KindId, name: &str) -> Vec<Step> {
    let namespace = if kind == NAMESPACE { "" } else { "shop" };
    vec![Step { key: ObjectRef::new(kind, namespace, name), then: None, rolls: false }]
}

fn told(yaml: &str, steps: &[Step]) -> Vec<String> {
    let mut cluster: Cluster = cluster_in("shop", &format!("{NGINX}\n---\n{yaml}"));
    let (catalog, now) = (kinds::Catalog::builtin(), Timestamp::parse(NOW).unwrap());
    let (answers, probes) = (Answers::new(), Probes::default());
    let mut index = Index::of(&cluster);
    index.work(&World::new(&cluster, &catalog, now, (&answers, &probes)), || true);
    let draft = draft(&World::new(&cluster, &catalog, now, (&answers, &probes)), steps);
    let mut lines: Vec<String> = draft.services.iter().map(|behind| behind.line(draft.when).plain()).collect();
    let all = |cluster: &Cluster| -> Vec<Arc<Record>> {
        catalog.iter().flat_map(|kind| cluster.of(kind.id).cloned().collect::<Vec<_>>()).collect()
    };
    let before = all(&cluster);
    for path in affected(&mut cluster, &index, &draft) {
        let followed = follow_both(&mut cluster, (&catalog, now), &answers, (&draft, &path));
        lines.extend(followed.map(|path| path.line(draft.when).plain()));
    }
    assert_eq!(all(&cluster), before, "nothing that was supposed stays");
    assert_eq!(cluster.check(), Vec::<String>::new());
    lines
}

/// The same after a change of the text.
fn after(rolls: bool, from: &str, to: &str) -> Vec<String> {
    assert!(WEB.contains(from), "{from}");
    told(WEB, &steps(WEB, &WEB.replacen(from, to, 1), rolls))
}

#[test]
fn nothing_left_breaks_the_paths() {
    let lines = after(false, "  replicas: 2\n", "  replicas: 0\n");
    assert_eq!(
        lines,
        ["service/web  2 → 0 endpoints", "https://shop.example.com/*  ok → broken: 503 from ingress-nginx"]
    );
}

#[test]
fn fewer_endpoints_that_still_answer_break_nothing() {
    assert_eq!(after(false, "  replicas: 2\n", "  replicas: 1\n"), ["service/web  2 → 1 endpoint"]);
    let lines = after(false, "  replicas: 2\n", "  replicas: 4\n");
    assert_eq!(lines, ["service/web  2 → 4 endpoints once its pods are ready"]);
}

#[test]
fn a_pod_that_comes_back_is_missed_for_a_while() {
    let lines = told(WEB, &goes(POD, "web-6f7d8c9b5-a"));
    assert_eq!(lines, ["service/web  2 → 1 endpoint until others are ready"]);
    let mut both = goes(POD, "web-6f7d8c9b5-a");
    both.extend(goes(POD, "web-6f7d8c9b5-b"));
    assert_eq!(
        told(WEB, &both),
        [
            "service/web  2 → 0 endpoints until others are ready",
            "https://shop.example.com/*  ok → broken meanwhile: 503 from ingress-nginx"
        ]
    );
}

#[test]
fn what_goes_takes_its_paths_along() {
    let gone = "service/web  is gone, with 2 endpoints";
    assert_eq!(
        told(WEB, &goes(SERVICE, "web")),
        [gone, "https://shop.example.com/*  ok → broken: 503 from ingress-nginx"]
    );
    assert_eq!(
        told(WEB, &goes(INGRESS, "web")),
        ["https://shop.example.com/*  ok → broken: 404 from ingress-nginx's default backend"]
    );
    assert_eq!(told(WEB, &goes(DEPLOYMENT, "web"))[0], "service/web  2 → 0 endpoints");
    assert_eq!(told(WEB, &goes(NAMESPACE, "shop"))[0], gone);
}

#[test]
fn a_selector_that_selects_nobody_breaks_the_paths() {
    let lines = after(false, "  selector: {app: web}\n  ports", "  selector: {app: green}\n  ports");
    assert_eq!(lines[0], "service/web  2 → 0 endpoints");
    assert!(lines[1].starts_with("https://shop.example.com/*  ok → broken"), "{lines:?}");
}

#[test]
fn a_rollout_within_its_bounds_is_not_told_and_one_that_empties_a_service_is() {
    let image = ("registry.example.com/shop/web:1.0", "registry.example.com/shop/web:2.0");
    assert_eq!(after(true, image.0, image.1), Vec::<String>::new());
    let rolled = |strategy: &str| {
        let yaml = with_strategy(strategy);
        told(&yaml, &steps(&yaml, &yaml.replacen(image.0, image.1, 1), true))
    };
    let lines = rolled("{type: RollingUpdate, rollingUpdate: {maxUnavailable: 1}}");
    assert_eq!(lines, ["service/web  at least 1 of 2 endpoints stay meanwhile"]);
    assert_eq!(
        rolled("{type: Recreate}"),
        [
            "service/web  2 → 0 endpoints until others are ready",
            "https://shop.example.com/*  ok → broken meanwhile: 503 from ingress-nginx"
        ]
    );
}

fn with_strategy(strategy: &str) -> String {
    WEB.replacen("  replicas: 2\n", &format!("  replicas: 2\n  strategy: {strategy}\n"), 1)
}

#[test]
fn pods_with_other_labels_are_lost_to_the_service() {
    let lines = after(true, "    metadata: {labels: {app: web}}", "    metadata: {labels: {app: shop}}");
    assert_eq!(lines[0], "service/web  2 → 0 endpoints once its pods are ready");
    assert!(lines[1].contains("ok → broken once its pods are ready"), "{lines:?}");
}

#[test]
fn a_path_that_nobody_names_yet_is_told_as_new() {
    let lines = after(false, "  - host: shop.example.com\n", "  - host: new.example.com\n");
    assert!(lines.iter().any(|line| line.starts_with("https://shop.example.com/*  ok → broken: 404")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains("://new.example.com/*  new: ")), "{lines:?}");
}
