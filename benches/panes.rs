//! What the screen costs: filter and sort of 50,000 rows (target 20 ms), the window of a table of 10,000, a 200×60 frame
//! from state to cells, Home at 10,000 pods (target 4 ms), the palette over 10,000 names.
//!
//! `cargo bench --bench panes`
#![allow(missing_docs, dead_code, clippy::unwrap_used)]

mod samples;

use kplumb::kinds::{Catalog, Kind, Width};
use kplumb::model::Cluster;
use kplumb::ui;
use kplumb::view::filter::Filter;
use kplumb::view::health::home;
use kplumb::view::search::{World, offers};
use kplumb::view::table::{Changes, Namespaces, Query, Sort, Table, Window, table};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use samples::{NOW, app, cluster, kind, theme};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

fn main() {
    divan::main();
}

/// A filter and a column to sort by.
#[derive(Clone, Copy)]
struct Case {
    filter: &'static str,
    column: Option<&'static str>,
}

fn window(cluster: &Cluster, kind: &Kind, case: Case) -> Table {
    let filter = Filter::parse(case.filter, &kind.columns).unwrap();
    let sort = Sort { column: case.column.map(Arc::from), descending: case.column.is_some() };
    let query = Query {
        kind,
        namespaces: &Namespaces::All,
        filter: &filter,
        sort: &sort,
        width: Width::Normal,
        hidden: &[],
        changes: &Changes::default(),
        now: NOW,
    };
    table(cluster, &query, &Window { height: 57, room: 200, ..Window::default() }, &BTreeSet::new())
}

fn rows(bencher: divan::Bencher, count: usize, case: Case) {
    let (cluster, kind) = (cluster(count), kind());
    bencher.bench_local(|| window(&cluster, &kind, case));
}

#[divan::bench(args = [10_000, 50_000], sample_count = 20)]
fn table_in_natural_order(bencher: divan::Bencher, count: usize) {
    rows(bencher, count, Case { filter: "", column: None });
}

#[divan::bench(args = [10_000, 50_000], sample_count = 20)]
fn filter_a_word_and_sort_by_ip(bencher: divan::Bencher, count: usize) {
    rows(bencher, count, Case { filter: "storefront", column: Some("IP") });
}

#[divan::bench(args = [10_000, 50_000], sample_count = 20)]
fn filter_by_columns_and_sort_by_restarts(bencher: divan::Bencher, count: usize) {
    rows(bencher, count, Case { filter: "!ns:team-01 node:node-0 age<2h", column: Some("RESTARTS") });
}

#[divan::bench(args = [10_000, 50_000], sample_count = 20)]
fn sort_by_age(bencher: divan::Bencher, count: usize) {
    rows(bencher, count, Case { filter: "", column: Some("AGE") });
}

/// From the state to what the screen says.
#[divan::bench(args = ["pods", "home"], sample_count = 50)]
fn scene_200x60_of_10000(bencher: divan::Bencher, view: &str) {
    let app = app(view, (200, 60), 10_000);
    bencher.bench_local(|| app.scene());
}

/// From what the screen says to cells.
#[divan::bench(args = ["pods", "home"], sample_count = 100)]
fn paint_200x60(bencher: divan::Bencher, view: &str) {
    let (app, theme) = (app(view, (200, 60), 10_000), theme());
    let scene = app.scene();
    let mut buffer = Buffer::empty(Rect::new(0, 0, 200, 60));
    bencher.bench_local(|| ui::paint(&scene, &mut buffer, &theme));
}

#[divan::bench(sample_count = 50)]
fn home_of_10000(bencher: divan::Bencher) {
    let (cluster, catalog) = (cluster(10_000), Catalog::builtin());
    bencher.bench_local(|| home(&cluster, &catalog, NOW));
}

#[divan::bench(args = ["po", "team-4", "storefr"], sample_count = 50)]
fn palette_over_10000_names(bencher: divan::Bencher, line: &str) {
    let catalog = Catalog::builtin();
    let namespaces: Vec<Arc<str>> = (0..10_000).map(|n| format!("team-{n:05}-storefront").into()).collect();
    let aliases = BTreeMap::new();
    let world = World {
        catalog: &catalog,
        contexts: &[],
        urls: &[],
        entrances: &[],
        pods: &[],
        workloads: &[],
        files: &[],
        namespaces: &namespaces,
        commands: &[],
        aliases: &aliases,
    };
    bencher.bench_local(|| offers(line, &world));
}
