//! A kind that only the server knows how to print: its table is listed and followed row by row.

use super::*;
use crate::kinds::{Decoder, Kind, KindId};

fn accounts() -> Kind {
    let mut kind = Catalog::builtin().get(NAMESPACE).unwrap().clone();
    (kind.id, kind.plural, kind.namespaced) = (KindId(900), Arc::from("serviceaccounts"), true);
    kind.decoder = Decoder::Table;
    kind
}

fn table(version: &str, rows: &str) -> String {
    let columns = r#"[{"name":"Name","format":"name"},{"name":"Secrets","type":"integer"}]"#;
    format!(
        r#"{{"kind":"Table","metadata":{{"resourceVersion":"{version}"}},"columnDefinitions":{columns},"rows":{rows}}}"#
    )
}

fn row(name: &str, secrets: u32, version: u32) -> String {
    let metadata = format!(r#"{{"name":"{name}","namespace":"dev","resourceVersion":"{version}"}}"#);
    format!(r#"{{"cells":["{name}",{secrets}],"object":{{"kind":"ServiceAccount","metadata":{metadata}}}}}"#)
}

#[tokio::test(start_paused = true)]
async fn a_table_is_kept_true_by_the_tables_of_its_watch() {
    let event = |word: &str, object: &str| format!("{{\"type\":\"{word}\",\"object\":{object}}}\n").into_bytes();
    let events = vec![
        event("MODIFIED", &table("8", &format!("[{}]", row("web", 3, 8)))),
        event("ADDED", &table("9", &format!("[{}]", row("job", 0, 9)))),
        event("DELETED", &table("10", &format!("[{}]", row("web", 3, 10)))),
        event("BOOKMARK", &table("12", "null")),
    ];
    let fake = Fake::new([
        json(table("7", &format!("[{}]", row("web", 1, 5)))),
        streamed("application/json", events, End::Closed),
        streamed("application/json", Vec::new(), End::Open),
    ]);
    let (sender, mut changes) = channel(16);
    tokio::spawn(watch(fake.connection(), accounts(), Scope::all(KindId(900)), sender));
    let mut told = Vec::new();
    while told.len() < 4 {
        for change in changes.recv().await.unwrap() {
            match change {
                Change::Apply(record) => told.push(format!("{} {}", record.key.name, record.digest.cells[1].show(NOW))),
                Change::Delete(key) => told.push(format!("- {}", key.name)),
                _ => {}
            }
        }
    }
    assert_eq!(told, ["web 1", "web 3", "job 0", "- web"]);
    while fake.lines().len() < 3 {
        tokio::time::advance(PATIENCE).await;
    }
    let asked = fake.asked();
    assert!(asked[2].line.contains("resourceVersion=12&includeObject=Object"), "{}", asked[2].line);
    assert!(asked.iter().all(|asked| asked.headers["accept"].to_str().unwrap().contains("as=Table")));
}

const NOW: Timestamp = Timestamp(0);
