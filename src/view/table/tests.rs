//! Tables of small clusters, as text.

use super::*;
use crate::kinds::secret::{Certified, KeyState, SecretFacts, TlsFacts};
use crate::kinds::{Catalog, Cell, Digest, Facts, Meta, POD, SECRET, SERVICE};
use crate::model::{Change, Scope};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_795_171_327_000_000);

fn record(path: &str, status: &str) -> Record {
    let (namespace, name) = path.split_once('/').unwrap();
    let index =
        crate::kinds::BUILTIN[usize::from(POD.0)].columns.iter().find_map(|c| match (c.name.as_ref(), c.source) {
            ("STATUS", crate::kinds::Source::Cell(index)) => Some(usize::from(index)),
            _ => None,
        });
    let mut cells = vec![Cell::Empty; 12];
    cells[index.unwrap()] = Cell::text(status);
    Record {
        key: ObjectRef::new(POD, namespace, name),
        meta: Meta { uid: Arc::from(path), created: Some(NOW.plus_seconds(-90)), ..Meta::default() },
        digest: Digest { health: Some(Health::Ready), cells: cells.into(), ..Digest::default() },
    }
}

struct Fixture {
    cluster: Cluster,
    catalog: Catalog,
    namespaces: Namespaces,
    filter: Filter,
    sort: Sort,
    changes: Changes,
}

fn fixture(paths: &[&str]) -> Fixture {
    let mut cluster = Cluster::default();
    cluster.apply(Change::Replace(Scope::all(POD), paths.iter().map(|path| record(path, "Running")).collect()));
    Fixture {
        cluster,
        catalog: Catalog::builtin(),
        namespaces: Namespaces::All,
        filter: Filter::default(),
        sort: Sort::default(),
        changes: Changes::default(),
    }
}

impl Fixture {
    fn table(&self, window: &Window) -> Table {
        self.table_of(POD, window)
    }

    fn query(&self, kind: KindId, now: Timestamp) -> Query<'_> {
        Query {
            kind: self.catalog.get(kind).unwrap(),
            namespaces: &self.namespaces,
            filter: &self.filter,
            sort: &self.sort,
            width: Width::Normal,
            hidden: &[],
            changes: &self.changes,
            now,
        }
    }

    fn table_of(&self, kind: KindId, window: &Window) -> Table {
        table(&self.cluster, &self.query(kind, NOW), window, &BTreeSet::new())
    }

    fn names(&self, window: &Window) -> Vec<String> {
        self.table(window).rows.iter().map(|row| row.key.name.to_string()).collect()
    }
}

fn whole() -> Window<'static> {
    Window { height: 1000, room: 200, ..Window::default() }
}

#[test]
fn numbers_in_names_sort_by_value() {
    let fixture = fixture(&["dev/web-10", "dev/web-2", "a/z"]);
    assert_eq!(fixture.names(&whole()), ["z", "web-2", "web-10"]);
}

#[test]
fn the_namespace_column_goes_when_there_is_one_namespace() {
    let mut fixture = fixture(&["dev/a", "prod/b"]);
    let names = |table: Table| table.columns.iter().map(|c| c.name.to_string()).collect::<Vec<_>>();
    assert_eq!(names(fixture.table(&whole()))[0], "NAMESPACE");
    fixture.namespaces = Namespaces::Some(BTreeSet::from([Arc::from("dev")]));
    let table = fixture.table(&whole());
    assert_eq!((table.shown, table.total, table.everywhere), (1, 1, 2));
    assert_eq!(names(table)[0], "NAME");
}

