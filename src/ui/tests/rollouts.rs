//! Rollouts of the demo's shop, as its documents have it: the one that cannot pull its image, and the list of all.

use super::scenes::{now, scene};
use crate::app::Size;
use crate::app::scene::{Content, DetailPane, Scene};
use crate::kinds::{Catalog, DEPLOYMENT, ObjectRef};
use crate::manifests::{embedded, records, shift};
use crate::model::Cluster;
use crate::view::describe::Subject;
use crate::view::describe::diff::Difference;
use crate::view::rollout::page::{Change, Scenery, page};
use crate::view::rollout::tray;
use crate::view::routes::index::Index;
use crate::view::trace::world::{Answers, Probes, World};
use std::sync::LazyLock;

struct Shop {
    catalog: Catalog,
    cluster: Cluster,
    routes: Index,
}

fn shop() -> &'static Shop {
    static SHOP: LazyLock<Shop> = LazyLock::new(|| {
        let mut documents = embedded::documents("shop");
        shift::shift(&mut documents, "2026-11-20T10:42:07Z".parse().unwrap());
        let catalog = Catalog::builtin();
        let mut cluster = Cluster::default();
        for change in records::records(&documents, &catalog, "default").changes(&catalog) {
            cluster.apply(change);
        }
        let (answers, probes) = (Answers::new(), Probes::default());
        let mut routes = Index::of(&cluster);
        routes.work(&World::new(&cluster, &catalog, now(), (&answers, &probes)), || true);
        Shop { catalog, cluster, routes }
    });
    &SHOP
}

/// Every scene of rollouts, by name.
pub fn all(size: Size) -> Vec<(&'static str, Scene)> {
    vec![("rollout-stuck", stuck(size)), ("rollouts", tray(size))]
}

/// The rollout that is stuck, its first line selected.
pub fn stuck(size: Size) -> Scene {
    let Shop { catalog, cluster, routes } = shop();
    let key = ObjectRef::new(DEPLOYMENT, "shop-prod", "catalog");
    let subject = Subject { cluster, catalog, key: &key, routes: Some(routes), raw: None, now: now() };
    let image = |tag: &str| Some(format!("registry.example.com/shop/catalog:{tag}"));
    let path = ".spec.containers.catalog.image".to_owned();
    let changed = [Difference { path, before: image("v2.3.0"), after: image("v2.3.1") }];
    let room = usize::from(size.width).saturating_sub(18);
    let detail = page(&Scenery { subject, all: false, chosen: &[], change: Change::Told(&changed), said: &[], room });
    scene(size, false, Content::Detail(DetailPane { detail, selected: Some(0), line: 0 }))
}

fn tray(size: Size) -> Scene {
    let Shop { catalog, cluster, .. } = shop();
    let room = usize::from(size.width).saturating_sub(8);
    let detail = tray::page(cluster, catalog, now(), room);
    scene(size, false, Content::Detail(DetailPane { detail, selected: Some(0), line: 0 }))
}
