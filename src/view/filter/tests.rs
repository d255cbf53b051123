//! The filter grammar, part by part.

use super::*;
use crate::kinds::{Cell, Digest, Health, Meta, ObjectRef, POD};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_795_171_327_000_000);

/// NAME, READY, STATUS, RESTARTS, NODE, MEMORY and AGE.
fn columns() -> Vec<Column> {
    vec![
        Column::NAME,
        Column::number("READY", 0),
        Column::text("STATUS", 1),
        Column::number("RESTARTS", 2),
        Column::text("NODE", 3),
        Column::number("MEMORY", 4),
        Column::AGE,
    ]
}

fn record(path: &str, ready: (u32, u32), status: &str, restarts: i64, minutes: i64) -> Record {
    let (namespace, name) = path.split_once('/').unwrap();
    let quantity = crate::wire::quantity::parse("128Mi").unwrap();
    Record {
        key: ObjectRef::new(POD, namespace, name),
        meta: Meta {
            created: Some(NOW.plus_seconds(-60 * minutes)),
            labels: Arc::new([(Arc::from("app"), Arc::from("Web"))]),
            ..Meta::default()
        },
        digest: Digest {
            health: Some(if status == "Running" { Health::Ready } else { Health::Failed }),
            reason: (status != "Running").then(|| Arc::from("exit 137 (OOMKilled)")),
            cells: Box::new([
                Cell::Ratio(ready.0, ready.1),
                Cell::text(status),
                Cell::Count(restarts, None),
                Cell::text("worker-1"),
                Cell::Quantity(Box::new(quantity.0), quantity.1),
            ]),
            ..Digest::default()
        },
    }
}

/// Which of three pods pass: `a` runs, `b` runs partly in another namespace, `c` crashes.
fn found(text: &str) -> String {
    let filter = Filter::parse(text, &columns()).unwrap_or_else(|e| panic!("{text}: {e}"));
    let rows = [
        record("prod/a-web", (2, 2), "Running", 0, 30),
        record("dev/b-web-10", (1, 3), "Running", 1, 200),
        record("dev/c-test", (0, 1), "CrashLoopBackOff", 7, 6000),
    ];
    let mut scratch = String::new();
    let rows = rows.iter().filter(|record| filter.matches(record, NOW, &mut scratch));
    rows.map(|record| record.key.name.chars().next().unwrap()).collect()
}

#[test]
fn every_form_finds_what_it_says() {
    let pairs = [
        ("", "abc"),
        ("WEB", "ab"),
        ("web dev", "b"),
        ("oomkilled", "c"),
        ("!web", "c"),
        ("!!web", "ab"),
        ("/^b-.*\\d$/", "b"),
        ("/web$/", "a"),
        ("!/web$/", "bc"),
        ("\"a-web\"", "a"),
        ("ns:dev", "bc"),
        ("ns:de", ""),
        ("ns:d*", "bc"),
        ("ns:dev,prod web", "ab"),
        ("!ns:dev", "a"),
        ("label:app=Web", "abc"),
        ("label:app=web", ""),
        ("label:app", "abc"),
        ("!label:tier", "abc"),
        ("-l app=Web,tier=x", ""),
        ("app=Web", "abc"),
        ("app!=Web", ""),
        ("status:crash", "c"),
        ("status:failed", "c"),
        ("status:!Running", "c"),
        ("status:ok", "ab"),
        ("node:worker-1", "abc"),
        ("reason:oom", "c"),
        ("age<2h", "a"),
        ("age>=2h age<4d", "b"),
        ("age>4d", "c"),
        ("restarts>0", "bc"),
        ("restarts=7", "c"),
        ("restarts!=7", "ab"),
        ("ready<1", "bc"),
        ("ready=1", "a"),
        ("ready=1/3", "b"),
        ("ready>=2", "a"),
        ("memory>=128Mi", "abc"),
        ("memory>1Gi", ""),
        ("status=running", "ab"),
        ("nginx:1.27", ""),
        ("ns:", "abc"),
        ("age<", "abc"),
        ("!", "abc"),
        ("/", "abc"),
    ];
    for (text, want) in pairs {
        assert_eq!(found(text), want, "{text}");
    }
}

#[test]
fn errors_say_where() {
    let error = |text: &str| Filter::parse(text, &columns()).unwrap_err();
    let at = |text: &str| text[error(text).at].to_owned();
    assert_eq!((at("web /(/"), at("size>3"), at("age<soon")), ("/(/".into(), "size".into(), "soon".into()));
    assert!(error("size>3").message.contains("no column is called size: there are name, ready, status"));
}

#[test]
fn matches_are_marked() {
    let filter = Filter::parse("web 10 !x", &columns()).unwrap();
    assert_eq!(filter.found("b-web-10"), [2..5, 6..8]);
    assert!(filter.found("api").is_empty());
}

proptest! {
    #[test]
    fn no_filter_panics(text in "[a-z !/:<>=\"(*,-]{0,24}|\\PC{0,16}", name in "\\PC{0,12}") {
        if let Ok(filter) = Filter::parse(&text, &columns()) {
            let mut scratch = String::new();
            filter.matches(&record("x/y", (0, 0), &name, 0, 0), NOW, &mut scratch);
            for range in filter.found(&name) {
                prop_assert!(name.get(range).is_some());
            }
        } else if let Err(error) = Filter::parse(&text, &columns()) {
            prop_assert!(text.get(error.at).is_some());
        }
    }
}