#[test]
fn where_there_is_hardly_room_the_name_and_the_state_have_it() {
    let mut fixture = fixture(&["envoy-gateway-system/payments-bxbgvdn4kj-q5wfw"]);
    fixture.cluster.apply(Change::Apply(record("dev/payments-bxbgvdn4kj-q5wfx", "CrashLoopBackOff")));
    let shown = |room| {
        let table = fixture.table(&Window { room, ..whole() });
        table.columns.iter().map(|c| c.name.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown(80), "NAMESPACE NAME READY STATUS AGE");
    assert_eq!(shown(60), "NAMESPACE NAME READY STATUS");
    assert_eq!(shown(48), "NAME READY STATUS");
    assert_eq!(shown(40), "NAME STATUS");
    assert_eq!(shown(10), "NAME STATUS");
}

#[test]
fn a_wide_column_that_goes_leaves_its_room_to_a_narrow_one() {
    let mut fixture = fixture(&[]);
    let cells = ["LoadBalancer", "10.96.0.20", "203.0.113.20", "80:31280/TCP,443:31443/TCP"].map(Cell::text);
    let service = Record {
        key: ObjectRef::new(SERVICE, "ingress-nginx", "ingress-nginx-controller"),
        meta: Meta { created: Some(NOW.plus_seconds(-90)), ..Meta::default() },
        digest: Digest { cells: cells.into(), ..Digest::default() },
    };
    fixture.cluster.apply(Change::Replace(Scope::all(SERVICE), vec![service]));
    let shown = |room| {
        let table = fixture.table_of(SERVICE, &Window { room, ..whole() });
        table.columns.iter().map(|c| c.name.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(shown(64), "NAMESPACE NAME TYPE EXTERNAL-IP");
}

#[test]
fn an_expired_certificate_makes_its_secret_fail() {
    let mut fixture = fixture(&[]);
    let leaf = Certified {
        subject: Arc::from("CN=a"),
        issuer: Arc::from("CN=b"),
        names: Box::default(),
        not_before: NOW.plus_seconds(-9000),
        not_after: NOW.plus_seconds(-7200),
        is_self_signed: false,
        is_ca: false,
    };
    let tls = TlsFacts { chain: Box::new([leaf]), is_ordered: true, key: KeyState::Matches, unreadable: None };
    let facts = Facts::Secret(Box::new(SecretFacts { tls: Some(tls), ..SecretFacts::default() }));
    let secret = Record {
        key: ObjectRef::new(SECRET, "dev", "shop-tls"),
        meta: Meta::default(),
        digest: Digest { health: Some(Health::Ready), facts, ..Digest::default() },
    };
    let (health, reason, change) = crate::view::expiry::state(&secret, NOW);
    assert_eq!((health, reason.as_deref()), (Some(Health::Failed), Some("expired 120m ago")));
    assert_eq!(change, Some(NOW.plus_seconds(60)));
    let long_before = NOW.plus_seconds(-86_400 * 30);
    let (health, reason, change) = crate::view::expiry::state(&secret, long_before);
    assert_eq!((health, reason), (Some(Health::Ready), None));
    assert!(change.is_some_and(|at| long_before < at && at < NOW), "{change:?}");
    fixture.cluster.apply(Change::Apply(secret));
    let table = fixture.table_of(SECRET, &whole());
    assert_eq!((table.rows[0].health, table.rows[0].cells[1].health), (Some(Health::Failed), Some(Health::Failed)));
}

#[test]
fn a_changed_cell_is_marked_for_two_seconds() {
    let mut fixture = fixture(&["dev/a"]);
    let (old, new) = (record("dev/a", "Running"), record("dev/a", "Error"));
    fixture.cluster.apply(Change::Apply(new.clone()));
    fixture.changes.note(Some(&old), &new, NOW.plus_seconds(-1));
    let marked = |fixture: &Fixture| {
        let table = fixture.table(&whole());
        table.rows[0].cells.iter().filter(|c| c.changed).map(|c| c.text.clone()).collect::<Vec<_>>()
    };
    assert_eq!(marked(&fixture), ["Error"]);
    assert_eq!(fixture.table(&whole()).next_change, Some(NOW.plus_seconds(1)));
    fixture.changes.forget(NOW.plus_seconds(1));
    assert!(marked(&fixture).is_empty());
}

#[test]
fn a_selection_that_is_gone_gives_way_to_the_row_in_its_place() {
    let fixture = fixture(&["dev/a", "dev/b", "dev/c"]);
    let gone = ObjectRef::new(POD, "dev", "aa");
    let table = fixture.table(&Window { selected: Some(&gone), index: 1, ..whole() });
    assert_eq!((table.selected, table.selected_key), (Some(1), Some(ObjectRef::new(POD, "dev", "b"))));
    let last = fixture.table(&Window { selected: Some(&gone), index: 9, ..whole() });
    assert_eq!(last.selected, Some(2));
}

/// So many that several threads take their part.
#[test]
fn a_long_table_is_filtered_sorted_and_measured_as_a_whole() {
    let paths: Vec<String> = (0..23_000).map(|n| format!("ns-{}/pod-{n}", n % 7)).collect();
    let mut fixture = fixture(&paths.iter().map(String::as_str).collect::<Vec<_>>());
    let wide = "ns-3/pod-22999-with-a-name-that-is-longer-than-all-the-others";
    fixture.cluster.apply(Change::Apply(record(wide, "Running")));
    fixture.filter = Filter::parse("!/^pod-\\d*[05]$/", &fixture.catalog.get(POD).unwrap().columns).unwrap();
    fixture.sort = Sort { column: Some(Arc::from("NAME")), descending: true };
    let window = Window { height: 30_000, room: 200, ..Window::default() };
    let table = fixture.table(&window);
    let mut wanted: Vec<usize> = (0..23_000).filter(|n| n % 5 != 0).collect();
    wanted.reverse();
    let names: Vec<String> = wanted.iter().map(|n| format!("pod-{n}")).collect();
    let shown: Vec<&str> = table.rows.iter().map(|row| &*row.key.name).filter(|name| !name.contains("long")).collect();
    assert_eq!((table.total, table.shown), (23_001, names.len() + 1));
    assert!(shown == names, "{:?}", shown.iter().zip(&names).find(|(a, b)| a != b));
    let name = table.columns.iter().find(|column| &*column.name == "NAME").unwrap();
    assert_eq!(name.width, wide.len() - "ns-3/".len());
}

proptest! {
    #[test]
    fn a_window_is_a_slice_of_the_whole_table(
        paths in proptest::collection::btree_set("[ab]/[a-e][0-9]{0,2}", 0..20),
        index in 0..25_usize,
        line in 0..10_usize,
        height in 0..10_usize,
        descending: bool,
    ) {
        let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
        let mut fixture = fixture(&paths);
        fixture.sort = Sort { column: Some(Arc::from("NAME")), descending };
        let all = fixture.table(&whole());
        let selected = all.rows.get(index).map(|row| row.key.clone());
        let window = Window { selected: selected.as_ref(), index: 0, line, height, room: 200 };
        let part = fixture.table(&window);
        let last = (part.first + height).min(all.rows.len());
        prop_assert_eq!(&part.rows[..], &all.rows[part.first..last]);
        prop_assert_eq!(&part.columns, &all.columns);
        if let (Some(place), true) = (part.selected, 0 < height) {
            prop_assert!((part.first..part.first + height).contains(&place));
            prop_assert_eq!(part.selected_key, selected.or_else(|| all.rows.first().map(|row| row.key.clone())));
        }
    }
}

/// The order as it is meant, row by row: the window must be a part of it, wherever it stands.
fn sorted(fixture: &Fixture) -> Vec<String> {
    let mut rows: Vec<_> = fixture.cluster.of(POD).collect();
    let cell = |record: &Record| record.digest.cells[1].clone();
    let by_name = |a: &Record, b: &Record| {
        let namespaces = |r: &Record| r.key.namespace.clone().unwrap();
        let natural = crate::kinds::cell::natural;
        natural(&namespaces(a), &namespaces(b)).then_with(|| natural(&a.key.name, &b.key.name))
    };
    rows.sort_by(|a, b| match (&fixture.sort.column, fixture.sort.descending) {
        (None, false) => by_name(a, b),
        (None, true) => by_name(b, a),
        (Some(_), false) => cell(a).order(&cell(b)).then_with(|| by_name(a, b)),
        (Some(_), true) => cell(b).order(&cell(a)).then_with(|| by_name(a, b)),
    });
    rows.iter().map(|record| record.key.name.to_string()).collect()
}

proptest! {
    #[test]
    fn every_window_is_a_part_of_the_whole_order(
        pods in prop::collection::btree_map("[ab][1-9]{0,2}/[a-c][1-9]{1,3}", "(ALongReasonWhy)?[xy][1-9]{0,2}", 1..30),
        (index, line, height) in (0_usize..30, 0_usize..9, 1_usize..9),
        (by_status, descending) in (any::<bool>(), any::<bool>()),
    ) {
        let mut fixture = fixture(&[]);
        let records = pods.iter().map(|(path, status)| record(path, status)).collect();
        fixture.cluster.apply(Change::Replace(Scope::all(POD), records));
        fixture.sort = Sort { column: by_status.then(|| Arc::from("STATUS")), descending };
        let whole = sorted(&fixture);
        let index = index % whole.len();
        let query = fixture.query(POD, NOW);
        let mut roll = Roll::default();
        let top = roll.selected(&fixture.cluster, &query, &Window::default());
        prop_assert_eq!(top.as_ref().map(|key| &*key.name), Some(&*whole[0]));
        let key = roll.moved(&fixture.cluster, &query, &Window::default(), |_, _| index).unwrap().key;
        let window = Window { selected: Some(&key), index: 0, line, height, room: 200 };
        let table = fixture.table(&window);
        prop_assert_eq!(table.selected, Some(index));
        let names: Vec<String> = table.rows.iter().map(|row| row.key.name.to_string()).collect();
        prop_assert_eq!(&names[..], &whole[table.first..table.first + names.len()]);
        prop_assert_eq!(roll.selected(&fixture.cluster, &query, &window), Some(key.clone()));
        prop_assert_eq!(table.selected_key, Some(key.clone()));
        prop_assert_eq!(names.len(), height.min(whole.len()));
    }
}

/// One thing that happens between two frames.
#[derive(Clone, Debug)]
enum Happening {
    Apply(String, String),
    Delete(String),
    Relist(Vec<(String, String)>),
    Supposed(String),
    Filter(&'static str),
    Sort(Option<&'static str>, bool),
    Look { namespace: Option<&'static str>, room: usize, line: usize, height: usize },
}

fn happenings() -> impl Strategy<Value = Vec<Happening>> {
    let path = || "[ab]/(é{0,3}|longer)[a-d][1-9]{0,2}";
    let status = || "[XY]|ALongReason|Ünd[1-3]";
    let one = prop_oneof![
        6 => (path(), status()).prop_map(|(path, status)| Happening::Apply(path, status)),
        4 => path().prop_map(Happening::Delete),
        1 => prop::collection::btree_map(path(), status(), 0..40)
            .prop_map(|pods| Happening::Relist(pods.into_iter().collect())),
        1 => path().prop_map(Happening::Supposed),
        1 => prop::sample::select(&["", "a", "status:x", "ns:a", "age<2m"][..]).prop_map(Happening::Filter),
        1 => (prop::sample::select(&[None, Some("STATUS"), Some("NAME"), Some("AGE")][..]), any::<bool>())
            .prop_map(|(column, descending)| Happening::Sort(column, descending)),
        2 => (prop::option::of(Just("a")), prop::sample::select(&[60_usize, 99, 200][..]), 0..9_usize, 0..9_usize)
            .prop_map(|(namespace, room, line, height)| Happening::Look { namespace, room, line, height }),
    ];
    prop::collection::vec(one, 1..60)
}

proptest! {
    /// Whatever happens, what is kept between frames says what a walk over everything would say.
    #[test]
    fn a_table_that_is_kept_is_the_table_as_it_would_be_made(
        pods in prop::collection::btree_map("[ab]/[a-d][1-9]{1,2}", "[XY]", 0..40),
        happenings in happenings(),
    ) {
        let mut fixture = fixture(&[]);
        let records = |pods: Vec<(String, String)>| pods.iter().map(|(path, status)| record(path, status)).collect();
        fixture.cluster.apply(Change::Replace(Scope::all(POD), records(pods.into_iter().collect())));
        let key = |path: &str| path.split_once('/').map(|(ns, name)| ObjectRef::new(POD, ns, name)).unwrap();
        let (mut kept, mut selected, mut now) = (Roll::default(), None, NOW);
        let mut window = Window { height: 5, room: 200, ..Window::default() };
        for happening in happenings {
            now = now.plus_seconds(7);
            match happening {
                Happening::Apply(path, status) => drop(fixture.cluster.apply(Change::Apply(record(&path, &status)))),
                Happening::Delete(path) => drop(fixture.cluster.apply(Change::Delete(key(&path)))),
                Happening::Relist(pods) => {
                    drop(fixture.cluster.apply(Change::Replace(Scope::all(POD), records(pods))));
                }
                Happening::Supposed(path) => {
                    let supposed = [(key(&path), None), (key("a/new"), Some(Arc::new(record("a/new", "Z"))))];
                    fixture.cluster.suppose(&supposed, |_| ());
                }
                Happening::Filter(text) => {
                    fixture.filter = Filter::parse(text, &fixture.catalog.get(POD).unwrap().columns).unwrap();
                }
                Happening::Sort(column, descending) => {
                    fixture.sort = Sort { column: column.map(Arc::from), descending };
                }
                Happening::Look { namespace, room, line, height } => {
                    let one = |name| Namespaces::Some(BTreeSet::from([Arc::from(name)]));
                    fixture.namespaces = namespace.map_or(Namespaces::All, one);
                    window = Window { line, height, room, ..window };
                }
            }
            let query = fixture.query(POD, now);
            let looked = Window { selected: selected.as_ref(), ..window };
            let table = kept.table(&fixture.cluster, &query, &looked, &BTreeSet::new());
            prop_assert_eq!(&table, &super::table(&fixture.cluster, &query, &looked, &BTreeSet::new()));
            let next = kept.moved(&fixture.cluster, &query, &looked, |from, all| (from * 7 + 3) % all);
            prop_assert_eq!(&next, &Roll::default().moved(&fixture.cluster, &query, &looked, |at, all| (at * 7 + 3) % all));
            selected = next.map(|next| next.key).or(selected);
            let top = kept.selected(&fixture.cluster, &query, &window);
            prop_assert_eq!(top, Roll::default().selected(&fixture.cluster, &query, &window));
        }
    }
}
