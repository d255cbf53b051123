//! The chain holds from the first line to the last, and a line that is changed, taken out or cut off shows.

use super::*;

const NOW: Timestamp = Timestamp(1_795_171_327_000_000);

fn recorded(entries: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::new(folder.path().join("state"));
    for index in 0..entries {
        // A month between any two, so that the chain crosses files.
        journal.append(json!({"n": index}), NOW.plus_seconds(index as i64 * 31 * 86_400)).unwrap();
    }
    folder
}

fn state(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("state")
}

#[test]
fn a_record_that_nobody_touched_holds_across_months() {
    let folder = recorded(3);
    let record = read(&state(&folder)).unwrap();
    assert_eq!((record.entries.len(), record.breaks), (3, Vec::<String>::new()));
    assert_eq!(files(&state(&folder)).unwrap().len(), 3);
}

#[test]
fn a_changed_line_and_a_missing_file_show() {
    let folder = recorded(3);
    let all = files(&state(&folder)).unwrap();
    let text = fs::read_to_string(&all[0]).unwrap();
    fs::write(&all[0], text.replace("\"n\":0", "\"n\":9")).unwrap();
    let breaks = read(&state(&folder)).unwrap().breaks;
    assert_eq!(breaks.len(), 1, "{breaks:?}");
    assert!(breaks[0].contains("changed or taken out"));
    fs::write(&all[0], text).unwrap();
    fs::remove_file(&all[1]).unwrap();
    assert_eq!(read(&state(&folder)).unwrap().breaks.len(), 1);
}

#[test]
fn a_line_that_a_crash_cut_off_shows_and_swallows_nothing() {
    let folder = recorded(1);
    let file = files(&state(&folder)).unwrap().remove(0);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{text}{{\"half\":")).unwrap();
    Journal::new(state(&folder)).append(json!({"n": 1}), NOW).unwrap();
    let record = read(&state(&folder)).unwrap();
    assert_eq!((record.entries.len(), record.breaks.len()), (2, 1), "{:?}", record.breaks);
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = recorded(1);
    let file = files(&state(&folder)).unwrap().remove(0);
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn without_a_folder_nothing_is_on_record_and_that_is_an_error() {
    assert!(Journal::default().append(json!({}), NOW).is_err());
}

#[test]
fn secrets_and_environments_are_not_kept() {
    let secret =
        redacted("Secret", &json!({"metadata": {"name": "s"}, "data": {"k": "djE="}, "stringData": {"p": "x"}}));
    assert_eq!(secret, json!({"metadata": {"name": "s"}, "data": {"k": REDACTED}, "stringData": {"p": REDACTED}}));
    let container = json!({"name": "c", "env": [{"name": "A", "value": "v"}, {"name": "B", "valueFrom": {"x": 1}}]});
    let pod = redacted("Deployment", &json!({"spec": {"template": {"spec": {"containers": [container]}}}}));
    let env = pod.pointer("/spec/template/spec/containers/0/env").unwrap();
    assert_eq!(*env, json!([{"name": "A", "value": REDACTED}, {"name": "B", "valueFrom": {"x": 1}}]));
    let operation = json!([{"op": "add", "path": "/data/k", "value": "djE="}]);
    assert_eq!(redacted("Secret", &operation)[0]["value"], REDACTED);
    let list = json!({"kind": "List", "items": [{"kind": "Secret", "data": {"k": "djE="}}]});
    assert_eq!(redacted("List", &list)["items"][0]["data"]["k"], REDACTED);
}
