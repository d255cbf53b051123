//! The record of actions as lines for people: when, where, who, what, and what became of it.

use super::Record;
use crate::wire::Timestamp;
use crate::wire::sanitise::line;
use serde_json::Value;

/// Whether an entry is young enough; one whose time cannot be read is.
pub fn is_wanted(entry: &Value, since: Option<Timestamp>) -> bool {
    let when = entry.get("ts").and_then(Value::as_str).and_then(Timestamp::parse);
    since.is_none_or(|since| when.is_none_or(|when| since <= when))
}

/// Two lines for each action, then what is wrong with the record.
pub fn lines(record: &Record, since: Option<Timestamp>) -> Vec<String> {
    let all: Vec<[String; 2]> = actions(record, since, str::to_owned).collect();
    let none = all.is_empty().then(|| NONE.to_owned());
    all.into_iter().flatten().chain(none).chain(breaks(record)).collect()
}

/// For a screen: what is wrong with the record, then two lines for each action, the latest first, its time by the second.
pub fn latest_first(record: &Record) -> Vec<String> {
    let by_second =
        |stamp: &str| stamp.split_once('.').map_or_else(|| stamp.to_owned(), |(second, _)| format!("{second}Z"));
    let mut all: Vec<[String; 2]> = actions(record, None, by_second).collect();
    all.reverse();
    let none = all.is_empty().then(|| NONE.to_owned());
    breaks(record).chain(none).chain(all.into_iter().flatten()).collect()
}

const NONE: &str = "no action is on record";

fn breaks(record: &Record) -> impl Iterator<Item = String> {
    record.breaks.iter().map(|place| format!("the record is broken: {}", line(place)))
}

fn actions(record: &Record, since: Option<Timestamp>, time: fn(&str) -> String) -> impl Iterator<Item = [String; 2]> {
    let intents = record
        .entries
        .iter()
        .enumerate()
        .filter(move |(_, entry)| say(entry, "phase") == "intent" && is_wanted(entry, since));
    intents.map(move |(index, entry)| {
        let what = format!("{}/{} {}", say(entry, "namespace"), say(entry, "resource"), say(entry, "name"));
        let stamp = time(&say(entry, "ts"));
        let fields = [stamp, say(entry, "context"), say(entry, "user"), say(entry, "action"), what];
        [format!("{}  {}", fields.join("  "), outcome(record, index)), format!("    {}", say(entry, "line"))]
    })
}

/// The result names the intent by the hash of its line, which is also what the next line follows.
fn outcome(record: &Record, index: usize) -> String {
    let id = record.entries.get(index + 1).map(|next| say(next, "prev")).unwrap_or_default();
    let later = record.entries.iter().skip(index + 1);
    let result = later.filter(|result| result.get("intent").is_some()).find(|result| say(result, "intent") == id);
    let Some(result) = result else { return "unknown: no result is on record".to_owned() };
    match result.get("shown").and_then(Value::as_bool) {
        Some(true) => "the answer was lost; the object showed the change".to_owned(),
        Some(false) => "the answer was lost; the object did not show the change".to_owned(),
        None => say(result, "outcome"),
    }
}

fn say(entry: &Value, key: &str) -> String {
    line(entry.get(key).and_then(Value::as_str).unwrap_or("-")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::journal::{self, Journal};
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_795_171_327_000_000);

    #[test]
    fn an_action_stands_with_its_outcome_and_one_without_is_unknown() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(folder.path().to_owned());
        let intent = json!({"phase": "intent", "action": "restart", "context": "shop", "user": "jane", "namespace": "dev",
            "resource": "deployments", "name": "web", "line": "kubectl rollout restart deployment/web"});
        let id = journal.append(intent.clone(), NOW).unwrap();
        journal.append(json!({"phase": "result", "intent": id, "outcome": "done"}), NOW).unwrap();
        journal.append(intent, NOW.plus_seconds(60)).unwrap();
        let record = journal::read(folder.path()).unwrap();
        let all = lines(&record, None);
        assert_eq!(all.len(), 4, "{all:?}");
        assert_eq!(all[0], "2026-11-20T10:42:07Z  shop  jane  restart  dev/deployments web  done");
        assert!(all[2].ends_with("unknown: no result is on record"), "{all:?}");
        assert_eq!(lines(&record, Some(NOW.plus_seconds(30))).len(), 2);
        let latest = latest_first(&record);
        assert_eq!((&latest[..2], &latest[2..]), (&all[2..], &all[..2]));
        let later = journal.append(json!({"phase": "intent", "action": "scale"}), Timestamp(NOW.0 + 90_500_000));
        later.unwrap();
        assert!(latest_first(&journal::read(folder.path()).unwrap())[0].starts_with("2026-11-20T10:43:37Z  "));
    }
}
