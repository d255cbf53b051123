//! What the tests of the kinds share: JSON in, a record and its printed cells out.

use crate::kinds::{BUILTIN, Cell, Interner, KindId, Record, Relation, Target};
use crate::wire::Timestamp;
use serde_json::Value;

/// Reads an object with its kind's decoder.
pub fn read(kind: KindId, object: &Value) -> Record {
    let bytes = serde_json::to_vec(object).unwrap();
    BUILTIN[usize::from(kind.0)].decoder.read_json(kind, &bytes, &mut Interner::default()).unwrap()
}

/// Its cells, as the server prints them.
pub fn cells(record: &Record) -> Vec<String> {
    let now = Timestamp::parse("2026-11-20T12:00:00Z").unwrap();
    record.digest.cells.iter().map(|cell: &Cell| cell.show(now).into_owned()).collect()
}

/// Why it is not well; empty when it is.
pub fn reason(record: &Record) -> &str {
    record.digest.reason.as_deref().unwrap_or("")
}

/// Its links by name: `RoutesTo 9 dev/web`, with the kind's singular.
pub fn links(record: &Record) -> Vec<String> {
    let place =
        |namespace: &Option<std::sync::Arc<str>>| namespace.as_deref().map_or(String::new(), |n| format!("{n}/"));
    let words = |relation: Relation, target: &Target| match target {
        Target::Named { kind, namespace, name } => {
            format!("{relation:?} {} {}{name}", BUILTIN[usize::from(kind.0)].kind, place(namespace))
        }
        Target::Selector { kind, namespace, selector } => {
            let equals: Vec<String> = selector.equals.iter().map(|(k, v)| format!("{k}={v}")).collect();
            format!("{relation:?} {} {}{}", BUILTIN[usize::from(kind.0)].kind, place(namespace), equals.join(","))
        }
    };
    record.digest.links.iter().map(|link| words(link.relation, &link.target)).collect()
}
